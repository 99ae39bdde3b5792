//! `account`: members and publishers.

use clap::Subcommand;
use farthing_protocol::api::Statement;
use farthing_protocol::{AmountText, Unit};
use serde::Serialize;

use super::account_payments::{Deposit, Pay};
use super::open;
use super::output::{Outcome, Output};
use crate::config::DataDir;
use crate::domain::{
    AccountId, ApiTokenText, Purpose, Scopes, Transaction, is_holder, kind_word, to_statement,
};
use crate::error::{Error, Result};
use crate::store::{ApiToken, Batch};

#[derive(Debug, Subcommand)]
pub(super) enum Account {
    /// Open an account and print its API token, once.
    Create {
        /// 1 to 64 lower-case letters, digits, dots, hyphens and underscores.
        name: String,
        /// What the API token may do.
        #[arg(long, default_value = "withdraw,redeem,read")]
        scopes: String,
    },
    /// Fund an account: its holder paid in.
    Credit(Posting),
    /// Pay an account out: its holder was paid.
    Debit(Posting),
    /// Print an invoice whose payment funds an account. With --wait, exits with 3 if still
    /// unpaid.
    Deposit(Deposit),
    /// Pay an invoice from an account, by the mint that runs or by itself. Exits with 3 while the payment
    /// is in flight.
    Pay(Pay),
    /// List all accounts with their balances.
    List,
    /// Print an account's postings, newest first.
    Statement {
        /// The account.
        name: String,
        /// Postings with numbers below this one.
        #[arg(long)]
        before: Option<i64>,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Print a further API token for an account, once; or revoke all it has.
    Token {
        /// The account.
        name: String,
        /// What the new API token may do.
        #[arg(long, default_value = "withdraw,redeem,read")]
        scopes: String,
        /// Revoke all of the account's API tokens instead, at once.
        #[arg(long, conflicts_with = "scopes")]
        revoke: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Posting {
    /// The account.
    name: String,
    /// How much, in the mint's unit: 5, 5.00 or 0.05 eur.
    amount: AmountText,
    /// What the statement shall say, for the holder and for you.
    #[arg(long)]
    note: Option<String>,
}

#[derive(Serialize)]
struct Created<'a> {
    name: &'a str,
    scopes: Vec<&'static str>,
    token: &'a str,
}

#[derive(Serialize)]
struct Balance {
    name: String,
    balance: i64,
    unit: String,
}

#[derive(Serialize)]
struct Balances {
    accounts: Vec<Balance>,
}

#[derive(Serialize)]
struct Revoked {
    name: String,
    revoked: usize,
}

impl Account {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<Outcome> {
        match self {
            Self::Deposit(deposit) => return deposit.execute(dir, output),
            Self::Pay(pay) => return pay.execute(dir, output),
            Self::Create { name, scopes } => create(dir, output, &name, &scopes),
            Self::Credit(posting) => post(dir, output, posting, Purpose::Credit),
            Self::Debit(posting) => post(dir, output, posting, Purpose::Debit),
            Self::List => list(dir, output),
            Self::Statement {
                name,
                before,
                limit,
            } => statement(dir, output, &name, before.unwrap_or(i64::MAX), limit.max(1)),
            Self::Token {
                name, revoke: true, ..
            } => revoke(dir, output, name),
            Self::Token { name, scopes, .. } => token(dir, output, &name, &scopes),
        }?;
        Ok(Outcome::Done)
    }
}

fn create(dir: &DataDir, output: Output, name: &str, scopes: &str) -> Result<()> {
    check_name(name)?;
    let scopes = Scopes::parse(scopes)?;
    let (_, store) = open::store(dir)?;
    let mut writer = store.writer()?;
    let batch = writer.begin()?;
    if batch.account_by_name(name)?.is_some() {
        return Err(Error::Operator(format!("the name {name} is taken")));
    }
    let id = batch.add_account(name)?;
    let token = add_token(&batch, id, &scopes)?;
    batch.commit()?;
    show_token(output, name, &scopes, &token)
}

fn token(dir: &DataDir, output: Output, name: &str, scopes: &str) -> Result<()> {
    let scopes = Scopes::parse(scopes)?;
    let (_, store) = open::store(dir)?;
    let account = open::account(&store.reader()?, name)?;
    let mut writer = store.writer()?;
    let batch = writer.begin()?;
    let token = add_token(&batch, account.id, &scopes)?;
    batch.commit()?;
    show_token(output, name, &scopes, &token)
}

fn revoke(dir: &DataDir, output: Output, name: String) -> Result<()> {
    let (_, store) = open::store(dir)?;
    let account = open::account(&store.reader()?, &name)?;
    let mut writer = store.writer()?;
    let batch = writer.begin()?;
    let revoked = batch.remove_api_tokens(account.id)?;
    batch.commit()?;
    output.write(&Revoked { name, revoked }, || {
        format!("Revoked {revoked} API token(s). They end with the next request.")
    })
}

fn add_token(batch: &Batch<'_>, account: AccountId, scopes: &Scopes) -> Result<ApiTokenText> {
    let token = ApiTokenText::generate()?;
    let scopes = scopes.words().join(",");
    batch.add_api_token(&token.hash(), &ApiToken { account, scopes })?;
    Ok(token)
}

fn show_token(output: Output, name: &str, scopes: &Scopes, token: &ApiTokenText) -> Result<()> {
    let created = Created {
        name,
        scopes: scopes.words(),
        token: token.expose(),
    };
    output.write(&created, || {
        format!(
            "API token of {name} ({}), shown this once:\n{}",
            scopes.words().join(", "),
            token.expose()
        )
    })
}

fn post(
    dir: &DataDir,
    output: Output,
    posting: Posting,
    purpose: fn(AccountId, u64, Option<String>) -> Purpose,
) -> Result<()> {
    let (config, engine) = open::engine(dir)?;
    let unit = config.money();
    let amount = output.amount(&posting.amount, &unit)?;
    let reader = engine.store().reader()?;
    let id = open::account(&reader, &posting.name)?.id;
    let purpose = purpose(id, amount, posting.note);
    open::execute(&engine, Transaction::postings(purpose))?;
    let row = open::account(&reader, &posting.name)?;
    let balance = Balance {
        name: row.name,
        balance: row.balance,
        unit: config.unit,
    };
    output.write(&balance, || {
        format!(
            "{} holds {}.",
            balance.name,
            unit.show_signed(balance.balance)
        )
    })
}

fn list(dir: &DataDir, output: Output) -> Result<()> {
    let (config, store) = open::store(dir)?;
    let rows = store.reader()?.accounts()?;
    let holders = rows.into_iter().filter(|row| is_holder(row.id));
    let accounts = holders.map(|row| Balance {
        name: row.name,
        balance: row.balance,
        unit: config.unit.clone(),
    });
    let balances = Balances {
        accounts: accounts.collect(),
    };
    output.write(&balances, || {
        let unit = config.money();
        let line = |b: &Balance| {
            let (number, unit) = (unit.number_signed(b.balance), unit.name());
            format!("{number:>12} {unit}  {}", b.name)
        };
        let lines: Vec<_> = balances.accounts.iter().map(line).collect();
        if lines.is_empty() {
            "There are no accounts yet.".to_owned()
        } else {
            lines.join("\n")
        }
    })
}

fn statement(dir: &DataDir, output: Output, name: &str, before: i64, limit: u32) -> Result<()> {
    let (config, store) = open::store(dir)?;
    let reader = store.reader()?;
    let account = open::account(&reader, name)?;
    let statement = to_statement(&reader.postings(account.id, before, limit)?, limit);
    output.write(&statement, || {
        let unit = config.money();
        let title = format!("{name}: {}", unit.show_signed(account.balance));
        std::iter::once(title)
            .chain(lines(&statement, &unit))
            .collect::<Vec<_>>()
            .join("\n")
    })
}

fn lines(statement: &Statement, unit: &Unit) -> impl Iterator<Item = String> {
    statement.postings.iter().map(|p| {
        let note = p.note.as_deref().unwrap_or_default();
        let (number, time, kind) = (p.number, p.time, kind_word(p.kind));
        let (change, balance) = (unit.change(p.amount), unit.number(p.balance));
        format!("{number:>6}  {time}  {kind:8} {change:>12} {balance:>12}  {note}")
    })
}

fn check_name(name: &str) -> Result<()> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if name.is_empty() || name.len() > 64 || !name.bytes().all(allowed) {
        return Err(Error::Operator(
            "an account's name: 1 to 64 of a-z 0-9 . - _".to_owned(),
        ));
    }
    Ok(())
}
