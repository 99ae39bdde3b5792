//! A mint's unit, and amounts as people write them.

use farthing_protocol::amount::to_decimal;

use crate::api::printable;

/// What a mint calls its unit, and with how many decimals people write it.
///
/// All amounts of this library are whole numbers of the unit's smallest part: 125 of `usd`, which has
/// two decimals, is what people write as 1.25 usd.
#[derive(Clone, Debug, PartialEq, Eq)]
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

    /// Its name, without control characters.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_with_the_units_decimals_and_without_control_characters() {
        assert_eq!(Unit::new("usd", 2).show(125), "1.25 usd");
        assert_eq!(Unit::new("credit", 0).show(125), "125 credit");
        assert_eq!(Unit::new("u\x1b[2Jsd", 2).show(0), "0.00 u [2Jsd");
    }
}
