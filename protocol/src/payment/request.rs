//! Payment requests: what a payee wants, as one line of text (NUT-18; read also from NUT-26).

use serde::{Deserialize, Serialize};

use super::{PaymentError, creq_b, encode, from_base64};
use crate::encoding::or_null;

/// What a payment request of NUT-18 starts with.
pub const PREFIX: &str = "creqA";

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

impl PaymentRequest {
    /// Writes the request as `creqA…`.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(PREFIX, self)
    }

    /// Reads a request, `creqA…` (NUT-18) or `creqB1…` (NUT-26); white space around it is skipped.
    ///
    /// # Errors
    /// A [`PaymentError`]; also when there is an amount without a unit.
    pub fn decode(text: &str) -> Result<Self, PaymentError> {
        let text = text.trim();
        let starts = |prefix: &str| {
            let start = text.get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let request: Self = if starts(creq_b::PREFIX) {
            creq_b::decode(text)?
        } else if starts(PREFIX) {
            // Some write NUT-18 in base64's other alphabet, as its own examples do.
            let body = text.get(PREFIX.len()..).unwrap_or_default();
            from_base64(&body.replace('+', "-").replace('/', "_"))?
        } else {
            return Err(PaymentError::Prefix(PREFIX));
        };
        if request.amount.is_some() && request.unit.is_none() {
            return Err(PaymentError::Damaged);
        }
        Ok(request)
    }
}
