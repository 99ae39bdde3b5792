//! Finding a wallet's tokens again from its phrase (NUT-09, NUT-13).
//!
//! Every token's secret follows from the phrase and its place: keyset, lane, counter. So the mint is
//! shown the blinded points of place after place, lane after lane, and gives back what it signed.
//! What it finds it writes batch by batch, with how far it has come, and so it can be broken off.

use std::collections::HashSet;

use farthing_protocol::suite::SuiteId;
use farthing_protocol::{KeysetId, Secret};

use crate::engine::Engine;
use crate::error::Error;
use crate::http::Http;
use crate::operation::begin::request_path;
use crate::operation::facts::{Found, LANES_MAX, batch_size};
use crate::purse::Purse;
use crate::purse::counters::GAP;
use crate::purse::tables::{Batch, Tables};
use crate::records::{
    Coin, Keyset, Kind, Mint, Operation, Outcome, Restored, Search, Sent, Walked, worth, y,
};
use crate::retry::{Observer, Progress, retrying};
use crate::store::Store;

/// After this many empty lanes in a row the walk ends: a device that took its lane and never used it
/// leaves one hole, and must not hide the devices after it.
const EMPTY_LANES_END: u32 = 2;
impl<S: Store, H: Http> Engine<S, H> {
    pub(crate) async fn restore(
        &self,
        mint: &Mint,
        observer: &mut impl Observer,
    ) -> Result<Restored, Error> {
        let (mut operation, mut search) = self.purse.search_at(mint).await?;
        let keysets = self.refresh_keysets(SuiteId::ALL, mint, observer).await?;
        let known = self.purse.tables.known_ys().await?;
        for lane in 0..LANES_MAX {
            if lane >= search.next_lane().saturating_add(EMPTY_LANES_END) {
                break;
            }
            for keyset in &keysets {
                if search.is_walked(keyset.info.id, lane) {
                    continue;
                }
                let walk = Walk {
                    mint,
                    keyset,
                    lane,
                    known: &known,
                };
                self.walk(&walk, &mut operation, &mut search, observer)
                    .await?;
            }
        }
        self.purse.end_search(&operation, search).await
    }

    /// Walks one lane of one keyset to its end, and writes down what it finds as it goes.
    async fn walk(
        &self,
        walk: &Walk<'_>,
        operation: &mut Operation,
        search: &mut Search,
        observer: &mut impl Observer,
    ) -> Result<(), Error> {
        let (mint, keyset, lane) = (walk.mint, walk.keyset, walk.lane);
        let id = keyset.info.id;
        // A lane ends where [`GAP`] places in a row were not signed: no wallet leaves such a hole.
        let mut end = search.start(id, lane);
        let mut start = end;
        while start < end + GAP {
            let found = retrying(observer, async || {
                self.probe(mint, keyset, lane, start).await
            })
            .await?;
            start += batch_size(mint);
            search.places += batch_size(mint);
            if let Some(last) = found.last().map(|found| found.counter) {
                end = last + 1;
                search.found.signed += found.len() as u64;
                let new = found
                    .into_iter()
                    .filter(|f| !walk.known.has(keyset, lane, f));
                let mut coins: Vec<Coin> = new.map(|found| found.coin).collect();
                let spent =
                    retrying(observer, async || self.spent(&mint.url, &coins).await).await?;
                coins.retain(|coin| !spent.contains(coin));
                search.found.tokens += coins.len() as u64;
                search.found.amount = search.found.amount.saturating_add(worth(&coins));
                search.walking = Some(Walked {
                    keyset: id,
                    lane,
                    end,
                });
                let mut counter = self.purse.tables.counter(&id, lane).await?;
                counter.next = counter.next.max(end);
                counter.signed = counter.signed.max(end);
                let batch = Batch::default()
                    .put_all(&coins)
                    .put_counter(&id, lane, &counter);
                self.purse
                    .tables
                    .put_search(batch, operation, search)
                    .await?;
            }
            observer.progress(&progress(walk, search));
        }
        search.walking = None;
        search.walked.push(Walked {
            keyset: id,
            lane,
            end,
        });
        self.purse
            .tables
            .put_search(Batch::default(), operation, search)
            .await
    }
}

