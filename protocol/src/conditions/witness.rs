//! Witnesses: what opens a lock (NUT-11 "Witness format", NUT-14 "Witness format").

use std::fmt;

use serde::{Deserialize, Serialize};

use super::LockError;
use crate::encoding::{decode_array, or_null};
use crate::json;

/// The object that a proof's `witness` field holds as a string.
///
/// `Debug` shows nothing: with the token's secret, a witness is what spends it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// The preimage of an HTLC, 64 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preimage: Option<String>,
    /// Signatures by keys of the lock, 128 hex digits each. Some wallets write null for none.
    #[serde(default, deserialize_with = "or_null")]
    pub signatures: Vec<String>,
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness(…)")
    }
}

impl Witness {
    /// Reads a proof's witness field; none at all is an empty witness.
    ///
    /// # Errors
    /// [`LockError::Witness`] when it is not such an object.
    pub fn parse(text: Option<&str>) -> Result<Self, LockError> {
        match text {
            None => Ok(Self::default()),
            Some(text) => json::from_str(text).map_err(|_| LockError::Witness),
        }
    }

    /// Writes the string for a proof's witness field.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings can always be written as JSON")
    }

    /// The signatures as bytes.
    ///
    /// # Errors
    /// [`LockError::Witness`] when one is not 64 bytes of hex.
    pub fn decode_signatures(&self) -> Result<Vec<[u8; 64]>, LockError> {
        let decode = |text: &String| decode_array(text).ok_or(LockError::Witness);
        self.signatures.iter().map(decode).collect()
    }

    /// The preimage as 32 bytes, if there is one.
    ///
    /// # Errors
    /// [`LockError::Witness`] when it is not 32 bytes of hex.
    pub fn decode_preimage(&self) -> Result<Option<[u8; 32]>, LockError> {
        let decode = |text: &String| decode_array(text).ok_or(LockError::Witness);
        self.preimage.as_ref().map(decode).transpose()
    }
}
