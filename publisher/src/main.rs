//! The binary `farthing-paywall`.

use std::process::ExitCode;

fn main() -> ExitCode {
    farthing_publisher::main(std::env::args_os().collect())
}
