//! Which tokens to spend, and which to ask for: the one place where coins are chosen.
//!
//! # Spending
//! The rules, in order:
//! 1. **Exact** before anything else: a subset worth exactly what is asked. When it is sent as
//!    it is, no request is needed and the mint learns nothing.
//! 2. Otherwise the **least change**: the subset that exceeds the amount and the mint's fee on it by
//!    the least. Whoever gives change in the same request gets it as it is: a swap to make it exact
//!    would cost a round trip, and tell the mint that a payment follows ([`plan`]).
//! 3. **Retiring keysets first**: tokens of a keyset that signs no more, or expires soon, are spent
//!    while there is time, where that costs no exactness.
//! 4. **Few and large** before many and small, which keeps fees and requests small, and the small
//!    tokens for later.
//!
//! All denominations are powers of two, so each divides the next. Then taking the largest token that
//! fits, again and again, finds an exact subset whenever there is one; and the least sum at or above a
//! target is the target rounded up to a multiple of some denomination held (of the smallest token
//! in the subset: without it the subset would fall short). So trying the denominations in ascending
//! order finds the best subset without searching all of them.
//!
//! # Keeping a stock
//! A wallet's **reach** is the largest `n` such that it can pay every amount from 1 to `n` exactly.
//! What comes into the wallet, change above all, is asked for in the denominations that give the
//! largest reach together with what is there ([`Stock::refill`]): so exactness, rule 1, stays likely.
//! With coins sorted, each coin of at most the reach of those before it plus 1 adds its worth to the
//! reach, and the first one above it ends it. So it is enough to add, again and again, the largest
//! denomination of at most reach + 1: that wastes nothing, and no other choice reaches further.
//! Where the mint takes a fee for each token, the fewest are asked for instead.

use std::collections::BTreeMap;

use farthing_protocol::suite::SuiteId;
use farthing_protocol::{KeysetId, amount, keyset};

use crate::records::{Coin, Keyset, suite_of, worth};

/// A keyset that expires within this time is left behind.
pub(crate) const RESCUE_S: u64 = 30 * 24 * 60 * 60;

/// What the keysets say about coins: their fees, and which of them are to be spent first.
pub(crate) struct Terms(BTreeMap<KeysetId, Term>);

#[derive(Clone, Copy)]
struct Term {
    input_fee_ppk: u64,
    lasting: bool,
    native: bool,
}

impl Terms {
    /// The terms of keysets at the time `now`, Unix seconds.
    pub(crate) fn of(keysets: &[Keyset], now: u64) -> Self {
        let term = |keyset: &Keyset| Term {
            input_fee_ppk: keyset.info.input_fee_ppk,
            lasting: is_native(&keyset.info.id)
                && keyset.info.active
                && !expires_by(keyset, now.saturating_add(RESCUE_S)),
            native: is_native(&keyset.info.id),
        };
        Self(keysets.iter().map(|k| (k.info.id, term(k))).collect())
    }

    fn lasting(&self, coin: &Coin) -> bool {
        self.0.get(&coin.keyset()).is_some_and(|term| term.lasting)
    }

    fn native(&self, coin: &Coin) -> bool {
        self.0.get(&coin.keyset()).is_some_and(|term| term.native)
    }

    fn input_fee_ppk(&self, coin: &Coin) -> u64 {
        let term = self.0.get(&coin.keyset());
        term.map_or(0, |term| term.input_fee_ppk)
    }

    /// Returns what a coin adds to a request, in thousandths of the unit: its worth less its part of the fee.
    pub(crate) fn gain_ppk(&self, coin: &Coin) -> i128 {
        i128::from(coin.amount()) * 1000 - i128::from(self.input_fee_ppk(coin))
    }

    /// The fee for spending `coins` in one request (NUT-02).
    pub(crate) fn fee(&self, coins: &[Coin]) -> u64 {
        let ppk = coins.iter().map(|coin| self.input_fee_ppk(coin));
        keyset::fee(amount::sum(ppk).unwrap_or(u64::MAX))
    }
}

/// Returns whether a keyset is of Farthing's own suite. Tokens of the other one, found by a restore, are spent
/// only into a swap or a redemption: whoever gets a token expects the mint's own.
fn is_native(keyset: &KeysetId) -> bool {
    suite_of(keyset) == SuiteId::Ristretto255
}

/// Returns whether a keyset's tokens are not honoured any more at `time`: they are refused from the next
/// second after `final_expiry` on.
pub(crate) fn expires_by(keyset: &Keyset, time: u64) -> bool {
    keyset.info.final_expiry.is_some_and(|expiry| expiry < time)
}

/// How an amount is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// With these coins as they are: worth exactly the amount or, where change is given in the same
    /// request, the least above it.
    AsTheyAre(Vec<Coin>),
    /// With new ones, exact or locked, that a swap of these makes first. They cover the fee for it.
    Swap(Vec<Coin>),
}

/// What the one who is paid asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Tokens that the wallet cannot have: locked to a key, or of Cashu's suite.
    pub(crate) made_anew: bool,
    /// Whether what is too much comes back in the same request.
    pub(crate) gives_change: bool,
}

/// How to pay `amount` with `coins`, by all four rules: with a swap only where nothing else pays.
/// `None` when the coins do not suffice.
pub(crate) fn plan(coins: &[Coin], amount: u64, asked: Asked, terms: &Terms) -> Option<Plan> {
    if !asked.made_anew {
        let native: Vec<Coin> = coins.iter().filter(|c| terms.native(c)).cloned().collect();
        let as_they_are = match asked.gives_change {
            true => least_above(&native, amount, terms),
            false => exact(&native, amount, terms),
        };
        if let Some(coins) = as_they_are {
            return Some(Plan::AsTheyAre(coins));
        }
    }
    at_least(coins, amount, terms).map(Plan::Swap)
}

