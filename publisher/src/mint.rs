//! The mint's public API, as a publisher uses it.

use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use farthing_protocol::api::{
    Account, CheckStateRequest, Info, KeysetKeys, ProofState, RedeemRequest, Redeemed, State,
    States, keysets_digest, path,
};
use farthing_protocol::cashu::path::PREFIX as CASHU;
use farthing_protocol::error_code::ErrorBody;
use farthing_protocol::suite::{Ristretto255, Suite, SuiteId};
use farthing_protocol::text::printable;
use farthing_protocol::{
    EncodedPoint, ErrorCode, KeysetId, Proof, Secret, TokenProof, Unit, with_suite,
};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::error::{Error, Refusal};
use crate::fetch::{fetch_keysets, get, holds, read, reason};
use crate::lock_key::MintId;
use crate::settings::{Accept, Settings};

/// How often at the most the mint is asked for its keysets because of a token of one not known.
const REFRESH_EVERY: Duration = Duration::from_secs(10);

/// What the mint said last, in the publisher's folder: a paywall starts also while the mint is away.
const CACHE_FILE: &str = "mint.json";

/// What a mint says of itself.
#[derive(Serialize, Deserialize)]
struct Known {
    mint: String,
    info: Info,
    /// Those behind all doors.
    keysets: Vec<KeysetKeys>,
}

impl Known {
    fn id(&self) -> MintId {
        MintId::new(&self.info, &self.keysets)
    }
}

/// The most decimals that a unit is written with.
const DECIMALS_MAX: u8 = 8;

/// The mint, and what is known of it.
pub struct Mint {
    http: reqwest::Client,
    url: String,
    /// Where Cashu's wallets find it, if it has keysets for them.
    cashu_url: String,
    bearer: HeaderValue,
    /// The unit of its tokens.
    pub unit: String,
    /// How many decimals people write the unit with.
    pub decimals: u8,
    /// Inputs in one request.
    pub(crate) inputs_max: usize,
    /// How many days it repeats its answers.
    pub(crate) replay_days: u32,
    /// Which mint it is, whatever its address.
    pub(crate) id: MintId,
    /// The mint that the publisher had when it was last started, if it is known.
    pub(crate) had: Option<MintId>,
    /// What it said of itself at the start.
    info: Info,
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

/// The state of the publisher's API token at the mint.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
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
    pub async fn open(settings: &Settings) -> Result<Self, Error> {
        let failed = |reason: String| Error::Mint {
            url: settings.mint.clone(),
            reason,
        };
        let http = client(settings).map_err(|e| failed(e.to_string()))?;
        let cache = settings.data.join(CACHE_FILE);
        let before = recall(&cache);
        let had = before.as_ref().map(Known::id);
        let Known { info, keysets, .. } = match fetch(&http, &settings.mint, &[]).await {
            Ok(known) => {
                let same = before
                    .filter(|before| before.mint == known.mint || before.id().is(&known.id()));
                if let Some(before) = same {
                    unchanged(&before.info, &known.info).map_err(failed)?;
                }
                check(&known.info, &known.keysets).map_err(failed)?;
                keep(&cache, &known);
                known
            }
            Err(reason) => {
                let known = before.filter(|before| before.mint == settings.mint);
                let known = known.ok_or_else(|| failed(reason.clone()))?;
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
            id: MintId::new(&info, &keysets),
            had,
            unit: info.unit.clone(),
            decimals: info.decimals,
            inputs_max: info.limits.inputs_max,
            replay_days: info.limits.replay_days,
            info,
            keysets: RwLock::new(Arc::new(keysets)),
            refreshed: Mutex::new(Instant::now()),
        })
    }

    /// Its unit, as people read and write amounts in it.
    pub fn money(&self) -> Unit {
        Unit::new(&self.unit, self.decimals)
    }

    /// Its address, at which it has its own door.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The address by which Cashu's wallets know it; `None` when it signs no tokens for them, or none
    /// of theirs is taken: the key that a publisher has tokens locked to is not of their suite.
    pub fn cashu_url(&self, accept: Accept) -> Option<&str> {
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
        let url = url.trim_end_matches('/');
        doors.iter().any(|door| door.eq_ignore_ascii_case(url))
    }

