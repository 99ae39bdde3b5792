//! Minting several quotes in one request (NUT-29).

use serde::{Deserialize, Serialize};

use super::lenient::list;
use crate::BlindedMessage;
use crate::QuoteId;

/// Asks for several mint quotes at once; the answer is a list of them, in the same order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRequest {
    /// The quotes, all different.
    pub quotes: Vec<QuoteId>,
}

/// Mints the tokens of several paid quotes, all or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MintRequest {
    /// The quotes, all different.
    pub quotes: Vec<QuoteId>,
    /// What to mint from each, in their order. What the quotes say when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_amounts: Option<Vec<u64>>,
    /// Outputs to sign, of all the quotes' amounts together.
    #[serde(deserialize_with = "list")]
    pub outputs: Vec<BlindedMessage>,
    /// For each quote in their order: the signature of its key, hex, over all outputs
    /// ([`super::nut20::verify`]); none for one that is not locked. Left out when none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Vec<Option<String>>>,
}