/// The denominations a wallet holds at a mint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stock(Vec<u64>);

impl Stock {
    /// Returns what is held in `coins` when those of `spent` are gone.
    pub(crate) fn without(coins: &[Coin], spent: &[Coin]) -> Self {
        let kept = coins.iter().filter(|coin| !spent.contains(coin));
        let kept = kept.filter(|coin| is_native(&coin.keyset()));
        Self(kept.map(Coin::amount).collect())
    }

    /// Splits `amount` into denominations of `keyset`, ascending, for the largest reach together with
    /// what is held; in no more than `room` parts unless the fewest are more. What is asked for counts
    /// as held from then on. `None` when the denominations cannot make the amount.
    pub(crate) fn refill(&mut self, keyset: &Keyset, amount: u64, room: usize) -> Option<Vec<u64>> {
        let denominations = keyset.keys.amounts();
        let fewest = |amount| amount::split(amount, &denominations);
        let mut rest = fewest(amount)?;
        let mut parts = Vec::new();
        if keyset.info.input_fee_ppk == 0 {
            self.0.sort_unstable();
            let mut held = self.0.iter().copied().peekable();
            let mut reach: u64 = 0;
            loop {
                while let Some(coin) = held.next_if(|coin| *coin <= reach.saturating_add(1)) {
                    reach = reach.saturating_add(coin);
                }
                let left: u64 = amount::sum(rest.iter().copied())?;
                let most = left.min(reach.saturating_add(1));
                let next = denominations.iter().rfind(|d| **d > 0 && **d <= most);
                let Some((next, after)) = next.and_then(|next| Some((*next, fewest(left - next)?)))
                else {
                    break;
                };
                if parts.len() + 1 + after.len() > room {
                    break;
                }
                parts.push(next);
                reach = reach.saturating_add(next);
                rest = after;
            }
        }
        parts.extend(rest);
        parts.sort_unstable();
        self.0.extend(&parts);
        Some(parts)
    }
}

/// Coins worth exactly `target`, by rules 1, 3 and 4; `None` when there is no such subset.
pub(crate) fn exact(coins: &[Coin], target: u64, terms: &Terms) -> Option<Vec<Coin>> {
    let (mut retiring, mut lasting): (Vec<&Coin>, Vec<&Coin>) =
        coins.iter().partition(|coin| !terms.lasting(coin));
    largest_first(&mut retiring);
    largest_first(&mut lasting);
    let (mut chosen, rest) = fill(&retiring, target);
    let (more, rest) = fill(&lasting, rest);
    chosen.extend(more);
    if rest > 0 {
        // Retiring tokens first left a gap: take all by size, the retiring ones first among equals.
        let mut all: Vec<&Coin> = retiring.into_iter().chain(lasting).collect();
        largest_first(&mut all);
        let (by_size, rest) = fill(&all, target);
        if rest > 0 {
            return None;
        }
        chosen = by_size;
    }
    Some(chosen.into_iter().cloned().collect())
}

/// Coins worth at least `target` and the fee for spending them, by all four rules; `None` when no
/// coins are.
pub(crate) fn at_least(coins: &[Coin], target: u64, terms: &Terms) -> Option<Vec<Coin>> {
    let mut goal = target;
    while goal <= worth(coins) {
        let chosen = least_above(coins, goal, terms)?;
        let needed = target.checked_add(terms.fee(&chosen))?;
        if worth(&chosen) >= needed {
            return Some(chosen);
        }
        // The fee depends on the choice: aim higher by what this choice fell short of.
        goal = needed;
    }
    largest_until(coins, target, terms)
}

/// The fewest of the largest coins that pay `target` and their fee: where small tokens cost more in
/// fees than they are worth, the least change is not to be had, and this still pays.
fn largest_until(coins: &[Coin], target: u64, terms: &Terms) -> Option<Vec<Coin>> {
    let mut all: Vec<&Coin> = coins.iter().collect();
    largest_first(&mut all);
    let (mut sum, mut ppk) = (0u64, 0u64);
    let enough = all.iter().position(|coin| {
        sum = sum.saturating_add(coin.amount());
        ppk = ppk.saturating_add(terms.input_fee_ppk(coin));
        sum >= target.saturating_add(keyset::fee(ppk))
    })?;
    Some(all.into_iter().take(enough + 1).cloned().collect())
}

/// The coins with the least sum at or above `goal`.
pub(crate) fn least_above(coins: &[Coin], goal: u64, terms: &Terms) -> Option<Vec<Coin>> {
    let mut denominations: Vec<u64> = coins.iter().map(Coin::amount).collect();
    denominations.sort_unstable();
    denominations.dedup();
    denominations.into_iter().find_map(|denomination| {
        let rounded = goal.checked_next_multiple_of(denomination)?;
        exact(coins, rounded, terms)
    })
}

/// Sorts by amount, largest first; the order among equals stays.
fn largest_first(coins: &mut [&Coin]) {
    coins.sort_by_key(|coin| std::cmp::Reverse(coin.amount()));
}

/// Takes each coin that fits, in the order given; gives them and what is still missing.
fn fill<'a>(coins: &[&'a Coin], target: u64) -> (Vec<&'a Coin>, u64) {
    let mut rest = target;
    let mut chosen = Vec::new();
    for &coin in coins {
        if coin.amount() > 0 && coin.amount() <= rest {
            rest -= coin.amount();
            chosen.push(coin);
        }
    }
    (chosen, rest)
}

#[cfg(test)]
#[path = "coins_tests.rs"]
pub(crate) mod tests;
