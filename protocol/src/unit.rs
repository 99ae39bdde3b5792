//! A mint's unit, and amounts as people write and read them.
//!
//! On the wire, in the books and in JSON an amount is a whole number of the unit's smallest part.
//! Wherever people read or type one, it goes through [`Unit`]: 125 of `usd`, which has two decimals, is
//! `1.25 usd`.

use std::fmt;
use std::str::FromStr;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::amount::{DecimalError, from_decimal, to_decimal};
use crate::text::printable;

/// What a mint calls its unit, and with how many decimals people write it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unit {
    name: String,
    /// How many decimals.
    pub decimals: u8,
}

impl Unit {
    /// The unit that a mint calls `name`.
    #[must_use]
    pub fn new(name: &str, decimals: u8) -> Self {
        let name = printable(name);
        Self { name, decimals }
    }

    /// Returns with how many decimals everybody writes a unit that ecash is made in and that is no currency
    /// of ISO 4217: `sat` with none.
    #[must_use]
    pub fn ecash_decimals(name: &str) -> Option<u8> {
        match name {
            "credit" | "sat" | "msat" => Some(0),
            "btc" => Some(8),
            _ => None,
        }
    }

    /// Its name, fit to be shown.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// An amount as a number with the unit's decimals: `1.25`.
    #[must_use]
    pub fn number(&self, amount: u64) -> String {
        to_decimal(amount, self.decimals)
    }

    /// An amount with the unit: `1.25 usd`.
    #[must_use]
    pub fn show(&self, amount: u64) -> String {
        format!("{} {}", self.number(amount), self.name)
    }

    /// [`Self::number`] of an amount that may be below zero: `-1.25`.
    #[must_use]
    pub fn number_signed(&self, amount: i64) -> String {
        let sign = if amount < 0 { "-" } else { "" };
        format!("{sign}{}", self.number(amount.unsigned_abs()))
    }

    /// [`Self::show`] of an amount that may be below zero: `-1.25 usd`.
    #[must_use]
    pub fn show_signed(&self, amount: i64) -> String {
        format!("{} {}", self.number_signed(amount), self.name)
    }

    /// A gain or a loss as a number: `+1.25`, `-1.25`, `0.00`.
    #[must_use]
    pub fn change(&self, amount: i64) -> String {
        let sign = if amount > 0 { "+" } else { "" };
        format!("{sign}{}", self.number_signed(amount))
    }

    /// Reads an amount as people write it: with two decimals `5`, `5.00` and `5 usd` are 500.
    ///
    /// # Errors
    /// [`AmountError`]: nothing is rounded, and nothing of another unit is read.
    pub fn read(&self, text: &str) -> Result<u64, AmountError> {
        text.parse::<AmountText>()?.read(self)
    }
}

/// Why a text is not an amount of a unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// It is not an amount of any unit.
    #[error("an amount is written with digits, and a point if the unit has decimals: 5 or 1.25")]
    Form,
    /// A unit that has no decimals.
    #[error("{unit} is not divided: give a whole number")]
    Whole {
        /// The unit.
        unit: String,
    },
    /// More decimals than the unit has.
    #[error("it has {got} decimals, and {unit} has {max}")]
    Decimals {
        /// How many it has.
        got: usize,
        /// The unit.
        unit: String,
        /// How many the unit has.
        max: u8,
    },
    /// More than `u64::MAX` of the smallest part.
    #[error("it is too large")]
    TooLarge,
    /// Written with the name of another unit.
    #[error("it is in {got}, and amounts here are in {unit}")]
    OtherUnit {
        /// The unit that was written.
        got: String,
        /// The unit that is asked for.
        unit: String,
    },
}

/// An amount as it was typed: which number it is depends on the unit that it is read with.
///
/// Digits, a point between digits, and after them the name of the unit, or nothing: `5`, `5.00`,
/// `0.05 eur`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountText {
    number: String,
    /// The name of the unit, if it was written.
    unit: Option<String>,
}

