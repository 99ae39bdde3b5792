//! A request for something that has a price, and the answers of the paywall itself to it.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response, header};
use farthing_protocol::ErrorCode;

use crate::binding::Target;
use crate::error::Refusal;
use crate::offer::Offer;
use crate::page::Asked;
use crate::settings::Accept;
use crate::shared::{Outcome, Price, Shared, tell};
use crate::{clock, locked, receipts};

/// A request for something that has a price.
pub(crate) struct Visit<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) price: Price,
    pub(crate) target: Target,
    pub(crate) headers: HeaderMap,
    pub(crate) has_body: bool,
}

impl<'a> Visit<'a> {
    pub(crate) fn new(shared: &'a Shared, parts: &Parts, price: Price, has_body: bool) -> Self {
        Self {
            shared,
            target: Target::of(
                parts,
                shared.settings.public_url.as_deref(),
                &price.ignore_query,
            ),
            price,
            headers: parts.headers.clone(),
            has_body,
        }
    }

    pub(crate) fn receipt(&self, body: Option<&[u8; 32]>, amount: u64) -> Option<receipts::Issued> {
        let settings = &self.shared.settings;
        let terms = receipts::Terms {
            issuer: &settings.name,
            mint: &settings.mint,
            unit: &self.shared.mint.unit,
            hours: settings.receipt_hours,
        };
        let keys = &self.shared.keys;
        receipts::issue(keys, &terms, &self.target, body, amount, clock::now_s())
    }

    /// Keeps the reader's cookies for this page within what servers in front take.
    pub(crate) fn drop_surplus(&self, mut answer: Response<Body>) -> Response<Body> {
        receipts::drop_surplus(&self.headers, &self.target, answer.headers_mut());
        answer
    }

    /// Returns the refusal of a request that pays nothing.
    pub(crate) fn price_asked(&self) -> Refusal {
        self.offer().price_asked()
    }

    /// The answer to a payment that opens nothing.
    pub(crate) fn refuse(&self, refusal: &Refusal) -> Response<Body> {
        let answer = self.offer().refuse(&self.headers, refusal);
        let asked = refusal.code == ErrorCode::PaymentRequired.number();
        let outcome = if asked {
            Outcome::Asked
        } else {
            Outcome::Refused(refusal.code)
        };
        tell(answer, outcome)
    }

    fn offer(&self) -> Offer<'_> {
        let (settings, mint) = (&self.shared.settings, &self.shared.mint);
        let lock = match settings.accept {
            Accept::Online => None,
            Accept::Locked { .. } => Some(locked::option(&self.shared.keys)),
        };
        let content_type = self.headers.get(header::CONTENT_TYPE);
        Offer {
            site: &settings.name,
            mint: mint.url(),
            cashu_url: mint.cashu_url(settings.accept),
            wallet: mint.wallet_url(settings),
            keysets: mint.active_digest(),
            unit: &mint.unit,
            decimals: mint.decimals,
            amount: self.price.amount,
            description: self.price.description.as_deref(),
            lock,
            url: &self.target.url,
            asked: Asked {
                method: self.target.method.as_str(),
                has_body: self.has_body,
                content_type: content_type.and_then(|kind| kind.to_str().ok()),
            },
            pay_path: &settings.pay_path,
        }
    }
}
