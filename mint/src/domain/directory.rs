//! The keysets as everybody may see them.

use std::collections::HashMap;
use std::sync::Arc;

use farthing_protocol::KeysetId;
use farthing_protocol::api::{Keys, KeysetKeys, Keysets};

use super::keyset::{Keyset, KeysetKind, KeysetState};

/// All keysets of the mint at one moment, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    keysets: Vec<Arc<Keyset>>,
    by_id: HashMap<KeysetId, Arc<Keyset>>,
    /// Counts the operator's changes; see [`crate::store`].
    pub revision: i64,
}

impl Directory {
    /// A directory of keysets in order of their index.
    #[must_use]
    pub fn new(keysets: Vec<Arc<Keyset>>, revision: i64) -> Self {
        let by_id = keysets.iter().map(|k| (k.id, Arc::clone(k))).collect();
        Self {
            keysets,
            by_id,
            revision,
        }
    }

    /// Finds a keyset by its full id.
    #[must_use]
    pub fn get(&self, id: &KeysetId) -> Option<&Arc<Keyset>> {
        self.by_id.get(id)
    }

    /// All keysets, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Keyset>> {
        self.keysets.iter()
    }

    /// All keysets of a kind, oldest first.
    pub fn of_kind(&self, kind: KeysetKind) -> impl DoubleEndedIterator<Item = &Arc<Keyset>> {
        let all = self.keysets.iter();
        all.filter(move |keyset| keyset.terms.kind() == kind)
    }

    /// The keyset of a kind that signs new tokens.
    #[must_use]
    pub fn active(&self, kind: KeysetKind) -> Option<&Arc<Keyset>> {
        let mut newest = self.of_kind(kind).rev();
        newest.find(|k| k.state == KeysetState::Active)
    }

    /// The body of `/v1/keysets` where keysets of this kind are shown.
    #[must_use]
    pub fn to_keysets(&self, kind: KeysetKind) -> Keysets {
        Keysets {
            keysets: self.of_kind(kind).map(|k| k.info()).collect(),
        }
    }

    /// The body of `/v1/keys` where keysets of this kind are shown: active ones, or with `id` that one;
    /// `None` when it is not known there.
    #[must_use]
    pub fn to_keys(&self, kind: KeysetKind, id: Option<&KeysetId>) -> Option<Keys> {
        let all = self.of_kind(kind);
        let wanted: Vec<_> = match id {
            Some(id) => vec![all.into_iter().find(|keyset| keyset.id == *id)?],
            None => all.filter(|k| k.state == KeysetState::Active).collect(),
        };
        let keysets = wanted.into_iter().map(|keyset| KeysetKeys {
            info: keyset.info(),
            keys: keyset.keys.clone(),
        });
        Some(Keys {
            keysets: keysets.collect(),
        })
    }
}
