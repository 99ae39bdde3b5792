//! The mint's decision whether the locks of a request's inputs are open (NUT-11, NUT-14).

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Lock, LockError, SigFlag, Witness, parse};
use crate::suite::Suite;
use crate::{BlindedMessage, Proof};

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

/// Checks the locks of all inputs of one request at Unix time `now`; gives one [`Spend`] an input.
///
/// # Errors
/// A [`LockError`] for the first lock that is malformed or not open.
pub fn check_all<S: Suite>(
    inputs: &[Proof],
    outputs: &[BlindedMessage],
    now: u64,
) -> Result<Vec<Spend>, LockError> {
    let locks = inputs
        .iter()
        .map(|input| parse::<S>(&input.secret))
        .collect::<Result<Vec<_>, _>>()?;
    let all = |lock: &Option<Lock>| lock.as_ref().is_some_and(|l| l.sigflag == SigFlag::All);
    if locks.iter().any(all) {
        return check_sig_all::<S>(inputs, outputs, &locks, now);
    }
    let check = |(input, lock): (&Proof, &Option<Lock>)| match lock {
        None => Ok(Spend::default()),
        Some(lock) => {
            let witness = Witness::parse(input.witness.as_deref())?;
            lock.check::<S>(&witness, input.secret.expose().as_bytes(), now)
        }
    };
    inputs.iter().zip(&locks).map(check).collect()
}

/// NUT-11, "Signature flag `SIG_ALL`": one witness, in the first input, over everything.
fn check_sig_all<S: Suite>(
    inputs: &[Proof],
    outputs: &[BlindedMessage],
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
    let message = sig_all_message(inputs, outputs);
    let spend = lock.check::<S>(&witness, message.as_bytes(), now)?;
    Ok(vec![spend; inputs.len()])
}

/// NUT-11, "Message aggregation for `SIG_ALL`": `secret || C` of each input, `amount || B_` of each
/// output, as text.
fn sig_all_message(inputs: &[Proof], outputs: &[BlindedMessage]) -> String {
    let mut message = String::new();
    for input in inputs {
        message.push_str(input.secret.expose());
        message.push_str(&input.c.to_hex());
    }
    for output in outputs {
        message.push_str(&output.amount.to_string());
        message.push_str(&output.b.to_hex());
    }
    message
}

impl Lock {
    /// Whether `witness` opens this lock for `message` at Unix time `now`.
    ///
    /// # Errors
    /// A [`LockError`] that says what is missing.
    pub fn check<S: Suite>(
        &self,
        witness: &Witness,
        message: &[u8],
        now: u64,
    ) -> Result<Spend, LockError> {
        let expired = self.locktime.is_some_and(|locktime| now > locktime);
        let main = self.check_main::<S>(witness, message);
        if expired && self.refund.is_empty() {
            // Anyone may spend it now; who does so with the preimage still hands it on.
            return Ok(main.unwrap_or_default());
        }
        if main.is_err() && expired {
            let signatures = witness.decode_signatures()?;
            enough::<S>(&self.refund, self.n_sigs_refund, message, &signatures)?;
            return Ok(Spend::default());
        }
        main
    }

    /// The main pathway: the preimage for an HTLC, and enough signatures.
    fn check_main<S: Suite>(&self, witness: &Witness, message: &[u8]) -> Result<Spend, LockError> {
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
        enough::<S>(&self.keys, self.n_sigs, message, &signatures)?;
        Ok(Spend { preimage })
    }
}

/// Whether at least `needed` different keys signed `message`. More signatures than keys are refused
/// unseen, which bounds the work.
fn enough<S: Suite>(
    keys: &[[u8; 32]],
    needed: usize,
    message: &[u8],
    signatures: &[[u8; 64]],
) -> Result<(), LockError> {
    if needed > 0 && (signatures.len() < needed || signatures.len() > keys.len()) {
        return Err(LockError::Signatures);
    }
    let mut left = keys.to_vec();
    let mut found = 0;
    for signature in signatures {
        if found == needed {
            break;
        }
        let signer = left
            .iter()
            .position(|key| S::verify_signature(key, message, signature).is_ok());
        if let Some(signer) = signer {
            left.swap_remove(signer);
            found += 1;
        }
    }
    (found >= needed).then_some(()).ok_or(LockError::Signatures)
}

#[cfg(test)]
#[path = "spend_tests.rs"]
mod tests;
