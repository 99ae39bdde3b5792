//! The OpenID provider whose users may use the Cashu API (NUT-21): what it says of itself, its keys, and
//! the tokens that it signs.
//!
//! Of a user nothing is kept but how many blind authentication tokens they got today, in memory, under a
//! name that only this process can tell and that changes every day ([`Quotas`]). Nothing of a user is
//! logged.

mod keys;
mod quotas;
mod token;

use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::config::{AuthSettings, is_secure};
use crate::error::{Error, Result, http_reason};
use keys::{Keys, Listed};

pub(crate) use quotas::Quotas;
pub(crate) use token::Subject;

/// The provider is asked at most once in this time, whatever tokens come.
const ASK_INTERVAL: Duration = Duration::from_secs(5);
/// After this time the keys are asked for again, so that one that the provider has withdrawn does not
/// count for ever.
const KEYS_AGE_MAX: Duration = Duration::from_secs(3600);
/// How long the provider may take for one document.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Far above any description or list of keys.
const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// A provider.
pub(crate) struct OpenId {
    settings: AuthSettings,
    http: Client,
    known: RwLock<Option<Arc<Provider>>>,
    /// When it was last asked. Held while it is.
    asked: tokio::sync::Mutex<Option<Instant>>,
}

/// What the provider said of itself.
struct Provider {
    issuer: String,
    keys: Keys,
    since: Instant,
}

/// A provider's description (OpenID Connect Discovery, section 3): what of it counts here.
#[derive(Deserialize)]
struct Description {
    issuer: String,
    jwks_uri: String,
}

impl OpenId {
    /// The provider that the settings name. Asks nothing of it yet.
    ///
    /// # Errors
    /// [`Error::Operator`] when there is no HTTP client to be had.
    pub(crate) fn new(settings: AuthSettings) -> Result<Self> {
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .timeout(TIMEOUT)
            .build();
        let failed = |e| Error::Operator(format!("no HTTP client: {}", http_reason(&e)));
        Ok(Self {
            settings,
            http: client.map_err(failed)?,
            known: RwLock::default(),
            asked: tokio::sync::Mutex::default(),
        })
    }

    /// Checks an access token; returns whose it is.
    ///
    /// # Errors
    /// [`Error::Request`] with `ClearAuthFailed`; [`Error::Busy`] while the provider's keys are not known.
    pub(crate) async fn verify(self: &Arc<Self>, token: &str) -> Result<Subject> {
        let head = token::read_head(token)?;
        let mut provider = self.provider().await?;
        if provider.keys.find(&head).is_none() {
            // It may have new keys.
            provider = self.ask().await.unwrap_or(provider);
        }
        let key = provider.keys.find(&head);
        let key = key.ok_or_else(|| token::failed("it is of a key that the provider has not"))?;
        token::check(token, key, &provider.issuer, &self.settings.client_id)
    }

    /// Returns what is known of the provider. It is asked for when nothing is.
    async fn provider(self: &Arc<Self>) -> Result<Arc<Provider>> {
        match self.known() {
            Some(provider) => {
                if provider.since.elapsed() > KEYS_AGE_MAX {
                    // The caller does not wait: what was known counts until then.
                    tokio::spawn(Arc::clone(self).ask_in_turn());
                }
                Ok(provider)
            }
            None => {
                let provider = self.ask().await;
                provider.ok_or(Error::Busy("unable to reach its OpenID provider"))
            }
        }
    }

    fn known(&self) -> Option<Arc<Provider>> {
        let known = self.known.read();
        known
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// Asks the provider, unless that was done a moment ago; returns what is known then. It is asked
    /// even if the caller goes away.
    async fn ask(self: &Arc<Self>) -> Option<Arc<Provider>> {
        let asked = tokio::spawn(Arc::clone(self).ask_in_turn()).await;
        if asked.is_err() {
            tracing::error!("asking the OpenID provider panicked");
        }
        self.known()
    }

    /// Asks the provider, unless that was done a moment ago.
    pub(crate) async fn ask_in_turn(self: Arc<Self>) {
        let mut asked = self.asked.lock().await;
        if asked.is_some_and(|asked| asked.elapsed() < ASK_INTERVAL) {
            return;
        }
        match self.fetch().await {
            Ok(provider) => {
                let known = self.known.write();
                *known.unwrap_or_else(std::sync::PoisonError::into_inner) =
                    Some(Arc::new(provider));
            }
            Err(reason) => tracing::warn!(reason, "the OpenID provider cannot be asked"),
        }
        *asked = Some(Instant::now());
    }

    async fn fetch(&self) -> std::result::Result<Provider, String> {
        let Description { issuer, jwks_uri } = self.document(&self.settings.discovery).await?;
        if !self.settings.is_of(&issuer) {
            let shown = &self.settings.discovery;
            return Err(format!("at {shown} is the description of {issuer:?}"));
        }
        if !is_secure(&jwks_uri) {
            return Err(format!(
                "its keys are not at an https address: {jwks_uri:?}"
            ));
        }
        let listed: Listed = self.document(&jwks_uri).await?;
        let keys = Keys::read(listed);
        if keys.is_empty() {
            return Err("it has no key for ES256 or RS256".to_owned());
        }
        Ok(Provider {
            issuer,
            keys,
            since: Instant::now(),
        })
    }

    /// A JSON document, of no more than so many bytes.
    async fn document<T: DeserializeOwned>(&self, url: &str) -> std::result::Result<T, String> {
        let failed = |e: reqwest::Error| format!("{url}: {}", http_reason(&e));
        let mut answer = self.http.get(url).send().await.map_err(failed)?;
        if answer.status().as_u16() != 200 {
            return Err(format!("{url}: status {}", answer.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if bytes.len() + chunk.len() > DOCUMENT_BYTES_MAX {
                return Err(format!("{url}: too large"));
            }
            bytes.extend_from_slice(&chunk);
        }
        farthing_protocol::json::from_slice(&bytes).map_err(|e| format!("{url}: {e}"))
    }
}
