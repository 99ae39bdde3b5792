//! Paying a site from another one's page (`docs/reference/protocol.md`, section 12).
//!
//! The wallet's library asks for a page, is told its price, and asks again with a token. A browser cannot read
//! the pages of other sites. So the price is the one that the link brought which led to the wallet, and the
//! token goes to the paywall as JSON, to an address that answers to pages of any site.

use farthing_protocol::Secret;
use farthing_protocol::payment::exchange::PAY_PATH;
use farthing_protocol::payment::{Paid, PayRequest, change, header};
use farthing_wallet::PageRequest;
use farthing_wallet::http::HttpError;
use farthing_wallet::web::Head;
use url::Url;

/// What a link to the wallet says about a page that is to be paid.
#[derive(Clone)]
pub(crate) struct PayLink {
    /// The payment request, as a paywall writes it into `X-Cashu`.
    pub(crate) request: String,
    /// The digest of the mint's keysets, as a paywall writes it into `X-Cashu-Keysets`.
    pub(crate) keysets: Option<String>,
    /// Whether the site was handed the receipt that the wallet has for the page, and did not take it.
    pub(crate) receipt_refused: bool,
}

/// What to do to open a page.
pub(crate) enum Step {
    /// Nothing: this is the answer, without a body.
    Answer(Head),
    /// To POST this JSON there.
    Post(String, Secret),
}

/// What opening a page comes to.
///
/// # Errors
/// [`HttpError`] for a page that no link is known of.
pub(crate) fn step(link: Option<&PayLink>, request: &PageRequest) -> Result<Step, HttpError> {
    let sent = |name: &str| {
        let mut headers = request.headers.iter();
        headers.find(|(n, _)| n == name).map(|(_, value)| value)
    };
    if let Some(token) = sent(header::CASHU) {
        let payment = PayRequest {
            token: token.clone(),
            outputs: sent(header::OUTPUTS).map(|outputs| outputs.expose().to_owned()),
            method: request.method.clone(),
            url: request.url.clone(),
        };
        let body = serde_json::to_string(&payment).expect("texts are always JSON");
        return Ok(Step::Post(pay_address(&request.url)?, Secret::new(body)));
    }
    let unknown = || HttpError("the link that led to the wallet is not known".to_owned());
    let link = link.ok_or_else(unknown)?;
    if sent(header::RECEIPT).is_some() && !link.receipt_refused {
        return Ok(Step::Answer(head(200, Vec::new())));
    }
    let mut headers = vec![
        named(header::CASHU, &link.request),
        // A paywall that has this exchange gives change.
        named(header::OUTPUTS, change::OUTPUTS_PREFIX),
    ];
    headers.extend(
        link.keysets
            .iter()
            .map(|digest| named(header::KEYSETS, digest)),
    );
    Ok(Step::Answer(head(402, headers)))
}

/// A site's answer to a payment, as it would be if the page itself had answered.
pub(crate) fn answer(
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
) -> (Head, Vec<u8>) {
    if status != 200 {
        return (head(status, headers), body);
    }
    // What is no receipt is an answer without one: the wallet asks the mint what became of the token.
    let paid: Option<Paid> = farthing_protocol::json::from_slice(&body).ok();
    let mut headers = Vec::new();
    if let Some(paid) = &paid {
        headers.push(named(header::RECEIPT, paid.receipt.expose()));
        let signatures = paid.signatures.iter();
        headers.extend(signatures.map(|signatures| named(header::SIGNATURES, signatures)));
    }
    (head(200, headers), Vec::new())
}

/// Where the paywall in front of a page takes payments.
fn pay_address(page: &str) -> Result<String, HttpError> {
    let page =
        Url::parse(page).map_err(|_| HttpError("this is not the address of a page".to_owned()))?;
    Ok(format!("{}{PAY_PATH}", page.origin().ascii_serialization()))
}

fn head(status: u16, headers: Vec<(String, String)>) -> Head {
    Head { status, headers }
}

