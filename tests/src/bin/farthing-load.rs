//! The load generator: see [`farthing_tests::load`].

use std::process::ExitCode;

use clap::Parser as _;
use farthing_service::say;
use farthing_tests::load::Load;

fn main() -> ExitCode {
    match Load::parse().run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            say::line(&format!("farthing-load: {failure}"));
            ExitCode::from(2)
        }
    }
}
