//! One loader of settings for both programs: their defaults, over them a TOML file, over it the environment, over that
//! the command line. An unknown setting is an error, and every error names the setting and where it stands.

use std::ffi::OsString;

use serde::de::DeserializeOwned;
use toml::de::Error;
use toml::{Table, Value};

/// A value for a setting from outside of the file.
#[derive(Clone, Debug)]
pub struct Given {
    /// The setting's name.
    pub setting: String,
    /// The variable or the flag that gives it.
    pub place: String,
    /// The value as text.
    pub text: String,
}

/// Returns what `variables`, the environment's, give for settings: `PREFIX_NAME` is for the setting `name`. Those among
/// `others` are no settings.
///
/// # Errors
/// The name of a variable whose value is not UTF-8.
pub fn of_variables(
    prefix: &str,
    others: &[&str],
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<Given>, String> {
    let mut given = Vec::new();
    for (place, value) in variables {
        // Other programs' variables may have any bytes.
        let Ok(place) = place.into_string() else {
            continue;
        };
        let Some(setting) = place.strip_prefix(prefix) else {
            continue;
        };
        if !others.contains(&place.as_str()) {
            let text = value.into_string();
            given.push(Given {
                setting: setting.to_lowercase(),
                text: text.map_err(|_| format!("{place}: not UTF-8"))?,
                place,
            });
        }
    }
    Ok(given)
}

/// Reads the settings in `text`, the file that is called `shown`, and puts what is `given` over them, each over those
/// before. `readings` are the values that the text of a setting may stand for; the first that fits counts.
///
/// # Errors
/// A sentence that names the file with line and setting, or the place of what is given. It never repeats the line: that
/// may hold a secret, such as a seed that was put there by mistake.
pub fn load<T: DeserializeOwned>(
    shown: &str,
    text: &str,
    given: &[Given],
    readings: impl Fn(&str, &str) -> Result<Vec<Value>, String>,
) -> Result<T, String> {
    let invalid = |error| fault(shown, text, &error);
    // The file by itself first, so that an error names the file and not what is over it.
    let mut settings = toml::from_str(text).map_err(invalid)?;
    let mut table: Table = toml::from_str(text).map_err(invalid)?;
    for given in given {
        let at = |why: &str| format!("{}: {why}", given.place);
        let values = readings(&given.setting, &given.text).map_err(|why| at(&why))?;
        (table, settings) =
            put_over(&table, &given.setting, values).map_err(|error| at(error.message()))?;
    }
    Ok(settings)
}

/// The values that a text may stand for, to be tried in turn: itself, a number, yes or no, a list with commas.
#[must_use]
pub fn readings(text: &str) -> Vec<Value> {
    let mut values = vec![Value::String(text.to_owned())];
    values.extend(text.parse().map(Value::Integer));
    values.extend(text.parse().map(Value::Boolean));
    let items = items(text).map(|item| Value::String(item.to_owned()));
    values.push(Value::Array(items.collect()));
    values
}

/// The items of a list with commas.
pub fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// The settings of `table` with the first of `values` that fits over them, or the error that says the most.
fn put_over<T: DeserializeOwned>(
    table: &Table,
    setting: &str,
    values: Vec<Value>,
) -> Result<(Table, T), Error> {
    let mut told: Option<Error> = None;
    for value in values {
        let mut table = table.clone();
        table.insert(setting.to_owned(), value);
        match table.clone().try_into() {
            Ok(settings) => return Ok((table, settings)),
            // A reading of another type than the setting's says nothing of the value.
            Err(error) => {
                let is_of_type = |error: &Error| error.message().starts_with("invalid type");
                if told.as_ref().is_none_or(is_of_type) && !(told.is_some() && is_of_type(&error)) {
                    told = Some(error);
                }
            }
        }
    }
    Err(told.expect("a text has at least one reading"))
}

/// An error in a file, with its line and the setting that stands there.
fn fault(shown: &str, text: &str, error: &Error) -> String {
    let message = error.message();
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return format!("{shown}: {message}");
    };
    let number = before.matches('\n').count() + 1;
    let line = text.lines().nth(number - 1).unwrap_or_default();
    match line.split_once('=') {
        Some((key, _)) if !key.trim().is_empty() => {
            format!("{shown}, line {number}, {}: {message}", key.trim())
        }
        _ => format!("{shown}, line {number}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, PartialEq, Eq, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Settings {
        name: String,
        count: u8,
        wide: bool,
        paths: Vec<String>,
    }

    fn parse(text: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
        let variables = variables.iter();
        let variables = variables.map(|(name, value)| ((*name).into(), (*value).into()));
        let given = of_variables("TEA_", &["TEA_SEED"], variables)?;
        load("tea.toml", text, &given, |_, text| Ok(readings(text)))
    }

    #[test]
    fn variables_win_over_the_file_and_the_last_over_those_before() {
        let settings = parse(
            "name = 'file'\ncount = 1\nwide = true",
            &[
                ("TEA_NAME", "2026"),
                ("TEA_COUNT", "2"),
                ("TEA_COUNT", "3"),
                ("TEA_PATHS", " a ,b"),
                ("TEA_SEED", "no setting"),
                ("PATH", "another program's"),
            ],
        );
        let expected = Settings {
            name: "2026".to_owned(),
            count: 3,
            wide: true,
            paths: vec!["a".to_owned(), "b".to_owned()],
        };
        assert_eq!(settings.unwrap(), expected);
        let paths = |text| parse("", &[("TEA_PATHS", text)]).unwrap().paths;
        assert_eq!(paths("7"), ["7"]);
        assert!(paths("").is_empty());
        assert!(!parse("wide = true", &[("TEA_WIDE", "false")]).unwrap().wide);
    }

    #[test]
    fn a_fault_is_named_with_its_place_and_never_repeated() {
        for (text, start) in [
            ("count = 's3cret'", "tea.toml, line 1, count: invalid type"),
            ("\nseed = 's3cret'", "tea.toml, line 2, seed: unknown field"),
            (
                "name = 'a'\nname = 's3cret'",
                "tea.toml, line 2, name: duplicate key",
            ),
            ("name = s3 cret", "tea.toml, line 1"),
        ] {
            let error = parse(text, &[]).unwrap_err();
            assert!(error.starts_with(start), "{error}");
            assert!(!error.contains("name = s3"), "{error}");
        }
        for (name, value, start) in [
            (
                "TEA_COUNT",
                "many",
                "TEA_COUNT: invalid type: string \"many\", expected u8",
            ),
            (
                "TEA_COUNT",
                "300",
                "TEA_COUNT: invalid value: integer `300`",
            ),
            ("TEA_NMAE", "x", "TEA_NMAE: unknown field `nmae`"),
        ] {
            let error = parse("", &[(name, value)]).unwrap_err();
            assert!(error.starts_with(start), "{error}");
        }
    }
}
