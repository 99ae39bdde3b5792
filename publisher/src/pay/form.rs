//! Paying without a wallet in the browser: the page's form takes a pasted token, and the receipt's
//! cookie opens what it bought.

use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Request, Response, header};
use farthing_protocol::{ErrorCode, Secret, token};
use serde::Deserialize;
use tower::Service;

use super::{Bought, buy, not_charged};
use crate::answer::refusal_as_text;
use crate::cors::OwnAnswer;
use crate::error::Refusal;
use crate::place::{self, NO_PAGE, see, see_with};
use crate::posted;
use crate::shared::Shared;
use crate::visit::Visit;

/// The form's fields.
#[derive(Deserialize)]
struct Pasted {
    token: Secret,
    /// The page: a path with its query, or a whole URL.
    url: String,
}

/// Pays for a page with a pasted token, and sends the browser there.
pub(super) async fn pay<S>(
    shared: &Shared,
    inner: S,
    parts: Parts,
    body: Body,
    limit: Duration,
) -> Result<Response<Body>, S::Error>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    let Pasted { token, url } = match posted::form(&parts, body, limit).await {
        Ok(pasted) => pasted,
        Err(refused) => return Ok(*refused),
    };
    let Some(place) = place::of(&url) else {
        return Ok(refusal_as_text(ErrorCode::Malformed, NO_PAGE));
    };
    let payment = match token::find(token.expose()) {
        Ok(token) => super::header("the token", token.as_str()).map(|token| (token, None)),
        Err(fault) => Err(Refusal::new(
            ErrorCode::Malformed,
            format!("{fault}; nothing was spent"),
        )),
    };
    let request = place::request(parts, &place);
    Ok(match buy(shared, inner, request, payment).await? {
        Bought::Free => see(place.as_str()),
        Bought::Refused(answer) => answer,
        Bought::Paid(_, answer) => see_with(place.as_str(), &answer),
        Bought::NotCharged(visit, answer) => match place::redirect(&visit.target.url, &answer) {
            Some(location) => see_with(&location, &answer),
            None => page(&visit, &answer),
        },
    })
}

/// The page again, with what the site answered: it was not charged, and it is no answer to a form.
fn page(visit: &Visit<'_>, answer: &Response<Body>) -> Response<Body> {
    let status = answer.status();
    let mut refusal = not_charged(answer, None);
    if status.is_client_error() || status.is_server_error() {
        refusal.status = status.as_u16();
    }
    let mut page = visit.refuse(&refusal);
    let kept = [
        header::SET_COOKIE,
        header::WWW_AUTHENTICATE,
        header::RETRY_AFTER,
    ];
    place::take(&mut page, answer, &kept);
    page.extensions_mut().insert(OwnAnswer);
    page
}
