//! Tests of the receipts' cookies.

use axum::http::Request;

use super::*;
use crate::query::IgnoredQuery;
use crate::receipts::{self, Issued, Terms, covers};

const NOW: u64 = 1_800_000_059;

fn keys() -> Keys {
    let dir = tempfile::tempdir().unwrap();
    Keys::load_or_create(&dir.path().join("k")).unwrap()
}

fn target(uri: &str) -> Target {
    let request = Request::builder().uri(uri).body(()).unwrap();
    let (site, none) = (Some("https://gazette.example"), IgnoredQuery::default());
    Target::of(&request.into_parts().0, site, &none)
}

fn issued(keys: &Keys, target: &Target, now: u64) -> Issued {
    let terms = Terms {
        issuer: "The Gazette",
        mint: "https://mint.example",
        unit: "credit",
        hours: 2,
    };
    receipts::issue(keys, &terms, target, None, 3, now).unwrap()
}

/// Name and value, and the attributes, of a `Set-Cookie`.
fn parts(line: &HeaderValue) -> (String, String) {
    let (pair, attributes) = line.to_str().unwrap().split_once("; ").unwrap();
    (pair.to_owned(), attributes.to_owned())
}

fn pair(keys: &Keys, uri: &str, now: u64) -> String {
    parts(&issued(keys, &target(uri), now).cookie).0
}

fn with(lines: &[&[u8]]) -> HeaderMap {
    let line = |line: &&[u8]| (header::COOKIE, HeaderValue::from_bytes(line).unwrap());
    lines.iter().map(line).collect()
}

fn opens(keys: &Keys, headers: &HeaderMap, uri: &str) -> bool {
    let found = receipts::find(keys, headers, &target(uri), NOW);
    covers(&found, None)
}

fn passed_on(lines: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut headers = with(lines);
    remove(&mut headers);
    let lines = headers.get_all(header::COOKIE).iter();
    lines.map(|line| line.as_bytes().to_vec()).collect()
}

#[test]
fn the_cookie_is_for_its_path_alone_and_not_for_scripts() {
    let (keys, target) = (keys(), target("/articles/1?a=b"));
    let (pair, attributes) = parts(&issued(&keys, &target, NOW).cookie);
    assert_eq!(
        attributes,
        "Path=/articles/1; Max-Age=7200; HttpOnly; SameSite=Lax; Secure"
    );
    assert!(!pair.contains("articles"));
    let headers = with(&[format!("theme=dark; {pair}; lang=en").as_bytes()]);
    let found = receipts::find(&keys, &headers, &target, NOW);
    assert!(covers(&found, None));
    assert!(!covers(&found, Some(&[1; 32])));
    let expires = 1_800_000_000 + 7200;
    assert_eq!(receipts::find(&keys, &headers, &target, expires), []);
    assert!(!opens(&keys, &headers, "/articles/1"));
    assert!(!opens(&self::keys(), &headers, "/articles/1?a=b"));
}

#[test]
fn what_a_cookie_says_is_not_believed_without_its_mac() {
    let (keys, target) = (keys(), target("/a"));
    let (pair, _) = parts(&issued(&keys, &target, NOW).cookie);
    let (name, value) = pair.split_once('=').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(value).unwrap();
    for at in 0..bytes.len() {
        bytes[at] ^= 1;
        let altered = format!("{name}={}", URL_SAFE_NO_PAD.encode(&bytes));
        bytes[at] ^= 1;
        assert!(!opens(&keys, &with(&[altered.as_bytes()]), "/a"), "{at}");
    }
    let other = pair.replacen(name, &self::name("GET https://gazette.example/b"), 1);
    assert!(!opens(&keys, &with(&[other.as_bytes()]), "/b"));
    for garbage in ["", "x", "a.b.c", &value[..10], "%00"] {
        let junk = format!("{name}={garbage}");
        assert!(!opens(&keys, &with(&[junk.as_bytes()]), "/a"), "{garbage}");
    }
}

