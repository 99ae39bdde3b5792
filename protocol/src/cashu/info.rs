//! What a mint says of itself to Cashu's wallets (NUT-06), with the settings of each NUT.

use serde::{Deserialize, Serialize};

use crate::EncodedPoint;
use crate::api::Contact;

/// The answer to `GET /v1/info` (NUT-06). What is not there is left out, never null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Info {
    /// The mint's name, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The mint's public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pubkey: Option<EncodedPoint>,
    /// The software: its name, one slash, its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// A sentence about the mint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// More about the mint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description_long: Option<String>,
    /// How to reach the operator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contact: Vec<Contact>,
    /// What wallets must show to people now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motd: Option<String>,
    /// The URL of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon_url: Option<String>,
    /// The URLs at which this mint is reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// The mint's clock, Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
    /// The URL of the terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_url: Option<String>,
    /// The greatest length of any array in a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_array_length: Option<u64>,
    /// What works here.
    pub nuts: Nuts,
}

/// The NUTs that work, by number, with their settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Nuts {
    /// Minting.
    #[serde(rename = "4", skip_serializing_if = "Option::is_none")]
    pub mint: Option<Methods<MintOptions>>,
    /// Melting.
    #[serde(rename = "5", skip_serializing_if = "Option::is_none")]
    pub melt: Option<Methods<MeltOptions>>,
    /// Checking whether tokens are spent.
    #[serde(rename = "7", skip_serializing_if = "Option::is_none")]
    pub check_state: Option<Supported>,
    /// Change for overpaid fees.
    #[serde(rename = "8", skip_serializing_if = "Option::is_none")]
    pub fee_return: Option<Supported>,
    /// Restoring signatures.
    #[serde(rename = "9", skip_serializing_if = "Option::is_none")]
    pub restore: Option<Supported>,
    /// Spending conditions.
    #[serde(rename = "10", skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Supported>,
    /// Locks to public keys.
    #[serde(rename = "11", skip_serializing_if = "Option::is_none")]
    pub p2pk: Option<Supported>,
    /// Proofs of the mint's signatures.
    #[serde(rename = "12", skip_serializing_if = "Option::is_none")]
    pub dleq: Option<Supported>,
    /// Hashed timelock contracts.
    #[serde(rename = "14", skip_serializing_if = "Option::is_none")]
    pub htlc: Option<Supported>,
    /// Paying a part of an invoice.
    #[serde(rename = "15", skip_serializing_if = "Option::is_none")]
    pub multipath: Option<Multipath>,
    /// Websockets.
    #[serde(rename = "17", skip_serializing_if = "Option::is_none")]
    pub websockets: Option<WebSockets>,
    /// Requests that may be sent again.
    #[serde(rename = "19", skip_serializing_if = "Option::is_none")]
    pub cached_answers: Option<CachedAnswers>,
    /// Locked mint quotes.
    #[serde(rename = "20", skip_serializing_if = "Option::is_none")]
    pub quote_signatures: Option<Supported>,
    /// Clear authentication.
    #[serde(rename = "21", skip_serializing_if = "Option::is_none")]
    pub clear_auth: Option<ClearAuth>,
    /// Blind authentication.
    #[serde(rename = "22", skip_serializing_if = "Option::is_none")]
    pub blind_auth: Option<BlindAuth>,
    /// Minting several quotes at once.
    #[serde(rename = "29", skip_serializing_if = "Option::is_none")]
    pub batches: Option<Batches>,
}

/// The settings of a NUT that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supported {
    /// Whether it works.
    pub supported: bool,
}

/// The settings of NUT-04 and NUT-05.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Methods<O> {
    /// The pairs of method and unit that work.
    pub methods: Vec<MethodSetting<O>>,
    /// Whether none works at present.
    #[serde(default)]
    pub disabled: bool,
}

/// A pair of payment method and unit (NUT-04, NUT-05).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodSetting<O> {
    /// The payment method.
    pub method: String,
    /// The unit.
    pub unit: String,
    /// The method's name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method_name: Option<String>,
    /// The least amount of one operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_amount: Option<u64>,
    /// The greatest amount of one operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_amount: Option<u64>,
    /// What else is to be said of the method.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub options: Option<O>,
}

/// Options of minting with `bolt11` (NUT-23, "Mint Settings").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MintOptions {
    /// Whether invoices carry a description.
    #[serde(default)]
    pub description: bool,
}

/// Options of melting with `bolt11` (NUT-23, "Example `MeltMethodSetting`").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeltOptions {
    /// Whether invoices without an amount are paid.
    #[serde(default)]
    pub amountless: bool,
}

/// The settings of NUT-15.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Multipath {
    /// Where a part of an invoice can be paid.
    pub methods: Vec<MethodUnit>,
}

/// A pair of payment method and unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodUnit {
    /// The payment method.
    pub method: String,
    /// The unit.
    pub unit: String,
}

/// The settings of NUT-17.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebSockets {
    /// What can be subscribed to.
    pub supported: Vec<Subscriptions>,
}

/// What can be subscribed to for a pair of payment method and unit (NUT-17).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriptions {
    /// The payment method.
    pub method: String,
    /// The unit.
    pub unit: String,
    /// [`super::ws::Kind::name`] of each.
    pub commands: Vec<String>,
}

/// The settings of NUT-19.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachedAnswers {
    /// For how many seconds a request may be sent again; for ever when there is none.
    pub ttl: Option<u64>,
    /// Which requests.
    pub cached_endpoints: Vec<Endpoint>,
}

/// Requests to a path (NUT-19, NUT-21, NUT-22).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `GET` or `POST`.
    pub method: String,
    /// The path beside the mint's URL, of [`super::path`].
    pub path: String,
}

/// The settings of NUT-21.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearAuth {
    /// Where the OpenID Connect service describes itself.
    pub openid_discovery: String,
    /// The wallets' client id there.
    pub client_id: String,
    /// What needs its token.
    pub protected_endpoints: Vec<Endpoint>,
}

/// The settings of NUT-22.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlindAuth {
    /// How many blind authentication tokens one request may ask for.
    pub bat_max_mint: u64,
    /// What needs one.
    pub protected_endpoints: Vec<Endpoint>,
}

/// The settings of NUT-29.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Batches {
    /// How many quotes one request may hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_batch_size: Option<u64>,
    /// The payment methods; all of minting when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
}