    /// The keysets known now, of all doors.
    pub(crate) fn keysets(&self) -> Arc<Vec<KeysetKeys>> {
        match self.keysets.read() {
            Ok(keysets) => Arc::clone(&keysets),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    /// The digest of the keysets that it signs with behind its own door
    /// (`docs/reference/protocol.md`, section 4.4).
    pub(crate) fn active_digest(&self) -> String {
        let keysets = self.keysets();
        let infos = keysets.iter().map(|keyset| &keyset.info);
        let ours = infos.filter(|k| SuiteId::of(&k.id) == Some(SuiteId::Ristretto255));
        keysets_digest(ours.filter(|k| k.active).map(|k| &k.id))
    }

    /// The full id of a keyset that a token names; `None` when the mint has none such. The mint is
    /// asked about one that is not known, but not more often than every ten seconds.
    pub(crate) async fn resolve(&self, id: &KeysetId) -> Option<KeysetId> {
        let known = |keysets: &[KeysetKeys]| id.resolve(keysets.iter().map(|k| &k.info.id));
        if let Some(full) = known(&self.keysets()) {
            return Some(full);
        }
        self.refresh(REFRESH_EVERY).await;
        known(&self.keysets())
    }

    /// Learns the keysets anew when a refusal says that they have changed.
    pub(crate) async fn learn(&self, refusal: &Refusal) {
        const CHANGED: [ErrorCode; 3] = [
            ErrorCode::KeysetUnknown,
            ErrorCode::KeysetInactive,
            ErrorCode::KeysetExpired,
        ];
        if CHANGED.iter().any(|code| code.number() == refusal.code) {
            self.refresh(REFRESH_EVERY).await;
        }
    }

    /// Asks for the keysets every so often, for ever; to be spawned, and aborted at the end. The times
    /// do not depend on readers, and so tell the mint nothing about them.
    pub(crate) async fn follow(self: Arc<Self>, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            self.refresh(Duration::ZERO).await;
        }
    }

    /// Asks for the keysets, unless that was done within this time.
    async fn refresh(&self, at_most_every: Duration) {
        let mut refreshed = self.refreshed.lock().await;
        if refreshed.elapsed() < at_most_every {
            return;
        }
        *refreshed = Instant::now();
        match self.fetch_again().await {
            Ok(fresh) => match self.keysets.write() {
                Ok(mut place) => *place = Arc::new(fresh),
                Err(poisoned) => *poisoned.into_inner() = Arc::new(fresh),
            },
            Err(reason) => tracing::warn!(reason, "the mint's keysets could not be read"),
        }
    }

    /// The keysets as the mint shows them now, if it is otherwise what it was.
    async fn fetch_again(&self) -> Result<Vec<KeysetKeys>, String> {
        let fresh = fetch(&self.http, &self.url, &self.keysets()).await?;
        unchanged(&self.info, &fresh.info)?;
        check(&fresh.info, &fresh.keysets)?;
        Ok(fresh.keysets)
    }

    /// Asks the mint whose the API token is.
    ///
    /// # Errors
    /// [`Error::Mint`] when the mint gives no answer.
    pub async fn account_status(&self) -> Result<AccountStatus, Error> {
        let failed = |error: reqwest::Error| Error::Mint {
            url: self.url.clone(),
            reason: reason(&error),
        };
        let request = self.http.get(format!("{}{}", self.url, path::ACCOUNT));
        let request = request.header(AUTHORIZATION, self.bearer.clone());
        let answer = request.send().await.map_err(failed)?;
        Ok(match answer.status().as_u16() {
            403 => AccountStatus::Known,
            401 => AccountStatus::Refused,
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
                AccountStatus::Account(account?.name)
            }
        })
    }

