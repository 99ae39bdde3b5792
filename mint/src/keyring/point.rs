//! Points of either suite, decoded.

use farthing_protocol::suite::{Ristretto255, Secp256k1, Suite, SuiteId};
use farthing_protocol::{DecodeError, EncodedPoint};

/// A point, of the suite of the keyset that it came with.
#[derive(Clone, Copy)]
pub enum Point {
    /// Of the native suite.
    Ristretto255(<Ristretto255 as Suite>::Point),
    /// Of Cashu's.
    Secp256k1(<Secp256k1 as Suite>::Point),
}

impl Point {
    /// Hashes a secret's bytes to the group: `Y`.
    #[must_use]
    pub fn hash(suite: SuiteId, secret: &[u8]) -> Self {
        match suite {
            SuiteId::Ristretto255 => Self::Ristretto255(Ristretto255::hash_to_group(secret)),
            SuiteId::Secp256k1 => Self::Secp256k1(Secp256k1::hash_to_group(secret)),
        }
    }

    /// Decodes a point.
    ///
    /// # Errors
    /// As [`Suite::decode_point`].
    pub fn decode(suite: SuiteId, encoded: &EncodedPoint) -> Result<Self, DecodeError> {
        Ok(match suite {
            SuiteId::Ristretto255 => Self::Ristretto255(Ristretto255::decode_point(encoded)?),
            SuiteId::Secp256k1 => Self::Secp256k1(Secp256k1::decode_point(encoded)?),
        })
    }

    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> EncodedPoint {
        match self {
            Self::Ristretto255(point) => Ristretto255::encode_point(point),
            Self::Secp256k1(point) => Secp256k1::encode_point(point),
        }
    }
}
