//! The mint's public API, as a publisher uses it.

use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use farthing_protocol::api::{
    Account, Info, Keys, KeysetKeys, Keysets, RedeemRequest, Redeemed, path,
};
use farthing_protocol::cashu::path::PREFIX as CASHU;
use farthing_protocol::error_code::ErrorBody;
use farthing_protocol::suite::{Ristretto255, Suite, SuiteId};
use farthing_protocol::{KeysetId, Secret, with_suite};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::error::{Error, Refusal};
use crate::settings::{Accept, Settings};

/// How often at the most the mint is asked for its keysets because of a token of one not known.
const REFRESH_EVERY: Duration = Duration::from_secs(10);
/// The most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What the mint said last, in the publisher's folder: a paywall starts also while the mint is away.
const CACHE_FILE: &str = "mint.json";

/// The doors of a mint: what stands before their paths, and the suite of the keysets behind them.
const DOORS: [(&str, SuiteId); 2] = [("", SuiteId::Ristretto255), (CASHU, SuiteId::Secp256k1)];

/// What a mint says of itself.
#[derive(Serialize, Deserialize)]
struct Known {
    mint: String,
    info: Info,
    /// Those behind all doors.
    keysets: Vec<KeysetKeys>,
}

/// The mint, and what is known of it.
pub(crate) struct Mint {
    http: reqwest::Client,
    url: String,
    /// Where Cashu's wallets find it, if it has keysets for them.
    cashu_url: String,
    bearer: HeaderValue,
    /// The unit of its tokens.
    pub(crate) unit: String,
    /// How many decimals people write the unit with.
    pub(crate) decimals: u8,
    /// Inputs in one request.
    pub(crate) inputs_max: usize,
    /// How many days it repeats its answers.
    pub(crate) replay_days: u32,
    keysets: RwLock<Arc<Vec<KeysetKeys>>>,
    refreshed: Mutex<Instant>,
}

/// Why a redemption was not answered with success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The mint refused the token or the outputs: nothing was moved.
    Refused(Refusal),
    /// The mint does not take the publisher's API token: nothing was moved now.
    Account(String),
    /// No answer, or none that can be understood: whether anything was moved is not known.
    Silent(String),
}

/// What the mint says of the publisher's API token.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It is this account's.
    Account(String),
    /// It is known, and may not read the account's name.
    Known,
    /// It is not taken.
    Refused,
}

