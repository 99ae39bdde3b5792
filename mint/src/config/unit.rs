//! The mint's unit, and with how many decimals people write the units that everybody knows.

use farthing_protocol::Unit;
use iso_currency::Currency;

use super::Config;

impl Config {
    /// The mint's unit, as people read and write amounts in it.
    #[must_use]
    pub fn money(&self) -> Unit {
        Unit::new(&self.unit, self.decimals)
    }

    /// Returns what will hurt although it is allowed: a well-known unit that is written with other decimals than
    /// everybody writes it with.
    pub(super) fn unit_warning(&self) -> Option<String> {
        let Self { unit, decimals, .. } = self;
        let known = known_decimals(unit).filter(|known| known != decimals);
        known.map(|known| {
            let (here, elsewhere) = (self.money(), Unit::new(unit, known));
            format!(
                "decimals: {unit} is written with {known} decimals everywhere else, and with {decimals} \
                 here. A balance of 1000 in the books is shown as {}, and would be {} with decimals = \
                 {known}; the books stay as they are either way. Wallets that know a mint take no other \
                 decimals from it: change it before the mint is used, or leave it",
                here.show(1000),
                elsewhere.show(1000)
            )
        })
    }
}

/// With how many decimals people write a unit: the currencies of ISO 4217, and what ecash is made in.
/// `None` for a unit of an operator's own.
pub(crate) fn known_decimals(unit: &str) -> Option<u8> {
    let of_currency = || {
        let currency = Currency::from_code(&unit.to_ascii_uppercase())?;
        // Gold, and what no payment is made in, has none.
        currency
            .exponent()
            .and_then(|decimals| u8::try_from(decimals).ok())
    };
    Unit::ecash_decimals(unit).or_else(of_currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decimals_of_well_known_units_are_known() {
        for (unit, decimals) in [
            ("credit", Some(0)),
            ("sat", Some(0)),
            ("msat", Some(0)),
            ("btc", Some(8)),
            ("eur", Some(2)),
            ("usd", Some(2)),
            ("jpy", Some(0)),
            ("bhd", Some(3)),
            ("clf", Some(4)),
            ("points", None),
            ("xau", None),
            ("eu", None),
        ] {
            assert_eq!(known_decimals(unit), decimals, "{unit}");
        }
    }

    #[test]
    fn decimals_that_nobody_expects_are_warned_of() {
        let warning = |unit: &str, decimals| {
            let unit = unit.to_owned();
            let config = Config {
                unit,
                decimals,
                ..Config::default()
            };
            config.unit_warning()
        };
        for (unit, decimals) in [("eur", 2), ("jpy", 0), ("credit", 0), ("points", 3)] {
            assert_eq!(warning(unit, decimals), None);
        }
        let warned = warning("eur", 0).unwrap();
        assert!(
            warned.contains("1000 eur, and would be 10.00 eur"),
            "{warned}"
        );
        assert!(warning("sat", 2).is_some());
    }
}
