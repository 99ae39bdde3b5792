//! What became of requests, counted for the operator (in Prometheus' text format) and, one by one, for
//! the log at the level `debug`. No figure is of a reader, a page or a token.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::State;
use axum::middleware::Next;
use farthing_service::log;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};
use prometheus_client::encoding::prometheus_text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tower::Service;

use crate::proxy::Unanswered;
use farthing_publisher::Outcome;

/// Counters that all requests share.
#[derive(Clone, Debug, Default)]
pub(super) struct Metrics {
    /// By outcome and, for refusals, code.
    requests: Family<Labels, Counter>,
    amount: Counter,
}

type Labels = Vec<(&'static str, String)>;

impl Metrics {
    fn count(&self, answer: &Response<Body>) -> (&'static str, u32) {
        let outcome = answer.extensions().get::<Outcome>();
        let is_unanswered = answer.extensions().get::<Unanswered>().is_some();
        let (what, code, amount) = match outcome {
            _ if is_unanswered => ("upstream_error", 0, 0),
            Some(Outcome::Free) | None => ("free", 0, 0),
            Some(Outcome::Asked) => ("asked", 0, 0),
            Some(Outcome::Charged(amount)) => ("charged", 0, *amount),
            Some(Outcome::Repeated) => ("repeated", 0, 0),
            Some(Outcome::Receipt) => ("receipt", 0, 0),
            Some(Outcome::NotCharged) => ("not_charged", 0, 0),
            Some(Outcome::Refused(code)) => ("refused", *code, 0),
        };
        let mut labels = vec![("outcome", what.to_owned())];
        if code != 0 {
            labels.push(("code", code.to_string()));
        }
        self.requests.get_or_create(&labels).inc();
        self.amount.inc_by(amount);
        (what, code)
    }

    fn render(&self) -> String {
        let mut registry = Registry::with_prefix("farthing_paywall");
        registry.register(
            "requests",
            "Requests, by what became of them",
            self.requests.clone(),
        );
        registry.register(
            "charged_amount",
            "What was charged, in the mint's smallest unit",
            self.amount.clone(),
        );
        registry.register(
            log::LINES_LOST,
            log::LINES_LOST_HELP,
            ConstCounter::new(log::lines_lost()),
        );
        let mut text = String::new();
        encode(&mut text, &registry).expect("a string takes every text");
        text
    }
}

/// Counts and logs the answer to a request.
pub(super) async fn count(
    State(metrics): State<Metrics>,
    request: Request<Body>,
    next: Next,
) -> Response<Body> {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let answer = next.run(request).await;
    let (outcome, code) = metrics.count(&answer);
    let status = answer.status().as_u16();
    tracing::debug!(%method, path, status, outcome, code, "answered");
    answer
}

/// The operator's address: `/metrics`, `/healthz` and `/readyz`.
#[derive(Clone, Debug)]
pub(super) struct Operator(pub(super) Metrics);

impl<B> Service<Request<B>> for Operator {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (status, text) = match request.uri().path() {
            "/metrics" => (StatusCode::OK, self.0.render()),
            "/healthz" => (StatusCode::OK, "ok\n".to_owned()),
            "/readyz" => (StatusCode::OK, log::ready_text().to_owned()),
            _ => {
                let paths = "/metrics, /healthz and /readyz\n";
                (StatusCode::NOT_FOUND, paths.to_owned())
            }
        };
        let mut answer = Response::new(Body::from(text));
        *answer.status_mut() = status;
        let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        answer.headers_mut().insert(CONTENT_TYPE, kind);
        let fresh = HeaderValue::from_static("no-store");
        answer.headers_mut().insert(CACHE_CONTROL, fresh);
        std::future::ready(Ok(answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_counted_and_amounts_summed() {
        let metrics = Metrics::default();
        for outcome in [
            Outcome::Free,
            Outcome::Asked,
            Outcome::Charged(3),
            Outcome::Charged(4),
            Outcome::Refused(40007),
        ] {
            let mut answer = Response::new(Body::empty());
            answer.extensions_mut().insert(outcome);
            metrics.count(&answer);
            if outcome == Outcome::Free {
                answer.extensions_mut().insert(Unanswered);
                metrics.count(&answer);
            }
        }
        let text = metrics.render();
        for line in [
            "farthing_paywall_requests_total{outcome=\"free\"} 1",
            "farthing_paywall_requests_total{outcome=\"asked\"} 1",
            "farthing_paywall_requests_total{outcome=\"charged\"} 2",
            "farthing_paywall_requests_total{outcome=\"refused\",code=\"40007\"} 1",
            "farthing_paywall_requests_total{outcome=\"upstream_error\"} 1",
            "farthing_paywall_charged_amount_total 7",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} not in\n{text}");
        }
    }
}
