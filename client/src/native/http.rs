//! HTTP by reqwest, with rustls: for a wallet, without telling that two requests are one wallet's, and for
//! a server.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use farthing_protocol::api::path;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder};
use url::Url;
use zeroize::Zeroizing;

use super::proxy::SocksProxy;
use crate::http::{ApiToken, Http, HttpError, Request, Response};

/// Far proxies build a way through the network first.
const CONNECT_TIMEOUT_S: u64 = 10;
const CONNECT_TIMEOUT_BY_PROXY_S: u64 = 60;
/// For a mint's whole answer.
const TIMEOUT_S: u64 = 60;
const TIMEOUT_BY_PROXY_S: u64 = 120;
/// For each piece of a page, and for its head: a site may ask others before it answers.
const READ_TIMEOUT_S: u64 = 120;
/// Far above any answer of the API; a mint must not fill its client's memory.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A group of requests that share a connection. Requests of another group go over another connection, and
/// through a proxy under another name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Circuit {
    /// What a mint tells everybody: its keys must be those that it shows to others.
    Public(String),
    /// The holder's account at a mint, which the mint knows by its API token.
    Account(String),
    /// A search for tokens by the phrase.
    Restore(String),
    /// The pages of a site, and payments for them.
    Pages(String),
}

impl Circuit {
    /// Returns the circuit of a request to a mint; `None` for one that gets a connection of its own, because
    /// it belongs to no other: tokens that are swapped, or asked about.
    fn of(request: &Request) -> Option<Self> {
        let mint = site(&request.url);
        if request.bearer.is_some() {
            return Some(Self::Account(mint));
        }
        if request.body.is_none() {
            return Some(Self::Public(mint));
        }
        let restore = request.url.ends_with(path::RESTORE);
        restore.then_some(Self::Restore(mint))
    }
}

/// Scheme, host and port of an address.
fn site(url: &str) -> String {
    let parsed = Url::parse(url).map(|url| url.origin().ascii_serialization());
    parsed.unwrap_or_else(|_| url.to_owned())
}

/// A wallet's HTTP client: follows no redirects, keeps no cookies, obeys no proxy variables of the
/// environment.
///
/// Requests for one purpose share a connection, and no others: keys, the account, a restore, and each
/// site have theirs, and each swap its own. With a proxy every request goes through it, and to each of
/// these connections under a random name that no other ever had.
#[derive(Debug)]
pub struct ReqwestHttp {
    proxy: Option<SocksProxy>,
    roots: Vec<Certificate>,
    clients: Mutex<HashMap<Circuit, Client>>,
}

impl ReqwestHttp {
    /// Makes a client that trusts the system's certificates, and goes through `proxy` if there is one.
    #[must_use]
    pub fn new(proxy: Option<SocksProxy>) -> Self {
        // The platform's own verifier may ask others whether a certificate still counts, past the
        // proxy. Its certificates alone ask nobody. A system without any (a bare container) still
        // reaches mints over plain HTTP.
        let found = rustls_native_certs::load_native_certs().certs;
        let roots = found.iter().map(|der| Certificate::from_der(der));
        Self {
            proxy,
            roots: roots.filter_map(Result::ok).collect(),
            clients: Mutex::default(),
        }
    }

    /// Returns the client whose connections are for the pages at `url`, and for payments for them. It has no
    /// timeout for a whole answer: pages may be long.
    ///
    /// # Errors
    /// [`HttpError`] when no client can be made.
    pub fn for_pages(&self, url: &str) -> Result<Client, HttpError> {
        self.client(Some(Circuit::Pages(site(url))))
    }

