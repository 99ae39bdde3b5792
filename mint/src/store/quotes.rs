//! Quotes, and what is held for payments under way.

use farthing_protocol::EncodedPoint;
use farthing_protocol::cashu::QuoteId;
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};

use super::batch::Batch;
use super::rows::{BlankRow, TokenRow};
use super::view::View;
use crate::domain::{Mark, MeltQuote, MeltState, MintQuote};
use crate::error::{Error, Result};

pub(super) const MINT_QUOTE: &str =
    "id, payment_hash, request, amount, account, pubkey, expiry, paid, issued, updated_at
     FROM mint_quotes";
pub(super) const MELT_QUOTE: &str =
    "id, payment_hash, request, amount_msat, is_partial, amount, fee_reserve,
     account, expiry, state, held, started, fee_paid, preimage FROM melt_quotes";

impl View {
    /// Returns a mint quote.
    pub fn mint_quote(&self, id: &QuoteId) -> Result<Option<MintQuote>> {
        mint_quote(&self.0, "id = ?1", &id.as_str())
    }

    /// Returns the mint quote with this payment hash.
    pub fn mint_quote_of_payment(&self, payment_hash: &[u8; 32]) -> Result<Option<MintQuote>> {
        mint_quote(&self.0, "payment_hash = ?1", payment_hash)
    }

    /// Returns a melt quote.
    pub fn melt_quote(&self, id: &QuoteId) -> Result<Option<MeltQuote>> {
        melt_quote(&self.0, id)
    }

