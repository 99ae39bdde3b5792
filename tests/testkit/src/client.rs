//! A raw client of the mint's API: it says what it is told to say, right or wrong.

use farthing_protocol::api::{
    CheckStateRequest, Keys, RedeemRequest, RestoreRequest, Restored, Signatures, State, States,
    SwapRequest, WithdrawRequest, path,
};
use farthing_protocol::error_code::ErrorBody;
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{BlindedMessage, EncodedPoint, Proof, TokenProof};
use serde_json::Value;

use crate::Result;
pub use crate::tokens::{Blanks, Keyset, proofs, y};

/// How many points are asked about at once.
const POINTS_MAX: usize = 200;

/// An answer, refusal or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

impl Reply {
    /// The body of an answer with status 200.
    ///
    /// # Errors
    /// With the body, for any other status or shape.
    pub fn ok<T: serde::de::DeserializeOwned>(self) -> Result<T> {
        if self.status != 200 {
            return Err(format!("{}: {}", self.status, self.body).into());
        }
        Ok(serde_json::from_value(self.body)?)
    }

    /// Status and code of a refusal.
    ///
    /// # Errors
    /// When it was not refused, or not with `{"detail", "code"}`.
    pub fn refusal(&self) -> Result<(u16, u32)> {
        let body: ErrorBody = serde_json::from_value(self.body.clone())
            .map_err(|_| format!("not a refusal: {} {}", self.status, self.body))?;
        if self.status == 200 || body.detail.is_empty() {
            return Err("a refusal without a status or a detail".into());
        }
        Ok((self.status, body.code))
    }
}

/// The paths of a door that the tokens of its suite go through: Farthing's own, or Cashu's.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    /// GET: the active keysets.
    pub keys: &'static str,
    /// POST: tokens against tokens.
    pub swap: &'static str,
    /// POST: whether tokens are spent.
    pub checkstate: &'static str,
    /// POST: what was signed.
    pub restore: &'static str,
}

impl Door {
    /// The door for tokens of a suite.
    #[must_use]
    pub fn of(suite: SuiteId) -> Self {
        match suite {
            SuiteId::Ristretto255 => Self {
                keys: path::KEYS,
                swap: path::SWAP,
                checkstate: path::CHECKSTATE,
                restore: path::RESTORE,
            },
            SuiteId::Secp256k1 => Self {
                keys: "/cashu/v1/keys",
                swap: "/cashu/v1/swap",
                checkstate: "/cashu/v1/checkstate",
                restore: "/cashu/v1/restore",
            },
        }
    }
}

/// A client of one mint.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    /// Where it swaps tokens and asks about them.
    pub door: Door,
}

impl Client {
    /// A client of the mint at `url`, at its own API.
    ///
    /// # Errors
    /// When there is no HTTP client to be had.
    pub fn new(url: &str) -> Result<Self> {
        Self::of_suite(url, SuiteId::Ristretto255)
    }

