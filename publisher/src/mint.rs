//! The mint's public API, as a publisher uses it.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use farthing_client::native::{PooledHttp, authorization};
use farthing_client::{ApiToken, Error as ClientError, MintClient, verify};
use farthing_protocol::api::{Info, KeysetKeys, Redeemed, State, keysets_digest};
use farthing_protocol::cashu::path::PREFIX as CASHU;
use farthing_protocol::suite::{Ristretto255, Suite, SuiteId};
use farthing_protocol::{
    EncodedPoint, ErrorCode, KeysetId, Proof, Secret, TokenProof, Unit, with_suite,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::error::{Error, Refusal};
use crate::lock_key::MintId;
use crate::settings::{Accept, PAY_PATH, Settings, check_wallet_url};

/// How often at the most the mint is asked for its keysets because of a token of one not known.
const REFRESH_EVERY: Duration = Duration::from_secs(10);

/// What the mint said last, in the publisher's folder: a paywall starts also while the mint is away.
const CACHE_FILE: &str = "mint.json";

/// What a mint says of itself.
#[derive(Serialize, Deserialize)]
struct Known {
    mint: String,
    info: Info,
    /// Those of all its APIs.
    keysets: Vec<KeysetKeys>,
}

impl Known {
    fn id(&self) -> MintId {
        MintId::new(&self.info, &self.keysets)
    }
}

/// The mint, and what is known of it.
pub struct Mint {
    http: PooledHttp,
    url: String,
    /// Where Cashu's wallets find it, if it has keysets for them.
    cashu_url: String,
    api_token: ApiToken,
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
    /// The wallet that it serves, as it said last.
    wallet: RwLock<Option<String>>,
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
        let api_token = ApiToken::new(settings.api_token.expose());
        authorization(&api_token).map_err(|error| Error::Settings(error.0))?;
        let timeout = Duration::from_millis(settings.mint_timeout_ms);
        let http = PooledHttp::new(timeout).map_err(|error| failed(error.0))?;
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
            Err(error) => {
                let known = before.filter(|before| before.mint == settings.mint);
                let known = known.ok_or_else(|| failed(error.to_string()))?;
                tracing::warn!(
                    reason = %error,
                    "the mint cannot be asked now; going by what it said before"
                );
                known
            }
        };
        if info.suite != Ristretto255::NAME {
            let known = Ristretto255::NAME;
            return Err(failed(format!("its suite is not {known}")));
        }
        Ok(Self {
            http,
            url: settings.mint.clone(),
            cashu_url: format!("{}{CASHU}", settings.mint),
            api_token,
            id: MintId::new(&info, &keysets),
            had,
            unit: info.unit.clone(),
            decimals: info.decimals,
            inputs_max: info.limits.inputs_max,
            replay_days: info.limits.replay_days,
            wallet: RwLock::new(wallet(&info)),
            info,
            keysets: RwLock::new(Arc::new(keysets)),
            refreshed: Mutex::new(Instant::now()),
        })
    }

    /// Its unit, as people read and write amounts in it.
    pub fn money(&self) -> Unit {
        Unit::new(&self.unit, self.decimals)
    }

    /// Its address, at which it has its own API.
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

    /// The wallet that the page's button leads to: that of the settings, or else the one that the mint
    /// serves. `None` without either, and where wallets do not find the paywall, which they know by the
    /// usual path alone.
    pub fn wallet_url(&self, settings: &Settings) -> Option<String> {
        if settings.pay_path != PAY_PATH {
            return None;
        }
        settings
            .wallet_url
            .clone()
            .or_else(|| read(&self.wallet).clone())
    }

    /// Returns whether this is its address, of either API. Which keysets a token may be of is another question.
    pub(crate) fn is_at(&self, url: &str) -> bool {
        let urls = [&self.url, &self.cashu_url];
        let url = url.trim_end_matches('/');
        urls.iter().any(|own| own.eq_ignore_ascii_case(url))
    }

    /// The keysets known now, of all its APIs.
    pub(crate) fn keysets(&self) -> Arc<Vec<KeysetKeys>> {
        Arc::clone(&read(&self.keysets))
    }

    /// The digest of the keysets that it signs with for its own API
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
            Ok(fresh) => {
                *write(&self.wallet) = wallet(&fresh.info);
                *write(&self.keysets) = Arc::new(fresh.keysets);
            }
            Err(reason) => tracing::warn!(reason, "the mint's keysets could not be read"),
        }
    }

    /// Returns what the mint says now, if it is otherwise what it was.
    async fn fetch_again(&self) -> Result<Known, String> {
        let fresh = fetch(&self.http, &self.url, &self.keysets()).await;
        let fresh = fresh.map_err(|error| error.to_string())?;
        unchanged(&self.info, &fresh.info)?;
        check(&fresh.info, &fresh.keysets)?;
        Ok(fresh)
    }

    /// Asks the mint whose the API token is.
    ///
    /// # Errors
    /// [`Error::Mint`] when the mint gives no answer.
    pub async fn account_status(&self) -> Result<AccountStatus, Error> {
        match self.client().account(&self.api_token).await {
            Ok(account) => Ok(AccountStatus::Account(account.name)),
            Err(ClientError::Refused(refused)) if refused.status == 403 => Ok(AccountStatus::Known),
            Err(ClientError::Refused(refused)) if refused.status == 401 => {
                Ok(AccountStatus::Refused)
            }
            Err(error) => Err(Error::Mint {
                url: self.url.clone(),
                reason: error.to_string(),
            }),
        }
    }

    fn client(&self) -> MintClient<'_, PooledHttp> {
        MintClient::new(&self.http, &self.url)
    }

    /// Returns whether all of these tokens are spent.
    ///
    /// # Errors
    /// A refusal with [`ErrorCode::Unavailable`] when the mint does not say.
    pub(crate) async fn all_spent(&self, tokens: &[TokenProof]) -> Result<bool, Refusal> {
        let ys = tokens.iter().map(|token| y(&token.proof)).collect();
        match self.client().states(ys).await {
            Ok(states) => Ok(states.iter().all(|state| *state == State::Spent)),
            Err(ClientError::Refused(refused)) if refused.status == 400 => Ok(false),
            Err(error) => {
                tracing::warn!(%error, "the mint did not say whether tokens are spent");
                let detail = "the mint cannot be asked now; nothing was spent, try again";
                Err(Refusal::unavailable(detail))
            }
        }
    }

    /// Redeems: the same body again gives the same answer, for as long as the mint repeats it.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn redeem(&self, body: &Secret) -> Result<Redeemed, Failure> {
        let answer = self.client().redeem(&self.api_token, body).await;
        answer.map_err(|error| match error {
            ClientError::Refused(refused) if refused.status == 400 => Failure::Refused(Refusal {
                code: refused.code,
                status: refused.status,
                detail: format!("the mint refused the payment: {}", refused.detail).into(),
            }),
            ClientError::Refused(refused) if matches!(refused.status, 401 | 403) => {
                Failure::Account(refused.detail)
            }
            error => Failure::Silent(error.to_string()),
        })
    }
}

