//! The keysets as everybody may see them.

use std::collections::HashMap;
use std::sync::Arc;

use farthing_protocol::api::{Keys, KeysetKeys, Keysets, keysets_digest};
use farthing_protocol::{KeysetId, KeysetInfo, PublicKeys};

use crate::keyring::{KeysetKind, KeysetTerms};

/// What a keyset may still be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysetState {
    /// Signs and redeems.
    Active,
    /// Redeems only.
    Retired,
    /// Neither: it would have redeemed more than it issued, so one of its keys has leaked.
    Frozen,
    /// Neither, until the operator has said which of its tokens were spent after the copy that the
    /// store was restored from.
    Quarantined,
}

impl KeysetState {
    /// The word for it in the store and the operator's commands.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Frozen => "frozen",
            Self::Quarantined => "quarantined",
        }
    }

    /// Reads the word; `None` for any other.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Active, Self::Retired, Self::Frozen, Self::Quarantined];
        all.into_iter().find(|state| state.as_str() == word)
    }
}

/// A keyset without its private keys.
#[derive(Clone, Debug)]
pub struct Keyset {
    /// Its id.
    pub id: KeysetId,
    /// What it was made of.
    pub terms: KeysetTerms,
    /// What it may be used for.
    pub state: KeysetState,
    /// Its public keys.
    pub keys: PublicKeys,
}

impl Keyset {
    /// As `/v1/keysets` lists it.
    #[must_use]
    pub fn info(&self) -> KeysetInfo {
        KeysetInfo {
            id: self.id,
            unit: self.terms.unit.clone(),
            active: self.state == KeysetState::Active,
            input_fee_ppk: self.terms.input_fee_ppk,
            final_expiry: self.terms.final_expiry,
        }
    }

    /// Whether its final expiry is past at Unix time `now`.
    #[must_use]
    pub fn is_expired(&self, now: u64) -> bool {
        self.terms.final_expiry.is_some_and(|expiry| now > expiry)
    }

    /// Whether it has a key for `amount`.
    #[must_use]
    pub fn has_amount(&self, amount: u64) -> bool {
        amount.is_power_of_two() && amount.trailing_zeros() < u32::from(self.terms.amounts)
    }
}

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

    /// The digest of all keysets, as `/v1/info` shows it.
    #[must_use]
    pub fn digest(&self) -> String {
        keysets_digest(self.keysets.iter().map(|k| &k.id))
    }
}