impl<S: Store> Purse<S> {
    /// The open search at a mint, or a new one.
    async fn search_at(&self, mint: &Mint) -> Result<(Operation, Search), Error> {
        let operations = self.tables.all::<Operation>().await?;
        let here = |o: &Operation| o.kind == Kind::Restore && o.mint == mint.url;
        if let Some(mut open) = operations.into_iter().find(here) {
            let search = open.search.take().unwrap_or_default();
            return Ok((open, search));
        }
        let id = self.tables.next_id().await?;
        let operation = Operation {
            id,
            kind: Kind::Restore,
            mint: mint.url.clone(),
            begun: self.now(),
            path: request_path(Kind::Restore).to_owned(),
            body: Secret::new(String::new()),
            inputs: Vec::new(),
            outputs: Vec::new(),
            amount: 0,
            fee: 0,
            memo: None,
            purchase: None,
            search: Some(Search::default()),
        };
        let batch = Batch::default().put(&operation);
        self.tables.apply(batch.put_next_id(id + 1)).await?;
        Ok((operation, Search::default()))
    }

    /// Ends a search that has found everything.
    async fn end_search(&self, operation: &Operation, search: Search) -> Result<Restored, Error> {
        let mut mint = self.tables.mint(Some(&operation.mint)).await?;
        let lane = mint.lane.unwrap_or(search.next_lane());
        let restored = Restored {
            lane,
            ..search.found
        };
        mint.lane = Some(lane);
        let mut batch = Batch::default().put(&mint).delete(operation);
        if restored.amount > 0 {
            let done = Operation {
                amount: restored.amount,
                ..operation.clone()
            };
            batch = batch.put(&self.entry(&done, &mint.unit, Outcome::Done, 0));
        }
        self.tables.apply(batch).await?;
        Ok(restored)
    }
}

impl<S: Store> Tables<S> {
    /// Writes down how far a search has come, together with `batch`.
    async fn put_search(
        &self,
        batch: Batch,
        operation: &mut Operation,
        search: &Search,
    ) -> Result<(), Error> {
        operation.search = Some(search.clone());
        Ok(self.apply(batch.put(operation)).await?)
    }

    /// What the wallet has already, or has handed out, or will have when an open operation is done.
    async fn known_ys(&self) -> Result<Known, Error> {
        let coins = self.all::<Coin>().await?;
        let operations = self.all::<Operation>().await?;
        let sent = self.all::<Sent>().await?;
        let inputs = operations.iter().flat_map(|o| &o.inputs);
        let tokens = coins.iter().chain(inputs).map(|coin| &coin.token);
        let tokens = tokens.chain(sent.iter().flat_map(|sent| &sent.proofs));
        let outputs = operations.iter().flat_map(Operation::all_outputs);
        Ok(Known {
            ys: tokens.map(|token| y(&token.proof).to_hex()).collect(),
            places: outputs.map(|o| (o.keyset, o.lane, o.counter)).collect(),
        })
    }
}

/// A lane of a keyset to walk.
struct Walk<'a> {
    mint: &'a Mint,
    keyset: &'a Keyset,
    lane: u32,
    known: &'a Known,
}

/// Tokens that a restore must not put into the balance a second time.
struct Known {
    ys: HashSet<String>,
    places: HashSet<(KeysetId, u32, u64)>,
}

impl Known {
    fn has(&self, keyset: &Keyset, lane: u32, found: &Found) -> bool {
        self.places.contains(&(keyset.info.id, lane, found.counter))
            || self.ys.contains(&y(&found.coin.token.proof).to_hex())
    }
}

fn progress(walk: &Walk<'_>, search: &Search) -> Progress {
    Progress {
        mint: walk.mint.url.clone(),
        lane: walk.lane,
        places: search.places,
        signed: search.found.signed,
        tokens: search.found.tokens,
        amount: search.found.amount,
    }
}
