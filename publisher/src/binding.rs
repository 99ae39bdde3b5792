//! Which request a payment belongs to: its method, its URL and the digest of its body.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, header, uri};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use sha2::{Digest as _, Sha256};

/// SHA-256 of a body.
pub(crate) type BodyDigest = [u8; 32];

/// Scheme and host that a reader uses, such as `https://gazette.example`: to be put into a request's
/// extensions by whoever knows better than its `Host`, for example because a proxy in front ends TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(pub String);

/// What is bought: the method and the URL, as they stand in a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The method, `GET` for `HEAD` too: who may read the page may ask for its head.
    pub(crate) method: Method,
    /// Scheme, host, path and query.
    pub(crate) url: String,
    /// The path alone.
    pub(crate) path: String,
}

impl Target {
    /// Of a request; `public_url` is the scheme and host that readers use, if the publisher has set it.
    /// Else they are what an [`Origin`] says, or `http` and the request's `Host`.
    pub(crate) fn of(parts: &Parts, public_url: Option<&str>) -> Self {
        let method = match parts.method {
            Method::HEAD => Method::GET,
            ref other => other.clone(),
        };
        let told = parts.extensions.get::<Origin>();
        let origin = match public_url.or(told.map(|Origin(origin)| origin.as_str())) {
            Some(origin) => origin.trim_end_matches('/').to_ascii_lowercase(),
            None => {
                let host = parts.headers.get(header::HOST);
                let host = host.and_then(|host| host.to_str().ok());
                let host = parts.uri.authority().map(uri::Authority::as_str).or(host);
                format!("http://{}", host.unwrap_or_default().to_ascii_lowercase())
            }
        };
        let path_and_query = parts.uri.path_and_query();
        let path_and_query = path_and_query.map_or("/", uri::PathAndQuery::as_str);
        Self {
            method,
            url: format!("{origin}{path_and_query}"),
            path: parts.uri.path().to_owned(),
        }
    }

    /// As a receipt names it.
    pub(crate) fn resource(&self) -> String {
        format!("{} {}", self.method, self.url)
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

/// A request's body on its way to what is behind the paywall, and its digest once it has passed.
pub(crate) struct Digested {
    inner: Body,
    state: Arc<Mutex<State>>,
}

/// Tells the digest of a [`Digested`] body.
#[derive(Clone)]
pub(crate) struct DigestWatch(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    hash: Sha256,
    bytes: u64,
    ended: bool,
}

/// A body that was not read to its end, so that nobody can say what was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unread;

impl Digested {
    pub(crate) fn new(inner: Body) -> (Self, DigestWatch) {
        let state = Arc::new(Mutex::new(State {
            ended: inner.is_end_stream(),
            ..State::default()
        }));
        let watch = DigestWatch(Arc::clone(&state));
        (Self { inner, state }, watch)
    }
}

impl DigestWatch {
    /// The digest of the whole body; `None` when it was empty.
    ///
    /// # Errors
    /// [`Unread`] when it has not been read to its end.
    pub(crate) fn digest(&self) -> Result<Option<BodyDigest>, Unread> {
        let state = lock(&self.0);
        match (state.ended, state.bytes) {
            (false, _) => Err(Unread),
            (true, 0) => Ok(None),
            (true, _) => Ok(Some(state.hash.clone().finalize().into())),
        }
    }
}

impl HttpBody for Digested {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        let ended = self.inner.is_end_stream();
        let mut state = lock(&self.state);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    state.hash.update(data);
                    state.bytes += data.len() as u64;
                }
                state.ended |= ended;
            }
            Poll::Ready(None) => state.ended = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        drop(state);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    match state.lock() {
        Ok(guard) => guard,
        // Whoever panicked in there left numbers behind and no broken promise.
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
        Target::of(&parts, public_url)
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
        let told = Target::of(&request.into_parts().0, None);
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
        let (body, watch) = Digested::new(Body::from("hello"));
        assert_eq!(watch.digest(), Err(Unread));
        let passed = body.collect().await.unwrap().to_bytes();
        assert_eq!(passed, "hello");
        let expected: [u8; 32] = Sha256::digest("hello").into();
        assert_eq!(watch.digest(), Ok(Some(expected)));
        let (_, watch) = Digested::new(Body::empty());
        assert_eq!(watch.digest(), Ok(None));
    }
}
