//! The publisher's secret: 32 bytes in a file that only its owner may read. What signs receipts, what
//! tokens are locked to and what hides them in the record of payments follow from it.

use std::io::ErrorKind;
use std::path::Path;

use ed25519_dalek::{Signer as _, SigningKey};
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{Proof, Reference};
use farthing_service::private::{self, Fault};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::lock_key::LockKey;

/// The name of the file in the publisher's folder.
pub(crate) const FILE: &str = "publisher.key";

/// The keys of a publisher. Wiped when dropped; `Debug` would show them, so there is none.
pub(crate) struct Keys {
    /// Signs receipts.
    pub(crate) receipts: SigningKey,
    /// The key that tokens are locked to.
    lock: SigningKey,
    /// Other keys that tokens of the same mint may be locked to, from when it was known otherwise.
    other_locks: Vec<SigningKey>,
    /// The key from which each mint's lock key is derived.
    locks: Zeroizing<[u8; 32]>,
    /// Whether the secret was made just now.
    pub(crate) is_new: bool,
    /// The key of tokens' marks in the record of payments.
    marks: Zeroizing<[u8; 32]>,
    /// The same, for those of Cashu's keysets.
    marks_secp256k1: Zeroizing<[u8; 32]>,
    /// The key that hides in the record which request tokens were presented for.
    purposes: Zeroizing<[u8; 32]>,
    /// The key that hides the same from the mint.
    references: Zeroizing<[u8; 32]>,
    /// Vouches for the receipts' cookies.
    cookies: Zeroizing<[u8; 32]>,
}

/// A keyed hash of a token, by which it is known again. Without the publisher's secret it reveals nothing.
pub(crate) type Mark = [u8; 16];

/// The MAC of a receipt's cookie.
pub(crate) type CookieMac = [u8; 16];

