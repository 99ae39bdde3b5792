//! People who hold keys that tokens are locked to.

use ed25519_dalek::{Signer as _, SigningKey};
use farthing_protocol::conditions::Witness;
use farthing_protocol::suite::{SuiteId, secp256k1};
use sha2::{Digest as _, Sha256};

use crate::Result;

/// Somebody with a private key for locks on tokens of one suite.
#[derive(Debug)]
pub enum Owner {
    /// Ed25519.
    Ristretto255(SigningKey),
    /// BIP-340.
    Secp256k1(secp256k1::SigningKey),
}

impl Owner {
    /// The owner of a private key.
    ///
    /// # Errors
    /// When the suite has no such key.
    pub fn of_suite(suite: SuiteId, key: &[u8; 32]) -> Result<Self> {
        Ok(match suite {
            SuiteId::Ristretto255 => Self::Ristretto255(SigningKey::from_bytes(key)),
            SuiteId::Secp256k1 => {
                let key = secp256k1::SigningKey::from_bytes(key);
                Self::Secp256k1(key.ok_or("no private key")?)
            }
        })
    }

    /// The public key, as locks name it.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        match self {
            Self::Ristretto255(key) => key.verifying_key().to_bytes().to_vec(),
            Self::Secp256k1(key) => key.public_key().as_bytes().to_vec(),
        }
    }

    /// A signature on the SHA-256 hash of a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        match self {
            Self::Ristretto255(key) => key.sign(&Sha256::digest(message)).to_bytes(),
            Self::Secp256k1(key) => key.sign(message),
        }
    }

    /// A witness with its signature on a message.
    #[must_use]
    pub fn witness(&self, message: &[u8]) -> String {
        let hex = self.sign(message).map(|byte| format!("{byte:02x}"));
        let witness = Witness {
            preimage: None,
            signatures: vec![hex.concat()],
        };
        witness.to_json()
    }
}
