//! The site's own server, asked over HTTP/1.1.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use farthing_protocol::ErrorCode;
use http::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use http::uri::{Authority, Scheme};
use http::{Request, Response, StatusCode, Uri, Version};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::upgrade::OnUpgrade;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::{Instant, sleep_until};
use tower::Service;

use farthing_publisher::error::is_too_slow;
use farthing_publisher::refusal;
use farthing_service::server::{Connection, KEEPALIVE};

use super::body::{Pace, Paced};
use super::connector::Connector;
use super::{HEADERS_MAX, headers};

/// The time that the server behind may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// To accept a connection.
    pub(crate) connect: Duration,
    /// To begin its answer, after the request's body last moved.
    pub(crate) answer: Duration,
    /// Between two parts of its answer. Events may be as rare as they are.
    pub(crate) stall: Duration,
}

/// Less than the shortest that servers keep an idle connection by default (5 seconds), so that a
/// request seldom meets one that is just being closed.
const IDLE: Duration = Duration::from_secs(4);
/// The type of server-sent events.
const EVENTS: &[u8] = b"text/event-stream";

/// The server behind, as a service. Its answers stream; when there is none, it answers 502.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    client: Client<Connector, Watched>,
    scheme: Scheme,
    authority: Authority,
    keep_host: bool,
    timeouts: Timeouts,
}

/// In the extensions of an answer that is not the server's: it gave none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unanswered;

/// The reason why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("it did not begin its answer in time")]
    Slow,
    #[error("{}", chain(.0))]
    Client(hyper_util::client::legacy::Error),
    /// It was not the server's fault.
    #[error("the request's body came too slowly")]
    SlowRequest,
    #[error("it upgraded to what was not asked for")]
    Upgrade,
    #[error("the request has no address")]
    Address(#[from] http::Error),
}

impl From<hyper_util::client::legacy::Error> for Failure {
    fn from(error: hyper_util::client::legacy::Error) -> Self {
        if is_too_slow(&error) {
            return Self::SlowRequest;
        }
        Self::Client(error)
    }
}

/// An error with its causes; hyper's own words are only the first of them.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl Upstream {
    /// The server at `url`, which has a scheme, a host, and perhaps a port. With `keep_host` it is told
    /// the host that the client asked for, else its own.
    ///
    /// # Errors
    /// A sentence, when the URL has something else, or the system has no certificates to trust.
    pub(crate) fn new(url: &Uri, keep_host: bool, timeouts: Timeouts) -> Result<Self, String> {
        let (scheme, authority) = match (url.scheme(), url.authority()) {
            (Some(scheme), Some(authority))
                if (*scheme == Scheme::HTTP || *scheme == Scheme::HTTPS)
                    && matches!(url.path(), "" | "/")
                    && url.query().is_none()
                    && !authority.as_str().contains('@') =>
            {
                (scheme.clone(), authority.clone())
            }
            _ => {
                return Err("a URL like http://127.0.0.1:8000 is needed, without a path".to_owned());
            }
        };
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(timeouts.connect));
        http.set_keepalive(Some(KEEPALIVE));
        let https = HttpsConnectorBuilder::new()
            .try_with_platform_verifier()
            .map_err(|e| format!("no certificates to trust: {e}"))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http1_max_headers(HEADERS_MAX)
            .build(Connector(https));
        Ok(Self {
            client,
            scheme,
            authority,
            keep_host,
            timeouts,
        })
    }

    async fn ask(self, mut request: Request<Body>) -> Result<Response<Body>, Failure> {
        let wanted = headers::upgrade(request.headers());
        let client_side = wanted.is_some().then(|| hyper::upgrade::on(&mut request));
        let connection = request.extensions_mut().remove::<Connection>();
        let request = self.address(request)?;
        let progress = Progress::default();
        let request = request.map(|body| Watched {
            body,
            progress: progress.clone(),
        });
        let answer = self.client.request(request);
        let mut answer = progress.within(self.timeouts.answer, answer).await??;
        let mut given = None;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            given = headers::upgrade(answer.headers());
            let is_same = match (&wanted, &given) {
                (Some(wanted), Some(given)) => {
                    wanted.as_bytes().eq_ignore_ascii_case(given.as_bytes())
                }
                _ => false,
            };
            let (true, Some(client_side)) = (is_same, client_side) else {
                return Err(Failure::Upgrade);
            };
            let server_side = hyper::upgrade::on(&mut answer);
            tokio::spawn(tunnel(client_side, server_side, connection));
        }
        headers::clean_response(answer.headers_mut(), given);
        *answer.version_mut() = Version::HTTP_11;
        let stall = self.timeouts.stall;
        Ok(if is_of_events(answer.headers()) {
            answer.map(Body::new)
        } else {
            answer.map(|body| Body::new(Paced::new(Body::new(body), pace(stall))))
        })
    }

    /// The request as the server behind gets it.
    fn address(&self, request: Request<Body>) -> Result<Request<Body>, http::Error> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()?;
        parts.version = Version::HTTP_11;
        if !self.keep_host || !parts.headers.contains_key(HOST) {
            let host = HeaderValue::from_str(self.authority.as_str())?;
            parts.headers.insert(HOST, host);
        }
        Ok(Request::from_parts(parts, body))
    }
}

