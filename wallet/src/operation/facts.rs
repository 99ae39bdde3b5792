//! What the mint says of an operation: whether it spent the inputs (NUT-07) and signed the outputs (NUT-09).
//!
//! A refusal alone is no proof that nothing was done: the request may have been done long ago, and the
//! mint may have forgotten its answer.

use std::collections::HashSet;

use farthing_protocol::api::State;
use farthing_protocol::{BlindedMessage, EncodedPoint, ErrorCode, TokenProof};

use crate::engine::Engine;
use crate::error::{Error, Refused, Violation};
use crate::http::Http;
use crate::purse::counters::GAP;
use crate::purse::outputs::{self, blinded, unblind};
use crate::records::{Coin, Keyset, Mint, Operation, PlannedOutput, Purpose, y};
use crate::store::Store;
use crate::time::DAY_S;

/// Places asked about in one request: a mint takes this many outputs by default, in a body of some
/// 20 kB.
const BATCH: u64 = 100;
/// More devices than one phrase ever has: a mint that claims more is lying.
pub(crate) const LANES_MAX: u32 = 1000;

/// An output that the mint has signed.
pub(crate) struct Found {
    pub(crate) counter: u64,
    pub(crate) coin: Coin,
}

impl<S: Store, H: Http> Engine<S, H> {
    /// The tokens of an operation that the mint did before and has forgotten; `None` when it did not.
    pub(crate) async fn already_done(
        &self,
        operation: &Operation,
        refused: &Refused,
        mint: &Mint,
    ) -> Result<Option<Vec<TokenProof>>, Error> {
        let signed_by_others = refused.known_code() == Some(ErrorCode::AlreadySigned);
        if operation.inputs.is_empty() {
            // Within the replay window the mint would have repeated its answer, unless it would not
            // hear the account out. So signed outputs are a withdrawal of another device on this seed.
            let age_s = self.purse.now().saturating_sub(operation.begun);
            let remembered = age_s < u64::from(mint.limits.replay_days) * DAY_S;
            if remembered && !matches!(refused.status, 401 | 403) {
                return Ok(None);
            }
        } else if signed_by_others {
            // Inputs are looked at before outputs: they are unspent.
            return Ok(None);
        }
        let Some(proofs) = self.signed_before(operation).await? else {
            return Ok(None);
        };
        let spent = self.spent(&operation.mint, &operation.inputs).await?;
        Ok((spent.len() == operation.inputs.len()).then_some(proofs))
    }

    /// The tokens of an operation's outputs, if the mint signed all of them for the planned amounts.
    pub(crate) async fn signed_before(
        &self,
        operation: &Operation,
    ) -> Result<Option<Vec<TokenProof>>, Error> {
        if operation.outputs.is_empty() {
            return Ok(None);
        }
        let messages: Vec<_> = operation
            .outputs
            .iter()
            .filter_map(|o| blinded(&self.purse.seed, o))
            .collect();
        let restored = self.api(&operation.mint).restore(messages.clone()).await?;
        if restored.outputs != messages {
            return Ok(None);
        }
        let keysets = self.purse.tables.keysets(&operation.mint).await?;
        outputs::unblind_all(
            &self.purse.seed,
            &keysets,
            &operation.outputs,
            &restored.signatures,
        )
        .map(Some)
        .map_err(|violation| Error::violation(&operation.mint, violation))
    }

    /// Those of `coins` that the mint says are spent.
    pub(crate) async fn spent(&self, mint: &str, coins: &[Coin]) -> Result<Vec<Coin>, Error> {
        let point = |coin: &Coin| y(&coin.token.proof);
        let ys: Vec<_> = coins.iter().map(point).collect();
        let spent = self.spent_of(mint, &ys).await?;
        let spent = coins.iter().filter(|coin| spent.contains(&point(coin)));
        Ok(spent.cloned().collect())
    }

    /// Returns which of these points are spent, asked in as few requests as the mint's limit allows.
    pub(crate) async fn spent_of(
        &self,
        mint: &str,
        ys: &[EncodedPoint],
    ) -> Result<HashSet<EncodedPoint>, Error> {
        let mut spent = HashSet::new();
        let limits = self.purse.tables.mint(Some(mint)).await?.limits;
        for ys in ys.chunks(limits.inputs_max.max(1)) {
            let states = self.api(mint).states(ys.to_vec()).await?;
            let pairs = ys.iter().zip(states);
            spent.extend(pairs.filter(|(_, s)| *s == State::Spent).map(|(y, _)| *y));
        }
        Ok(spent)
    }

