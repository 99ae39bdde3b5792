//! The mint's API as the wallet calls it: every answer is an answer, a refusal, a lie or silence.

use farthing_protocol::Secret;
use farthing_protocol::api::{
    Account, CheckStateRequest, Info, Keys, Keysets, RestoreRequest, Restored, State, Statement,
    States, path,
};
use farthing_protocol::cashu;
use farthing_protocol::error_code::ErrorBody;
use farthing_protocol::suite::SuiteId;
use farthing_protocol::text::printable;
use farthing_protocol::{BlindedMessage, EncodedPoint, KeysetId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Aftermath, Error, Lie, Network, Refused};
use crate::http::{ApiToken, Http, Request, Response};
use crate::records::suite_of;

/// A mint's API.
pub(crate) struct Api<'a, H> {
    pub(crate) http: &'a H,
    pub(crate) mint: &'a str,
}

impl<H: Http> Api<'_, H> {
    pub(crate) async fn info(&self) -> Result<Info, Error> {
        self.call(path::INFO, None, None).await
    }

    /// The active keysets of a suite with their keys.
    pub(crate) async fn keys(&self, suite: SuiteId) -> Result<Keys, Error> {
        let path = format!("{}{}", door(suite), path::KEYS);
        self.call(&path, None, None).await
    }

    /// One keyset with its keys, active or not.
    pub(crate) async fn keys_of(&self, id: &KeysetId) -> Result<Keys, Error> {
        let path = format!("{}{}/{id}", door(suite_of(id)), path::KEYS);
        self.call(&path, None, None).await
    }

    /// All keysets of a suite; none where there is no such door.
    pub(crate) async fn keysets(&self, suite: SuiteId) -> Result<Keysets, Error> {
        let path = format!("{}{}", door(suite), path::KEYSETS);
        match (self.call(&path, None, None).await, suite) {
            (Err(Error::Refused(refused)), SuiteId::Secp256k1) if refused.status == 404 => {
                let keysets = Vec::new();
                Ok(Keysets { keysets })
            }
            (answer, _) => answer,
        }
    }

    /// The account that an API token is of.
    pub(crate) async fn account(&self, token: &ApiToken) -> Result<Account, Error> {
        self.call(path::ACCOUNT, Some(token), None).await
    }

    /// A page of the postings of the account that an API token is of.
    pub(crate) async fn statement(
        &self,
        token: &ApiToken,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Statement, Error> {
        let before = before.map_or(String::new(), |number| format!("&before={number}"));
        let path = format!("{}?limit={limit}{before}", path::STATEMENT);
        self.call(&path, Some(token), None).await
    }

    /// The states of tokens, in the order of `ys`.
    pub(crate) async fn states(&self, ys: Vec<EncodedPoint>) -> Result<Vec<State>, Error> {
        let request = json(&CheckStateRequest { ys: ys.clone() });
        let answer: States = self.call(path::CHECKSTATE, None, Some(request)).await?;
        let same = answer.states.iter().map(|state| &state.y).eq(&ys);
        if !same {
            return Err(Error::lie(self.mint, Lie::States));
        }
        Ok(answer.states.into_iter().map(|state| state.state).collect())
    }

    /// What the mint signed of `outputs` before.
    pub(crate) async fn restore(&self, outputs: Vec<BlindedMessage>) -> Result<Restored, Error> {
        let request = json(&RestoreRequest { outputs });
        let answer: Restored = self.call(path::RESTORE, None, Some(request)).await?;
        if answer.outputs.len() != answer.signatures.len() {
            return Err(Error::lie(self.mint, Lie::Restored));
        }
        Ok(answer)
    }

    /// Sends `body` to `path`, or asks for `path` when there is none.
    ///
    /// # Errors
    /// [`Error::Refused`] for a definite refusal with a code; [`Error::Network`] when there was no
    /// answer, or one that says that the mint cannot answer now; [`Error::Misbehaved`] for anything
    /// that is not of the API.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        path: &str,
        bearer: Option<&ApiToken>,
        body: Option<Secret>,
    ) -> Result<T, Error> {
        let request = Request {
            url: format!("{}{path}", self.mint),
            bearer: bearer.cloned(),
            body,
        };
        let response = self.http.send(request).await;
        let response = response.map_err(|error| self.silence(error.0, None))?;
        if (200..300).contains(&response.status) {
            return farthing_protocol::json::from_slice(&response.body)
                .map_err(|_| Error::lie(self.mint, Lie::Answer(path.to_owned())));
        }
        Err(self.refusal(path, &response))
    }

    fn refusal(&self, path: &str, response: &Response) -> Error {
        let body: Option<ErrorBody> = farthing_protocol::json::from_slice(&response.body).ok();
        let detail = body
            .as_ref()
            .map_or(String::new(), |b| printable(&b.detail));
        let status = response.status;
        match (status, body) {
            // Not now, rather than no: a proxy's answer without a code says the same.
            (408 | 429 | 500.., _) => {
                self.silence(format!("status {status} {detail}"), response.retry_after_s)
            }
            (400..500, Some(body)) => Error::Refused(Refused {
                mint: self.mint.to_owned(),
                status,
                code: body.code,
                detail,
                aftermath: Aftermath::Nothing,
            }),
            (_, _) => Error::lie(self.mint, Lie::Answer(path.to_owned())),
        }
    }

    fn silence(&self, reason: String, retry_after_s: Option<u64>) -> Error {
        Error::Network(Network {
            mint: self.mint.to_owned(),
            reason: reason.trim_end().to_owned(),
            retry_after_s,
            open: None,
        })
    }
}

/// Where a mint lists the keysets of a suite. All else goes through its own door, for either suite.
pub(crate) fn door(suite: SuiteId) -> &'static str {
    match suite {
        SuiteId::Ristretto255 => "",
        SuiteId::Secp256k1 => cashu::path::PREFIX,
    }
}

/// Writes a request's body. It may hold tokens, so it is wiped when dropped.
pub(crate) fn json<T: Serialize>(body: &T) -> Secret {
    #[expect(
        clippy::expect_used,
        reason = "the bodies of the API have no map keys but strings"
    )]
    Secret::new(serde_json::to_string(body).expect("bodies of the API are JSON"))
}
