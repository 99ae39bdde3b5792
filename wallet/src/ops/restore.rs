//! Finding a wallet's tokens again from its phrase (NUT-09, NUT-13).
//!
//! Every token's secret follows from the phrase and its place: keyset, lane, counter. So the mint is
//! shown the blinded points of place after place, lane after lane, and gives back what it signed.
//! What it finds it writes batch by batch, with how far it has come, and so it can be broken off.

use std::collections::HashSet;

use farthing_protocol::suite::SuiteId;
use farthing_protocol::{KeysetId, Secret};

use crate::engine::Engine;
use crate::error::{Error, StoreError};
use crate::http::Http;
use crate::operation::begin::request_path;
use crate::operation::facts::{Found, LANES_MAX, batch_size};
use crate::purse::counters::GAP;
use crate::purse::tables::{Batch, Tables};
use crate::records::{
    Coin, Detail, Keyset, Kind, Mint, Operation, Outcome, Restored, Search, Sent, Walked, worth, y,
};
use crate::retry::{Observer, Progress, retrying};
use crate::store::Store;

/// After this many empty lanes in a row the walk ends: a device that took its lane and never used it
/// leaves one hole, and must not hide the devices after it.
const EMPTY_LANES_END: u32 = 2;

/// A search of a mint: an operation that is written down before the first request, and after each that
/// found something. Broken off, it goes on where it stopped.
pub(crate) struct Restore<'a, S, H> {
    engine: &'a Engine<S, H>,
    mint: &'a Mint,
    operation: Operation,
    search: Search,
}

impl<'a, S: Store, H: Http> Restore<'a, S, H> {
    /// The open search at a mint, or a new one.
    pub(crate) async fn at(engine: &'a Engine<S, H>, mint: &'a Mint) -> Result<Self, Error> {
        let tables = &engine.purse.tables;
        let operations = tables.all::<Operation>().await?;
        let here = |o: &Operation| o.kind == Kind::Restore && o.mint == mint.url;
        let mut operation = match operations.into_iter().find(here) {
            Some(open) => open,
            None => {
                let id = tables.next_id().await?;
                let operation = Operation {
                    id,
                    kind: Kind::Restore,
                    mint: mint.url.clone(),
                    begun: engine.purse.now(),
                    path: request_path(Kind::Restore).to_owned(),
                    body: Secret::new(String::new()),
                    inputs: Vec::new(),
                    outputs: Vec::new(),
                    amount: 0,
                    fee: 0,
                    memo: None,
                    detail: Detail::Search(Search::default()),
                };
                let batch = Batch::default().put(&operation);
                tables.apply(batch.put_next_id(id + 1)).await?;
                operation
            }
        };
        let search = match std::mem::take(&mut operation.detail) {
            Detail::Search(search) => search,
            Detail::Nothing | Detail::Payment(_) => Search::default(),
        };
        Ok(Self {
            engine,
            mint,
            operation,
            search,
        })
    }

    /// Searches to the end; what is found is in the balance from then on. Where the mint asks for patience, or
    /// gives no answer, `observer` waits.
    ///
    /// # Errors
    /// [`Error::Network`] and others; what was found until then is kept.
    pub(crate) async fn run(mut self, observer: &mut impl Observer) -> Result<Restored, Error> {
        let (engine, mint) = (self.engine, self.mint);
        let keysets = engine.refresh_keysets(SuiteId::ALL, mint, observer).await?;
        let known = Known::of(&engine.purse.tables).await?;
        for lane in 0..LANES_MAX {
            if lane >= self.search.next_lane().saturating_add(EMPTY_LANES_END) {
                break;
            }
            for keyset in &keysets {
                if !self.search.is_walked(keyset.info.id, lane) {
                    self.walk(keyset, lane, &known, observer).await?;
                }
            }
        }
        self.end().await
    }

