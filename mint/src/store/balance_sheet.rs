//! The balance sheet, counted from the rows themselves.

use std::collections::BTreeMap;

use super::reader::Reader;
use super::view::View;
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
    /// [`Error::Invariant`] when a row is damaged.
    pub fn balance_sheet(&self) -> Result<BalanceSheet> {
        let _snapshot = self.snapshot()?;
        let sum = |sql: &str, of: i64| -> Result<i64> {
            Ok(self
                .0
                .prepare_cached(sql)?
                .query_row([of], |row| row.get(0))?)
        };
        let posted = "SELECT coalesce(sum(amount), 0) FROM postings WHERE account = ?1";
        let mut accounts = Vec::new();
        let (mut reserve, mut fees, mut suspense) = (0, 0, Suspense::default());
        let (mut paid_in, mut paying_out) = quoted(self)?;
        let mut statement = self
            .0
            .prepare("SELECT id, name, balance FROM accounts ORDER BY id")?;
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
        suspense.postings = suspense_postings(self)?;
        Ok(BalanceSheet {
            unit: self.unit()?,
            reserve,
            accounts,
            keysets: keyset_lines(self)?,
            fees,
            paid_in,
            paying_out,
            suspense,
        })
    }
}

fn suspense_postings(view: &View) -> Result<Vec<SuspenseLine>> {
    let sql = "SELECT hour, amount, coalesce(note, '') FROM postings
               WHERE account = ?1 ORDER BY number";
    let mut statement = view.0.prepare_cached(sql)?;
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
fn keyset_lines(view: &View) -> Result<Vec<KeysetLine>> {
    let signed = by_keyset(
        view,
        "SELECT keyset, sum(amount) FROM signed GROUP BY keyset",
    )?;
    let spent = by_keyset(
        view,
        "SELECT keyset, sum(amount) FROM spent GROUP BY keyset",
    )?;
    let held = by_keyset(view, "SELECT keyset, sum(amount) FROM held GROUP BY keyset")?;
    let counters = view.counters()?;
    let mut keysets = Vec::new();
    for row in view.keysets()? {
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

/// Returns what the quotes say is on its way in, and out.
fn quoted(view: &View) -> Result<(Sum, Sum)> {
    let sum = |sql| -> Result<Sum> {
        Ok(Sum {
            balance: 0,
            quoted: view.0.query_row(sql, [], |row| row.get(0))?,
        })
    };
    Ok((
        sum("SELECT coalesce(sum(paid - issued), 0) FROM mint_quotes")?,
        sum("SELECT coalesce(sum(held), 0) FROM melt_quotes
             WHERE state = 'pending' AND account IS NOT NULL")?,
    ))
}

fn by_keyset(view: &View, sql: &str) -> Result<BTreeMap<u32, i64>> {
    let mut statement = view.0.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
