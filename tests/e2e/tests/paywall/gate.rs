//! A gate before the mint, at which a test decides what becomes of each redemption. All else passes.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use farthing_protocol::api::path;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};

/// What becomes of a redemption.
pub(crate) enum Verdict {
    /// The mint gets it, and its answer arrives.
    Pass,
    /// The mint gets it when the test says so.
    Hold(oneshot::Receiver<()>),
    /// It is refused, as the mint refuses a token whose lock is not open yet, unless it was carried out
    /// before: the mint would repeat its answer.
    Refuse,
    /// The mint never gets it.
    DropRequest,
    /// The mint gets it, and its answer is lost.
    DropAnswer,
}

/// A running gate.
pub(crate) struct Gate {
    pub(crate) url: String,
    inner: Arc<Inner>,
    server: tokio::task::JoinHandle<()>,
}

struct Inner {
    mint: String,
    http: reqwest::Client,
    verdicts: Mutex<VecDeque<Verdict>>,
    /// The bodies of the redemptions that were carried out.
    done: Mutex<HashSet<Bytes>>,
    arrived: Semaphore,
}

impl Gate {
    pub(crate) async fn before(mint: &str) -> Self {
        let inner = Arc::new(Inner {
            mint: mint.to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            verdicts: Mutex::default(),
            done: Mutex::default(),
            arrived: Semaphore::new(0),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&inner));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inner, server }
    }

    /// What becomes of the redemptions to come, in their order; those after them pass.
    pub(crate) fn decide(&self, verdicts: impl IntoIterator<Item = Verdict>) {
        let mut queue = self.inner.verdicts.lock().unwrap();
        queue.clear();
        queue.extend(verdicts);
    }

    /// Waits until one redemption more has arrived.
    pub(crate) async fn arrival(&self) {
        self.inner.arrived.acquire().await.unwrap().forget();
    }

    /// Returns how many redemptions have arrived that no test has waited for.
    pub(crate) fn arrived(&self) -> usize {
        self.inner.arrived.available_permits()
    }

    /// The references of the redemptions that were carried out.
    pub(crate) fn references(&self) -> Vec<String> {
        let done = self.inner.done.lock().unwrap();
        let reference = |body: &Bytes| {
            let body: serde_json::Value = serde_json::from_slice(body).unwrap();
            body["reference"].as_str().unwrap().to_owned()
        };
        done.iter().map(reference).collect()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(
    State(gate): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if uri.path() != path::REDEEM {
        return gate.forward(method, &uri, &headers, body).await;
    }
    let verdict = gate.verdicts.lock().unwrap().pop_front();
    gate.arrived.add_permits(1);
    let lost = || StatusCode::BAD_GATEWAY.into_response();
    let was_done = gate.done.lock().unwrap().contains(&body);
    match verdict.unwrap_or(Verdict::Pass) {
        Verdict::DropRequest => return lost(),
        Verdict::Refuse if !was_done => {
            let refusal = r#"{"detail":"the lock is not open yet","code":10001}"#;
            return (StatusCode::BAD_REQUEST, refusal).into_response();
        }
        Verdict::DropAnswer => {
            gate.forward(method, &uri, &headers, body).await;
            return lost();
        }
        Verdict::Hold(open) => open.await.unwrap(),
        Verdict::Pass | Verdict::Refuse => {}
    }
    gate.forward(method, &uri, &headers, body).await
}

impl Inner {
    async fn forward(
        &self,
        method: Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Response {
        let mut request = self.http.request(method, format!("{}{uri}", self.mint));
        for name in [header::AUTHORIZATION, header::CONTENT_TYPE] {
            if let Some(value) = headers.get(&name) {
                request = request.header(name, value);
            }
        }
        let answer = request.body(body.clone()).send().await.unwrap();
        let status = answer.status();
        if status == StatusCode::OK && uri.path() == path::REDEEM {
            self.done.lock().unwrap().insert(body);
        }
        let mut response = Response::new(Body::from(answer.bytes().await.unwrap()));
        *response.status_mut() = status;
        response
    }
}