    /// The first lane from `from` on with nothing signed in it.
    pub(crate) async fn free_lane(&self, mint: &Mint, from: u32) -> Result<u32, Error> {
        let keysets = self.purse.tables.keysets(&mint.url).await?;
        for lane in from..LANES_MAX {
            if !self.lane_is_used(mint, &keysets, lane).await? {
                return Ok(lane);
            }
        }
        Err(Error::violation(&mint.url, Violation::NotAsked))
    }

    async fn lane_is_used(
        &self,
        mint: &Mint,
        keysets: &[Keyset],
        lane: u32,
    ) -> Result<bool, Error> {
        for keyset in keysets {
            let mut start = 0;
            while start < GAP {
                if !self.probe(mint, keyset, lane, start).await?.is_empty() {
                    return Ok(true);
                }
                start += batch_size(mint);
            }
        }
        Ok(false)
    }

    /// The tokens that the mint has signed for the change of a payment. Whoever was paid asked for the
    /// signatures, so any of the outputs may be missing, or be worth something else than planned.
    pub(crate) async fn signed_change(
        &self,
        mint: &Mint,
        change: &[PlannedOutput],
    ) -> Result<Vec<Coin>, Error> {
        if change.is_empty() {
            return Ok(Vec::new());
        }
        let keysets = self.purse.tables.keysets(&mint.url).await?;
        let signed = self.restored(mint, &keysets, change.to_vec()).await?;
        let mut coins: Vec<Coin> = signed.into_iter().map(|found| found.coin).collect();
        let spent = self.spent(&mint.url, &coins).await?;
        coins.retain(|coin| !spent.contains(coin));
        Ok(coins)
    }

    /// Asks for the signatures on one batch of places, in ascending order.
    pub(crate) async fn probe(
        &self,
        mint: &Mint,
        keyset: &Keyset,
        lane: u32,
        start: u64,
    ) -> Result<Vec<Found>, Error> {
        let output = |counter| PlannedOutput {
            keyset: keyset.info.id,
            lane,
            counter,
            amount: keyset.keys.amounts().first().copied().unwrap_or(1),
            purpose: Purpose::Keep,
            lock: None,
        };
        let outputs = (start..start + batch_size(mint)).map(output).collect();
        let keysets = std::slice::from_ref(keyset);
        self.restored(mint, keysets, outputs).await
    }

    /// Those of `outputs` that the mint has signed, for whatever amounts, in the order asked.
    async fn restored(
        &self,
        mint: &Mint,
        keysets: &[Keyset],
        outputs: Vec<PlannedOutput>,
    ) -> Result<Vec<Found>, Error> {
        let violation = |violation| Error::violation(&mint.url, violation);
        let asked: Vec<(PlannedOutput, BlindedMessage)> = outputs
            .into_iter()
            .filter_map(|o| blinded(&self.purse.seed, &o).map(|message| (o, message)))
            .collect();
        let messages = asked.iter().map(|(_, message)| message.clone()).collect();
        let answer = self.api(&mint.url).restore(messages).await?;
        let mut asked = asked.into_iter();
        let mut found = Vec::with_capacity(answer.outputs.len());
        for (output, signature) in answer.outputs.iter().zip(&answer.signatures) {
            // In the order asked: whatever is skipped was not signed.
            let found_at = asked.find(|(_, message)| message.b == output.b);
            let (mut planned, _) = found_at.ok_or_else(|| violation(Violation::NotAsked))?;
            planned.amount = signature.amount;
            let keyset = keysets.iter().find(|k| k.info.id == planned.keyset);
            let keyset = keyset.ok_or_else(|| violation(Violation::NotAsked))?;
            let token =
                unblind(&self.purse.seed, keyset, &planned, signature).map_err(violation)?;
            found.push(Found {
                counter: planned.counter,
                coin: Coin {
                    mint: mint.url.clone(),
                    token,
                },
            });
        }
        Ok(found)
    }
}

/// Returns how many places go into one request: few enough for the mint's limits on outputs and states.
pub(crate) fn batch_size(mint: &Mint) -> u64 {
    let max = mint.limits.outputs_max.min(mint.limits.inputs_max) as u64;
    BATCH.min(max).max(1)
}
