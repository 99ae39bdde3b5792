//! `suspense`: giving what the books cannot place to whom it belongs.

use clap::Subcommand;
use farthing_protocol::AmountText;
use serde::Serialize;

use super::open;
use super::output::Output;
use crate::config::DataDir;
use crate::domain::{AccountId, Purpose, RESERVE, SUSPENSE, Transaction};
use crate::error::{Error, Result};

#[derive(Debug, Subcommand)]
pub(super) enum SuspenseCommand {
    /// Give an account something from suspense: its holder had it before the restore.
    Credit(Settlement),
    /// Take something from an account into suspense: its holder had spent it before the restore.
    Debit(Settlement),
    /// Write the remainder off against the reserve: a loss is what you pay in, a gain what you may take out.
    WriteOff {
        /// Why, for the books.
        #[arg(long)]
        note: String,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Settlement {
    /// The account.
    name: String,
    /// How much, in the mint's unit.
    amount: AmountText,
    /// What the statement shall say, for the holder and for you.
    #[arg(long)]
    note: Option<String>,
}

#[derive(Serialize)]
struct Settled {
    /// What the account holds after it; nothing for the reserve.
    balance: Option<i64>,
    /// What is left in suspense.
    suspense: i64,
}

impl SuspenseCommand {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<()> {
        let (config, engine) = open::engine(dir)?;
        let unit = config.money();
        let reader = engine.store().reader()?;
        let suspense = || {
            let account = reader.account(SUSPENSE)?;
            account
                .map(|row| row.balance)
                .ok_or(Error::Invariant("no suspense account"))
        };
        let (account, amount, note) = match self {
            Self::Credit(settlement) => {
                let amount = positive(output.amount(&settlement.amount, &unit)?)?;
                let id = open::account(&reader, &settlement.name)?.id;
                (id, amount, settlement.note)
            }
            Self::Debit(settlement) => {
                let amount = -positive(output.amount(&settlement.amount, &unit)?)?;
                let id = open::account(&reader, &settlement.name)?.id;
                (id, amount, settlement.note)
            }
            Self::WriteOff { note } => (RESERVE, suspense()?, Some(note)),
        };
        settle(&engine, account, amount, note)?;
        let row = reader.account(account)?.filter(|row| row.id != RESERVE);
        let settled = Settled {
            balance: row.map(|row| row.balance),
            suspense: suspense()?,
        };
        output.write(&settled, || {
            let holds = settled.balance;
            let holds = holds.map(|b| format!("The account holds {}. ", unit.show_signed(b)));
            format!(
                "{}{} is in suspense.",
                holds.unwrap_or_default(),
                unit.show_signed(settled.suspense)
            )
        })
    }
}

fn settle(
    engine: &crate::engine::Engine,
    account: AccountId,
    amount: i64,
    note: Option<String>,
) -> Result<()> {
    let purpose = Purpose::Settle(account, amount, note);
    open::execute(engine, Transaction::postings(purpose))?;
    Ok(())
}

fn positive(amount: u64) -> Result<i64> {
    i64::try_from(amount).map_err(|_| Error::Operator("the amount is too large".to_owned()))
}
