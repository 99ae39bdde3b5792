//! More tokens than the mint takes in one request: how they are divided.
//!
//! The mint's fee is for a whole request, so a batch of small tokens can cost as much as it is worth. Such
//! tokens are **dust**: they are left where they are, and named. They hinder no other batch.

use std::cmp::Reverse;

use crate::purse::coins::Terms;
use crate::records::{Coin, worth};

/// Coins divided into batches, each worth more than the mint's fee for it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Division {
    pub(crate) batches: Vec<Vec<Coin>>,
    /// What is in none.
    pub(crate) dust: Vec<Coin>,
}

impl Division {
    /// Returns what the batches are worth, less the fees.
    pub(crate) fn net(&self, terms: &Terms) -> u64 {
        let net = |batch: &Vec<Coin>| worth(batch).saturating_sub(terms.fee(batch));
        self.batches.iter().map(net).fold(0, u64::saturating_add)
    }
}

/// Divides coins into batches of at most `max`. Fees are rounded up for each batch, so full batches and
/// even ones cost differently; the better of the two is taken.
pub(crate) fn divide(coins: &[Coin], max: usize, terms: &Terms) -> Division {
    let max = max.max(1);
    let even = coins.len().div_ceil(coins.len().div_ceil(max).max(1));
    let full = divide_by(coins, max, terms);
    let even = divide_by(coins, even.max(1), terms);
    match even.net(terms) > full.net(terms) {
        true => even,
        false => full,
    }
}

fn divide_by(coins: &[Coin], size: usize, terms: &Terms) -> Division {
    let mut sorted = coins.to_vec();
    // What adds most comes first, so that what is not worth its fee is together at the end.
    sorted.sort_by_key(|coin| Reverse(terms.gain_ppk(coin)));
    let mut division = Division::default();
    for chunk in sorted.chunks(size) {
        let net = |count: &usize| {
            let batch = chunk.get(..*count).unwrap_or_default();
            worth(batch).saturating_sub(terms.fee(batch))
        };
        let best = (1..=chunk.len()).max_by_key(net).unwrap_or(0);
        let best = if net(&best) > 0 { best } else { 0 };
        let (batch, dust) = chunk.split_at(best);
        if !batch.is_empty() {
            division.batches.push(batch.to_vec());
        }
        division.dust.extend_from_slice(dust);
    }
    division
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purse::coins::tests::{coins as coins_of, terms};

    /// Coins of these amounts, of the keyset that is active.
    fn coins(amounts: &[u64]) -> Vec<Coin> {
        let of: Vec<_> = amounts.iter().map(|a| (a.ilog2(), false)).collect();
        coins_of(&of)
    }

    fn amounts(division: &Division) -> (Vec<Vec<u64>>, Vec<u64>) {
        let of = |coins: &Vec<Coin>| coins.iter().map(Coin::amount).collect::<Vec<_>>();
        let batches = division.batches.iter().map(of).collect();
        (batches, of(&division.dust))
    }

    #[test]
    fn what_the_fee_would_eat_is_dust_and_hinders_nothing() {
        let terms = terms(100);
        for (held, max, batches, dust) in [
            (vec![1, 1, 1], 2, vec![vec![1, 1]], vec![1]),
            (vec![1], 2, vec![], vec![1]),
            (vec![1, 4], 2, vec![vec![4, 1]], vec![]),
            (vec![1, 8, 1, 8], 2, vec![vec![8, 8], vec![1, 1]], vec![]),
            (vec![], 2, vec![], vec![]),
        ] {
            let division = divide(&coins(&held), max, &terms);
            assert_eq!(amounts(&division), (batches, dust), "{held:?}");
        }
        // A token whose own fee is more than its worth is not added to one that pays.
        let division = divide(
            &coins(&[1, 16]),
            2,
            &crate::purse::coins::tests::terms(3000),
        );
        assert_eq!(amounts(&division), (vec![vec![16]], vec![1]));
    }

    #[test]
    fn without_a_fee_nothing_is_dust() {
        let division = divide(&coins(&[1, 1, 1]), 2, &terms(0));
        assert_eq!(amounts(&division), (vec![vec![1, 1], vec![1]], vec![]));
    }

    #[test]
    fn as_many_as_257_of_the_smallest_leave_nearly_all() {
        let terms = terms(100);
        let division = divide(&coins(&[1; 257]), 256, &terms);
        assert_eq!(division.net(&terms), 231);
        assert!(division.batches.iter().all(|batch| batch.len() <= 256));
    }
}
