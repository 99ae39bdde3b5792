//! Upkeep: looking at the clock, and doing the one thing that is due, by the operations that do it for a user.
//!
//! What is due is decided by [`crate::tend`]. Here it is found out what there is to do at each mint, and carried out.
//! The moments that were decided are written down before anything is asked for; an operation that a crash leaves
//! open is settled as any other.

use farthing_protocol::suite::SuiteId;

use super::pay::Payments;
use super::renew::{Renew, renew_some};
use super::withdraw::Withdraw;
use crate::engine::Engine;
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::operation::record::{Batched, Recovered};
use crate::purse::holdings::Balance;
use crate::purse::tables::Batch;
use crate::records::{Entry, Kind, Mint, Outcome};
use crate::store::Store;
use crate::tend::{Decision, Need, Payment, Purpose, Random, Schedule, Seen};

/// What upkeep did.
#[derive(Debug)]
pub enum Tended {
    /// Nothing, and there will be nothing before this time, Unix seconds.
    Nothing {
        /// The next moment.
        until: u64,
    },
    /// It asked a mint which keysets and which bundle it has.
    Learned {
        /// The mint.
        mint: Mint,
    },
    /// It swapped tokens: of a keyset that retires, or those that a site had seen.
    Swapped(Vec<Recovered>),
    /// It withdrew whole bundles.
    Withdrew {
        /// The mint.
        mint: Mint,
        /// The withdrawals, one for each bundle.
        done: Batched,
    },
}

/// One thing that is due.
struct Due {
    since: u64,
    purpose: Purpose,
    mint: Mint,
}

/// Does what is due for the longest of all mints, if anything is.
pub(crate) async fn tend<S: Store, H: Http>(
    engine: &Engine<S, H>,
    random: &mut Random,
) -> Result<Tended, Error> {
    match decide(engine, random).await? {
        Ok(due) => carry_out(engine, due, random).await,
        Err(until) => Ok(Tended::Nothing { until }),
    }
}

/// What is due for the longest; or the next moment, when nothing is.
async fn decide<S: Store, H: Http>(
    engine: &Engine<S, H>,
    random: &mut Random,
) -> Result<Result<Due, u64>, Error> {
    let purse = &engine.purse;
    let now = purse.now();
    let mints = purse.tables.all::<Mint>().await?;
    let schedules = mints.iter().filter_map(|mint| mint.schedule.as_ref());
    let quiet = schedules.filter_map(|schedule| schedule.quiet(now)).max();
    let balances = purse.balance().await?;
    let history = purse.tables.all::<Entry>().await?;
    let (mut first, mut next): (Option<Due>, Option<u64>) = (None, None);
    let mut batch = Batch::default();
    for (mut mint, balance) in mints.into_iter().zip(balances) {
        let seen = Seen {
            quiet,
            ..seen(engine, &mint, &balance, &history, now).await?
        };
        let before = mint.schedule.clone();
        let new = || Schedule::new(now, random);
        let mut schedule = before.clone().unwrap_or_else(new);
        let decision = schedule.decide(&seen, now, random);
        if before.as_ref() != Some(&schedule) {
            mint.schedule = Some(schedule);
            batch = batch.put(&mint);
        }
        match decision {
            Decision::Nothing { until } => next = Some(next.map_or(until, |next| next.min(until))),
            Decision::Do { purpose, since } => {
                if first.as_ref().is_none_or(|first| since < first.since) {
                    first = Some(Due {
                        since,
                        purpose,
                        mint,
                    });
                }
            }
        }
    }
    purse.tables.apply(batch).await?;
    match first {
        Some(due) => Ok(Ok(due)),
        None => Ok(Err(next.ok_or(UsageError::NoMint)?)),
    }
}