impl Mint {
    /// Asks the mint what it is, and for its keysets.
    ///
    /// # Errors
    /// [`Error::Mint`] when it cannot be asked, is of another suite, or shows keysets that do not hold;
    /// [`Error::Settings`] for an API token that no header can carry.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Error> {
        let failed = |reason: String| Error::Mint {
            url: settings.mint.clone(),
            reason,
        };
        let http = client(settings).map_err(|e| failed(e.to_string()))?;
        let cache = settings.data.join(CACHE_FILE);
        let Known { info, keysets, .. } = match fetch(&http, &settings.mint).await {
            Ok(known) => {
                keep(&cache, &known);
                known
            }
            Err(reason) => {
                let known = recall(&cache, &settings.mint).ok_or_else(|| failed(reason.clone()))?;
                tracing::warn!(
                    reason,
                    "the mint cannot be asked now; going by what it said before"
                );
                known
            }
        };
        if info.suite != Ristretto255::NAME {
            let known = Ristretto255::NAME;
            return Err(failed(format!("its suite is not {known}")));
        }
        let bearer = Zeroizing::new(format!("Bearer {}", settings.api_token.expose()));
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| {
            Error::Settings("the API token has characters that no header can carry".to_owned())
        })?;
        bearer.set_sensitive(true);
        Ok(Self {
            http,
            url: settings.mint.clone(),
            cashu_url: format!("{}{CASHU}", settings.mint),
            bearer,
            unit: info.unit,
            decimals: info.decimals,
            inputs_max: info.limits.inputs_max,
            replay_days: info.limits.replay_days,
            keysets: RwLock::new(Arc::new(keysets)),
            refreshed: Mutex::new(Instant::now()),
        })
    }

    /// Its address, at which it has its own door.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The address by which Cashu's wallets know it; `None` when it signs no tokens for them, or none
    /// of theirs is taken: the key that a publisher has tokens locked to is not of their suite.
    pub(crate) fn cashu_url(&self, accept: Accept) -> Option<&str> {
        if matches!(accept, Accept::Locked { .. }) {
            return None;
        }
        let keysets = self.keysets();
        let mut active = keysets.iter().filter(|keyset| keyset.info.active);
        let is_open = active.any(|k| SuiteId::of(&k.info.id) == Some(SuiteId::Secp256k1));
        is_open.then_some(&self.cashu_url)
    }

    /// Whether this is its address, at either door. Which keysets a token may be of is another question.
    pub(crate) fn is_at(&self, url: &str) -> bool {
        let doors = [&self.url, &self.cashu_url];
        doors.iter().any(|door| door.eq_ignore_ascii_case(url))
    }

    /// The keysets known now, of all doors.
    pub(crate) fn keysets(&self) -> Arc<Vec<KeysetKeys>> {
        match self.keysets.read() {
            Ok(keysets) => Arc::clone(&keysets),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    /// The full id of a keyset that a token names; `None` when the mint has none such. The mint is
    /// asked about one that is not known, but not more often than every ten seconds.
    pub(crate) async fn resolve(&self, id: &KeysetId) -> Option<KeysetId> {
        let known = |keysets: &[KeysetKeys]| id.resolve(keysets.iter().map(|k| &k.info.id));
        if let Some(full) = known(&self.keysets()) {
            return Some(full);
        }
        let mut refreshed = self.refreshed.lock().await;
        if refreshed.elapsed() >= REFRESH_EVERY {
            *refreshed = Instant::now();
            match fetch_keysets(&self.http, &self.url).await {
                Ok(fresh) => match self.keysets.write() {
                    Ok(mut place) => *place = Arc::new(fresh),
                    Err(poisoned) => *poisoned.into_inner() = Arc::new(fresh),
                },
                Err(reason) => tracing::warn!(reason, "the mint's keysets could not be read"),
            }
        }
        drop(refreshed);
        known(&self.keysets())
    }

    /// Asks whose the API token is.
    ///
    /// # Errors
    /// [`Error::Mint`] when the mint gives no answer.
    pub(crate) async fn standing(&self) -> Result<Standing, Error> {
        let failed = |error: reqwest::Error| Error::Mint {
            url: self.url.clone(),
            reason: reason(&error),
        };
        let request = self.http.get(format!("{}{}", self.url, path::ACCOUNT));
        let request = request.header(AUTHORIZATION, self.bearer.clone());
        let answer = request.send().await.map_err(failed)?;
        Ok(match answer.status().as_u16() {
            403 => Standing::Known,
            401 => Standing::Refused,
            _ => {
                let answer = answer.error_for_status().map_err(failed)?;
                let unreadable = |reason| Error::Mint {
                    url: self.url.clone(),
                    reason,
                };
                let bytes = read(answer).await.map_err(unreadable)?;
                let account = farthing_protocol::json::from_slice::<Account>(&bytes);
                let account = account.map_err(|_| {
                    unreadable("the account is not answered as a mint does".to_owned())
                });
                Standing::Account(account?.name)
            }
        })
    }

    /// Redeems: the same body again gives the same answer, for as long as the mint repeats it.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn redeem(&self, body: &Secret) -> Result<Redeemed, Failure> {
        let request = self
            .http
            .post(format!("{}{}", self.url, path::REDEEM))
            .header(AUTHORIZATION, self.bearer.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body.expose().to_owned());
        let sent = request.send().await;
        let answer = sent.map_err(|error| Failure::Silent(reason(&error)))?;
        let status = answer.status().as_u16();
        let bytes = read(answer).await.map_err(Failure::Silent)?;
        if status == 200 {
            let parsed = farthing_protocol::json::from_slice(&bytes);
            return parsed.map_err(|_| Failure::Silent("an answer that is none".to_owned()));
        }
        let Ok(ErrorBody { detail, code }) = farthing_protocol::json::from_slice(&bytes) else {
            return Err(Failure::Silent(format!("status {status} without a code")));
        };
        let detail: String = detail
            .chars()
            .filter(|c| !c.is_control())
            .take(300)
            .collect();
        Err(match status {
            400 => Failure::Refused(Refusal {
                code,
                status,
                detail: format!("the mint refused the payment: {detail}").into(),
            }),
            401 | 403 => Failure::Account(detail),
            _ => Failure::Silent(format!("status {status}, code {code}: {detail}")),
        })
    }
}

