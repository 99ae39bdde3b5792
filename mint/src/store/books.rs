//! The books, counted from the rows themselves.

use std::collections::BTreeMap;

use rusqlite::{Connection, TransactionBehavior};

use super::{Reader, reader};
use crate::clock;
use crate::domain::{
    AccountLine, BalanceSheet, FEES, KeysetLine, PAID_IN, PAYING_OUT, RESERVE, SUSPENSE, Sum,
    Suspense, SuspenseLine,
};
use crate::error::{Error, Result};

impl Reader {
    /// Counts everything, at one moment of the store. Reads every token's row, so it takes a while on
    /// a large store; the mint goes on meanwhile.
    ///
    /// # Errors
    /// [`crate::Error::Store`].
    pub fn balance_sheet(&mut self) -> Result<BalanceSheet> {
        let behavior = TransactionBehavior::Deferred;
        let snapshot = self.connection.transaction_with_behavior(behavior)?;
        let sum = |sql: &str, of: i64| -> Result<i64> {
            Ok(snapshot
                .prepare_cached(sql)?
                .query_row([of], |row| row.get(0))?)
        };
        let posted = "SELECT coalesce(sum(amount), 0) FROM postings WHERE account = ?1";
        let mut accounts = Vec::new();
        let (mut reserve, mut fees, mut suspense) = (0, 0, Suspense::default());
        let (mut paid_in, mut paying_out) = quoted(&snapshot)?;
        let mut statement =
            snapshot.prepare("SELECT id, name, balance FROM accounts ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, balance): (i64, i64) = (row.get(0)?, row.get(2)?);
            match id {
                RESERVE => reserve = -balance,
                FEES => fees = balance,
                PAID_IN => paid_in.balance = balance,
                PAYING_OUT => paying_out.balance = balance,
                SUSPENSE => suspense.balance = balance,
                _ => accounts.push(AccountLine {
                    name: row.get(1)?,
                    balance,
                    posted: sum(posted, id)?,
                }),
            }
        }
        suspense.postings = suspense_postings(&snapshot)?;
        let unit = "SELECT value FROM meta WHERE name = 'unit'";
        let unit = snapshot.query_row(unit, [], |row| row.get(0))?;
        Ok(BalanceSheet {
            unit,
            reserve,
            accounts,
            keysets: keyset_lines(&snapshot)?,
            fees,
            paid_in,
            paying_out,
            suspense,
        })
    }
}

fn suspense_postings(connection: &Connection) -> Result<Vec<SuspenseLine>> {
    let sql = "SELECT hour, amount, coalesce(note, '') FROM postings
               WHERE account = ?1 ORDER BY number";
    let mut statement = connection.prepare_cached(sql)?;
    let lines = statement.query_map([SUSPENSE], |row| {
        Ok(SuspenseLine {
            time: clock::hour_to_s(row.get(0)?),
            amount: row.get(1)?,
            note: row.get(2)?,
        })
    })?;
    Ok(lines.collect::<rusqlite::Result<_>>()?)
}

/// Every keyset's counters, and what the rows add up to.
fn keyset_lines(connection: &Connection) -> Result<Vec<KeysetLine>> {
    let signed = by_keyset(
        connection,
        "SELECT keyset, sum(amount) FROM signed GROUP BY keyset",
    )?;
    let spent = by_keyset(
        connection,
        "SELECT keyset, sum(amount) FROM spent GROUP BY keyset",
    )?;
    let held = by_keyset(
        connection,
        "SELECT keyset, sum(amount) FROM held GROUP BY keyset",
    )?;
    let counters = reader::counters(connection)?;
    let mut keysets = Vec::new();
    for row in reader::keysets(connection)? {
        let index = row.terms.index;
        let damaged = Error::Invariant("a keyset without counters");
        let counters = counters.get(&index).ok_or(damaged)?;
        let sum = |sums: &BTreeMap<u32, i64>| sums.get(&index).copied().unwrap_or(0);
        keysets.push(KeysetLine {
            id: row.id,
            unit: row.terms.unit,
            state: row.state.as_str(),
            issued: counters.issued,
            redeemed: counters.redeemed,
            unseen: counters.unseen,
            allowance: counters.allowance,
            signed: sum(&signed),
            spent: sum(&spent),
            held: counters.held,
            holding: sum(&held),
        });
    }
    Ok(keysets)
}

/// What the quotes say is on its way in, and out.
fn quoted(connection: &Connection) -> Result<(Sum, Sum)> {
    let sum = |sql| -> Result<Sum> {
        Ok(Sum {
            balance: 0,
            quoted: connection.query_row(sql, [], |row| row.get(0))?,
        })
    };
    Ok((
        sum("SELECT coalesce(sum(paid - issued), 0) FROM mint_quotes")?,
        sum("SELECT coalesce(sum(held), 0) FROM melt_quotes
             WHERE state = 'pending' AND account IS NOT NULL")?,
    ))
}

fn by_keyset(connection: &Connection, sql: &str) -> Result<BTreeMap<u32, i64>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
