//! Who a mint is, whatever its address: a key of its own, the addresses at which it is reached, and
//! whose a keyset is (`docs/reference/protocol.md`, section 4.5).
//!
//! Keysets are public, and another server can show them as its own. So the key of each keyset signs the
//! identity it belongs to: nobody but the mint can. And it can pass everything on to the mint, the
//! identity too. So the identity signs the addresses that are the mint's.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::suite::{Suite, SuiteId};
use crate::{KeysetId, PublicKeys, with_suite};

/// What the signed list of addresses begins with.
const DOMAIN_ADDRESSES: &[u8] = b"Farthing_mint_addresses_v1";
/// What a keyset's key signs begins with.
const DOMAIN_KEYSET: &[u8] = b"Farthing_mint_keyset_v1";

/// The most addresses in a statement.
pub const URLS_MAX: usize = 16;
/// The most bytes of an address.
pub const URL_BYTES_MAX: usize = 512;

/// Why an identity was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The key is not an Ed25519 public key in lower-case hex.
    #[error("its key is not a public key")]
    Key,
    /// More or longer addresses than there may be.
    #[error("it lists more addresses than a mint may have")]
    Addresses,
    /// The signature on the addresses does not verify.
    #[error("the signature on its addresses does not verify")]
    Signature,
}

/// A mint's identity, as `/v1/info` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The mint's public key: Ed25519, 64 lower-case hex digits.
    pub key: String,
    /// The addresses at which the mint is reached, the first one preferred.
    pub urls: Vec<String>,
    /// When the list was made, Unix seconds. Of two lists the later one counts.
    pub issued: u64,
    /// The key's signature on `issued` and `urls`, hex.
    pub signature: String,
    /// For each keyset by id: the signature of its key for the smallest amount on `key` and the id, hex.
    #[serde(default)]
    pub keysets: BTreeMap<String, String>,
}

impl Identity {
    /// Signs a list of addresses; keysets are still to be added.
    #[must_use]
    pub fn sign(key: &SigningKey, urls: Vec<String>, issued: u64) -> Self {
        let public = key.verifying_key().to_bytes();
        let signature = key.sign(&addresses_message(&public, &urls, issued));
        Self {
            key: hex::encode(public),
            urls,
            issued,
            signature: hex::encode(signature.to_bytes()),
            keysets: BTreeMap::new(),
        }
    }

    /// Checks key and addresses; returns the key. What it says of keysets is checked by
    /// [`Self::owns`].
    ///
    /// # Errors
    /// An [`IdentityError`].
    pub fn verify(&self) -> Result<[u8; 32], IdentityError> {
        if self.urls.len() > URLS_MAX || self.urls.iter().any(|url| url.len() > URL_BYTES_MAX) {
            return Err(IdentityError::Addresses);
        }
        let bytes = self.key_bytes().ok_or(IdentityError::Key)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| IdentityError::Key)?;
        let mut signature = [0; 64];
        hex::decode_to_slice(&self.signature, &mut signature)
            .map_err(|_| IdentityError::Signature)?;
        let message = addresses_message(&bytes, &self.urls, self.issued);
        key.verify_strict(&message, &Signature::from_bytes(&signature))
            .map_err(|_| IdentityError::Signature)?;
        Ok(bytes)
    }

    /// Returns whether the keyset with these keys has signed that it is this identity's.
    #[must_use]
    pub fn owns(&self, id: &KeysetId, keys: &PublicKeys) -> bool {
        self.checks_keyset(id, keys).unwrap_or(false)
    }

    fn checks_keyset(&self, id: &KeysetId, keys: &PublicKeys) -> Option<bool> {
        let mut signature = [0; 64];
        hex::decode_to_slice(self.keysets.get(&id.to_string())?, &mut signature).ok()?;
        let key = keys.get(*keys.amounts().first()?)?;
        let message = keyset_message(&self.key_bytes()?, id);
        let suite = SuiteId::of(id)?;
        with_suite!(suite, S => {
            let point = S::decode_point(key).ok()?;
            Some(S::verify_message(&point, &message, &signature).is_ok())
        })
    }

    /// The key's bytes; `None` when it is not written in lower-case hex, so that one key has one form.
    fn key_bytes(&self) -> Option<[u8; 32]> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(&self.key, &mut bytes).ok()?;
        (hex::encode(bytes) == self.key).then_some(bytes)
    }
}

