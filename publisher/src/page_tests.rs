//! Tests of the page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::*;

const REQUEST: &str = "creqApWFhA2F1ZmNyZWRpdGFtgXgYaHR0cHM6Ly9taW50LmV4YW1wbGUubmV0YWR4HkEgd2FsayB0aHJv\
                       dWdoIHRoZSBzYWx0IG1hcnNoZXM";

const GET: Asked<'static> = Asked {
    method: "GET",
    has_body: false,
    content_type: None,
};

fn sample() -> Page<'static> {
    Page {
        site: "The Gazette",
        what: Some("A walk through the salt marshes"),
        price: "3 credit",
        pay: None,
        mint_url: "https://mint.example",
        cashu_url: None,
        request: REQUEST,
        url: "https://gazette.example/articles/salt-marshes?part=2",
        asked: GET,
        pay_path: "/.well-known/farthing/pay",
        error: None,
    }
}

#[test]
fn the_policy_allows_the_style_and_nothing_else_on_the_page() {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let source = format!("'sha256-{hash}'");
    assert!(CONTENT_SECURITY_POLICY.contains(&source), "{source}");
    let html = page(&sample());
    let head = html.split("</head>").next().unwrap();
    assert!(head.contains(ICON) && CONTENT_SECURITY_POLICY.contains("img-src data:;"));
    let html = html.replacen(ICON, "", 1);
    for forbidden in [
        "<script", "style=", " on", "<link", "<img", "@import", "url(",
    ] {
        let attributes: Vec<&str> = html
            .split('<')
            .filter_map(|tag| tag.split('>').next())
            .collect();
        assert!(
            !attributes.iter().any(|tag| tag.contains(forbidden)),
            "{forbidden}"
        );
    }
    assert!(!STYLE.contains("url(") && !STYLE.contains('<'));
}

#[test]
fn the_page_says_what_it_costs_and_how_to_pay() {
    let html = page(&sample());
    for expected in [
        "<html lang=\"en\">",
        "<title>A walk through the salt marshes costs 3 credit – The Gazette</title>",
        "farthing get &#39;https://gazette.example/articles/salt-marshes?part=2&#39;",
        "action=\"/.well-known/farthing/pay\"",
        "name=\"url\" value=\"https://gazette.example/articles/salt-marshes?part=2\"",
        "name=\"token\"",
        "<label for=\"token\">",
        "<a href=\"https://mint.example\"",
    ] {
        assert!(html.contains(expected), "{expected}");
    }
    assert!(!html.contains("role=\"alert\""));
    let refused = Page {
        error: Some("it was spent before"),
        ..sample()
    };
    assert!(page(&refused).contains("role=\"alert\""));
    assert!(page(&refused).contains("it was spent before"));
}

const CASHU: Option<&str> = Some("https://mint.example/cashu");

#[test]
fn any_cashu_wallet_is_shown_the_request_where_its_tokens_are_taken_alone() {
    let html = page(&sample());
    for absent in ["another wallet", "<svg", "/cashu", REQUEST] {
        assert!(!html.contains(absent), "{absent}");
    }
    let html = page(&Page {
        cashu_url: CASHU,
        ..sample()
    });
    for expected in [
        "<summary>Pay with another wallet</summary>",
        "once you have added the mint <a href=\"https://mint.example/cashu\"",
        "<svg role=\"img\"",
        REQUEST,
    ] {
        assert!(html.contains(expected), "{expected}");
    }
}

const PAY: &str =
    "https://mint.example/wallet/#pay=creqA&url=https%3A%2F%2Fgazette.example%2F&keysets=00";

#[test]
fn price_and_button_come_first_and_the_command_last() {
    let html = page(&Page {
        pay: Some(PAY),
        cashu_url: CASHU,
        ..sample()
    });
    let button = "<a class=\"button\" href=\"https://mint.example/wallet/#pay=creqA&amp;url=https%3A%2F%2F\
                  gazette.example%2F&amp;keysets=00\" rel=\"noreferrer\">Pay 3 credit</a>";
    let order = [
        "<h1>",
        "<p class=\"price\">3 credit</p>",
        button,
        "No wallet yet?",
        "Pay with another wallet",
        "Pay with a token",
        "Pay on the command line",
        "farthing get",
        "<footer>",
    ];
    let places: Vec<usize> = order
        .iter()
        .map(|part| html.find(part).unwrap_or_else(|| panic!("{part}")))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(html.matches("class=\"button\"").count(), 1);
    // All other ways are behind their names.
    assert_eq!(html.matches("<details>").count(), 3);
    assert!(!html.contains("<details open>"));
}

