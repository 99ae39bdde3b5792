//! What follows a refusal: look for the facts, then plan anew, undo, or keep the operation.
//!
//! A refusal alone is no proof that nothing was done: the request may have been done long ago, and the
//! mint may have forgotten its answer. So before anything is given up the mint is asked whether it
//! signed the outputs (NUT-09) and spent the inputs (NUT-07).

use std::collections::BTreeSet;

use farthing_protocol::api::State;
use farthing_protocol::{ErrorCode, TokenProof};

use crate::error::{Aftermath, Error, Refused, UsageError};
use crate::http::Http;
use crate::keysets;
use crate::operation::begin::{Finished, handed, kept, planned_sum, request_body};
use crate::purse::coins::Stock;
use crate::purse::outputs::{self, blinded};
use crate::purse::tables::Batch;
use crate::records::{
    Coin, Keyset, Mint, Operation, Outcome, Purpose, Stage, Want, suite_of, worth, y,
};
use crate::store::Store;
use crate::wallet::Wallet;

pub(crate) const DAY_S: u64 = 24 * 60 * 60;

/// Where a refused operation goes from here.
pub(crate) enum Next {
    /// The mint had done it before.
    Done(Finished),
    /// It was planned anew, with other outputs, and is to be sent.
    Again(Box<Operation>),
    /// It is undone, or kept as it is: the aftermath says which.
    Ended(Refused),
}

impl<S: Store, H: Http> Wallet<S, H> {
    /// Decides what becomes of an operation that was refused.
    ///
    /// # Errors
    /// When the facts cannot be had now: the operation stays open.
    pub(crate) async fn after_refusal(
        &mut self,
        operation: Operation,
        refused: Refused,
        may_replan: bool,
    ) -> Result<Next, Error> {
        let mint = self.mint(Some(&operation.mint)).await?;
        if let Some(proofs) = self.already_done(&operation, &refused, &mint).await? {
            return Ok(Next::Done(self.settle(&operation, proofs).await?));
        }
        let replanned = match refused.known_code() {
            Some(ErrorCode::AlreadySigned) if may_replan => {
                Some(self.replan_on_free_lane(&operation, mint).await?)
            }
            Some(
                ErrorCode::KeysetInactive | ErrorCode::KeysetUnknown | ErrorCode::KeysetExpired,
            ) if may_replan => self.replan_on_active_keyset(&operation, &mint).await?,
            Some(_) | None => None,
        };
        match (replanned, operation.purchase.clone()) {
            (Some(replanned), _) => Ok(Next::Again(Box::new(replanned))),
            (None, Some(purchase)) if purchase.stage == Stage::TakeBack => {
                self.take_back_refused(operation, &purchase).await
            }
            (None, _) => self.undo(&operation, refused).await,
        }
    }