    /// A client of the mint at `url`, at the door for tokens of a suite.
    ///
    /// # Errors
    /// When there is no HTTP client to be had.
    pub fn of_suite(url: &str, suite: SuiteId) -> Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().no_proxy().build()?,
            url: url.to_owned(),
            door: Door::of(suite),
        })
    }

    /// The active keyset of its door.
    ///
    /// # Errors
    /// When there is none.
    pub async fn keyset(&self) -> Result<Keyset> {
        let keys: Keys = self.get(self.door.keys, None).await?.ok()?;
        let keyset = keys.keysets.into_iter().next().ok_or("no active keyset")?;
        Ok(Keyset {
            id: keyset.info.id,
            keys: keyset.keys,
        })
    }

    /// GET.
    ///
    /// # Errors
    /// When there is no answer, or it is not JSON.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Result<Reply> {
        let request = self.http.get(format!("{}{path}", self.url));
        Self::send(request, token).await
    }

    /// POST of a body as it is.
    ///
    /// # Errors
    /// When there is no answer, or it is not JSON.
    pub async fn post(
        &self,
        path: &str,
        token: Option<&str>,
        body: impl Into<reqwest::Body>,
    ) -> Result<Reply> {
        let request = self.http.post(format!("{}{path}", self.url)).body(body);
        Self::send(request, token).await
    }

    /// GET of something that need not be JSON: status and text.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get_text(&self, path: &str) -> Result<(u16, String)> {
        Self::send_text(self.http.get(format!("{}{path}", self.url)), None).await
    }

    /// POST, with the answer as it was written: status and text.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post_text(
        &self,
        path: &str,
        token: Option<&str>,
        body: impl Into<reqwest::Body>,
    ) -> Result<(u16, String)> {
        let request = self.http.post(format!("{}{path}", self.url)).body(body);
        Self::send_text(request, token).await
    }

    async fn send(request: reqwest::RequestBuilder, token: Option<&str>) -> Result<Reply> {
        let (status, text) = Self::send_text(request, token).await?;
        let body = serde_json::from_str(&text).map_err(|_| format!("{status}: {text:?}"))?;
        Ok(Reply { status, body })
    }

    async fn send_text(
        request: reqwest::RequestBuilder,
        token: Option<&str>,
    ) -> Result<(u16, String)> {
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = request.send().await?;
        let status = response.status().as_u16();
        Ok((status, response.text().await?))
    }

    /// Withdraws tokens worth `total`.
    ///
    /// # Errors
    /// With the refusal.
    pub async fn withdraw(
        &self,
        token: &str,
        keyset: &Keyset,
        total: u64,
    ) -> Result<Vec<TokenProof>> {
        let blanks = Blanks::worth(keyset, total)?;
        self.withdraw_blanks(token, blanks).await
    }

    /// Withdraws the tokens of given blanks.
    ///
    /// # Errors
    /// With the refusal.
    pub async fn withdraw_blanks(&self, token: &str, blanks: Blanks) -> Result<Vec<TokenProof>> {
        let body = withdraw_body(&blanks);
        let reply = self.post(path::WITHDRAW, Some(token), body).await?;
        let signed: Signatures = reply.ok()?;
        blanks.unblind(&signed.signatures)
    }

    /// Swaps tokens for others of the same worth.
    ///
    /// # Errors
    /// With the refusal.
    pub async fn swap(&self, tokens: &[TokenProof], blanks: Blanks) -> Result<Vec<TokenProof>> {
        let body = swap_body(proofs(tokens), &blanks);
        let signed: Signatures = self.post(self.door.swap, None, body).await?.ok()?;
        blanks.unblind(&signed.signatures)
    }

    /// The states of tokens, by their `Y`.
    ///
    /// # Errors
    /// With the refusal.
    pub async fn states(&self, ys: &[EncodedPoint]) -> Result<Vec<State>> {
        let mut states = Vec::new();
        for ys in ys.chunks(POINTS_MAX) {
            let body = json(&CheckStateRequest { ys: ys.to_vec() });
            let some: States = self.post(self.door.checkstate, None, body).await?.ok()?;
            states.extend(some.states.into_iter().map(|state| state.state));
        }
        Ok(states)
    }

    /// Those of the outputs that were signed, with their signatures.
    ///
    /// # Errors
    /// With the refusal.
    pub async fn restore(&self, outputs: &[BlindedMessage]) -> Result<Restored> {
        let outputs = outputs.to_vec();
        let body = json(&RestoreRequest { outputs });
        self.post(self.door.restore, None, body).await?.ok()
    }
}

/// The body of a withdrawal.
#[must_use]
pub fn withdraw_body(blanks: &Blanks) -> String {
    json(&WithdrawRequest {
        outputs: blanks.outputs.clone(),
    })
}

/// The body of a swap.
#[must_use]
pub fn swap_body(inputs: Vec<Proof>, blanks: &Blanks) -> String {
    json(&SwapRequest {
        inputs,
        outputs: blanks.outputs.clone(),
    })
}

/// The body of a redemption.
#[must_use]
pub fn redeem_body(inputs: Vec<Proof>, change: Option<&Blanks>) -> String {
    json(&RedeemRequest {
        inputs,
        outputs: change
            .map(|blanks| blanks.outputs.clone())
            .unwrap_or_default(),
        reference: None,
    })
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
