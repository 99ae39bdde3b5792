//! Mints: adding them, and following them from address to address.
//!
//! A mint is its keys. Keyset ids commit to keys, so a keyset is of one mint of the wallet, and coins,
//! counters and secrets are of the keyset's mint. A mint of today also has an identity, a key of its
//! own: each keyset's key signs it, so that nobody shows the keysets of another mint as their own, and
//! it signs the mint's addresses, so that nobody who passes everything on to a mint is taken for it
//! (`docs/reference/protocol.md`, section 4.5; `docs/decisions/0027-a-mint-is-its-keys.md`).

use std::collections::{BTreeMap, BTreeSet};

use farthing_protocol::api::Info;
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{Identity, KeysetId};

use crate::address::{is_local, normal_url, same_place};
use crate::engine::Engine;
use crate::error::{Error, StoreError, UsageError, Violation};
use crate::http::{ApiToken, Http};
use crate::purse::tables::{Batch, Tables};
use crate::records::{Entry, Keyset, KnownIdentity, Mint, Operation, Sent};
use crate::retry::{Observer, retrying};
use crate::store::Store;
use farthing_protocol::text::printable;

/// Whether a mint's identity must name the address at which it is added.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listed {
    /// It must, if it names any that others can reach.
    Required,
    /// It need not: the caller knows the address to be the mint's.
    NotRequired,
}

/// Keysets that are filed under another mint and are this one's, by that mint's address.
type Claims = BTreeMap<String, BTreeSet<KeysetId>>;

/// The mints that a wallet knows.
///
/// Adding and moving read records, ask the mint, and write: one such call at a time.
pub struct Mints<'a, S, H> {
    pub(crate) engine: &'a Engine<S, H>,
}

