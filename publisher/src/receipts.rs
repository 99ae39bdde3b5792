//! Receipts: signed for what was paid, shown again to read it again (`docs/protocol.md`, section 12.5).

use axum::http::{HeaderMap, HeaderValue, header};
use farthing_protocol::payment::receipt::body_claim;
use farthing_protocol::payment::{Receipt, header as names};
use sha2::{Digest as _, Sha256};

use crate::binding::{BodyDigest, Target};
use crate::keys::Keys;
use crate::payment::single;

/// What the names of receipts' cookies start with.
const COOKIE_PREFIX: &str = "farthing-receipt-";
/// Receipts carry the minute.
const MINUTE_S: u64 = 60;

/// What a receipt says beside what was bought.
pub(crate) struct Terms<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) mint: &'a str,
    pub(crate) unit: &'a str,
    pub(crate) hours: u32,
}

/// A receipt as it leaves: as a header, and as a cookie.
pub(crate) struct Issued {
    pub(crate) header: HeaderValue,
    pub(crate) cookie: HeaderValue,
}

/// Signs a receipt. `None` when it does not fit into a header, which a name or a URL of many
/// kilobytes could bring about.
pub(crate) fn issue(
    keys: &Keys,
    terms: &Terms<'_>,
    target: &Target,
    body: Option<&BodyDigest>,
    amount: u64,
    now: u64,
) -> Option<Issued> {
    let issued = now - now % MINUTE_S;
    let lifetime = u64::from(terms.hours) * 3600;
    let receipt = Receipt {
        issuer: terms.issuer.to_owned(),
        resource: target.resource(),
        body: body.map(body_claim),
        amount,
        unit: terms.unit.to_owned(),
        mint: terms.mint.to_owned(),
        issued,
        expires: issued + lifetime,
    };
    let text = receipt.sign(&keys.receipts);
    let name = cookie_name(target);
    let path = cookie_path(&target.path);
    let secure = if target.url.starts_with("https://") {
        "; Secure"
    } else {
        ""
    };
    let cookie =
        format!("{name}={text}; Path={path}; Max-Age={lifetime}; HttpOnly; SameSite=Lax{secure}");
    Some(Issued {
        header: HeaderValue::from_str(&text).ok()?,
        cookie: HeaderValue::from_str(&cookie).ok()?,
    })
}

/// The receipt that the request shows for its resource, if it shows a valid one. What is left to compare
/// is the request's body ([`covers`]).
pub(crate) fn find(keys: &Keys, headers: &HeaderMap, target: &Target, now: u64) -> Option<Receipt> {
    let shown = single(headers, names::RECEIPT).ok().flatten();
    let cookie = find_cookie(headers, &cookie_name(target));
    let mut valid = shown.into_iter().chain(cookie).filter_map(|text| {
        let (receipt, key) = Receipt::verify(text).ok()?;
        let is_ours = key == keys.receipts.verifying_key().to_bytes();
        let is_for_this = receipt.resource == target.resource();
        (is_ours && is_for_this && now < receipt.expires).then_some(receipt)
    });
    valid.next()
}

/// Whether a receipt is for a request with a body of this digest.
pub(crate) fn covers(receipt: &Receipt, body: Option<&BodyDigest>) -> bool {
    receipt.body == body.map(body_claim)
}

/// Takes the receipts' cookies out of a request before it goes further.
pub(crate) fn remove_cookies(headers: &mut HeaderMap) {
    let is_ours = |cookie: &str| cookie.trim_start().starts_with(COOKIE_PREFIX);
    let lines: Vec<HeaderValue> = headers.get_all(header::COOKIE).iter().cloned().collect();
    if !lines
        .iter()
        .any(|line| line.to_str().is_ok_and(|l| l.split(';').any(is_ours)))
    {
        return;
    }
    headers.remove(header::COOKIE);
    for line in lines {
        let Ok(text) = line.to_str() else {
            headers.append(header::COOKIE, line);
            continue;
        };
        let rest: Vec<&str> = text
            .split(';')
            .filter(|c| !is_ours(c))
            .map(str::trim)
            .collect();
        if let Ok(rest) = HeaderValue::from_str(&rest.join("; "))
            && !rest.is_empty()
        {
            headers.append(header::COOKIE, rest);
        }
    }
}

