//! What a wallet keeps of payments: the purchase inside an open operation, what was bought, budgets.

use farthing_protocol::Secret;
use farthing_protocol::payment::receipt::body_claim;
use serde::{Deserialize, Serialize};

use super::Record;
use crate::store::Table;
use sha2::{Digest, Sha256};
use url::Url;

use super::output::PlannedOutput;
use crate::web::PageRequest;

/// What a payment is bound to: the method, the URL and the body (`docs/reference/protocol.md`, section 12.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The method, `GET` for `HEAD` too.
    pub method: String,
    /// The address, with scheme, host, path and query.
    pub url: String,
    /// SHA-256 of the body, base64url; none when there is no body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl Item {
    /// Returns what `request` asks for.
    #[must_use]
    pub fn of(request: &PageRequest) -> Self {
        let body = request.body.as_ref().filter(|body| !body.is_empty());
        let method = match request.method.as_str() {
            "HEAD" => "GET",
            other => other,
        };
        Self {
            method: method.to_owned(),
            url: request.url.clone(),
            body: body.map(|body| body_claim(&Sha256::digest(body).into())),
        }
    }

    /// As receipts name it: the method, a space, the URL.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("{} {}", self.method, self.url)
    }

    /// The site: scheme, host, and port if it is not the scheme's own.
    #[must_use]
    pub fn site(&self) -> String {
        let url = Url::parse(&self.url);
        url.map_or_else(|_| self.url.clone(), |url| site_of(&url))
    }

    /// The key to keep it under.
    pub(crate) fn key(&self) -> String {
        let body = self.body.as_deref().unwrap_or_default();
        hex::encode(Sha256::digest(format!("{} {body}", self.subject())))
    }
}

/// Scheme, host, and port if it is not the scheme's own.
pub(crate) fn site_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// How far a payment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The tokens for it are being made, by a swap at the mint: locked to the publisher's key, or exact
    /// because the site gives no change.
    Prepare,
    /// Its token is shown to the site; whether the site has charged it is not known.
    Present,
    /// The site did not charge it but has seen the token: it is kept aside, and swapped later.
    Aside,
    /// It is swapped: the swap decides.
    TakeBack,
}

/// How long a token that a site has seen is kept aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside {
    /// Before this time it is not swapped, Unix seconds.
    pub until: u64,
    /// Whether the site may take the same token after all.
    pub pays_again: bool,
}

/// What an operation of kind [`crate::records::Kind::Pay`] pays for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Purchase {
    /// How far it has come.
    pub stage: Stage,
    /// What is bought.
    pub item: Item,
    /// The public key that the payment is locked to, 64 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
    /// The exact value of `X-Cashu`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// The exact value of `X-Cashu-Outputs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<String>,
    /// While it is kept aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aside: Option<Aside>,
    /// While it is kept aside or taken back: the outputs that the site was given for change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change: Vec<PlannedOutput>,
    /// While it is taken back: what those inputs were worth that the site has redeemed.
    #[serde(default)]
    pub gone: u64,
}

/// What may be paid to a site without asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// The site: scheme, host, and port if it is not the scheme's own.
    pub site: String,
    /// The unit of the amounts; payments in another one are asked about.
    pub unit: String,
    /// The most for one item.
    pub per_item: u64,
    /// The most in one UTC day.
    pub per_day: u64,
}

impl Record for Budget {
    const TABLE: Table = Table::Budgets;

    fn key(&self) -> String {
        self.site.clone()
    }
}
