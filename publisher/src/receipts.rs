//! Receipts: signed for what was paid, shown again to read it again (`docs/reference/protocol.md`, section 12.5).

mod cookies;

use axum::http::{HeaderMap, HeaderValue, header};
use farthing_protocol::ErrorCode;
use farthing_protocol::payment::receipt::body_claim;
use farthing_protocol::payment::{Receipt, header as names};

use crate::binding::{BodyDigest, Target};
use crate::error::Refusal;
use crate::keys::Keys;
use crate::payment::single;
use cookies::Held;

/// Receipts carry the minute.
const MINUTE_S: u64 = 60;
/// The longest URL that is sold, in bytes: its receipt has to fit into a header of 16 KiB, together with
/// the names of publisher and mint, as base64.
const URL_BYTES_MAX: usize = 8192;

/// The contents of a receipt besides the resource.
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

/// A valid receipt that a request shows for its resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// SHA-256 of the body that it is for, base64url; none for no body.
    body: Option<String>,
}

/// Why a receipt opens nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It is not one that this paywall signed.
    Foreign,
    /// It is for something else.
    Elsewhere,
    /// Its time is over.
    Expired,
}

impl Fault {
    /// Returns what that means for a reader who was sent here with it.
    fn refusal(self, hours: u32) -> Refusal {
        let detail = match self {
            Self::Foreign => {
                "this is not a receipt of this site, so it opens nothing here; nothing was charged now. \
                 Open the page again from your wallet"
                    .to_owned()
            }
            Self::Elsewhere => {
                "the receipt is for another page than this; nothing was charged now. Open the page that \
                 you paid for from your wallet"
                    .to_owned()
            }
            Self::Expired => format!(
                "the receipt has expired: a payment opens a page for {hours} hours; nothing was charged \
                 now. To read the page again, pay for it again"
            ),
        };
        Refusal::new(ErrorCode::ReceiptInvalid, detail)
    }
}

/// Checks whether a receipt for this target could be shown again, which is asked before it is paid for.
///
/// # Errors
/// [`ErrorCode::Malformed`] for a URL that is too long.
pub(crate) fn check(target: &Target) -> Result<(), Refusal> {
    if target.url.len() <= URL_BYTES_MAX {
        return Ok(());
    }
    let detail = format!(
        "the URL is longer than {URL_BYTES_MAX} bytes, and no receipt could name it; nothing was spent: \
         use a shorter URL"
    );
    Err(Refusal::new(ErrorCode::Malformed, detail))
}

/// Signs a receipt. `None` when it does not fit into a header, which [`check`] and the checks of the
/// settings rule out.
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
        resource: target.asked_resource(),
        body: body.map(body_claim),
        amount,
        unit: terms.unit.to_owned(),
        mint: terms.mint.to_owned(),
        issued,
        expires: issued + lifetime,
    };
    let text = receipt.sign(&keys.receipts);
    Some(Issued {
        header: HeaderValue::from_str(&text).ok()?,
        cookie: cookies::issue(keys, target, body, receipt.expires, lifetime)?,
    })
}

/// The valid receipts that the request shows for its resource. What is left to compare is the request's
/// body ([`covers`]).
pub(crate) fn find(keys: &Keys, headers: &HeaderMap, target: &Target, now: u64) -> Vec<Shown> {
    let signed = |text: &str| {
        let Receipt { body, .. } = read(keys, text, target, now).ok()?;
        Some(Shown { body })
    };
    let header = single(headers, names::RECEIPT).ok().flatten();
    let of_cookies = cookies::find(keys, headers, target, now).filter_map(|held| match held {
        Held::Valid(body) => Some(Shown {
            body: body.as_ref().map(body_claim),
        }),
        Held::Signed(text) => signed(text),
    });
    header
        .and_then(signed)
        .into_iter()
        .chain(of_cookies)
        .collect()
}

/// Reads a signed receipt for this target.
fn read(keys: &Keys, text: &str, target: &Target, now: u64) -> Result<Receipt, Fault> {
    let (receipt, key) = Receipt::verify(text).map_err(|_| Fault::Foreign)?;
    if key != keys.receipts.verifying_key().to_bytes() {
        return Err(Fault::Foreign);
    }
    if !target.is_for(&receipt.resource) {
        return Err(Fault::Elsewhere);
    }
    if now >= receipt.expires {
        return Err(Fault::Expired);
    }
    Ok(receipt)
}

