//! Bodies of the mint's HTTP API: requests refuse unknown fields, answers may grow new ones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    BlindSignature, BlindedMessage, Bundle, EncodedPoint, Identity, KeysetId, KeysetInfo, Proof,
    PublicKeys, QuoteId, Reference,
};

/// What stands before the bundle in a digest.
const BUNDLE_TAG: &[u8] = b"Farthing_bundle_v1";

/// Paths of the API, beside the mint's base URL.
pub mod path {
    /// GET: [`super::Info`].
    pub const INFO: &str = "/v1/info";
    /// GET: [`super::Keys`] of the active keysets; `/v1/keys/{id}` of one, active or not.
    pub const KEYS: &str = "/v1/keys";
    /// GET: [`super::Keysets`].
    pub const KEYSETS: &str = "/v1/keysets";
    /// POST: [`super::SwapRequest`], [`super::Signatures`].
    pub const SWAP: &str = "/v1/swap";
    /// POST with an API token: [`super::WithdrawRequest`], [`super::Signatures`].
    pub const WITHDRAW: &str = "/v1/withdraw";
    /// POST with an API token: [`super::RedeemRequest`], [`super::Redeemed`].
    pub const REDEEM: &str = "/v1/redeem";
    /// GET with an API token: [`super::Account`].
    pub const ACCOUNT: &str = "/v1/account";
    /// GET with an API token: [`super::Statement`].
    pub const STATEMENT: &str = "/v1/account/statement";
    /// POST with an API token: [`super::DepositRequest`], [`crate::cashu::bolt11::MintQuote`]; GET
    /// `/v1/account/deposit/{quote}`.
    pub const DEPOSIT: &str = "/v1/account/deposit";
    /// POST with an API token: [`super::PayoutQuoteRequest`], [`crate::cashu::bolt11::MeltQuote`].
    pub const PAYOUT_QUOTE: &str = "/v1/account/payout/quote";
    /// POST with an API token: [`super::PayoutRequest`], [`crate::cashu::bolt11::MeltQuote`]; GET
    /// `/v1/account/payout/{quote}`.
    pub const PAYOUT: &str = "/v1/account/payout";
    /// POST: [`super::CheckStateRequest`], [`super::States`].
    pub const CHECKSTATE: &str = "/v1/checkstate";
    /// POST: [`super::RestoreRequest`], [`super::Restored`].
    pub const RESTORE: &str = "/v1/restore";
    /// GET: the folder with the files of the browser's wallet. Not of the API.
    pub const WALLET: &str = "/wallet/";
}

/// What a mint says of itself (NUT-06, with the fields of the native API).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// The mint's name, for people.
    pub name: String,
    /// The software: `Farthing/<version>`.
    pub version: String,
    /// A sentence about the mint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How to reach the operator.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contact: Vec<Contact>,
    /// The mint's clock, Unix seconds.
    pub time: u64,
    /// The suite of the keysets of this API.
    pub suite: String,
    /// The unit, e.g. `credit` or `sat`.
    pub unit: String,
    /// How many decimals people write the unit with.
    pub decimals: u8,
    /// SHA-256 over all keysets of the mint and its bundle, hex: everybody must see the same
    /// ([`published_digest`]).
    pub keysets_digest: String,
    /// What wallets withdraw at a time. Mints of earlier versions show none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<Bundle>,
    /// Who the mint is, whatever its address; mints of earlier versions show none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The address of the folder with the wallet for browsers that the mint serves, ending in `/`; none if it
    /// serves none. Mints of earlier versions show none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<String>,
    /// What a request may hold at the most.
    pub limits: Limits,
    /// The NUTs that work here, by number, with their settings.
    pub nuts: BTreeMap<String, serde_json::Value>,
}

/// A way to reach the operator (NUT-06).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// For example `email`.
    pub method: String,
    /// The address.
    pub info: String,
}

/// What a request may hold at the most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Inputs in one request; also points in one `checkstate`.
    pub inputs_max: usize,
    /// Outputs in one request.
    pub outputs_max: usize,
    /// A secret's length in bytes.
    pub secret_bytes_max: usize,
    /// A request's body in bytes.
    pub body_bytes_max: usize,
    /// How many days a request may be sent again and gives the same answer.
    pub replay_days: u32,
}

/// Public keys of keysets (NUT-01).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The keysets.
    pub keysets: Vec<KeysetKeys>,
}

/// A keyset with its keys (NUT-01).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysetKeys {
    /// Id, unit and terms.
    #[serde(flatten)]
    pub info: KeysetInfo,
    /// Public keys by amount.
    pub keys: PublicKeys,
}

/// All keysets, without their keys (NUT-02).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keysets {
    /// The keysets, oldest first.
    pub keysets: Vec<KeysetInfo>,
}

/// Inputs against outputs of the same worth, less the fee (NUT-03).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwapRequest {
    /// Tokens to spend.
    pub inputs: Vec<Proof>,
    /// Outputs to sign.
    pub outputs: Vec<BlindedMessage>,
}

