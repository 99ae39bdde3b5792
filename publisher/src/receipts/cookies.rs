//! The cookies that receipts travel in between a browser and the paywall: what they hold, how many of
//! them a browser keeps, and how they are taken out of requests.
//!
//! A `Cookie` header is read as bytes. What is in it beside the paywall's own cookies belongs to the
//! site: it may hold anything, and is passed on as it came.
//!
//! A browser sends a cookie by the path alone, so the receipts for `/watch?v=1` and `/watch?v=2` come
//! together. They are small, and the oldest are dropped before they fill a header.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use farthing_protocol::payment::Receipt;
use sha2::{Digest as _, Sha256};

use crate::binding::{BodyDigest, Target};
use crate::keys::{CookieMac, Keys};

/// The prefix of the names of receipts' cookies.
const PREFIX: &str = "farthing-receipt-";
/// Receipts' cookies that a browser keeps for one path, the newest of them.
const KEPT_MAX: usize = 32;
/// How many bytes of a request's `Cookie` header they may take. nginx takes headers of 8 KiB unless it
/// is told otherwise; half of that is the site's.
const KEPT_BYTES_MAX: usize = 4096;
/// How many bytes of one answer may go into dropping cookies. What is over is dropped by the next answer.
const DROPPED_BYTES_MAX: usize = 2048;
/// The longest `Path` of a cookie that browsers heed (RFC 6265bis, section 5.6).
const PATH_BYTES_MAX: usize = 1024;

/// A receipt as it stands in a cookie: until when it counts, for which body, and a MAC over that and
/// what was bought. The URL itself is not in it, so that a long one fits too.
struct Content {
    expires: u64,
    /// How long the cookie's path is, which is a prefix of the path that it was bought for: what it takes
    /// to have the browser drop the cookie.
    path_bytes: u16,
    body: Option<BodyDigest>,
    mac: CookieMac,
}

impl Content {
    fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(58);
        bytes.extend(self.expires.to_be_bytes());
        bytes.extend(self.path_bytes.to_be_bytes());
        bytes.extend(self.body.iter().flatten());
        bytes.extend(self.mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn decode(value: &[u8]) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        let (expires, rest) = bytes.split_first_chunk()?;
        let (path_bytes, rest) = rest.split_first_chunk()?;
        let (body, mac) = rest.split_last_chunk()?;
        Some(Self {
            expires: u64::from_be_bytes(*expires),
            path_bytes: u16::from_be_bytes(*path_bytes),
            body: match body {
                [] => None,
                body => Some(body.try_into().ok()?),
            },
            mac: *mac,
        })
    }

    /// The message that the MAC is over.
    fn message(&self, target: &Target) -> Vec<u8> {
        let mut message = Vec::with_capacity(74);
        message.extend(self.expires.to_be_bytes());
        message.extend(self.path_bytes.to_be_bytes());
        message.extend(Sha256::digest(target.resource()));
        message.extend(self.body.iter().flatten());
        message
    }
}

/// The `Set-Cookie` of a receipt. `None` when no header can carry it.
pub(super) fn issue(
    keys: &Keys,
    target: &Target,
    body: Option<&BodyDigest>,
    expires: u64,
    lifetime: u64,
) -> Option<HeaderValue> {
    let path = cookie_path(&target.path);
    let mut content = Content {
        expires,
        path_bytes: u16::try_from(path.len()).ok()?,
        body: body.copied(),
        mac: CookieMac::default(),
    };
    content.mac = keys.cookie_mac(&content.message(target));
    let (name, value) = (name(&target.resource()), content.encode());
    let attributes = attributes(target, path, lifetime);
    HeaderValue::from_str(&format!("{name}={value}; {attributes}")).ok()
}

/// A receipt that a cookie holds, as far as the cookie shows it.
pub(super) enum Held<'h> {
    /// One that the paywall has vouched for, for a body with this digest.
    Valid(Option<BodyDigest>),
    /// What may be a signed receipt: the cookies of earlier versions held those.
    Signed(&'h str),
}

/// Returns what the request's cookies hold for this resource. All of its name are looked at: anybody who can
/// set cookies for the site's domain can put another one before the paywall's.
pub(super) fn find<'h>(
    keys: &'h Keys,
    headers: &'h HeaderMap,
    target: &'h Target,
    now: u64,
) -> impl Iterator<Item = Held<'h>> {
    // Cookies of earlier versions are named by the URL as it was asked for.
    let names = [name(&target.resource()), name(&target.asked_resource())];
    let ours = all(headers).filter(move |cookie| names.iter().any(|n| n.as_bytes() == cookie.name));
    ours.filter_map(move |cookie| match Content::decode(cookie.value) {
        Some(content) => {
            let is_ours = keys.is_cookie_mac(&content.message(target), &content.mac);
            (is_ours && now < content.expires).then_some(Held::Valid(content.body))
        }
        None => std::str::from_utf8(cookie.value).ok().map(Held::Signed),
    })
}

