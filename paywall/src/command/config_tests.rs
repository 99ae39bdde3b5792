//! Tests of the settings.

use std::os::unix::fs::PermissionsExt;

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

/// Settings that make no sense, what the error names, and what it says to do.
const NONSENSE: [(&str, &str, &str); 28] = [
    ("keysets_every_s = 0", "keysets_every_s", "at least 1"),
    ("connections_max = 0", "connections_max", "at least 1"),
    ("record_days = 0", "record_days", "at least 1"),
    ("receipt_hours = 0", "receipt_hours", "at least 1"),
    ("read_timeout_ms = 0", "read_timeout_ms", "at least 1"),
    ("connect_timeout_ms = 0", "connect_timeout_ms", "at least 1"),
    ("answer_timeout_ms = 0", "answer_timeout_ms", "at least 1"),
    ("mint_timeout_ms = 0", "mint_timeout_ms", "at least 1"),
    (
        "read_timeout_ms = 9223372036854775807",
        "read_timeout_ms",
        "at most",
    ),
    (
        "charged = []",
        "charged",
        "write [\"2xx\", \"304\", \"101\"]",
    ),
    ("charged = [\"ok\"]", "charged", "write one as \"200\""),
    ("charged = [\"402\"]", "charged", "leave it out"),
    ("public_url = \"gazette.example\"", "public_url", WRITE),
    (
        "public_url = \"https://gazette.example/a\"",
        "public_url",
        WRITE,
    ),
    (
        "public_url = \"https://u:p@gazette.example\"",
        "public_url",
        WRITE,
    ),
    (
        "public_url = \"https://gazette.example?a\"",
        "public_url",
        WRITE,
    ),
    (
        "public_url = \"https://gazette.example/#a\"",
        "public_url",
        WRITE,
    ),
    (
        "pay_path = \"pay\"",
        "pay_path",
        "write one as \"/.well-known/farthing/pay\"",
    ),
    (
        "wallet_url = \"http://wallet.example/\"",
        "wallet_url",
        "begins with https://",
    ),
    ("name = \"\"", "name", "is empty"),
    ("accept = \"any\"", "accept", "any"),
    (
        "accept = \"locked\"\nlocktime_hours_min = 0",
        "locktime_hours_min",
        "at least 1",
    ),
    (
        "accept = \"locked\"\nredeem_every_s = 90000",
        "redeem_every_s",
        "43200",
    ),
    (
        "trusted_proxies = [\"gazette\"]",
        "trusted_proxies",
        "write one as \"127.0.0.1\"",
    ),
    (
        "trusted_proxies = [\"10.0.0.1/33\"]",
        "trusted_proxies",
        "\"10.0.0.0/8\"",
    ),
    (
        "metrics_listen = \"127.0.0.1:8402\"",
        "metrics_listen",
        "another port",
    ),
    (
        "listen = \"127.0.0.1:8000\"",
        "upstream",
        "your own server's address",
    ),
    ("[[price]]\npath = \"/a\"\namount = -1", "amount", ""),
];
const WRITE: &str = "write \"https://gazette.example\"";

/// Paths of rules that make no sense, what else the rule says, and what the error says to do.
const NONSENSE_RULES: [(&str, &str, &str); 15] = [
    (
        "/a",
        "method = \"GTE\"",
        "write GET, POST, PUT, PATCH or DELETE",
    ),
    ("/a", "method = \"\"", "write GET, POST"),
    ("/a", "method = \"HEAD\"", "write GET"),
    ("/a", "description = \"\"", "description: is empty"),
    ("/a", "description = \"a\\nb\"", "line break"),
    ("/a", "ignore_query = [\"*\"]", "\"utm_*\""),
    (
        "/a",
        "[[price]]\npath = \"/a\"\namount = 2",
        "keep one of them",
    ),
    (
        "/a/",
        "[[price]]\npath = \"/a/\"\namount = 2",
        "keep one of them",
    ),
    ("a", "", "write \"/a\""),
    ("/a*", "", "write \"/a/*\""),
    ("/a/*/b", "", "write \"/a/*\""),
    ("/a?v=1", "", "write \"/a\""),
    ("/a//b", "", "without //"),
    ("https://x/a/*", "", "write the path alone, \"/a/*\""),
    ("/%zz", "", "%"),
];