#[test]
fn foreign_cookies_of_any_bytes_neither_hide_a_receipt_nor_carry_one_on() {
    let keys = keys();
    let ours = pair(&keys, "/a", NOW).into_bytes();
    let line = |before: &[u8], after: &[u8]| [before, ours.as_slice(), after].concat();
    for (before, after, rest) in [
        (
            &b"name=Jos\xc3\xa9; "[..],
            &b""[..],
            &b"name=Jos\xc3\xa9"[..],
        ),
        (b"name=Jos\xe9; ", b"", b"name=Jos\xe9"),
        (b"", b"; name=\xff\xfe", b"name=\xff\xfe"),
        (b"a=\t\"x\" ;", b";  b = 1;c", b"a=\t\"x\" ;  b = 1;c"),
        (b"junk; =; a==b;", b";", b"junk; =; a==b;"),
        (b"", b"", b""),
    ] {
        let line = line(before, after);
        let shown = String::from_utf8_lossy(&line).into_owned();
        assert!(opens(&keys, &with(&[&line]), "/a"), "{shown}");
        let rest = if rest.is_empty() {
            Vec::new()
        } else {
            vec![rest.to_vec()]
        };
        assert_eq!(passed_on(&[&line]), rest, "{shown}");
    }
}

#[test]
fn every_line_is_looked_at_and_lines_without_a_receipt_stay_as_they_are() {
    let keys = keys();
    let ours = pair(&keys, "/a", NOW).into_bytes();
    let lines: [&[u8]; 3] = [b"  a=\xe9 ;; b", &ours, b"c=d"];
    assert!(opens(&keys, &with(&lines), "/a"));
    let kept = with(&[lines[0]]).get(header::COOKIE).cloned().unwrap();
    assert_eq!(
        passed_on(&lines),
        [kept.as_bytes().to_vec(), b"c=d".to_vec()]
    );
    assert_eq!(passed_on(&[b"a=b; c"]), [b"a=b; c".to_vec()]);
}

#[test]
fn all_cookies_of_the_name_are_tried() {
    let keys = keys();
    let ours = pair(&keys, "/a", NOW);
    let name = ours.split_once('=').unwrap().0;
    let line = format!("{name}=junk; {name}=a.b.c; {name}=; {ours}");
    assert!(opens(&keys, &with(&[line.as_bytes()]), "/a"));
    assert_eq!(passed_on(&[line.as_bytes()]), Vec::<Vec<u8>>::new());
}

/// Returns what the cookies of the first version held: the signed receipt itself.
fn first_version(keys: &Keys, uri: &str, now: u64) -> String {
    let target = target(uri);
    let receipt = issued(keys, &target, now).header;
    let name = name(&target.asked_resource());
    format!("{name}={}", receipt.to_str().unwrap())
}

#[test]
fn cookies_of_the_first_version_still_open_their_page() {
    let keys = keys();
    let old = first_version(&keys, "/a?v=1", NOW);
    assert!(opens(&keys, &with(&[old.as_bytes()]), "/a?v=1"));
    assert!(!opens(&keys, &with(&[old.as_bytes()]), "/a?v=2"));
    assert!(!opens(&self::keys(), &with(&[old.as_bytes()]), "/a?v=1"));
}

/// A browser's cookies for one path, as far as it matters: what was set later comes later.
#[derive(Default)]
struct Jar(Vec<(String, String, String)>);

impl Jar {
    fn set(&mut self, line: &HeaderValue) {
        let (pair, attributes) = parts(line);
        let (name, value) = pair.split_once('=').unwrap();
        let path = attributes.split("; ").next().unwrap().to_owned();
        let same = |(n, _, p): &&mut (String, String, String)| *n == name && *p == path;
        let kept = self.0.iter_mut().find(same);
        match (kept, attributes.contains("Max-Age=0;")) {
            (Some(old), false) => value.clone_into(&mut old.1),
            (Some(_), true) => self.0.retain(|(n, _, p)| *n != name || *p != path),
            (None, false) => self.0.push((name.to_owned(), value.to_owned(), path)),
            (None, true) => panic!("{name} is not there for {path}"),
        }
    }

