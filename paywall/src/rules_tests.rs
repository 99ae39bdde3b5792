//! Tests of the price rules.

use http::Method;
use proptest::prelude::*;

use super::*;

fn rule(path: &str, amount: u64) -> Rule {
    Rule {
        path: path.to_owned(),
        amount,
        ..Rule::default()
    }
}

fn rule_for(method: &str, path: &str, amount: u64) -> Rule {
    Rule {
        method: Some(method.to_owned()),
        ..rule(path, amount)
    }
}

fn rules(rules: &[Rule]) -> Rules {
    Rules::new(rules, 0, false).unwrap()
}

fn site() -> Rules {
    rules(&[
        rule("/articles/*", 3),
        rule("/articles/free/*", 0),
        rule("/articles/free/not", 4),
        rule("/premium", 5),
    ])
}

fn cost(rules: &Rules, method: &str, path: &str) -> u64 {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    rules
        .price_of(&method, path)
        .map_or(0, |price| price.amount)
}

#[test]
fn the_most_specific_rule_wins() {
    let rules = Rules::new(
        &[
            rule("/*", 1),
            rule("/a/*", 2),
            rule("/a/b/*", 3),
            rule("/a/b/c", 4),
            rule_for("POST", "/a/b/c", 5),
            rule_for("POST", "/a/*", 6),
            rule("/ab", 7),
        ],
        9,
        false,
    )
    .unwrap();
    for (method, path, amount) in [
        ("GET", "/", 1),
        ("GET", "/x", 1),
        ("GET", "/a", 2),
        ("GET", "/a/", 2),
        ("GET", "/a/x", 2),
        ("GET", "/a/b", 3),
        ("GET", "/a/b/x/y", 3),
        ("GET", "/a/b/c", 4),
        ("GET", "/a/b/c/", 4),
        ("GET", "/a/b/c/d", 3),
        ("POST", "/a/b/c", 5),
        ("POST", "/a/x", 6),
        ("POST", "/a/b/x", 3),
        ("GET", "/ab", 7),
        ("GET", "/ab/x", 1),
    ] {
        assert_eq!(cost(&rules, method, path), amount, "{method} {path}");
    }
}

#[test]
fn the_default_is_for_what_no_rule_is_for() {
    let paid = Rules::new(&[rule("/free/*", 0)], 2, false).unwrap();
    assert_eq!(cost(&paid, "GET", "/free/x"), 0);
    assert_eq!(cost(&paid, "GET", "/freedom"), 2);
    assert_eq!(cost(&paid, "GET", "/"), 2);
    assert_eq!(cost(&rules(&[]), "GET", "/"), 0);
}

#[test]
fn a_rule_with_a_method_says_what_the_other_methods_cost() {
    let rules = rules(&[
        rule_for("GET", "/a", 3),
        rule("/b", 4),
        rule_for("POST", "/c", 5),
        rule_for("GET", "/d", 6),
        rule_for("PUT", "/d", 7),
        rule_for("GET", "/e", 8),
        rule("/e", 0),
        rule("/f/*", 9),
        rule_for("GET", "/f/free", 0),
        rule_for("OPTIONS", "/g", 10),
    ]);
    for (method, path, amount) in [
        ("GET", "/a", 3),
        ("HEAD", "/a", 3),
        ("get", "/a", 3),
        ("head", "/a", 3),
        ("OPTIONS", "/a", 3),
        ("PUT", "/a", 3),
        ("BREW", "/a", 3),
        ("GET", "/a/x", 0),
        ("PUT", "/a/x", 0),
        ("HEAD", "/b", 4),
        ("OPTIONS", "/b", 4),
        ("options", "/b", 4),
        // The page with the form is free.
        ("GET", "/c", 0),
        ("HEAD", "/c", 0),
        ("POST", "/c", 5),
        ("PUT", "/c", 5),
        ("OPTIONS", "/c", 5),
        ("GET", "/d", 6),
        ("PUT", "/d", 7),
        ("DELETE", "/d", 7),
        // A rule without a method is for all others.
        ("GET", "/e", 8),
        ("HEAD", "/e", 8),
        ("PUT", "/e", 0),
        ("OPTIONS", "/e", 0),
        // Never less than the next rule says.
        ("GET", "/f/free", 0),
        ("PUT", "/f/free", 9),
        ("OPTIONS", "/g", 10),
        ("GET", "/g", 0),
        ("OPTIONS", "/none", 0),
    ] {
        assert_eq!(cost(&rules, method, path), amount, "{method} {path}");
    }
}

#[test]
fn a_price_has_its_rules_description() {
    let priced = Rule {
        description: Some("an article".to_owned()),
        ..rule("/articles/*", 3)
    };
    let price = rules(&[priced])
        .price_of(&Method::GET, "/articles/1")
        .unwrap();
    assert_eq!(
        (price.amount, price.description.as_deref()),
        (3, Some("an article"))
    );
}

