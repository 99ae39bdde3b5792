//! Blanks: the client's side of one output, from blinding to the finished token (NUT-00, NUT-12).

use crate::suite::Suite;
use crate::{
    BlindSignature, BlindedMessage, DecodeError, EncodedPoint, KeysetId, Proof, ProofDleq, Secret,
    TokenProof,
};

/// Why a signature does not make a token of a blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnblindError {
    /// The key, `C_`, or the proof is not what it must be: nothing says that the published key signed.
    #[error("the mint's proof does not verify: another key signed this")]
    Proof,
    /// The public key given is not a point.
    #[error("the mint's public key is not a point")]
    Key,
}

/// A secret and its blinding factor, with the blinded point they make.
///
/// Secret and factor are wiped when dropped.
pub struct Blank<S: Suite> {
    secret: Secret,
    r: S::Blinding,
    blinded: S::Point,
}

impl<S: Suite> Blank<S> {
    /// Blinds a secret.
    #[must_use]
    pub fn new(secret: Secret, r: S::Blinding) -> Self {
        let y = S::hash_to_group(secret.expose().as_bytes());
        let blinded = S::blind(&y, &r);
        Self { secret, r, blinded }
    }

    /// Blinds a plain secret made of 32 random bytes, with a factor made of 64; `None` in the
    /// impossible case that the factor would be zero.
    #[must_use]
    pub fn from_random(secret: &[u8; 32], r: &[u8; 64]) -> Option<Self> {
        Some(Self::new(Secret::new(hex::encode(secret)), S::blinding(r)?))
    }

    /// The output to be signed, worth `amount` under the keyset `id`.
    #[must_use]
    pub fn output(&self, amount: u64, id: KeysetId) -> BlindedMessage {
        BlindedMessage {
            amount,
            id,
            b: S::encode_point(&self.blinded),
        }
    }

    /// Verifies the mint's signature against the public key for its amount, and unblinds it.
    ///
    /// The caller has made sure that the signature's amount and keyset are the output's.
    ///
    /// # Errors
    /// [`UnblindError`].
    pub fn unblind(
        self,
        signature: &BlindSignature,
        public: &EncodedPoint,
    ) -> Result<TokenProof, UnblindError> {
        let public = S::decode_point(public).map_err(|_: DecodeError| UnblindError::Key)?;
        let c = S::decode_point(&signature.c).map_err(|_| UnblindError::Proof)?;
        S::verify_proof(&public, &self.blinded, &c, &signature.dleq)
            .map_err(|_| UnblindError::Proof)?;
        let c = S::unblind(&c, &self.r, &public).ok_or(UnblindError::Proof)?;
        Ok(TokenProof {
            proof: Proof {
                amount: signature.amount,
                id: signature.id,
                secret: self.secret,
                c: S::encode_point(&c),
                witness: None,
            },
            dleq: Some(ProofDleq {
                e: signature.dleq.e.clone(),
                s: signature.dleq.s.clone(),
                r: S::encode_blinding(&self.r),
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Ristretto255;

    #[test]
    fn a_signed_blank_becomes_a_token_and_another_keys_signature_does_not() {
        let key = Ristretto255::secret_key(&[1; 64]).unwrap();
        let other = Ristretto255::secret_key(&[2; 64]).unwrap();
        let id = KeysetId::from_bytes(&[0x52; 33]).unwrap();
        let blank = || Blank::<Ristretto255>::from_random(&[3; 32], &[4; 64]).unwrap();
        let output = blank().output(8, id);
        let b = Ristretto255::decode_point(&output.b).unwrap();
        let c = Ristretto255::evaluate(&key, &b);
        let signature = BlindSignature {
            amount: 8,
            id,
            c: Ristretto255::encode_point(&c),
            dleq: Ristretto255::prove(&key, &b, &c),
        };
        let public = |key| Ristretto255::encode_point(&Ristretto255::public_key(key));
        let token = blank().unblind(&signature, &public(&key)).unwrap();
        let y = Ristretto255::hash_to_group(token.proof.secret.expose().as_bytes());
        let c = Ristretto255::decode_point(&token.proof.c).unwrap();
        assert!(Ristretto255::verify_token(&key, &y, &c));
        assert!(!Ristretto255::verify_token(&other, &y, &c));
        let refused = blank().unblind(&signature, &public(&other));
        assert_eq!(refused, Err(UnblindError::Proof));
        let no_key = blank().unblind(&signature, &[0; 32].into());
        assert_eq!(no_key, Err(UnblindError::Key));
    }
}
