//! The bundle: the tokens of one withdrawal by upkeep, the same for all members of a mint
//! (`docs/reference/protocol.md`, section 4.6).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::amount;

/// The most tokens in a bundle.
pub const PARTS_MAX: u64 = 256;
/// The most that a bundle is worth, in the mint's smallest unit: 2^32.
pub const TOTAL_MAX: u64 = 1 << 32;
/// The usual bundle, as pairs of amount and count: 241 in 35 tokens.
pub const USUAL: [(u64, u32); 6] = [(1, 7), (2, 7), (4, 7), (8, 8), (16, 4), (32, 2)];

/// How many tokens of which amounts a wallet withdraws at a time. On the wire it is a list of pairs
/// `[amount, count]`. One that was read may be anything until [`Self::check`] has looked at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bundle(Vec<(u64, u32)>);

/// Why a list of amounts and counts is not a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// An amount that is not above the one before, or not a power of two.
    #[error("its amounts are not rising powers of two")]
    Amounts,
    /// No token at all, or none of one of its amounts.
    #[error("it has no tokens of an amount that it names")]
    Empty,
    /// More than [`PARTS_MAX`] tokens, or more than fit into one request.
    #[error("it has more tokens than {0}")]
    Parts(u64),
    /// Worth more than [`TOTAL_MAX`].
    #[error("it is worth more than {TOTAL_MAX}")]
    Total,
}

impl Bundle {
    /// Makes a bundle of pairs of amount and count, amounts rising.
    ///
    /// # Errors
    /// As [`Self::check`] for requests without a limit.
    pub fn new(parts: Vec<(u64, u32)>) -> Result<Self, BundleError> {
        let bundle = Self(parts);
        bundle.check(usize::MAX).map(|()| bundle)
    }

    /// Returns the usual bundle for a keyset with these `amounts`, rising: what it has in amounts that the
    /// keyset lacks is in tokens of the greatest amount. `None` for a keyset whose amounts do not make it up.
    #[must_use]
    pub fn usual(amounts: &[u64]) -> Option<Self> {
        let largest = amounts
            .iter()
            .rev()
            .find(|a| USUAL.iter().any(|(b, _)| b == *a))?;
        let (mut parts, more): (Vec<_>, Vec<_>) =
            USUAL.into_iter().partition(|(a, _)| a <= largest);
        let more: u64 = more.iter().map(|(a, n)| a / largest * u64::from(*n)).sum();
        let (_, count) = parts.last_mut()?;
        *count += u32::try_from(more).ok()?;
        Self::new(parts).ok().filter(|bundle| bundle.is_of(amounts))
    }

    /// Checks its form: amounts that are rising powers of two, at least one token of each, at most
    /// [`PARTS_MAX`] tokens and at most `outputs_max`, worth at most [`TOTAL_MAX`].
    ///
    /// # Errors
    /// A [`BundleError`].
    pub fn check(&self, outputs_max: usize) -> Result<(), BundleError> {
        let rising = self.0.is_sorted_by(|(a, _), (b, _)| a < b);
        if !rising || !self.0.iter().all(|(amount, _)| amount.is_power_of_two()) {
            return Err(BundleError::Amounts);
        }
        if self.0.is_empty() || self.0.iter().any(|(_, count)| *count == 0) {
            return Err(BundleError::Empty);
        }
        let parts = amount::sum(self.0.iter().map(|(_, count)| u64::from(*count)));
        let most = PARTS_MAX.min(u64::try_from(outputs_max).unwrap_or(u64::MAX));
        if parts.is_none_or(|parts| parts > most) {
            return Err(BundleError::Parts(most));
        }
        let worth = |(amount, count): &(u64, u32)| amount.checked_mul(u64::from(*count));
        let total = self.0.iter().map(worth).collect::<Option<Vec<u64>>>();
        let total = total.and_then(amount::sum);
        total
            .filter(|total| *total <= TOTAL_MAX)
            .map(drop)
            .ok_or(BundleError::Total)
    }

