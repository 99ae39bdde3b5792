//! Settings that make no sense, each with what is said of it; beside them those that do.

use super::*;

/// The settings of a file; its errors without the file's name.
fn parse(text: &str) -> Result<Config, String> {
    let config: Config = toml::from_str(text).map_err(|e| e.to_string())?;
    config.check().map(|()| config)
}

/// What makes no sense, and what is said of it.
const NONSENSE: &[(&str, &str)] = &[
    ("name = ''", "name: one line of text"),
    (r#"name = "a\nb""#, "name: one line of text"),
    (
        "unit = 'Sat'",
        "unit: 1 to 16 lower-case letters and digits",
    ),
    ("unit = ''", "unit: 1 to 16 lower-case letters and digits"),
    (
        "unit = 'auth'",
        "unit: \"auth\" is reserved for authentication tokens",
    ),
    ("amounts = 49", "amounts: between 1 and 48"),
    ("amounts = 0", "amounts: between 1 and 48"),
    ("decimals = 9", "decimals: at most 8"),
    (
        "store_cache_mib = 1048577",
        "store_cache_mib: at most 1048576",
    ),
    (
        "lightning_quotes_max = 0",
        "lightning_quotes_max: between 1 and 1000000",
    ),
    (
        "websockets_max = 9223372036854775807",
        "websockets_max: at most 1000000",
    ),
    (
        "websocket_subjects_max = 9223372036854775807",
        "websocket_subjects_max: at most 100000000",
    ),
    (
        "websocket_idle_ms = 0",
        "websocket_idle_ms: between 1 and 86400000",
    ),
    (
        "replay_days = 0",
        "replay_days: between 1 and 366: what is sent again after a lost answer is known by it",
    ),
    (
        "replay_days = 367",
        "replay_days: between 1 and 366: what is sent again after a lost answer is known by it",
    ),
    (
        "input_fee_ppk = 1001",
        "input_fee_ppk: at most 1000, which is 1 for each token: more than the smallest is worth",
    ),
    ("inputs_max = 1", "inputs_max: between 2 and 10000"),
    ("outputs_max = 1", "outputs_max: between 2 and 10000"),
    ("outputs_max = 10001", "outputs_max: between 2 and 10000"),
    (
        "secret_bytes_max = 63",
        "secret_bytes_max: between 64 and 1048576",
    ),
    (
        "witness_bytes_max = 1",
        "witness_bytes_max: between 160 and 1048576",
    ),
    (
        "body_bytes_max = 94719",
        "body_bytes_max: at least 94720, which inputs_max and outputs_max take",
    ),
    (
        "bodies_mib_max = 0",
        "bodies_mib_max: at least one body of body_bytes_max",
    ),
    (
        "body_bytes_max = 67108865",
        "bodies_mib_max: at least one body of body_bytes_max",
    ),
    ("queue_max = 0", "queue_max: between 1 and 1000000"),
    ("queue_max = 1000001", "queue_max: between 1 and 1000000"),
    (
        "connections_max = 0",
        "connections_max: between 1 and 1000000",
    ),
    (
        "connections_max = 9223372036854775807",
        "connections_max: between 1 and 1000000",
    ),
    ("blind_auth_max = 0", "blind_auth_max: between 1 and 10000"),
    (
        "read_timeout_ms = 0",
        "read_timeout_ms: between 1 and 86400000",
    ),
    (
        "read_timeout_ms = 9223372036854775807",
        "read_timeout_ms: between 1 and 86400000",
    ),
    (
        "queue_timeout_ms = 0",
        "queue_timeout_ms: between 1 and 86400000",
    ),
    (
        "stop_timeout_ms = 86400001",
        "stop_timeout_ms: at most 86400000",
    ),
    (
        "refusal_delay_ms = 86400001",
        "refusal_delay_ms: at most 86400000",
    ),
    (
        "lightning_timeout_ms = 0",
        "lightning_timeout_ms: between 1 and 86400000",
    ),
    (
        "lightning_invoice_expiry_s = 0",
        "lightning_invoice_expiry_s: between 1 and 31622400",
    ),
    (
        "lightning_amount_max = 0",
        "lightning_amount_max: between 1 and 4294967295000000",
    ),
    (
        "lightning_fee_ppm = 1000001",
        "lightning_fee_ppm: at most 1000000",
    ),
    (
        "lightning_fee_min = 4294967295000001",
        "lightning_fee_min: at most 4294967295000000",
    ),
    (
        "listen = '0.0.0.0:3338'\nmetrics_listen = '127.0.0.1:3338'",
        "metrics_listen: not the address of listen; take another port",
    ),
    (
        "metrics_listen = '127.0.0.1:3338'",
        "metrics_listen: not the address of listen; take another port",
    ),
];

#[test]
fn what_makes_no_sense_is_refused_with_what_to_write() {
    for (text, told) in NONSENSE {
        assert_eq!(&parse(text).unwrap_err(), told, "{text}");
    }
}

#[test]
fn an_address_is_what_wallets_can_use() {
    for good in [
        "https://mint.example",
        "https://mint.example:8443",
        "https://mint.example/farthing",
        "http://127.0.0.1:3338",
        "http://[::1]:3338",
        "http://[::1]",
        "http://abcdef.onion",
    ] {
        assert!(parse(&format!("url = '{good}'")).is_ok(), "{good}");
    }
    for bad in [
        "",
        "mint.example",
        "mint.example:3338",
        "/mint",
        "ftp://mint.example",
        "https://",
        "https://ann:secret@mint.example",
        "https://ann@mint.example",
        "https://mint.example?x=1",
        "https://mint.example/#x",
        "https://mint.example:",
        "https://mint.example:99999",
        "https://mint example",
    ] {
        let error = parse(&format!("url = '{bad}'")).unwrap_err();
        assert!(error.starts_with("url: "), "{bad}: {error}");
        assert!(error.contains("https://mint.example"), "{bad}: {error}");
    }
}

#[test]
fn the_least_and_the_most_are_taken() {
    for text in [
        "replay_days = 1",
        "input_fee_ppk = 1000",
        "inputs_max = 2\noutputs_max = 2\nbody_bytes_max = 740",
        "body_bytes_max = 67108864",
        "read_timeout_ms = 1",
        "read_timeout_ms = 86400000",
        "refusal_delay_ms = 0\nstop_timeout_ms = 0",
        "listen = '127.0.0.1:0'\nmetrics_listen = '127.0.0.1:0'",
        "listen = '127.0.0.1:5'\nmetrics_listen = '127.0.0.2:5'",
    ] {
        parse(text).unwrap();
    }
}

#[test]
fn what_will_hurt_is_warned_of() {
    assert_eq!(Config::default().warnings(), Vec::<String>::new());
    let public = "url = 'https://mint.example'\nlisten = '0.0.0.0:3338'";
    assert_eq!(parse(public).unwrap().warnings(), Vec::<String>::new());
    for (text, settings) in [
        ("url = 'http://mint.example'", &["url"][..]),
        ("url = 'http://abcdef.onion'", &[]),
        ("url = 'http://localhost:4000'", &["url"]),
        ("listen = '0.0.0.0:3338'", &["url"]),
        ("metrics_listen = '0.0.0.0:9338'", &["metrics_listen"]),
        ("metrics_listen = '127.0.0.1:9338'", &[]),
        ("input_fee_ppk = 1000", &["input_fee_ppk"]),
        ("outputs_max = 20", &["outputs_max"]),
        ("outputs_max = 21", &[]),
        ("log_level = 'debug'", &["log_level"]),
        ("lightning_backend = 'fake'", &["lightning_backend"]),
        ("lnd_url = 'https://node'", &["lightning_backend"]),
    ] {
        let warnings = parse(text).unwrap().warnings();
        let of = |warning: &String| warning.split(':').next().unwrap().to_owned();
        let named: Vec<_> = warnings.iter().map(of).collect();
        assert_eq!(named, settings, "{text}");
    }
}