fn named(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://gazette.example:8443/articles/one?a=b";

    fn link() -> PayLink {
        PayLink {
            request: "creqAabc".to_owned(),
            keysets: Some("00ff".to_owned()),
            receipt_refused: false,
        }
    }

    fn answered(link: Option<&PayLink>, request: &PageRequest) -> Head {
        match step(link, request) {
            Ok(Step::Answer(head)) => head,
            _ => panic!("a request was to be made"),
        }
    }

    #[test]
    fn a_page_is_priced_as_its_link_says_without_a_request() {
        let head = answered(Some(&link()), &PageRequest::get(PAGE));
        assert_eq!(head.status, 402);
        let headers: Vec<_> = head
            .headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let expected = [
            ("x-cashu", "creqAabc"),
            ("x-cashu-outputs", "outA"),
            ("x-cashu-keysets", "00ff"),
        ];
        assert_eq!(headers, expected);
        let bare = PayLink {
            keysets: None,
            ..link()
        };
        assert_eq!(
            answered(Some(&bare), &PageRequest::get(PAGE)).headers.len(),
            2
        );
        assert!(step(None, &PageRequest::get(PAGE)).is_err());
    }

    #[test]
    fn a_receipt_opens_the_page_until_the_site_refuses_it() {
        let request = PageRequest::get(PAGE).with(header::RECEIPT, Secret::new("eyJ".to_owned()));
        assert_eq!(answered(Some(&link()), &request).status, 200);
        let refused = PayLink {
            receipt_refused: true,
            ..link()
        };
        assert_eq!(answered(Some(&refused), &request).status, 402);
    }

    #[test]
    fn a_token_goes_to_the_paywall_of_the_pages_origin() {
        let token =
            |request: PageRequest| request.with(header::CASHU, Secret::new("cashuBx".to_owned()));
        let posted = |request| match step(None, &request) {
            Ok(Step::Post(url, body)) => (url, body.expose().to_owned()),
            _ => panic!("a request was not made"),
        };
        let (url, body) = posted(token(PageRequest::get(PAGE)));
        assert_eq!(url, "https://gazette.example:8443/.well-known/farthing/pay");
        assert_eq!(
            body,
            format!(r#"{{"token":"cashuBx","method":"GET","url":"{PAGE}"}}"#)
        );
        let outputs = Secret::new("outAx".to_owned());
        let (_, body) = posted(token(PageRequest::get(PAGE)).with(header::OUTPUTS, outputs));
        assert!(body.contains(r#""outputs":"outAx""#), "{body}");
    }

    #[test]
    fn an_answer_that_was_charged_has_its_receipt_and_signatures_as_headers() {
        let body =
            br#"{"receipt":"eyJ.a.b","signatures":"sigAx","url":"https://gazette.example/"}"#;
        let (head, rest) = answer(200, vec![named("x-cashu-receipt", "false")], body.to_vec());
        assert_eq!((head.status, rest.len()), (200, 0));
        assert_eq!(head.all(header::RECEIPT).collect::<Vec<_>>(), ["eyJ.a.b"]);
        assert_eq!(head.first(header::SIGNATURES), Some("sigAx"));
        let (head, _) = answer(
            200,
            Vec::new(),
            br#"{"receipt":"eyJ.a.b","url":"x"}"#.to_vec(),
        );
        assert_eq!(head.first(header::SIGNATURES), None);
        let (head, _) = answer(200, Vec::new(), b"<html>".to_vec());
        assert_eq!((head.status, head.headers.len()), (200, 0));
    }

    #[test]
    fn a_refusal_is_passed_on_as_it_is() {
        let headers = vec![
            named("content-type", "application/json"),
            named("retry-after", "3"),
        ];
        let body = br#"{"code":12,"detail":"no"}"#.to_vec();
        let (head, rest) = answer(503, headers.clone(), body.clone());
        assert_eq!((head.status, head.headers, rest), (503, headers, body));
    }
}
