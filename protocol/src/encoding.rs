//! Points and scalars as they are written on the wire: hex in JSON, byte strings in CBOR.
//!
//! Decoding checks the form alone (hex, length). Whether the bytes are a point of the group is the
//! suite's question ([`crate::suite::Suite::decode_point`]), asked once, after cheaper checks.

use std::fmt;
use std::marker::PhantomData;

use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Deserializer, Serializer, de};
use zeroize::Zeroize;

/// Why bytes or text from outside were refused before any curve operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
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

/// Reads exactly `N` bytes of hex; `None` for anything else.
pub(crate) fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

/// base64url: written without padding, read with and without.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads a value, or null for its default: writers differ in how they say that there is nothing.
pub(crate) fn or_null<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// At most `MAX` bytes, in place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ShortBytes<const MAX: usize> {
    bytes: [u8; MAX],
    len: u8,
}

impl<const MAX: usize> ShortBytes<MAX> {
    /// Takes at most `MAX` bytes, which its caller has counted.
    pub(crate) fn new(from: &[u8]) -> Self {
        let mut bytes = [0; MAX];
        let used = bytes.get_mut(..from.len());
        used.expect("the caller has counted the bytes")
            .copy_from_slice(from);
        Self {
            bytes,
            len: u8::try_from(from.len()).expect("no id and no point is longer than 255 bytes"),
        }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        let used = self.bytes.get(..usize::from(self.len));
        used.expect("the length is that of what was copied")
    }
}

/// A type that is hex where the format is for people (JSON), and a byte string where it is not (CBOR).
pub(crate) trait WireForm: Sized {
    /// What it is called in errors.
    const WHAT: &'static str;
    /// The lengths that are right, in errors.
    const LENGTHS: &'static str;

    fn from_wire(bytes: &[u8]) -> Result<Self, DecodeError>;

    /// Reads hex into a buffer of `MAX` bytes.
    fn from_wire_hex<const MAX: usize>(text: &str) -> Result<Self, DecodeError> {
        let mut bytes = [0; MAX];
        let len = text.len() / 2;
        let bytes = bytes.get_mut(..len).ok_or(DecodeError::Length {
            what: Self::WHAT,
            got: len,
            expected: Self::LENGTHS,
        })?;
        let what = Self::WHAT;
        hex::decode_to_slice(text, bytes).map_err(|_| DecodeError::Hex { what })?;
        Self::from_wire(bytes)
    }
}

/// Reads a [`WireForm`] of at most `MAX` bytes.
pub(crate) struct WireVisitor<T, const MAX: usize>(pub(crate) PhantomData<T>);

impl<T: WireForm, const MAX: usize> de::Visitor<'_> for WireVisitor<T, MAX> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {}, {} bytes", T::WHAT, T::LENGTHS)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        T::from_wire_hex::<MAX>(text).map_err(E::custom)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<T, E> {
        T::from_wire(bytes).map_err(E::custom)
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

/// Gives a type with `from_bytes` and `as_bytes` its form on the wire: its name in errors, its lengths in errors,
/// and the most bytes.
macro_rules! wire_form {
    ($type:ident, $what:literal, $lengths:literal, $max:expr) => {
        impl $crate::encoding::WireForm for $type {
            const WHAT: &'static str = $what;
            const LENGTHS: &'static str = $lengths;

            fn from_wire(bytes: &[u8]) -> Result<Self, $crate::DecodeError> {
                Self::from_bytes(bytes)
            }
        }

        impl $type {
            /// Takes hexadecimal digits of either case.
            ///
            /// # Errors
            /// [`DecodeError::Hex`]($crate::DecodeError::Hex) or
            /// [`DecodeError::Length`]($crate::DecodeError::Length).
            pub fn from_hex(text: &str) -> Result<Self, $crate::DecodeError> {
                <Self as $crate::encoding::WireForm>::from_wire_hex::<{ $max }>(text)
            }

            fn wrong_length(got: usize) -> $crate::DecodeError {
                $crate::DecodeError::Length {
                    what: $what,
                    got,
                    expected: $lengths,
                }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::encoding::serialize_bytes::<{ $max }, S>(self.as_bytes(), serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let visitor =
                    $crate::encoding::WireVisitor::<Self, { $max }>(std::marker::PhantomData);
                if deserializer.is_human_readable() {
                    deserializer.deserialize_str(visitor)
                } else {
                    deserializer.deserialize_bytes(visitor)
                }
            }
        }
    };
}
pub(crate) use wire_form;

/// The encoding of a group element: 32 bytes (ristretto255) or 33 (secp256k1, compressed).
///
/// Not known to be a point of the group until a suite has decoded it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EncodedPoint(ShortBytes<33>);

wire_form!(EncodedPoint, "point", "32 or 33", 33);

impl EncodedPoint {
    /// Takes 32 or 33 bytes.
    ///
    /// # Errors
    /// [`DecodeError::Length`] for any other length.
    pub fn from_bytes(from: &[u8]) -> Result<Self, DecodeError> {
        match from.len() {
            32 | 33 => Ok(Self(ShortBytes::new(from))),
            got => Err(Self::wrong_length(got)),
        }
    }

    /// Returns the encoding, 32 or 33 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Returns the encoding as lower-case hex.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.as_bytes())
    }
}

impl From<[u8; 32]> for EncodedPoint {
    fn from(from: [u8; 32]) -> Self {
        Self(ShortBytes::new(&from))
    }
}

impl From<[u8; 33]> for EncodedPoint {
    fn from(from: [u8; 33]) -> Self {
        Self(ShortBytes::new(&from))
    }
}

impl fmt::Debug for EncodedPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// The encoding of a scalar, 32 bytes. Not known to be canonical until a suite has decoded it.
///
/// `Debug` shows nothing: a scalar may be a blinding factor.
#[derive(Clone, PartialEq, Eq, Zeroize)]
pub struct EncodedScalar(pub [u8; 32]);

wire_form!(EncodedScalar, "scalar", "32", 32);

impl EncodedScalar {
    /// Takes 32 bytes.
    ///
    /// # Errors
    /// [`DecodeError::Length`] for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let array = bytes.try_into();
        array.map(Self).map_err(|_| Self::wrong_length(bytes.len()))
    }

    fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for EncodedScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncodedScalar(…)")
    }
}
