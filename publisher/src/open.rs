//! Opening a page with a receipt: a wallet of another origin sends the browser here with it, and the
//! browser goes on to the page with the receipt's cookie (`docs/reference/protocol.md`, section 12.7).

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, header};
use farthing_protocol::ErrorCode;
use farthing_protocol::payment::OpenRequest;

use crate::answer::refusal_as_text;
use crate::place::{self, NO_PAGE, see};
use crate::shared::{Outcome, Shared, tell};
use crate::visit::Visit;
use crate::{clock, posted, receipts};

/// Checks the receipt, and sends the browser to the page with its cookie. Nothing is charged, and the site
/// is not asked.
pub(crate) async fn open(shared: &Shared, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let limit = Duration::from_millis(shared.settings.read_timeout_ms);
    let OpenRequest { receipt, url, page } = match posted::form(&parts, body, limit).await {
        Ok(fields) => fields,
        Err(refused) => return *refused,
    };
    let to = page.as_deref().map_or_else(|| place::of(&url), place::of);
    let (Some(place), Some(to)) = (place::of(&url), to) else {
        return refusal_as_text(ErrorCode::Malformed, NO_PAGE);
    };
    let bought = place::request(parts, &place);
    let Some(price) = shared.price_of(&bought) else {
        return see(to.as_str());
    };
    let visit = Visit::new(shared, &bought, price, false);
    let hours = shared.settings.receipt_hours;
    let text = receipt.expose().trim();
    match receipts::cookie(&shared.keys, text, &visit.target, hours, clock::now_s()) {
        Ok(cookie) => {
            let mut seen = visit.drop_surplus(see(to.as_str()));
            seen.headers_mut().append(header::SET_COOKIE, cookie);
            tell(seen, Outcome::Receipt)
        }
        Err(refusal) => visit.refuse(&refusal),
    }
}
