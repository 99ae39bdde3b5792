//! What a caller knows a redemption by.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::encoding::{self, BytesVisitor, DecodeError};

/// The reference of a redemption: 32 bytes that the caller chooses, 64 hexadecimal digits in JSON.
///
/// A mint does nothing with it. But it is part of the request's bytes, and a mint repeats its answer
/// to the same bytes alone: whoever makes the reference depend on what is sold can tell a repeated
/// answer from a payment for something else (`docs/reference/protocol.md`, section 12.4).
///
/// `Debug` shows nothing: a reference is the caller's own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reference(pub [u8; 32]);

impl Reference {
    /// Takes 32 bytes.
    ///
    /// # Errors
    /// [`DecodeError::Length`] for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wrong = |_| DecodeError::Length {
            what: "reference",
            got: bytes.len(),
            expected: "32",
        };
        Ok(Self(bytes.try_into().map_err(wrong)?))
    }

    /// Takes 64 hexadecimal digits of either case.
    ///
    /// # Errors
    /// [`DecodeError::Hex`] or [`DecodeError::Length`].
    pub fn from_hex(text: &str) -> Result<Self, DecodeError> {
        let (bytes, len) = encoding::decode_hex::<32>("reference", "32", text)?;
        Self::from_bytes(bytes.get(..len).unwrap_or_default())
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reference(…)")
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        encoding::serialize_bytes::<32, S>(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = BytesVisitor {
            expecting: "a reference, 32 bytes",
            from_hex: Self::from_hex,
            from_bytes: Self::from_bytes,
        };
        encoding::deserialize_bytes(deserializer, visitor)
    }
}
