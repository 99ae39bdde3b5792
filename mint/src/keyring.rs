//! The keyring: the seed and everything secret that is derived from it.
//!
//! No other module holds a private key. What the rest of the mint gets are public keys, signatures,
//! yes or no, and keyed marks.

mod marks;
mod seed;

use std::collections::HashMap;
use std::fmt;
use std::sync::RwLock;

use farthing_protocol::suite::{Ristretto255, Suite, ToSign, ToVerify};
use farthing_protocol::{BlindSignature, BlindedMessage, KeysetId, PublicKeys};

pub use marks::{Mark, RequestDigest};
pub use seed::{SEED_VARIABLE, Seed};

use crate::error::{Error, Result};
use marks::MarkKeys;

/// A point of the native suite.
pub type Point = <Ristretto255 as Suite>::Point;
type SecretKey = <Ristretto255 as Suite>::SecretKey;

/// What a keyset's keys depend on, beside the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysetTerms {
    /// The mint's number for the keyset, from 1.
    pub index: u32,
    /// The unit.
    pub unit: String,
    /// How many amounts: 2^0 to 2^(amounts − 1).
    pub amounts: u8,
    /// The fee for each input in thousandths of the unit.
    pub input_fee_ppk: u64,
    /// The Unix time after which its tokens need not be honoured.
    pub final_expiry: Option<u64>,
}

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

/// The private keys of one keyset, that for 2^n at place n.
struct PrivateKeys(Vec<SecretKey>);

/// Everything secret, behind the few operations that need it.
pub struct Keyring {
    seed: Seed,
    marks: MarkKeys,
    keysets: RwLock<HashMap<KeysetId, PrivateKeys>>,
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
            keysets: RwLock::default(),
        }
    }

    /// Derives a keyset's keys, keeps the private ones, and gives the id and the public ones.
    ///
    /// # Errors
    /// [`Error::Invariant`] if a derived key is zero, which does not happen.
    pub fn load(&self, terms: &KeysetTerms) -> Result<(KeysetId, PublicKeys)> {
        let mut private = Vec::new();
        let mut public = Vec::new();
        for exponent in 0..terms.amounts {
            let amount = 1u64 << exponent;
            let key = self.derive(terms, amount)?;
            let point = Ristretto255::encode_point(&Ristretto255::public_key(&key));
            public.push((amount, point));
            private.push(key);
        }
        let public: PublicKeys = public.into_iter().collect();
        let (fee, expiry) = (terms.input_fee_ppk, terms.final_expiry);
        let id = KeysetId::derive::<Ristretto255>(&public, &terms.unit, fee, expiry);
        let mut keysets = self.keysets.write().map_err(|_| POISONED)?;
        keysets.insert(id, PrivateKeys(private));
        Ok((id, public))
    }

    /// HKDF-SHA512 of the seed; the info names suite, unit, keyset index and amount.
    fn derive(&self, terms: &KeysetTerms, amount: u64) -> Result<SecretKey> {
        let info = format!(
            "Farthing keyset v1|{}|{}|{}|{amount}",
            Ristretto255::NAME,
            terms.unit,
            terms.index,
        );
        let uniform = self.seed.derive::<64>(info.as_bytes());
        Ristretto255::secret_key(&uniform).ok_or(Error::Invariant("a derived key is zero"))
    }

    /// Which of these tokens are this mint's. They are checked together, and one by one only when not
    /// all of them are good.
    ///
    /// # Errors
    /// [`Error::Invariant`] when a keyset was not loaded; [`Error::Operator`] when the system gives no
    /// random numbers.
    pub fn verify_all(&self, tokens: &[Token]) -> Result<Vec<bool>> {
        let keysets = self.keysets.read().map_err(|_| POISONED)?;
        let mut weights = vec![[0; 16]; tokens.len()];
        getrandom::fill(weights.as_flattened_mut())
            .map_err(|e| Error::Operator(format!("no random numbers from the system: {e}")))?;
        let to_verify = |(token, weight): (&Token, [u8; 16])| {
            Ok(ToVerify {
                key: find_key(&keysets, &token.id, token.amount)?,
                y: token.y,
                c: token.c,
                weight: u128::from_le_bytes(weight),
            })
        };
        let batch = tokens.iter().zip(weights).map(to_verify);
        let batch = batch.collect::<Result<Vec<_>>>()?;
        if Ristretto255::verify_all(&batch) {
            return Ok(vec![true; tokens.len()]);
        }
        let verify =
            |token: &ToVerify<'_, _>| Ristretto255::verify_token(token.key, &token.y, &token.c);
        Ok(batch.iter().map(verify).collect())
    }

    /// Signs outputs, whose points were decoded, and proves it.
    ///
    /// # Errors
    /// [`Error::Invariant`] when a keyset was not loaded.
    pub fn sign_all(&self, outputs: &[(&BlindedMessage, Point)]) -> Result<Vec<BlindSignature>> {
        let keysets = self.keysets.read().map_err(|_| POISONED)?;
        let to_sign = |(output, b): &(&BlindedMessage, Point)| {
            let key = find_key(&keysets, &output.id, output.amount)?;
            let encoded = output.b;
            Ok(ToSign {
                key,
                b: *b,
                encoded,
            })
        };
        let to_sign = outputs.iter().map(to_sign).collect::<Result<Vec<_>>>()?;
        let signed = Ristretto255::sign_all(&to_sign);
        let signatures = outputs.iter().zip(signed);
        let signatures = signatures.map(|((output, _), (c, dleq))| BlindSignature {
            amount: output.amount,
            id: output.id,
            c,
            dleq,
        });
        Ok(signatures.collect())
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

/// The private key for an amount.
fn find_key<'k>(
    keysets: &'k HashMap<KeysetId, PrivateKeys>,
    id: &KeysetId,
    amount: u64,
) -> Result<&'k SecretKey> {
    let keys = keysets.get(id).filter(|_| amount.is_power_of_two());
    let key = keys.and_then(|keys| keys.0.get(amount.trailing_zeros() as usize));
    key.ok_or(Error::Invariant("no private key for an admitted amount"))
}