impl Keys {
    /// Reads the secret in `path`, or makes one when there is none.
    ///
    /// # Errors
    /// [`Error::Private`], also when others may read it or it is damaged; [`Error::Settings`] without random numbers.
    pub(crate) fn load_or_create(path: &Path) -> Result<Self, Error> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *secret)
            .map_err(|e| Error::Settings(format!("no random numbers from the system: {e}")))?;
        match private::create_key(path, &secret) {
            Ok(()) => Ok(Self {
                is_new: true,
                ..Self::derive(&secret)
            }),
            Err(Fault::File { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {
                let secret = private::read_key(path, "the publisher's secret")?;
                Ok(Self::derive(&secret))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    fn derive(secret: &[u8; 32]) -> Self {
        let key = |purpose: &[u8]| mac(secret, purpose);
        Self {
            receipts: SigningKey::from_bytes(&key(b"Farthing_publisher_receipts_v1")),
            lock: SigningKey::from_bytes(&key(b"Farthing_publisher_lock_v1")),
            other_locks: Vec::new(),
            locks: key(b"Farthing_publisher_mint_locks_v1"),
            is_new: false,
            marks: key(b"Farthing_publisher_marks_v1"),
            marks_secp256k1: key(b"Farthing_publisher_marks_secp256k1_v1"),
            purposes: key(b"Farthing_publisher_purposes_v1"),
            references: key(b"Farthing_publisher_references_v1"),
            cookies: key(b"Farthing_publisher_cookies_v1"),
        }
    }

    /// Has tokens locked to the key of one mint from here on. `labels` are all that this mint's key may
    /// have been derived for.
    pub(crate) fn lock_with(&mut self, key: &LockKey, labels: impl Iterator<Item = String>) {
        let locks = self.locks.clone();
        let of = |label: &str| SigningKey::from_bytes(&mac(&locks, label.as_bytes()));
        if let LockKey::Of(label) = key {
            self.lock = of(label);
        }
        self.other_locks = labels.map(|label| of(&label)).collect();
    }

    /// The public key that tokens are locked to (NUT-11), Ed25519.
    pub(crate) fn lock_public_key(&self) -> [u8; 32] {
        self.lock.verifying_key().to_bytes()
    }

    /// Returns whether what is locked to these keys is locked to the publisher alone.
    pub(crate) fn opens_alone(&self, holders: &[[u8; 32]]) -> bool {
        let mut own = self.other_locks.iter().chain([&self.lock]);
        own.any(|key| *holders == [key.verifying_key().to_bytes()])
    }

    /// Signs the SHA-256 hash of a locked secret with the key of the present mint that it names (NUT-11,
    /// "Signature scheme").
    pub(crate) fn sign_lock(&self, secret: &str) -> [u8; 64] {
        let named = |key: &&SigningKey| secret.contains(&hex::encode(key.verifying_key()));
        let key = self.other_locks.iter().find(named).unwrap_or(&self.lock);
        key.sign(&Sha256::digest(secret)).to_bytes()
    }

    /// The mark of a token. As for the mint, its secret and its suite are what it is known by: they
    /// decide its `Y`.
    pub(crate) fn mark(&self, token: &Proof) -> Mark {
        let key = match SuiteId::of(&token.id) {
            Some(SuiteId::Secp256k1) => &self.marks_secp256k1,
            Some(SuiteId::Ristretto255) | None => &self.marks,
        };
        let hash = mac(key, token.secret.expose().as_bytes());
        truncated(&hash)
    }

    /// Returns the digest of what a payment is presented for: of the request's digest, and of the whole payment.
    pub(crate) fn purpose(&self, binding: &[u8; 32], payment: &[u8]) -> [u8; 32] {
        let mut message = Zeroizing::new(Vec::with_capacity(binding.len() + payment.len()));
        message.extend_from_slice(binding);
        message.extend_from_slice(payment);
        *mac(&self.purposes, &message)
    }

    /// The reference under which a payment is redeemed. To the mint it is a random number: who has not
    /// this publisher's secret can neither compute nor compare it.
    pub(crate) fn reference(&self, purpose: &[u8; 32]) -> Reference {
        Reference(*mac(&self.references, purpose))
    }

    /// The MAC of a receipt's cookie.
    pub(crate) fn cookie_mac(&self, message: &[u8]) -> CookieMac {
        let hash = mac(&self.cookies, message);
        truncated(&hash)
    }

    /// Returns whether that is the MAC of a receipt's cookie; takes the same time whatever it is.
    pub(crate) fn is_cookie_mac(&self, message: &[u8], shown: &CookieMac) -> bool {
        keyed(&self.cookies, message)
            .verify_truncated_left(shown)
            .is_ok()
    }
}

/// The first half of a hash.
fn truncated(hash: &[u8; 32]) -> [u8; 16] {
    let half = hash.first_chunk();
    *half.expect("16 bytes are among 32")
}

fn mac(key: &[u8; 32], message: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(keyed(key, message).finalize().into_bytes().into())
}

fn keyed(key: &[u8; 32], message: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(message);
    mac
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use farthing_protocol::{KeysetId, Secret};

    fn token(version: u8, secret: &str) -> Proof {
        Proof {
            amount: 1,
            id: KeysetId::from_bytes(&[version; 33]).unwrap(),
            secret: Secret::new(secret.to_owned()),
            c: [2; 32].into(),
            witness: None,
        }
    }

    #[test]
    fn the_secret_is_made_once_and_only_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let first = Keys::load_or_create(&path).unwrap();
        let again = Keys::load_or_create(&path).unwrap();
        assert_eq!(first.lock_public_key(), again.lock_public_key());
        let token = token(0x52, "s");
        assert_eq!(first.mark(&token), again.mark(&token));
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let refused = Keys::load_or_create(&path).err().unwrap().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&path, "not hex").unwrap();
        let refused = Keys::load_or_create(&path).err().unwrap().to_string();
        assert!(refused.ends_with("the publisher's secret is not 64 hex digits"));
    }

    #[test]
    fn a_mark_is_of_secret_and_suite_alone() {
        let keys = Keys::derive(&[7; 32]);
        let mark = |version, secret| keys.mark(&token(version, secret));
        let other_amount_and_signature = Proof {
            amount: 2,
            c: [3; 32].into(),
            ..token(0x52, "s")
        };
        assert_eq!(keys.mark(&other_amount_and_signature), mark(0x52, "s"));
        assert_ne!(mark(0x52, "t"), mark(0x52, "s"));
        assert_ne!(mark(0x01, "s"), mark(0x52, "s"));
        assert_eq!(mark(0x00, "s"), mark(0x01, "s"));
    }

    #[test]
    fn a_reference_is_of_this_publisher_and_this_purchase() {
        let (keys, others) = (Keys::derive(&[7; 32]), Keys::derive(&[8; 32]));
        let reference = |keys: &Keys, binding, payment: &[u8]| {
            keys.reference(&keys.purpose(&[binding; 32], payment))
        };
        let first = reference(&keys, 1, b"token");
        assert_eq!(reference(&keys, 1, b"token"), first);
        assert_ne!(reference(&keys, 2, b"token"), first, "another request");
        assert_ne!(reference(&keys, 1, b"other"), first, "another token");
        assert_ne!(reference(&others, 1, b"token"), first, "another publisher");
        // What is on the disk is not what the mint is sent.
        assert_ne!(keys.purpose(&[1; 32], b"token"), first.0);
    }

    #[test]
    fn the_keys_for_different_purposes_differ() {
        let keys = Keys::derive(&[7; 32]);
        assert_ne!(keys.receipts.to_bytes(), keys.lock.to_bytes());
        assert_ne!(keys.lock.to_bytes(), *keys.marks);
        let lock_of = |key: LockKey| {
            let mut keys = Keys::derive(&[7; 32]);
            keys.lock_with(&key, std::iter::empty());
            keys.lock_public_key()
        };
        let (one, other) = (LockKey::Of("1".to_owned()), LockKey::Of("2".to_owned()));
        assert_eq!(lock_of(LockKey::Former), keys.lock_public_key());
        assert_eq!(lock_of(one.clone()), lock_of(one.clone()));
        assert_ne!(lock_of(one.clone()), lock_of(other));
        assert_ne!(lock_of(one.clone()), keys.lock_public_key());
        // What waits is signed for with the key that it is locked to.
        let mut later = Keys::derive(&[7; 32]);
        later.lock_with(&LockKey::Former, std::iter::once("1".to_owned()));
        let secret = format!("locked to {}", hex::encode(lock_of(one)));
        let mut then = Keys::derive(&[7; 32]);
        then.lock_with(&LockKey::Of("1".to_owned()), std::iter::empty());
        assert_eq!(later.sign_lock(&secret), then.sign_lock(&secret));
        assert_ne!(later.sign_lock("another"), then.sign_lock("another"));
        assert_ne!(keys.marks, keys.marks_secp256k1);
        assert_ne!(keys.marks, keys.cookies);
    }
}