/// The cookie of a receipt that is valid for a request for `target` without a body; `hours` is for how long
/// receipts count.
///
/// # Errors
/// [`ErrorCode::ReceiptInvalid`].
pub(crate) fn cookie(
    keys: &Keys,
    text: &str,
    target: &Target,
    hours: u32,
    now: u64,
) -> Result<HeaderValue, Refusal> {
    let cookie = |receipt: Receipt| {
        if receipt.body.is_some() {
            return Err(Fault::Elsewhere);
        }
        let left = receipt.expires - now;
        cookies::issue(keys, target, None, receipt.expires, left).ok_or(Fault::Foreign)
    };
    let cookie = read(keys, text, target, now).and_then(cookie);
    cookie.map_err(|fault| fault.refusal(hours))
}

/// Returns whether one of the receipts is for a request with a body of this digest.
pub(crate) fn covers(receipts: &[Shown], body: Option<&BodyDigest>) -> bool {
    let body = body.map(body_claim);
    receipts.iter().any(|receipt| receipt.body == body)
}

/// Has the browser drop the oldest receipts' cookies when the request showed too many of them: they
/// would fill its `Cookie` header until servers in front refuse every request.
pub(crate) fn drop_surplus(asked: &HeaderMap, target: &Target, answer: &mut HeaderMap) {
    for line in cookies::surplus(asked, target) {
        answer.append(header::SET_COOKIE, line);
    }
}

