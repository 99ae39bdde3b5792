//! Points and scalars as they are written on the wire: hex in JSON, byte strings in CBOR.
//!
//! Decoding checks the form alone (hex, length). Whether the bytes are a point of the group is the
//! suite's question ([`crate::suite::Suite::decode_point`]), asked once, after cheaper checks.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroize;

/// Why bytes or text from outside were refused before any curve operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not hexadecimal, or an odd number of digits.
    #[error("{what} is not hexadecimal")]
    Hex {
        /// Which field.
        what: &'static str,
    },
    /// The wrong number of bytes.
    #[error("{what} has {got} bytes, expected {expected}")]
    Length {
        /// Which field.
        what: &'static str,
        /// How many bytes came.
        got: usize,
        /// Which lengths are right.
        expected: &'static str,
    },
    /// The bytes are not a canonical encoding of a group element other than the identity.
    #[error("not a canonical point, or the identity")]
    Point,
    /// The bytes are not a canonical scalar.
    #[error("not a canonical scalar")]
    Scalar,
}

/// Reads up to `MAX` bytes of hex into a fixed buffer; gives the buffer and the length used.
pub(crate) fn decode_hex<const MAX: usize>(
    what: &'static str,
    expected: &'static str,
    text: &str,
) -> Result<([u8; MAX], usize), DecodeError> {
    let len = text.len() / 2;
    let mut bytes = [0u8; MAX];
    let target = bytes.get_mut(..len).ok_or(DecodeError::Length {
        what,
        got: len,
        expected,
    })?;
    hex::decode_to_slice(text, target).map_err(|_| DecodeError::Hex { what })?;
    Ok((bytes, len))
}

/// Reads exactly `N` bytes of hex; `None` for anything else.
pub(crate) fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

/// A visitor that takes hex text or raw bytes and hands both on as bytes.
pub(crate) struct BytesVisitor<F> {
    pub(crate) expecting: &'static str,
    pub(crate) from_hex: fn(&str) -> Result<F, DecodeError>,
    pub(crate) from_bytes: fn(&[u8]) -> Result<F, DecodeError>,
}

impl<F> de::Visitor<'_> for BytesVisitor<F> {
    type Value = F;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<F, E> {
        (self.from_hex)(text).map_err(E::custom)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<F, E> {
        (self.from_bytes)(bytes).map_err(E::custom)
    }
}

/// Reads hex where the format is for people (JSON), a byte string where it is not (CBOR).
pub(crate) fn deserialize_bytes<'de, D: Deserializer<'de>, F>(
    deserializer: D,
    visitor: BytesVisitor<F>,
) -> Result<F, D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_str(visitor)
    } else {
        deserializer.deserialize_bytes(visitor)
    }
}

/// Writes hex where the format is for people (JSON), a byte string where it is not (CBOR).
pub(crate) fn serialize_bytes<const MAX: usize, S: Serializer>(
    bytes: &[u8],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if !serializer.is_human_readable() {
        return serializer.serialize_bytes(bytes);
    }
    let mut text = [[0u8; 2]; MAX];
    let text = text.as_flattened_mut();
    let used = text.get_mut(..bytes.len() * 2);
    let used = used.ok_or_else(|| serde::ser::Error::custom("too many bytes"))?;
    hex::encode_to_slice(bytes, used).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(std::str::from_utf8(used).map_err(serde::ser::Error::custom)?)
}

/// Reads a value, or null for its default: writers differ in how they say that there is nothing.
pub(crate) fn or_null<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The encoding of a group element: 32 bytes (ristretto255) or 33 (secp256k1, compressed).
///
/// Not known to be a point of the group until a suite has decoded it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EncodedPoint {
    bytes: [u8; Self::MAX],
    len: u8,
}

impl EncodedPoint {
    const MAX: usize = 33;
    const EXPECTED: &'static str = "32 or 33";

    /// Takes 32 or 33 bytes.
    ///
    /// # Errors
    /// [`DecodeError::Length`] for any other length.
    pub fn from_bytes(from: &[u8]) -> Result<Self, DecodeError> {
        let wrong = DecodeError::Length {
            what: "point",
            got: from.len(),
            expected: Self::EXPECTED,
        };
        if from.len() != 32 && from.len() != 33 {
            return Err(wrong);
        }
        let mut bytes = [0; Self::MAX];
        bytes
            .get_mut(..from.len())
            .ok_or(wrong)?
            .copy_from_slice(from);
        Ok(Self {
            bytes,
            len: from.len() as u8,
        })
    }

    /// Takes 64 or 66 hexadecimal digits of either case.
    ///
    /// # Errors
    /// [`DecodeError::Hex`] or [`DecodeError::Length`].
    pub fn from_hex(text: &str) -> Result<Self, DecodeError> {
        let (bytes, len) = decode_hex::<{ Self::MAX }>("point", Self::EXPECTED, text)?;
        Self::from_bytes(bytes.get(..len).unwrap_or_default())
    }

    /// The encoding, 32 or 33 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The encoding as lower-case hex.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.as_bytes())
    }
}

impl From<[u8; 32]> for EncodedPoint {
    fn from(from: [u8; 32]) -> Self {
        let mut bytes = [0; Self::MAX];
        bytes[..32].copy_from_slice(&from);
        Self { bytes, len: 32 }
    }
}

impl From<[u8; 33]> for EncodedPoint {
    fn from(bytes: [u8; 33]) -> Self {
        Self { bytes, len: 33 }
    }
}

impl fmt::Debug for EncodedPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl Serialize for EncodedPoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_bytes::<{ Self::MAX }, S>(self.as_bytes(), serializer)
    }
}

impl<'de> Deserialize<'de> for EncodedPoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = BytesVisitor {
            expecting: "a point, 32 or 33 bytes",
            from_hex: Self::from_hex,
            from_bytes: Self::from_bytes,
        };
        deserialize_bytes(deserializer, visitor)
    }
}

/// The encoding of a scalar, 32 bytes. Not known to be canonical until a suite has decoded it.
///
/// `Debug` shows nothing: a scalar may be a blinding factor.
#[derive(Clone, PartialEq, Eq, Zeroize)]
pub struct EncodedScalar(pub [u8; 32]);

impl EncodedScalar {
    /// Takes 32 bytes.
    ///
    /// # Errors
    /// [`DecodeError::Length`] for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wrong = |_| DecodeError::Length {
            what: "scalar",
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
        let (bytes, len) = decode_hex::<32>("scalar", "32", text)?;
        Self::from_bytes(bytes.get(..len).unwrap_or_default())
    }
}

impl fmt::Debug for EncodedScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncodedScalar(…)")
    }
}

impl Serialize for EncodedScalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_bytes::<32, S>(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for EncodedScalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = BytesVisitor {
            expecting: "a scalar, 32 bytes",
            from_hex: Self::from_hex,
            from_bytes: Self::from_bytes,
        };
        deserialize_bytes(deserializer, visitor)
    }
}
