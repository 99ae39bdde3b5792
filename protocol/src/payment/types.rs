//! Payment requests: what a payee wants (NUT-18).

use serde::{Deserialize, Serialize};

use crate::encoding::or_null;

/// What a payee wants (NUT-18, "Payment Request").
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRequest {
    /// An id for the payee to know the payment by.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How much, in `unit`.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<u64>,
    /// The unit; must be there when there is an amount.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Whether it is to be paid once only.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub single_use: Option<bool>,
    /// The mints whose tokens are taken; any when there are none.
    #[serde(rename = "m", default, deserialize_with = "or_null")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mints: Vec<String>,
    /// What it is for, in the payee's words.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How to pay, by preference; none means in the request itself (NUT-24).
    #[serde(rename = "t", default, deserialize_with = "or_null")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<Transport>,
    /// The lock that the payee wants on the token.
    #[serde(rename = "nut10", default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockOption>,
}

/// A way to pay (NUT-18, "Transport").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transport {
    /// `nostr` or `post`.
    #[serde(rename = "t")]
    pub kind: String,
    /// Where to: an `nprofile…` or `npub…`, or a URL.
    #[serde(rename = "a")]
    pub target: String,
    /// More about it, each a name and its values.
    #[serde(rename = "g", default, deserialize_with = "or_null")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Vec<String>>,
}

/// The lock that the payee wants (NUT-18, "Locking conditions").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockOption {
    /// The kind of a NUT-10 secret: `P2PK` or `HTLC`.
    #[serde(rename = "k")]
    pub kind: String,
    /// The secret's data: the public key, or the hash.
    #[serde(rename = "d")]
    pub data: String,
    /// The secret's tags.
    #[serde(rename = "t", default, deserialize_with = "or_null")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Vec<String>>,
}
