//! Outputs and what becomes of them: tokens made by hand, without a wallet and without HTTP.

use farthing_protocol::suite::{Ristretto255, Suite};
use farthing_protocol::{
    Blank, BlindSignature, BlindedMessage, KeysetId, Proof, PublicKeys, Secret, TokenProof, amount,
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

/// Outputs with what makes tokens of their signatures.
pub struct Blanks {
    keyset: Keyset,
    blanks: Vec<Blank<Ristretto255>>,
    /// The outputs, in order.
    pub outputs: Vec<BlindedMessage>,
}

impl Blanks {
    /// Random outputs of given amounts.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn of(keyset: &Keyset, amounts: &[u64]) -> Result<Self> {
        let mut blanks = Vec::new();
        for _ in amounts {
            let (mut secret, mut r) = ([0; 32], [0; 64]);
            getrandom::fill(&mut secret)?;
            getrandom::fill(&mut r)?;
            blanks.push(Blank::from_random(&secret, &r).ok_or("a zero blinding factor")?);
        }
        Ok(Self::with(keyset, amounts, blanks))
    }

    /// Outputs of given amounts for as many secrets, such as locks.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn of_secrets(keyset: &Keyset, amounts: &[u64], secrets: &[Secret]) -> Result<Self> {
        let mut blanks = Vec::new();
        for secret in secrets {
            let mut r = [0; 64];
            getrandom::fill(&mut r)?;
            let r = Ristretto255::blinding(&r).ok_or("a zero blinding factor")?;
            blanks.push(Blank::new(secret.clone(), r));
        }
        Ok(Self::with(keyset, amounts, blanks))
    }

    /// Outputs of given amounts and given blanks.
    #[must_use]
    pub fn with(keyset: &Keyset, amounts: &[u64], blanks: Vec<Blank<Ristretto255>>) -> Self {
        let pairs = blanks.iter().zip(amounts);
        let outputs = pairs
            .map(|(blank, amount)| blank.output(*amount, keyset.id))
            .collect();
        Self {
            keyset: keyset.clone(),
            blanks,
            outputs,
        }
    }

    /// Random outputs that add up to `total`.
    ///
    /// # Errors
    /// When the keyset's amounts cannot make it.
    pub fn worth(keyset: &Keyset, total: u64) -> Result<Self> {
        let parts = amount::split(total, &keyset.keys.amounts());
        Self::of(keyset, &parts.ok_or("no such amounts")?)
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

/// The proofs of tokens, without what would tell the mint which signature they were.
#[must_use]
pub fn proofs(tokens: &[TokenProof]) -> Vec<Proof> {
    tokens.iter().map(|token| token.proof.clone()).collect()
}
