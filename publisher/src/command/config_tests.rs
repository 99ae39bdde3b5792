//! Tests of the settings.

use super::*;

const NEEDED: &str = "upstream = \"http://127.0.0.1:8000\"\nmint = \"https://mint.example\"\n";

fn parse(text: &str, given: &[(&str, &str)]) -> Result<Config, Error> {
    let given: Vec<Given> = given
        .iter()
        .map(|(name, text)| Given {
            setting: (*name).to_owned(),
            place: format!("PLACE_{name}"),
            text: (*text).to_owned(),
        })
        .collect();
    let folder = Some(Path::new("/etc/paywall"));
    Config::parse("paywall.toml", &format!("{NEEDED}{text}"), folder, &given)
}

fn message(result: Result<Config, Error>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_missing_setting_has_its_default_and_paths_begin_beside_the_file() {
    let config = parse("api_token_file = \"token\"", &[]).unwrap();
    let expected = Config {
        upstream: Some("http://127.0.0.1:8000".to_owned()),
        mint: Some("https://mint.example".to_owned()),
        data: PathBuf::from("/etc/paywall/paywall-data"),
        api_token_file: Some(PathBuf::from("/etc/paywall/token")),
        ..Config::default()
    };
    assert_eq!(config, expected);
}

#[test]
fn what_is_given_wins_over_the_file() {
    let config = parse(
        "name = \"file\"\nconnections_max = 5\n[[price]]\npath = \"/a\"\namount = 1",
        &[
            ("name", "2026"),
            ("listen", "127.0.0.1:9"),
            ("connections_max", "6"),
            ("connections_max", "7"),
            ("keep_host", "false"),
            ("trusted_proxies", "10.0.0.0/8, ::1/128"),
            ("charged", "2xx"),
            ("accept", "locked"),
            ("price", "/articles/*=3, POST /api/x=0.02 eur"),
            ("data", "here"),
        ],
    );
    let config = config.unwrap();
    assert_eq!(config.name, "2026");
    assert_eq!(config.listen.port(), 9);
    assert_eq!(config.connections_max, 7);
    assert!(!config.keep_host);
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(config.charged, ["2xx"]);
    assert_eq!(config.accept, Taken::Locked);
    assert_eq!(config.data, Path::new("here"), "not in the file's folder");
    let [one, other] = config.price.as_slice() else {
        panic!("{:?}", config.price)
    };
    let unit = Unit::new("eur", 2);
    assert_eq!(
        (one.path.as_str(), one.amount.read(&unit)),
        ("/articles/*", Ok(300))
    );
    assert_eq!(one.method, None);
    assert_eq!(
        (other.path.as_str(), other.amount.read(&unit)),
        ("/api/x", Ok(2))
    );
    assert_eq!(other.method.as_deref(), Some("POST"));
}

#[test]
fn an_unknown_setting_is_named() {
    for unknown in ["nmae", "api_token"] {
        let error = message(parse(&format!("{unknown} = \"x\""), &[]));
        let named = error.contains("paywall.toml") && error.contains(unknown);
        assert!(named, "{error}");
        let error = message(parse("", &[(unknown, "x")]));
        assert!(error.contains(&format!("PLACE_{unknown}")), "{error}");
    }
    let rule = "[[price]]\npath = \"/a\"\namount = 1\ncurrency = \"x\"";
    let error = message(parse(rule, &[]));
    assert!(error.contains("currency"), "{error}");
}

#[test]
fn a_value_that_makes_no_sense_is_named() {
    for (text, name) in [
        ("connections_max = 0", "connections_max"),
        ("record_days = 0", "record_days"),
        ("keysets_every_s = 0", "keysets_every_s"),
        ("public_url = \"gazette.example\"", "public_url"),
        ("public_url = \"https://gazette.example/a\"", "public_url"),
        ("accept = \"any\"", "any"),
        ("trusted_proxies = [\"10.0.0.1\"]", "IP"),
    ] {
        let error = message(parse(text, &[]));
        assert!(error.contains("paywall.toml"), "{text}: {error}");
        assert!(error.contains(name), "{text}: {error}");
    }
    for (name, text) in [
        ("connections_max", "many"),
        ("listen", "here"),
        ("price", "/articles/*"),
        ("price", "/articles/*=cheap"),
    ] {
        let error = message(parse("", &[(name, text)]));
        assert!(error.contains(&format!("PLACE_{name}")), "{text}: {error}");
    }
    let error = message(parse("", &[("upstream", "127.0.0.1:8000")]));
    assert!(error.contains("upstream"), "{error}");
    let missing = Config::parse("the settings", "", None, &[]);
    assert!(message(missing).contains("upstream: is not set"));
}

#[test]
fn the_token_comes_from_its_file_and_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, "farthing-secret\n").unwrap();
    let config = Config {
        api_token_file: Some(file),
        mint: Some("https://mint.example".to_owned()),
        ..Config::default()
    };
    let settings = config.settings().unwrap();
    assert_eq!(settings.api_token.expose(), "farthing-secret");
    assert!(!format!("{settings:?}").contains("farthing-secret"));
    let none = Config::default().api_token().map(|_| ());
    let error = none.unwrap_err().to_string();
    assert!(error.contains("FARTHING_PAYWALL_API_TOKEN"), "{error}");
}

#[test]
fn prices_are_read_in_the_mints_unit() {
    let costs = |text: &str, unit: &Unit| {
        let rules = parse(text, &[]).unwrap().rules(unit);
        let price = |rules: Rules| rules.price_of(&http::Method::GET, "/a").map(|p| p.amount);
        rules.map(price).map_err(|error| error.to_string())
    };
    let (eur, credit) = (Unit::new("eur", 2), Unit::new("credit", 0));
    let rule = |amount: &str| format!("[[price]]\npath = \"/a\"\namount = {amount}");
    for (amount, cents) in [
        ("3", 300),
        ("3.00", 300),
        ("0.03", 3),
        ("\"0.03\"", 3),
        ("\"0.03 eur\"", 3),
    ] {
        assert_eq!(costs(&rule(amount), &eur), Ok(Some(cents)), "{amount}");
        let default = format!("default_amount = {amount}");
        assert_eq!(costs(&default, &eur), Ok(Some(cents)), "{default}");
    }
    assert_eq!(costs(&rule("3"), &credit), Ok(Some(3)));
    assert_eq!(costs("", &eur), Ok(None));
    for (text, why) in [
        (
            rule("0.033"),
            "price rule \"/a\": 0.033 is not an amount here: it has 3 decimals",
        ),
        (
            rule("\"3 usd\""),
            "it is in usd, and amounts here are in eur",
        ),
        (
            "default_amount = 0.033".to_owned(),
            "default_amount: it has 3 decimals",
        ),
    ] {
        let error = costs(&text, &eur).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
    let error = costs(&rule("0.03"), &credit).unwrap_err();
    assert!(error.contains("credit is not divided"), "{error}");
}
