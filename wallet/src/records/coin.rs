//! Keysets, and the tokens that can be spent.

use farthing_protocol::suite::{Suite, SuiteId};
use farthing_protocol::{
    EncodedPoint, KeysetId, KeysetInfo, Proof, PublicKeys, TokenProof, amount, with_suite,
};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::store::Table;

/// A keyset of a mint, its id recomputed from its keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyset {
    /// The mint's address.
    pub mint: String,
    /// Id, unit and terms.
    pub info: KeysetInfo,
    /// Public keys by amount.
    pub keys: PublicKeys,
}

/// A token that can be spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coin {
    /// The address of the mint that signed it.
    pub mint: String,
    /// The token.
    pub token: TokenProof,
}

impl Coin {
    /// Tokens as coins of the mint that signed them.
    pub(crate) fn of_mint(mint: &str, tokens: impl IntoIterator<Item = TokenProof>) -> Vec<Self> {
        let coin = |token| Self {
            mint: mint.to_owned(),
            token,
        };
        tokens.into_iter().map(coin).collect()
    }

    /// Returns what it is worth.
    #[must_use]
    pub fn amount(&self) -> u64 {
        self.token.proof.amount
    }

    /// The keyset it is of.
    #[must_use]
    pub fn keyset(&self) -> KeysetId {
        self.token.proof.id
    }
}

/// The sum of what coins are worth; no wallet can hold more than `u64::MAX`.
#[must_use]
pub fn worth(coins: &[Coin]) -> u64 {
    amount::sum(coins.iter().map(Coin::amount)).unwrap_or(u64::MAX)
}

/// `Y` of a token's secret, in the group of its keyset: what names it to the mint (NUT-07), and in
/// this store.
pub(crate) fn y(proof: &Proof) -> EncodedPoint {
    let secret = proof.secret.expose().as_bytes();
    with_suite!(suite_of(&proof.id), S => S::encode_point(&S::hash_to_group(secret)))
}

/// The suite of a keyset. Ids of other versions are refused before they come this far.
pub(crate) fn suite_of(keyset: &KeysetId) -> SuiteId {
    SuiteId::of(keyset).unwrap_or(SuiteId::Ristretto255)
}

impl Record for Keyset {
    const TABLE: Table = Table::Keysets;

    fn key(&self) -> String {
        format!("{} {}", self.mint, self.info.id)
    }
}

impl Record for Coin {
    const TABLE: Table = Table::Proofs;

    fn key(&self) -> String {
        y(&self.token.proof).to_hex()
    }
}
