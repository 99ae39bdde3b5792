//! What everybody may read, on any connection: a reader's, and a batch's in the middle of its writing.

use std::collections::BTreeMap;

use farthing_protocol::KeysetId;
use farthing_protocol::cashu::auth;
use farthing_protocol::suite::SuiteId;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::rows::{Counters, KeysetRow, SpentRow};
use crate::domain::{KeysetState, KeysetTerms, Mark, RequestDigest};
use crate::error::{Error, Result};

/// The store as one connection sees it. A [`super::Reader`] and a [`super::Batch`] both are one. Every read is
/// here, and fails with [`Error::Store`] when the database does.
#[derive(Debug)]
pub struct View(pub(super) Connection);

impl View {
    /// Returns the unit that the store was made for.
    pub fn unit(&self) -> Result<String> {
        let sql = "SELECT value FROM meta WHERE name = 'unit'";
        Ok(self.0.query_row(sql, [], |row| row.get(0))?)
    }

    /// Returns the count of the operator's changes to keysets.
    pub fn revision(&self) -> Result<i64> {
        let sql = "SELECT value FROM meta WHERE name = 'revision'";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Returns all keysets, oldest first.
    ///
    /// # Errors
    /// [`Error::Invariant`] when a row is damaged.
    pub fn keysets(&self) -> Result<Vec<KeysetRow>> {
        let sql = "SELECT idx, id, unit, amounts, input_fee_ppk, final_expiry, state
                   FROM keysets ORDER BY idx";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut keysets = Vec::new();
        while let Some(row) = rows.next()? {
            keysets.push(keyset(row)?);
        }
        Ok(keysets)
    }

    /// Returns the counters of all keysets by index.
    ///
    /// # Errors
    /// [`Error::Invariant`] when a row is damaged.
    pub fn counters(&self) -> Result<BTreeMap<u32, Counters>> {
        let sql = "SELECT idx, state, issued, redeemed, held, unseen, allowance, unit FROM keysets";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut counters = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (state, unit): (String, String) = (row.get(1)?, row.get(7)?);
            let counter = Counters {
                is_auth: unit == auth::UNIT,
                state: KeysetState::parse(&state).ok_or(DAMAGED_KEYSET)?,
                issued: row.get(2)?,
                redeemed: row.get(3)?,
                held: row.get(4)?,
                unseen: row.get(5)?,
                allowance: row.get(6)?,
            };
            counters.insert(row.get(0)?, counter);
        }
        Ok(counters)
    }

    /// Returns what is known of the token with this mark; `None` when it was never spent.
    pub fn spent(&self, mark: &Mark) -> Result<Option<SpentRow>> {
        let sql = "SELECT preimage FROM spent WHERE mark = ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let row = statement.query_row([mark], |row| {
            Ok(SpentRow {
                preimage: row.get(0)?,
            })
        });
        Ok(row.optional()?)
    }

    /// Tells whether the token with this mark was spent.
    pub fn is_spent(&self, mark: &Mark) -> Result<bool> {
        self.exists("SELECT 1 FROM spent WHERE mark = ?1", mark)
    }

    /// Returns the keyset index and the amount that the output with this mark was signed for.
    pub fn signed(&self, mark: &Mark) -> Result<Option<(u32, u64)>> {
        let sql = "SELECT keyset, amount FROM signed WHERE mark = ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let row = statement.query_row([mark], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(row.optional()?)
    }

    /// Tells whether the output with this mark was signed.
    pub fn is_signed(&self, mark: &Mark) -> Result<bool> {
        self.exists("SELECT 1 FROM signed WHERE mark = ?1", mark)
    }

    /// Tells whether the request with this digest was answered on one of the last `days` days or `today`.
    pub fn has_request(&self, digest: &RequestDigest, today: i64, days: u32) -> Result<bool> {
        let sql = "SELECT 1 FROM requests WHERE day = ?1 AND digest = ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        for day in (today - i64::from(days)..=today).rev() {
            if statement.exists((day, digest))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn exists(&self, sql: &str, mark: &Mark) -> Result<bool> {
        Ok(self.0.prepare_cached(sql)?.exists([mark])?)
    }
}

const DAMAGED_KEYSET: Error = Error::Invariant("a keyset's row in the store is damaged");

fn keyset(row: &Row<'_>) -> Result<KeysetRow> {
    let id: Vec<u8> = row.get("id")?;
    let state: String = row.get("state")?;
    let id = KeysetId::from_bytes(&id).map_err(|_| DAMAGED_KEYSET)?;
    Ok(KeysetRow {
        id,
        terms: KeysetTerms {
            index: row.get("idx")?,
            suite: SuiteId::of(&id).ok_or(DAMAGED_KEYSET)?,
            unit: row.get("unit")?,
            amounts: row.get("amounts")?,
            input_fee_ppk: row.get("input_fee_ppk")?,
            final_expiry: row.get("final_expiry")?,
        },
        state: KeysetState::parse(&state).ok_or(DAMAGED_KEYSET)?,
    })
}
