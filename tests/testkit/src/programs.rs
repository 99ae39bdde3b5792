//! Farthing's programs, all in one binary.

use std::ffi::OsString;
use std::process::ExitCode;

/// First argument that makes a stand-in the mint.
pub const AS_MINT: &str = "--as-farthing-mint";
/// First argument that makes a stand-in the wallet.
pub const AS_WALLET: &str = "--as-farthing";
/// First argument that makes a stand-in the paywall.
pub const AS_PAYWALL: &str = "--as-farthing-paywall";

/// Runs the program that the first argument names, with the arguments after it, and returns its exit code.
/// `arguments` begin with the binary's own name.
///
/// Returns `None`, and runs nothing, if the first argument names no program.
pub fn stand_in(mut arguments: Vec<OsString>) -> Option<ExitCode> {
    let main = match arguments.get(1)?.to_str()? {
        AS_MINT => farthing_mint::operator::main,
        AS_WALLET => farthing_wallet_cli::main,
        AS_PAYWALL => farthing_paywall::main,
        _ => return None,
    };
    arguments.remove(1);
    Some(main(arguments))
}
