//! What a request without a valid payment is answered: 402 with the price, or why the payment was
//! refused; in JSON for programs, as a page for people (`docs/reference/protocol.md`, section 12.1).

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use farthing_protocol::payment::{LockOption, PaymentRequest, change, header as names};
use farthing_protocol::{ErrorCode, Unit};
use serde::Serialize;
use url::Url;

use crate::cors::OwnAnswer;
use crate::error::Refusal;
use crate::page::{self, Asked, Page};

/// The price of a resource, and the ways to pay it.
pub(crate) struct Offer<'a> {
    pub(crate) site: &'a str,
    pub(crate) mint: &'a str,
    /// The mint's address for Cashu's wallets, where their tokens are taken.
    pub(crate) cashu_url: Option<&'a str>,
    /// The folder of the wallet that the page's button leads to.
    pub(crate) wallet: Option<String>,
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
    /// The amount as people write it.
    price: String,
    mints: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    request: &'a str,
    /// The address of the page's button.
    #[serde(skip_serializing_if = "Option::is_none")]
    pay: Option<String>,
}

/// Seconds after which a client is asked to try again.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("2");

impl Offer<'_> {
    /// Returns the refusal of a request that pays nothing.
    pub(crate) fn price_asked(&self) -> Refusal {
        let price = self.price();
        let detail = format!("this costs {price}: send the request again with a token in X-Cashu");
        Refusal::new(ErrorCode::PaymentRequired, detail)
    }

    /// The price as people write it: 250 of `usd` with two decimals is `2.50 usd`.
    fn price(&self) -> String {
        Unit::new(self.unit, self.decimals).show(self.amount)
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

    /// Returns where the page's button leads: to the wallet, with what to pay in the fragment, which no server sees.
    /// `None` without a wallet, and for what is not bought by a `GET` of an address.
    fn pay(&self, request: &str) -> Option<String> {
        let wallet = self.wallet.as_ref().filter(|_| self.asked.is_plain_get());
        let mut link = Url::parse(wallet?).ok()?;
        link.query_pairs_mut()
            .append_pair("pay", request)
            .append_pair("url", self.url)
            .append_pair("keysets", &self.keysets);
        let pairs = link.query().map(str::to_owned);
        link.set_query(None);
        link.set_fragment(pairs.as_deref());
        Some(link.into())
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
            price: &self.price(),
            pay: self.pay(request).as_deref(),
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
            price: self.price(),
            mints: self.mints().collect(),
            description: self.description,
            request,
            pay: self.pay(request),
        };
        serde_json::to_string(&told).expect("text and numbers can be written as JSON")
    }
}

const HTML: &[u8] = b"text/html";

/// Returns whether the client is a browser that wants a page: it says so by name.
fn accepts_html(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|value| {
        let value = value.as_bytes().to_ascii_lowercase();
        value.windows(HTML.len()).any(|part| part == HTML)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: Asked<'static> = Asked {
        method: "GET",
        has_body: false,
        content_type: None,
    };

    fn offer(url: &'static str) -> Offer<'static> {
        Offer {
            site: "The Gazette",
            mint: "https://mint.example",
            cashu_url: None,
            wallet: Some("https://mint.example/wallet/".to_owned()),
            keysets: "00ff".to_owned(),
            unit: "credit",
            decimals: 0,
            amount: 3,
            description: None,
            lock: None,
            url,
            asked: GET,
            pay_path: "/.well-known/farthing/pay",
        }
    }

    #[test]
    fn the_button_leads_to_the_wallet_with_all_in_the_fragment() {
        let url = "https://gazette.example/a?b=1&c=%20'\"<>+#d";
        let offer = offer(url);
        let link = offer.pay("creqA-_9").unwrap();
        assert_eq!(
            link,
            "https://mint.example/wallet/#pay=creqA-_9&url=https%3A%2F%2Fgazette.example%2Fa%3Fb%3D1%26c%3D%2520\
             %27%22%3C%3E%2B%23d&keysets=00ff"
        );
        let fragment = link.split_once('#').unwrap().1;
        let read = Url::parse(&format!("x:?{fragment}")).unwrap();
        let pairs: Vec<(String, String)> = read.query_pairs().into_owned().collect();
        assert_eq!(pairs[1], ("url".to_owned(), url.to_owned()));
        assert_eq!(pairs.len(), 3);
    }

    #[test]
    fn there_is_no_button_without_a_wallet_and_for_other_requests() {
        let url = "https://gazette.example/a";
        assert!(offer(url).pay("creqA").is_some());
        let no_wallet = Offer {
            wallet: None,
            ..offer(url)
        };
        assert_eq!(no_wallet.pay("creqA"), None);
        for (method, has_body) in [("POST", false), ("GET", true), ("HEAD", false)] {
            let asked = Asked {
                method,
                has_body,
                ..GET
            };
            let other = Offer {
                asked,
                ..offer(url)
            };
            assert_eq!(other.pay("creqA"), None, "{method}");
        }
    }

    #[test]
    fn prices_are_written_as_people_do() {
        for (amount, decimals, expected) in [
            (3, 0, "3 credit"),
            (0, 0, "0 credit"),
            (250, 2, "2.50 credit"),
            (5, 2, "0.05 credit"),
            (1, 8, "0.00000001 credit"),
            (u64::MAX, 2, "184467440737095516.15 credit"),
        ] {
            let offer = Offer {
                amount,
                decimals,
                ..offer("https://gazette.example/a")
            };
            assert_eq!(offer.price(), expected);
        }
    }
}
