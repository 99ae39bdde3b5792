//! The operator's commands.
//!
//! They open the same store as a running mint, and change it in batches of their own under SQLite's
//! write lock: they work while the mint runs and while it does not, and never race it. The running
//! mint notices a changed keyset or a revoked token at the next request.

mod account;
mod account_payments;
mod audit;
mod backup;
mod check;
mod init;
mod issue;
mod keyset;
mod open;
mod output;
mod payment;
mod quarantine;
mod restore;
mod run;
mod spent_log;
mod suspense;
mod voucher;
mod wallet;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use farthing_service::{log, program};

use crate::config::{DATA_VARIABLE, DataDir};
use crate::error::{Error, Result};
use output::{Outcome, Output};

/// A Farthing mint: private small change for the web.
#[derive(Debug, Parser)]
#[command(name = "farthing-mint", version, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
struct Common {
    /// The mint's folder: settings, seed and database.
    #[arg(long, global = true, env = DATA_VARIABLE, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Write one JSON object to standard output instead of text.
    #[arg(long, global = true)]
    json: bool,
    /// Take amounts as whole numbers of the unit's smallest part, as they are in JSON. Without it they
    /// are read as people write them: 5, 5.00 or 0.05 eur.
    #[arg(long, global = true)]
    smallest_unit: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new mint: settings, seed, database and the first keyset.
    Init(init::Init),
    /// Run the mint until SIGTERM or Ctrl-C.
    Run(run::Run),
    /// Accounts of members and publishers.
    #[command(subcommand)]
    Account(account::Account),
    /// The keys that tokens are signed with.
    #[command(subcommand)]
    Keyset(keyset::KeysetCommand),
    /// Print the balance sheet; exit with 1 if it does not balance.
    Audit,
    /// Print a bearer token against an account's balance: a voucher.
    Issue(issue::Issue),
    /// Copy the database, while the mint runs or not.
    Backup(backup::Backup),
    /// Make the database from a backup. Its tokens are in quarantine until you replay the spent log or
    /// accept the loss.
    Restore(restore::Restore),
    /// What a restored mint refuses, and the ways out.
    #[command(subcommand)]
    Quarantine(quarantine::QuarantineCommand),
    /// The second record of spent tokens.
    #[command(subcommand)]
    SpentLog(spent_log::SpentLogCommand),
    /// Payments to outside that are in flight.
    #[command(subcommand)]
    Payment(payment::PaymentCommand),
    /// What the books cannot place, after a restore or a leaked key.
    #[command(subcommand)]
    Suspense(suspense::SuspenseCommand),
    /// The wallet for browsers: its files for other hosts, and its digest. It needs no mint.
    #[command(subcommand)]
    Wallet(wallet::WalletCommand),
    /// Read the whole database file, and look over settings, folder, disk and clock; exit with 1 if the
    /// file is damaged. Warnings do not change the exit code.
    Check,
}

/// The program `farthing-mint`: parses arguments (the program's name first) and carries the command
/// out. Exits with 0; with 1 when `audit` or `check` found faults; with 2 for any error; with
/// 3 when a payment has not ended, or an invoice is not paid; with 4 when the command was carried out and
/// its result could not be written.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let json = cli.common.json;
    let done = cli.execute();
    log::finish();
    match done {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Faulty) => ExitCode::FAILURE,
        Ok(Outcome::Open) => ExitCode::from(3),
        Err(error) => {
            program::Output { json }.fail("farthing-mint", &error);
            let is_done = matches!(error, Error::Unreported(_));
            ExitCode::from(if is_done { 4 } else { 2 })
        }
    }
}

impl Cli {
    fn execute(self) -> Result<Outcome> {
        let data = self.common.data.map(DataDir::new);
        let missing = || Error::Operator(format!("--data DIR is needed (or {DATA_VARIABLE})"));
        let dir = || data.as_ref().ok_or_else(missing);
        let output = Output {
            json: self.common.json,
            smallest_unit: self.common.smallest_unit,
        };
        match self.command {
            Command::Init(init) => init.execute(dir()?, output)?,
            Command::Run(run) => run.execute(dir()?, output)?,
            Command::Account(account) => return account.execute(dir()?, output),
            Command::Keyset(keyset) => keyset.execute(dir()?, output)?,
            Command::Audit => return audit::execute(dir()?, output),
            Command::Issue(issue) => issue.execute(dir()?, output)?,
            Command::Backup(backup) => backup.execute(dir()?, output)?,
            Command::Restore(restore) => restore.execute(dir()?, output)?,
            Command::Quarantine(quarantine) => quarantine.execute(dir()?, output)?,
            Command::SpentLog(spent_log) => spent_log.execute(dir()?, output)?,
            Command::Payment(payment) => payment.execute(dir()?, output)?,
            Command::Suspense(suspense) => suspense.execute(dir()?, output)?,
            Command::Wallet(wallet) => wallet.execute(output)?,
            Command::Check => return check::execute(dir()?, output),
        }
        Ok(Outcome::Done)
    }
}
