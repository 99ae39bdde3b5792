//! Finding a wallet's tokens again from its phrase (NUT-09, NUT-13).
//!
//! Every token's secret follows from the phrase and its place: keyset, lane, counter. So the mint is
//! shown the blinded points of place after place, lane after lane, and gives back what it signed.
//! What it finds it writes batch by batch, so a restore that was interrupted is simply run again.

use std::collections::HashSet;

use farthing_protocol::BlindedMessage;
use farthing_protocol::KeysetId;

use crate::error::{Error, Lie};
use crate::http::Http;
use crate::outputs::{blinded, unblind};
use crate::places::GAP;
use crate::records::{Coin, Entry, Keyset, Kind, Mint, Operation, Outcome, PlannedOutput, Purpose};
use crate::store::Store;
use crate::tables::{Batch, y};
use crate::wallet::Wallet;

/// Places asked about in one request: a mint takes this many outputs by default, in a body of some
/// 20 kB.
const BATCH: u64 = 100;
/// After this many empty lanes in a row the walk ends: a device that took its lane and never used it
/// leaves one hole, and must not hide the devices after it.
const EMPTY_LANES_END: u32 = 2;
/// More devices than one phrase ever has: a mint that claims more is lying.
const LANES_MAX: u32 = 1000;

/// What a restore found at a mint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// What was found unspent and was not in the wallet yet.
    pub amount: u64,
    /// How many tokens that was.
    pub tokens: u64,
    /// How many places the mint had signed, spent or not.
    pub signed: u64,
    /// The lane this device uses from now on.
    pub lane: u32,
}

/// A place that the mint has signed.
struct Found {
    counter: u64,
    coin: Coin,
}

impl<S: Store, H: Http> Wallet<S, H> {
    /// Searches a mint for what this wallet's phrase has there, and puts it into the balance.
    ///
    /// A device that has no lane at the mint yet takes the one after the last that was used. Tokens
    /// that were sent and not claimed yet come back as well, unless this wallet knows that it sent them.
    ///
    /// # Errors
    /// [`Error::Network`] and others; what was found until then is kept, and the next call starts over.
    pub async fn restore(&mut self, mint: &Mint) -> Result<Restored, Error> {
        let keysets = self.refresh_keysets(&mint.url, &mint.unit).await?;
        let known = self.known_ys().await?;
        let mut restored = Restored::default();
        let mut next_lane = 0;
        for lane in 0..LANES_MAX {
            if lane >= next_lane + EMPTY_LANES_END {
                break;
            }
            for keyset in &keysets {
                if self
                    .restore_lane(mint, keyset, lane, &known, &mut restored)
                    .await?
                {
                    next_lane = lane + 1;
                }
            }
        }
        let mut mint = self.mint(Some(&mint.url)).await?;
        restored.lane = mint.lane.unwrap_or(next_lane);
        mint.lane = Some(restored.lane);
        let mut batch = Batch::default().put_mint(&mint)?;
        if restored.amount > 0 {
            let id = self.tables.next_id().await?;
            batch = batch
                .put_entry(&self.restored_entry(id, &mint, &restored))?
                .put_next_id(id + 1)?;
        }
        self.tables.apply(batch).await?;
        Ok(restored)
    }

