//! The programs that the tests run: see [`farthing_testkit::programs`].

use std::process::ExitCode;

use farthing_service::say;
use farthing_testkit::programs;

fn main() -> ExitCode {
    programs::stand_in(std::env::args_os().collect()).unwrap_or_else(|| {
        say::line("the first argument names no program");
        ExitCode::from(2)
    })
}