/// The `Set-Cookie`s that have a browser drop the oldest receipts that the request shows beside the one
/// for `target`, if they are more than it should keep.
pub(super) fn surplus(headers: &HeaderMap, target: &Target) -> Vec<HeaderValue> {
    let own = name(&target.resource());
    let others = all(headers).filter(|cookie| cookie.name != own.as_bytes());
    let others: Vec<Cookie<'_>> = others.collect();
    let bytes: usize = others.iter().map(Cookie::bytes).sum();
    if others.len() < KEPT_MAX && bytes <= KEPT_BYTES_MAX {
        return Vec::new();
    }
    let mut known: Vec<(u64, &str, &Cookie<'_>)> = Vec::new();
    let found = others.iter().filter_map(|cookie| {
        let (expires, path) = cookie.place(target)?;
        Some((expires, path, cookie))
    });
    known.extend(found);
    // Browsers send the oldest of a path first, and the sort leaves equal ones in that order.
    known.sort_by_key(|(expires, _, _)| *expires);
    let (mut count, mut bytes, mut spent) = (others.len(), bytes, 0);
    let mut dropped = Vec::new();
    for (_, path, cookie) in known {
        if count < KEPT_MAX && bytes <= KEPT_BYTES_MAX {
            break;
        }
        let Ok(name) = std::str::from_utf8(cookie.name) else {
            continue;
        };
        let line = format!("{name}=; {}", attributes(target, path, 0));
        spent += line.len();
        if spent > DROPPED_BYTES_MAX && !dropped.is_empty() {
            break;
        }
        count -= 1;
        bytes -= cookie.bytes();
        dropped.extend(HeaderValue::from_str(&line));
    }
    dropped
}

/// Takes the receipts' cookies out of a request before it goes further. The rest stays byte for byte.
pub(super) fn remove(headers: &mut HeaderMap) {
    let lines: Vec<HeaderValue> = headers.get_all(header::COOKIE).iter().cloned().collect();
    if !lines.iter().any(|line| pairs(line).any(is_receipt)) {
        return;
    }
    headers.remove(header::COOKIE);
    for line in lines {
        if !pairs(&line).any(is_receipt) {
            headers.append(header::COOKIE, line);
            continue;
        }
        let rest: Vec<&[u8]> = pairs(&line).filter(|pair| !is_receipt(pair)).collect();
        let rest = rest.join(&b';');
        if let Ok(rest) = HeaderValue::from_bytes(rest.trim_ascii_start())
            && !rest.is_empty()
        {
            headers.append(header::COOKIE, rest);
        }
    }
}

/// One of the receipts' cookies in a request.
struct Cookie<'h> {
    name: &'h [u8],
    value: &'h [u8],
}

impl<'h> Cookie<'h> {
    /// The bytes that it takes of a `Cookie` header, with the separator to the next.
    fn bytes(&self) -> usize {
        self.name.len() + self.value.len() + 3
    }

    /// Returns until when it counts by its own word, and the path that the browser keeps it for.
    fn place<'t>(&self, target: &'t Target) -> Option<(u64, &'t str)> {
        if let Some(content) = Content::decode(self.value) {
            let path = target.path.get(..content.path_bytes.into())?;
            return Some((content.expires, path));
        }
        let (receipt, _) = Receipt::verify(std::str::from_utf8(self.value).ok()?).ok()?;
        let url = receipt.resource.split_once("://")?.1;
        let path = url.get(url.find('/')?..)?.split('?').next()?;
        // It would not have been sent for another path. Whatever has no such path has `/`.
        let path = target.path.get(..path.len()).filter(|ours| *ours == path);
        Some((receipt.expires, path.unwrap_or("/")))
    }
}

/// The receipts' cookies of a request, in their order.
fn all(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    let lines = headers.get_all(header::COOKIE).into_iter();
    let ours = lines.flat_map(pairs).filter(|pair| is_receipt(pair));
    ours.filter_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (pair.get(..at)?, pair.get(at + 1..)?);
        Some(Cookie {
            name: name.trim_ascii(),
            value: value.trim_ascii(),
        })
    })
}

fn pairs(line: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    line.as_bytes().split(|byte| *byte == b';')
}

fn is_receipt(pair: &[u8]) -> bool {
    pair.trim_ascii_start().starts_with(PREFIX.as_bytes())
}

/// One cookie for each resource: a browser sends back no other.
fn name(resource: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(resource).into();
    format!("{PREFIX}{}", hex::encode(&hash[..8]))
}

/// The longest path that a cookie can have and that covers `path`: itself, or else a folder above it.
fn cookie_path(path: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, ';' | ',');
    let plain = path.find(|c| !is_plain(c)).unwrap_or(path.len());
    if plain == path.len() && plain <= PATH_BYTES_MAX {
        return path;
    }
    let start = path.get(..plain.min(PATH_BYTES_MAX)).unwrap_or_default();
    start
        .rfind('/')
        .and_then(|slash| start.get(..=slash))
        .unwrap_or("/")
}

fn attributes(target: &Target, path: &str, lifetime: u64) -> String {
    let secure = if target.url.starts_with("https://") {
        "; Secure"
    } else {
        ""
    };
    format!("Path={path}; Max-Age={lifetime}; HttpOnly; SameSite=Lax{secure}")
}

#[cfg(test)]
#[path = "cookies_tests.rs"]
mod tests;