    /// Returns the melt quotes whose payment has begun and not ended.
    pub fn pending_melt_quotes(&self) -> Result<Vec<MeltQuote>> {
        let sql = format!("SELECT {MELT_QUOTE} WHERE state = 'pending'");
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([], to_melt_quote)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Tells whether the token with this mark is held for a payment.
    pub fn is_held(&self, mark: &Mark) -> Result<bool> {
        self.exists("SELECT 1 FROM held WHERE mark = ?1", mark)
    }

    /// Tells whether the output with this mark waits for what a payment leaves over.
    pub fn is_blank(&self, mark: &Mark) -> Result<bool> {
        self.exists("SELECT 1 FROM blanks WHERE mark = ?1", mark)
    }

    /// Returns the outputs for what a quote's payment leaves over, in the order they came.
    pub fn blanks(&self, quote: &QuoteId) -> Result<Vec<BlankRow>> {
        blanks(&self.0, quote)
    }

    /// Returns of all melt quotes with this payment hash the state, and the Unix time at which the payment was
    /// begun, 0 for never.
    pub fn states_of_payment(&self, payment_hash: &[u8; 32]) -> Result<Vec<(MeltState, u64)>> {
        let sql = "SELECT state, started FROM melt_quotes WHERE payment_hash = ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows =
            statement.query_map([payment_hash], |row| Ok((melt_state(row, 0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Batch<'_> {
    /// Adds a mint quote.
    ///
    /// # Errors
    /// [`Error::Store`], also when its id or its payment hash is taken.
    pub fn add_mint_quote(&self, quote: &MintQuote) -> Result<()> {
        let sql = "INSERT INTO mint_quotes
             (id, payment_hash, request, amount, account, pubkey, expiry, paid, issued, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        self.transaction.prepare_cached(sql)?.execute(params![
            quote.id.as_str(),
            quote.payment_hash,
            quote.request,
            quote.amount,
            quote.account,
            quote.pubkey.as_ref().map(EncodedPoint::as_bytes),
            quote.expiry,
            quote.paid,
            quote.issued,
            quote.updated_at,
        ])?;
        Ok(())
    }

    /// Sets what became of a mint quote: what was paid for it, what of it was issued, and when.
    pub fn set_mint_quote(&self, quote: &MintQuote) -> Result<()> {
        let sql = "UPDATE mint_quotes SET paid = ?2, issued = ?3, updated_at = ?4 WHERE id = ?1";
        self.transaction.prepare_cached(sql)?.execute(params![
            quote.id.as_str(),
            quote.paid,
            quote.issued,
            quote.updated_at,
        ])?;
        Ok(())
    }

    /// Adds a melt quote.
    ///
    /// # Errors
    /// [`Error::Store`], also when its id is taken.
    pub fn add_melt_quote(&self, quote: &MeltQuote) -> Result<()> {
        let sql = "INSERT INTO melt_quotes
             (id, payment_hash, request, amount_msat, is_partial, amount, fee_reserve, account, expiry,
              state, held, started, fee_paid, preimage)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
        self.transaction.prepare_cached(sql)?.execute(params![
            quote.id.as_str(),
            quote.payment_hash,
            quote.request,
            quote.amount_msat,
            quote.is_partial,
            quote.amount,
            quote.fee_reserve,
            quote.account,
            quote.expiry,
            quote.state.as_str(),
            quote.held,
            quote.started,
            quote.fee_paid,
            quote.preimage,
        ])?;
        Ok(())
    }

    /// Sets what became of a melt quote: its state, what is held for it, the fee, the proof.
    pub fn set_melt_quote(&self, quote: &MeltQuote) -> Result<()> {
        let sql = "UPDATE melt_quotes SET state = ?2, held = ?3, started = ?4, fee_paid = ?5,
                   preimage = ?6 WHERE id = ?1";
        self.transaction.prepare_cached(sql)?.execute(params![
            quote.id.as_str(),
            quote.state.as_str(),
            quote.held,
            quote.started,
            quote.fee_paid,
            quote.preimage,
        ])?;
        Ok(())
    }

    /// Holds a token for a quote's payment.
    ///
    /// # Errors
    /// [`Error::Store`], also when it is held already.
    pub fn hold(&self, quote: &QuoteId, row: &TokenRow) -> Result<()> {
        let sql = "INSERT INTO held (mark, quote, keyset, amount, preimage)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let TokenRow {
            mark,
            keyset,
            amount,
            preimage,
        } = row;
        statement.execute((mark, quote.as_str(), keyset, amount, preimage))?;
        Ok(())
    }

    /// Releases the tokens held for a quote's payment, and returns them.
    pub fn release(&self, quote: &QuoteId) -> Result<Vec<TokenRow>> {
        let sql = "DELETE FROM held WHERE quote = ?1 RETURNING mark, keyset, amount, preimage";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let rows = statement.query_map([quote.as_str()], |row| {
            Ok(TokenRow {
                mark: row.get(0)?,
                keyset: row.get(1)?,
                amount: row.get(2)?,
                preimage: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Adds the outputs for what a quote's payment leaves over.
    ///
    /// # Errors
    /// [`Error::Store`], also when one is there already.
    pub fn add_blanks(&self, quote: &QuoteId, rows: &[BlankRow]) -> Result<()> {
        let sql = "INSERT INTO blanks (quote, number, mark, keyset, b, amount)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut statement = self.transaction.prepare_cached(sql)?;
        for (number, row) in rows.iter().enumerate() {
            let BlankRow {
                mark,
                keyset,
                b,
                amount,
            } = row;
            statement.execute((quote.as_str(), number, mark, keyset, b.as_bytes(), amount))?;
        }
        Ok(())
    }

    /// Sets an output's amount.
    pub fn set_blank(&self, mark: &Mark, amount: u64) -> Result<()> {
        let sql = "UPDATE blanks SET amount = ?2 WHERE mark = ?1";
        self.transaction
            .prepare_cached(sql)?
            .execute((mark, amount))?;
        Ok(())
    }

    /// Forgets the outputs of a quote.
    pub fn remove_blanks(&self, quote: &QuoteId) -> Result<()> {
        let sql = "DELETE FROM blanks WHERE quote = ?1";
        let mut statement = self.transaction.prepare_cached(sql)?;
        statement.execute([quote.as_str()])?;
        Ok(())
    }

    /// Forgets the quotes that expired before Unix time `before` and owe nothing.
    pub fn forget_quotes(&self, before: u64) -> Result<()> {
        for sql in [
            "DELETE FROM mint_quotes WHERE expiry < ?1 AND paid = issued",
            "DELETE FROM blanks WHERE quote IN
             (SELECT id FROM melt_quotes WHERE expiry < ?1 AND state <> 'pending')",
            "DELETE FROM melt_quotes WHERE expiry < ?1 AND state <> 'pending'",
        ] {
            self.transaction.execute(sql, [before])?;
        }
        Ok(())
    }
}

fn mint_quote(connection: &Connection, which: &str, key: &dyn ToSql) -> Result<Option<MintQuote>> {
    let sql = format!("SELECT {MINT_QUOTE} WHERE {which}");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([key], to_mint_quote).optional()?)
}

pub(super) fn to_mint_quote(row: &Row<'_>) -> rusqlite::Result<MintQuote> {
    let pubkey: Option<[u8; 33]> = row.get(5)?;
    Ok(MintQuote {
        id: QuoteId::new(row.get(0)?),
        payment_hash: row.get(1)?,
        request: row.get(2)?,
        amount: row.get(3)?,
        account: row.get(4)?,
        pubkey: pubkey.map(EncodedPoint::from),
        expiry: row.get(6)?,
        paid: row.get(7)?,
        issued: row.get(8)?,
        updated_at: row.get(9)?,
    })
}

fn melt_quote(connection: &Connection, id: &QuoteId) -> Result<Option<MeltQuote>> {
    let sql = format!("SELECT {MELT_QUOTE} WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let row = statement.query_row([id.as_str()], to_melt_quote);
    Ok(row.optional()?)
}

pub(super) fn to_melt_quote(row: &Row<'_>) -> rusqlite::Result<MeltQuote> {
    Ok(MeltQuote {
        id: QuoteId::new(row.get(0)?),
        payment_hash: row.get(1)?,
        request: row.get(2)?,
        amount_msat: row.get(3)?,
        is_partial: row.get(4)?,
        amount: row.get(5)?,
        fee_reserve: row.get(6)?,
        account: row.get(7)?,
        expiry: row.get(8)?,
        state: melt_state(row, 9)?,
        held: row.get(10)?,
        started: row.get(11)?,
        fee_paid: row.get(12)?,
        preimage: row.get(13)?,
    })
}

fn melt_state(row: &Row<'_>, column: usize) -> rusqlite::Result<MeltState> {
    let word: String = row.get(column)?;
    MeltState::parse(&word).ok_or_else(|| {
        let unknown = format!("unknown state of a melt quote: {word}").into();
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, unknown)
    })
}

fn blanks(connection: &Connection, quote: &QuoteId) -> Result<Vec<BlankRow>> {
    let sql = "SELECT mark, keyset, b, amount FROM blanks WHERE quote = ?1 ORDER BY number";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([quote.as_str()])?;
    let mut blanks = Vec::new();
    while let Some(row) = rows.next()? {
        let b: Vec<u8> = row.get(2)?;
        let damaged = |_| Error::Invariant("a blank output's row in the store is damaged");
        blanks.push(BlankRow {
            mark: row.get(0)?,
            keyset: row.get(1)?,
            b: EncodedPoint::from_bytes(&b).map_err(damaged)?,
            amount: row.get(3)?,
        });
    }
    Ok(blanks)
}
