//! Keysets: one key per amount, under an id that commits to all of them (NUT-01, NUT-02).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::encoding::{self, DecodeError, EncodedPoint, ShortBytes, wire_form};
use crate::suite::{Ristretto255, Secp256k1, Suite, SuiteId};

/// The id of a keyset: a version byte and a hash of the public keys and their terms (NUT-02).
///
/// 33 bytes for versions `01` (secp256k1) and `52` (ristretto255), 8 bytes for the old version `00`.
/// Inside tokens a long id may be cut to its first 8 bytes; see [`KeysetId::short`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeysetId(ShortBytes<{ KeysetId::LONG }>);

wire_form!(KeysetId, "keyset id", "8 or 33", Self::LONG);

impl KeysetId {
    /// The version byte of [`Self::derive_v1`].
    pub const VERSION_OLD: u8 = 0x00;
    const LONG: usize = 33;
    const SHORT: usize = 8;

    /// Computes the id of a keyset of suite `S` (NUT-02, "Keyset ID V2").
    ///
    /// For ristretto255 the preimage ends with `|suite:ristretto255-SHA512`, so that no keyset of one
    /// suite can pass for one of another. A fee of 0 and no expiry leave their parts out.
    #[must_use]
    pub fn derive<S: Suite>(
        keys: &PublicKeys,
        unit: &str,
        input_fee_ppk: u64,
        final_expiry: Option<u64>,
    ) -> Self {
        let mut preimage = String::new();
        for (amount, key) in keys.iter() {
            let comma = if preimage.is_empty() { "" } else { "," };
            preimage.push_str(&format!("{comma}{amount}:{}", key.to_hex()));
        }
        preimage.push_str(&format!("|unit:{}", unit.to_lowercase()));
        if input_fee_ppk != 0 {
            preimage.push_str(&format!("|input_fee_ppk:{input_fee_ppk}"));
        }
        if let Some(expiry) = final_expiry.filter(|expiry| *expiry != 0) {
            preimage.push_str(&format!("|final_expiry:{expiry}"));
        }
        preimage.push_str(S::KEYSET_ID_SUFFIX);
        let mut bytes = [S::KEYSET_ID_VERSION; Self::LONG];
        bytes[1..].copy_from_slice(&Sha256::digest(preimage.as_bytes()));
        Self(ShortBytes::new(&bytes))
    }

    /// Computes the old id of a secp256k1 keyset, version `00` (NUT-02, "V1 Keysets (deprecated)"): of
    /// the keys alone, cut to 7 bytes. Farthing's mint makes none; other mints have them.
    #[must_use]
    pub fn derive_v1(keys: &PublicKeys) -> Self {
        let mut hash = Sha256::new();
        for (_, key) in keys.iter() {
            hash.update(key.as_bytes());
        }
        let hash: [u8; 32] = hash.finalize().into();
        let mut bytes = [Self::VERSION_OLD; Self::SHORT];
        bytes[1..].copy_from_slice(&hash[..Self::SHORT - 1]);
        Self(ShortBytes::new(&bytes))
    }

    /// Takes 8 or 33 bytes.
    ///
    /// # Errors
    /// [`DecodeError::Length`] for any other length.
    pub fn from_bytes(from: &[u8]) -> Result<Self, DecodeError> {
        match from.len() {
            Self::SHORT | Self::LONG => Ok(Self(ShortBytes::new(from))),
            got => Err(Self::wrong_length(got)),
        }
    }

    /// The id, 8 or 33 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The version byte: which suite and which derivation.
    #[must_use]
    pub fn version(&self) -> u8 {
        *self.as_bytes().first().expect("an id has 8 bytes or 33")
    }

    /// The first 8 bytes, as tokens carry them (NUT-00, "Short keyset ID").
    #[must_use]
    pub fn short(&self) -> Self {
        let short = self.as_bytes().get(..Self::SHORT);
        Self(ShortBytes::new(short.expect("an id has 8 bytes or 33")))
    }

