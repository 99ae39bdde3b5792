//! The binary `farthing`.

use std::process::ExitCode;

fn main() -> ExitCode {
    farthing_wallet_cli::main(std::env::args_os().collect())
}