/// What there is to do at a mint, as far as the wallet knows.
async fn seen<S: Store, H: Http>(
    engine: &Engine<S, H>,
    mint: &Mint,
    balance: &Balance,
    history: &[Entry],
    now: u64,
) -> Result<Seen, Error> {
    let here = history.iter().filter(|entry| entry.mint == mint.url);
    let since = here.clone().map(|entry| entry.time).min().unwrap_or(now);
    let spends =
        |e: &&Entry| matches!(e.kind, Kind::Pay | Kind::Send) && e.outcome == Outcome::Done;
    let payment = |e: &Entry| Payment {
        time: e.time,
        amount: e.amount,
    };
    let need = Need::of(here.filter(spends).map(payment), since, now);
    let held = balance.available.saturating_add(balance.pending);
    // A wallet that has not searched the mint yet for what its phrase has there must not make tokens.
    let ready = mint.lane.is_some();
    let bundle = mint
        .bundle
        .as_ref()
        .filter(|_| ready && mint.api_token.is_some());
    let holdings = engine.purse.holdings(mint).await?;
    let retiring = Renew::Retired.retiring(mint, &holdings.keysets, now);
    let is_held = |id| holdings.coins.iter().any(|coin| coin.keyset() == id);
    let shown = Payments::of(engine).first_shown(&mint.url).await?;
    Ok(Seen {
        bundles: bundle.map_or(0, |bundle| need.bundles(held, bundle.total())),
        retiring: ready && retiring.iter().any(|keyset| is_held(keyset.info.id)),
        shown: shown.map(|(until, _)| until),
        quiet: None,
    })
}

/// Does what is due, and draws its next moment. When the mint gives no answer it stays due.
async fn carry_out<S: Store, H: Http>(
    engine: &Engine<S, H>,
    due: Due,
    random: &mut Random,
) -> Result<Tended, Error> {
    let tended = act(engine, &due).await;
    let silent = match &tended {
        Err(Error::Store(_)) => return tended,
        Err(error) => matches!(error, Error::Network(_)),
        Ok(_) => false,
    };
    let purse = &engine.purse;
    let now = purse.now();
    let mut mint = purse.tables.mint(Some(&due.mint.url)).await?;
    if let Some(schedule) = &mut mint.schedule {
        match silent {
            true => schedule.failed(now, random),
            false => schedule.done(due.purpose, now, random),
        }
    }
    purse.tables.apply(Batch::default().put(&mint)).await?;
    tended
}

async fn act<S: Store, H: Http>(engine: &Engine<S, H>, due: &Due) -> Result<Tended, Error> {
    let Due { purpose, mint, .. } = due;
    match *purpose {
        Purpose::Learn => {
            let native = [SuiteId::Ristretto255];
            engine.refresh_keysets(native, mint, &mut ()).await?;
            Ok(Tended::Learned { mint: mint.clone() })
        }
        Purpose::Renew => {
            let holdings = engine.purse.holdings(mint).await?;
            let (keysets, coins) = (&holdings.keysets, &holdings.coins);
            let retiring = Renew::Retired.retiring(mint, keysets, engine.purse.now());
            let is_held = |id| coins.iter().any(|coin| coin.keyset() == id);
            let first = retiring.into_iter().find(|k| is_held(k.info.id));
            let swaps = match first {
                Some(keyset) => renew_some(engine, mint, keyset).await?,
                None => Vec::new(),
            };
            Ok(Tended::Swapped(swaps))
        }
        Purpose::SwapShown => {
            let payments = Payments::of(engine);
            Ok(Tended::Swapped(payments.swap_first_shown(&mint.url).await?))
        }
        Purpose::Withdraw { bundles } => withdraw(engine, mint, bundles).await,
    }
}

/// Withdraws bundles one by one: each in a request of its own, like everybody's.
async fn withdraw<S: Store, H: Http>(
    engine: &Engine<S, H>,
    mint: &Mint,
    bundles: u64,
) -> Result<Tended, Error> {
    let mut done = Batched::default();
    for _ in 0..bundles {
        let Some(bundle) = &mint.bundle else { break };
        match Withdraw::Bundle(bundle).run(engine, mint).await {
            Ok(finished) => done.finished.push(finished),
            Err(Error::Store(error)) => return Err(error.into()),
            Err(error) => {
                done.failures.push(error);
                break;
            }
        }
    }
    match done.failure() {
        Some(error) => Err(error),
        None => Ok(Tended::Withdrew {
            mint: mint.clone(),
            done,
        }),
    }
}
