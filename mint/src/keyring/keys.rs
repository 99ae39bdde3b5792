//! The private keys of one suite's keysets.

use std::collections::HashMap;

use farthing_protocol::suite::{Suite, ToSign, ToVerify};
use farthing_protocol::{BlindSignature, BlindedMessage, KeysetId, PublicKeys};

use super::seed::Seed;
use crate::domain::KeysetTerms;
use crate::error::{Error, Result};

/// The keysets by id; of each the key for 2^n at place n.
pub(super) struct Keys<S: Suite>(HashMap<KeysetId, Vec<S::SecretKey>>);

/// A token to be verified: keyset, amount, `Y` and `C`.
pub(super) type Token<S> = (KeysetId, u64, <S as Suite>::Point, <S as Suite>::Point);

/// An output to be signed, and its point.
pub(super) type Output<'m, S> = (&'m BlindedMessage, <S as Suite>::Point);

impl<S: Suite> Default for Keys<S> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<S: Suite> Keys<S> {
    /// Derives a keyset's keys, keeps the private ones, and returns the id and the public ones.
    pub(super) fn load(
        &mut self,
        seed: &Seed,
        terms: &KeysetTerms,
    ) -> Result<(KeysetId, PublicKeys)> {
        let mut private = Vec::new();
        let mut public = Vec::new();
        for exponent in 0..terms.amounts {
            let amount = 1u64 << exponent;
            let key = derive::<S>(seed, terms, amount)?;
            public.push((amount, S::encode_point(&S::public_key(&key))));
            private.push(key);
        }
        let public: PublicKeys = public.into_iter().collect();
        let (fee, expiry) = (terms.input_fee_ppk, terms.final_expiry);
        let id = KeysetId::derive::<S>(&public, &terms.unit, fee, expiry);
        self.0.insert(id, private);
        Ok((id, public))
    }

    /// Returns which of these tokens are this mint's. They are checked together, and one by one only when not
    /// all of them are good.
    pub(super) fn verify_all(&self, tokens: &[Token<S>]) -> Result<Vec<bool>> {
        let mut weights = vec![[0; 16]; tokens.len()];
        getrandom::fill(weights.as_flattened_mut())
            .map_err(|e| Error::Operator(format!("no random numbers from the system: {e}")))?;
        let to_verify = |((id, amount, y, c), weight): (&Token<S>, [u8; 16])| {
            Ok(ToVerify {
                key: self.find(id, *amount)?,
                y: *y,
                c: *c,
                weight: u128::from_le_bytes(weight),
            })
        };
        let batch = tokens.iter().zip(weights).map(to_verify);
        let batch = batch.collect::<Result<Vec<_>>>()?;
        if S::verify_all(&batch) {
            return Ok(vec![true; tokens.len()]);
        }
        let verify = |token: &ToVerify<'_, S>| S::verify_token(token.key, &token.y, &token.c);
        Ok(batch.iter().map(verify).collect())
    }

    /// Signs outputs and proves it.
    pub(super) fn sign_all(&self, outputs: &[Output<'_, S>]) -> Result<Vec<BlindSignature>> {
        let to_sign = |(output, b): &Output<'_, S>| {
            let key = self.find(&output.id, output.amount)?;
            let encoded = output.b;
            Ok(ToSign {
                key,
                b: *b,
                encoded,
            })
        };
        let to_sign = outputs.iter().map(to_sign).collect::<Result<Vec<_>>>()?;
        let signed = S::sign_all(&to_sign);
        let signatures = outputs.iter().zip(signed);
        let signatures = signatures.map(|((output, _), (c, dleq))| BlindSignature {
            amount: output.amount,
            id: output.id,
            c,
            dleq,
        });
        Ok(signatures.collect())
    }

    /// Signs a message with a keyset's key for the smallest amount.
    pub(super) fn sign_message(&self, id: &KeysetId, message: &[u8]) -> Result<[u8; 64]> {
        Ok(S::sign_message(self.find(id, 1)?, message))
    }

    /// The private key for an amount.
    fn find(&self, id: &KeysetId, amount: u64) -> Result<&S::SecretKey> {
        let keys = self.0.get(id).filter(|_| amount.is_power_of_two());
        let key = keys.and_then(|keys| keys.get(amount.trailing_zeros() as usize));
        key.ok_or(Error::Invariant("no private key for an admitted amount"))
    }
}

/// HKDF-SHA512 of the seed; the info names suite, unit, keyset index and amount.
fn derive<S: Suite>(seed: &Seed, terms: &KeysetTerms, amount: u64) -> Result<S::SecretKey> {
    let info = format!(
        "Farthing keyset v1|{}|{}|{}|{amount}",
        S::NAME,
        terms.unit,
        terms.index,
    );
    let uniform = seed.derive::<64>(info.as_bytes());
    S::secret_key(&uniform).ok_or(Error::Invariant("a derived key is zero"))
}