    fn client(&self, circuit: Option<Circuit>) -> Result<Client, HttpError> {
        let Some(circuit) = circuit else {
            return self.fresh();
        };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&circuit) {
            return Ok(client.clone());
        }
        let client = self.fresh()?;
        clients.insert(circuit, client.clone());
        Ok(client)
    }

    fn fresh(&self) -> Result<Client, HttpError> {
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .tls_certs_only(self.roots.clone())
            .connect_timeout(Duration::from_secs(CONNECT_TIMEOUT_S))
            .read_timeout(Duration::from_secs(READ_TIMEOUT_S));
        if let Some(proxy) = &self.proxy {
            builder = builder
                .proxy(proxy.circuit()?)
                .connect_timeout(Duration::from_secs(CONNECT_TIMEOUT_BY_PROXY_S));
        }
        builder
            .build()
            .map_err(|error| HttpError(error.to_string()))
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(match self.proxy {
            Some(_) => TIMEOUT_BY_PROXY_S,
            None => TIMEOUT_S,
        })
    }

    /// Returns what a failure means, also when the proxy is its cause. It names no body and no header.
    pub async fn reason(&self, error: reqwest::Error) -> HttpError {
        let reason = reason(&error);
        let Some(proxy) = self.proxy.as_ref().filter(|_| error.is_connect()) else {
            return reason;
        };
        match proxy.check().await {
            Err(down) => down,
            Ok(()) => {
                let reason = reason.0.replace("SOCKS error: ", "");
                HttpError(format!("the proxy {proxy} could not reach it: {reason}"))
            }
        }
    }
}

impl Http for ReqwestHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let client = self.client(Circuit::of(&request))?;
        let sent = build(&client, &request)?.timeout(self.timeout()).send();
        match sent.await {
            Ok(answer) => read(answer).await,
            Err(error) => Err(self.reason(error).await),
        }
    }
}

/// A server's HTTP client: follows no redirects, keeps no cookies, obeys no proxy variables of the
/// environment. All requests share its connections.
#[derive(Clone, Debug)]
pub struct PooledHttp(Client);

impl PooledHttp {
    /// Makes a client that trusts what the system trusts, and waits at most `timeout` for a whole answer.
    ///
    /// # Errors
    /// [`HttpError`] when no client can be made.
    pub fn new(timeout: Duration) -> Result<Self, HttpError> {
        let builder = || {
            Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .referer(false)
                .timeout(timeout)
        };
        // A system without certificates (a bare container) still reaches mints over plain HTTP.
        let built = builder().build();
        let built = built.or_else(|_| builder().tls_certs_only([]).build());
        built.map(Self).map_err(|error| reason(&error))
    }
}

impl Http for PooledHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let sent = build(&self.0, &request)?.send().await;
        read(sent.map_err(|error| reason(&error))?).await
    }
}

/// Reads a whole answer of bounded size.
async fn read(mut answer: reqwest::Response) -> Result<Response, HttpError> {
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

/// `Retry-After` in seconds ([RFC 9110, section 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)): a number, or a date from now on.
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
    let mut built = match &request.body {
        None => client.get(&request.url),
        Some(body) => client
            .post(&request.url)
            .header(CONTENT_TYPE, "application/json")
            .body(body.expose().to_owned()),
    };
    if let Some(token) = &request.bearer {
        built = built.header(AUTHORIZATION, authorization(token)?);
    }
    Ok(built)
}

/// Writes an API token as the value of `Authorization`.
///
/// # Errors
/// [`HttpError`] for characters that no header can carry.
pub fn authorization(token: &ApiToken) -> Result<HeaderValue, HttpError> {
    let text = Zeroizing::new(format!("Bearer {}", token.expose()));
    secret_value(&text, "the API token")
}

/// Makes a header's value that reqwest neither logs nor shows. `what` names it in the error.
///
/// # Errors
/// [`HttpError`] for characters that no header can carry.
pub fn secret_value(text: &str, what: &str) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| HttpError(format!("{what} has characters that no header can carry")))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Returns the innermost reason of a failure, such as "Connection refused": it names no body and no header.
pub fn reason(error: &reqwest::Error) -> HttpError {
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
