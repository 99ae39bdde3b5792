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

/// Why a text is not an amount of a unit with so many decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// Anything but digits, and a point between digits.
    #[error("an amount is written with digits, and a point if the unit has decimals: 5 or 1.25")]
    Form,
    /// More digits after the point than the unit has decimals.
    #[error("it has {got} decimals, and the unit has {max}")]
    Decimals {
        /// How many it has.
        got: usize,
        /// How many the unit has.
        max: u8,
    },
    /// More than `u64::MAX` of the smallest unit.
    #[error("it is too large")]
    TooLarge,
}

/// Writes an amount as people do: 250 with two decimals is `2.50`.
#[must_use]
pub fn to_decimal(amount: u64, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let digits = format!("{amount:0>width$}", width = decimals + 1);
    match digits.split_at_checked(digits.len() - decimals) {
        Some((whole, part)) if !part.is_empty() => format!("{whole}.{part}"),
        Some(_) | None => digits,
    }
}

/// Reads an amount as people write it, and [`to_decimal`] does: with two decimals `2.50`, `2.5` and
/// `2` are 250, 250 and 200.
///
/// # Errors
/// [`DecimalError`]: nothing is rounded, and nothing but digits and one point is read. `1.250` with
/// two decimals is refused although it is a number: elsewhere it is written for a thousand and more.
pub fn from_decimal(text: &str, decimals: u8) -> Result<u64, DecimalError> {
    let (whole, part) = match text.split_once('.') {
        Some((_, "")) => return Err(DecimalError::Form),
        Some(split) => split,
        None => (text, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return Err(DecimalError::Form);
    }
    let max = usize::from(decimals);
    if part.len() > max {
        let got = part.len();
        return Err(DecimalError::Decimals { got, max: decimals });
    }
    let digits = format!("{whole}{part:0<max$}");
    digits.parse().map_err(|_| DecimalError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_the_units_decimals_and_read_again() {
        for (amount, decimals, written) in [
            (0, 0, "0"),
            (5, 0, "5"),
            (5, 2, "0.05"),
            (250, 2, "2.50"),
            (100, 2, "1.00"),
            (1, 8, "0.00000001"),
            (u64::MAX, 0, "18446744073709551615"),
            (u64::MAX, 2, "184467440737095516.15"),
            (7, 255, &format!("0.{}7", "0".repeat(254))),
        ] {
            assert_eq!(to_decimal(amount, decimals), written);
            assert_eq!(from_decimal(written, decimals), Ok(amount));
        }
        for (text, decimals, amount) in [("2.5", 2, 250), ("2", 2, 200), ("007", 0, 7)] {
            assert_eq!(from_decimal(text, decimals), Ok(amount));
        }
    }

    #[test]
    fn other_forms_of_amounts_are_refused() {
        for text in [
            "", " ", ".", "1.", ".5", "-1", "+1", "1,25", "1.2.3", "1e3", "0x10", "1 000", " 1",
            "1_000", "\u{0661}", "1.-5", "1.+5", "five",
        ] {
            assert_eq!(from_decimal(text, 2), Err(DecimalError::Form), "{text}");
        }
        let decimals = |got, max| Err(DecimalError::Decimals { got, max });
        assert_eq!(from_decimal("1.250", 2), decimals(3, 2));
        assert_eq!(from_decimal("5.0", 0), decimals(1, 0));
        let too_large = Err(DecimalError::TooLarge);
        assert_eq!(from_decimal("18446744073709551616", 0), too_large);
        assert_eq!(from_decimal("184467440737095516.16", 2), too_large);
        assert_eq!(from_decimal("1", 20), too_large);
    }

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
