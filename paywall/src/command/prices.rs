//! With how many decimals the prices were read last: a price must never become another one because
//! the decimals have changed, or because an older version read it in the unit's smallest part.

use std::path::Path;

use farthing_protocol::{Unit, json};
use serde::{Deserialize, Serialize};

use super::config::Config;
use farthing_publisher::{Error, RECORDS_FILE};

/// The file in the publisher's folder.
const FILE: &str = "prices.json";

#[derive(Serialize, Deserialize)]
struct LastRead {
    decimals: u8,
}

/// Returns the decimals that prices were last read with; `None` if the paywall has never run. A version
/// without this file took them for whole numbers of the smallest part.
///
/// # Errors
/// [`Error::File`].
pub(super) fn last_read(data: &Path) -> Result<Option<u8>, Error> {
    let path = data.join(FILE);
    if !path.exists() {
        return Ok(data.join(RECORDS_FILE).exists().then_some(0));
    }
    let text = std::fs::read(&path).map_err(Error::file(&path))?;
    let read: LastRead =
        json::from_slice(&text).map_err(|e| Error::Settings(format!("{}: {e}", path.display())))?;
    Ok(Some(read.decimals))
}

/// Remembers with how many decimals prices are read from now on.
///
/// # Errors
/// [`Error::File`].
pub(super) fn keep(data: &Path, unit: &Unit) -> Result<(), Error> {
    let path = data.join(FILE);
    let decimals = unit.decimals;
    let text = serde_json::to_vec(&LastRead { decimals }).expect("a number can be written as JSON");
    let new = path.with_extension("new");
    let kept = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &path));
    kept.map_err(Error::file(&path))
}

/// Checks whether each price is still what it was when the decimals were `last`.
///
/// # Errors
/// [`Error::Settings`] with the two ways to write the first that would silently be another one.
pub(super) fn unchanged(config: &Config, last: Option<u8>, unit: &Unit) -> Result<(), Error> {
    let Some(last) = last.filter(|&last| last != unit.decimals) else {
        return Ok(());
    };
    let rules = config.price.iter();
    let prices = rules.map(|rule| (rule.path.as_str(), &rule.amount));
    let default = config.default_amount.iter();
    let prices = prices.chain(default.map(|amount| ("default_amount", amount)));
    for (what, amount) in prices.filter(|(_, amount)| amount.is_bare()) {
        let before = amount.read(&Unit::new(unit.name(), last));
        let now = amount.read(unit);
        if let (Ok(before), Ok(now)) = (before, now)
            && before != now
        {
            let (before, now) = (unit.show(before), unit.show(now));
            return Err(Error::Settings(format!(
                "the price of {what}: {amount} was {before} when this paywall ran last, and is read as \
                 {now} now, as people write it. Write \"{before}\" or \"{now}\" instead of {amount}"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(prices: &str) -> Config {
        let given = [
            ("upstream", "http://u"),
            ("mint", "http://m"),
            ("price", prices),
        ];
        let given = given.map(|(setting, text)| farthing_service::settings::Given {
            setting: setting.to_owned(),
            place: setting.to_owned(),
            text: text.to_owned(),
        });
        Config::load(None, &given).unwrap()
    }

    #[test]
    fn a_price_never_becomes_another_one_silently() {
        let eur = Unit::new("eur", 2);
        let check = |prices: &str, last| unchanged(&config(prices), last, &eur);
        let error = check("/free=0, /a=3", Some(0)).unwrap_err().to_string();
        assert_eq!(
            error,
            "the price of /a: 3 was 0.03 eur when this paywall ran last, and is read as 3.00 eur now, as \
             people write it. Write \"0.03 eur\" or \"3.00 eur\" instead of 3"
        );
        for (prices, last) in [
            ("/a=3", None),
            ("/a=3", Some(2)),
            ("/a=3.00", Some(0)),
            ("/a=0.03 eur", Some(0)),
            ("/a=0", Some(0)),
        ] {
            assert!(check(prices, last).is_ok(), "{prices}");
        }
    }

    #[test]
    fn a_folder_of_an_older_version_read_prices_in_the_smallest_part() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(last_read(dir.path()).unwrap(), None);
        std::fs::write(dir.path().join(RECORDS_FILE), "").unwrap();
        assert_eq!(last_read(dir.path()).unwrap(), Some(0));
        keep(dir.path(), &Unit::new("eur", 2)).unwrap();
        assert_eq!(last_read(dir.path()).unwrap(), Some(2));
    }
}
