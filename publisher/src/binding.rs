//! Which request a payment belongs to: its method, its URL and the digest of its body.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, header, uri};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use sha2::{Digest as _, Sha256};

use crate::query::IgnoredQuery;

/// SHA-256 of a body.
pub(crate) type BodyDigest = [u8; 32];

/// Scheme and host that a reader uses, such as `https://gazette.example`: to be put into a request's
/// extensions by a layer that knows better than its `Host`, for example because a proxy in front ends TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(pub String);

/// The resource that is bought: the method and the URL, as they stand in a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The method, `GET` for `HEAD` too: who may read the page may ask for its head.
    pub(crate) method: Method,
    /// Scheme, host, path and query, as they were asked for.
    pub(crate) url: String,
    /// The same, without the parameters that make no difference to what is bought.
    bought: String,
    ignored: IgnoredQuery,
    /// The path alone.
    pub(crate) path: String,
}

impl Target {
    /// Of a request; `public_url` is the scheme and host that readers use, if the publisher has set it.
    /// Else they are what an [`Origin`] says, or `http` and the request's `Host`. The parameters of
    /// `ignored` make no difference to what is bought.
    pub(crate) fn of(parts: &Parts, public_url: Option<&str>, ignored: &IgnoredQuery) -> Self {
        let method = match parts.method {
            Method::HEAD => Method::GET,
            ref other => other.clone(),
        };
        let origin = origin(parts, public_url);
        let path_and_query = parts.uri.path_and_query();
        let path_and_query = path_and_query.map_or("/", uri::PathAndQuery::as_str);
        let url = format!("{origin}{path_and_query}");
        Self {
            method,
            bought: ignored.strip(&url).into_owned(),
            ignored: ignored.clone(),
            url,
            path: parts.uri.path().to_owned(),
        }
    }

    /// The method, a space, and the URL without the parameters that make no difference.
    pub(crate) fn resource(&self) -> String {
        format!("{} {}", self.method, self.bought)
    }

    /// The same, with the URL as it was asked for. A receipt names it so, for the payer to compare.
    pub(crate) fn asked_resource(&self) -> String {
        format!("{} {}", self.method, self.url)
    }

    /// Returns whether a receipt for `resource` is one for this.
    pub(crate) fn is_for(&self, resource: &str) -> bool {
        self.ignored.strip(resource) == self.resource()
    }

    /// The digest of the request with a body of this digest; `None` is no body.
    pub(crate) fn bind(&self, body: Option<&BodyDigest>) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.resource().as_bytes());
        hash.update(b"\n");
        if let Some(body) = body {
            hash.update(body);
        }
        hash.finalize().into()
    }
}

/// Scheme and host of this site, as [`Target::of`] takes them.
pub(crate) fn origin(parts: &Parts, public_url: Option<&str>) -> String {
    let told = parts.extensions.get::<Origin>();
    match public_url.or(told.map(|Origin(origin)| origin.as_str())) {
        Some(origin) => normal(origin),
        None => {
            let host = parts.headers.get(header::HOST);
            let host = host.and_then(|host| host.to_str().ok());
            let host = parts.uri.authority().map(uri::Authority::as_str).or(host);
            normal(&format!("http://{}", host.unwrap_or_default()))
        }
    }
}

/// Scheme and host, in lower case and without the port that goes without saying.
pub(crate) fn normal(origin: &str) -> String {
    let origin = origin.trim_end_matches('/').to_ascii_lowercase();
    let usual = match origin.split_once("://") {
        Some(("http", _)) => ":80",
        Some(("https", _)) => ":443",
        _ => return origin,
    };
    let without = origin.strip_suffix(usual).map(str::to_owned);
    without.unwrap_or(origin)
}

/// How much of a body is read here in bytes, when what is behind the paywall has answered without
/// reading it.
const REST_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A request's body on its way to what is behind the paywall, and its digest once it has passed.
pub(crate) struct Digested(Arc<Mutex<State>>);

/// Returns the digest of a [`Digested`] body.
#[derive(Clone)]
pub(crate) struct DigestWatch(Arc<Mutex<State>>);

