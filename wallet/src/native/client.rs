//! HTTP by reqwest, with rustls.

use std::time::{Duration, SystemTime};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder};
use zeroize::Zeroizing;

use crate::http::{Http, HttpError, Request, Response};
use crate::web::{Head, Page, PageRequest, Web};

const CONNECT_TIMEOUT_S: u64 = 10;
/// For a mint's whole answer.
const TIMEOUT_S: u64 = 60;
/// For each piece of a page, and for its head: a site may ask others before it answers.
const READ_TIMEOUT_S: u64 = 120;
/// Far above any answer of the API; a mint must not fill the wallet's memory.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// An HTTP client: follows no redirects, keeps no cookies, obeys no proxy variables of the environment.
#[derive(Clone, Debug)]
pub struct ReqwestHttp(Client);

impl ReqwestHttp {
    /// Makes a client that trusts the system's certificates.
    ///
    /// # Errors
    /// [`HttpError`] when TLS cannot be set up at all.
    pub fn new() -> Result<Self, HttpError> {
        // A system without certificates (a bare container) still reaches mints over plain HTTP.
        let client = builder()
            .build()
            .or_else(|_| builder().tls_certs_only([]).build());
        client
            .map(Self)
            .map_err(|error| HttpError(error.to_string()))
    }
}

fn builder() -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(Duration::from_secs(CONNECT_TIMEOUT_S))
        .read_timeout(Duration::from_secs(READ_TIMEOUT_S))
}

impl Http for ReqwestHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let built = build(&self.0, &request)?;
        let mut answer = built.send().await.map_err(|error| reason(&error))?;
        let status = answer.status().as_u16();
        let retry_after_s = answer.headers().get(RETRY_AFTER).and_then(retry_after_s);
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| reason(&error))? {
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(HttpError("the answer is too large".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status,
            retry_after_s,
            body,
        })
    }
}

/// `Retry-After` in seconds (RFC 9110, section 10.2.3): a number, or a date from now on.
fn retry_after_s(value: &HeaderValue) -> Option<u64> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let left = until.duration_since(SystemTime::now());
    Some(left.map_or(0, |left| left.as_secs() + 1))
}

fn build(client: &Client, request: &Request) -> Result<RequestBuilder, HttpError> {
    let built = match &request.body {
        None => client.get(&request.url),
        Some(body) => client
            .post(&request.url)
            .header(CONTENT_TYPE, "application/json")
            .body(body.expose().to_owned()),
    };
    let mut built = built.timeout(Duration::from_secs(TIMEOUT_S));
    if let Some(token) = &request.bearer {
        let text = Zeroizing::new(format!("Bearer {}", token.expose()));
        built = built.header(AUTHORIZATION, secret_value(&text, "the API token")?);
    }
    Ok(built)
}

/// A header's value that reqwest neither logs nor shows.
fn secret_value(text: &str, what: &str) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| HttpError(format!("{what} has characters that no header can carry")))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A page that reqwest has begun to read.
#[derive(Debug)]
pub struct ReqwestPage {
    head: Head,
    answer: reqwest::Response,
}

impl Page for ReqwestPage {
    fn head(&self) -> &Head {
        &self.head
    }

    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, HttpError> {
        let chunk = self.answer.chunk().await.map_err(|error| reason(&error))?;
        Ok(chunk.map(Vec::from))
    }
}

impl Web for ReqwestHttp {
    type Page = ReqwestPage;

    async fn open(&self, request: &PageRequest) -> Result<ReqwestPage, HttpError> {
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| HttpError("this is not an HTTP method".to_owned()))?;
        let mut built = self.0.request(method, &request.url);
        for (name, value) in &request.headers {
            built = built.header(name, secret_value(value.expose(), name)?);
        }
        if let Some(body) = &request.body {
            built = built.body(body.clone());
        }
        let answer = built.send().await.map_err(|error| reason(&error))?;
        let header = |(name, value): (&reqwest::header::HeaderName, &HeaderValue)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        };
        let head = Head {
            status: answer.status().as_u16(),
            headers: answer.headers().iter().map(header).collect(),
        };
        Ok(ReqwestPage { head, answer })
    }
}

/// The innermost reason of a failure, such as "Connection refused": it names no body and no header.
fn reason(error: &reqwest::Error) -> HttpError {
    if error.is_timeout() {
        return HttpError("no answer in time".to_owned());
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    HttpError(innermost.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_a_number_or_a_date() {
        let seconds = |text: &str| retry_after_s(&HeaderValue::from_str(text).unwrap());
        assert_eq!(seconds("7"), Some(7));
        assert_eq!(seconds(" 120 "), Some(120));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
        for wrong in ["", "-1", "soon", "1.5"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
        let later = SystemTime::now() + Duration::from_secs(100);
        let left = seconds(&httpdate::fmt_http_date(later)).unwrap();
        assert!((90..=101).contains(&left), "{left}");
    }
}
