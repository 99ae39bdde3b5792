//! Quotes that wait: unpaid invoices, and payments that were not begun.

use farthing_protocol::cashu::QuoteId;
use rusqlite::OptionalExtension as _;

use super::batch::Batch;
use super::quotes::{MELT_QUOTE, MINT_QUOTE, to_melt_quote, to_mint_quote};
use super::view::View;

use crate::domain::{AccountId, MeltQuote, MintQuote};
use crate::error::Result;

/// Of melt quotes: the payment was never begun. What failed was begun.
const UNBEGUN: &str = "state = 'unpaid' AND started = 0";

impl View {
    /// Returns up to `limit` of the mint quotes that were not paid, the last to expire first: all, or those that
    /// come after the quote with this expiry and id.
    pub fn unpaid_mint_quotes(
        &self,
        after: Option<(u64, QuoteId)>,
        limit: usize,
    ) -> Result<Vec<MintQuote>> {
        let sql = format!(
            "SELECT {MINT_QUOTE} WHERE paid = 0 AND (expiry, id) < (?1, ?2)
             ORDER BY expiry DESC, id DESC LIMIT ?3"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let (expiry, id) = match &after {
            Some((expiry, id)) => (expiry.cast_signed(), id.as_str()),
            None => (i64::MAX, ""),
        };
        let rows = statement.query_map((expiry, id, limit), to_mint_quote)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Counts the mint quotes of `account`, or of no account, that are unpaid and can be paid at Unix time
    /// `now`; at most `limit`.
    pub fn unpaid_count(
        &self,
        account: Option<AccountId>,
        now: u64,
        limit: usize,
    ) -> Result<usize> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM mint_quotes
                   WHERE paid = 0 AND account IS ?1 AND expiry >= ?2 LIMIT ?3)";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row((account, now, limit), |row| row.get(0))?)
    }

    /// Returns the melt quote of `account`, or of no account, for this payment, unless it was begun.
    pub fn unbegun_melt_quote(
        &self,
        payment_hash: &[u8; 32],
        account: Option<AccountId>,
    ) -> Result<Option<MeltQuote>> {
        let sql =
            format!("SELECT {MELT_QUOTE} WHERE payment_hash = ?1 AND account IS ?2 AND {UNBEGUN}");
        let mut statement = self.0.prepare_cached(&sql)?;
        let row = statement.query_row((payment_hash, account), to_melt_quote);
        Ok(row.optional()?)
    }

    /// Tells whether there are melt quotes that were not begun and that expired before Unix time `before`.
    pub fn has_lapsed_melt_quotes(&self, before: u64) -> Result<bool> {
        let sql = format!("SELECT 1 FROM melt_quotes WHERE {UNBEGUN} AND expiry < ?1");
        Ok(self.0.prepare_cached(&sql)?.exists([before])?)
    }

    /// Counts the melt quotes of `account`, or of no account, that were not begun and can be at Unix time
    /// `now`; at most `limit`.
    pub fn unbegun_count(
        &self,
        account: Option<AccountId>,
        now: u64,
        limit: usize,
    ) -> Result<usize> {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM melt_quotes
             WHERE {UNBEGUN} AND account IS ?1 AND expiry >= ?2 LIMIT ?3)"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        Ok(statement.query_row((account, now, limit), |row| row.get(0))?)
    }
}

impl Batch<'_> {
    /// Removes a mint quote that was not paid.
    pub fn remove_unpaid_mint_quote(&self, id: &QuoteId) -> Result<()> {
        let sql = "DELETE FROM mint_quotes WHERE id = ?1 AND paid = 0";
        self.transaction
            .prepare_cached(sql)?
            .execute([id.as_str()])?;
        Ok(())
    }

    /// Sets until when a melt quote can be begun.
    pub fn set_melt_expiry(&self, id: &QuoteId, expiry: u64) -> Result<()> {
        let sql = "UPDATE melt_quotes SET expiry = ?2 WHERE id = ?1";
        let mut statement = self.transaction.prepare_cached(sql)?;
        statement.execute((id.as_str(), expiry))?;
        Ok(())
    }

    /// Removes a melt quote that was not begun.
    pub fn remove_unbegun_melt_quote(&self, id: &QuoteId) -> Result<()> {
        let sql = format!("DELETE FROM melt_quotes WHERE id = ?1 AND {UNBEGUN}");
        let mut statement = self.transaction.prepare_cached(&sql)?;
        statement.execute([id.as_str()])?;
        Ok(())
    }

    /// Removes the melt quotes that were not begun and that expired before Unix time `before`.
    pub fn remove_lapsed_melt_quotes(&self, before: u64) -> Result<()> {
        let sql = format!("DELETE FROM melt_quotes WHERE {UNBEGUN} AND expiry < ?1");
        self.transaction.prepare_cached(&sql)?.execute([before])?;
        Ok(())
    }
}