/// Returns what a keyset's key signs: the domain, the identity's key, and the keyset's id.
#[must_use]
pub fn keyset_message(identity: &[u8; 32], keyset: &KeysetId) -> Vec<u8> {
    [DOMAIN_KEYSET, identity, keyset.as_bytes()].concat()
}

/// Returns what the identity signs: the domain, its key, when, how many addresses, and each with its length.
/// Numbers are big-endian.
fn addresses_message(key: &[u8; 32], urls: &[String], issued: u64) -> Vec<u8> {
    let mut message = [DOMAIN_ADDRESSES, key, &issued.to_be_bytes()].concat();
    message.extend((urls.len() as u32).to_be_bytes());
    for url in urls {
        message.extend((url.len() as u32).to_be_bytes());
        message.extend(url.as_bytes());
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(seed: u8) -> Identity {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let urls = ["https://mint.example", "http://mint.onion"];
        Identity::sign(&key, urls.map(str::to_owned).to_vec(), 1_800_000_000)
    }

    #[test]
    fn a_list_of_addresses_verifies_and_none_that_was_changed() {
        let signed = identity(1);
        assert_eq!(hex::encode(signed.verify().unwrap()), signed.key);
        let refused = |change: fn(&mut Identity)| {
            let mut changed = identity(1);
            change(&mut changed);
            changed.verify().unwrap_err()
        };
        assert_eq!(refused(|i| i.issued += 1), IdentityError::Signature);
        assert_eq!(refused(|i| i.urls.reverse()), IdentityError::Signature);
        assert_eq!(
            refused(|i| i.urls = vec![i.urls.concat()]),
            IdentityError::Signature
        );
        assert_eq!(
            refused(|i| i.key = identity(2).key),
            IdentityError::Signature
        );
        assert_eq!(
            refused(|i| i.key = i.key.to_uppercase()),
            IdentityError::Key
        );
        assert_eq!(refused(|i| i.signature.clear()), IdentityError::Signature);
        let many = |i: &mut Identity| i.urls = vec![String::new(); URLS_MAX + 1];
        assert_eq!(refused(many), IdentityError::Addresses);
    }

    #[test]
    fn a_keyset_is_of_the_identity_that_its_key_has_signed() {
        for suite in SuiteId::ALL {
            with_suite!(suite, S => {
                let key = S::secret_key(&[7; 64]).unwrap();
                let stranger = S::secret_key(&[8; 64]).unwrap();
                let public = |key| S::encode_point(&S::public_key(key));
                let keys = PublicKeys::from_iter([(1, public(&key)), (2, public(&stranger))]);
                let id = KeysetId::derive::<S>(&keys, "sat", 0, None);
                let mut own = identity(1);
                assert!(!own.owns(&id, &keys), "nothing is signed yet");
                let bytes = own.verify().unwrap();
                let signed = |key, identity: &[u8; 32]| {
                    hex::encode(S::sign_message(key, &keyset_message(identity, &id)))
                };
                own.keysets.insert(id.to_string(), signed(&key, &bytes));
                assert!(own.owns(&id, &keys));

                let mut others = identity(2);
                others.keysets.clone_from(&own.keysets);
                assert!(!others.owns(&id, &keys), "signed for another identity");
                own.keysets.insert(id.to_string(), signed(&stranger, &bytes));
                assert!(!own.owns(&id, &keys), "signed with another key");
            });
        }
    }
}