struct State {
    body: Body,
    hash: Sha256,
    bytes: u64,
    /// Bytes that were read here.
    rest: u64,
    ended: bool,
    /// The body broke off.
    failed: bool,
    /// What is behind the paywall wants no more of it.
    released: bool,
    /// The task that waits for the end.
    waiter: Option<Waker>,
}

/// The reason why it is not known what a request asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unread {
    #[error("its body did not arrive whole")]
    Broken,
    #[error("the rest of its body is longer than 64 MiB")]
    TooLong,
    #[error("the site did not read the rest of its body, or it did not arrive")]
    Stalled,
}

impl State {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.hash.update(data);
                    self.bytes += data.len() as u64;
                }
                self.ended |= self.body.is_end_stream();
            }
            Poll::Ready(None) => self.ended = true,
            Poll::Ready(Some(Err(_))) => self.failed = true,
            Poll::Pending => {}
        }
        polled
    }

    fn wake(&mut self) {
        if let Some(waiter) = self.waiter.take() {
            waiter.wake();
        }
    }

    /// The digest of the whole body; `None` when it was empty.
    fn digest(&self) -> Option<BodyDigest> {
        (self.bytes > 0).then(|| self.hash.clone().finalize().into())
    }
}

impl Digested {
    pub(crate) fn new(body: Body) -> (Self, DigestWatch) {
        let state = Arc::new(Mutex::new(State {
            ended: body.is_end_stream(),
            body,
            hash: Sha256::new(),
            bytes: 0,
            rest: 0,
            failed: false,
            released: false,
            waiter: None,
        }));
        (Self(Arc::clone(&state)), DigestWatch(state))
    }
}

impl DigestWatch {
    /// The digest of the whole body, once it has been read; `None` when it was empty. What is behind the
    /// paywall may have answered before: then it is waited for while it reads on, and what it leaves
    /// is read here. `patience` is how long nothing may move.
    ///
    /// # Errors
    /// [`Unread`].
    pub(crate) async fn digest(&self, patience: Duration) -> Result<Option<BodyDigest>, Unread> {
        loop {
            let before = lock(&self.0).bytes;
            let end = poll_fn(|context| self.poll_end(context));
            match tokio::time::timeout(patience, end).await {
                Ok(digest) => return digest,
                Err(_) if lock(&self.0).bytes > before => {}
                Err(_) => return Err(Unread::Stalled),
            }
        }
    }

    fn poll_end(&self, context: &mut Context<'_>) -> Poll<Result<Option<BodyDigest>, Unread>> {
        let mut state = lock(&self.0);
        loop {
            if state.ended {
                return Poll::Ready(Ok(state.digest()));
            }
            if state.failed {
                return Poll::Ready(Err(Unread::Broken));
            }
            if !state.released {
                state.waiter = Some(context.waker().clone());
                return Poll::Pending;
            }
            if state.rest > REST_BYTES_MAX {
                return Poll::Ready(Err(Unread::TooLong));
            }
            let before = state.bytes;
            let _ = ready!(state.poll(context));
            state.rest += state.bytes - before;
        }
    }
}

impl Drop for Digested {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.released = true;
        state.wake();
    }
}