impl FromStr for AmountText {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let text = text.trim();
        let end = text.find(|c: char| c.is_whitespace() || c.is_alphabetic());
        let (number, unit) = text.split_at(end.unwrap_or(text.len()));
        // More decimals than any unit has: what is no amount with them is none of any unit.
        match from_decimal(number, u8::MAX) {
            Ok(_) | Err(DecimalError::TooLarge) => {}
            Err(DecimalError::Form | DecimalError::Decimals { .. }) => {
                return Err(AmountError::Form);
            }
        }
        let unit = Some(unit.trim()).filter(|unit| !unit.is_empty());
        if unit.is_some_and(|unit| unit.starts_with(|c: char| c.is_ascii_digit())) {
            return Err(AmountError::Form);
        }
        Ok(Self {
            number: number.to_owned(),
            unit: unit.map(str::to_owned),
        })
    }
}

impl AmountText {
    /// Returns whether it is a whole number without a unit's name, so that another number of decimals makes
    /// another amount of it.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.unit.is_none() && !self.number.contains('.')
    }

    /// The amount, in the smallest part of `unit`.
    ///
    /// # Errors
    /// [`AmountError`] when it has more decimals than the unit, is too large, or is written with
    /// another unit's name.
    pub fn read(&self, unit: &Unit) -> Result<u64, AmountError> {
        self.is_in(unit)?;
        from_decimal(&self.number, unit.decimals).map_err(|error| match error {
            DecimalError::Form => AmountError::Form,
            DecimalError::TooLarge => AmountError::TooLarge,
            DecimalError::Decimals { max: 0, .. } => AmountError::Whole {
                unit: unit.name.clone(),
            },
            DecimalError::Decimals { got, max } => AmountError::Decimals {
                got,
                unit: unit.name.clone(),
                max,
            },
        })
    }

    /// Checks whether the unit that was written, if any was, is `unit`. Capitals are small letters.
    fn is_in(&self, unit: &Unit) -> Result<(), AmountError> {
        match &self.unit {
            Some(got) if !printable(got).eq_ignore_ascii_case(&unit.name) => {
                Err(AmountError::OtherUnit {
                    got: printable(got),
                    unit: unit.name.clone(),
                })
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl fmt::Display for AmountText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            Some(unit) => write!(f, "{} {unit}", self.number),
            None => f.write_str(&self.number),
        }
    }
}