    /// The first lane from `from` on with nothing signed in it.
    pub(crate) async fn free_lane(&self, mint: &Mint, from: u32) -> Result<u32, Error> {
        let keysets = self.tables.keysets(&mint.url).await?;
        for lane in from..LANES_MAX {
            if !self.lane_is_used(mint, &keysets, lane).await? {
                return Ok(lane);
            }
        }
        Err(Error::lie(&mint.url, Lie::Restored))
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

    /// Walks one lane of one keyset to its end; says whether anything was signed there.
    async fn restore_lane(
        &mut self,
        mint: &Mint,
        keyset: &Keyset,
        lane: u32,
        known: &Known,
        restored: &mut Restored,
    ) -> Result<bool, Error> {
        // A lane ends where [`GAP`] places in a row were not signed: no wallet leaves such a hole.
        let (mut start, mut end) = (0, 0);
        while start < end + GAP {
            let found = self.probe(mint, keyset, lane, start).await?;
            start += batch_size(mint);
            let Some(last) = found.last().map(|found| found.counter) else {
                continue;
            };
            end = last + 1;
            restored.signed += found.len() as u64;
            let mut coins: Vec<Coin> = found
                .into_iter()
                .filter(|f| !known.has(keyset, lane, f))
                .map(|f| f.coin)
                .collect();
            let spent = self.spent(&mint.url, &coins).await?;
            coins.retain(|coin| !spent.contains(coin));
            restored.tokens += coins.len() as u64;
            restored.amount = coins
                .iter()
                .map(Coin::amount)
                .fold(restored.amount, u64::saturating_add);
            let id = &keyset.info.id;
            let mut counter = self.tables.counter(id, lane).await?;
            counter.next = counter.next.max(end);
            counter.signed = counter.signed.max(end);
            let batch = Batch::default().put_coins(&coins)?;
            self.tables
                .apply(batch.put_counter(id, lane, &counter)?)
                .await?;
        }
        Ok(end > 0)
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
        let lie = |lie| Error::lie(&mint.url, lie);
        let messages = change.iter().filter_map(|o| blinded(&self.seed, o));
        let answer = self.api(&mint.url).restore(messages.collect()).await?;
        let keysets = self.tables.keysets(&mint.url).await?;
        let mut coins = Vec::new();
        for (output, signature) in answer.outputs.iter().zip(&answer.signatures) {
            let asked = |o: &&PlannedOutput| {
                blinded(&self.seed, o).is_some_and(|message| message.b == output.b)
            };
            let place = change.iter().find(asked);
            let mut place = place.ok_or_else(|| lie(Lie::Restored))?.clone();
            place.amount = signature.amount;
            let keyset = keysets.iter().find(|k| k.info.id == place.keyset);
            let keyset = keyset.ok_or_else(|| lie(Lie::Restored))?;
            let token = unblind(&self.seed, keyset, &place, signature).map_err(lie)?;
            let mint = mint.url.clone();
            coins.push(Coin { mint, token });
        }
        let spent = self.spent(&mint.url, &coins).await?;
        coins.retain(|coin| !spent.contains(coin));
        Ok(coins)
    }

    /// Asks for the signatures on one batch of places, in ascending order.
    async fn probe(
        &self,
        mint: &Mint,
        keyset: &Keyset,
        lane: u32,
        start: u64,
    ) -> Result<Vec<Found>, Error> {
        let lie = |lie| Error::lie(&mint.url, lie);
        let place = |counter| PlannedOutput {
            keyset: keyset.info.id,
            lane,
            counter,
            amount: keyset.keys.amounts().first().copied().unwrap_or(1),
            purpose: Purpose::Keep,
            lock: None,
        };
        let places = (start..start + batch_size(mint)).map(place);
        let asked: Vec<(PlannedOutput, BlindedMessage)> = places
            .filter_map(|p| blinded(&self.seed, &p).map(|message| (p, message)))
            .collect();
        let messages = asked.iter().map(|(_, message)| message.clone()).collect();
        let answer = self.api(&mint.url).restore(messages).await?;
        let mut asked = asked.into_iter();
        let mut found = Vec::with_capacity(answer.outputs.len());
        for (output, signature) in answer.outputs.iter().zip(&answer.signatures) {
            // In the order asked: whatever is skipped was not signed.
            let place = asked.find(|(_, message)| message.b == output.b);
            let (mut place, _) = place.ok_or_else(|| lie(Lie::Restored))?;
            place.amount = signature.amount;
            let token = unblind(&self.seed, keyset, &place, signature).map_err(lie)?;
            found.push(Found {
                counter: place.counter,
                coin: Coin {
                    mint: mint.url.clone(),
                    token,
                },
            });
        }
        Ok(found)
    }

    /// What the wallet has already, or has handed out, or will have when an open operation is done.
    async fn known_ys(&self) -> Result<Known, Error> {
        let coins = self.tables.all_coins().await?;
        let operations = self.tables.operations().await?;
        let sent = self.tables.all_sent().await?;
        let inputs = operations.iter().flat_map(|o| &o.inputs);
        let tokens = coins.iter().chain(inputs).map(|coin| &coin.token);
        let tokens = tokens.chain(sent.iter().flat_map(|sent| &sent.proofs));
        let outputs = operations.iter().flat_map(Operation::all_outputs);
        Ok(Known {
            ys: tokens
                .map(|token| y(&token.proof.secret).to_hex())
                .collect(),
            places: outputs.map(|o| (o.keyset, o.lane, o.counter)).collect(),
        })
    }

    fn restored_entry(&self, id: u64, mint: &Mint, restored: &Restored) -> Entry {
        Entry {
            id,
            kind: Kind::Restore,
            outcome: Outcome::Done,
            time: (self.clock)(),
            mint: mint.url.clone(),
            unit: mint.unit.clone(),
            amount: restored.amount,
            fee: 0,
            lost: 0,
            memo: None,
            site: None,
        }
    }
}

/// Tokens that a restore must not put into the balance a second time.
struct Known {
    ys: HashSet<String>,
    places: HashSet<(KeysetId, u32, u64)>,
}

impl Known {
    fn has(&self, keyset: &Keyset, lane: u32, found: &Found) -> bool {
        self.places.contains(&(keyset.info.id, lane, found.counter))
            || self
                .ys
                .contains(&y(&found.coin.token.proof.secret).to_hex())
    }
}

/// How many places go into one request: few enough for the mint's limits on outputs and states.
fn batch_size(mint: &Mint) -> u64 {
    let max = mint.limits.outputs_max.min(mint.limits.inputs_max) as u64;
    BATCH.min(max).max(1)
}