    /// The tokens of an operation that the mint did before and has forgotten; `None` when it did not.
    async fn already_done(
        &self,
        operation: &Operation,
        refused: &Refused,
        mint: &Mint,
    ) -> Result<Option<Vec<TokenProof>>, Error> {
        let signed_by_others = refused.known_code() == Some(ErrorCode::AlreadySigned);
        if operation.inputs.is_empty() {
            // Within the replay window the mint would have repeated its answer, unless it would not
            // hear the account out. So signed outputs are a withdrawal of another device on this seed.
            let age_s = (self.clock)().saturating_sub(operation.begun);
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
    async fn signed_before(&self, operation: &Operation) -> Result<Option<Vec<TokenProof>>, Error> {
        if operation.outputs.is_empty() {
            return Ok(None);
        }
        let messages: Vec<_> = operation
            .outputs
            .iter()
            .filter_map(|o| blinded(&self.seed, o))
            .collect();
        let restored = self.api(&operation.mint).restore(messages.clone()).await?;
        if restored.outputs != messages {
            return Ok(None);
        }
        let keysets = self.tables.keysets(&operation.mint).await?;
        outputs::unblind_all(
            &self.seed,
            &keysets,
            &operation.outputs,
            &restored.signatures,
        )
        .map(Some)
        .map_err(|lie| Error::lie(&operation.mint, lie))
    }

    /// Those of `coins` that the mint says are spent.
    pub(crate) async fn spent(&self, mint: &str, coins: &[Coin]) -> Result<Vec<Coin>, Error> {
        if coins.is_empty() {
            return Ok(Vec::new());
        }
        let ys = coins.iter().map(|coin| y(&coin.token.proof)).collect();
        let states = self.api(mint).states(ys).await?;
        let pairs = coins.iter().zip(states);
        Ok(pairs
            .filter(|(_, s)| *s == State::Spent)
            .map(|(c, _)| c.clone())
            .collect())
    }

    /// Another device on this seed uses the lane too: goes to a free one, with new outputs.
    async fn replan_on_free_lane(
        &mut self,
        operation: &Operation,
        mut mint: Mint,
    ) -> Result<Operation, Error> {
        let from = mint.lane.map_or(0, |lane| lane.saturating_add(1));
        let lane = self.free_lane(&mint, from).await?;
        mint.lane = Some(lane);
        let keysets = self.tables.keysets(&mint.url).await?;
        let wants = self.wants_again(operation, &mint, &keysets).await?;
        self.replan(operation, &mint, lane, &wants).await
    }

    /// The mint has rotated its keysets: learns the new ones. `None` when that changes nothing.
    async fn replan_on_active_keyset(
        &mut self,
        operation: &Operation,
        mint: &Mint,
    ) -> Result<Option<Operation>, Error> {
        let mut keysets = Vec::new();
        let suites: BTreeSet<_> = operation
            .outputs
            .iter()
            .map(|o| suite_of(&o.keyset))
            .collect();
        for suite in suites {
            keysets = self.refresh_keysets(suite, mint, &mut ()).await?;
        }
        let Ok(wants) = self.wants_again(operation, mint, &keysets).await else {
            return Ok(None);
        };
        let same = |want: &Want| operation.outputs.iter().any(|o| o.keyset == want.keyset);
        match mint.lane {
            Some(lane) if !wants.iter().all(same) => {
                self.replan(operation, mint, lane, &wants).await.map(Some)
            }
            Some(_) | None => Ok(None),
        }
    }

    /// What an operation asks for, asked for anew: the same sums, of the keysets that sign now.
    async fn wants_again(
        &self,
        operation: &Operation,
        mint: &Mint,
        keysets: &[Keyset],
    ) -> Result<Vec<Want>, Error> {
        let now = (self.clock)();
        let to_send = planned_sum(&operation.outputs, Purpose::Send);
        let to_keep = planned_sum(&operation.outputs, Purpose::Keep);
        let mut sent = operation.outputs.iter();
        let sent = sent.find(|o| o.purpose == Purpose::Send);
        let mut wants = Vec::new();
        if let Some(sent) = sent {
            let keyset = keysets::active_of(suite_of(&sent.keyset), keysets, now);
            let keyset = keyset.ok_or_else(|| UsageError::NoActiveKeyset(mint.url.clone()))?;
            wants = handed(keyset, to_send, sent.lock.as_ref())?;
        }
        if to_keep > 0 {
            let keyset = keysets::active(mint, keysets, now)?;
            let room = mint.limits.outputs_max.saturating_sub(wants.len());
            let mut stock = Stock::without(&self.tables.coins(&mint.url).await?, &[]);
            wants.extend(kept(keyset, to_keep, &mut stock, room)?);
        }
        Ok(wants)
    }

    /// Writes the operation anew, with the same inputs and with outputs at new places.
    async fn replan(
        &mut self,
        operation: &Operation,
        mint: &Mint,
        lane: u32,
        wants: &[Want],
    ) -> Result<Operation, Error> {
        let mut places = self.places(wants, lane).await?;
        let (outputs, messages) = outputs::plan(&self.seed, &mut places, wants);
        let replanned = Operation {
            begun: (self.clock)(),
            body: request_body(operation.kind, &operation.inputs, messages)?,
            outputs,
            ..operation.clone()
        };
        // Not `mint`, which may be older than what was just learned of the mint.
        let mint = Mint {
            lane: Some(lane),
            ..self.mint(Some(&mint.url)).await?
        };
        let batch = Batch::default().put(&mint).put(&replanned);
        let batch = places.put(batch);
        self.tables.apply(batch).await?;
        Ok(replanned)
    }

    /// Undoes an operation that was refused.
    async fn undo(&mut self, operation: &Operation, mut refused: Refused) -> Result<Next, Error> {
        let (finished, returned) = self.undone(operation).await?;
        let unit = self.mint(Some(&operation.mint)).await?.shown_in();
        refused.aftermath = Aftermath::Undone {
            returned,
            lost: finished.entry.lost,
            unit,
        };
        Ok(Next::Ended(refused))
    }

    /// Undoes an operation: its own inputs go back into the balance, except those that are spent. Gives
    /// what went back.
    async fn undone(&mut self, operation: &Operation) -> Result<(Finished, u64), Error> {
        let own = operation.own_inputs();
        let spent = self.spent(&operation.mint, own).await?;
        let (gone, back): (Vec<Coin>, Vec<Coin>) =
            own.iter().cloned().partition(|coin| spent.contains(coin));
        let (returned, lost) = (worth(&back), worth(&gone));
        let mint = self.mint(Some(&operation.mint)).await?;
        let entry = self.entry(operation, &mint.unit, Outcome::Undone, lost);
        let batch = Batch::default()
            .delete(operation)
            .put_all(&back)
            .put(&entry);
        self.tables.apply(batch).await?;
        Ok((Finished { entry, sent: None }, returned))
    }

    /// Ends an operation that the mint does not answer, by what the mint says of its inputs and outputs:
    /// it is done if the mint did it, and undone otherwise.
    ///
    /// # Errors
    /// [`UsageError::NotEndable`] when its inputs are spent, and not its outputs signed; any error of the
    /// mint's. Then it stays open.
    pub(crate) async fn end(&mut self, operation: &Operation) -> Result<Finished, Error> {
        let inputs = &operation.inputs;
        let spent = self.spent(&operation.mint, inputs).await?.len();
        let signed = self.signed_before(operation).await?;
        match signed {
            Some(proofs) if spent == inputs.len() => self.settle(operation, proofs).await,
            Some(_) | None if spent > 0 => Err(UsageError::NotEndable(operation.id).into()),
            Some(_) | None => Ok(self.undone(operation).await?.0),
        }
    }
}
