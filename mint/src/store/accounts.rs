//! Accounts, their API tokens and their postings.

use farthing_protocol::api::PostingKind;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::batch::Batch;
use super::rows::{AccountRow, ApiToken};
use super::view::View;
use crate::domain::{AccountId, PostingRow, kind_of_word, kind_word};
use crate::error::Result;

impl View {
    /// Returns the account with this name.
    pub fn account_by_name(&self, name: &str) -> Result<Option<AccountRow>> {
        account(&self.0, "name = ?1", &name)
    }

    /// Returns the account with this number.
    pub fn account(&self, id: AccountId) -> Result<Option<AccountRow>> {
        account(&self.0, "id = ?1", &id)
    }

    /// Returns all accounts in the order they were made, the reserve and the fees first.
    pub fn accounts(&self) -> Result<Vec<AccountRow>> {
        let sql = "SELECT id, name, balance, postings FROM accounts ORDER BY id";
        let mut statement = self.0.prepare(sql)?;
        let rows = statement.query_map([], account_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the API token with this hash.
    pub fn api_token(&self, hash: &[u8; 32]) -> Result<Option<ApiToken>> {
        let sql = "SELECT account, scopes FROM api_tokens WHERE hash = ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let row = statement.query_row([hash], |row| {
            Ok(ApiToken {
                account: row.get(0)?,
                scopes: row.get(1)?,
            })
        });
        Ok(row.optional()?)
    }

    /// Returns the hour of the last posting, if there is any.
    pub fn last_hour(&self) -> Result<Option<i64>> {
        let sql = "SELECT hour FROM postings ORDER BY number DESC LIMIT 1";
        let row = self.0.query_row(sql, [], |row| row.get(0));
        Ok(row.optional()?)
    }

    /// Returns up to `limit` postings of an account with numbers below `before`, newest first.
    pub fn postings(&self, account: AccountId, before: i64, limit: u32) -> Result<Vec<PostingRow>> {
        let sql = "SELECT number, hour, kind, amount, balance, note FROM postings
                   WHERE account = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map((account, before, limit), |row| {
            let kind: String = row.get(2)?;
            Ok(PostingRow {
                number: row.get(0)?,
                hour: row.get(1)?,
                kind: parse_kind(&kind)?,
                amount: row.get(3)?,
                balance: row.get(4)?,
                note: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Batch<'_> {
    /// Opens an account with nothing in it; returns its number.
    ///
    /// # Errors
    /// [`crate::Error::Store`], also when the name is taken.
    pub fn add_account(&self, name: &str) -> Result<AccountId> {
        let sql = "INSERT INTO accounts (name) VALUES (?1)";
        self.transaction.execute(sql, [name])?;
        Ok(self.transaction.last_insert_rowid())
    }

    /// Adds an API token.
    pub fn add_api_token(&self, hash: &[u8; 32], token: &ApiToken) -> Result<()> {
        let sql = "INSERT INTO api_tokens (hash, account, scopes) VALUES (?1, ?2, ?3)";
        let row = (hash, token.account, &token.scopes);
        self.transaction.execute(sql, row)?;
        Ok(())
    }

    /// Removes all API tokens of an account; returns how many there were.
    pub fn remove_api_tokens(&self, account: AccountId) -> Result<usize> {
        let sql = "DELETE FROM api_tokens WHERE account = ?1";
        Ok(self.transaction.execute(sql, [account])?)
    }

    /// Changes an account's balance without a posting: for fees, whose single movements are not kept.
    pub fn set_balance(&self, account: AccountId, balance: i64) -> Result<()> {
        let sql = "UPDATE accounts SET balance = ?2 WHERE id = ?1";
        let mut statement = self.transaction.prepare_cached(sql)?;
        statement.execute((account, balance))?;
        Ok(())
    }

    /// Adds the next posting of an account and sets its balance.
    pub fn add_posting(&self, account: AccountId, posting: &PostingRow) -> Result<()> {
        let sql = "INSERT INTO postings (account, number, hour, kind, amount, balance, note)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let mut insert = self.transaction.prepare_cached(sql)?;
        insert.execute(params![
            account,
            posting.number,
            posting.hour,
            kind_word(posting.kind),
            posting.amount,
            posting.balance,
            posting.note,
        ])?;
        let sql = "UPDATE accounts SET balance = ?2, postings = ?3 WHERE id = ?1";
        let mut update = self.transaction.prepare_cached(sql)?;
        update.execute((account, posting.balance, posting.number))?;
        Ok(())
    }
}

fn account(
    connection: &Connection,
    condition: &str,
    value: &dyn rusqlite::ToSql,
) -> Result<Option<AccountRow>> {
    let sql = format!("SELECT id, name, balance, postings FROM accounts WHERE {condition}");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([value], account_row).optional()?)
}

fn account_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow {
        id: row.get(0)?,
        name: row.get(1)?,
        balance: row.get(2)?,
        postings: row.get(3)?,
    })
}

fn parse_kind(word: &str) -> rusqlite::Result<PostingKind> {
    let unknown = || format!("unknown kind of posting: {word}").into();
    kind_of_word(word).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, unknown())
    })
}
