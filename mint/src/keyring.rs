//! The keyring: the seed and everything secret that is derived from it.
//!
//! No other module holds a private key. What the rest of the mint gets are public keys, signatures,
//! yes or no, and keyed marks.

mod keys;
mod marks;
mod point;
mod seed;

use std::fmt;
use std::sync::RwLock;

use ed25519_dalek::SigningKey;
use farthing_protocol::identity::keyset_message;
use farthing_protocol::suite::{Ristretto255, Secp256k1, SuiteId};
use farthing_protocol::{BlindSignature, BlindedMessage, Identity, KeysetId, PublicKeys};

pub use point::Point;
pub use seed::{SEED_VARIABLE, Seed};

use crate::domain::{KeysetTerms, Mark, RequestDigest};
use crate::error::{Error, Result};
use keys::Keys;
use marks::MarkKeys;

/// What the mint's own key is derived from the seed with.
const IDENTITY_INFO: &[u8] = b"Farthing identity v1";

/// A token to be verified, its points decoded.
#[derive(Clone, Copy)]
pub struct Token {
    /// Its keyset.
    pub id: KeysetId,
    /// Its amount.
    pub amount: u64,
    /// Its secret, hashed to the group.
    pub y: Point,
    /// Its signature.
    pub c: Point,
}

/// Everything secret, behind the few operations that need it.
pub struct Keyring {
    seed: Seed,
    marks: MarkKeys,
    keys: RwLock<AllKeys>,
}

/// The private keys of all keysets.
#[derive(Default)]
struct AllKeys {
    ristretto255: Keys<Ristretto255>,
    secp256k1: Keys<Secp256k1>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(…)")
    }
}

impl Keyring {
    /// A keyring of a seed, with no keysets yet.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self {
            marks: MarkKeys::new(&seed),
            seed,
            keys: RwLock::default(),
        }
    }

    /// Derives a keyset's keys, keeps the private ones, and returns the id and the public ones.
    ///
    /// # Errors
    /// [`Error::Invariant`] if a derived key is zero, which does not happen.
    pub fn load(&self, terms: &KeysetTerms) -> Result<(KeysetId, PublicKeys)> {
        let mut keys = self.keys.write().map_err(|_| POISONED)?;
        match terms.suite {
            SuiteId::Ristretto255 => keys.ristretto255.load(&self.seed, terms),
            SuiteId::Secp256k1 => keys.secp256k1.load(&self.seed, terms),
        }
    }

    /// Returns which of these tokens are this mint's. They are checked together, and one by one only when not
    /// all of them are good.
    ///
    /// # Errors
    /// [`Error::Invariant`] when a keyset was not loaded; [`Error::Operator`] when the system gives no
    /// random numbers.
    pub fn verify_all(&self, tokens: &[Token]) -> Result<Vec<bool>> {
        let keys = self.keys.read().map_err(|_| POISONED)?;
        let (mut ristretto255, mut secp256k1) = (Vec::new(), Vec::new());
        for token in tokens {
            match (token.y, token.c) {
                (Point::Ristretto255(y), Point::Ristretto255(c)) => {
                    ristretto255.push((token.id, token.amount, y, c));
                }
                (Point::Secp256k1(y), Point::Secp256k1(c)) => {
                    secp256k1.push((token.id, token.amount, y, c));
                }
                (Point::Ristretto255(_), Point::Secp256k1(_))
                | (Point::Secp256k1(_), Point::Ristretto255(_)) => return Err(TWO_SUITES),
            }
        }
        let ristretto255 = keys.ristretto255.verify_all(&ristretto255)?;
        let secp256k1 = keys.secp256k1.verify_all(&secp256k1)?;
        in_order(tokens.iter().map(|token| &token.c), ristretto255, secp256k1)
    }

    /// Signs outputs, whose points were decoded, and proves it.
    ///
    /// # Errors
    /// [`Error::Invariant`] when a keyset was not loaded.
    pub fn sign_all(&self, outputs: &[(&BlindedMessage, Point)]) -> Result<Vec<BlindSignature>> {
        let keys = self.keys.read().map_err(|_| POISONED)?;
        let (mut ristretto255, mut secp256k1) = (Vec::new(), Vec::new());
        for (output, b) in outputs {
            match b {
                Point::Ristretto255(b) => ristretto255.push((*output, *b)),
                Point::Secp256k1(b) => secp256k1.push((*output, *b)),
            }
        }
        let ristretto255 = keys.ristretto255.sign_all(&ristretto255)?;
        let secp256k1 = keys.secp256k1.sign_all(&secp256k1)?;
        in_order(outputs.iter().map(|(_, b)| b), ristretto255, secp256k1)
    }

    /// The mint's identity: its own key, which signs the mint's addresses, and for each of `keysets` the
    /// signature of the keyset's key that it is of this mint.
    ///
    /// # Errors
    /// [`Error::Invariant`] when a keyset was not loaded.
    pub fn identity(
        &self,
        urls: Vec<String>,
        issued: u64,
        keysets: &[KeysetId],
    ) -> Result<Identity> {
        let key = SigningKey::from_bytes(&self.seed.derive(IDENTITY_INFO));
        let mut identity = Identity::sign(&key, urls, issued);
        let key = key.verifying_key().to_bytes();
        let keys = self.keys.read().map_err(|_| POISONED)?;
        for id in keysets {
            let message = keyset_message(&key, id);
            let signature = match SuiteId::of(id) {
                Some(SuiteId::Secp256k1) => keys.secp256k1.sign_message(id, &message),
                Some(SuiteId::Ristretto255) | None => keys.ristretto255.sign_message(id, &message),
            };
            let signature = hex::encode(signature?);
            identity.keysets.insert(id.to_string(), signature);
        }
        Ok(identity)
    }

    /// The mark under which a spent token is remembered. `y` is its encoded point.
    #[must_use]
    pub fn spent_mark(&self, y: &[u8]) -> Mark {
        self.marks.spent(y)
    }

    /// The mark under which a signed output is remembered. `b` is its encoded point.
    #[must_use]
    pub fn signed_mark(&self, b: &[u8]) -> Mark {
        self.marks.signed(b)
    }

    /// The digest under which an answered request is remembered: of its path, the account it acts on
    /// (0 for none), and its body, byte for byte.
    #[must_use]
    pub fn request_digest(&self, path: &str, account: i64, body: &[u8]) -> RequestDigest {
        self.marks.request(path, account, body)
    }
}