    /// Tells whether a keyset with these `amounts` can sign it.
    #[must_use]
    pub fn is_of(&self, amounts: &[u64]) -> bool {
        self.0.iter().all(|(amount, _)| amounts.contains(amount))
    }

    /// The pairs of amount and count.
    #[must_use]
    pub fn parts(&self) -> &[(u64, u32)] {
        &self.0
    }

    /// The amount of each of its tokens, rising.
    pub fn amounts(&self) -> impl Iterator<Item = u64> {
        let each = |(amount, count): &(u64, u32)| std::iter::repeat_n(*amount, *count as usize);
        self.0.iter().flat_map(each)
    }

    /// What a checked bundle is worth, in the mint's smallest unit.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(a, n)| a * u64::from(*n)).sum()
    }
}

/// As people write it: `7x1 7x2 …`, the count before the amount.
impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|(a, n)| format!("{n}x{a}")).collect();
        f.write_str(&parts.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn powers(n: u32) -> Vec<u64> {
        (0..n).map(|n| 1 << n).collect()
    }

    #[test]
    fn the_usual_bundle_is_worth_241_whatever_amounts_a_keyset_has() {
        let usual = Bundle::usual(&powers(21)).unwrap();
        assert_eq!(usual.to_string(), "7x1 7x2 7x4 8x8 4x16 2x32");
        assert_eq!(usual.amounts().count(), 35);
        assert_eq!(usual.amounts().max(), Some(32));
        for n in 1..=48 {
            let bundle = Bundle::usual(&powers(n)).unwrap();
            assert_eq!(bundle.total(), 241, "{n}");
            assert_eq!(bundle.amounts().sum::<u64>(), 241, "{n}");
        }
        let few = Bundle::usual(&powers(3)).unwrap();
        assert_eq!(few.to_string(), "7x1 7x2 55x4");
        assert_eq!(Bundle::usual(&powers(1)).unwrap().to_string(), "241x1");
        assert_eq!(Bundle::usual(&[1, 4, 64]), None, "it has no 2");
        assert_eq!(Bundle::usual(&[64]), None);
        assert_eq!(Bundle::usual(&[]), None);
    }

    #[test]
    fn what_is_no_bundle_is_refused_and_its_neighbour_is_not() {
        let new = |parts: &[(u64, u32)]| Bundle::new(parts.to_vec()).map(|b| b.total());
        assert_eq!(new(&[(1, 1), (2, 3)]), Ok(7));
        assert_eq!(new(&[(2, 3), (1, 1)]), Err(BundleError::Amounts));
        assert_eq!(new(&[(1, 1), (1, 1)]), Err(BundleError::Amounts));
        assert_eq!(new(&[(3, 1)]), Err(BundleError::Amounts));
        assert_eq!(new(&[(0, 1)]), Err(BundleError::Amounts));
        assert_eq!(new(&[]), Err(BundleError::Empty));
        assert_eq!(new(&[(1, 0)]), Err(BundleError::Empty));
        assert_eq!(new(&[(1, 256)]), Ok(256));
        assert_eq!(new(&[(1, 257)]), Err(BundleError::Parts(256)));
        assert_eq!(
            new(&[(1, u32::MAX), (2, u32::MAX)]),
            Err(BundleError::Parts(256))
        );
        assert_eq!(new(&[(1 << 32, 1)]), Ok(1 << 32));
        assert_eq!(new(&[(1, 1), (1 << 32, 1)]), Err(BundleError::Total));
        assert_eq!(new(&[(1 << 63, 2)]), Err(BundleError::Total));
        let bundle = Bundle::new(vec![(1, 2), (4, 1)]).unwrap();
        assert_eq!(bundle.check(3), Ok(()));
        assert_eq!(bundle.check(2), Err(BundleError::Parts(2)));
        assert!(bundle.is_of(&[1, 2, 4]) && !bundle.is_of(&[1, 2]));
    }
}
