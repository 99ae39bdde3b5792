//! The bundle that the mint publishes: what wallets withdraw at a time.

use farthing_protocol::Bundle;

use super::Config;

impl Config {
    /// The bundle for a keyset with these `amounts`: the one that is set, or the usual one. `None` when it
    /// does not go with the keyset or into one request, and for a mint that is set to publish none.
    #[must_use]
    pub fn bundle(&self, amounts: &[u64]) -> Option<Bundle> {
        let bundle = match &self.bundle {
            Some(parts) => parse(parts).ok(),
            None => Bundle::usual(amounts),
        };
        let fits =
            |bundle: &Bundle| bundle.is_of(amounts) && bundle.check(self.outputs_max).is_ok();
        bundle.filter(fits)
    }

    /// Refuses a bundle that is set and that no new keyset could sign in one request.
    pub(super) fn check_bundle(&self) -> Result<(), String> {
        let Some(parts) = self.bundle.as_ref().filter(|parts| !parts.is_empty()) else {
            return Ok(());
        };
        let bundle = parse(parts).map_err(|wrong| format!("bundle: {wrong}"))?;
        let checked = bundle.check(self.outputs_max);
        checked.map_err(|wrong| format!("bundle: {wrong} (outputs_max)"))?;
        let amounts: Vec<u64> = (0..self.amounts).map(|n| 1 << n).collect();
        match bundle.is_of(&amounts) {
            true => Ok(()),
            false => Err("bundle: it has amounts that a new keyset lacks (amounts)".to_owned()),
        }
    }
}

/// Reads parts like `7x1`, a count and an amount, in any order.
fn parse(parts: &[String]) -> Result<Bundle, String> {
    let part = |text: &String| {
        let (count, amount) = text.split_once('x')?;
        Some((amount.parse().ok()?, count.parse().ok()?))
    };
    let parts: Option<Vec<(u64, u32)>> = parts.iter().map(part).collect();
    let mut parts = parts.ok_or("write each part as a count, an x and an amount, like 7x1")?;
    parts.sort_unstable();
    Bundle::new(parts).map_err(|wrong| wrong.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(parts: &[&str]) -> Config {
        Config {
            bundle: Some(parts.iter().map(|part| (*part).to_owned()).collect()),
            ..Config::default()
        }
    }

    fn shown(config: &Config, amounts: u32) -> Option<String> {
        let amounts: Vec<u64> = (0..amounts).map(|n| 1 << n).collect();
        config.bundle(&amounts).map(|bundle| bundle.to_string())
    }

    #[test]
    fn a_mint_publishes_the_usual_bundle_unless_another_is_set_or_none() {
        let usual = Config::default();
        let text = "7x1 7x2 7x4 8x8 4x16 2x32";
        assert_eq!(shown(&usual, 21).as_deref(), Some(text));
        assert_eq!(shown(&usual, 2).as_deref(), Some("7x1 117x2"));
        let few = Config {
            outputs_max: 34,
            ..usual
        };
        assert_eq!(shown(&few, 21), None, "it does not go into one request");
        let set = config(&["2x4", "1x1"]);
        assert_eq!(set.check(), Ok(()));
        assert_eq!(shown(&set, 21).as_deref(), Some("1x1 2x4"));
        assert_eq!(shown(&set, 2), None, "the keyset has no 4");
        let none = config(&[]);
        assert_eq!((none.check(), shown(&none, 21)), (Ok(()), None));
    }

    #[test]
    fn a_bundle_that_makes_no_sense_is_refused_by_name() {
        let refused = |parts: &[&str]| config(parts).check().unwrap_err();
        for (parts, why) in [
            (&["7"][..], "like 7x1"),
            (&["1x-1"], "like 7x1"),
            (&["1x3"], "powers of two"),
            (&["1x1", "2x1"], "powers of two"),
            (&["0x1"], "no tokens"),
            (&["257x1"], "more tokens than 256"),
            (&["1x2097152"], "(amounts)"),
        ] {
            let error = refused(parts);
            assert!(
                error.starts_with("bundle: ") && error.contains(why),
                "{error}"
            );
        }
        let mut config = config(&["3x1"]);
        config.outputs_max = 2;
        let error = config.check().unwrap_err();
        assert!(
            error.contains("more tokens than 2 (outputs_max)"),
            "{error}"
        );
    }
}