/// Returns whether an answer is a stream of events, which may be silent for long.
fn is_of_events(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let kind = kind.and_then(|kind| kind.get(..EVENTS.len()));
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case(EVENTS))
}

/// An answer may come as slowly as it likes, as long as it comes.
fn pace(stall: Duration) -> Pace {
    Pace {
        grace: stall,
        rate: 0,
        stall,
    }
}

impl Service<Request<Body>> for Upstream {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let upstream = self.clone();
        Box::pin(async move { Ok(upstream.ask(request).await.unwrap_or_else(unanswered)) })
    }
}

fn unanswered(failure: Failure) -> Response<Body> {
    if matches!(failure, Failure::SlowRequest) {
        let detail = "the request's body came too slowly; nothing was charged";
        let mut answer = refusal(ErrorCode::Timeout, detail);
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(CONNECTION, close);
        return answer;
    }
    tracing::warn!(%failure, "the upstream gave no answer");
    let detail = "the site's server did not answer; nothing was charged";
    let mut answer = refusal(ErrorCode::BadGateway, detail);
    answer.extensions_mut().insert(Unanswered);
    answer
}

/// Carries an upgraded connection's bytes in both directions until one side ends, or the server stops.
/// When the paywall withholds the answer, the client's side never comes, and the server's is closed.
async fn tunnel(client: OnUpgrade, server: OnUpgrade, connection: Option<Connection>) {
    let Ok((client, server)) = tokio::try_join!(client, server) else {
        return;
    };
    let (mut client, mut server) = (TokioIo::new(client), TokioIo::new(server));
    let carried = tokio::io::copy_bidirectional(&mut client, &mut server);
    match connection {
        Some(mut connection) => tokio::select! {
            _ = carried => {}
            () = connection.stopped() => {}
        },
        None => {
            let _ = carried.await;
        }
    }
}

/// The moment when the request's body last moved.
#[derive(Clone, Debug)]
struct Progress(Arc<Mutex<Instant>>);

impl Default for Progress {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Progress {
    fn note(&self) {
        if let Ok(mut last) = self.0.lock() {
            *last = Instant::now();
        }
    }

    fn last(&self) -> Instant {
        self.0.lock().map_or_else(|_| Instant::now(), |last| *last)
    }

    /// Returns the result of `answer`, unless nothing moves for as long as `patience`.
    async fn within<T>(
        &self,
        patience: Duration,
        answer: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let slow = async {
            loop {
                let deadline = self.last() + patience;
                if deadline <= Instant::now() {
                    return;
                }
                sleep_until(deadline).await;
            }
        };
        tokio::select! {
            answer = answer => Ok(answer),
            () = slow => Err(Failure::Slow),
        }
    }
}

/// A request's body that notes when it moves.
#[derive(Debug)]
struct Watched {
    body: Body,
    progress: Progress,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_ready() {
            self.progress.note();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