/// Outputs against the account's balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawRequest {
    /// Outputs to sign; their sum is debited.
    pub outputs: Vec<BlindedMessage>,
}

/// Inputs into the account, with change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedeemRequest {
    /// Tokens to spend.
    pub inputs: Vec<Proof>,
    /// Outputs to sign as change; what the inputs are worth beyond them and the fee is credited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<BlindedMessage>,
    /// What the caller knows this redemption by. The mint does nothing with it, but the same request
    /// with another reference is another request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

/// The mint's signatures, in the order of the outputs (NUT-03).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signatures {
    /// One for each output.
    pub signatures: Vec<BlindSignature>,
}

/// The answer to a redemption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeemed {
    /// What the account was credited: inputs − outputs − fee.
    pub credited: u64,
    /// One for each output.
    pub signatures: Vec<BlindSignature>,
}

/// Asks whether tokens are spent (NUT-07).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckStateRequest {
    /// `Y = HashToGroup(secret)` of each token.
    #[serde(rename = "Ys")]
    pub ys: Vec<EncodedPoint>,
}

/// The states, in the order asked (NUT-07).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct States {
    /// One for each point.
    pub states: Vec<ProofState>,
}

/// The state of one token (NUT-07).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofState {
    /// The point asked about.
    #[serde(rename = "Y")]
    pub y: EncodedPoint,
    /// Spent or not.
    pub state: State,
    /// For a spent HTLC, the witness with the preimage that opened it (NUT-14).
    pub witness: Option<String>,
}

/// Whether a token is spent (NUT-07).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Never seen by the mint as an input; says nothing about its being a token at all.
    Unspent,
    /// An input of a payment under way.
    Pending,
    /// Spent for good.
    Spent,
}

/// Asks for signatures that the mint has made before (NUT-09).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreRequest {
    /// The outputs; their amounts are ignored.
    pub outputs: Vec<BlindedMessage>,
}

/// The outputs that were signed, with their signatures again (NUT-09).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Those of the request that were signed, in its order, with the amounts that were signed.
    pub outputs: Vec<BlindedMessage>,
    /// One for each of them.
    pub signatures: Vec<BlindSignature>,
}

/// An account, for its holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The account's name.
    pub name: String,
    /// What it holds.
    pub balance: u64,
    /// The unit.
    pub unit: String,
}

/// Asks for an invoice that funds the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepositRequest {
    /// How much, in the mint's unit.
    pub amount: u64,
    /// What the invoice shall say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Asks what paying an invoice from the account costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayoutQuoteRequest {
    /// The invoice.
    pub request: String,
    /// How much to pay of one that names no amount, in thousandths of a satoshi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_msat: Option<u64>,
}

/// Pays a quote's invoice from the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayoutRequest {
    /// The quote.
    pub quote: QuoteId,
}

/// A page of an account's postings, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The postings.
    pub postings: Vec<Posting>,
    /// Ask with `?before=` this for the next, older page; none when this was the last.
    pub next: Option<u64>,
}

/// One movement on an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Its number on this account, from 1.
    pub number: u64,
    /// Unix time, rounded down to the hour: books need no finer one, and crowds hide in it.
    pub time: u64,
    /// What moved.
    pub kind: PostingKind,
    /// What the account gained (positive) or lost (negative).
    pub amount: i64,
    /// The balance after it.
    pub balance: u64,
    /// The operator's note.
    pub note: Option<String>,
}

/// What kind of movement a posting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostingKind {
    /// Into tokens.
    Withdraw,
    /// Out of tokens.
    Redeem,
    /// Paid in: the operator funded the account.
    Credit,
    /// Paid out: the operator debited the account.
    Debit,
    /// Into tokens that the operator printed as a voucher.
    Issue,
    /// Paid in by an invoice.
    Deposit,
    /// Paid out to an invoice, and what that left over.
    Payout,
}

/// SHA-256 over the ids of keysets, sorted, as hex. Over the keysets that sign now it is what a publisher says of
/// the keysets it knows (`docs/reference/protocol.md`, section 4.4).
pub fn keysets_digest<'a>(ids: impl IntoIterator<Item = &'a KeysetId>) -> String {
    published_digest(ids, None)
}

/// SHA-256 over the ids of all keysets of a mint, sorted, and its bundle if it shows one, as hex. People compare it
/// to be sure that the mint shows everybody the same (`docs/reference/protocol.md`, section 4.4).
pub fn published_digest<'a>(
    ids: impl IntoIterator<Item = &'a KeysetId>,
    bundle: Option<&Bundle>,
) -> String {
    use sha2::{Digest, Sha256};
    let mut ids: Vec<_> = ids.into_iter().collect();
    ids.sort_unstable();
    let mut hash = Sha256::new();
    for id in ids {
        hash.update(id.as_bytes());
    }
    if let Some(bundle) = bundle {
        hash.update(BUNDLE_TAG);
        for (amount, count) in bundle.parts() {
            hash.update(amount.to_be_bytes());
            hash.update(count.to_be_bytes());
        }
    }
    hex::encode(hash.finalize())
}
