//! Outputs that the mint shall sign.

use farthing_protocol::KeysetId;
use farthing_protocol::derive::Position;
use farthing_protocol::suite::SuiteId;
use serde::{Deserialize, Serialize};

/// Who an output is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// For this wallet.
    Keep,
    /// To hand out.
    Send,
}

/// An output an operation asks for. Its secret and blinding factor follow from the seed and its derivation index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedOutput {
    /// The keyset that shall sign.
    pub keyset: KeysetId,
    /// Its lane.
    pub lane: u32,
    /// Its index on the lane.
    pub counter: u64,
    /// What it is worth.
    pub amount: u64,
    /// Who it is for.
    pub purpose: Purpose,
    /// The public key it is locked to: 64 hex digits, or 66 of a token for Cashu's wallets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
}

impl PlannedOutput {
    /// Returns whether it becomes a token for Cashu's wallets.
    #[must_use]
    pub fn is_cashu(&self) -> bool {
        SuiteId::of(&self.keyset) == Some(SuiteId::Secp256k1)
    }

    /// Its derivation index, with keyset and lane.
    #[must_use]
    pub fn position(&self) -> Position {
        Position {
            keyset: self.keyset,
            lane: self.lane,
            counter: self.counter,
        }
    }
}

/// An output that is requested, before it has a derivation index.
#[derive(Clone)]
pub(crate) struct OutputRequest {
    pub(crate) keyset: KeysetId,
    pub(crate) amount: u64,
    pub(crate) purpose: Purpose,
    pub(crate) lock: Option<String>,
}