impl<S: Store, H: Http> Mints<'_, S, H> {
    /// Returns all mints, in the order of their addresses.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn all(&self) -> Result<Vec<Mint>, Error> {
        Ok(self.engine.purse.tables.all::<Mint>().await?)
    }

    /// Adds a mint, or learns anew about a known one; an API token given replaces the one before. A
    /// known mint that has moved is recognised when its identity names the address, and all that the
    /// wallet has of it goes on there.
    ///
    /// # Errors
    /// [`UsageError::MintUrl`], [`UsageError::Suite`]; [`UsageError::MintElsewhere`],
    /// [`UsageError::AddressNotNamed`] and [`UsageError::KeysetElsewhere`] for an address that is not the
    /// mint's as far as its keys tell; [`Error::Misbehaved`] for keysets that do not hold;
    /// [`Error::Refused`] when the mint does not know the API token. Nothing is kept then.
    pub async fn add(&self, url: &str, api_token: Option<ApiToken>) -> Result<Mint, Error> {
        self.add_at(url, api_token, Listed::Required).await
    }

    /// Adds a mint as [`Mints::add`] does, also at an address that its identity does not name: the caller
    /// knows it to be the mint's.
    ///
    /// # Errors
    /// Those of [`Mints::add`], but for [`UsageError::MintElsewhere`].
    pub async fn add_unlisted(
        &self,
        url: &str,
        api_token: Option<ApiToken>,
    ) -> Result<Mint, Error> {
        self.add_at(url, api_token, Listed::NotRequired).await
    }

    async fn add_at(
        &self,
        url: &str,
        api_token: Option<ApiToken>,
        listed: Listed,
    ) -> Result<Mint, Error> {
        let url = normal_url(url)?;
        let info = self.engine.info(&url).await?;
        let before = self.engine.purse.tables.known_as(&url, &info).await?;
        if before.is_none() && listed == Listed::Required && is_elsewhere(&info, &url) {
            let named = info.identity.iter().flat_map(|identity| &identity.urls);
            let named: Vec<&str> = named.map(String::as_str).collect();
            let named = printable(&named.join(", "));
            return Err(UsageError::MintElsewhere { mint: url, named }.into());
        }
        let mint = match &before {
            None => {
                let purse = &self.engine.purse;
                Mint::first_seen(&url, &info, purse.phrase_is_new, purse.now())
            }
            Some(before) => before.clone(),
        };
        let mut mint = agreed(mint, &info, &url)?;
        mint.name = printable(&info.name);
        mint.limits = info.limits.clone();
        mint.api_token = api_token.clone().or(mint.api_token);
        let mut batch = Batch::default();
        let from = mint.url.clone();
        if !same_place(&url, &from) && counts(&mint, &info) && names(&info, &url) {
            batch = self
                .engine
                .purse
                .tables
                .relocate(batch, &from, &url, None)
                .await?;
            batch = batch.delete_at::<Mint>(&from);
            mint.url.clone_from(&url);
            mint.urls.retain(|other| *other != url);
            if names(&info, &from) {
                mint = mint.with_address(&from);
            }
        }
        let known = self.engine.purse.tables.keysets(&from).await?;
        let native = SuiteId::Ristretto255;
        let listed = self.engine.api(&url).keysets(native).await?;
        let keysets = self
            .engine
            .check_keysets(native, &url, &info, listed, &known, &mut ())
            .await?;
        if let Some(token) = &api_token {
            self.check_api_token(&url, token).await?;
        }
        self.engine
            .purse
            .tables
            .keep(batch, mint, &from, &url, &info, keysets)
            .await
    }

    /// Asks a mint whether it knows an API token.
    async fn check_api_token(&self, url: &str, token: &ApiToken) -> Result<(), Error> {
        match self.engine.api(url).account(token).await {
            // Of a scope that does not show the account: it is known.
            Err(farthing_client::Error::Refused(refused)) if refused.status == 403 => Ok(()),
            answer => Ok(answer.map(drop)?),
        }
    }

    /// Moves what the wallet has of the mint `old` to its new address `new`, after comparing the keys there:
    /// balance, open operations, what was sent, history.
    ///
    /// # Errors
    /// [`UsageError::NotTheSameMint`] when `new` does not show the keysets that the wallet knows.
    pub async fn move_to(&self, old: &str, new: &str) -> Result<Mint, Error> {
        let before = self.engine.purse.tables.mint(Some(old)).await?;
        let url = normal_url(new)?;
        let info = self.engine.info(&url).await?;
        let other = || UsageError::NotTheSameMint {
            old: before.url.clone(),
            new: url.clone(),
        };
        let there = self
            .engine
            .purse
            .tables
            .get::<Mint>(&url)
            .await?
            .filter(|m| m.url != before.url);
        let mut mint = agreed(before.clone(), &info, &url)?;
        let native = SuiteId::Ristretto255;
        let known = self.engine.purse.tables.keysets(&before.url).await?;
        let listed = self.engine.api(&url).keysets(native).await?;
        let now = self.engine.purse.now();
        let lasting = |k: &&Keyset| k.info.final_expiry.is_none_or(|expiry| now <= expiry);
        let of_suite = |k: &&Keyset| SuiteId::of(&k.info.id) == Some(native);
        let missing = |k: &Keyset| listed.iter().all(|info| info.id != k.info.id);
        let mut needed = known.iter().filter(lasting).filter(of_suite);
        if known.is_empty() || needed.any(missing) {
            return Err(other().into());
        }
        let keysets = self
            .engine
            .check_keysets(native, &url, &info, listed, &known, &mut ())
            .await?;
        if let Some(there) = there {
            // Two records of one mint, from before mints had identities.
            let theirs = self.engine.purse.tables.keysets(&there.url).await?;
            let is_known = |k: &Keyset| known.iter().any(|other| other.info.id == k.info.id);
            if !theirs.iter().any(is_known) {
                return Err(other().into());
            }
            mint.api_token = there.api_token.or(mint.api_token);
            mint.lane = there.lane.or(mint.lane);
        }
        let from = before.url;
        let batch = self
            .engine
            .purse
            .tables
            .relocate(Batch::default(), &from, &url, None)
            .await?;
        let batch = batch.delete_at::<Mint>(&from);
        mint.url.clone_from(&url);
        mint.urls.retain(|other| *other != url);
        let mint = mint.with_address(&from);
        self.engine
            .purse
            .tables
            .keep(batch, mint, &from, &url, &info, keysets)
            .await
    }

    /// Finds the known mint that has moved to `url` by the identity there, and follows it.
    ///
    /// # Errors
    /// [`UsageError::MintUnknown`] when it is none of the wallet's.
    pub async fn follow(&self, url: &str) -> Result<Mint, Error> {
        let url = normal_url(url)?;
        let info = self.engine.info(&url).await?;
        match self.engine.purse.tables.known_as(&url, &info).await? {
            Some(_) => self.add(&url, None).await,
            None => Err(UsageError::MintUnknown(url).into()),
        }
    }
}

