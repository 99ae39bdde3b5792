//! HTTP by reqwest, with rustls.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder};
use zeroize::Zeroizing;

use crate::http::{Http, HttpError, Request, Response};

const CONNECT_TIMEOUT_S: u64 = 10;
const TIMEOUT_S: u64 = 60;
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
        .timeout(Duration::from_secs(TIMEOUT_S))
}

impl Http for ReqwestHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let built = build(&self.0, &request)?;
        let mut answer = built.send().await.map_err(|error| reason(&error))?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| reason(&error))? {
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(HttpError("the answer is too large".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, body })
    }
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
        let text = Zeroizing::new(format!("Bearer {}", token.expose()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            HttpError("the API token has characters that no header can carry".to_owned())
        })?;
        value.set_sensitive(true);
        built = built.header(AUTHORIZATION, value);
    }
    Ok(built)
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
