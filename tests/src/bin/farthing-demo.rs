//! The demo's binary; see [`farthing_tests::demo`].

use std::process::ExitCode;

use farthing_tests::AS_MINT;

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    let role = arguments.get(1).and_then(|role| role.to_str());
    if role == Some(AS_MINT) {
        arguments.remove(1);
        return farthing_mint::operator::main(arguments);
    }
    ExitCode::SUCCESS
}