#[test]
fn rules_that_make_no_sense_are_named() {
    for wrong in [
        rule("articles", 1),
        rule("", 1),
        rule("*", 1),
        rule("/a*", 1),
        rule("/*/a", 1),
        rule("/a/**", 1),
        rule("/a//b", 1),
        rule("/a/../b", 1),
        rule("/a?b", 1),
        rule("/a;b", 1),
        rule("/a%2Fb", 1),
        rule("/a%", 1),
        rule_for("head", "/a", 1),
        rule_for("G T", "/a", 1),
        rule_for("", "/a", 1),
    ] {
        let error = Rules::new(std::slice::from_ref(&wrong), 0, false).unwrap_err();
        assert!(
            error.to_string().contains(&format!("{:?}", wrong.path)),
            "{error}"
        );
    }
    for (one, other) in [
        (rule("/a", 1), rule("/a/", 2)),
        (rule("/a", 1), rule("/%61", 1)),
        (rule("/a/*", 1), rule("/a/*", 1)),
        (rule_for("get", "/a", 1), rule_for("GET", "/a", 2)),
    ] {
        assert!(Rules::new(&[one, other], 0, false).is_err());
    }
    assert!(Rules::new(&[rule("/A", 1), rule("/a", 2)], 0, false).is_ok());
    assert!(Rules::new(&[rule("/A", 1), rule("/a", 2)], 0, true).is_err());
}

#[test]
fn case_matters_unless_told_otherwise() {
    assert_eq!(cost(&site(), "GET", "/Articles/1"), 0);
    let careless = Rules::new(&[rule("/Premium/Ä/*", 3)], 0, true).unwrap();
    for path in ["/premium/%C3%A4/1", "/PREMIUM/%C3%84", "/Premium/%c3%84/x"] {
        assert_eq!(cost(&careless, "GET", path), 3, "{path}");
    }
}

#[test]
fn spelling_it_otherwise_costs_the_same() {
    for path in [
        "/articles/1",
        "/articles/1/",
        "/%61rticles/1",
        "/articles/a%20b",
        "/articles/a%2Fb",
        "/articles//1",
        "/articles/./1",
        "/articles/x/../1",
        "/articles/1;v=2",
        "/articles/1%3Fx",
    ] {
        assert_eq!(cost(&site(), "GET", path), 3, "{path}");
        assert_eq!(site().check(&Method::GET, path), Ok(()), "{path}");
    }
}

#[test]
fn a_path_whose_price_is_unclear_is_refused_and_costs_the_most() {
    for path in [
        "//articles/1",
        "/x/../articles/1",
        "/./articles/1",
        "/%2e/articles/1",
        "/articles%2F1",
        "/articles%252F1",
        "/%2561rticles/1",
        "/articles%5C1",
        "/x\\..\\articles/1",
        "/articles;x/1",
        "/x/..;/articles/1",
        "/articles%3F/1",
        "/articles/free/../1",
        "/articles/free%2F..%2F1",
        "/articles/free//../../1",
        "/articles/1%00",
        "/articles/%ff",
    ] {
        assert!(site().check(&Method::GET, path).is_err(), "{path}");
        assert!(cost(&site(), "GET", path) >= 3, "{path}");
    }
    // Where the readings cost the same, nothing is lost by passing it on.
    for path in [
        "/x/http://example.com/",
        "/@scope%2Fname",
        "/a;b=c",
        "/x/../y",
    ] {
        assert_eq!(site().check(&Method::GET, path), Ok(()), "{path}");
        assert_eq!(cost(&site(), "GET", path), 0, "{path}");
    }
    assert_eq!(site().check(&Method::OPTIONS, "*"), Ok(()));
    assert_eq!(site().check(&Method::GET, "*"), Err(Unclear::Relative));
}

/// Servers as they are, written down without the code under test. Each gives the path that it serves.
mod servers {
    fn decode(path: &str, keep_slash: bool) -> Option<String> {
        let mut out = Vec::new();
        let mut bytes = path.bytes();
        while let Some(byte) = bytes.next() {
            if byte != b'%' {
                out.push(byte);
                continue;
            }
            let digits = [bytes.next()?, bytes.next()?];
            let decoded = u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?;
            if keep_slash && decoded == b'/' {
                out.extend(b"%2F");
            } else {
                out.push(decoded);
            }
        }
        String::from_utf8(out).ok()
    }

    fn resolve(segments: impl Iterator<Item = String>) -> String {
        let mut stack: Vec<String> = Vec::new();
        for segment in segments {
            if segment == ".." {
                stack.pop();
            } else if segment != "." {
                stack.push(segment);
            }
        }
        format!("/{}", stack.join("/"))
    }

    fn owned(path: &str) -> impl Iterator<Item = String> {
        path.split('/').skip(1).map(str::to_owned)
    }