/// The body of a redemption.
pub(crate) fn redeem_body(request: &RedeemRequest) -> Secret {
    Secret::new(serde_json::to_string(request).unwrap_or_default())
}

fn client(settings: &Settings) -> reqwest::Result<reqwest::Client> {
    let builder = || {
        reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .timeout(Duration::from_millis(settings.mint_timeout_ms))
    };
    // A system without certificates (a bare container) still reaches mints over plain HTTP.
    let built = builder().build();
    built.or_else(|_| builder().tls_certs_only([]).build())
}

async fn fetch(http: &reqwest::Client, url: &str) -> Result<Known, String> {
    Ok(Known {
        mint: url.to_owned(),
        info: get(http, url, path::INFO).await?,
        keysets: fetch_keysets(http, url).await?,
    })
}

/// Keeps what the mint said; without it, the next start needs the mint.
fn keep(cache: &Path, known: &Known) {
    let json = serde_json::to_vec(known).unwrap_or_default();
    let new = cache.with_extension("new");
    let kept = std::fs::write(&new, json).and_then(|()| std::fs::rename(&new, cache));
    if let Err(error) = kept {
        tracing::warn!(%error, "what the mint said could not be kept");
    }
}

/// What this mint said before, if that holds together.
fn recall(cache: &Path, url: &str) -> Option<Known> {
    let known: Known = farthing_protocol::json::from_slice(&std::fs::read(cache).ok()?).ok()?;
    let holds = known.mint == url && known.keysets.iter().all(holds);
    holds.then_some(known)
}

/// Whether a keyset's id is that of its keys and terms (NUT-02).
fn holds(keyset: &KeysetKeys) -> bool {
    let (keys, terms) = (&keyset.keys, &keyset.info);
    let (fee, expiry) = (terms.input_fee_ppk, terms.final_expiry);
    let derive =
        |suite| with_suite!(suite, S => KeysetId::derive::<S>(keys, &terms.unit, fee, expiry));
    SuiteId::of(&terms.id).map(derive) == Some(terms.id)
}

/// All keysets of the mint.
async fn fetch_keysets(http: &reqwest::Client, url: &str) -> Result<Vec<KeysetKeys>, String> {
    let mut keysets = Vec::new();
    for (door, suite) in DOORS {
        keysets.extend(fetch_door(http, url, door, suite).await?);
    }
    Ok(keysets)
}

/// The keysets behind one door, each id recomputed from its keys (NUT-02).
async fn fetch_door(
    http: &reqwest::Client,
    url: &str,
    door: &str,
    suite: SuiteId,
) -> Result<Vec<KeysetKeys>, String> {
    let listed: Keysets = get(http, url, &format!("{door}{}", path::KEYSETS)).await?;
    let version = with_suite!(suite, S => S::KEYSET_ID_VERSION);
    let ours = listed.keysets.into_iter();
    let ours = ours.filter(|info| info.id.version() == version);
    let mut keysets = Vec::new();
    for info in ours {
        let path = format!("{door}{}/{}", path::KEYS, info.id);
        let keys: Keys = get(http, url, &path).await?;
        let keyset = keys.keysets.into_iter().find(|k| k.info.id == info.id);
        let keyset = keyset.ok_or_else(|| format!("it does not show its keyset {}", info.id))?;
        if !holds(&keyset) {
            return Err(format!(
                "its keyset {} has other keys than its id says",
                info.id
            ));
        }
        keysets.push(keyset);
    }
    Ok(keysets)
}

async fn get<T: DeserializeOwned>(
    http: &reqwest::Client,
    url: &str,
    path: &str,
) -> Result<T, String> {
    let sent = http.get(format!("{url}{path}")).send().await;
    let answer = sent.map_err(|error| reason(&error))?;
    if !answer.status().is_success() {
        return Err(format!("{path} was answered {}", answer.status()));
    }
    let bytes = read(answer).await?;
    farthing_protocol::json::from_slice(&bytes)
        .map_err(|_| format!("{path} is not answered as a mint does"))
}

async fn read(mut answer: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| reason(&error))? {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err("the answer is too large".to_owned());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The innermost reason of a failure, such as "Connection refused": it names no body and no header.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
