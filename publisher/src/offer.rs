//! What a request without a valid payment is answered: 402 with the price, or why the payment was
//! refused; in JSON for programs, as a page for people (`docs/reference/protocol.md`, section 12.1).

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use farthing_protocol::payment::{LockOption, PaymentRequest, change, header as names};
use farthing_protocol::{ErrorCode, Unit};
use serde::Serialize;

use crate::cors::OwnAnswer;
use crate::error::Refusal;
use crate::page::{self, Asked, Page};

/// The price of a resource, and the ways to pay it.
pub(crate) struct Offer<'a> {
    pub(crate) site: &'a str,
    pub(crate) mint: &'a str,
    /// The mint's address for Cashu's wallets, where their tokens are taken.
    pub(crate) cashu_url: Option<&'a str>,
    /// The digest of the keysets that the mint signs with, as far as the publisher knows.
    pub(crate) keysets: String,
    pub(crate) unit: &'a str,
    pub(crate) decimals: u8,
    pub(crate) amount: u64,
    pub(crate) description: Option<&'a str>,
    pub(crate) lock: Option<LockOption>,
    /// The URL of what is bought.
    pub(crate) url: &'a str,
    /// The request for it.
    pub(crate) asked: Asked<'a>,
    /// The path that the page's form is sent to.
    pub(crate) pay_path: &'a str,
}

/// The body for programs.
#[derive(Serialize)]
struct Told<'a> {
    detail: &'a str,
    code: u32,
    amount: u64,
    unit: &'a str,
    mints: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    request: &'a str,
}

/// Seconds after which a client is asked to try again.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("2");

impl Offer<'_> {
    /// Returns the refusal of a request that pays nothing.
    pub(crate) fn price_asked(&self) -> Refusal {
        let price = Unit::new(self.unit, self.decimals).show(self.amount);
        let detail = format!("this costs {price}: send the request again with a token in X-Cashu");
        Refusal::new(ErrorCode::PaymentRequired, detail)
    }

    /// The answer to a request that is not served for what it pays.
    pub(crate) fn refuse(&self, headers: &HeaderMap, refusal: &Refusal) -> Response<Body> {
        let request = self.payment_request().encode();
        let is_page = accepts_html(headers);
        let body = if is_page {
            self.page(refusal, &request)
        } else {
            self.told(refusal, &request)
        };
        let mut response = Response::new(Body::from(body));
        let status = StatusCode::from_u16(refusal.status);
        *response.status_mut() = status.unwrap_or(StatusCode::BAD_REQUEST);
        response.extensions_mut().insert(OwnAnswer);
        let answered = response.headers_mut();
        let kind = if is_page {
            answered.insert(
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(page::CONTENT_SECURITY_POLICY),
            );
            "text/html; charset=utf-8"
        } else {
            "application/json"
        };
        answered.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        answered.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(request) = HeaderValue::from_str(&request) {
            answered.insert(names::CASHU, request);
        }
        if let Ok(keysets) = HeaderValue::from_str(&self.keysets) {
            answered.insert(names::KEYSETS, keysets);
        }
        if self.lock.is_none() {
            let change = HeaderValue::from_static(change::OUTPUTS_PREFIX);
            answered.insert(names::OUTPUTS, change);
        }
        if refusal.code == ErrorCode::Unavailable.number() {
            answered.insert(header::RETRY_AFTER, RETRY_AFTER_S);
        }
        response
    }

    /// The addresses of the mint whose tokens are taken.
    fn mints(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.mint).chain(self.cashu_url)
    }

    fn payment_request(&self) -> PaymentRequest {
        PaymentRequest {
            amount: Some(self.amount),
            unit: Some(self.unit.to_owned()),
            mints: self.mints().map(str::to_owned).collect(),
            description: self.description.map(str::to_owned),
            lock: self.lock.clone(),
            ..PaymentRequest::default()
        }
    }

    fn page(&self, refusal: &Refusal, request: &str) -> String {
        let asked = refusal.code == ErrorCode::PaymentRequired.number();
        page::page(&Page {
            site: self.site,
            what: self.description,
            amount: self.amount,
            unit: self.unit,
            decimals: self.decimals,
            mint_url: self.mint,
            cashu_url: self.cashu_url,
            request,
            url: self.url,
            asked: self.asked,
            pay_path: self.pay_path,
            error: (!asked).then_some(&refusal.detail),
        })
    }

    fn told(&self, refusal: &Refusal, request: &str) -> String {
        let told = Told {
            detail: &refusal.detail,
            code: refusal.code,
            amount: self.amount,
            unit: self.unit,
            mints: self.mints().collect(),
            description: self.description,
            request,
        };
        serde_json::to_string(&told).expect("text and numbers can be written as JSON")
    }
}

const HTML: &[u8] = b"text/html";

/// Whether the client is a browser that wants a page: it says so by name.
fn accepts_html(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|value| {
        let value = value.as_bytes().to_ascii_lowercase();
        value.windows(HTML.len()).any(|part| part == HTML)
    })
}