impl<S: Store, H: Http> Engine<S, H> {
    /// Asks a known mint who it is, once, and for its keysets of some suites; checks all of it and keeps it;
    /// returns the keysets of either suite that are known now. `observer` waits where the mint asks for that, before
    /// the same request is sent again.
    ///
    /// # Errors
    /// [`Error::Misbehaved`] for a mint that is not what it was, or for keysets that do not hold;
    /// [`UsageError::KeysetElsewhere`]. Nothing is kept then.
    pub(crate) async fn refresh_keysets(
        &self,
        suites: impl IntoIterator<Item = SuiteId>,
        mint: &Mint,
        observer: &mut impl Observer,
    ) -> Result<Vec<Keyset>, Error> {
        let url = mint.url.clone();
        let info = retrying(observer, async || self.info(&url).await).await?;
        let mint = self.purse.tables.mint(Some(&url)).await?;
        let mint = agreed(mint, &info, &url)?;
        let known = self.purse.tables.keysets(&url).await?;
        let api = self.api(&url);
        let mut keysets = Vec::new();
        for suite in suites {
            let listed = retrying(observer, async || Ok(api.keysets(suite).await?)).await?;
            let checked = self.check_keysets(suite, &url, &info, listed, &known, observer);
            keysets.extend(checked.await?);
        }
        self.purse
            .tables
            .keep(Batch::default(), mint, &url, &url, &info, keysets)
            .await?;
        Ok(self.purse.tables.keysets(&url).await?)
    }

    /// Returns what the mint at `url` says of itself, checked as far as that goes without knowing it.
    pub(crate) async fn info(&self, url: &str) -> Result<Info, Error> {
        let info = self.api(url).info().await?;
        if info.suite != SuiteId::Ristretto255.name() {
            return Err(UsageError::Suite {
                mint: url.to_owned(),
                suite: printable(&info.suite),
            }
            .into());
        }
        farthing_client::verify::info(&info)
            .map_err(|wrong| Error::violation(url, wrong.into()))?;
        Ok(info)
    }
}

impl<S: Store> Tables<S> {
    /// The mint of this wallet that shows itself at `url`.
    async fn known_as(&self, url: &str, info: &Info) -> Result<Option<Mint>, Error> {
        let mints = self.all::<Mint>().await?;
        let here = mints.iter().find(|mint| same_place(&mint.url, url));
        let Some(identity) = &info.identity else {
            let known = here.or_else(|| mints.iter().find(|mint| mint.is_at(url)));
            return Ok(known.cloned());
        };
        let is_it = |mint: &&Mint| {
            mint.identity
                .as_ref()
                .is_some_and(|i| i.key == identity.key)
        };
        let Some(mint) = mints.iter().find(is_it) else {
            return Ok(here.cloned());
        };
        let other_there = here.is_some_and(|here| here.url != mint.url);
        let named = counts(mint, info) && names(info, url);
        if other_there || !(mint.is_at(url) || named) {
            let (mint, known) = (url.to_owned(), mint.url.clone());
            return Err(UsageError::AddressNotNamed { mint, known }.into());
        }
        Ok(Some(mint.clone()))
    }

    /// Keeps what was learned of `mint` at `url`. Keysets that are filed under another mint are taken
    /// over when their keys have signed this mint's identity, and it names the address.
    async fn keep(
        &self,
        mut batch: Batch,
        mut mint: Mint,
        from: &str,
        url: &str,
        info: &Info,
        mut keysets: Vec<Keyset>,
    ) -> Result<Mint, Error> {
        for (other, ids) in self.claims(&mint, from, url, info, &keysets).await? {
            let Some(before) = self.get::<Mint>(&other).await? else {
                continue;
            };
            let theirs = self.keysets(&other).await?;
            let all = theirs.iter().all(|keyset| ids.contains(&keyset.info.id));
            if all && before.identity.is_none() {
                // The whole of it is this mint, which showed no identity yet at its former address.
                agreed(before.clone(), info, url)?;
                batch = self.relocate(batch, &other, &mint.url, None).await?;
                batch = batch.delete_at::<Mint>(&other);
                mint.lane = mint.lane.or(before.lane);
                mint.api_token = mint.api_token.or(before.api_token);
            } else {
                batch = self.relocate(batch, &other, &mint.url, Some(&ids)).await?;
            }
        }
        for keyset in &mut keysets {
            keyset.mint.clone_from(&mint.url);
        }
        let batch = batch.put(&mint);
        let batch = batch.put_all(&keysets);
        self.apply(batch).await?;
        Ok(mint)
    }

    /// The keysets among `keysets` that are filed under other mints, and are this one's.
    async fn claims(
        &self,
        mint: &Mint,
        from: &str,
        url: &str,
        info: &Info,
        keysets: &[Keyset],
    ) -> Result<Claims, Error> {
        let named = counts(mint, info) && names(info, url);
        let may_claim = info.identity.as_ref().filter(|_| named);
        let mut claims = Claims::new();
        for filed in self.all::<Keyset>().await? {
            let own = filed.mint == mint.url || filed.mint == from;
            let shown = keysets.iter().find(|k| k.info.id == filed.info.id);
            let Some(shown) = shown.filter(|_| !own) else {
                continue;
            };
            if !may_claim.is_some_and(|identity| identity.owns(&shown.info.id, &shown.keys)) {
                return Err(UsageError::KeysetElsewhere {
                    mint: url.to_owned(),
                    keyset: filed.info.id,
                    known: filed.mint,
                }
                .into());
            }
            claims.entry(filed.mint).or_default().insert(filed.info.id);
        }
        Ok(claims)
    }

