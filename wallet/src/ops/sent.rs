//! Tokens that were sent: whether they were claimed, and taking them back.
//!
//! A token that was sent is another's. It stays known until it is claimed, with its text; the
//! mint says what became of it (NUT-07). Taking it back is a swap like any other: the mint decides
//! who was faster.

use std::collections::HashSet;

use farthing_protocol::{EncodedPoint, TokenProof};

use super::swap::Swap;
use crate::engine::Engine;
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::operation::record::Finished;
use crate::operation::record::{Batched, ROUNDS};
use crate::purse::tables::Batch;
use crate::records::{Kind, Mint, Operation, Sent, worth, y};
use crate::store::Store;
use crate::time::DAY_S;

/// For how long a token's text is kept after it is known that nothing of it is left.
const KEPT_S: u64 = 30 * DAY_S;

/// The tokens that were sent.
pub struct SentTokens<'a, S, H> {
    engine: &'a Engine<S, H>,
}

impl<'a, S, H> SentTokens<'a, S, H> {
    pub(crate) fn of(engine: &'a Engine<S, H>) -> Self {
        Self { engine }
    }
}

impl<S: Store, H: Http> SentTokens<'_, S, H> {
    /// The tokens sent, oldest first, in the state last known. What has been claimed or taken
    /// back is forgotten 30 days after that was seen.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn all(&self) -> Result<Vec<Sent>, Error> {
        Ok(self.engine.purse.tables.all::<Sent>().await?)
    }

    /// The token sent by operation `id`.
    ///
    /// # Errors
    /// [`UsageError::SentUnknown`].
    pub async fn get(&self, id: u64) -> Result<Sent, Error> {
        let sent = self.engine.purse.tables.numbered::<Sent>(id).await?;
        sent.ok_or_else(|| UsageError::SentUnknown(id).into())
    }

    /// The open operations that take a token in, which may be one that was sent.
    async fn take_backs(&self) -> Result<Vec<Operation>, Error> {
        let mut operations = self.engine.purse.tables.all::<Operation>().await?;
        operations.retain(Operation::takes_back);
        Ok(operations)
    }

    /// Asks the mints which of the tokens sent are claimed, all of a mint in as few requests as
    /// its limit allows, and in an order that does not tell which proofs are one token. Gives the
    /// errors of the mints that could not be asked.
    ///
    /// # Errors
    /// [`Error::Store`] alone.
    pub async fn check(&self) -> Result<Vec<Error>, Error> {
        let mut failures = Vec::new();
        for mint in self.engine.purse.tables.all::<Mint>().await? {
            let busy = self.take_backs().await?;
            let busy: HashSet<_> = busy.iter().flat_map(inputs_of).collect();
            let mut sent = self.engine.purse.tables.all::<Sent>().await?;
            sent.retain(|s| s.mint == mint.url && s.outstanding() > 0);
            // What an open operation takes back may be spent already, and by this wallet.
            sent.retain(|s| ys_of(&s.proofs).all(|y| !busy.contains(&y)));
            match self.note_claimed(&mint.url, sent).await {
                Ok(_) => {}
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => failures.push(error),
            }
        }
        Ok(failures)
    }

    pub(crate) async fn reclaim(&self, id: u64) -> Result<Batched, Error> {
        let sent = self.get(id).await?;
        let mint = self.engine.purse.tables.mint(Some(&sent.mint)).await?;
        let mut done = Batched::default();
        let mut open = self.take_backs().await?;
        let ys: HashSet<_> = ys_of(&sent.proofs).collect();
        open.retain(|operation| inputs_of(operation).any(|y| ys.contains(&y)));
        self.engine.run_each(open, &mut done).await?;
        for _ in 0..ROUNDS {
            if done.has_silence() {
                break;
            }
            let rest = match self.unclaimed(id).await {
                Ok(rest) => rest,
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => {
                    done.failures.push(error);
                    break;
                }
            };
            if rest.is_empty() {
                break;
            }
            let keysets = self.engine.purse.tables.keysets(&mint.url).await?;
            let coins = self.engine.purse.inspect(&mint, rest, &keysets)?;
            let swap = Swap {
                kind: Kind::Reclaim,
                coins: &coins,
                memo: sent.memo.as_ref(),
            };
            let (held, (drafts, dust)) = self.engine.planned(&mint, |held| swap.plan(held)).await?;
            if drafts.is_empty() && done.is_empty() {
                return Err(held.fee_eats_all(&coins).into());
            }
            done.dust = worth(&dust);
            let operations = self.engine.purse.begin(&held.mint, drafts).await?;
            if self
                .engine
                .run_each(operations, &mut done)
                .await?
                .is_empty()
            {
                break;
            }
        }
        let sent = self.get(id).await?;
        // That somebody was faster is said by what the token's record says now.
        let late = |error: &Error| matches!(error, Error::Refused(r) if r.already_spent());
        if sent.outstanding() == 0 || !done.finished.is_empty() {
            done.failures.retain(|error| !late(error));
        }
        match (done.is_empty(), sent.outstanding(), sent.taken_back) {
            (false, _, _) => done.failure().map_or(Ok(done), Err),
            (true, 0, 1..) => Err(UsageError::SentTakenBack(id).into()),
            (true, _, _) => Err(UsageError::SentClaimed(id).into()),
        }
    }

    /// Settles an operation that was to take a token back.
    pub(crate) async fn recover_reclaim(&self, operation: Operation) -> Result<Finished, Error> {
        let sent = self.engine.purse.tables.all::<Sent>().await?;
        let ys: HashSet<_> = inputs_of(&operation).collect();
        let sent = sent.into_iter().find(|s| s.worth_among(&ys) > 0);
        match (self.engine.run(operation).await, sent) {
            (Err(Error::Refused(refused)), Some(sent)) if refused.already_spent() => {
                Err(UsageError::SentClaimed(sent.id).into())
            }
            (result, _) => result,
        }
    }

    /// Returns what of a token sent nobody has claimed, by the mint's word.
    async fn unclaimed(&self, id: u64) -> Result<Vec<TokenProof>, Error> {
        let sent = self.get(id).await?;
        if sent.outstanding() == 0 {
            return Ok(Vec::new());
        }
        let mut rest = sent.proofs.clone();
        let spent = self.note_claimed(&sent.mint.clone(), vec![sent]).await?;
        rest.retain(|p| !spent.contains(&y(&p.proof)));
        Ok(rest)
    }

    /// Asks a mint about tokens of its that were sent, and writes down what was claimed; gives
    /// all that is spent.
    async fn note_claimed(
        &self,
        mint: &str,
        sent: Vec<Sent>,
    ) -> Result<HashSet<EncodedPoint>, Error> {
        let proofs = sent.iter().flat_map(|sent| &sent.proofs);
        let mut ys: Vec<_> = ys_of(proofs).collect();
        ys.sort_unstable();
        let spent = self.engine.spent_of(mint, &ys).await?;
        let mut batch = Batch::default();
        for mut sent in sent {
            let claimed = sent.worth_among(&spent);
            sent.claimed = claimed.saturating_sub(sent.taken_back);
            sent.settled = (sent.outstanding() == 0).then(|| self.engine.purse.now());
            batch = batch.put(&sent);
        }
        self.engine.purse.tables.apply(batch).await?;
        Ok(spent)
    }

    /// Forgets tokens of which nothing is left, some time after that was seen.
    pub(crate) async fn forget_settled(&self) -> Result<(), Error> {
        let now = self.engine.purse.now();
        for sent in self.engine.purse.tables.all::<Sent>().await? {
            let old = |settled: u64| settled.saturating_add(KEPT_S) <= now;
            if sent.settled.is_some_and(old) {
                let batch = Batch::default().delete(&sent);
                self.engine.purse.tables.apply(batch).await?;
            }
        }
        Ok(())
    }
}

fn ys_of<'a>(
    proofs: impl IntoIterator<Item = &'a TokenProof>,
) -> impl Iterator<Item = EncodedPoint> {
    proofs.into_iter().map(|p| y(&p.proof))
}

fn inputs_of(operation: &Operation) -> impl Iterator<Item = EncodedPoint> {
    operation.inputs.iter().map(|coin| y(&coin.token.proof))
}
