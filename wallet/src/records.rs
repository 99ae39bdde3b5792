//! What a wallet keeps. A token is in one place at a time: among the spendable proofs, inside an
//! open operation, or in the record of what was handed out.

use farthing_protocol::Unit;
use farthing_protocol::api::Limits;
use farthing_protocol::cashu;
use farthing_protocol::derive::Position;
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{KeysetId, KeysetInfo, PublicKeys, Secret, TokenProof, amount};
use serde::{Deserialize, Serialize};

use crate::address::same_place;
use crate::http::ApiToken;
use crate::pay::records::Purchase;
use crate::search::Search;

/// A mint in this wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mint {
    /// Its address, without a slash at the end.
    pub url: String,
    /// Its name, in its own words.
    pub name: String,
    /// The unit of its tokens.
    pub unit: String,
    /// How many decimals people write the unit with.
    pub decimals: u8,
    /// What it takes in one request, and for how long it repeats its answers.
    pub limits: Limits,
    /// The API token of the holder's account there.
    pub api_token: Option<ApiToken>,
    /// This device's lane there; `None` until a wallet made from an old phrase has searched the mint.
    pub lane: Option<u32>,
    /// When the mint was last asked for its keysets to renew tokens, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed: Option<u64>,
    /// When it was last asked for its keysets because of a site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed: Option<Followed>,
    /// Its other addresses: those that its identity names, and those at which it was before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Who it is, whatever its address; `None` for a mint that shows no identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<KnownIdentity>,
    /// Whether tokens locked to the key that this wallet once had for all mints are of this one: then
    /// the wallet signs for them here, and nowhere else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub former_lock: bool,
}

/// That a mint was asked for its keysets because a site named others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// The digest that the site named.
    pub digest: String,
    /// When, Unix seconds.
    pub time: u64,
}

/// What a wallet keeps of a mint's identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownIdentity {
    /// The mint's public key, 64 hex digits.
    pub key: String,
    /// When the latest list of addresses was made, Unix seconds by the mint's clock.
    pub issued: u64,
}

impl Mint {
    /// Whether `url` is one of its addresses.
    #[must_use]
    pub fn is_at(&self, url: &str) -> bool {
        same_place(&self.url, url) || self.urls.iter().any(|other| same_place(other, url))
    }

    /// With `url` as one more of its addresses.
    #[must_use]
    pub(crate) fn with_address(mut self, url: &str) -> Self {
        if self.url != url && !self.urls.iter().any(|known| known == url) {
            self.urls.push(url.to_owned());
        }
        self
    }

    /// Its unit, to show amounts in.
    #[must_use]
    pub fn shown_in(&self) -> Unit {
        Unit::new(&self.unit, self.decimals)
    }
}

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
    /// What it is worth.
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

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// From the account into the wallet.
    Withdraw,
    /// From the wallet into somebody's hands.
    Send,
    /// From somebody's token into the wallet.
    Receive,
    /// From the wallet into the account.
    Redeem,
    /// From the wallet to a site, for a page.
    Pay,
    /// A token that was handed out and not claimed, back into the wallet.
    Reclaim,
    /// From tokens of a keyset that retires to new ones.
    Renew,
    /// Found again by the phrase.
    Restore,
}

/// Who an output is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// For this wallet.
    Keep,
    /// To hand out.
    Send,
}

/// An output an operation asks for. Its secret and blinding factor follow from seed and place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedOutput {
    /// The keyset that shall sign.
    pub keyset: KeysetId,
    /// The lane of its place.
    pub lane: u32,
    /// The counter of its place.
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
    /// Whether it becomes a token for Cashu's wallets.
    #[must_use]
    pub fn is_cashu(&self) -> bool {
        SuiteId::of(&self.keyset) == Some(SuiteId::Secp256k1)
    }

    /// Its place in the wallet's sequence.
    #[must_use]
    pub fn position(&self) -> Position {
        Position {
            keyset: self.keyset,
            lane: self.lane,
            counter: self.counter,
        }
    }
}