impl Serialize for AmountText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// In settings, where it may be a number too: `5`, `0.05`, `"0.05"` or `"0.05 eur"`.
impl<'de> Deserialize<'de> for AmountText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl Visitor<'_> for Written {
            type Value = AmountText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount, such as 5, 0.05 or \"0.05 eur\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<AmountText, E> {
                text.parse()
                    .map_err(|error| E::custom(format!("{text:?}: {error}")))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<AmountText, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<AmountText, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<AmountText, E> {
                // Without an exponent, and with a point: 5.00 is not as bare as 5.
                let text = number.to_string();
                let point = if text.contains('.') { "" } else { ".0" };
                self.visit_str(&format!("{text}{point}"))
            }
        }

        deserializer.deserialize_any(Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur() -> Unit {
        Unit::new("eur", 2)
    }

    #[test]
    fn amounts_are_shown_with_the_units_decimals_and_a_name_that_commands_nothing() {
        assert_eq!(Unit::new("usd", 2).show(125), "1.25 usd");
        assert_eq!(Unit::new("credit", 0).show(125), "125 credit");
        assert_eq!(Unit::new("u\x1b[2Jsd", 2).show(0), "0.00 u [2Jsd");
        assert_eq!(Unit::new("\u{202e}rue", 2).show(5), "0.05 \u{fffd}rue");
        assert_eq!(eur().show_signed(-5), "-0.05 eur");
        assert_eq!(eur().show_signed(705), "7.05 eur");
        let changes = [5, 0, -5].map(|amount| eur().change(amount));
        assert_eq!(changes, ["+0.05", "0.00", "-0.05"]);
        assert_eq!(
            Unit::new("sat", 0).show_signed(i64::MIN),
            format!("{} sat", i64::MIN)
        );
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, amount) in [
            ("5", 500),
            ("5.00", 500),
            ("5.0", 500),
            ("0.05", 5),
            ("0.05 eur", 5),
            ("7.05 EUR", 705),
            ("7.05eur", 705),
            (" 5  eur ", 500),
            ("0", 0),
        ] {
            assert_eq!(eur().read(text), Ok(amount), "{text}");
        }
        assert_eq!(Unit::new("jpy", 0).read("500 jpy"), Ok(500));
        assert_eq!(Unit::new("bhd", 3).read("1.5"), Ok(1500));
        assert_eq!(Unit::new("a unit", 1).read("2 a unit"), Ok(20));
    }

    #[test]
    fn what_is_shown_is_read_again() {
        for unit in [
            eur(),
            Unit::new("sat", 0),
            Unit::new("btc", 8),
            Unit::new("a b", 255),
        ] {
            for amount in [0, 1, 99, 100, 705, u64::MAX] {
                assert_eq!(unit.read(&unit.show(amount)), Ok(amount));
                assert_eq!(unit.read(&unit.number(amount)), Ok(amount));
            }
        }
    }

    #[test]
    fn what_is_not_an_amount_of_the_unit_is_refused_and_never_rounded() {
        let other = |got: &str| AmountError::OtherUnit {
            got: got.to_owned(),
            unit: "eur".to_owned(),
        };
        for (text, error) in [
            ("", AmountError::Form),
            ("eur", AmountError::Form),
            ("-5", AmountError::Form),
            ("+5", AmountError::Form),
            ("1,25", AmountError::Form),
            ("1.", AmountError::Form),
            (".5", AmountError::Form),
            ("1 000", AmountError::Form),
            ("1e3", other("e3")),
            ("0x5", other("x5")),
            ("5 usd", other("usd")),
            ("5 \u{202e}eur", other("\u{fffd}eur")),
            ("184467440737095516.16", AmountError::TooLarge),
        ] {
            assert_eq!(eur().read(text), Err(error), "{text}");
        }
        let told = |unit: &Unit, text| unit.read(text).map_err(|error| error.to_string());
        let wrong = |words: &str| Err(words.to_owned());
        assert_eq!(
            told(&eur(), "1.234"),
            wrong("it has 3 decimals, and eur has 2")
        );
        assert_eq!(
            told(&eur(), "1.250"),
            wrong("it has 3 decimals, and eur has 2")
        );
        assert_eq!(
            told(&Unit::new("credit", 0), "1.5"),
            wrong("credit is not divided: give a whole number")
        );
        assert_eq!(
            told(&eur(), "5 usd"),
            wrong("it is in usd, and amounts here are in eur")
        );
    }

    #[test]
    fn in_settings_an_amount_is_a_number_or_a_text() {
        let read = |json: &str| serde_json::from_str::<AmountText>(json).map(|t| t.read(&eur()));
        for (json, amount) in [
            ("5", 500),
            ("5.00", 500),
            ("0.05", 5),
            ("0.07", 7),
            ("\"5\"", 500),
            ("\"0.05 eur\"", 5),
        ] {
            assert_eq!(read(json).unwrap(), Ok(amount), "{json}");
        }
        for json in ["1.234", "0.001", "0.00001", "1e300"] {
            assert!(read(json).unwrap().is_err(), "{json}");
        }
        for json in ["-5", "-0.5", "\"five\"", "true", "null"] {
            assert!(read(json).is_err(), "{json}");
        }
        let btc = serde_json::from_str::<AmountText>("0.00001").unwrap();
        assert_eq!(btc.read(&Unit::new("btc", 8)), Ok(1000));
        let bare = |json: &str| serde_json::from_str::<AmountText>(json).unwrap().is_bare();
        let bare = ["5", "5.00", "\"5\"", "\"5.00\"", "\"5 eur\""].map(bare);
        assert_eq!(bare, [true, false, true, false, false]);
        let written: AmountText = "0.05 eur".parse().unwrap();
        assert_eq!(serde_json::to_string(&written).unwrap(), "\"0.05 eur\"");
    }

    #[test]
    fn an_amount_is_repeated_as_it_was_typed() {
        for text in ["5", "5.00", "0.05 eur"] {
            assert_eq!(
                text.parse::<AmountText>().map(|t| t.to_string()),
                Ok(text.to_owned())
            );
        }
    }
}