impl HttpBody for Digested {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut state = lock(&self.0);
        let polled = state.poll(context);
        if state.ended || state.failed {
            state.wake();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        lock(&self.0).body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        lock(&self.0).body.size_hint()
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    match state.lock() {
        Ok(guard) => guard,
        // A thread that panicked in there left numbers behind and no broken promise.
        Err(poisoned) => poisoned.into_inner(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use http_body_util::BodyExt as _;

    fn target(method: &str, uri: &str, public_url: Option<&str>) -> Target {
        let request = Request::builder().method(method).uri(uri);
        let request = request.header("host", "Gazette.example:8080");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Target::of(&parts, public_url, &IgnoredQuery::default())
    }

    #[test]
    fn a_target_is_method_and_url_and_head_is_get() {
        let plain = target("GET", "/a/1?p=2", None);
        assert_eq!(plain.resource(), "GET http://gazette.example:8080/a/1?p=2");
        assert_eq!(plain.path, "/a/1");
        assert_eq!(target("HEAD", "/a/1?p=2", None), plain);
        let request = Request::builder().uri("/a").header("host", "inside");
        let origin = Origin("https://Gazette.example".to_owned());
        let request = request.extension(origin).body(()).unwrap();
        let none = IgnoredQuery::default();
        let told = Target::of(&request.into_parts().0, None, &none);
        assert_eq!(told.resource(), "GET https://gazette.example/a");
        let public = target("POST", "/a/1", Some("https://gazette.example/"));
        assert_eq!(public.resource(), "POST https://gazette.example/a/1");
    }

    #[test]
    fn a_binding_tells_methods_urls_and_bodies_apart() {
        let one = target("POST", "/a", None);
        let bindings = [
            one.bind(None),
            one.bind(Some(&[1; 32])),
            one.bind(Some(&[2; 32])),
            target("PUT", "/a", None).bind(None),
            target("POST", "/a?", None).bind(None),
            target("POST", "/b", None).bind(None),
        ];
        for (i, binding) in bindings.iter().enumerate() {
            assert!(!bindings[..i].contains(binding), "{i}");
        }
    }

    #[tokio::test]
    async fn a_body_passes_unchanged_and_its_digest_is_known_at_its_end() {
        let patience = Duration::from_secs(20);
        let (body, watch) = Digested::new(Body::from("hello"));
        let passed = body.collect().await.unwrap().to_bytes();
        assert_eq!(passed, "hello");
        let expected: [u8; 32] = Sha256::digest("hello").into();
        assert_eq!(watch.digest(patience).await, Ok(Some(expected)));
        let (_, watch) = Digested::new(Body::empty());
        assert_eq!(watch.digest(patience).await, Ok(None));
    }

    /// A body of so many mebibytes, which then ends or breaks off.
    struct Mebibytes {
        left: usize,
        breaks: bool,
    }

    impl HttpBody for Mebibytes {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
            let Some(left) = self.left.checked_sub(1) else {
                let broken = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
                return Poll::Ready(self.breaks.then_some(Err(broken)));
            };
            self.left = left;
            let mebibyte = Bytes::from(vec![7; 1024 * 1024]);
            Poll::Ready(Some(Ok(Frame::data(mebibyte))))
        }
    }

    fn mebibytes(left: usize, breaks: bool) -> Body {
        Body::new(Mebibytes { left, breaks })
    }

    #[tokio::test]
    async fn what_is_left_of_a_body_is_read_up_to_a_bound() {
        let patience = Duration::from_secs(20);
        let (mut body, watch) = Digested::new(mebibytes(9, false));
        // The first part was read, and the rest left.
        assert!(body.frame().await.unwrap().is_ok());
        drop(body);
        let expected: [u8; 32] = Sha256::digest(vec![7; 9 * 1024 * 1024]).into();
        assert_eq!(watch.digest(patience).await, Ok(Some(expected)));

        let (_, watch) = Digested::new(mebibytes(66, false));
        assert_eq!(watch.digest(patience).await, Err(Unread::TooLong));
        let (_, watch) = Digested::new(mebibytes(1, true));
        assert_eq!(watch.digest(patience).await, Err(Unread::Broken));
        // Neither read nor left.
        let (_held, watch) = Digested::new(mebibytes(2, false));
        let stalled = watch.digest(Duration::from_millis(10)).await;
        assert_eq!(stalled, Err(Unread::Stalled));
    }

    #[test]
    fn the_port_that_goes_without_saying_is_not_said() {
        let of = |host: &str, public_url: Option<&str>| {
            let request = Request::builder().uri("/a").header("host", host);
            let (parts, ()) = request.body(()).unwrap().into_parts();
            Target::of(&parts, public_url, &IgnoredQuery::default()).url
        };
        assert_eq!(of("Gazette.example:80", None), "http://gazette.example/a");
        assert_eq!(
            of("gazette.example:8080", None),
            "http://gazette.example:8080/a"
        );
        assert_eq!(
            of("gazette.example:443", None),
            "http://gazette.example:443/a"
        );
        assert_eq!(of("[::80]", None), "http://[::80]/a");
        assert_eq!(of("[::1]:80", None), "http://[::1]/a");
        let public = Some("https://Gazette.example:443/");
        assert_eq!(of("inside", public), "https://gazette.example/a");
        let public = Some("https://gazette.example:80");
        assert_eq!(of("inside", public), "https://gazette.example:80/a");
    }
}
