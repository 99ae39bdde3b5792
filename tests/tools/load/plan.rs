//! What the requests of one run look like.

use std::num::NonZero;

use clap::ValueEnum;
use farthing_testkit::Result;
use serde::Serialize;

/// What the requests do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Op {
    /// Tokens against tokens.
    Swap,
    /// Tokens into the account.
    Redeem,
    /// Out of the account into tokens.
    Withdraw,
    /// A page behind a paywall, paid for exactly (--page).
    Buy,
    /// A page that costs nothing (--page).
    Get,
}

/// What each request looks like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) op: Op,
    pub(crate) count: usize,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) spread: u32,
}

impl Plan {
    /// The amounts of the inputs and outputs of request number `index`.
    pub(crate) fn amounts(&self, index: usize) -> (Vec<u64>, Vec<u64>) {
        // Half of what is redeemed comes back, when anything does.
        let share = if self.op == Op::Redeem { 2 } else { 1 };
        let most = self.inputs.max(share * self.outputs).max(1);
        let turn = u32::try_from(index).unwrap_or(0) % self.spread;
        let total = (most.next_power_of_two() as u64) << turn;
        (
            parts(total, self.inputs),
            parts(total / share as u64, self.outputs),
        )
    }
}

/// Splits a power of two into `count` powers of two, as even as can be.
pub(crate) fn parts(total: u64, count: usize) -> Vec<u64> {
    let mut parts = std::collections::VecDeque::from([total]);
    while parts.len() < count {
        let largest = parts.pop_front().unwrap_or(0);
        parts.extend([largest / 2; 2]);
    }
    parts.truncate(count);
    parts.into()
}

/// Applies `work` to all items, on as many threads as there are CPUs.
pub(crate) fn parallel<T: Send, U: Send>(
    mut items: Vec<T>,
    work: impl Fn(T) -> Result<U> + Sync,
) -> Result<Vec<U>> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(threads).max(1);
    let work = &work;
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        while !items.is_empty() {
            let rest = items.split_off(share.min(items.len()));
            let mine = std::mem::replace(&mut items, rest);
            running
                .push(scope.spawn(move || mine.into_iter().map(work).collect::<Result<Vec<U>>>()));
        }
        let mut results = Vec::new();
        for thread in running {
            results.extend(thread.join().map_err(|_| "a thread failed")??);
        }
        Ok(results)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_balance_and_are_powers_of_two() {
        for (op, inputs, outputs) in [(Op::Swap, 2, 2), (Op::Swap, 3, 7), (Op::Redeem, 2, 3)] {
            let plan = Plan {
                op,
                count: 9,
                inputs,
                outputs,
                spread: 4,
            };
            for index in 0..9 {
                let (spent, signed) = plan.amounts(index);
                assert_eq!((spent.len(), signed.len()), (inputs, outputs));
                assert!(spent.iter().chain(&signed).all(|a| a.is_power_of_two()));
                let (spent, signed): (u64, u64) = (spent.iter().sum(), signed.iter().sum());
                let share = if op == Op::Redeem { 2 } else { 1 };
                assert_eq!(spent, share * signed);
            }
        }
    }

    #[test]
    fn work_in_parallel_keeps_its_order() {
        let doubled = parallel((0..1001).collect(), |n: u32| Ok(2 * n)).unwrap();
        assert_eq!(doubled, (0..1001).map(|n| 2 * n).collect::<Vec<_>>());
        assert!(parallel(vec![1], |_| -> Result<()> { Err("no".into()) }).is_err());
    }
}
