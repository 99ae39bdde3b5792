//! Tokens locked to the publisher: checked here alone, and redeemed in batches later
//! (`docs/reference/protocol.md`, section 12.6).

use std::sync::Arc;
use std::time::Duration;

use farthing_protocol::conditions::{self, Lock, SigFlag, Witness};
use farthing_protocol::payment::LockOption;
use farthing_protocol::suite::{Ristretto255, SuiteId};
use farthing_protocol::{ErrorCode, Proof, Reference, Secret, TokenProof};

use crate::clock;
use crate::error::Refusal;
use crate::keys::Keys;
use crate::mint::{Failure, Mint, redeem_body};
use crate::records::{Batch, Locked, Records, Store, Unrecorded, Unredeemed};

/// Returns the lock that the payment request asks for (NUT-18, `nut10`).
pub(crate) fn option(keys: &Keys) -> LockOption {
    LockOption {
        kind: "P2PK".to_owned(),
        data: hex::encode(keys.lock_public_key()),
        tags: Vec::new(),
    }
}

/// Checks tokens without the mint: each was signed by it, and only the publisher can spend it until
/// `locked_until`, Unix seconds, at least. Returns what it takes to redeem them.
///
/// It takes about 0.2 ms of CPU a token.
///
/// # Errors
/// [`ErrorCode::LockMismatch`], [`ErrorCode::ProofInvalid`].
pub(crate) fn check(
    keys: &Keys,
    mint: &Mint,
    proofs: &[TokenProof],
    locked_until: u64,
) -> Result<Vec<Locked>, Refusal> {
    let keysets = mint.keysets();
    let mut tokens = Vec::new();
    for token in proofs {
        check_lock(keys, &token.proof, locked_until)?;
        let keyset = keysets.iter().find(|k| k.info.id == token.proof.id);
        let now = clock::now_s();
        let key = keyset
            .filter(|k| {
                k.info
                    .final_expiry
                    .is_none_or(|expiry| expiry > locked_until.max(now))
            })
            .and_then(|k| k.keys.get(token.proof.amount))
            .ok_or_else(|| mismatch("its keyset has no such amount, or expires too soon"))?;
        let verified = token.verify::<Ristretto255>(key);
        let is_proved = verified.map_err(|fault| {
            let detail = format!("{fault}; nothing was spent");
            Refusal::new(ErrorCode::ProofInvalid, detail)
        })?;
        if !is_proved {
            return Err(mismatch(
                "the mint's proof and the blinding factor are missing",
            ));
        }
        let input =
            serde_json::to_string(&token.proof).expect("a token has no part that JSON cannot hold");
        tokens.push(Locked {
            input: Secret::new(input),
            amount: token.proof.amount,
        });
    }
    Ok(tokens)
}

fn check_lock(keys: &Keys, token: &Proof, locked_until: u64) -> Result<(), Refusal> {
    let suite =
        SuiteId::of(&token.id).ok_or_else(|| mismatch("its keyset is of no known suite"))?;
    let lock = conditions::parse(suite, &token.secret)
        .map_err(|_| mismatch("its lock is malformed"))?
        .ok_or_else(|| mismatch("it is not locked"))?;
    let Lock {
        suite,
        hash,
        sigflag,
        keys: holders,
        locktime,
        ..
    } = &lock;
    // A key of another suite may have the same 32 bytes, and its private key is not known.
    let is_ours = *suite == SuiteId::Ristretto255 && keys.opens_alone(holders);
    if hash.is_some() || !is_ours {
        return Err(mismatch("it is not locked to the publisher's key alone"));
    }
    if *sigflag != SigFlag::Inputs {
        return Err(mismatch("it asks for SIG_ALL"));
    }
    if locktime.is_some_and(|locktime| locktime < locked_until) {
        return Err(mismatch("its locktime is too near"));
    }
    Ok(())
}

fn mismatch(what: &str) -> Refusal {
    let detail = format!(
        "the publisher takes tokens locked to its key (nut10 in the payment request): {what}; \
         nothing was spent"
    );
    Refusal::new(ErrorCode::LockMismatch, detail)
}

/// Signs for those tokens that are locked to the publisher's key, so that the mint redeems them.
pub(crate) fn sign(keys: &Keys, mut token: Proof) -> Proof {
    if token.witness.is_none() && check_lock(keys, &token, 0).is_ok() {
        let signature = keys.sign_lock(token.secret.expose());
        let witness = Witness {
            preimage: None,
            signatures: vec![hex::encode(signature)],
        };
        token.witness = Some(witness.to_json());
    }
    token
}

