//! Amounts on the command line.

use std::str::FromStr;

use farthing_protocol::amount::{DecimalError, from_decimal};
use farthing_wallet::Unit;

use crate::failure::Failure;

/// More decimals than any unit has: a text that is no amount with them is no amount at all.
const DECIMALS_MOST: u8 = u8::MAX;

/// An amount as it was typed: which number that is depends on the unit of the mint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AmountText(String);

impl FromStr for AmountText {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        match from_decimal(text, DECIMALS_MOST) {
            Ok(_) | Err(DecimalError::TooLarge) => Ok(Self(text.to_owned())),
            Err(error) => Err(error),
        }
    }
}

/// How amounts on the command line are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// With the decimals of the mint's unit.
    Decimal,
    /// As whole numbers of the smallest unit (`--smallest-unit`).
    Smallest,
}

impl AmountText {
    /// The amount, in the smallest part of `unit`.
    ///
    /// # Errors
    /// [`Failure::Usage`] when the unit has fewer decimals than were typed.
    pub(crate) fn read(&self, unit: &Unit, reading: Reading) -> Result<u64, Failure> {
        let decimals = match reading {
            Reading::Decimal => unit.decimals,
            Reading::Smallest => 0,
        };
        from_decimal(&self.0, decimals).map_err(|error| {
            let (text, name) = (&self.0, unit.name());
            let why = match (error, reading) {
                (DecimalError::Decimals { max: 0, .. }, Reading::Smallest) => {
                    "with --smallest-unit it is a whole number".to_owned()
                }
                (DecimalError::Decimals { max: 0, .. }, Reading::Decimal) => {
                    format!("{name} is not divided: give a whole number")
                }
                (DecimalError::Decimals { got, max }, _) => {
                    format!("it has {got} decimals, and {name} has {max}")
                }
                (DecimalError::Form | DecimalError::TooLarge, _) => error.to_string(),
            };
            Failure::Usage(format!("error: {text} is not an amount here: {why}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd() -> Unit {
        Unit::new("usd", 2)
    }

    fn read(text: &str, unit: &Unit, reading: Reading) -> Result<u64, String> {
        let text: AmountText = text.parse().map_err(|e: DecimalError| e.to_string())?;
        text.read(unit, reading).map_err(|failure| failure.text())
    }

    #[test]
    fn amounts_are_typed_as_the_wallet_shows_them() {
        assert_eq!(read("1.25", &usd(), Reading::Decimal), Ok(125));
        assert_eq!(read("5", &usd(), Reading::Decimal), Ok(500));
        assert_eq!(read("5", &Unit::new("credit", 0), Reading::Decimal), Ok(5));
        assert_eq!(read("125", &usd(), Reading::Smallest), Ok(125));
    }

    #[test]
    fn what_the_unit_does_not_have_is_refused_and_never_rounded() {
        for (text, unit, reading, why) in [
            (
                "1.255",
                usd(),
                Reading::Decimal,
                "it has 3 decimals, and usd has 2",
            ),
            (
                "1.250",
                usd(),
                Reading::Decimal,
                "it has 3 decimals, and usd has 2",
            ),
            (
                "1.25",
                usd(),
                Reading::Smallest,
                "with --smallest-unit it is a whole number",
            ),
            (
                "1.5",
                Unit::new("credit", 0),
                Reading::Decimal,
                "credit is not divided: give a whole number",
            ),
            (
                "184467440737095516.16",
                usd(),
                Reading::Decimal,
                "it is too large",
            ),
        ] {
            let expected = format!("error: {text} is not an amount here: {why}");
            assert_eq!(read(text, &unit, reading), Err(expected));
        }
    }

    #[test]
    fn what_is_no_amount_of_any_unit_is_refused_before_the_wallet_is_opened() {
        for text in ["", "-5", "+5", "1,25", "1.", ".5", "five", "1e3", "0x5"] {
            assert_eq!(
                text.parse::<AmountText>(),
                Err(DecimalError::Form),
                "{text}"
            );
        }
    }
}
