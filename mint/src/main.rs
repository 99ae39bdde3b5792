//! The binary `farthing-mint`.

use std::process::ExitCode;

fn main() -> ExitCode {
    farthing_mint::operator::main(std::env::args_os())
}
