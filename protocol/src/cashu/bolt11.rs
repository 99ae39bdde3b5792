//! Minting and melting over Lightning: quotes and what is done with them (NUT-04, NUT-05, NUT-23).
//!
//! Requests are read leniently: fields that are not known are skipped, and an optional one may be null.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::lenient::{list, list_or_null};
use crate::QuoteId;
use crate::encoding::or_null;
use crate::{BlindSignature, BlindedMessage, EncodedPoint, Proof};

/// The payment method's name in quotes, settings and paths.
pub const METHOD: &str = "bolt11";

/// Asks for an invoice whose payment mints tokens (NUT-23, NUT-20).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MintQuoteRequest {
    /// How much, in `unit`.
    pub amount: u64,
    /// The unit.
    pub unit: String,
    /// What the invoice shall say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The public key to lock the quote to, hex: [`super::nut20::decode_key`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pubkey: Option<String>,
}

/// A mint quote (NUT-23, NUT-20), with the counters that newer wallets go by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MintQuote {
    /// The id.
    pub quote: QuoteId,
    /// The invoice to pay.
    pub request: String,
    /// How much it mints, in `unit`.
    pub amount: u64,
    /// The unit.
    pub unit: String,
    /// [`METHOD`].
    #[serde(default)]
    pub method: String,
    /// What has become of it.
    pub state: MintQuoteState,
    /// The Unix time until which the invoice can be paid.
    pub expiry: Option<u64>,
    /// The public key that it is locked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pubkey: Option<EncodedPoint>,
    /// How much was paid for it.
    #[serde(default)]
    pub amount_paid: u64,
    /// How much was minted from it.
    #[serde(default)]
    pub amount_issued: u64,
    /// The Unix time of its last change.
    #[serde(default)]
    pub updated_at: u64,
}

/// What has become of a mint quote (NUT-23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MintQuoteState {
    /// The invoice is not paid.
    Unpaid,
    /// It is, and nothing is minted yet.
    Paid,
    /// The tokens are issued.
    Issued,
}

/// Mints the tokens of a paid quote (NUT-04, NUT-20).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MintRequest {
    /// The quote.
    pub quote: QuoteId,
    /// Outputs to sign, of the quote's amount together.
    #[serde(deserialize_with = "list")]
    pub outputs: Vec<BlindedMessage>,
    /// The signature of a locked quote's key, hex: [`super::nut20::verify`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// Asks what it costs to have an invoice paid (NUT-23).
///
/// `Debug` does not show the invoice: it tells who is paid.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeltQuoteRequest {
    /// The invoice.
    pub request: String,
    /// The unit of the tokens to pay with.
    pub unit: String,
    /// How much of it to pay, when that is not what it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<MeltOptions>,
}

impl fmt::Debug for MeltQuoteRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeltQuoteRequest")
            .field("unit", &self.unit)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// How much of an invoice to pay (NUT-15, NUT-23).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeltOptions {
    /// A part of it, as one of several mints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mpp: Option<Multipath>,
    /// The amount of an invoice that names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amountless: Option<Amountless>,
}

/// The part of an invoice that one of several mints pays (NUT-15).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Multipath {
    /// The part, in msat.
    pub amount: u64,
}

/// The amount to pay on an invoice that names none (NUT-23).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amountless {
    /// The amount, in msat.
    pub amount_msat: u64,
}

/// A melt quote, and the answer to melting (NUT-23, NUT-08).
///
/// `Debug` shows neither the invoice nor the preimage, the payer's proof of having paid.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeltQuote {
    /// The id.
    pub quote: QuoteId,
    /// The invoice.
    pub request: String,
    /// What is paid, in `unit`.
    pub amount: u64,
    /// The unit.
    pub unit: String,
    /// [`METHOD`].
    #[serde(default)]
    pub method: String,
    /// What must be there beside it for Lightning's fees, in `unit`; what is left of it comes back as
    /// change.
    pub fee_reserve: u64,
    /// What has become of it.
    pub state: MeltQuoteState,
    /// The Unix time until which it can be melted.
    pub expiry: u64,
    /// Once it is paid: the preimage, hex.
    #[serde(default)]
    pub payment_preimage: Option<String>,
    /// Once it is paid, and only where there is any: signatures on the first of the request's outputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "or_null")]
    pub change: Vec<BlindSignature>,
}

impl fmt::Debug for MeltQuote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeltQuote")
            .field("amount", &self.amount)
            .field("unit", &self.unit)
            .field("fee_reserve", &self.fee_reserve)
            .field("state", &self.state)
            .field("expiry", &self.expiry)
            .finish_non_exhaustive()
    }
}

/// What has become of a melt quote (NUT-05).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MeltQuoteState {
    /// Nobody has melted it yet, or the payment failed.
    Unpaid,
    /// It is being paid.
    Pending,
    /// It is paid.
    Paid,
}

/// Pays a quote's invoice with tokens (NUT-05, NUT-08).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeltRequest {
    /// The quote.
    pub quote: QuoteId,
    /// Tokens worth amount, fee reserve and fee.
    #[serde(deserialize_with = "list")]
    pub inputs: Vec<Proof>,
    /// Outputs for change; their amounts are ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "list_or_null")]
    pub outputs: Vec<BlindedMessage>,
    /// Whether to answer before it is paid.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[serde(deserialize_with = "or_null")]
    pub prefer_async: bool,
}
