//! What a program in a page of another origin may read (CORS, <https://fetch.spec.whatwg.org/#http-cors-protocol>):
//! of the paywall's own answers as the settings say, of the site's as the site says.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header,
};
use farthing_protocol::payment::header as names;
use tower::{Service, ServiceExt as _};

use crate::error::Error;

/// Origins whose pages may read what the paywall itself answers: what a page costs, and why a payment
/// was refused. Never with cookies. What is behind the paywall has its own policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// All.
    #[default]
    Any,
    /// These, such as `https://reader.example`.
    These(Vec<String>),
}

/// In the extensions of an answer that is the paywall's own.
#[derive(Clone, Copy, Debug)]
pub struct OwnAnswer;

/// The paywall's headers of requests.
const ASKED: [&str; 3] = [names::CASHU, names::OUTPUTS, names::RECEIPT];
/// Its headers of the answers that it gives itself.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("x-cashu, x-cashu-outputs, x-cashu-keysets, retry-after");
/// Its headers of the answers that it lets through.
const EXPOSED_WHEN_PAID: HeaderValue =
    HeaderValue::from_static("x-cashu-signatures, x-cashu-receipt");
/// For how long a browser may remember a preflight that the paywall answered, in seconds.
const PREFLIGHT_MAX_AGE_S: HeaderValue = HeaderValue::from_static("600");

impl AllowedOrigins {
    /// Reads `*`, or origins such as `https://reader.example`.
    ///
    /// # Errors
    /// [`Error::Settings`], naming the text that is not an origin.
    pub fn parse<T: AsRef<str>>(origins: &[T]) -> Result<Self, Error> {
        if origins.iter().any(|origin| origin.as_ref() == "*") {
            return Ok(Self::Any);
        }
        let read = |origin: &T| {
            let origin = origin.as_ref();
            let url = reqwest::Url::parse(origin).ok();
            let normal = url.map(|url| url.origin().ascii_serialization());
            let is_origin = |normal: &String| {
                normal.starts_with("http")
                    && normal.eq_ignore_ascii_case(origin.trim_end_matches('/'))
            };
            normal.filter(is_origin).ok_or_else(|| {
                Error::Settings(format!(
                    "allowed_origins: {origin:?} is no origin: write https://reader.example, without a \
                     path and without the usual port, or * for all"
                ))
            })
        };
        origins
            .iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Self::These)
    }

    /// Returns the origin that an answer allows to read it; `None` if this one may not.
    fn grant(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        match self {
            Self::Any => Some(HeaderValue::from_static("*")),
            Self::These(origins) => {
                let is_this = |allowed: &String| allowed.as_bytes() == origin.as_bytes();
                origins.iter().any(is_this).then(|| origin.clone())
            }
        }
    }

    /// Lets a page of another origin read an answer of the paywall's own, and in an answer of the site's
    /// that it may read the paywall's headers.
    pub fn share(&self, origin: Option<&HeaderValue>, answer: &mut Response<Body>) {
        let Some(origin) = origin else {
            return;
        };
        let is_own = answer.extensions().get::<OwnAnswer>().is_some();
        let headers = answer.headers_mut();
        if is_own {
            if let Some(granted) = self.grant(origin) {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, granted);
                headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
            if *self != Self::Any {
                headers.append(header::VARY, HeaderValue::from_static("origin"));
            }
        } else if headers.contains_key(names::RECEIPT) || headers.contains_key(names::SIGNATURES) {
            headers.append(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_WHEN_PAID);
        }
    }
}

/// Lets a page of any origin read an answer to a wallet that pays. The wallet is a page of whatever origin
/// the reader chose, and what it says is no cookie's: anybody with the token could say it.
pub(crate) fn for_any_origin(mut answer: Response<Body>) -> Response<Body> {
    // It is shared here, and not as the settings say.
    answer.extensions_mut().remove::<OwnAnswer>();
    let headers = answer.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    answer
}

/// The answer to the preflight of a wallet that is about to pay.
pub(crate) fn preflight_for_any_origin() -> Response<Body> {
    let [any, post, kind] = ["*", "POST", "content-type"].map(HeaderValue::from_static);
    allowed(any, post, kind)
}

/// The method that a preflight asks for, when the request is one: a browser asks whether a page of another
/// origin may send a request.
pub(crate) fn preflight(parts: &Parts) -> Option<Method> {
    let asked = parts.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    let is_preflight =
        parts.method == Method::OPTIONS && parts.headers.contains_key(header::ORIGIN);
    let method = Method::from_bytes(asked.as_bytes()).ok()?;
    is_preflight.then_some(method)
}

/// Asks what is behind the paywall about a priced resource without a price: a preflight, or `OPTIONS *`.
/// Of the request goes on only what browsers send in a preflight, and of the answer comes back only what
/// it says about methods and origins: a server that ignores the method reveals nothing.
pub(crate) async fn ask<S>(
    origins: &AllowedOrigins,
    inner: S,
    mut parts: Parts,
) -> Result<Response<Body>, S::Error>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    let preflight = Preflight::take(&mut parts);
    keep(&mut parts.headers, is_of_a_preflight);
    let request = Request::from_parts(parts, Body::empty());
    let answer = reduce(inner.oneshot(request).await?);
    Ok(match preflight {
        Some(preflight) => preflight.with_own_names(origins, answer),
        None => answer,
    })
}

