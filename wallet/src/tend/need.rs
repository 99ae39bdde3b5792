//! How much a wallet should hold: the dearest usual payment, and what it spends in fourteen days.

use crate::time::DAY_S;

/// For how many days of its own spending a wallet holds enough. Longer than the week between withdrawals:
/// else withdrawals would follow spending.
const FLOAT_DAYS: u64 = 14;
/// The dearest usual payment of a wallet that has not paid yet, in the smallest unit.
const DEAREST: u64 = 50;
/// The least that a wallet is taken to spend in [`FLOAT_DAYS`]: 0.3 a day.
const SPENT_MIN: u64 = 5;
/// Spending is taken from so many days back at the most.
const WINDOW_DAYS: u64 = 28;
/// Of a wallet that is younger than this, spending is taken to be that of so many days.
const YOUNG_DAYS: u64 = 7;
/// The most bundles at one time.
const BUNDLES_MAX: u64 = 64;

/// A payment that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// When, Unix seconds.
    pub time: u64,
    /// How much, in the mint's smallest unit.
    pub amount: u64,
}

/// How much a wallet should hold at a mint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need(u64);

impl Need {
    /// Works it out at Unix time `now` from the payments of a wallet that is in use since `since`. The dearest
    /// usual payment is the second dearest of the last 28 days: what was paid once is not usual.
    #[must_use]
    pub fn of(payments: impl IntoIterator<Item = Payment>, since: u64, now: u64) -> Self {
        let begin = now.saturating_sub(WINDOW_DAYS * DAY_S);
        let recent = payments.into_iter().filter(|p| p.time >= begin);
        let mut amounts: Vec<u64> = recent.map(|p| p.amount).collect();
        amounts.sort_unstable();
        let dearest = amounts.iter().rev().nth(1).copied().unwrap_or(0);
        let spent: u128 = amounts.iter().copied().map(u128::from).sum();
        let days = (now.saturating_sub(since) / DAY_S).clamp(YOUNG_DAYS, WINDOW_DAYS);
        let spends = (spent * u128::from(FLOAT_DAYS)).div_ceil(u128::from(days));
        let spends = u64::try_from(spends).unwrap_or(u64::MAX);
        Self(dearest.max(DEAREST).saturating_add(spends.max(SPENT_MIN)))
    }

    /// Returns what a wallet should hold, in the mint's smallest unit.
    #[must_use]
    pub fn amount(self) -> u64 {
        self.0
    }

    /// Returns how many bundles worth `bundle` are missing for a wallet that holds `held`: at most 64.
    #[must_use]
    pub fn bundles(self, held: u64, bundle: u64) -> u64 {
        self.0
            .saturating_sub(held)
            .div_ceil(bundle.max(1))
            .min(BUNDLES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000 * DAY_S;

    fn need(payments: &[(u64, u64)], age_days: u64) -> u64 {
        let payment = |(days_ago, amount): &(u64, u64)| Payment {
            time: NOW - days_ago * DAY_S,
            amount: *amount,
        };
        Need::of(payments.iter().map(payment), NOW - age_days * DAY_S, NOW).amount()
    }

    #[test]
    fn a_wallet_needs_its_dearest_usual_payment_and_two_weeks_of_spending() {
        assert_eq!(need(&[], 0), 55, "50, and 0.3 a day");
        assert_eq!(need(&[], 400), 55);
        assert_eq!(need(&[(1, 10)], 400), 55, "10 in 28 days are 5 in 14");
        assert_eq!(need(&[(1, 11)], 400), 56);
        assert_eq!(need(&[(1, 280)], 400), 190, "paid once: not usual");
        assert_eq!(
            need(&[(1, 280), (2, 70)], 400),
            245,
            "two of 70 or more are"
        );
        assert_eq!(need(&[(29, 1000), (29, 1000)], 400), 55, "long ago");
        assert_eq!(need(&[(1, 70)], 14), 120, "70 in 14 days");
        assert_eq!(
            need(&[(1, 70)], 1),
            190,
            "a young wallet is taken to be 7 days old"
        );
        assert_eq!(need(&[(1, u64::MAX), (1, u64::MAX)], 1), u64::MAX);
    }

    #[test]
    fn whole_bundles_are_withdrawn_until_it_is_enough() {
        let need = Need(55);
        let bundles = |held, bundle| need.bundles(held, bundle);
        assert_eq!(bundles(55, 241), 0);
        assert_eq!(bundles(56, 241), 0);
        assert_eq!(bundles(54, 241), 1);
        assert_eq!(bundles(0, 241), 1);
        assert_eq!(bundles(0, 20), 3);
        assert_eq!(Need(u64::MAX).bundles(0, 1), 64);
    }
}