    /// Whether all of these tokens are spent.
    ///
    /// # Errors
    /// A refusal with [`ErrorCode::Unavailable`] when the mint does not say.
    pub(crate) async fn all_spent(&self, tokens: &[TokenProof]) -> Result<bool, Refusal> {
        let ys = tokens.iter().map(|token| y(&token.proof));
        let ys: Vec<EncodedPoint> = ys.collect();
        let body = serde_json::to_string(&CheckStateRequest { ys })
            .expect("a list of points has no part that JSON cannot hold");
        let url = format!("{}{}", self.url, path::CHECKSTATE);
        let request = self.http.post(url).header(CONTENT_TYPE, "application/json");
        let unavailable = |reason: String| {
            tracing::warn!(reason, "the mint did not say whether tokens are spent");
            Refusal::unavailable("the mint cannot be asked now; nothing was spent, try again")
        };
        let answer = request.body(body).send().await;
        let answer = answer.map_err(|error| unavailable(reason(&error)))?;
        if answer.status().as_u16() == 400 {
            return Ok(false);
        }
        let bytes = read(answer).await.map_err(unavailable)?;
        let states: States = farthing_protocol::json::from_slice(&bytes)
            .map_err(|_| unavailable("an answer that is none".to_owned()))?;
        let is_spent = |state: &ProofState| state.state == State::Spent;
        Ok(states.states.len() == tokens.len() && states.states.iter().all(is_spent))
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
        let detail = printable(&detail);
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

/// What names a token to the mint before it is spent (NUT-07).
fn y(token: &Proof) -> EncodedPoint {
    let suite = SuiteId::of(&token.id).unwrap_or(SuiteId::Ristretto255);
    let secret = token.secret.expose().as_bytes();
    with_suite!(suite, S => S::encode_point(&S::hash_to_group(secret)))
}

/// The body of a redemption.
pub(crate) fn redeem_body(request: &RedeemRequest) -> Secret {
    let body =
        serde_json::to_string(request).expect("a redemption has no part that JSON cannot hold");
    Secret::new(body)
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

async fn fetch(http: &reqwest::Client, url: &str, known: &[KeysetKeys]) -> Result<Known, String> {
    Ok(Known {
        mint: url.to_owned(),
        info: get(http, url, path::INFO).await?,
        keysets: fetch_keysets(http, url, known).await?,
    })
}

/// Keeps what the mint said; without it, the next start needs the mint.
fn keep(cache: &Path, known: &Known) {
    let json = serde_json::to_vec(known).expect("what was read from JSON can be written as JSON");
    let new = cache.with_extension("new");
    let kept = std::fs::write(&new, json).and_then(|()| std::fs::rename(&new, cache));
    if let Err(error) = kept {
        tracing::warn!(%error, "what the mint said could not be kept");
    }
}

/// What the mint said before, if that holds together.
fn recall(cache: &Path) -> Option<Known> {
    let known: Known = farthing_protocol::json::from_slice(&std::fs::read(cache).ok()?).ok()?;
    known.keysets.iter().all(holds).then_some(known)
}

/// Whether the mint is what it was. Prices are in its unit, so nothing of another one is taken over.
fn unchanged(before: &Info, now: &Info) -> Result<(), String> {
    if (&before.unit, before.decimals) != (&now.unit, now.decimals) {
        return Err(format!(
            "its unit was {} with {} decimals, and it says {:?} with {} now; prices would mean something \
             else. Ask its operator. If it is right: check the prices, and remove {CACHE_FILE} from the \
             paywall's folder",
            before.unit, before.decimals, now.unit, now.decimals
        ));
    }
    let key = |info: &Info| info.identity.as_ref().map(|identity| identity.key.clone());
    match key(before) {
        Some(known) if key(now) != Some(known.clone()) => Err(format!(
            "it does not show the identity that it showed before: it is another mint. Ask its operator. If \
             it is right, remove {CACHE_FILE} from the paywall's folder"
        )),
        Some(_) | None => Ok(()),
    }
}

/// Whether what a mint says of itself holds: its decimals are such as a unit has, and each keyset is of its
/// identity, if it has one.
fn check(info: &Info, keysets: &[KeysetKeys]) -> Result<(), String> {
    if info.decimals > DECIMALS_MAX {
        return Err(format!(
            "it says that its unit is written with {} decimals, and {DECIMALS_MAX} are the most",
            info.decimals
        ));
    }
    let Some(identity) = &info.identity else {
        return Ok(());
    };
    let holds = identity.verify();
    holds.map_err(|error| format!("the identity that it shows does not hold: {error}"))?;
    match keysets.iter().find(|k| !identity.owns(&k.info.id, &k.keys)) {
        None => Ok(()),
        Some(keyset) => Err(format!(
            "it shows keyset {} without the proof that it is its own",
            keyset.info.id
        )),
    }
}

#[cfg(test)]
#[path = "mint_tests.rs"]
mod tests;