#[test]
fn a_setting_that_makes_no_sense_is_named_with_what_to_write() {
    for (text, name, say) in NONSENSE {
        let error = message(parse(text, &[]));
        assert!(error.starts_with("paywall.toml"), "{text}: {error}");
        assert!(error.contains(name), "{text}: {error}");
        assert!(error.contains(say), "{text}: {error}");
        assert!(!error.contains("u:p@"), "{error}");
    }
    for (path, more, say) in NONSENSE_RULES {
        let text = format!("[[price]]\npath = \"{path}\"\namount = 1\n{more}");
        let error = message(parse(&text, &[]));
        assert!(
            error.starts_with("paywall.toml: price rule "),
            "{text}: {error}"
        );
        assert!(error.contains(say), "{text}: {error}");
    }
}

#[test]
fn a_value_that_makes_no_sense_is_named_by_where_it_was_given() {
    for (name, text) in [
        ("connections_max", "many"),
        ("listen", "here"),
        ("price", "/articles/*"),
        ("price", "/articles/*=cheap"),
        ("trusted_proxies", "here"),
    ] {
        let error = message(parse("", &[(name, text)]));
        assert!(error.contains(&format!("PLACE_{name}")), "{text}: {error}");
    }
    let error = message(parse("", &[("connections_max", "many")]));
    assert!(error.contains("\"many\", expected u32"), "{error}");
    let missing = Config::parse("the settings", "", None, &[]);
    assert!(message(missing).contains("upstream: is not set"));
    for (setting, url) in [
        ("upstream", "127.0.0.1:8000"),
        ("upstream", "http://127.0.0.1:8000/site"),
        ("upstream", "http://localhost:8402"),
        ("mint", "https://u:p@mint.example"),
        ("mint", "mint.example"),
        ("data", ""),
    ] {
        let error = message(parse("", &[(setting, url)]));
        assert!(error.contains(&format!("{setting}: ")), "{error}");
    }
}

#[test]
fn settings_that_are_unusual_and_make_sense_are_taken() {
    for text in [
        "public_url = \"http://gazette.example:8080/\"",
        "charged = [\"2xx\", \"404\"]",
        "stop_timeout_ms = 0",
        "receipt_hours = 1",
        "accept = \"online\"\nlocktime_hours_min = 0",
        "[[price]]\npath = \"/*\"\namount = 1\nmethod = \"get\"",
        "[[price]]\npath = \"/a\"\namount = 1\n[[price]]\npath = \"/a\"\nmethod = \"POST\"\namount = 2",
        "[[price]]\npath = \"/a\"\namount = 1\nignore_query = [\"fbclid\", \"utm_*\"]",
        "pay_path = \"/articles/.farthing/pay\"",
        "wallet_url = \"https://wallet.example/\"",
    ] {
        parse(text, &[]).unwrap();
    }
    let config = parse(
        "trusted_proxies = [\"127.0.0.1\", \"::1\", \"10.0.0.0/8\"]",
        &[],
    )
    .unwrap();
    let networks: Vec<String> = config
        .trusted_proxies
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(networks, ["127.0.0.1/32", "::1/128", "10.0.0.0/8"]);
}

#[test]
fn a_setting_that_is_there_twice_is_named_with_its_line_and_not_repeated() {
    let error = message(parse(
        "name = \"a\"\nlisten = \"127.0.0.1:1\"\nname = \"s3cret\"",
        &[],
    ));
    assert_eq!(error, "paywall.toml, line 5, name: duplicate key");
    let error = message(parse("receipt_hours = \"s3cret\"", &[]));
    assert!(
        error.starts_with("paywall.toml, line 3, receipt_hours: invalid type"),
        "{error}"
    );
    let error = message(parse("api_token = \"s3cret\"", &[]));
    assert!(
        error.starts_with("paywall.toml, line 3, api_token: unknown field"),
        "{error}"
    );
    assert!(!error.contains("s3cret"), "{error}");
    let rule = "[[price]]\npath = \"/a\"\namount = 1\npath = \"/b\"";
    assert_eq!(
        message(parse(rule, &[])),
        "paywall.toml, line 6, path: duplicate key"
    );
}

#[test]
fn the_token_comes_from_its_file_and_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, "farthing-secret\n").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
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
