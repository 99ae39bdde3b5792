//! The key that tokens are locked to: one for each mint.
//!
//! What a lock's key signs (NUT-11) does not name the mint. With one key for all, a signature made to
//! redeem a token at one mint could be used for a token at another. So the publisher's folder keeps which
//! mints there were, by identity and keysets, and with which key. A publisher of before has one key that is
//! bound to no mint: it goes on for the mint that it had.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use farthing_protocol::api::{Info, KeysetKeys};
use farthing_service::private;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The name of the file in the publisher's folder.
pub(crate) const FILE: &str = "locks.json";

/// A mint, whatever its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MintId {
    /// The mint's identity key, if it shows one.
    identity: Option<String>,
    /// The ids of its keysets.
    keysets: BTreeSet<String>,
}

impl MintId {
    pub(crate) fn new(info: &Info, keysets: &[KeysetKeys]) -> Self {
        Self {
            identity: info.identity.as_ref().map(|i| i.key.clone()),
            keysets: keysets.iter().map(|k| k.info.id.to_string()).collect(),
        }
    }

    /// Returns whether both are one mint: their identities are the same or, where one of them has none, they
    /// have a keyset in common.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.identity, &other.identity) {
            (Some(own), Some(others)) => own == others,
            (_, _) => !self.keysets.is_disjoint(&other.keysets),
        }
    }

    /// All labels that the mint's lock key may have been derived from.
    pub(crate) fn labels(&self) -> impl Iterator<Item = String> {
        self.identity.iter().chain(&self.keysets).cloned()
    }

    /// The label that the mint's lock key is derived from.
    fn label(&self) -> String {
        let keyset = || self.keysets.first().cloned().unwrap_or_default();
        self.identity.clone().unwrap_or_else(keyset)
    }
}

/// The key that tokens are locked to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LockKey {
    /// The one that is bound to no mint.
    Former,
    /// The one derived for this label.
    Of(String),
}

/// A mint that the publisher has or had, and its key.
#[derive(Serialize, Deserialize)]
struct Entry {
    mint: MintId,
    key: LockKey,
}

/// The key for a mint; remembers it. `had` is the mint that the publisher had before it kept this file, and
/// `is_new` says that the publisher's secret was made just now.
///
/// # Errors
/// [`Error::File`]; [`Error::Settings`] when the file is damaged.
pub(crate) fn choose(
    path: &Path,
    mint: &MintId,
    had: Option<&MintId>,
    is_new: bool,
) -> Result<LockKey, Error> {
    let mut entries = match std::fs::read(path) {
        Ok(bytes) => farthing_protocol::json::from_slice(&bytes).map_err(|_| {
            let shown = path.display();
            Error::Settings(format!(
                "{shown}: it says which mint tokens are locked for, and cannot be read; restore it from a \
                 backup"
            ))
        })?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && is_new => Vec::new(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => vec![Entry {
            mint: had.unwrap_or(mint).clone(),
            key: LockKey::Former,
        }],
        Err(error) => return Err(Error::file(path)(error)),
    };
    let key = match entries
        .iter_mut()
        .find(|entry: &&mut Entry| entry.mint.is(mint))
    {
        Some(entry) => {
            entry.mint.identity = entry.mint.identity.take().or(mint.identity.clone());
            entry.mint.keysets.extend(mint.keysets.iter().cloned());
            entry.key.clone()
        }
        None => {
            let key = LockKey::Of(mint.label());
            entries.push(Entry {
                mint: mint.clone(),
                key: key.clone(),
            });
            key
        }
    };
    write(path, &entries).map_err(Error::file(path))?;
    Ok(key)
}

/// Writes the file whole or not at all, for its owner alone.
fn write(path: &Path, entries: &[Entry]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut options = private::options();
    let mut file = options.write(true).create(true).truncate(true).open(&new)?;
    file.write_all(&serde_json::to_vec(entries)?)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mint(identity: Option<&str>, keysets: &[&str]) -> MintId {
        MintId {
            identity: identity.map(str::to_owned),
            keysets: keysets.iter().map(|id| (*id).to_owned()).collect(),
        }
    }

    #[test]
    fn a_key_of_before_goes_on_for_the_mint_that_it_had_and_another_mint_has_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let (had, other) = (mint(None, &["aa"]), mint(Some("i2"), &["cc"]));
        assert_eq!(choose(&path, &had, None, false).unwrap(), LockKey::Former);
        // The same mint with an identity, a new keyset and without the old one, step by step.
        for same in [
            mint(Some("i1"), &["aa", "bb"]),
            mint(Some("i1"), &["bb"]),
            mint(None, &["bb"]),
        ] {
            let key = choose(&path, &same, None, false).unwrap();
            assert_eq!(key, LockKey::Former);
        }
        let key = choose(&path, &other, None, false).unwrap();
        assert_eq!(key, LockKey::Of("i2".to_owned()));
        assert_eq!(choose(&path, &had, None, false).unwrap(), LockKey::Former);
    }

    #[test]
    fn a_key_of_before_stays_with_the_former_mint_when_the_mint_was_changed_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let (had, now) = (mint(None, &["aa"]), mint(None, &["cc", "dd"]));
        let key = choose(&path, &now, Some(&had), false).unwrap();
        assert_eq!(key, LockKey::Of("cc".to_owned()));
        assert_eq!(choose(&path, &had, None, false).unwrap(), LockKey::Former);
    }

    #[test]
    fn a_new_publisher_has_a_key_of_the_mint_from_the_beginning() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let own = mint(Some("i1"), &["aa"]);
        let key = choose(&path, &own, Some(&own), true).unwrap();
        assert_eq!(key, LockKey::Of("i1".to_owned()));
        std::fs::write(&path, "[").unwrap();
        assert!(choose(&path, &own, None, false).is_err());
    }
}
