//! The demo: a mint, two wallets and a paywall as processes. See [`demo`].
//!
//! The processes are this binary again: see [`farthing_testkit::programs`].

mod demo;

use std::process::ExitCode;

use clap::Parser as _;
use farthing_service::say;
use farthing_testkit::programs;

use demo::Demo;

fn main() -> ExitCode {
    let arguments = std::env::args_os().collect();
    if let Some(code) = programs::stand_in(arguments) {
        return code;
    }
    let result = std::env::current_exe()
        .map_err(Into::into)
        .and_then(|binary| Demo::parse().run(binary));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::line(&format!("\nThe demo failed: {failure}"));
            ExitCode::FAILURE
        }
    }
}
