//! Learning a mint's keysets, and believing nothing that can be checked.

use farthing_protocol::api::{Info, KeysetKeys};
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{Identity, KeysetInfo};

use crate::engine::Engine;
use crate::error::{Error, UsageError, Violation};
use crate::http::Http;
use crate::purse::coins::expires_by;
use crate::records::{Keyset, Mint, suite_of};
use crate::retry::{Observer, retrying};
use crate::store::Store;
use crate::time::CLOCKS_S_MAX;

impl<S: Store, H: Http> Engine<S, H> {
    /// The keysets of a suite that the mint at an address shows, with their keys, which are asked for:
    /// checked against themselves, against what is `known`, and against the mint's identity. `observer`
    /// waits where the mint asks for that.
    ///
    /// # Errors
    /// [`Violation::KeysChanged`] and other lies about keysets, naming the keyset.
    pub(crate) async fn check_keysets(
        &self,
        suite: SuiteId,
        mint: &str,
        info: &Info,
        listed: Vec<KeysetInfo>,
        known: &[Keyset],
        observer: &mut impl Observer,
    ) -> Result<Vec<Keyset>, Error> {
        let api = self.api(mint);
        let (unit, identity) = (&info.unit, info.identity.as_ref());
        let violation = |violation| Error::violation(mint, violation);
        let known = known.iter().filter(|k| suite_of(&k.info.id) == suite);
        let known: Vec<Keyset> = known.cloned().collect();
        let mut shown = match (listed.is_empty(), suite) {
            (true, SuiteId::Secp256k1) => Vec::new(),
            (_, _) => {
                let shown = async || Ok(api.keys(suite).await?);
                retrying(observer, shown).await?
            }
        };
        let ours = |info: &KeysetInfo| info.unit == *unit && SuiteId::of(&info.id) == Some(suite);
        let mut keysets = Vec::new();
        for info in listed.into_iter().filter(ours) {
            let before = known.iter().find(|k| k.info.id == info.id);
            let found = shown.iter().position(|k| k.info.id == info.id);
            let keys = match (found, before) {
                (Some(found), _) => shown.swap_remove(found),
                (None, Some(before)) => KeysetKeys {
                    info: info.clone(),
                    keys: before.keys.clone(),
                },
                (None, None) => {
                    let shown = async || Ok(api.keyset(&info.id).await?);
                    retrying(observer, shown).await?
                }
            };
            let keyset = Keyset {
                mint: mint.to_owned(),
                info: KeysetInfo {
                    active: info.active,
                    ..keys.info
                },
                keys: keys.keys,
            };
            if keyset.info != info {
                return Err(violation(Violation::KeysChanged(info.id)));
            }
            check(&keyset, before, identity).map_err(violation)?;
            keysets.push(keyset);
        }
        // What is shown with keys and not listed is checked all the same: it may be a false one.
        for rest in shown.into_iter().filter(|k| ours(&k.info)) {
            let keyset = Keyset {
                mint: mint.to_owned(),
                info: rest.info,
                keys: rest.keys,
            };
            let before = known.iter().find(|k| k.info.id == keyset.info.id);
            check(&keyset, before, identity).map_err(violation)?;
            keysets.push(keyset);
        }
        // What a mint does not list any more signs no more; its tokens may still be honoured.
        let gone = |k: &&Keyset| keysets.iter().all(|other| other.info.id != k.info.id);
        let mut gone: Vec<Keyset> = known.iter().filter(gone).cloned().collect();
        gone.iter_mut()
            .for_each(|keyset| keyset.info.active = false);
        keysets.append(&mut gone);
        Ok(keysets)
    }
}

impl<S: Store, H: Http> Engine<S, H> {
    /// The error, or the clock when that is its cause: what expires is judged by this machine's clock. So
    /// where keysets or tokens seem to have expired, the mint is asked for its time.
    pub(crate) async fn or_clock(&self, mint: &Mint, error: Error) -> Error {
        let may_be = matches!(
            error,
            Error::Usage(UsageError::NoActiveKeyset(_) | UsageError::Insufficient { .. })
        );
        let now = self.purse.now();
        let keysets = self
            .purse
            .tables
            .keysets(&mint.url)
            .await
            .unwrap_or_default();
        let expired = keysets.iter().any(|k| expires_by(k, now));
        if !may_be || !expired {
            return error;
        }
        let Ok(info) = self.api(&mint.url).info().await else {
            return error;
        };
        let apart_s = now.abs_diff(info.time);
        let differs = |k: &Keyset| expires_by(k, now) != expires_by(k, info.time);
        if apart_s <= CLOCKS_S_MAX || !keysets.iter().any(differs) {
            return error;
        }
        UsageError::Clock {
            mint: mint.url.clone(),
            ahead: now > info.time,
            apart_s,
        }
        .into()
    }
}

/// Compares the keyset with what was known under this id, and checks that it holds and is the mint's own.
fn check(
    keyset: &Keyset,
    before: Option<&Keyset>,
    identity: Option<&Identity>,
) -> Result<(), Violation> {
    let info = &keyset.info;
    if let Some(before) = before {
        let terms = KeysetInfo {
            active: info.active,
            ..before.info.clone()
        };
        if terms != *info || before.keys != keyset.keys {
            return Err(Violation::KeysChanged(info.id));
        }
    }
    farthing_client::verify::keyset(info, &keyset.keys, identity).map_err(Violation::from)
}