/// A preflight for a request that pays.
struct Preflight {
    origin: HeaderValue,
    method: Method,
    /// The paywall's headers that the request is to have.
    own_names: HeaderValue,
    /// Whether a page could send the request without asking, but for these headers.
    is_simple_else: bool,
}

impl Preflight {
    /// Takes the paywall's headers out of what is asked for: the site knows nothing of them, and might
    /// refuse.
    fn take(parts: &mut Parts) -> Option<Self> {
        let method = preflight(parts)?;
        let headers = &mut parts.headers;
        let origin = headers.get(header::ORIGIN)?.clone();
        let lines: Vec<HeaderValue> = headers
            .get_all(header::ACCESS_CONTROL_REQUEST_HEADERS)
            .iter()
            .cloned()
            .collect();
        let items = lines
            .iter()
            .flat_map(|line| line.as_bytes().split(|b| *b == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|item| !item.is_empty());
        let is_own = |item: &&[u8]| {
            ASKED
                .iter()
                .any(|own| item.eq_ignore_ascii_case(own.as_bytes()))
        };
        let (own, others): (Vec<&[u8]>, Vec<&[u8]>) = items.partition(is_own);
        if own.is_empty() {
            return None;
        }
        headers.remove(header::ACCESS_CONTROL_REQUEST_HEADERS);
        if !others.is_empty()
            && let Ok(others) = HeaderValue::from_bytes(&others.join(&b","[..]))
        {
            headers.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, others);
        }
        let is_simple = [Method::GET, Method::HEAD, Method::POST].contains(&method);
        Some(Self {
            origin,
            method,
            own_names: HeaderValue::from_bytes(&own.join(&b", "[..])).ok()?,
            is_simple_else: is_simple && others.is_empty(),
        })
    }

    /// The site's answer with the paywall's headers among those that it allows. Where the site allows
    /// nothing, and nothing but these headers needs to be allowed, the settings decide: whether the page
    /// may read what the site then answers stays the site's affair.
    fn with_own_names(
        self,
        origins: &AllowedOrigins,
        mut answer: Response<Body>,
    ) -> Response<Body> {
        let is_allowed = answer.status().is_success()
            && answer
                .headers()
                .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        if is_allowed {
            let headers = answer.headers_mut();
            headers.append(header::ACCESS_CONTROL_ALLOW_HEADERS, self.own_names);
            return answer;
        }
        let granted = origins.grant(&self.origin).filter(|_| self.is_simple_else);
        let (Some(origin), Ok(method)) = (granted, HeaderValue::from_str(self.method.as_str()))
        else {
            return answer;
        };
        allowed(origin, method, self.own_names)
    }
}

/// The paywall's own answer to a preflight: pages of `origin` may send `method` with the headers `names`.
fn allowed(origin: HeaderValue, method: HeaderValue, names: HeaderValue) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, method);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE_S);
    answer
}

/// Returns what an answer says about methods and origins, and nothing else.
fn reduce(answer: Response<Body>) -> Response<Body> {
    let (mut parts, _) = answer.into_parts();
    keep(&mut parts.headers, |name| {
        name == "allow" || name.starts_with("access-control-")
    });
    let mut reduced = Response::new(Body::empty());
    *reduced.status_mut() = match parts.status {
        status if status.is_informational() => StatusCode::BAD_GATEWAY,
        status => status,
    };
    *reduced.headers_mut() = parts.headers;
    reduced
}

/// Returns whether a browser's preflight, or a proxy in front, has a header of this name.
fn is_of_a_preflight(name: &str) -> bool {
    matches!(name, "host" | "origin" | "referer" | "user-agent")
        || [
            "accept",
            "access-control-request-",
            "sec-fetch-",
            "x-forwarded-",
        ]
        .iter()
        .any(|start| name.starts_with(start))
}

fn keep(headers: &mut HeaderMap, is_kept: impl Fn(&str) -> bool) {
    let names = headers.keys().filter(|name| !is_kept(name.as_str()));
    for name in names.cloned().collect::<Vec<HeaderName>>() {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> HeaderValue {
        HeaderValue::from_str(text).unwrap()
    }

    #[test]
    fn origins_are_read_and_what_is_none_is_named() {
        assert_eq!(AllowedOrigins::parse(&["*"]).unwrap(), AllowedOrigins::Any);
        let none: [&str; 0] = [];
        let none = AllowedOrigins::parse(&none).unwrap();
        assert_eq!(none.grant(&value("https://a.example")), None);
        let some =
            AllowedOrigins::parse(&["https://Reader.example/", "http://[::1]:8080"]).unwrap();
        for (origin, is_granted) in [
            ("https://reader.example", true),
            ("http://[::1]:8080", true),
            ("http://reader.example", false),
            ("https://reader.example:8443", false),
            ("https://reader.example.evil.example", false),
            ("null", false),
        ] {
            let granted = some.grant(&value(origin));
            assert_eq!(granted, is_granted.then(|| value(origin)), "{origin}");
            assert_eq!(AllowedOrigins::Any.grant(&value(origin)), Some(value("*")));
        }
        for wrong in [
            "",
            "reader.example",
            "https://a/b",
            "https://a:443",
            "null",
            "ftp://a",
            "https://u@a",
        ] {
            let error = AllowedOrigins::parse(&[wrong]).unwrap_err().to_string();
            assert!(
                error.contains(&format!("{wrong:?} is no origin")),
                "{error}"
            );
        }
    }
}
