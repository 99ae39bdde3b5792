//! Which suite a keyset belongs to, told at run time by its id.

use super::{Suite, VerifyError};

/// A suite, by name. Code that is generic over [`Suite`] is entered with [`with_suite!`](crate::with_suite).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SuiteId {
    /// `ristretto255-SHA512`: [`Ristretto255`](super::Ristretto255).
    Ristretto255,
    /// `secp256k1`: [`Secp256k1`](super::Secp256k1).
    Secp256k1,
}

/// Evaluates an expression for the suite that a [`SuiteId`](crate::suite::SuiteId) names: in it, the
/// given name is the type.
///
/// ```
/// use farthing_protocol::suite::{Suite, SuiteId};
/// use farthing_protocol::with_suite;
///
/// let bytes = |suite| with_suite!(suite, S => S::POINT_BYTES);
/// assert_eq!((bytes(SuiteId::Ristretto255), bytes(SuiteId::Secp256k1)), (32, 33));
/// ```
#[macro_export]
macro_rules! with_suite {
    ($suite:expr, $type:ident => $body:expr) => {
        match $suite {
            $crate::suite::SuiteId::Ristretto255 => {
                type $type = $crate::suite::Ristretto255;
                $body
            }
            $crate::suite::SuiteId::Secp256k1 => {
                type $type = $crate::suite::Secp256k1;
                $body
            }
        }
    };
}

impl SuiteId {
    /// All suites.
    pub const ALL: [Self; 2] = [Self::Ristretto255, Self::Secp256k1];

    /// The suite with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// [`Suite::NAME`].
    #[must_use]
    pub fn name(self) -> &'static str {
        with_suite!(self, S => S::NAME)
    }

    /// [`Suite::lock_key`].
    ///
    /// # Errors
    /// [`VerifyError::Key`].
    pub fn lock_key(self, key: &[u8]) -> Result<[u8; 32], VerifyError> {
        with_suite!(self, S => S::lock_key(key))
    }

    /// [`Suite::verify_signature`].
    ///
    /// # Errors
    /// [`VerifyError::Key`] or [`VerifyError::Signature`].
    pub fn verify_signature(
        self,
        key: &[u8; 32],
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), VerifyError> {
        with_suite!(self, S => S::verify_signature(key, message, signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeysetId;

    #[test]
    fn a_keysets_version_tells_its_suite() {
        let of = |bytes: &[u8]| SuiteId::of(&KeysetId::from_bytes(bytes).unwrap());
        assert_eq!(of(&[0x52; 33]), Some(SuiteId::Ristretto255));
        assert_eq!(of(&[0x52; 8]), Some(SuiteId::Ristretto255));
        assert_eq!(of(&[0x01; 33]), Some(SuiteId::Secp256k1));
        assert_eq!(of(&[0x01; 8]), Some(SuiteId::Secp256k1));
        assert_eq!(of(&[0x00; 8]), Some(SuiteId::Secp256k1));
        for version in (0x02..=0xff).filter(|v| *v != 0x52) {
            assert_eq!(of(&[version; 33]), None, "{version}");
        }
    }

    #[test]
    fn a_suite_is_found_by_its_name() {
        assert_eq!(SuiteId::Ristretto255.name(), "ristretto255-SHA512");
        assert_eq!(SuiteId::Secp256k1.name(), "secp256k1");
        for suite in SuiteId::ALL {
            assert_eq!(SuiteId::from_name(suite.name()), Some(suite));
        }
        for other in ["", "ristretto255", "SECP256K1", "P256-SHA256"] {
            assert_eq!(SuiteId::from_name(other), None, "{other}");
        }
    }
}
