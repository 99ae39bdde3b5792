//! A mint as the wallet knows it.

use farthing_protocol::api::{Info, Limits};
use farthing_protocol::{Bundle, Unit};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::store::Table;

use crate::address::same_place;
use crate::http::ApiToken;
use crate::tend::Schedule;

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
    /// What it has wallets withdraw at a time, as it said last; `None` if it says nothing of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<Bundle>,
    /// When upkeep asks it for what; drawn when upkeep first looks, or at the first payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
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
    /// Makes the record of a mint that the wallet does not know yet, at Unix time `now`, when its keysets are asked
    /// for too. A wallet of a phrase that is new has a lane there.
    pub(crate) fn first_seen(url: &str, info: &Info, phrase_is_new: bool, now: u64) -> Self {
        Self {
            url: url.to_owned(),
            name: String::new(),
            unit: info.unit.clone(),
            decimals: info.decimals,
            limits: info.limits.clone(),
            api_token: None,
            lane: phrase_is_new.then_some(0),
            renewed: Some(now),
            urls: Vec::new(),
            identity: None,
            former_lock: false,
            followed: None,
            bundle: None,
            schedule: None,
        }
    }

    /// Returns whether `url` is one of its addresses.
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

impl Record for Mint {
    const TABLE: Table = Table::Mints;

    fn key(&self) -> String {
        self.url.clone()
    }
}