const POISONED: Error = Error::Invariant("a thread died while it held the keyring");

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(index: u32) -> KeysetTerms {
        KeysetTerms {
            index,
            unit: "credit".to_owned(),
            amounts: 3,
            input_fee_ppk: 0,
            final_expiry: None,
        }
    }

    #[test]
    fn a_seed_gives_the_same_keyset_again_and_each_index_another() {
        let keyring = Keyring::new(Seed::from_bytes([1; 32]));
        let (id, keys) = keyring.load(&terms(1)).unwrap();
        assert_eq!(keys.amounts(), [1, 2, 4]);
        assert_eq!(keyring.load(&terms(1)).unwrap(), (id, keys.clone()));
        assert_ne!(keyring.load(&terms(2)).unwrap().0, id);
        let other = Keyring::new(Seed::from_bytes([2; 32]));
        assert_ne!(other.load(&terms(1)).unwrap().0, id);
        let mut dearer = terms(1);
        dearer.input_fee_ppk = 100;
        let (other_id, same_keys) = keyring.load(&dearer).unwrap();
        assert_ne!(other_id, id, "the id commits to the fee");
        assert_eq!(same_keys, keys);
    }

    #[test]
    fn an_amount_without_a_key_is_never_signed_or_verified() {
        let keyring = Keyring::new(Seed::from_bytes([1; 32]));
        let (id, _) = keyring.load(&terms(1)).unwrap();
        let point = Ristretto255::hash_to_group(b"secret");
        for amount in [0, 3, 8, u64::MAX] {
            let (y, c) = (point, point);
            let token = Token { id, amount, y, c };
            assert!(keyring.verify_all(&[token]).is_err(), "{amount}");
            let b = Ristretto255::encode_point(&point);
            let output = BlindedMessage { amount, id, b };
            assert!(keyring.sign_all(&[(&output, point)]).is_err(), "{amount}");
        }
    }

    #[test]
    fn in_a_mixed_batch_exactly_the_bad_tokens_are_found() {
        let keyring = Keyring::new(Seed::from_bytes([1; 32]));
        let (id, _) = keyring.load(&terms(1)).unwrap();
        let token = |i: u8| {
            let amount = 1 << (i % 3);
            let y = Ristretto255::hash_to_group(&[i]);
            let b = Ristretto255::encode_point(&y);
            let output = BlindedMessage { amount, id, b };
            let signed = keyring.sign_all(&[(&output, y)]).unwrap();
            let c = Ristretto255::decode_point(&signed[0].c).unwrap();
            Token { id, amount, y, c }
        };
        let mut tokens: Vec<_> = (0..24).map(token).collect();
        assert_eq!(keyring.verify_all(&tokens).unwrap(), [true; 24]);
        tokens[5].c = tokens[6].c;
        tokens[11].amount = 4 >> (11 % 2);
        let expected: Vec<_> = (0..24).map(|i| i != 5 && i != 11).collect();
        assert_ne!(tokens[11].amount, 1 << (11 % 3));
        assert_eq!(keyring.verify_all(&tokens).unwrap(), expected);
        assert_eq!(keyring.verify_all(&[]).unwrap(), Vec::<bool>::new());
    }
}
