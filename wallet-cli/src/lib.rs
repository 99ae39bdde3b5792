//! `farthing`: the command line of a Farthing wallet.
//!
//! Answers go to standard output, everything else to standard error. With `--json` standard output
//! is one JSON object, for failures too: `{"error": {"code", "what", "money", "advice", …}}`.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | something unexpected, such as a closed output |
//! | 2 | the command line is wrong |
//! | 3 | what was asked for cannot be done; nothing was moved |
//! | 4 | the mint refused |
//! | 5 | the mint broke its protocol and was not believed |
//! | 6 | no usable answer from the mint or the site; what was begun is kept and finished later |
//! | 7 | the wallet's file cannot be used |
//! | 8 | the site answered with an error, refused a payment, or took one without a receipt |

mod args;
mod commands;
mod failure;
mod get;
mod report;
mod safety;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Cli;
use crate::failure::Failure;
use crate::report::Report;

/// The program `farthing`: parses arguments (the program's name first), carries the command out, and
/// gives the exit code of the table above.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let json = arguments.iter().any(|argument| argument == "--json");
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help and version come as errors that belong on standard output.
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => return fail(&Failure::Usage(error.to_string()), json),
    };
    match answer(cli).and_then(|report| print(&report, json)) {
        Ok(exit_code) => ExitCode::from(exit_code),
        Err(failure) => fail(&failure, json),
    }
}

fn answer(cli: Cli) -> Result<Report, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(commands::run(cli))
}

/// Prints a report; gives the exit code that goes with it.
fn print(report: &Report, json: bool) -> Result<u8, Failure> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", report.json)?;
    } else {
        if !report.text.is_empty() {
            writeln!(out, "{}", report.text.as_str())?;
        }
        if let Some(hint) = &report.hint {
            eprintln!("{hint}");
        }
    }
    out.flush()?;
    Ok(report.exit_code)
}

fn fail(failure: &Failure, json: bool) -> ExitCode {
    if json {
        // A closed output leaves nothing to say it on; the exit code still does.
        let _ = writeln!(std::io::stdout(), "{}", failure.json());
    } else {
        eprintln!("{}", failure.text());
    }
    ExitCode::from(failure.exit_code())
}