/// Puts what was done for each suite's points together again, in the order of all points.
fn in_order<'p, T>(
    points: impl Iterator<Item = &'p Point>,
    ristretto255: Vec<T>,
    secp256k1: Vec<T>,
) -> Result<Vec<T>> {
    let (mut ristretto255, mut secp256k1) = (ristretto255.into_iter(), secp256k1.into_iter());
    let next = |point: &Point| match point {
        Point::Ristretto255(_) => ristretto255.next(),
        Point::Secp256k1(_) => secp256k1.next(),
    };
    let missing = Error::Invariant("fewer results than points");
    points.map(next).collect::<Option<_>>().ok_or(missing)
}

const TWO_SUITES: Error = Error::Invariant("a token with points of two suites");
const POISONED: Error = Error::Invariant("a thread died while it held the keyring");

#[cfg(test)]
mod tests {
    use super::*;

    const SUITES: [SuiteId; 2] = SuiteId::ALL;

    fn terms(index: u32, suite: SuiteId) -> KeysetTerms {
        KeysetTerms {
            index,
            suite,
            unit: "credit".to_owned(),
            amounts: 3,
            input_fee_ppk: 0,
            final_expiry: None,
        }
    }

    #[test]
    fn a_seed_gives_the_same_keyset_again_and_each_index_and_suite_another() {
        let keyring = Keyring::new(Seed::from_bytes([1; 32]));
        for suite in SUITES {
            let (id, keys) = keyring.load(&terms(1, suite)).unwrap();
            assert_eq!(SuiteId::of(&id), Some(suite));
            assert_eq!(keys.amounts(), [1, 2, 4]);
            assert_eq!(keyring.load(&terms(1, suite)).unwrap(), (id, keys.clone()));
            assert_ne!(keyring.load(&terms(2, suite)).unwrap().0, id);
            let other = Keyring::new(Seed::from_bytes([2; 32]));
            assert_ne!(other.load(&terms(1, suite)).unwrap().0, id);
            let mut dearer = terms(1, suite);
            dearer.input_fee_ppk = 100;
            let (other_id, same_keys) = keyring.load(&dearer).unwrap();
            assert_ne!(other_id, id, "the id commits to the fee");
            assert_eq!(same_keys, keys);
        }
    }

