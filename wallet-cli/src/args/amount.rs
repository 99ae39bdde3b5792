//! Amounts on the command line.

use std::str::FromStr;

use farthing_protocol::{AmountError, AmountText as Typed};
use farthing_wallet::Unit;

use crate::failure::Failure;

/// An amount as it was typed: which number that is depends on the unit of the mint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AmountText(Typed);

impl FromStr for AmountText {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        text.parse().map(Self)
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
    /// [`Failure::Usage`] when the unit has fewer decimals than were typed, or is another than the one
    /// that was typed.
    pub(crate) fn read(&self, unit: &Unit, reading: Reading) -> Result<u64, Failure> {
        let read = match reading {
            Reading::Decimal => self.0.read(unit),
            Reading::Smallest => self.0.read(&Unit::new(unit.name(), 0)),
        };
        read.map_err(|error| {
            let why = match (error, reading) {
                (AmountError::Whole { .. }, Reading::Smallest) => {
                    "with --smallest-unit it is a whole number".to_owned()
                }
                (error, _) => error.to_string(),
            };
            Failure::Usage(format!("error: {} is not an amount here: {why}", self.0))
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
        let text: AmountText = text.parse().map_err(|e: AmountError| e.to_string())?;
        text.read(unit, reading).map_err(|failure| failure.text())
    }

    #[test]
    fn amounts_are_typed_as_the_wallet_shows_them() {
        assert_eq!(read("1.25", &usd(), Reading::Decimal), Ok(125));
        assert_eq!(read("5", &usd(), Reading::Decimal), Ok(500));
        assert_eq!(read("0.05 usd", &usd(), Reading::Decimal), Ok(5));
        assert_eq!(read("5", &Unit::new("credit", 0), Reading::Decimal), Ok(5));
        assert_eq!(read("125", &usd(), Reading::Smallest), Ok(125));
    }

    #[test]
    fn what_the_unit_does_not_have_is_refused_and_never_rounded() {
        let credit = || Unit::new("credit", 0);
        let (decimal, smallest) = (Reading::Decimal, Reading::Smallest);
        for (text, unit, reading, why) in [
            ("1.255", usd(), decimal, "it has 3 decimals, and usd has 2"),
            ("1.250", usd(), decimal, "it has 3 decimals, and usd has 2"),
            (
                "1.25",
                usd(),
                smallest,
                "with --smallest-unit it is a whole number",
            ),
            (
                "1.5",
                credit(),
                decimal,
                "credit is not divided: give a whole number",
            ),
            (
                "5 eur",
                usd(),
                decimal,
                "it is in eur, and amounts here are in usd",
            ),
            ("184467440737095516.16", usd(), decimal, "it is too large"),
        ] {
            let expected = format!("error: {text} is not an amount here: {why}");
            assert_eq!(read(text, &unit, reading), Err(expected));
        }
    }

    #[test]
    fn what_is_no_amount_of_any_unit_is_refused_before_the_wallet_is_opened() {
        for text in ["", "-5", "+5", "1,25", "1.", ".5", "five", "1 000"] {
            assert_eq!(text.parse::<AmountText>(), Err(AmountError::Form), "{text}");
        }
    }
}