/// An operation under way: all it takes to finish or undo it, written before the first request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Operation {
    /// Its number.
    pub id: u64,
    /// What it does.
    pub kind: Kind,
    /// The address of the mint.
    pub mint: String,
    /// When it was begun, Unix seconds.
    pub begun: u64,
    /// The path of the request to the mint; empty when the request goes to a site.
    pub path: String,
    /// The exact body of the request: the mint answers the same bytes the same way.
    pub body: Secret,
    /// What is spent: this wallet's own tokens, or those of a token to receive.
    pub inputs: Vec<Coin>,
    /// What the mint shall sign, in the order of the request.
    pub outputs: Vec<PlannedOutput>,
    /// What is withdrawn, sent, received, redeemed or paid.
    pub amount: u64,
    /// What the mint keeps of the inputs.
    pub fee: u64,
    /// A note.
    pub memo: Option<String>,
    /// What is paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<Purchase>,
    /// How far a restore has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
}

impl Operation {
    /// What comes back into the wallet when it is undone: its own inputs, not a stranger's token's.
    #[must_use]
    pub fn own_inputs(&self) -> &[Coin] {
        match self.kind {
            Kind::Withdraw | Kind::Send | Kind::Redeem | Kind::Pay | Kind::Renew => &self.inputs,
            Kind::Receive | Kind::Reclaim | Kind::Restore => &[],
        }
    }

    /// All outputs that the mint may have signed for it: those of its request, and those that a site
    /// was given for change.
    pub(crate) fn all_outputs(&self) -> impl Iterator<Item = &PlannedOutput> {
        let change = self.purchase.iter().flat_map(|p| &p.change);
        self.outputs.iter().chain(change)
    }
}

/// What became of a token that was handed out, as far as the wallet knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentState {
    /// Nobody has claimed it.
    Unclaimed,
    /// Some of it was claimed, and the rest is still there for whoever has the token.
    Partly,
    /// It was claimed.
    Claimed,
    /// It was taken back, or the rest that nobody had claimed was.
    TakenBack,
}

/// A token that was handed out. It is another's money from the moment it is recorded, until it is
/// taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The number of the operation.
    pub id: u64,
    /// The address of the mint.
    pub mint: String,
    /// The unit.
    pub unit: String,
    /// When, Unix seconds.
    pub time: u64,
    /// The note in the token.
    pub memo: Option<String>,
    /// The tokens.
    pub proofs: Vec<TokenProof>,
    /// What of it somebody else has claimed, by the mint's word.
    #[serde(default)]
    pub claimed: u64,
    /// What of it this wallet has taken back.
    #[serde(default)]
    pub taken_back: u64,
    /// Since when it is known that nothing of it is left, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<u64>,
}

impl Sent {
    /// The token, as it is handed over.
    #[must_use]
    pub fn token(&self) -> farthing_protocol::Token {
        let of_cashu = |p: &TokenProof| SuiteId::of(&p.proof.id) == Some(SuiteId::Secp256k1);
        let door = match self.proofs.iter().all(of_cashu) {
            true => cashu::path::PREFIX,
            false => "",
        };
        farthing_protocol::Token {
            mint: format!("{}{door}", self.mint),
            unit: self.unit.clone(),
            memo: self.memo.clone(),
            proofs: self.proofs.clone(),
        }
    }

    /// What it is worth.
    #[must_use]
    pub fn amount(&self) -> u64 {
        amount::sum(self.proofs.iter().map(|p| p.proof.amount)).unwrap_or(u64::MAX)
    }

    /// What of it nobody has claimed, as far as the wallet knows.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        let gone = self.claimed.saturating_add(self.taken_back);
        self.amount().saturating_sub(gone)
    }

    /// What became of it, as far as the wallet knows.
    #[must_use]
    pub fn state(&self) -> SentState {
        match (self.outstanding(), self.claimed, self.taken_back) {
            (0, _, 0) => SentState::Claimed,
            (0, _, _) => SentState::TakenBack,
            (_, 0, 0) => SentState::Unclaimed,
            (_, _, _) => SentState::Partly,
        }
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused, and undone.
    Undone,
}

/// A line of the wallet's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The number of the operation.
    pub id: u64,
    /// What it did.
    pub kind: Kind,
    /// How it ended.
    pub outcome: Outcome,
    /// When it ended, Unix seconds.
    pub time: u64,
    /// The address of the mint.
    pub mint: String,
    /// The unit.
    pub unit: String,
    /// What was withdrawn, sent, received, redeemed, paid or restored.
    pub amount: u64,
    /// What the mint kept.
    pub fee: u64,
    /// What left the balance besides: spent already, by another copy of this wallet, or change that a
    /// site kept.
    pub lost: u64,
    /// The note in the token, or what was paid for in the site's words.
    pub memo: Option<String>,
    /// The site that was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
}
