//! What travels in requests and answers (NUT-00): proofs, blinded messages, blind signatures.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Dleq, EncodedPoint, KeysetId, Secret};

/// An input: a secret and the mint's unblinded signature on it (NUT-00 `Proof`).
///
/// It has no place for the DLEQ proof that holders keep beside it ([`crate::TokenProof`]): the
/// blinding factor in there would tell the mint which signature this was, so it is never sent.
///
/// `Debug` shows neither the secret nor the witness.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The value, one of the keyset's amounts.
    pub amount: u64,
    /// The keyset whose key for `amount` signed it.
    pub id: KeysetId,
    /// What was signed.
    pub secret: Secret,
    /// The unblinded signature, `C = k·HashToGroup(secret)`.
    #[serde(rename = "C")]
    pub c: EncodedPoint,
    /// What opens the lock in `secret`, if there is one: JSON in a string (NUT-11, NUT-14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<String>,
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof")
            .field("amount", &self.amount)
            .field("id", &self.id)
            .field("c", &self.c)
            .finish_non_exhaustive()
    }
}

/// An output to be signed (NUT-00 `BlindedMessage`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlindedMessage {
    /// The value wanted, one of the keyset's amounts.
    pub amount: u64,
    /// The keyset that shall sign, an active one.
    pub id: KeysetId,
    /// The blinded secret, `B_ = r·HashToGroup(secret)`.
    #[serde(rename = "B_")]
    pub b: EncodedPoint,
}

/// The mint's signature on an output (NUT-00 `BlindSignature`), with its proof (NUT-12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlindSignature {
    /// The value signed.
    pub amount: u64,
    /// The keyset that signed.
    pub id: KeysetId,
    /// The blinded signature, `C_ = k·B_`.
    #[serde(rename = "C_")]
    pub c: EncodedPoint,
    /// Proof that the key which signed is the published one.
    pub dleq: Dleq,
}