    #[test]
    fn an_amount_without_a_key_is_never_signed_or_verified() {
        let keyring = Keyring::new(Seed::from_bytes([1; 32]));
        for suite in SUITES {
            let (id, _) = keyring.load(&terms(1, suite)).unwrap();
            let point = Point::hash(suite, b"secret");
            for amount in [0, 3, 8, u64::MAX] {
                let (y, c) = (point, point);
                let token = Token { id, amount, y, c };
                assert!(keyring.verify_all(&[token]).is_err(), "{amount}");
                let b = point.encode();
                let output = BlindedMessage { amount, id, b };
                assert!(keyring.sign_all(&[(&output, point)]).is_err(), "{amount}");
            }
        }
    }

    #[test]
    fn in_a_mixed_batch_exactly_the_bad_tokens_are_found() {
        let keyring = Keyring::new(Seed::from_bytes([1; 32]));
        let ids = SUITES.map(|suite| keyring.load(&terms(1, suite)).unwrap().0);
        let token = |i: u8| {
            // Neither alternating nor in blocks.
            let which = usize::from(i % 5 % 2);
            let (id, suite) = (ids[which], SUITES[which]);
            let amount = 1 << (i % 3);
            let y = Point::hash(suite, &[i]);
            let b = y.encode();
            let output = BlindedMessage { amount, id, b };
            let signed = keyring.sign_all(&[(&output, y)]).unwrap();
            let c = Point::decode(suite, &signed[0].c).unwrap();
            Token { id, amount, y, c }
        };
        let mut tokens: Vec<_> = (0..24).map(token).collect();
        assert_eq!(keyring.verify_all(&tokens).unwrap(), [true; 24]);
        tokens[5].c = tokens[7].c;
        tokens[11].amount = 4 >> (11 % 2);
        let expected: Vec<_> = (0..24).map(|i| i != 5 && i != 11).collect();
        assert_ne!(tokens[11].amount, 1 << (11 % 3));
        assert_eq!(keyring.verify_all(&tokens).unwrap(), expected);
        assert_eq!(keyring.verify_all(&[]).unwrap(), Vec::<bool>::new());

        let outputs: Vec<_> = tokens
            .iter()
            .map(|t| {
                (
                    BlindedMessage {
                        amount: t.amount,
                        id: t.id,
                        b: t.y.encode(),
                    },
                    t.y,
                )
            })
            .collect();
        let outputs: Vec<_> = outputs.iter().map(|(output, b)| (output, *b)).collect();
        let together = keyring.sign_all(&outputs).unwrap();
        let alone = outputs
            .iter()
            .map(|output| keyring.sign_all(&[*output]).unwrap().remove(0));
        assert_eq!(together, alone.collect::<Vec<_>>());
    }

    #[test]
    fn the_identity_owns_the_keysets_of_its_seed_and_no_others() {
        let keyring = Keyring::new(Seed::from_bytes([1; 32]));
        let keysets = SUITES.map(|suite| keyring.load(&terms(1, suite)).unwrap());
        let ids: Vec<_> = keysets.iter().map(|(id, _)| *id).collect();
        let identity = keyring
            .identity(vec!["https://m".to_owned()], 7, &ids)
            .unwrap();
        identity.verify().unwrap();
        assert!(keysets.iter().all(|(id, keys)| identity.owns(id, keys)));
        // Always the same: computed once more, and compared with what wallets have written down.
        let again = keyring.identity(Vec::new(), 8, &ids).unwrap();
        assert_eq!(again.key, identity.key);
        assert_eq!(again.keysets, identity.keysets);
        assert_eq!(identity.key, SNAPSHOT_IDENTITY);

        let other = Keyring::new(Seed::from_bytes([2; 32]));
        let (other_id, other_keys) = other.load(&terms(1, SuiteId::Ristretto255)).unwrap();
        assert!(!identity.owns(&other_id, &other_keys));
        assert!(keyring.identity(Vec::new(), 7, &[other_id]).is_err());
    }

    // Computed by Python's hmac (RFC 5869) and OpenSSL.
    const SNAPSHOT_IDENTITY: &str =
        "ff8e51c44276745bd3ee5d4189733873723c125d1a75919f62cc4262c2e143bd";

    #[test]
    fn a_point_of_another_suite_is_no_token() {
        let keyring = Keyring::new(Seed::from_bytes([1; 32]));
        let (id, _) = keyring.load(&terms(1, SuiteId::Ristretto255)).unwrap();
        let [y, c] = SUITES.map(|suite| Point::hash(suite, b"secret"));
        assert!(
            keyring
                .verify_all(&[Token {
                    id,
                    amount: 1,
                    y,
                    c
                }])
                .is_err()
        );
    }
}