    /// Finds the one id among `known` that this full or short id stands for; `None` when there is
    /// none or more than one.
    pub fn resolve<'a>(&self, known: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut found = known
            .into_iter()
            .filter(|id| *id == self || id.short() == *self);
        let first = *found.next()?;
        found.all(|id| *id == first).then_some(first)
    }
}

impl fmt::Display for KeysetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}

impl fmt::Debug for KeysetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeysetId({self})")
    }
}

impl SuiteId {
    /// Returns the suite of the keyset with this id, full or short; `None` for versions not known here.
    #[must_use]
    pub fn of(keyset: &KeysetId) -> Option<Self> {
        match keyset.version() {
            Ristretto255::KEYSET_ID_VERSION => Some(Self::Ristretto255),
            KeysetId::VERSION_OLD | Secp256k1::KEYSET_ID_VERSION => Some(Self::Secp256k1),
            _ => None,
        }
    }
}

/// The public keys of a keyset by amount, ascending (NUT-01).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKeys(BTreeMap<u64, EncodedPoint>);

impl PublicKeys {
    /// The key for `amount`, if the keyset has one.
    #[must_use]
    pub fn get(&self, amount: u64) -> Option<&EncodedPoint> {
        self.0.get(&amount)
    }

    /// All amounts with their keys, in ascending order of amount.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &EncodedPoint)> {
        self.0.iter().map(|(amount, key)| (*amount, key))
    }

    /// The amounts, ascending.
    #[must_use]
    pub fn amounts(&self) -> Vec<u64> {
        self.0.keys().copied().collect()
    }
}

impl FromIterator<(u64, EncodedPoint)> for PublicKeys {
    fn from_iter<T: IntoIterator<Item = (u64, EncodedPoint)>>(keys: T) -> Self {
        Self(keys.into_iter().collect())
    }
}

/// A keyset without its keys, as `/v1/keysets` lists it (NUT-02).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysetInfo {
    /// The id.
    pub id: KeysetId,
    /// The unit, for example `credit` or `sat`.
    pub unit: String,
    /// Whether it signs new tokens.
    pub active: bool,
    /// The fee for each input, in thousandths of the unit.
    #[serde(default, deserialize_with = "encoding::or_null")]
    pub input_fee_ppk: u64,
    /// After this Unix time the mint need not honour its tokens any more.
    #[serde(default)]
    pub final_expiry: Option<u64>,
}

/// The fee for inputs whose `input_fee_ppk` add up to `ppk_sum`, in the unit: rounded up (NUT-02).
#[must_use]
pub fn fee(ppk_sum: u64) -> u64 {
    ppk_sum.div_ceil(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(first: u8) -> KeysetId {
        KeysetId::from_bytes(&[first; 33]).unwrap()
    }

    #[test]
    fn a_fee_is_rounded_up_once_for_the_whole_request() {
        assert_eq!(fee(0), 0);
        assert_eq!(fee(1), 1);
        assert_eq!(fee(300), 1);
        assert_eq!(fee(1000), 1);
        assert_eq!(fee(1001), 2);
        assert_eq!(fee(u64::MAX), u64::MAX / 1000 + 1);
    }

    #[test]
    fn a_short_id_resolves_only_when_it_is_unambiguous() {
        let mut twin = [7; 33];
        twin[32] = 8;
        let twin = KeysetId::from_bytes(&twin).unwrap();
        assert_eq!(id(7).short().resolve(&[id(7), id(9)]), Some(id(7)));
        assert_eq!(id(7).resolve(&[id(7), twin]), Some(id(7)));
        assert_eq!(id(7).short().resolve(&[id(7), twin]), None);
        assert_eq!(id(7).short().resolve(&[id(9)]), None);
    }

    #[test]
    fn ids_of_other_lengths_are_refused() {
        for len in [0, 7, 9, 32, 34, 64] {
            assert!(KeysetId::from_hex(&"52".repeat(len)).is_err(), "{len}");
        }
        assert!(KeysetId::from_hex("520").is_err());
        assert!(KeysetId::from_hex(&"zz".repeat(33)).is_err());
    }
}
