//! What the store's rows hold.

use farthing_protocol::{EncodedPoint, KeysetId};

use crate::domain::{AccountId, KeysetState, KeysetTerms, Mark};

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

/// A token as the store remembers it: spent, held for a payment, or signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its mark.
    pub mark: Mark,
    /// Its keyset's index.
    pub keyset: u32,
    /// Its amount.
    pub amount: u64,
    /// The preimage that opened it, for a spent HTLC.
    pub preimage: Option<[u8; 32]>,
}

/// What a keyset has signed and what came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Whether its tokens are blind authentication (NUT-22), and no money.
    pub is_auth: bool,
    /// What it may be used for.
    pub state: KeysetState,
    /// The sum of all amounts signed.
    pub issued: i64,
    /// The sum of all amounts spent.
    pub redeemed: i64,
    /// The sum of all amounts held for payments under way.
    pub held: i64,
    /// What of `issued` was never seen to be signed, but came back; see [`Counters::allowance`].
    pub unseen: i64,
    /// How much more than `issued` may still come back, since a restored store does not know all that
    /// was signed, or since the operator allowed it. 0 for nearly all keysets.
    pub allowance: i64,
}

/// An output for what a payment leaves over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlankRow {
    /// Its mark.
    pub mark: Mark,
    /// Its keyset's index.
    pub keyset: u32,
    /// Its point `B_`.
    pub b: EncodedPoint,
    /// What it was given: 0 for nothing.
    pub amount: u64,
}

/// An account as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Its number.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// What it holds; negative for the reserve alone.
    pub balance: i64,
    /// How many postings it has.
    pub postings: i64,
}

/// An API token as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// The account it acts on.
    pub account: AccountId,
    /// What it may do, words with commas between.
    pub scopes: String,
}