    /// Walks one lane of one keyset to its end, and writes down what it finds as it goes.
    async fn walk(
        &mut self,
        keyset: &Keyset,
        lane: u32,
        known: &Known,
        observer: &mut impl Observer,
    ) -> Result<(), Error> {
        let (engine, mint, id) = (self.engine, self.mint, keyset.info.id);
        let walked = |end| Walked {
            keyset: id,
            lane,
            end,
        };
        // A lane ends where [`GAP`] places in a row were not signed: no wallet leaves such a hole.
        let mut end = self.search.start(id, lane);
        let mut start = end;
        while start < end + GAP {
            let probe = async || engine.probe(mint, keyset, lane, start).await;
            let found = retrying(observer, probe).await?;
            start += batch_size(mint);
            self.search.places += batch_size(mint);
            if let Some(last) = found.last().map(|found| found.counter) {
                end = last + 1;
                self.search.found.signed += found.len() as u64;
                let new = found.into_iter().filter(|f| !known.has(keyset, lane, f));
                let mut coins: Vec<Coin> = new.map(|found| found.coin).collect();
                let spent = async || engine.spent(&mint.url, &coins).await;
                let spent = retrying(observer, spent).await?;
                coins.retain(|coin| !spent.contains(coin));
                let found = &mut self.search.found;
                found.tokens += coins.len() as u64;
                found.amount = found.amount.saturating_add(worth(&coins));
                self.search.walking = Some(walked(end));
                let mut counter = engine.purse.tables.counter(&id, lane).await?;
                counter.next = counter.next.max(end);
                counter.signed = counter.signed.max(end);
                let batch = Batch::default().put_all(&coins);
                self.put(batch.put_counter(&id, lane, &counter)).await?;
            }
            observer.progress(&self.progress(lane));
        }
        self.search.walking = None;
        self.search.walked.push(walked(end));
        self.put(Batch::default()).await
    }

    /// Writes down how far the search has come, together with `batch`.
    async fn put(&mut self, batch: Batch) -> Result<(), Error> {
        self.operation.detail = Detail::Search(self.search.clone());
        let batch = batch.put(&self.operation);
        Ok(self.engine.purse.tables.apply(batch).await?)
    }

    /// Ends a search that has found everything.
    async fn end(self) -> Result<Restored, Error> {
        let purse = &self.engine.purse;
        let mut mint = purse.tables.mint(Some(&self.operation.mint)).await?;
        let lane = mint.lane.unwrap_or(self.search.next_lane());
        let restored = Restored {
            lane,
            ..self.search.found
        };
        mint.lane = Some(lane);
        let mut batch = Batch::default().put(&mint).delete(&self.operation);
        if restored.amount > 0 {
            let done = Operation {
                amount: restored.amount,
                ..self.operation
            };
            batch = batch.put(&purse.entry(&done, &mint.unit, Outcome::Done, 0));
        }
        purse.tables.apply(batch).await?;
        Ok(restored)
    }

    fn progress(&self, lane: u32) -> Progress {
        Progress {
            mint: self.mint.url.clone(),
            lane,
            places: self.search.places,
            signed: self.search.found.signed,
            tokens: self.search.found.tokens,
            amount: self.search.found.amount,
        }
    }
}

/// Tokens that a restore must not put into the balance a second time.
struct Known {
    ys: HashSet<String>,
    places: HashSet<(KeysetId, u32, u64)>,
}

impl Known {
    /// Returns what the wallet has already, or has sent, or will have when an open operation is done.
    async fn of<S: Store>(tables: &Tables<S>) -> Result<Self, StoreError> {
        let coins = tables.all::<Coin>().await?;
        let operations = tables.all::<Operation>().await?;
        let sent = tables.all::<Sent>().await?;
        let inputs = operations.iter().flat_map(|o| &o.inputs);
        let tokens = coins.iter().chain(inputs).map(|coin| &coin.token);
        let tokens = tokens.chain(sent.iter().flat_map(|sent| &sent.proofs));
        let outputs = operations.iter().flat_map(Operation::all_outputs);
        Ok(Self {
            ys: tokens.map(|token| y(&token.proof).to_hex()).collect(),
            places: outputs.map(|o| (o.keyset, o.lane, o.counter)).collect(),
        })
    }

    fn has(&self, keyset: &Keyset, lane: u32, found: &Found) -> bool {
        self.places.contains(&(keyset.info.id, lane, found.counter))
            || self.ys.contains(&y(&found.coin.token.proof).to_hex())
    }
}
