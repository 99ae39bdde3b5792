//! `farthing`: the command line of a Farthing wallet.
//!
//! Answers go to standard output, everything else to standard error. With `--json` standard output
//! is one JSON object, for failures too: `{"error": {"code", "what", "money", "advice", …}}`. People
//! at a terminal get tables and colours; pipes and files get plain lines that stay as they are.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | something unexpected, such as a closed output; or doctor found trouble |
//! | 2 | the command line is wrong |
//! | 3 | what was asked for cannot be done; nothing was moved |
//! | 4 | the mint refused |
//! | 5 | the mint broke its protocol and was not believed |
//! | 6 | no usable answer from the mint, the site or the proxy; what was begun is kept and finished later |
//! | 7 | the wallet's file cannot be used |
//! | 8 | the site answered with an error, refused a payment, or took one without a receipt |
//!
//! | module | what it holds |
//! |---|---|
//! | `args` | the grammar, what `--help` says, amounts as they are typed |
//! | `commands` | what each command does; `again` continues one whose first try is open, `tend` is upkeep |
//! | `context` | what a command runs in: folder, passphrase, transport |
//! | `advice` | what to do, in words: which command helps |
//! | `file` | files that are complete or as they were |
//! | `proxy`, `passphrase` | which way requests go; what opens the wallet's file |
//! | `ask` | prompts, and what answers in a person's place |
//! | `report` | what commands answer, one file for each kind of thing |
//! | `failure` | failures: an exit code, and three sentences or an object |
//! | `screen`, `table`, `qr`, `progress` | what people see on a terminal |
//! | `shell` | completions and manual pages |

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they end the program where nothing can be written; see `screen::say`"
)]

mod advice;
mod args;
mod ask;
mod commands;
mod context;
mod failure;
mod file;
mod passphrase;
mod progress;
mod proxy;
mod qr;
mod report;
mod screen;
mod shell;
mod table;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use zeroize::Zeroizing;

use crate::args::Cli;
use crate::failure::{Failure, Unwritten};
use crate::report::Report;
use crate::screen::Screen;

/// The program `farthing`: parses arguments (the program's name first), carries the command out, and
/// gives the exit code of the table above.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let json = arguments.iter().any(|argument| argument == "--json");
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help and version come as errors that belong on standard output.
        Err(error) if !error.use_stderr() => return help(&error, json),
        Err(error) => return fail(&Failure::Usage(error.to_string()), json),
    };
    screen::set_colours(cli.global.color);
    match answer(cli).and_then(|report| print(&report, json)) {
        Ok(exit_code) => ExitCode::from(exit_code),
        Err(failure) => fail(&failure, json),
    }
}

fn help(text: &clap::Error, json: bool) -> ExitCode {
    let printed = text.print().and_then(|()| std::io::stdout().flush());
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&Failure::from(error), json),
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
    let screen = Screen::of_stdout();
    let shown = match json {
        true => Zeroizing::new(report.json.to_string()),
        false => report.shown(screen),
    };
    write(&shown).map_err(|error| {
        Failure::Unwritten(Unwritten {
            what: format!("the answer could not be written to standard output: {error}"),
            money: "The command was carried out.".to_owned(),
            advice: report.if_unwritten.clone(),
        })
    })?;
    if json {
        return Ok(report.exit_code);
    }
    if let Some(hint) = &report.hint {
        screen::say(hint);
    }
    if let Some(picture) = &report.picture {
        qr::show(picture, screen)?;
    }
    Ok(report.exit_code)
}

/// Writes a line to standard output, or nothing for an empty one.
fn write(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if !line.is_empty() {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

fn fail(failure: &Failure, json: bool) -> ExitCode {
    // What cannot be written to one output is said on the other; the exit code says it in any case.
    if !json || write(&failure.json().to_string()).is_err() {
        screen::say(&failure.text());
    }
    ExitCode::from(failure.exit_code())
}
