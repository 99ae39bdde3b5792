//! Tokens that were sent.

use std::collections::HashSet;

use farthing_protocol::suite::SuiteId;
use farthing_protocol::{EncodedPoint, TokenProof, amount, cashu};
use serde::{Deserialize, Serialize};

use super::coin::y;
use super::history::Entry;
use super::{Record, id_key};
use crate::store::Table;

/// What became of a token that was sent, as far as the wallet knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentState {
    /// Nobody has claimed it.
    Unclaimed,
    /// Some of it was claimed, and the rest is still there for whoever has the token.
    Partly,
    /// It was claimed.
    Claimed,
    /// It was taken back, or the rest that nobody had claimed was.
    TakenBack,
}

/// A token that was sent. It is another's money from the moment it is recorded, until it is
/// taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The number of the operation.
    pub id: u64,
    /// The address of the mint.
    pub mint: String,
    /// The unit.
    pub unit: String,
    /// When, Unix seconds.
    pub time: u64,
    /// The note in the token.
    pub memo: Option<String>,
    /// The tokens.
    pub proofs: Vec<TokenProof>,
    /// What of it somebody else has claimed, by the mint's word.
    #[serde(default)]
    pub claimed: u64,
    /// What of it this wallet has taken back.
    #[serde(default)]
    pub taken_back: u64,
    /// Since when it is known that nothing of it is left, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<u64>,
}

impl Sent {
    /// The record of a token that was just sent, from the line in the history that goes with it.
    pub(crate) fn new(entry: &Entry, proofs: Vec<TokenProof>) -> Self {
        Self {
            id: entry.id,
            mint: entry.mint.clone(),
            unit: entry.unit.clone(),
            time: entry.time,
            memo: entry.memo.clone(),
            proofs,
            claimed: 0,
            taken_back: 0,
            settled: None,
        }
    }

    /// Returns what those of its proofs are worth whose points are among `ys`.
    pub(crate) fn worth_among(&self, ys: &HashSet<EncodedPoint>) -> u64 {
        let among = self.proofs.iter().filter(|p| ys.contains(&y(&p.proof)));
        amount::sum(among.map(|p| p.proof.amount)).expect("a token is worth less than 2^64")
    }

    /// The token, as it is sent.
    #[must_use]
    pub fn token(&self) -> farthing_protocol::Token {
        let of_cashu = |p: &TokenProof| SuiteId::of(&p.proof.id) == Some(SuiteId::Secp256k1);
        let prefix = match self.proofs.iter().all(of_cashu) {
            true => cashu::path::PREFIX,
            false => "",
        };
        farthing_protocol::Token {
            mint: format!("{}{prefix}", self.mint),
            unit: self.unit.clone(),
            memo: self.memo.clone(),
            proofs: self.proofs.clone(),
        }
    }

    /// Returns what it is worth.
    #[must_use]
    pub fn amount(&self) -> u64 {
        amount::sum(self.proofs.iter().map(|p| p.proof.amount))
            .expect("a token is worth less than 2^64")
    }

    /// Returns what of it nobody has claimed, as far as the wallet knows.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        let gone = self.claimed.saturating_add(self.taken_back);
        self.amount().saturating_sub(gone)
    }

    /// Returns what became of it, as far as the wallet knows.
    #[must_use]
    pub fn state(&self) -> SentState {
        match (self.outstanding(), self.claimed, self.taken_back) {
            (0, _, 0) => SentState::Claimed,
            (0, _, _) => SentState::TakenBack,
            (_, 0, 0) => SentState::Unclaimed,
            (_, _, _) => SentState::Partly,
        }
    }
}

impl Record for Sent {
    const TABLE: Table = Table::Sent;

    fn key(&self) -> String {
        id_key(self.id)
    }
}
