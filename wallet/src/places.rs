//! Places in the wallet's sequence: which counter the next output takes.
//!
//! A place is used once. The one exception keeps restores whole: operations that were refused leave
//! places that nothing was signed for, and a restore gives up after [`GAP`] such places in a row. So
//! when refusals alone have come that far, the places after the last signed one are used again, unless
//! an open operation holds them. (Not sooner: the mint could tell that two requests with the same
//! outputs come from one wallet.)

use farthing_protocol::KeysetId;

use crate::error::Error;
use crate::http::Http;
use crate::records::Operation;
use crate::store::{Store, StoreError};
use crate::tables::{Batch, Counter};
use crate::wallet::Wallet;

/// After this many places in a row that the mint did not sign, a lane ends.
pub(crate) const GAP: u64 = 300;
/// Added to a lane's number for outputs locked to somebody: a restore cannot find those, because it
/// does not know the key, and so they must not leave holes where it looks.
const LOCKED_LANES: u32 = 1 << 31;

/// The next places of one lane of one keyset.
pub(crate) struct Places {
    keyset: KeysetId,
    lane: u32,
    plain: Counter,
    locked: Counter,
}

impl<S: Store, H: Http> Wallet<S, H> {
    /// Where the next outputs go.
    pub(crate) async fn places(&self, keyset: KeysetId, lane: u32) -> Result<Places, Error> {
        let mut plain = self.tables.counter(&keyset, lane).await?;
        if plain.next - plain.signed.min(plain.next) >= GAP {
            let operations = self.tables.operations().await?;
            let outputs = operations.iter().flat_map(Operation::all_outputs);
            let here = outputs.filter(|o| (o.keyset, o.lane) == (keyset, lane));
            let held = here.map(|o| o.counter + 1).max().unwrap_or(0);
            plain.next = plain.signed.max(held);
        }
        let locked = self.tables.counter(&keyset, lane | LOCKED_LANES).await?;
        Ok(Places {
            keyset,
            lane,
            plain,
            locked,
        })
    }
}

impl Places {
    /// Takes the next place; gives its lane and counter.
    pub(crate) fn take(&mut self, locked: bool) -> (u32, u64) {
        let (lane, counter) = if locked {
            (self.lane | LOCKED_LANES, &mut self.locked)
        } else {
            (self.lane, &mut self.plain)
        };
        let place = counter.next;
        counter.next += 1;
        (lane, place)
    }

    /// Writes down what was taken.
    pub(crate) fn put(&self, batch: Batch) -> Result<Batch, StoreError> {
        batch
            .put_counter(&self.keyset, self.lane, &self.plain)?
            .put_counter(&self.keyset, self.lane | LOCKED_LANES, &self.locked)
    }
}