    /// Files under `to` what is filed under `from`: everything, or what is of some keysets alone.
    pub(crate) async fn relocate(
        &self,
        mut batch: Batch,
        from: &str,
        to: &str,
        only: Option<&BTreeSet<KeysetId>>,
    ) -> Result<Batch, StoreError> {
        let of = |id: &KeysetId| only.is_none_or(|ids| ids.contains(id));
        for mut keyset in self.keysets(from).await? {
            if of(&keyset.info.id) {
                batch = batch.delete(&keyset);
                to.clone_into(&mut keyset.mint);
                batch = batch.put(&keyset);
            }
        }
        let mut coins = self.coins(from).await?;
        coins.retain(|coin| of(&coin.keyset()));
        for coin in &mut coins {
            to.clone_into(&mut coin.mint);
        }
        batch = batch.put_all(&coins);
        for mut operation in self.all::<Operation>().await? {
            if operation.mint == from && (only.is_none() || concerns(&operation, &of)) {
                to.clone_into(&mut operation.mint);
                for coin in &mut operation.inputs {
                    to.clone_into(&mut coin.mint);
                }
                batch = batch.put(&operation);
            }
        }
        for mut sent in self.all::<Sent>().await? {
            if sent.mint == from && sent.proofs.iter().all(|p| of(&p.proof.id)) {
                to.clone_into(&mut sent.mint);
                batch = batch.put(&sent);
            }
        }
        if only.is_none() {
            for mut entry in self.all::<Entry>().await? {
                if entry.mint == from {
                    to.clone_into(&mut entry.mint);
                    batch = batch.put(&entry);
                }
            }
        }
        Ok(batch)
    }
}

/// Returns whether an operation spends or makes tokens of certain keysets.
fn concerns(operation: &Operation, of: &impl Fn(&KeysetId) -> bool) -> bool {
    let mut inputs = operation.inputs.iter();
    inputs.any(|coin| of(&coin.keyset())) || operation.all_outputs().any(|o| of(&o.keyset))
}

/// Returns whether the identity of the mint at `url` names that address.
fn names(info: &Info, url: &str) -> bool {
    let urls = info.identity.iter().flat_map(|identity| &identity.urls);
    urls.into_iter().any(|named| same_place(named, url))
}

/// Returns whether the list of addresses that is shown for a mint is none of before the one that is known:
/// anybody may have kept an old one, with an address that the mint has given up.
fn counts(mint: &Mint, info: &Info) -> bool {
    let known = mint.identity.as_ref().map_or(0, |known| known.issued);
    info.identity
        .as_ref()
        .is_some_and(|shown| shown.issued >= known)
}

/// Returns whether the mint at `url` says that it is reached elsewhere. A mint whose operator has set no address
/// knows only those of its own machine, which says nothing to others.
fn is_elsewhere(info: &Info, url: &str) -> bool {
    let mut urls = info.identity.iter().flat_map(|identity| &identity.urls);
    !names(info, url) && urls.any(|named| !is_local(named))
}

/// A known mint with what it says of itself now, which must be what it said before: unit, decimals,
/// and identity.
fn agreed(mut mint: Mint, info: &Info, url: &str) -> Result<Mint, Error> {
    let changed = |violation| Err(Error::violation(url, violation));
    if (&mint.unit, mint.decimals) != (&info.unit, info.decimals) {
        return changed(Violation::UnitChanged {
            unit: printable(&mint.unit),
            decimals: mint.decimals,
            now: printable(&info.unit),
            now_decimals: info.decimals,
        });
    }
    mint.bundle.clone_from(&info.bundle);
    let known = mint.identity.as_ref();
    match (known, &info.identity) {
        (None, None) => {}
        (Some(_), None) => return changed(Violation::IdentityChanged),
        (Some(known), Some(shown)) if known.key != shown.key => {
            return changed(Violation::IdentityChanged);
        }
        (_, Some(_)) if !counts(&mint, info) => {}
        (_, Some(shown)) => mint = with_addresses(mint, shown),
    }
    Ok(mint)
}

/// A mint with the identity that it shows, and the addresses that it names.
fn with_addresses(mut mint: Mint, shown: &Identity) -> Mint {
    mint.identity = Some(KnownIdentity {
        key: shown.key.clone(),
        issued: shown.issued,
    });
    // An address of this machine alone may be that of many mints.
    for url in shown.urls.iter().filter(|url| !is_local(url)) {
        if let Ok(url) = normal_url(url) {
            mint = mint.with_address(&url);
        }
    }
    mint
}
