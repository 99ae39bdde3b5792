//! Which tokens to spend, and into which denominations to split.
//!
//! The rules, in order:
//! 1. **Exact** before anything else: a subset worth exactly what is asked. When it is handed out as
//!    it is, no request is needed and the mint learns nothing.
//! 2. Otherwise the **least change**: the subset that exceeds the amount and the mint's fee on it by
//!    the least.
//! 3. **Inactive keysets first**: tokens of a keyset that signs no more are spent while there is time,
//!    where that costs no exactness.
//! 4. **Few and large** before many and small, which keeps fees and requests small.
//!
//! All denominations are powers of two, so each divides the next. Then taking the largest token that
//! fits, again and again, finds an exact subset whenever there is one; and the least sum at or above a
//! target is the target rounded up to a multiple of some denomination held (of the smallest token
//! in the subset: without it the subset would fall short). So trying the denominations in ascending
//! order finds the best subset without searching all of them.

use std::collections::BTreeMap;

use farthing_protocol::{KeysetId, amount, keyset};

use crate::records::{Coin, Keyset, worth};

/// What the keysets say about coins: their fees, and which of them still sign.
pub(crate) struct Terms(BTreeMap<KeysetId, Term>);

#[derive(Clone, Copy)]
struct Term {
    input_fee_ppk: u64,
    active: bool,
}

impl Terms {
    pub(crate) fn of(keysets: &[Keyset]) -> Self {
        let term = |keyset: &Keyset| Term {
            input_fee_ppk: keyset.info.input_fee_ppk,
            active: keyset.info.active,
        };
        Self(keysets.iter().map(|k| (k.info.id, term(k))).collect())
    }

    fn active(&self, coin: &Coin) -> bool {
        self.0.get(&coin.keyset()).is_some_and(|term| term.active)
    }

    fn input_fee_ppk(&self, coin: &Coin) -> u64 {
        let term = self.0.get(&coin.keyset());
        term.map_or(0, |term| term.input_fee_ppk)
    }

    /// The fee for spending `coins` in one request (NUT-02).
    pub(crate) fn fee(&self, coins: &[Coin]) -> u64 {
        let ppk = coins.iter().map(|coin| self.input_fee_ppk(coin));
        keyset::fee(amount::sum(ppk).unwrap_or(u64::MAX))
    }
}

/// Coins worth exactly `target`, by rules 1, 3 and 4; `None` when there is no such subset.
pub(crate) fn exact(coins: &[Coin], target: u64, terms: &Terms) -> Option<Vec<Coin>> {
    let (mut inactive, mut active): (Vec<&Coin>, Vec<&Coin>) =
        coins.iter().partition(|coin| !terms.active(coin));
    largest_first(&mut inactive);
    largest_first(&mut active);
    let (mut chosen, rest) = fill(&inactive, target);
    let (more, rest) = fill(&active, rest);
    chosen.extend(more);
    if rest > 0 {
        // Inactive tokens first left a gap: take all by size, the inactive ones first among equals.
        let mut all: Vec<&Coin> = inactive.into_iter().chain(active).collect();
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
mod tests;