fn read<T>(place: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    // A thread that panicked in there left a whole value: each is replaced at once.
    place.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(place: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    place.write().unwrap_or_else(PoisonError::into_inner)
}

/// The address of the wallet that a mint says it serves, if readers may be sent there.
fn wallet(info: &Info) -> Option<String> {
    let url = info.wallet.as_ref()?;
    let checked = check_wallet_url("wallet", url);
    checked.is_ok().then(|| url.clone())
}

/// Returns what names a token to the mint before it is spent (NUT-07).
fn y(token: &Proof) -> EncodedPoint {
    let suite = SuiteId::of(&token.id).unwrap_or(SuiteId::Ristretto255);
    let secret = token.secret.expose().as_bytes();
    with_suite!(suite, S => S::encode_point(&S::hash_to_group(secret)))
}

/// Asks the mint what it is, and for its keysets, whose ids are checked.
async fn fetch(http: &PooledHttp, url: &str, known: &[KeysetKeys]) -> Result<Known, ClientError> {
    let client = MintClient::new(http, url);
    Ok(Known {
        mint: url.to_owned(),
        info: client.info().await?,
        keysets: client.verified_keysets(known, None).await?,
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

/// Returns what the mint said before, if that holds together.
fn recall(cache: &Path) -> Option<Known> {
    let known: Known = farthing_protocol::json::from_slice(&std::fs::read(cache).ok()?).ok()?;
    let holds = |k: &KeysetKeys| verify::keyset(&k.info, &k.keys, None).is_ok();
    known.keysets.iter().all(holds).then_some(known)
}

/// Checks whether the mint is what it was. Prices are in its unit, so nothing of another one is taken over.
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

/// Checks whether what a mint says of itself holds: its decimals are such as a unit has, and each keyset is of its
/// identity, if it has one.
fn check(info: &Info, keysets: &[KeysetKeys]) -> Result<(), String> {
    verify::info(info)
        .and_then(|()| {
            let identity = info.identity.as_ref();
            let mut keysets = keysets.iter();
            keysets.try_for_each(|k| verify::keyset(&k.info, &k.keys, identity))
        })
        .map_err(|violation| violation.to_string())
}

#[cfg(test)]
#[path = "mint_tests.rs"]
mod tests;