/// One cookie for each resource: a browser sends back no other.
fn cookie_name(target: &Target) -> String {
    let hash = Sha256::digest(target.resource());
    format!(
        "{COOKIE_PREFIX}{}",
        hex::encode(hash.get(..8).unwrap_or_default())
    )
}

/// A path as a cookie can carry it; what cannot be written there is left to the cookie's name.
fn cookie_path(path: &str) -> &str {
    match path.find(|c: char| c == ';' || c == ',' || !c.is_ascii_graphic()) {
        None => path,
        Some(_) => "/",
    }
}

fn find_cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let cookies = lines.filter_map(|line| line.to_str().ok());
    let mut pairs = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(n, _)| *n == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    const NOW: u64 = 1_800_000_059;

    fn keys() -> Keys {
        let dir = tempfile::tempdir().unwrap();
        Keys::load_or_create(&dir.path().join("k")).unwrap()
    }

    fn target(uri: &str) -> Target {
        let request = Request::builder().uri(uri).body(()).unwrap();
        Target::of(&request.into_parts().0, Some("https://gazette.example"))
    }

    fn issued(keys: &Keys, target: &Target, body: Option<&BodyDigest>) -> Issued {
        let terms = Terms {
            issuer: "The Gazette",
            mint: "https://mint.example",
            unit: "credit",
            hours: 2,
        };
        issue(keys, &terms, target, body, 3, NOW).unwrap()
    }

    fn with(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    fn receipt_header(issued: &Issued) -> HeaderMap {
        let name = header::HeaderName::from_static(names::RECEIPT);
        with(name, issued.header.to_str().unwrap())
    }

    #[test]
    fn a_receipt_frees_its_resource_until_it_expires_and_nothing_else() {
        let keys = keys();
        let target_1 = target("/articles/1");
        let headers = receipt_header(&issued(&keys, &target_1, None));
        let free = |t: &Target, now| find(&keys, &headers, t, now).is_some();
        let expires = 1_800_000_000 + 2 * 3600;
        assert!(free(&target_1, NOW));
        assert!(free(&target_1, expires - 1));
        assert!(!free(&target_1, expires));
        assert!(!free(&target("/articles/2"), NOW));
        assert!(!free(&target("/articles/1?page=2"), NOW));
        let another = self::keys();
        assert!(find(&another, &headers, &target_1, NOW).is_none());
    }

    #[test]
    fn a_receipt_for_a_body_frees_that_body_alone() {
        let (keys, target) = (keys(), target("/api"));
        let headers = receipt_header(&issued(&keys, &target, Some(&[1; 32])));
        let receipt = find(&keys, &headers, &target, NOW).unwrap();
        assert!(covers(&receipt, Some(&[1; 32])));
        assert!(!covers(&receipt, Some(&[2; 32])));
        assert!(!covers(&receipt, None));
    }

    #[test]
    fn the_cookie_is_for_its_path_alone_and_not_for_scripts() {
        let (keys, target) = (keys(), target("/articles/1?a=b"));
        let issued = issued(&keys, &target, None);
        let cookie = issued.cookie.to_str().unwrap();
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(
            attributes,
            "Path=/articles/1; Max-Age=7200; HttpOnly; SameSite=Lax; Secure"
        );
        let headers = with(header::COOKIE, &format!("theme=dark; {pair}; lang=en"));
        let found = find(&keys, &headers, &target, NOW).unwrap();
        assert!(covers(&found, None));
        assert!(!covers(&found, Some(&[1; 32])));
        let mut passed_on = headers;
        remove_cookies(&mut passed_on);
        assert_eq!(passed_on[header::COOKIE], "theme=dark; lang=en");
        let mut alone = with(header::COOKIE, pair);
        remove_cookies(&mut alone);
        assert!(alone.is_empty());
    }
}
