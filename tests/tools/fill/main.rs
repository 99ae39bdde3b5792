//! Fills a mint's store with spent tokens: see [`fill`].

mod fill;

use std::process::ExitCode;

use clap::Parser as _;
use farthing_service::say;

use fill::Fill;

fn main() -> ExitCode {
    match Fill::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::line(&format!("farthing-fill: {failure}"));
            ExitCode::from(2)
        }
    }
}
