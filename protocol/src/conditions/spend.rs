//! The mint's decision whether the locks of a request's inputs are open (NUT-11, NUT-14).

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Lock, LockError, SigFlag, Witness, parse};
use crate::suite::SuiteId;
use crate::{BlindedMessage, Proof, QuoteId};

/// What one input's lock gave away by being opened.
///
/// `Debug` shows nothing: the preimage is a secret until the spend is committed.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Spend {
    /// The preimage that opened an HTLC, for NUT-07 to hand on to the other side of the contract.
    pub preimage: Option<[u8; 32]>,
}

impl fmt::Debug for Spend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spend(…)")
    }
}

/// What a transaction does besides spending its inputs, which `SIG_ALL` signs with them (NUT-11, "Message
/// aggregation for `SIG_ALL`").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation<'q> {
    /// It makes outputs, or credits an account.
    Swap,
    /// It pays the invoice of a melt quote; the outputs are for change.
    Melt(&'q QuoteId),
}

impl Aggregation<'_> {
    /// The message that `SIG_ALL` signs: `secret || C` of each input, `amount || B_` of each output, and
    /// the id of a melt quote, as text.
    #[must_use]
    pub fn message(&self, inputs: &[Proof], outputs: &[BlindedMessage]) -> Zeroizing<String> {
        const HEX: usize = 2 * 33;
        const DIGITS: usize = 20;
        let quote = match self {
            Self::Swap => "",
            Self::Melt(quote) => quote.as_str(),
        };
        let length = |input: &Proof| input.secret.expose().len() + HEX;
        let length: usize = inputs.iter().map(length).sum();
        // It never grows, so that no copy of the secrets is left behind.
        let capacity = length + outputs.len() * (DIGITS + HEX) + quote.len();
        let mut message = Zeroizing::new(String::with_capacity(capacity));
        for input in inputs {
            message.push_str(input.secret.expose());
            message.push_str(&input.c.to_hex());
        }
        for output in outputs {
            message.push_str(&output.amount.to_string());
            message.push_str(&output.b.to_hex());
        }
        message.push_str(quote);
        message
    }
}

/// Checks the locks of all inputs of one request at Unix time `now`; gives one [`Spend`] an input. Each
/// lock's keys are of the suite of its input's keyset.
///
/// # Errors
/// A [`LockError`] for the first lock that is malformed or not open.
pub fn check_all(
    inputs: &[Proof],
    outputs: &[BlindedMessage],
    aggregation: Aggregation<'_>,
    now: u64,
) -> Result<Vec<Spend>, LockError> {
    let parse = |input: &Proof| {
        let suite = SuiteId::of(&input.id).ok_or(LockError::Suite)?;
        parse(suite, &input.secret)
    };
    let locks = inputs.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let all = |lock: &Option<Lock>| lock.as_ref().is_some_and(|l| l.sigflag == SigFlag::All);
    if locks.iter().any(all) {
        return check_sig_all(inputs, outputs, aggregation, &locks, now);
    }
    let check = |(input, lock): (&Proof, &Option<Lock>)| match lock {
        None => Ok(Spend::default()),
        Some(lock) => {
            let witness = Witness::parse(input.witness.as_deref())?;
            lock.check(&witness, input.secret.expose().as_bytes(), now)
        }
    };
    inputs.iter().zip(&locks).map(check).collect()
}

/// NUT-11, "Signature flag `SIG_ALL`": one witness, in the first input, over everything.
fn check_sig_all(
    inputs: &[Proof],
    outputs: &[BlindedMessage],
    aggregation: Aggregation<'_>,
    locks: &[Option<Lock>],
    now: u64,
) -> Result<Vec<Spend>, LockError> {
    let (Some(Some(lock)), Some(first)) = (locks.first(), inputs.first()) else {
        return Err(LockError::Mixed);
    };
    if locks.iter().any(|other| other.as_ref() != Some(lock)) {
        return Err(LockError::Mixed);
    }
    let witness = Witness::parse(first.witness.as_deref())?;
    let message = aggregation.message(inputs, outputs);
    let spend = lock.check(&witness, message.as_bytes(), now)?;
    Ok(vec![spend; inputs.len()])
}

impl Lock {
    /// Returns whether `witness` opens this lock for `message` at Unix time `now`.
    ///
    /// # Errors
    /// A [`LockError`] that says what is missing.
    pub fn check(&self, witness: &Witness, message: &[u8], now: u64) -> Result<Spend, LockError> {
        let expired = self.locktime.is_some_and(|locktime| now > locktime);
        let main = self.check_main(witness, message);
        if expired && self.refund.is_empty() {
            // Anyone may spend it now; who does so with the preimage still hands it on.
            return Ok(main.unwrap_or_default());
        }
        if main.is_err() && expired {
            let signatures = witness.decode_signatures()?;
            self.enough(&self.refund, self.n_sigs_refund, message, &signatures)?;
            return Ok(Spend::default());
        }
        main
    }

    /// The main pathway: the preimage for an HTLC, and enough signatures.
    fn check_main(&self, witness: &Witness, message: &[u8]) -> Result<Spend, LockError> {
        let preimage = match self.hash {
            None => None,
            Some(hash) => {
                let preimage = witness.decode_preimage()?.ok_or(LockError::Witness)?;
                let matches = Sha256::digest(preimage).as_slice().ct_eq(&hash);
                if !bool::from(matches) {
                    return Err(LockError::Preimage);
                }
                Some(preimage)
            }
        };
        let signatures = witness.decode_signatures()?;
        self.enough(&self.keys, self.n_sigs, message, &signatures)?;
        Ok(Spend { preimage })
    }

    /// Checks whether at least `needed` of the `keys` signed `message`. More than two signatures a key are refused
    /// unseen, which bounds the work; two, because some wallets sign two spellings of a message at once.
    fn enough(
        &self,
        keys: &[[u8; 32]],
        needed: usize,
        message: &[u8],
        signatures: &[[u8; 64]],
    ) -> Result<(), LockError> {
        if needed > 0 && (signatures.len() < needed || signatures.len() > 2 * keys.len()) {
            return Err(LockError::Signatures);
        }
        let mut left = keys.to_vec();
        let mut found = 0;
        for signature in signatures {
            if found == needed {
                break;
            }
            let verify = |key| self.suite.verify_signature(key, message, signature);
            if let Some(signer) = left.iter().position(|key| verify(key).is_ok()) {
                left.swap_remove(signer);
                found += 1;
            }
        }
        (found >= needed).then_some(()).ok_or(LockError::Signatures)
    }
}

#[cfg(test)]
#[path = "spend_tests.rs"]
mod tests;
