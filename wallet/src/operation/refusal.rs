//! What follows a refusal: look for the facts, then plan anew, undo, or keep the operation.
//!
//! A refusal alone is no proof that nothing was done: the request may have been done long ago, and the
//! mint may have forgotten its answer. So before anything is given up the mint is asked whether it
//! signed the outputs (NUT-09) and spent the inputs (NUT-07).

use std::collections::BTreeSet;

use farthing_protocol::{ErrorCode, TokenProof};

use crate::engine::Engine;
use crate::error::{Error, Refused, UsageError};
use crate::http::Http;
use crate::operation::begin::request_body;
use crate::purse::Purse;
use crate::purse::coins::Stock;
use crate::purse::holdings::{active, active_of};
use crate::purse::outputs;
use crate::purse::plan::{plan_change, plan_send, planned_sum};
use crate::purse::tables::Batch;
use crate::records::{Keyset, Mint, Operation, OutputRequest, Purpose, suite_of};
use crate::store::Store;

/// Where a refused operation goes from here.
pub(crate) enum AfterRefusal {
    /// The mint had done it before: its tokens, in the order of its outputs.
    Done(Vec<TokenProof>),
    /// It was planned again, with other outputs, and is to be sent.
    Again(Box<Operation>),
    /// The mint did nothing, and would refuse it again.
    Final(Refused),
}

impl<S: Store, H: Http> Engine<S, H> {
    /// Decides what becomes of an operation that was refused. What it costs to end it is not decided here.
    ///
    /// # Errors
    /// When the facts cannot be had now: the operation stays open.
    pub(crate) async fn after_refusal(
        &self,
        operation: &Operation,
        mint: &Mint,
        refused: Refused,
        may_replan: bool,
    ) -> Result<AfterRefusal, Error> {
        if let Some(proofs) = self.already_done(operation, &refused, mint).await? {
            return Ok(AfterRefusal::Done(proofs));
        }
        let replanned = match refused.known_code() {
            Some(ErrorCode::AlreadySigned) if may_replan => {
                Some(self.replan_on_free_lane(operation, mint.clone()).await?)
            }
            Some(
                ErrorCode::KeysetInactive | ErrorCode::KeysetUnknown | ErrorCode::KeysetExpired,
            ) if may_replan => self.replan_on_active_keyset(operation, mint).await?,
            _ => None,
        };
        Ok(replanned.map_or(AfterRefusal::Final(refused), |operation| {
            AfterRefusal::Again(Box::new(operation))
        }))
    }

    /// Another device on this seed uses the lane too: goes to a free one, with new outputs.
    async fn replan_on_free_lane(
        &self,
        operation: &Operation,
        mut mint: Mint,
    ) -> Result<Operation, Error> {
        let from = mint.lane.map_or(0, |lane| lane.saturating_add(1));
        let lane = self.free_lane(&mint, from).await?;
        mint.lane = Some(lane);
        let keysets = self.purse.tables.keysets(&mint.url).await?;
        let requests = self
            .purse
            .requests_again(operation, &mint, &keysets)
            .await?;
        self.purse.replan(operation, &mint, lane, &requests).await
    }

    /// The mint has rotated its keysets: learns the new ones. `None` when that changes nothing.
    async fn replan_on_active_keyset(
        &self,
        operation: &Operation,
        mint: &Mint,
    ) -> Result<Option<Operation>, Error> {
        let outputs = operation.outputs.iter();
        let suites: BTreeSet<_> = outputs.map(|o| suite_of(&o.keyset)).collect();
        if suites.is_empty() {
            return Ok(None);
        }
        let keysets = self.refresh_keysets(suites, mint, &mut ()).await?;
        let Ok(requests) = self.purse.requests_again(operation, mint, &keysets).await else {
            return Ok(None);
        };
        let same =
            |request: &OutputRequest| operation.outputs.iter().any(|o| o.keyset == request.keyset);
        match mint.lane {
            Some(lane) if !requests.iter().all(same) => self
                .purse
                .replan(operation, mint, lane, &requests)
                .await
                .map(Some),
            Some(_) | None => Ok(None),
        }
    }
}

impl<S: Store> Purse<S> {
    /// Returns what an operation asks for, asked for anew: the same sums, of the keysets that sign now.
    async fn requests_again(
        &self,
        operation: &Operation,
        mint: &Mint,
        keysets: &[Keyset],
    ) -> Result<Vec<OutputRequest>, Error> {
        let now = self.now();
        let to_send = planned_sum(&operation.outputs, Purpose::Send);
        let to_keep = planned_sum(&operation.outputs, Purpose::Keep);
        let mut sent = operation.outputs.iter();
        let sent = sent.find(|o| o.purpose == Purpose::Send);
        let mut requests = Vec::new();
        if let Some(sent) = sent {
            let keyset = active_of(suite_of(&sent.keyset), keysets, now);
            let keyset = keyset.ok_or_else(|| UsageError::NoActiveKeyset(mint.url.clone()))?;
            requests = plan_send(keyset, to_send, sent.lock.as_ref())?;
        }
        if to_keep > 0 {
            let keyset = active(mint, keysets, now)?;
            let room = mint.limits.outputs_max.saturating_sub(requests.len());
            let mut stock = Stock::without(&self.tables.coins(&mint.url).await?, &[]);
            requests.extend(plan_change(keyset, to_keep, &mut stock, room)?);
        }
        Ok(requests)
    }

    /// Writes the operation again, with the same inputs and with outputs at new indexes.
    async fn replan(
        &self,
        operation: &Operation,
        mint: &Mint,
        lane: u32,
        requests: &[OutputRequest],
    ) -> Result<Operation, Error> {
        let mut counters = self.tables.counters(requests, lane).await?;
        let (outputs, messages) = outputs::plan(&self.seed, &mut counters, requests);
        let replanned = Operation {
            begun: self.now(),
            body: request_body(operation.kind, &operation.inputs, messages)?,
            outputs,
            ..operation.clone()
        };
        // Not `mint`, which may be older than what was just learned of the mint.
        let mint = Mint {
            lane: Some(lane),
            ..self.tables.mint(Some(&mint.url)).await?
        };
        let batch = Batch::default().put(&mint).put(&replanned);
        let batch = counters.put(batch);
        self.tables.apply(batch).await?;
        Ok(replanned)
    }
}
