//! What was bought.

use farthing_protocol::Secret;
use serde::{Deserialize, Serialize};

use super::Record;
use super::history::Entry;
use super::payment::{Item, Purchase};
use crate::store::Table;

/// Something bought, for as long as it can be had again without paying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bought {
    /// The number of the operation that paid.
    pub id: u64,
    /// What was bought.
    pub item: Item,
    /// What was paid.
    pub amount: u64,
    /// The unit.
    pub unit: String,
    /// Until when it is free, Unix seconds.
    pub until: u64,
    /// What to show for it.
    pub proof: PaymentProof,
}

impl Bought {
    /// Returns what a purchase left, from the line in the history that goes with it.
    pub(crate) fn new(entry: &Entry, purchase: &Purchase, until: u64, proof: PaymentProof) -> Self {
        Self {
            id: entry.id,
            item: purchase.item.clone(),
            amount: entry.amount,
            unit: entry.unit.clone(),
            until,
            proof,
        }
    }
}

/// What shows a site that something was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentProof {
    /// The site's receipt.
    Receipt(Secret),
    /// No receipt came, but the mint says that the site was paid: the same token and outputs again.
    Token {
        /// The exact value of `X-Cashu`.
        token: Secret,
        /// The exact value of `X-Cashu-Outputs`.
        outputs: Option<String>,
    },
}

impl Record for Bought {
    const TABLE: Table = Table::Bought;

    fn key(&self) -> String {
        self.item.key()
    }
}
