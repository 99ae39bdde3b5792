//! The load generator: see [`load`].

mod check;
mod fire;
mod funds;
mod load;
mod pages;
mod plan;
mod process;
mod report;
mod requests;
mod wire;

use std::process::ExitCode;

use clap::Parser as _;
use farthing_service::say;

use load::Load;

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
