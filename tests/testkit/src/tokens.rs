//! Outputs and what becomes of them: tokens made by hand, without a wallet and without HTTP.

use farthing_protocol::suite::{Ristretto255, Secp256k1, Suite, SuiteId};
use farthing_protocol::{
    Blank, BlindSignature, BlindedMessage, EncodedPoint, KeysetId, Proof, PublicKeys, Secret,
    TokenProof, amount, with_suite,
};

use crate::Result;

/// A keyset as this client trusts it.
#[derive(Clone, Debug)]
pub struct Keyset {
    /// Its id.
    pub id: KeysetId,
    /// Its public keys.
    pub keys: PublicKeys,
}

impl Keyset {
    /// The suite that its id names.
    ///
    /// # Errors
    /// When it names none that is known.
    pub fn suite(&self) -> Result<SuiteId> {
        suite(&self.id)
    }

    /// Checks the mint's proof of a signature on an output.
    ///
    /// # Errors
    /// When it does not verify, or something is no point.
    pub fn verify(&self, output: &BlindedMessage, signature: &BlindSignature) -> Result<()> {
        let key = self.keys.get(output.amount).ok_or("no such key")?;
        with_suite!(self.suite()?, S => {
            let [key, b, c] = [key, &output.b, &signature.c].map(S::decode_point);
            Ok(S::verify_proof(&key?, &b?, &c?, &signature.dleq)?)
        })
    }
}

/// `Y` of a token's secret: what the mint knows the token by once it is spent.
///
/// # Errors
/// When the keyset's id names no suite that is known.
pub fn y(proof: &Proof) -> Result<EncodedPoint> {
    let secret = proof.secret.expose().as_bytes();
    Ok(with_suite!(suite(&proof.id)?, S => S::encode_point(&S::hash_to_group(secret))))
}

fn suite(keyset: &KeysetId) -> Result<SuiteId> {
    Ok(SuiteId::of(keyset).ok_or("a keyset of no suite that is known")?)
}

/// A blank of either suite.
enum AnyBlank {
    Ristretto255(Blank<Ristretto255>),
    Secp256k1(Blank<Secp256k1>),
}

impl AnyBlank {
    /// Blinds a secret with a random factor.
    fn new(suite: SuiteId, secret: Secret) -> Result<Self> {
        let mut r = [0; 64];
        getrandom::fill(&mut r)?;
        Ok(match suite {
            SuiteId::Ristretto255 => Self::Ristretto255(blank(secret, &r)?),
            SuiteId::Secp256k1 => Self::Secp256k1(blank(secret, &r)?),
        })
    }

    fn output(&self, amount: u64, keyset: KeysetId) -> BlindedMessage {
        match self {
            Self::Ristretto255(blank) => blank.output(amount, keyset),
            Self::Secp256k1(blank) => blank.output(amount, keyset),
        }
    }

    fn unblind(self, signature: &BlindSignature, public: &EncodedPoint) -> Result<TokenProof> {
        Ok(match self {
            Self::Ristretto255(blank) => blank.unblind(signature, public)?,
            Self::Secp256k1(blank) => blank.unblind(signature, public)?,
        })
    }
}

fn blank<S: Suite>(secret: Secret, r: &[u8; 64]) -> Result<Blank<S>> {
    let r = S::blinding(r).ok_or("a zero blinding factor")?;
    Ok(Blank::new(secret, r))
}

/// Outputs with what makes tokens of their signatures.
pub struct Blanks {
    keyset: Keyset,
    blanks: Vec<AnyBlank>,
    /// The outputs, in order.
    pub outputs: Vec<BlindedMessage>,
}

impl Blanks {
    /// Random outputs of given amounts.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn of(keyset: &Keyset, amounts: &[u64]) -> Result<Self> {
        let secrets = amounts.iter().map(|_| random_secret());
        Self::of_secrets(keyset, amounts, &secrets.collect::<Result<Vec<_>>>()?)
    }

    /// Outputs of given amounts for as many secrets, such as locks.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn of_secrets(keyset: &Keyset, amounts: &[u64], secrets: &[Secret]) -> Result<Self> {
        let suite = keyset.suite()?;
        let new = |secret: &Secret| AnyBlank::new(suite, secret.clone());
        let blanks = secrets.iter().map(new).collect::<Result<Vec<_>>>()?;
        let pairs = blanks.iter().zip(amounts);
        let outputs = pairs.map(|(blank, amount)| blank.output(*amount, keyset.id));
        Ok(Self {
            outputs: outputs.collect(),
            keyset: keyset.clone(),
            blanks,
        })
    }

    /// Random outputs that add up to `total`.
    ///
    /// # Errors
    /// When the keyset's amounts cannot make it.
    pub fn worth(keyset: &Keyset, total: u64) -> Result<Self> {
        let parts = amount::split(total, &keyset.keys.amounts());
        Self::of(keyset, &parts.ok_or("no such amounts")?)
    }

    /// Verifies and unblinds signatures on the first of the outputs, whatever their amounts (NUT-08).
    ///
    /// # Errors
    /// When one is of another keyset or an amount that it has not, or does not verify.
    pub fn unblind_change(self, signatures: &[BlindSignature]) -> Result<Vec<TokenProof>> {
        if signatures.len() > self.blanks.len() {
            return Err("more signatures than outputs".into());
        }
        let pairs = self.blanks.into_iter().zip(signatures);
        let token = |(blank, signature): (AnyBlank, &BlindSignature)| {
            if signature.id != self.keyset.id {
                return Err("a signature is of another keyset than its output".into());
            }
            let public = self.keyset.keys.get(signature.amount);
            blank.unblind(signature, public.ok_or("no such key")?)
        };
        pairs.map(token).collect()
    }

    /// Verifies and unblinds the mint's signatures.
    ///
    /// # Errors
    /// When one is missing, is for something else, or does not verify.
    pub fn unblind(self, signatures: &[BlindSignature]) -> Result<Vec<TokenProof>> {
        if signatures.len() != self.blanks.len() {
            return Err("not one signature for each output".into());
        }
        let mut tokens = Vec::new();
        for ((blank, output), signature) in
            self.blanks.into_iter().zip(&self.outputs).zip(signatures)
        {
            if (signature.amount, signature.id) != (output.amount, output.id) {
                return Err("a signature is for something else than its output".into());
            }
            let public = self.keyset.keys.get(output.amount).ok_or("no such key")?;
            tokens.push(blank.unblind(signature, public)?);
        }
        Ok(tokens)
    }
}

/// A plain secret: 32 random bytes, in hex.
///
/// # Errors
/// When the system gives no random numbers.
pub fn random_secret() -> Result<Secret> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let hex = bytes.iter().map(|byte| format!("{byte:02x}"));
    Ok(Secret::new(hex.collect()))
}

/// The proofs of tokens, without what would tell the mint which signature they were.
#[must_use]
pub fn proofs(tokens: &[TokenProof]) -> Vec<Proof> {
    tokens.iter().map(|token| token.proof.clone()).collect()
}
