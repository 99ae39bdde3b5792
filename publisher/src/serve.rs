//! The way of a request through the paywall: free, for a receipt, for a payment, or not.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::request::Parts;
use axum::http::{Method, Request, Response};
use farthing_protocol::ErrorCode;
use tower::{Service, ServiceExt as _};

use crate::admit::{Admission, Admitted};
use crate::binding::{BodyDigest, DigestWatch, Digested};
use crate::error::Refusal;
use crate::payment::Payment;
use crate::records::Known;
use crate::settle::{self, Done, Settlement};
use crate::shared::{Outcome, Shared, tell};
use crate::visit::Visit;
use crate::{cors, headers, receipts};

/// Serves a request: free, for a receipt, for a payment, or not.
pub(crate) async fn serve<S>(
    shared: &Shared,
    inner: S,
    request: Request<Body>,
) -> Result<Response<Body>, S::Error>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    let (mut parts, body) = request.into_parts();
    if is_free_question(shared, &parts) {
        let answer = cors::ask(&shared.settings.allowed_origins, inner, parts).await?;
        return Ok(tell(answer, Outcome::Free));
    }
    let Some(price) = shared.price_of(&parts) else {
        headers::strip_request(&mut parts.headers);
        let mut answer = inner.oneshot(Request::from_parts(parts, body)).await?;
        headers::strip_answer(answer.headers_mut());
        return Ok(tell(answer, Outcome::Free));
    };
    let visit = Visit::new(shared, &parts, price, !body.is_end_stream());
    let admitted = match visit.admit().await {
        Ok(admitted) => admitted,
        Err(refused) => return Ok(*refused),
    };
    let (body, watch) = Digested::new(body);
    headers::strip_request(&mut parts.headers);
    let request = Request::from_parts(parts, Body::new(body));
    let mut answer = inner.oneshot(request).await?;
    headers::strip_answer(answer.headers_mut());
    Ok(visit.let_through(answer, admitted, &watch).await)
}

/// Returns whether a request only asks how something with a price may be asked for: a browser's preflight, or
/// `OPTIONS *`.
fn is_free_question(shared: &Shared, parts: &Parts) -> bool {
    let Some(method) = cors::preflight(parts) else {
        let is_for_all = parts.method == Method::OPTIONS && parts.uri.path() == "*";
        return is_for_all && shared.price_of(parts).is_some();
    };
    let is_priced = |method: Method| {
        let mut parts = parts.clone();
        parts.method = method;
        shared.price_of(&parts).is_some()
    };
    is_priced(Method::OPTIONS) || is_priced(method)
}

impl Visit<'_> {
    /// Settles what the answer costs, and lets it through.
    async fn let_through(
        &self,
        answer: Response<Body>,
        admitted: Admission,
        watch: &DigestWatch,
    ) -> Response<Body> {
        let patience = Duration::from_millis(self.shared.settings.read_timeout_ms);
        if !admitted.receipts.is_empty()
            && let Ok(body) = watch.digest(patience).await
            && receipts::covers(&admitted.receipts, body.as_ref())
        {
            let answer = self.drop_surplus(headers::keep_private(answer));
            return tell(answer, Outcome::Receipt);
        }
        let admitted = match admitted.payment {
            Ok(payment) => *payment,
            Err(refusal) => return self.refuse(&refusal),
        };
        if !self.shared.settings.charged.includes(answer.status()) {
            return tell(headers::keep_private(answer), Outcome::NotCharged);
        }
        let body = match watch.digest(patience).await {
            Ok(body) => body,
            Err(unread) => {
                let detail = format!(
                    "the request was answered before it was read, and {unread}; nothing was spent"
                );
                return self.refuse(&Refusal::new(ErrorCode::BadGateway, detail));
            }
        };
        let Admitted {
            payment,
            locked,
            fault,
        } = admitted;
        let settlement = Settlement {
            shared: self.shared,
            binding: self.target.bind(body.as_ref()),
            payment: &payment,
            locked,
            fault,
        };
        match settlement.settle().await {
            Err(refusal) => {
                self.shared.mint.learn(&refusal).await;
                self.refuse(&refusal)
            }
            Ok(settled) => self.paid(answer, &payment, settled, body.as_ref()),
        }
    }

    /// The answer with what comes of a settled payment.
    fn paid(
        &self,
        answer: Response<Body>,
        payment: &Payment,
        settled: Done,
        body: Option<&BodyDigest>,
    ) -> Response<Body> {
        // What was paid, which was the price then.
        let amount = payment.amount();
        let receipt = self.receipt(body, amount);
        let answer = headers::paid(answer, receipt, settled.signatures);
        let outcome = if settled.is_repeated {
            Outcome::Repeated
        } else {
            Outcome::Charged(amount)
        };
        tell(self.drop_surplus(answer), outcome)
    }

    /// Returns what comes of a payment without a body that was charged before, by the record, as an answer without
    /// a body; `None` for any other. Nothing is charged.
    pub(crate) async fn paid_before(&self) -> Option<Response<Body>> {
        let Admitted { payment, .. } = *self.admit().await.ok()?.payment.ok()?;
        let keys = &self.shared.keys;
        let binding = self.target.bind(None);
        let marks = payment.marks(keys);
        let expected = [
            Some(payment.purpose(keys, &binding)),
            Some(payment.purpose_v1(&binding)),
        ];
        let tokens = marks.len();
        let known = self.shared.records.known(marks).await.ok()?;
        let is_this = |known: &Known| known.charged && expected.contains(&known.purpose);
        if known.len() != tokens || !known.iter().all(is_this) {
            return None;
        }
        let settlement = Settlement {
            shared: self.shared,
            binding,
            payment: &payment,
            locked: Vec::new(),
            fault: Some(settle::bound()),
        };
        let settled = settlement.settle().await.ok()?;
        Some(self.paid(Response::new(Body::empty()), &payment, settled, None))
    }
}
