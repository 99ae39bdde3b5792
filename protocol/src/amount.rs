//! Amounts are whole numbers of the mint's smallest unit, `u64`, and never wrap.

/// Adds up amounts; `None` when the sum passes `u64::MAX`.
pub fn sum(amounts: impl IntoIterator<Item = u64>) -> Option<u64> {
    amounts.into_iter().try_fold(0u64, u64::checked_add)
}

/// The most parts [`split`] gives: far more than any mint takes as outputs of one request.
pub const PARTS_MAX: usize = 10_000;

/// Splits `amount` into the fewest of the given `denominations`, in ascending order.
///
/// `denominations` are powers of two in ascending order, as a keyset of this mint lists them; the
/// greatest is used as often as it takes. `None` when the amount cannot be made from them, or not
/// with [`PARTS_MAX`] parts: a mistyped amount must not fill the memory.
#[must_use]
pub fn split(amount: u64, denominations: &[u64]) -> Option<Vec<u64>> {
    let mut rest = amount;
    let mut parts = Vec::new();
    for &denomination in denominations.iter().rev().filter(|&&d| d > 0) {
        let times = usize::try_from(rest / denomination).ok()?;
        if times > PARTS_MAX.saturating_sub(parts.len()) {
            return None;
        }
        parts.extend(std::iter::repeat_n(denomination, times));
        rest %= denomination;
    }
    parts.reverse();
    (rest == 0).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_never_wraps() {
        assert_eq!(sum([1, 2, 4]), Some(7));
        assert_eq!(sum([u64::MAX]), Some(u64::MAX));
        assert_eq!(sum([u64::MAX, 1]), None);
    }

    #[test]
    fn a_split_has_one_part_per_bit_and_repeats_the_greatest() {
        assert_eq!(split(13, &[1, 2, 4, 8]), Some(vec![1, 4, 8]));
        assert_eq!(split(19, &[1, 2, 4, 8]), Some(vec![1, 2, 8, 8]));
        assert_eq!(split(0, &[1, 2]), Some(vec![]));
        assert_eq!(split(3, &[2, 4]), None);
        assert_eq!(split(3, &[]), None);
    }

    #[test]
    fn a_split_into_too_many_parts_is_refused_before_memory_is_taken() {
        assert_eq!(split(u64::MAX, &[1]), None);
        assert_eq!(split(u64::MAX, &[1, 2, 1 << 20]), None);
        let most = PARTS_MAX as u64;
        assert_eq!(split(most, &[1]).map(|p| p.len()), Some(PARTS_MAX));
        assert_eq!(split(most + 1, &[1]), None);
        assert_eq!(split(2 * most, &[1, 2]).map(|p| p.len()), Some(PARTS_MAX));
        assert_eq!(split(2 * most + 1, &[1, 2]), None);
    }
}