/// Takes the receipts' cookies out of a request before it goes further.
pub(crate) fn remove_cookies(headers: &mut HeaderMap) {
    cookies::remove(headers);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::IgnoredQuery;
    use axum::http::Request;

    const NOW: u64 = 1_800_000_059;

    fn keys() -> Keys {
        let dir = tempfile::tempdir().unwrap();
        Keys::load_or_create(&dir.path().join("k")).unwrap()
    }

    fn target(uri: &str) -> Target {
        let request = Request::builder().uri(uri).body(()).unwrap();
        let parts = request.into_parts().0;
        Target::of(
            &parts,
            Some("https://gazette.example"),
            &IgnoredQuery::default(),
        )
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

    fn receipt_header(issued: &Issued) -> HeaderMap {
        let name = header::HeaderName::from_static(names::RECEIPT);
        HeaderMap::from_iter([(name, issued.header.clone())])
    }

    #[test]
    fn a_receipt_frees_its_resource_until_it_expires_and_nothing_else() {
        let keys = keys();
        let target_1 = target("/articles/1");
        let headers = receipt_header(&issued(&keys, &target_1, None));
        let free = |t: &Target, now| !find(&keys, &headers, t, now).is_empty();
        let expires = 1_800_000_000 + 2 * 3600;
        assert!(free(&target_1, NOW));
        assert!(free(&target_1, expires - 1));
        assert!(!free(&target_1, expires));
        assert!(!free(&target("/articles/2"), NOW));
        assert!(!free(&target("/articles/1?page=2"), NOW));
        let another = self::keys();
        assert_eq!(find(&another, &headers, &target_1, NOW), []);
    }

    #[test]
    fn a_receipt_becomes_a_cookie_for_its_page_and_says_why_if_it_does_not() {
        let keys = keys();
        let target_1 = target("/articles/1");
        let text = |issued: &Issued| issued.header.to_str().unwrap().to_owned();
        let receipt = text(&issued(&keys, &target_1, None));
        let expires = 1_800_000_000 + 2 * 3600;
        let cookie_of = |keys: &Keys, text: &str, target: &Target, now| {
            let cookie = cookie(keys, text, target, 2, now);
            cookie.map(|cookie| cookie.to_str().unwrap().to_owned())
        };
        let set = cookie_of(&keys, &receipt, &target_1, NOW).unwrap();
        let end = "; Path=/articles/1; Max-Age=7141; HttpOnly; SameSite=Lax; Secure";
        assert!(set.ends_with(end), "{set}");
        let pair = set.split("; ").next().unwrap();
        let headers = HeaderMap::from_iter([(header::COOKIE, pair.parse().unwrap())]);
        assert_eq!(find(&keys, &headers, &target_1, NOW).len(), 1);
        assert_eq!(find(&keys, &headers, &target_1, expires), []);

        let of_a_post = text(&issued(&keys, &target_1, Some(&[1; 32])));
        let others = text(&issued(&self::keys(), &target_1, None));
        let altered = receipt.replacen('.', ".A", 1);
        for (text, target, now, why) in [
            (
                &receipt,
                &target_1,
                expires,
                "the receipt has expired: a payment opens a page for 2 hours",
            ),
            (
                &receipt,
                &target("/articles/2"),
                NOW,
                "the receipt is for another page",
            ),
            (
                &of_a_post,
                &target_1,
                NOW,
                "the receipt is for another page",
            ),
            (
                &others,
                &target_1,
                NOW,
                "this is not a receipt of this site",
            ),
            (
                &altered,
                &target_1,
                NOW,
                "this is not a receipt of this site",
            ),
            (
                &String::new(),
                &target_1,
                NOW,
                "this is not a receipt of this site",
            ),
        ] {
            let refused = cookie_of(&keys, text, target, now).unwrap_err();
            assert_eq!((refused.status, refused.code), (402, 40202));
            assert!(refused.detail.starts_with(why), "{}", refused.detail);
        }
    }

    #[test]
    fn a_receipt_for_a_body_frees_that_body_alone() {
        let (keys, target) = (keys(), target("/api"));
        let headers = receipt_header(&issued(&keys, &target, Some(&[1; 32])));
        let receipts = find(&keys, &headers, &target, NOW);
        assert!(covers(&receipts, Some(&[1; 32])));
        assert!(!covers(&receipts, Some(&[2; 32])));
        assert!(!covers(&receipts, None));
    }

    #[test]
    fn parameters_that_are_ignored_make_no_difference_to_a_receipt() {
        let keys = keys();
        let of = |uri: &str, ignored: &[&str]| {
            let parts = Request::builder().uri(uri).body(()).unwrap().into_parts().0;
            let ignored = IgnoredQuery::parse(ignored).unwrap();
            Target::of(&parts, Some("https://gazette.example"), &ignored)
        };
        let came = of("/a?fbclid=1&page=2", &["fbclid"]);
        let issued = issued(&keys, &came, None);
        let text = issued.header.to_str().unwrap();
        let sub = Receipt::verify(text).unwrap().0.resource;
        assert_eq!(sub, "GET https://gazette.example/a?fbclid=1&page=2");
        let headers = receipt_header(&issued);
        let is_free = |target: &Target| !find(&keys, &headers, target, NOW).is_empty();
        for uri in [
            "/a?page=2",
            "/a?page=2&fbclid=3",
            "/a?fbclid=1&page=2",
            "/a?fbclid&page=2",
        ] {
            assert!(is_free(&of(uri, &["fbclid"])), "{uri}");
        }
        assert!(!is_free(&of("/a?page=3", &["fbclid"])));
        assert!(!is_free(&of("/a?page=2&utm_x=1", &["fbclid"])));
        assert!(!is_free(&of("/a?page=2", &[])));
        assert!(is_free(&of("/a?fbclid=1&page=2", &[])));
    }

    #[test]
    fn a_url_that_no_receipt_can_name_is_refused() {
        let long = "a".repeat(URL_BYTES_MAX);
        let refused = check(&target(&format!("/{long}"))).unwrap_err();
        assert_eq!((refused.status, refused.code), (400, 40001));
        let fits = &long[..URL_BYTES_MAX - "https://gazette.example/?".len()];
        let target = target(&format!("/?{fits}"));
        check(&target).unwrap();
        let keys = keys();
        let longest = "n".repeat(crate::settings::NAME_BYTES_MAX);
        let terms = Terms {
            issuer: &longest,
            mint: &longest,
            unit: "0123456789abcdef",
            hours: u32::MAX,
        };
        let issued = issue(&keys, &terms, &target, Some(&[1; 32]), u64::MAX, NOW).unwrap();
        assert!(issued.header.len() <= names::BYTES_MAX);
        assert!(issued.cookie.len() < 4096);
        let headers = receipt_header(&issued);
        let found = find(&keys, &headers, &target, NOW);
        assert!(covers(&found, Some(&[1; 32])));
    }
}