/// Redeems what was taken, batch by batch, as long as the paywall lives.
pub(crate) struct Redeemer {
    pub(crate) keys: Arc<Keys>,
    pub(crate) mint: Arc<Mint>,
    pub(crate) records: Arc<Records>,
    pub(crate) every: Duration,
}

/// The reason why a round of redemptions ended early.
enum Halt {
    Record,
    Mint(String),
}

impl From<Unrecorded> for Halt {
    fn from(Unrecorded: Unrecorded) -> Self {
        Self::Record
    }
}

impl Redeemer {
    /// Runs for ever; to be spawned, and aborted at the end.
    pub(crate) async fn run(self) {
        loop {
            tokio::time::sleep(self.every).await;
            match self.redeem_all().await {
                Ok(()) => {}
                Err(Halt::Record) => tracing::error!("the record of payments cannot be read"),
                Err(Halt::Mint(reason)) => {
                    tracing::warn!(reason, "the mint could not redeem; it is asked again");
                }
            }
        }
    }

    async fn redeem_all(&self) -> Result<(), Halt> {
        let max = self.mint.inputs_max.max(1);
        let keysets = self.mint.keysets();
        let fees = keysets.iter().map(|k| k.info.input_fee_ppk);
        let fee_ppk = fees.max().unwrap_or(0);
        loop {
            let batch = self
                .records
                .run(move |store| store.next_batch(max, fee_ppk))
                .await?;
            if batch.tokens.is_empty() {
                return Ok(());
            }
            self.redeem(batch).await?;
        }
    }

    /// Redeems one batch. A batch that the mint refuses is tried in halves, so that one bad token costs no
    /// other, and the mint's fee is paid for few requests.
    async fn redeem(&self, batch: Batch) -> Result<(), Halt> {
        let records = &self.records;
        let body = body(&self.keys, &batch)?;
        let batch = batch.tokens;
        match self.mint.redeem(&body).await {
            Ok(redeemed) => {
                let tokens = batch.len();
                let credited = self.mint.money().show(redeemed.credited);
                tracing::info!(tokens, %credited, "redeemed");
                Ok(records.run(move |store| store.redeemed(&batch)).await?)
            }
            Err(Failure::Refused(_)) if batch.len() > 1 => {
                Ok(records.run(move |store| store.split_batch(&batch)).await?)
            }
            Err(Failure::Refused(refusal)) => {
                assert!(batch.len() == 1, "only a single token is given up");
                let amount = self.mint.money().show(batch.iter().map(|t| t.amount).sum());
                let (code, detail) = (refusal.code, refusal.detail);
                tracing::error!(code, %amount, %detail, "LOSS: a token was served for and is refused");
                let day = clock::day();
                let reason = format!("{code}: {detail}");
                let note = move |store: &Store| {
                    batch
                        .iter()
                        .try_for_each(|token| store.lost(token, day, &reason))
                };
                Ok(records.run(note).await?)
            }
            Err(Failure::Account(reason) | Failure::Silent(reason)) => Err(Halt::Mint(reason)),
        }
    }
}

/// Returns the body of a batch's redemption: always the same for the same batch.
///
/// # Errors
/// [`Halt::Record`] if a token of the batch cannot be read. Without it the redemption would succeed, and the token would
/// be taken out of the record as redeemed.
fn body(keys: &Keys, batch: &Batch) -> Result<Secret, Halt> {
    let read = |token: &Unredeemed| {
        let input =
            farthing_protocol::json::from_str(token.input.expose()).map_err(|_| Halt::Record)?;
        Ok(sign(keys, input))
    };
    Ok(redeem_body(&farthing_protocol::api::RedeemRequest {
        inputs: batch.tokens.iter().map(read).collect::<Result<_, Halt>>()?,
        outputs: Vec::new(),
        reference: batch.reference.map(Reference),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys;

    #[test]
    fn a_token_that_cannot_be_read_is_not_left_out_of_its_batch() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::load_or_create(&dir.path().join(keys::FILE)).unwrap();
        let token = |id, input: &str| Unredeemed {
            id,
            input: Secret::new(input.to_owned()),
            amount: 1,
        };
        let (keyset, point) = ("52".repeat(33), "02".repeat(32));
        let good = format!(r#"{{"amount":1,"id":"{keyset}","secret":"s","C":"{point}"}}"#);
        let mut batch = Batch {
            tokens: vec![token(1, &good)],
            reference: None,
        };
        let whole = body(&keys, &batch).ok().unwrap();
        assert!(whole.expose().contains(&point));
        batch.tokens.push(token(2, "damaged"));
        assert!(matches!(body(&keys, &batch), Err(Halt::Record)));
    }
}