    fn header(&self) -> HeaderMap {
        let pairs: Vec<String> = self.0.iter().map(|(n, v, _)| format!("{n}={v}")).collect();
        with(&[pairs.join("; ").as_bytes()])
    }

    fn bytes(&self) -> usize {
        self.header()[header::COOKIE].len()
    }
}

#[test]
fn a_hundred_purchases_of_one_path_fit_into_a_header_and_the_newest_open() {
    let keys = keys();
    let mut jar = Jar::default();
    for n in 0..100 {
        let target = target(&format!("/watch?v={n}"));
        // Several within a minute.
        let now = NOW - 2000 + n * 20;
        let dropped = surplus(&jar.header(), &target);
        jar.set(&issued(&keys, &target, now).cookie);
        dropped.iter().for_each(|line| jar.set(line));
        assert!(jar.bytes() < 4096, "{n}: {}", jar.bytes());
    }
    assert_eq!(jar.0.len(), KEPT_MAX);
    for n in 0..100 {
        let is_open = opens(&keys, &jar.header(), &format!("/watch?v={n}"));
        assert_eq!(is_open, n >= 100 - KEPT_MAX, "{n}");
    }
}

#[test]
fn the_first_versions_cookies_are_dropped_by_and_by() {
    let keys = keys();
    let mut jar = Jar::default();
    for n in 0..40 {
        let old = first_version(&keys, &format!("/watch?v={n}"), NOW - 2400 + n * 60);
        let line = format!("{old}; Path=/watch; Max-Age=7200; HttpOnly; SameSite=Lax; Secure");
        jar.set(&HeaderValue::from_str(&line).unwrap());
    }
    assert!(jar.bytes() > 16 * 1024);
    let bought = target("/watch?v=new");
    jar.set(&issued(&keys, &bought, NOW).cookie);
    for _ in 0..3 {
        let dropped = surplus(&jar.header(), &bought);
        let bytes: usize = dropped.iter().map(HeaderValue::len).sum();
        assert!(bytes <= DROPPED_BYTES_MAX, "{bytes}");
        dropped.iter().for_each(|line| jar.set(line));
    }
    assert_eq!(surplus(&jar.header(), &bought), Vec::<HeaderValue>::new());
    assert!(jar.bytes() < 4300, "{}", jar.bytes());
    assert!(opens(&keys, &jar.header(), "/watch?v=new"));
    assert!(opens(&keys, &jar.header(), "/watch?v=39"));
    assert!(!opens(&keys, &jar.header(), "/watch?v=0"));
}

#[test]
fn a_cookies_path_is_its_pages_or_a_folder_above_it() {
    for (path, expected) in [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/b/", "/a/b/"),
        ("/a/b;c/d", "/a/"),
        ("/a,b", "/"),
        ("/a/%C3%A9", "/a/%C3%A9"),
    ] {
        assert_eq!(cookie_path(path), expected, "{path}");
    }
    let long = format!("/a/{}", "b".repeat(PATH_BYTES_MAX));
    assert_eq!(cookie_path(&long), "/a/");
    let fits = &long[..PATH_BYTES_MAX];
    assert_eq!(cookie_path(fits), fits);
    // It is dropped by the same path.
    let keys = keys();
    let mut jar = Jar::default();
    for n in 0..40 {
        let target = target(&format!("/a/b;c?v={n}"));
        let dropped = surplus(&jar.header(), &target);
        jar.set(&issued(&keys, &target, NOW).cookie);
        dropped.iter().for_each(|line| jar.set(line));
    }
    assert_eq!(jar.0.len(), KEPT_MAX);
}

#[test]
fn a_cookie_of_a_long_url_is_short() {
    let keys = keys();
    let uri = format!("/a?q={}", "x".repeat(6000));
    let cookie = issued(&keys, &target(&uri), NOW).cookie;
    assert!(cookie.len() < 200, "{}", cookie.len());
    assert!(opens(
        &keys,
        &with(&[pair(&keys, &uri, NOW).as_bytes()]),
        &uri
    ));
}
