//! The units of the wallet's mints, to show amounts in.

use farthing_wallet::Unit;
use farthing_wallet::records::Mint;
use serde_json::Value;

/// What the wallet knows of its mints' units.
pub(crate) struct Units(Vec<(String, String, u8)>);

impl Units {
    pub(crate) fn of(mints: &[Mint]) -> Self {
        let unit = |mint: &Mint| (mint.url.clone(), mint.unit.clone(), mint.decimals);
        Self(mints.iter().map(unit).collect())
    }

    /// The unit of amounts at the mint `url`.
    pub(crate) fn at(&self, url: &str, name: &str) -> Unit {
        let of_mint = |(mint, unit, _): &&(String, String, u8)| mint == url && unit == name;
        match self.0.iter().find(of_mint) {
            Some((_, _, decimals)) => Unit::new(name, *decimals),
            None => smallest(name),
        }
    }

    /// The unit of the mint `url` now.
    pub(crate) fn at_mint(&self, url: &str) -> Unit {
        let of_mint = |(mint, ..): &&(String, String, u8)| mint == url;
        match self.0.iter().find(of_mint) {
            Some((_, unit, decimals)) => Unit::new(unit, *decimals),
            None => smallest(""),
        }
    }

    /// The unit of amounts at no one mint, such as a budget's. When mints write a unit of one name with
    /// different decimals, it is the smallest part.
    pub(crate) fn named(&self, name: &str) -> Unit {
        let mut of_name = self.0.iter().filter(|(_, unit, _)| unit == name);
        match of_name.next() {
            Some((_, _, decimals)) if of_name.all(|(_, _, other)| other == decimals) => {
                Unit::new(name, *decimals)
            }
            Some(_) | None => smallest(name),
        }
    }

    /// The decimals of [`Self::named`], null when mints differ.
    pub(crate) fn decimals_named(&self, name: &str) -> Value {
        let mut of_name = self.0.iter().filter(|(_, unit, _)| unit == name);
        let first = of_name.next().map(|(_, _, decimals)| *decimals);
        let same = of_name.all(|(_, _, other)| Some(*other) == first);
        first.filter(|_| same).into()
    }
}

/// For a unit whose decimals are not known.
fn smallest(name: &str) -> Unit {
    Unit::new(&format!("{name} (smallest part)"), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_that_mints_write_differently_is_shown_in_its_smallest_part() {
        let of = |url: &str, unit: &str, decimals| (url.to_owned(), unit.to_owned(), decimals);
        let units = Units(vec![
            of("https://a", "usd", 2),
            of("https://b", "usd", 2),
            of("https://c", "sat", 0),
            of("https://d", "sat", 3),
        ]);
        assert_eq!(units.named("usd").show(125), "1.25 usd");
        assert_eq!(units.decimals_named("usd"), 2);
        assert_eq!(units.named("sat").show(125), "125 sat (smallest part)");
        assert_eq!(units.decimals_named("sat"), Value::Null);
        assert_eq!(units.at("https://d", "sat").show(125), "0.125 sat");
        assert_eq!(
            units.at("https://d", "usd").show(125),
            "125 usd (smallest part)"
        );
        assert_eq!(units.decimals_named("eur"), Value::Null);
    }
}
