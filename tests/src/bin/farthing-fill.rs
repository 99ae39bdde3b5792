//! Fills a mint's store with spent tokens: see [`farthing_tests::fill`].

use std::process::ExitCode;

use clap::Parser as _;
use farthing_service::say;
use farthing_tests::fill::Fill;

fn main() -> ExitCode {
    match Fill::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::line(&format!("farthing-fill: {failure}"));
            ExitCode::from(2)
        }
    }
}
