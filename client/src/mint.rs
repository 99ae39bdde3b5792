//! The mint's API, call by call.

use farthing_protocol::api::{
    Account, CheckStateRequest, Info, Keys, KeysetKeys, Keysets, Redeemed, RestoreRequest,
    Restored, Signatures, State, Statement, States, path,
};
use farthing_protocol::cashu;
use farthing_protocol::error_code::ErrorBody;
use farthing_protocol::suite::{Suite as _, SuiteId};
use farthing_protocol::text::printable;
use farthing_protocol::{
    BlindedMessage, EncodedPoint, Identity, KeysetId, KeysetInfo, Secret, with_suite,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Refused, Unavailable, Violation};
use crate::http::{ApiToken, Http, Request, Response};
use crate::verify;

/// The API of the mint at an address.
#[derive(Debug)]
pub struct MintClient<'a, H> {
    http: &'a H,
    url: &'a str,
}

impl<'a, H: Http> MintClient<'a, H> {
    /// Makes a client of the mint at `url`, which has no slash at its end.
    pub fn new(http: &'a H, url: &'a str) -> Self {
        Self { http, url }
    }

    /// Asks what the mint says of itself. [`verify::info`] checks it.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn info(&self) -> Result<Info, Error> {
        self.call(path::INFO, None, None).await
    }

    /// Lists all keysets of a suite; none where the mint has no API for the suite.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn keysets(&self, suite: SuiteId) -> Result<Vec<KeysetInfo>, Error> {
        let path = format!("{}{}", prefix(suite), path::KEYSETS);
        match (self.call(&path, None, None).await, suite) {
            (Err(Error::Refused(refused)), SuiteId::Secp256k1) if refused.status == 404 => {
                Ok(Vec::new())
            }
            (answer, _) => answer.map(|Keysets { keysets }| keysets),
        }
    }

    /// Asks for the active keysets of a suite with their keys. [`verify::keyset`] checks each.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn keys(&self, suite: SuiteId) -> Result<Vec<KeysetKeys>, Error> {
        let path = format!("{}{}", prefix(suite), path::KEYS);
        let keys: Keys = self.call(&path, None, None).await?;
        Ok(keys.keysets)
    }

    /// Asks for one keyset with its keys, active or not. [`verify::keyset`] checks it.
    ///
    /// # Errors
    /// As [`Self::call`]; [`Violation::KeysetMissing`] when another one is shown.
    pub async fn keyset(&self, id: &KeysetId) -> Result<KeysetKeys, Error> {
        let suite = SuiteId::of(id).unwrap_or(SuiteId::Ristretto255);
        let path = format!("{}{}/{id}", prefix(suite), path::KEYS);
        let keys: Keys = self.call(&path, None, None).await?;
        let found = keys.keysets.into_iter().find(|k| k.info.id == *id);
        found.ok_or_else(|| self.misbehaved(Violation::KeysetMissing(*id)))
    }

    /// Asks for the keysets of all suites with their keys, and checks them. Keys are asked for only of keysets
    /// that are not `known`: an id is of its keys.
    ///
    /// # Errors
    /// As [`Self::keyset`], and [`verify::keyset`].
    pub async fn verified_keysets(
        &self,
        known: &[KeysetKeys],
        identity: Option<&Identity>,
    ) -> Result<Vec<KeysetKeys>, Error> {
        let mut keysets = Vec::new();
        for suite in SuiteId::ALL {
            let version = with_suite!(suite, S => S::KEYSET_ID_VERSION);
            let mut listed = self.keysets(suite).await?;
            listed.retain(|info| info.id.version() == version);
            for info in listed {
                let keyset = match known.iter().find(|k| k.info.id == info.id) {
                    Some(KeysetKeys { keys, .. }) => KeysetKeys {
                        keys: keys.clone(),
                        info,
                    },
                    None => self.keyset(&info.id).await?,
                };
                verify::keyset(&keyset.info, &keyset.keys, identity)
                    .map_err(|violation| self.misbehaved(violation))?;
                keysets.push(keyset);
            }
        }
        Ok(keysets)
    }

    /// Asks for the account of an API token.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn account(&self, token: &ApiToken) -> Result<Account, Error> {
        self.call(path::ACCOUNT, Some(token), None).await
    }

    /// Asks for at most `limit` postings of the account of an API token, newest first, with numbers below
    /// `before` if it is given.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn statement(
        &self,
        token: &ApiToken,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Statement, Error> {
        let before = before.map_or(String::new(), |number| format!("&before={number}"));
        let path = format!("{}?limit={limit}{before}", path::STATEMENT);
        self.call(&path, Some(token), None).await
    }

    /// Withdraws: `body` is a [`WithdrawRequest`](farthing_protocol::api::WithdrawRequest) as [`json`]
    /// wrote it. The same bytes sent again get the same answer.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn withdraw(&self, token: &ApiToken, body: &Secret) -> Result<Signatures, Error> {
        self.call(path::WITHDRAW, Some(token), Some(body)).await
    }

    /// Swaps: `body` is a [`SwapRequest`](farthing_protocol::api::SwapRequest) as [`json`] wrote it. The
    /// same bytes sent again get the same answer.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn swap(&self, body: &Secret) -> Result<Signatures, Error> {
        self.call(path::SWAP, None, Some(body)).await
    }

    /// Redeems: `body` is a [`RedeemRequest`](farthing_protocol::api::RedeemRequest) as [`json`] wrote it.
    /// The same bytes sent again get the same answer.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn redeem(&self, token: &ApiToken, body: &Secret) -> Result<Redeemed, Error> {
        self.call(path::REDEEM, Some(token), Some(body)).await
    }

    /// Asks for the states of tokens, in the order of `ys`.
    ///
    /// # Errors
    /// As [`Self::call`]; [`Violation::States`] when the answer is about other tokens.
    pub async fn states(&self, ys: Vec<EncodedPoint>) -> Result<Vec<State>, Error> {
        let request = CheckStateRequest { ys };
        let body = json(&request);
        let answer: States = self.call(path::CHECKSTATE, None, Some(&body)).await?;
        let same = answer.states.iter().map(|state| &state.y).eq(&request.ys);
        if !same {
            return Err(self.misbehaved(Violation::States));
        }
        Ok(answer.states.into_iter().map(|state| state.state).collect())
    }

    /// Asks which of `outputs` the mint signed before, and for their signatures.
    ///
    /// # Errors
    /// As [`Self::call`]; [`Violation::Restored`] for more or fewer signatures than outputs.
    pub async fn restore(&self, outputs: Vec<BlindedMessage>) -> Result<Restored, Error> {
        let body = json(&RestoreRequest { outputs });
        let answer: Restored = self.call(path::RESTORE, None, Some(&body)).await?;
        if answer.outputs.len() != answer.signatures.len() {
            return Err(self.misbehaved(Violation::Restored));
        }
        Ok(answer)
    }

    /// Posts `body` to `path`, or gets `path` when there is no body.
    ///
    /// # Errors
    /// [`Error::Refused`] for a refusal with a code; [`Error::Unavailable`] when there is no answer, or one
    /// that says that the mint cannot answer now (status 408, 429, 500 and above); [`Error::Misbehaved`] for
    /// anything that is not of the API.
    pub async fn call<T: DeserializeOwned>(
        &self,
        path: &str,
        bearer: Option<&ApiToken>,
        body: Option<&Secret>,
    ) -> Result<T, Error> {
        let request = Request {
            url: format!("{}{path}", self.url),
            bearer: bearer.cloned(),
            body: body.cloned(),
        };
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|error| self.unavailable(error.0, None))?;
        if !(200..300).contains(&answer.status) {
            return Err(self.refusal(path, &answer));
        }
        farthing_protocol::json::from_slice(&answer.body)
            .map_err(|_| self.not_of_the_api(path, &answer))
    }

    fn refusal(&self, path: &str, answer: &Response) -> Error {
        let status = answer.status;
        let body = farthing_protocol::json::from_slice::<ErrorBody>(&answer.body).ok();
        let detail = body.as_ref().map(|body| printable(&body.detail));
        let detail = detail.unwrap_or_default();
        match (status, body) {
            // Not now, rather than no: a proxy's answer without a code says the same.
            (408 | 429 | 500.., _) => {
                let reason = format!("status {status} {detail}").trim_end().to_owned();
                self.unavailable(reason, answer.retry_after_s)
            }
            (400..500, Some(ErrorBody { code, .. })) => Error::Refused(Refused {
                mint: self.url.to_owned(),
                status,
                code,
                detail,
            }),
            (_, _) => self.not_of_the_api(path, answer),
        }
    }

    fn unavailable(&self, reason: String, retry_after_s: Option<u64>) -> Error {
        Error::Unavailable(Unavailable {
            mint: self.url.to_owned(),
            reason,
            retry_after_s,
        })
    }

    fn not_of_the_api(&self, path: &str, answer: &Response) -> Error {
        self.misbehaved(Violation::Answer {
            path: path.to_owned(),
            status: answer.status,
        })
    }

    fn misbehaved(&self, violation: Violation) -> Error {
        Error::Misbehaved {
            mint: self.url.to_owned(),
            violation,
        }
    }
}

/// The prefix of the paths at which a mint lists the keysets of a suite. All other paths are for tokens of
/// either suite.
#[must_use]
pub fn prefix(suite: SuiteId) -> &'static str {
    match suite {
        SuiteId::Ristretto255 => "",
        SuiteId::Secp256k1 => cashu::path::PREFIX,
    }
}

/// Writes a request's body. It may hold tokens, so it is wiped when dropped.
#[must_use]
pub fn json<T: Serialize>(body: &T) -> Secret {
    #[expect(
        clippy::expect_used,
        reason = "the bodies of the API have no map keys but strings"
    )]
    Secret::new(serde_json::to_string(body).expect("bodies of the API are JSON"))
}
