//! Which derivation index the next output takes, on each lane of each keyset.
//!
//! An index is used once. The one exception keeps restores whole: operations that were refused leave
//! indexes for which nothing was signed, and a restore gives up after [`GAP`] of them in a row. So when
//! refusals alone have come that far, the indexes after the last signed one are used again, unless an
//! open operation holds them. (Not sooner: the mint could tell that two requests with the same outputs
//! come from one wallet.)

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use farthing_protocol::KeysetId;
use farthing_protocol::derive::Position;

use crate::error::StoreError;
use crate::purse::tables::{Batch, Counter, Tables};
use crate::records::{Operation, OutputRequest, PlannedOutput};
use crate::store::Store;

/// After this many indexes in a row that the mint did not sign, a lane ends.
pub(crate) const GAP: u64 = 300;
/// Added to a lane's number for outputs that are locked: a restore cannot find those, because it
/// does not know the key, and so they must not leave holes where it looks.
const LOCKED_LANES: u32 = 1 << 31;

/// The next indexes of one lane, keyset by keyset.
pub(crate) struct Counters {
    lane: u32,
    next: BTreeMap<KeysetId, NextIndexes>,
}

#[derive(Clone, Copy, Default)]
struct NextIndexes {
    plain: Counter,
    locked: Counter,
}

impl<S: Store> Tables<S> {
    /// The next indexes for the outputs that are requested.
    pub(crate) async fn counters(
        &self,
        requests: &[OutputRequest],
        lane: u32,
    ) -> Result<Counters, StoreError> {
        let mut counters = Counters {
            lane,
            next: BTreeMap::new(),
        };
        for request in requests {
            if let Entry::Vacant(next) = counters.next.entry(request.keyset) {
                next.insert(self.next_indexes(request.keyset, lane).await?);
            }
        }
        Ok(counters)
    }

    async fn next_indexes(&self, keyset: KeysetId, lane: u32) -> Result<NextIndexes, StoreError> {
        let mut plain = self.counter(&keyset, lane).await?;
        if plain.next - plain.signed.min(plain.next) >= GAP {
            let operations = self.all::<Operation>().await?;
            let outputs = operations.iter().flat_map(Operation::all_outputs);
            let here = outputs.filter(|o| (o.keyset, o.lane) == (keyset, lane));
            let held = here.map(|o| o.counter + 1).max().unwrap_or(0);
            plain.next = plain.signed.max(held);
        }
        let locked = self.counter(&keyset, lane | LOCKED_LANES).await?;
        Ok(NextIndexes { plain, locked })
    }

    /// Writes down that the mint has signed `outputs`.
    pub(crate) async fn put_signed(
        &self,
        mut batch: Batch,
        outputs: &[PlannedOutput],
    ) -> Result<Batch, StoreError> {
        for output in signed_last(outputs) {
            let (keyset, lane) = (&output.keyset, output.lane);
            let mut counter = self.counter(keyset, lane).await?;
            counter.signed = counter.signed.max(output.counter + 1);
            batch = batch.put_counter(keyset, lane, &counter);
        }
        Ok(batch)
    }
}

impl Counters {
    /// Takes the next index for an output of `keyset`, one of those that were requested.
    pub(crate) fn take(&mut self, keyset: KeysetId, locked: bool) -> Position {
        let next = self.next.entry(keyset).or_default();
        let (lane, counter) = if locked {
            (self.lane | LOCKED_LANES, &mut next.locked)
        } else {
            (self.lane, &mut next.plain)
        };
        let index = counter.next;
        counter.next += 1;
        Position {
            keyset,
            lane,
            counter: index,
        }
    }

    /// Writes down what was taken.
    pub(crate) fn put(&self, batch: Batch) -> Batch {
        self.next.iter().fold(batch, |batch, (keyset, next)| {
            batch
                .put_counter(keyset, self.lane, &next.plain)
                .put_counter(keyset, self.lane | LOCKED_LANES, &next.locked)
        })
    }
}

/// The last index of an operation on each of its lanes, of each keyset.
fn signed_last(outputs: &[PlannedOutput]) -> impl Iterator<Item = &PlannedOutput> {
    let later = |a: &PlannedOutput, b: &PlannedOutput| {
        (a.keyset, a.lane) == (b.keyset, b.lane) && a.counter > b.counter
    };
    let last = move |o: &&PlannedOutput| !outputs.iter().any(|other| later(other, o));
    outputs.iter().filter(last)
}
