//! Outputs: derived and blinded before a request, verified and unblinded after it.

use farthing_client::KeysetError;
use farthing_protocol::blank::UnblindError;
use farthing_protocol::conditions::Lock;
use farthing_protocol::derive::{self, Position};
use farthing_protocol::suite::{Ristretto255, Secp256k1, Suite};
use farthing_protocol::{
    Blank, BlindSignature, BlindedMessage, Secret, TokenProof, nut13, with_suite,
};

use crate::error::Violation;
use crate::purse::counters::Counters;
use crate::records::{Keyset, OutputRequest, PlannedOutput, suite_of};
use crate::seed::Seed;

/// The lane whose tokens of Cashu's keysets are derived as Cashu's wallets do it.
const CASHU_LANE: u32 = 0;

/// How secrets and blinding factors of a suite follow from a seed.
trait Derived: Suite {
    /// The secret and the blinding factor at an index; `None` when there are none, and the next one
    /// serves.
    fn derive(seed: &Seed, position: Position) -> Option<(Secret, Self::Blinding)>;
}

impl Derived for Ristretto255 {
    fn derive(seed: &Seed, position: Position) -> Option<(Secret, Self::Blinding)> {
        in_a_lane::<Self>(seed, position)
    }
}

impl Derived for Secp256k1 {
    /// NUT-13 has no lanes: so one device alone uses it, and the others count in lanes as elsewhere
    /// (`docs/decisions/0019-cashus-tokens.md`).
    fn derive(seed: &Seed, position: Position) -> Option<(Secret, Self::Blinding)> {
        if position.lane != CASHU_LANE {
            return in_a_lane::<Self>(seed, position);
        }
        let secret = nut13::secret(seed.bytes(), position.keyset, position.counter)?;
        let r = nut13::blinding(seed.bytes(), position.keyset, position.counter)?;
        Some((secret, r))
    }
}

fn in_a_lane<S: Suite>(seed: &Seed, position: Position) -> Option<(Secret, S::Blinding)> {
    let r = derive::blinding::<S>(seed.bytes(), position)?;
    Some((derive::secret(seed.bytes(), position), r))
}

/// Derives the blank of an output. `None` when its index has none, or its lock is not a key.
fn blank<S: Derived>(seed: &Seed, output: &PlannedOutput) -> Option<Blank<S>> {
    let (nonce, r) = S::derive(seed, output.position())?;
    let secret = match &output.lock {
        None => nonce,
        Some(key) => Lock::p2pk_secret(&hex::decode(key).ok()?, &nonce),
    };
    Some(Blank::new(secret, r))
}

/// The blinded message of an output; `None` when its index has none.
pub(crate) fn blinded(seed: &Seed, output: &PlannedOutput) -> Option<BlindedMessage> {
    with_suite!(suite_of(&output.keyset), S => {
        Some(blank::<S>(seed, output)?.output(output.amount, output.keyset))
    })
}

/// Takes an index for each requested output; returns the outputs with their messages in the order of the request.
///
/// The order is by amount, then by blinded point: it tells nothing of which output is change.
pub(crate) fn plan(
    seed: &Seed,
    counters: &mut Counters,
    requests: &[OutputRequest],
) -> (Vec<PlannedOutput>, Vec<BlindedMessage>) {
    let mut planned = Vec::with_capacity(requests.len());
    for request in requests {
        loop {
            let Position {
                keyset,
                lane,
                counter,
            } = counters.take(request.keyset, request.lock.is_some());
            let output = PlannedOutput {
                keyset,
                lane,
                counter,
                amount: request.amount,
                purpose: request.purpose,
                lock: request.lock.clone(),
            };
            // One index in 2^252 has no blinding factor; the next one serves.
            if let Some(message) = blinded(seed, &output) {
                planned.push((output, message));
                break;
            }
        }
    }
    planned.sort_by_key(|(output, message)| (output.amount, message.b));
    planned.into_iter().unzip()
}

/// Checks the mint's signature on an output, proof and all, and makes the token of it.
///
/// # Errors
/// The [`Violation`] found: a signature for something else, or one the published key did not make.
pub(crate) fn unblind(
    seed: &Seed,
    keyset: &Keyset,
    output: &PlannedOutput,
    signature: &BlindSignature,
) -> Result<TokenProof, Violation> {
    let (amount, id) = (output.amount, output.keyset);
    if signature.amount != amount || signature.id != id {
        return Err(Violation::Signed {
            expected: amount,
            keyset: id,
            got: signature.amount,
            got_keyset: signature.id,
        });
    }
    let false_proof = || Violation::Proof { amount, keyset: id };
    let key = keyset.keys.get(amount).ok_or_else(false_proof)?;
    let unblinded = with_suite!(suite_of(&id), S => {
        let blank = blank::<S>(seed, output).ok_or_else(false_proof)?;
        blank.unblind(signature, key)
    });
    unblinded.map_err(|error| match error {
        UnblindError::Key => Violation::Api(farthing_client::Violation::Keyset {
            keyset: id,
            error: KeysetError::Key { amount },
        }),
        UnblindError::Proof => false_proof(),
    })
}

/// [`unblind`] for all outputs of a request, in its order.
///
/// # Errors
/// The first [`Violation`] found, or [`Violation::Count`].
pub(crate) fn unblind_all(
    seed: &Seed,
    keysets: &[Keyset],
    outputs: &[PlannedOutput],
    signatures: &[BlindSignature],
) -> Result<Vec<TokenProof>, Violation> {
    if outputs.len() != signatures.len() {
        return Err(Violation::Count {
            expected: outputs.len(),
            got: signatures.len(),
        });
    }
    let unblind = |(output, signature): (&PlannedOutput, &BlindSignature)| {
        let keyset = keysets.iter().find(|k| k.info.id == output.keyset);
        let keyset = keyset.ok_or(Violation::Proof {
            amount: output.amount,
            keyset: output.keyset,
        })?;
        unblind(seed, keyset, output, signature)
    };
    outputs.iter().zip(signatures).map(unblind).collect()
}
