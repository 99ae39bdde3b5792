//! Operations that ended.

use serde::{Deserialize, Serialize};

use super::{Record, id_key};
use crate::store::Table;

use super::operation::Kind;

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused, and undone.
    Undone,
}

/// A line of the wallet's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The number of the operation.
    pub id: u64,
    /// What it did.
    pub kind: Kind,
    /// How it ended.
    pub outcome: Outcome,
    /// When it ended, Unix seconds.
    pub time: u64,
    /// The address of the mint.
    pub mint: String,
    /// The unit.
    pub unit: String,
    /// What was withdrawn, sent, received, redeemed, paid or restored.
    pub amount: u64,
    /// What the mint kept.
    pub fee: u64,
    /// What left the balance besides: spent already, by another copy of this wallet, or change that a
    /// site kept.
    pub lost: u64,
    /// The note in the token, or what was paid for in the site's words.
    pub memo: Option<String>,
    /// The site that was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
}

impl Record for Entry {
    const TABLE: Table = Table::History;

    fn key(&self) -> String {
        id_key(self.id)
    }
}
