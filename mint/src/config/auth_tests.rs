//! Which settings of authentication make sense, and what they protect.

use super::*;

fn config() -> Config {
    Config {
        openid_discovery: "https://id.example/realms/mint/.well-known/openid-configuration"
            .to_owned(),
        openid_client_id: "cashu-client".to_owned(),
        ..Config::default()
    }
}

fn paths(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn error(spoil: impl FnOnce(&mut Config)) -> String {
    let mut config = config();
    spoil(&mut config);
    config.auth().unwrap_err()
}

fn protected(text: &str) -> Protected {
    Protected::parse("x", text).unwrap()
}

#[test]
fn nothing_is_asked_for_unless_there_is_a_provider() {
    assert_eq!(Config::default().auth(), Ok(None));
}

#[test]
fn nonsense_is_refused_before_there_is_a_provider() {
    for name in ["clear_auth_paths", "blind_auth_paths"] {
        let mut config = Config::default();
        let list = match name {
            "clear_auth_paths" => &mut config.clear_auth_paths,
            _ => &mut config.blind_auth_paths,
        };
        *list = paths(&["nonsense"]);
        let error = config.auth().unwrap_err();
        assert!(error.starts_with(name), "{error}");
    }
}

#[test]
fn what_moves_value_or_begins_it_is_protected_by_default() {
    let settings = config().auth().unwrap().unwrap();
    let blind = settings.blind.unwrap();
    assert_eq!((blind.max, blind.daily_max), (50, 0));
    let covers = |all: &[Protected], method, path| all.iter().any(|p| p.covers(&method, path));
    for path in [
        "/v1/swap",
        "/v1/mint/quote/bolt11",
        "/v1/mint/bolt11",
        "/v1/mint/bolt11/batch",
        "/v1/melt/quote/bolt11",
        "/v1/melt/bolt11",
    ] {
        assert!(covers(&blind.paths, Method::POST, path), "{path}");
        assert!(!covers(&blind.paths, Method::GET, path), "{path}");
        assert!(!covers(&settings.clear, Method::POST, path), "{path}");
    }
    for path in [
        "/v1/checkstate",
        "/v1/restore",
        "/v1/mint/quote/bolt11/check",
        "/v1/auth/blind/mint",
    ] {
        assert!(!covers(&blind.paths, Method::POST, path), "{path}");
    }
    assert!(covers(&settings.clear, Method::POST, "/v1/auth/blind/mint"));
}

/// NUT-21, "Signalling protected endpoints".
#[test]
fn a_path_is_met_exactly_and_a_star_by_whatever_begins_so() {
    let exact = protected("POST /v1/auth/blind/mint");
    assert!(exact.covers(&Method::POST, "/v1/auth/blind/mint"));
    for other in [
        "/v1/auth/blind/mint/",
        "/v1/auth/blind/min",
        "/v1/auth/blind/mint/x",
        "/V1/auth/blind/mint",
    ] {
        assert!(!exact.covers(&Method::POST, other), "{other}");
    }
    assert!(!exact.covers(&Method::GET, "/v1/auth/blind/mint"));
    let prefix = protected("GET /v1/mint/bolt*");
    for path in [
        "/v1/mint/bolt",
        "/v1/mint/bolt11",
        "/v1/mint/bolt12/quote/x",
    ] {
        assert!(prefix.covers(&Method::GET, path), "{path}");
        assert!(prefix.covers(&Method::HEAD, path), "{path}");
        assert!(!prefix.covers(&Method::POST, path), "{path}");
    }
    for other in ["/v1/mint/", "/v1/mint/quote/bolt11", "/v1/melt/bolt11"] {
        assert!(!prefix.covers(&Method::GET, other), "{other}");
    }
    assert!(protected("GET /v1/*").covers(&Method::GET, "/v1/keys"));
    let shown = |text| {
        let Endpoint { method, path } = protected(text).to_endpoint();
        format!("{method} {path}")
    };
    for text in ["POST /v1/auth/blind/mint", "GET /v1/mint/bolt*"] {
        assert_eq!(shown(text), text);
    }
}

#[test]
fn what_is_no_path_is_named() {
    for bad in [
        "",
        "/v1/swap",
        "PUT /v1/swap",
        "post /v1/swap",
        "POST  /v1/swap",
        "POST /v1/swap ",
        "POST v1/swap",
        "POST /cashu/v1/swap",
        "POST /v1/*/bolt11",
        "POST /v1/mint**",
        "POST *",
        "POST /v1/sw%61p",
        "POST /v1/swap?x",
    ] {
        let clear = error(|c| c.clear_auth_paths.push(bad.to_owned()));
        assert!(clear.starts_with("clear_auth_paths: "), "{bad}: {clear}");
        let blind = error(|c| c.blind_auth_paths.push(bad.to_owned()));
        assert!(blind.starts_with("blind_auth_paths: "), "{bad}: {blind}");
        assert!(blind.contains(&format!("{bad:?}")), "{blind}");
    }
}

#[test]
fn a_provider_is_asked_over_tls_by_its_well_known_address() {
    for good in [
        "https://id.example/.well-known/openid-configuration",
        "http://127.0.0.1:8080/realms/x/.well-known/openid-configuration",
    ] {
        let config = Config {
            openid_discovery: good.to_owned(),
            ..config()
        };
        assert!(config.auth().unwrap().is_some(), "{good}");
    }
    for bad in [
        "http://id.example/.well-known/openid-configuration",
        "https://id.example",
        "https://id.example/.well-known/openid-configuration/",
        "id.example/.well-known/openid-configuration",
        "nonsense",
    ] {
        let error = error(|c| c.openid_discovery = bad.to_owned());
        assert!(error.starts_with("openid_discovery: "), "{bad}: {error}");
    }
    let error = error(|c| c.openid_client_id.clear());
    assert!(error.starts_with("openid_client_id: "), "{error}");
}

#[test]
fn a_provider_bears_the_name_that_it_is_found_by() {
    let settings = config().auth().unwrap().unwrap();
    assert!(settings.is_of("https://id.example/realms/mint"));
    assert!(settings.is_of("https://id.example/realms/mint/"));
    for other in [
        "https://id.example",
        "https://id.example/realms/other",
        "http://id.example/realms/mint",
        "",
    ] {
        assert!(!settings.is_of(other), "{other}");
    }
}

#[test]
fn wallets_can_get_what_they_are_asked_for_and_not_everybody_can() {
    for path in ["GET /v1/*", "GET /v1/info", "GET /v1/i*"] {
        let clear = error(|c| c.clear_auth_paths.push(path.to_owned()));
        assert!(clear.starts_with("clear_auth_paths: GET /v1/info"));
        let blind = error(|c| c.blind_auth_paths.push(path.to_owned()));
        assert!(blind.starts_with("blind_auth_paths: GET /v1/info"));
    }
    for path in [
        "POST /v1/*",
        "POST /v1/auth/blind/mint",
        "GET /v1/auth/*",
        "GET /v1/auth/blind/keysets",
    ] {
        let blind = error(|c| c.blind_auth_paths.push(path.to_owned()));
        assert!(blind.starts_with("blind_auth_paths: "), "{path}: {blind}");
        assert!(blind.contains("/v1/auth/blind/"), "{path}: {blind}");
    }
    let open = error(|c| c.clear_auth_paths = paths(&["POST /v1/swap"]));
    assert!(open.starts_with("clear_auth_paths: "), "{open}");
    let nothing = error(|c| {
        c.clear_auth_paths.clear();
        c.blind_auth_paths.clear();
    });
    assert!(nothing.starts_with("clear_auth_paths, blind_auth_paths: "));
    let large = error(|c| c.blind_auth_max = c.outputs_max + 1);
    assert!(large.starts_with("blind_auth_max: "), "{large}");
    // Without blind authentication, whatever else may need the provider's token.
    let config = Config {
        clear_auth_paths: paths(&["POST /v1/mint/*"]),
        blind_auth_paths: Vec::new(),
        ..config()
    };
    assert_eq!(config.auth().unwrap().unwrap().blind, None);
}