#[test]
fn without_a_button_the_next_way_is_open() {
    let html = page(&sample());
    assert!(!html.contains("class=\"button\"") && !html.contains("No wallet yet?"));
    assert!(html.contains("You need a wallet"));
    assert!(html.contains("<details open>\n<summary>Pay with a token</summary>"));
    assert!(html.contains("<details>\n<summary>Pay on the command line</summary>"));
    let post = Asked {
        method: "POST",
        ..GET
    };
    let html = page(&Page {
        asked: post,
        ..sample()
    });
    assert!(html.contains("<details open>\n<summary>Pay on the command line</summary>"));
}

#[test]
fn the_page_is_small() {
    let long = "Ä".repeat(3000);
    let request = format!("creqA{}", "aBc5-_9Z".repeat(56));
    let page_of_long_names = Page {
        site: &long,
        what: Some(&long),
        error: Some(&long),
        request: &request,
        cashu_url: CASHU,
        pay: Some(PAY),
        ..sample()
    };
    for html in [page(&sample()), page(&page_of_long_names)] {
        assert!(html.len() < 20 * 1024, "{} bytes", html.len());
    }
}

#[test]
fn what_is_too_long_for_a_qr_code_is_shown_as_text() {
    let request = "x".repeat(4000);
    let html = page(&Page {
        request: &request,
        cashu_url: CASHU,
        ..sample()
    });
    assert!(!html.contains("<svg") && html.contains(&request));
}

#[test]
fn hostile_names_are_text() {
    let hostile = "\"'><script>alert(1)</script>&\u{202e}\u{0}\n";
    let no_web_address = format!("javascript:alert(1){hostile}");
    let web_address = format!("https://{hostile}");
    let html = page(&Page {
        site: hostile,
        what: Some(hostile),
        price: hostile,
        pay: Some(hostile),
        mint_url: &no_web_address,
        cashu_url: Some(&web_address),
        request: hostile,
        url: hostile,
        pay_path: hostile,
        error: Some(hostile),
        ..sample()
    });
    assert!(!html.contains("<script") && !html.contains("alert(1)</"));
    assert!(!html.contains("href=\"javascript:"));
    assert!(!html.contains(['\u{202e}', '\u{0}']));
    // Every attribute still ends where it should: outside of tags no quote is left.
    let mut depth_of_quotes = 0;
    for tag in html.split('<').filter_map(|tag| tag.split('>').next()) {
        depth_of_quotes += tag.matches('"').count() % 2;
    }
    assert_eq!(depth_of_quotes, 0);
    assert_eq!(html.matches("<form").count(), 1);
}

#[test]
fn the_command_is_one_word_for_the_shell() {
    let url = "https://gazette.example/a';touch$IFS/tmp/x;'";
    assert_eq!(
        shell_word(url),
        r"'https://gazette.example/a'\'';touch$IFS/tmp/x;'\'''"
    );
    let printed = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("printf %s {}", shell_word(url)))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), url);
}

#[test]
fn only_a_get_has_a_form_and_the_command_sends_the_same_request() {
    let url = "'https://gazette.example/articles/salt-marshes?part=2'";
    let json = Some("application/json; a='b'");
    let quoted = r"-H 'Content-Type: application/json; a='\''b'\'''";
    for (method, has_body, content_type, arguments) in [
        ("GET", false, None, String::new()),
        ("POST", false, json, "-X 'POST' ".to_owned()),
        ("POST", true, json, format!("-X 'POST' {quoted} -d @FILE ")),
        ("PUT", true, None, "-X 'PUT' -d @FILE ".to_owned()),
        ("GET", true, None, "-X 'GET' -d @FILE ".to_owned()),
        ("it's", false, None, r"-X 'it'\''s' ".to_owned()),
    ] {
        let expected = format!("farthing get {arguments}{url}");
        let asked = Asked {
            method,
            has_body,
            content_type,
        };
        let sample = Page {
            asked,
            cashu_url: CASHU,
            ..sample()
        };
        assert_eq!(command(&sample), expected);
        let html = page(&sample);
        assert!(html.contains(&escape(&expected)), "{html}");
        let is_get = method == "GET" && !has_body;
        assert_eq!(html.contains("<form"), is_get, "{method} {has_body}");
        assert_eq!(html.contains("name=\"token\""), is_get);
        assert_eq!(html.contains("in the header X-Cashu"), !is_get);
        assert_eq!(html.contains("name for FILE"), has_body);
    }
}