    /// Decodes, merges slashes, resolves dots.
    pub(super) fn nginx(path: &str) -> Option<String> {
        let decoded = decode(path, false)?;
        Some(resolve(owned(&decoded).filter(|s| !s.is_empty())))
    }

    /// Matches what was decoded, as it is.
    pub(super) fn express(path: &str) -> Option<String> {
        decode(path, false)
    }

    /// Decodes each segment by itself, changes nothing else.
    pub(super) fn axum(path: &str) -> Option<String> {
        decode(path, true)
    }

    /// Takes parameters off the segments first, and a backslash for a slash.
    pub(super) fn tomcat(path: &str) -> Option<String> {
        let bare: Vec<String> = owned(path)
            .map(|s| s.split(';').next().unwrap_or("").to_owned())
            .collect();
        let decoded = decode(&format!("/{}", bare.join("/")), false)?.replace('\\', "/");
        Some(resolve(owned(&decoded).filter(|s| !s.is_empty())))
    }

    /// nginx with `proxy_pass http://other$uri`, and the other decodes again.
    pub(super) fn twice(path: &str) -> Option<String> {
        let once = decode(path, false)?;
        let cut = once.split(['?', '#']).next()?;
        nginx(cut)
    }

    pub(super) const ALL: [fn(&str) -> Option<String>; 5] = [nginx, express, axum, tomcat, twice];
}

/// A way to write a path that some server takes for the same.
#[derive(Clone, Debug)]
enum Trick {
    Encode(usize),
    EncodeTwice(usize),
    Insert(usize, &'static str),
    Append(&'static str),
    Prepend(&'static str),
}

fn trick() -> impl Strategy<Value = Trick> {
    let inserted = prop::sample::select(vec![
        "/", "//", "./", "/./", "x/../", "/x/../", "%2F", "%2f..%2f", "%2e/", "\\", "%5C", ";a=b",
        "..;/", "%00", "%3F", "%23", "%252F", "%", "free/../", "%2e%2e/",
    ]);
    let appended = prop::sample::select(vec!["/", "//", "/.", "/..", ";", "%20", "%2F", "%3Fx"]);
    let prepended =
        prop::sample::select(vec!["/", "/.", "/x/..", "/free/..", "/articles/free/../.."]);
    prop_oneof![
        any::<usize>().prop_map(Trick::Encode),
        any::<usize>().prop_map(Trick::EncodeTwice),
        (any::<usize>(), inserted).prop_map(|(at, what)| Trick::Insert(at, what)),
        appended.prop_map(Trick::Append),
        prepended.prop_map(Trick::Prepend),
    ]
}

fn respell(path: &str, tricks: &[Trick]) -> String {
    let mut path = path.to_owned();
    for trick in tricks {
        // The slash at the beginning stays: without it there is no request.
        let place = |at: usize| 1 + at % (path.len() - 1).max(1);
        path = match *trick {
            Trick::Encode(at) | Trick::EncodeTwice(at) => {
                let at = place(at);
                let Some(byte) = path.as_bytes().get(at).copied() else {
                    continue;
                };
                let percent = if matches!(trick, Trick::Encode(_)) {
                    "%"
                } else {
                    "%25"
                };
                format!("{}{percent}{byte:02x}{}", &path[..at], &path[at + 1..])
            }
            Trick::Insert(at, what) => {
                let at = place(at);
                format!("{}{what}{}", &path[..at], &path[at..])
            }
            Trick::Append(what) => path + what,
            Trick::Prepend(what) => what.to_owned() + &path,
        };
    }
    path
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn no_spelling_gets_a_server_to_give_more_than_was_paid_for(
        path in prop::sample::select(vec![
            "/articles/1", "/articles/deep/2", "/premium", "/articles/free/not",
        ]),
        tricks in prop::collection::vec(trick(), 0..5),
    ) {
        let spelled = respell(path, &tricks);
        let rules = site();
        let paid = cost(&rules, "GET", &spelled);
        let is_refused = rules.check(&Method::GET, &spelled).is_err();
        for server in servers::ALL {
            let Some(served) = server(&spelled) else { continue };
            let served = served.trim_end_matches('/');
            // What the server takes it for, looked up by the plain rules.
            let worth = match served {
                "/premium" => 5,
                "/articles/free/not" => 4,
                s if s == "/articles/free" || s.starts_with("/articles/free/") => 0,
                s if s == "/articles" || s.starts_with("/articles/") => 3,
                _ => 0,
            };
            prop_assert!(is_refused || paid == worth, "{spelled} is {served}: {paid} for {worth}");
            prop_assert!(paid >= worth, "{spelled} is {served}: {paid} for {worth}");
        }
    }

    #[test]
    fn any_text_has_a_price_or_is_refused(path in "\\PC{0,40}") {
        let rules = site();
        let _ = rules.check(&Method::GET, &path);
        let _ = rules.price_of(&Method::GET, &path);
    }
}
