//! `issue`: a voucher, a bearer token that the operator prints against an account's balance.

use clap::Args;
use farthing_protocol::AmountText;
use farthing_protocol::suite::SuiteId;
use serde::Serialize;
use zeroize::Zeroizing;

use super::open;
use super::output::Output;
use super::voucher::Voucher;
use crate::config::{Config, DataDir};
use crate::domain::{Directory, KeysetKind, Transaction};
use crate::engine::Engine;
use crate::error::{Error, Result};

#[derive(Debug, Args)]
pub(super) struct Issue {
    /// How much, in the mint's unit: 5, 5.00 or 0.05 eur.
    #[arg(required_unless_present = "unprinted")]
    amount: Option<AmountText>,
    /// The account that pays for it.
    #[arg(long, value_name = "NAME", required_unless_present = "unprinted")]
    account: Option<String>,
    /// What the account's statement shall say.
    #[arg(long)]
    note: Option<String>,
    /// A message in the token, for its receiver.
    #[arg(long)]
    memo: Option<String>,
    /// Print the vouchers that were paid for and whose printing was interrupted.
    #[arg(long, conflicts_with_all = ["amount", "account", "note", "memo"])]
    unprinted: bool,
}

#[derive(Serialize)]
struct Issued<'a> {
    amount: u64,
    unit: &'a str,
    token: &'a str,
}

#[derive(Serialize)]
struct Unprinted<'a> {
    vouchers: Vec<Issued<'a>>,
}

impl Issue {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<()> {
        let (config, engine) = open::engine(dir)?;
        match (self.amount, self.account) {
            (Some(amount), Some(name)) => {
                let amount = output.amount(&amount, &config.money())?;
                let texts = (self.note, self.memo);
                issue(dir, output, &config, &engine, (amount, &name), texts)
            }
            _ => print_unprinted(dir, output, &config, &engine),
        }
    }
}

fn issue(
    dir: &DataDir,
    output: Output,
    config: &Config,
    engine: &Engine,
    (amount, name): (u64, &str),
    (note, memo): (Option<String>, Option<String>),
) -> Result<()> {
    let reader = engine.store().reader()?;
    let account = open::account(&reader, name)?;
    let directory = engine.directory(&reader)?;
    let keyset = directory
        .active(KeysetKind::Money(SuiteId::Ristretto255))
        .ok_or_else(|| {
            Error::Operator("no keyset signs; run: farthing-mint keyset rotate".to_owned())
        })?;
    let voucher = Voucher::begin(dir, keyset.id, amount, memo)?;
    let outputs = voucher.outputs(keyset).and_then(|outputs| {
        if outputs.len() > engine.settings().limits.outputs_max {
            let detail = "the amount is too large for one token with this keyset's amounts";
            return Err(Error::Operator(detail.to_owned()));
        }
        Ok(outputs)
    });
    let outputs = match outputs {
        Ok(outputs) => outputs,
        Err(error) => return voucher.end().and(Err(error)),
    };
    let transaction = Transaction::issue(account.id, outputs, note);
    let answer = match open::execute(engine, transaction) {
        Ok(answer) => answer,
        Err(refusal @ (Error::Request { .. } | Error::Account { .. })) => {
            return voucher.end().and(Err(refusal));
        }
        Err(error) => return Err(interrupted(&voucher, &error)),
    };
    let token = voucher.token(config, keyset, &answer.signatures)?;
    let issued = Issued {
        amount,
        unit: &config.unit,
        token: &token,
    };
    let printed = output.write(&issued, || (*token).clone());
    printed.map_err(|error| interrupted(&voucher, &error))?;
    voucher.end()
}

/// Prints what was paid for; what was not has never happened.
fn print_unprinted(dir: &DataDir, output: Output, config: &Config, engine: &Engine) -> Result<()> {
    let directory = engine.read(|view| engine.directory(view))?;
    let mut tokens = Vec::new();
    let mut printed = Vec::new();
    for voucher in Voucher::left(dir)? {
        match paid(config, engine, &directory, &voucher)? {
            Some(token) => {
                tokens.push((voucher.amount(), token));
                printed.push(voucher);
            }
            None => voucher.end()?,
        }
    }
    let vouchers = tokens.iter().map(|(amount, token)| Issued {
        amount: *amount,
        unit: &config.unit,
        token,
    });
    let unprinted = Unprinted {
        vouchers: vouchers.collect(),
    };
    output.write(&unprinted, || {
        let lines: Vec<_> = unprinted.vouchers.iter().map(|v| v.token).collect();
        if lines.is_empty() {
            return "No voucher waits for being printed.".to_owned();
        }
        lines.join("\n")
    })?;
    printed.into_iter().try_for_each(Voucher::end)
}

/// The token of a voucher, if it was paid for.
fn paid(
    config: &Config,
    engine: &Engine,
    directory: &Directory,
    voucher: &Voucher,
) -> Result<Option<Zeroizing<String>>> {
    let keyset = directory.get(&voucher.keyset());
    let keyset = keyset.ok_or_else(|| {
        let shown = voucher.path().display();
        Error::Operator(format!(
            "{shown}: a voucher of a keyset that is not this mint's"
        ))
    })?;
    let restored = open::restore(engine, voucher.outputs(keyset)?)?;
    if restored.signatures.is_empty() {
        return Ok(None);
    }
    voucher
        .token(config, keyset, &restored.signatures)
        .map(Some)
}

fn interrupted(voucher: &Voucher, error: &Error) -> Error {
    let told = format!(
        "{error}; if the voucher was paid for, it can be printed still, of {}: farthing-mint issue \
         --unprinted",
        voucher.path().display()
    );
    if matches!(error, Error::Unreported(_)) {
        Error::Unreported(told)
    } else {
        Error::Operator(told)
    }
}
