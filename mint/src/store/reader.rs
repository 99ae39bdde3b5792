//! Reading, outside of any batch.

use std::collections::BTreeMap;

use farthing_protocol::KeysetId;
use farthing_protocol::cashu::auth;
use farthing_protocol::suite::SuiteId;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};

use super::Counters;
use crate::domain::KeysetState;
use crate::error::{Error, Result};
use crate::keyring::{KeysetTerms, Mark, RequestDigest};

/// A connection that only reads. For one thread at a time.
#[derive(Debug)]
pub struct Reader {
    pub(super) connection: Connection,
}

/// One moment of the store, for the [`Reader`] that took it, until this is dropped. The write-ahead
/// log grows meanwhile: not to be kept for long.
#[derive(Debug)]
pub struct Snapshot<'r>(#[expect(dead_code, reason = "ends when dropped")] Transaction<'r>);

/// A keyset as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysetRow {
    /// Its id.
    pub id: KeysetId,
    /// What it was made of.
    pub terms: KeysetTerms,
    /// What it may be used for.
    pub state: KeysetState,
}

/// What is known of a spent token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpentRow {
    /// The preimage that opened it, for an HTLC.
    pub preimage: Option<[u8; 32]>,
}

impl Reader {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection }
    }

    /// Has everything read before the result is dropped see the store at one moment. Looking at many
    /// rows costs less so: a look on its own takes and gives back a lock on the file, and begins with
    /// an empty cache when anything was written meanwhile.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn snapshot(&self) -> Result<Snapshot<'_>> {
        Ok(Snapshot(self.connection.unchecked_transaction()?))
    }

    /// The unit the store was made for.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn unit(&self) -> Result<String> {
        let sql = "SELECT value FROM meta WHERE name = 'unit'";
        Ok(self.connection.query_row(sql, [], |row| row.get(0))?)
    }

    /// The count of the operator's changes to keysets.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn revision(&self) -> Result<i64> {
        revision(&self.connection)
    }

    /// All keysets, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn keysets(&self) -> Result<Vec<KeysetRow>> {
        keysets(&self.connection)
    }

    /// The counters of all keysets by index.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn counters(&self) -> Result<BTreeMap<u32, Counters>> {
        counters(&self.connection)
    }

    /// What is known of the token with this mark; `None` when it was never spent.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn spent(&self, mark: &Mark) -> Result<Option<SpentRow>> {
        let sql = "SELECT preimage FROM spent WHERE mark = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let row = statement.query_row([mark], |row| {
            Ok(SpentRow {
                preimage: row.get(0)?,
            })
        });
        Ok(row.optional()?)
    }

    /// The keyset index and the amount that the output with this mark was signed for.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn signed(&self, mark: &Mark) -> Result<Option<(u32, u64)>> {
        let sql = "SELECT keyset, amount FROM signed WHERE mark = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let row = statement.query_row([mark], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(row.optional()?)
    }

    /// Whether the request with this digest was answered on one of the last `days` days or `today`.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn has_request(&self, digest: &RequestDigest, today: i64, days: u32) -> Result<bool> {
        has_request(&self.connection, digest, today, days)
    }
}

pub(super) fn revision(connection: &Connection) -> Result<i64> {
    let sql = "SELECT value FROM meta WHERE name = 'revision'";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

pub(super) fn has_request(
    connection: &Connection,
    digest: &RequestDigest,
    today: i64,
    days: u32,
) -> Result<bool> {
    let sql = "SELECT 1 FROM requests WHERE day = ?1 AND digest = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    for day in (today - i64::from(days)..=today).rev() {
        if statement.exists((day, digest))? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn counters(connection: &Connection) -> Result<BTreeMap<u32, Counters>> {
    let sql = "SELECT idx, state, issued, redeemed, held, unseen, allowance, unit FROM keysets";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut counters = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (state, unit): (String, String) = (row.get(1)?, row.get(7)?);
        let counter = Counters {
            is_auth: unit == auth::UNIT,
            state: KeysetState::parse(&state).unwrap_or(KeysetState::Frozen),
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

pub(super) fn keysets(connection: &Connection) -> Result<Vec<KeysetRow>> {
    let sql = "SELECT idx, id, unit, amounts, input_fee_ppk, final_expiry, state
               FROM keysets ORDER BY idx";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut keysets = Vec::new();
    while let Some(row) = rows.next()? {
        keysets.push(keyset(row)?);
    }
    Ok(keysets)
}

fn keyset(row: &Row<'_>) -> Result<KeysetRow> {
    let damaged = || Error::Invariant("a keyset's row in the store is damaged");
    let id: Vec<u8> = row.get("id")?;
    let state: String = row.get("state")?;
    let id = KeysetId::from_bytes(&id).map_err(|_| damaged())?;
    Ok(KeysetRow {
        id,
        terms: KeysetTerms {
            index: row.get("idx")?,
            suite: SuiteId::of(&id).ok_or_else(damaged)?,
            unit: row.get("unit")?,
            amounts: row.get("amounts")?,
            input_fee_ppk: row.get("input_fee_ppk")?,
            final_expiry: row.get("final_expiry")?,
        },
        state: KeysetState::parse(&state).ok_or_else(damaged)?,
    })
}
