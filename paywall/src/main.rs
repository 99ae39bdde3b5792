//! The binary `farthing-paywall`.

use std::process::ExitCode;

fn main() -> ExitCode {
    farthing_paywall::main(std::env::args_os().collect())
}
