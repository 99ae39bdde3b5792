//! Paying for a page by a request to the paywall, and not by a request for the page: the page's form
//! with a pasted token, and a wallet in a browser, which may not read this site's pages.
//!
//! What is bought is a `GET` of the page. What the site answers to it is never passed on as the answer to
//! what was posted: a browser would send the token on to where a redirect leads, and resolve addresses
//! against the form's.

mod form;
mod json;

use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request, Response};
use farthing_protocol::ErrorCode;
use farthing_protocol::payment::header as names;
use tower::Service;

use crate::error::Refusal;
use crate::serve::serve;
use crate::shared::{Outcome, Shared};
use crate::visit::Visit;

/// Pays for a page, as the form or as a wallet asks.
pub(crate) async fn pay<S>(
    shared: &Shared,
    inner: S,
    request: Request<Body>,
) -> Result<Response<Body>, S::Error>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    let (parts, body) = request.into_parts();
    let limit = Duration::from_millis(shared.settings.read_timeout_ms);
    if json::is_json(&parts.headers) {
        json::pay(shared, inner, parts, body, limit).await
    } else {
        form::pay(shared, inner, parts, body, limit).await
    }
}

/// What came of a purchase.
enum Bought<'a> {
    /// The page has no price.
    Free,
    /// It is paid: the answer has the receipt.
    Paid(Visit<'a>, Response<Body>),
    /// The payment was refused: the paywall's own answer.
    Refused(Response<Body>),
    /// What the site answered is not charged.
    NotCharged(Visit<'a>, Response<Body>),
}

/// Buys what `request` is for, with a token and outputs, or refuses them with the price.
async fn buy<'a, S>(
    shared: &'a Shared,
    inner: S,
    mut request: Parts,
    payment: Result<(HeaderValue, Option<HeaderValue>), Refusal>,
) -> Result<Bought<'a>, S::Error>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    let Some(price) = shared.price_of(&request) else {
        return Ok(Bought::Free);
    };
    let (token, outputs) = match payment {
        Ok(payment) => payment,
        Err(refusal) => {
            let visit = Visit::new(shared, &request, price, false);
            return Ok(Bought::Refused(visit.refuse(&refusal)));
        }
    };
    let headers = &mut request.headers;
    headers.remove(names::OUTPUTS);
    headers.insert(names::CASHU, token);
    headers.extend(outputs.map(|outputs| (HeaderName::from_static(names::OUTPUTS), outputs)));
    let visit = Visit::new(shared, &request, price, false);
    let answer = serve(shared, inner, Request::from_parts(request, Body::empty())).await?;
    Ok(match answer.extensions().get::<Outcome>() {
        Some(Outcome::Asked | Outcome::Refused(_)) => Bought::Refused(answer),
        Some(Outcome::Charged(_) | Outcome::Repeated | Outcome::Receipt) => {
            Bought::Paid(visit, answer)
        }
        // What was charged before has its receipt, whatever the site answers now.
        Some(Outcome::NotCharged | Outcome::Free) | None => match visit.paid_before().await {
            Some(answer) => Bought::Paid(visit, answer),
            None => Bought::NotCharged(visit, answer),
        },
    })
}

/// The text of a header, which is a secret.
///
/// # Errors
/// [`ErrorCode::Malformed`] for what no header can carry.
fn header(what: &str, text: &str) -> Result<HeaderValue, Refusal> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        let detail = format!("{what} is not one line of text; nothing was spent");
        Refusal::new(ErrorCode::Malformed, detail)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The refusal that says what the site answered instead of something that is charged, and where that leads.
fn not_charged(answer: &Response<Body>, led_to: Option<&str>) -> Refusal {
    let status = answer.status();
    let leads = led_to.map_or_else(String::new, |url| format!(" and leads to {url}"));
    let detail = format!(
        "the site answered {status}{leads}, which is not charged: the token is unspent and can be used again"
    );
    Refusal::new(ErrorCode::BadGateway, detail)
}
