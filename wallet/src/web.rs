//! Fetching pages: what a wallet that pays for them asks of the network, besides its mints.

use std::fmt;

use farthing_protocol::Secret;

use crate::http::HttpError;

/// A request for a page.
#[derive(Clone)]
pub struct PageRequest {
    /// The method, such as `GET`.
    pub method: String,
    /// The full address, without a fragment.
    pub url: String,
    /// The headers, by name. They may hold tokens, so `Debug` does not show them.
    pub headers: Vec<(String, Secret)>,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
}

impl PageRequest {
    /// A GET without headers of its own.
    #[must_use]
    pub fn get(url: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// The same request with one header more.
    #[must_use]
    pub fn with(mut self, name: &str, value: Secret) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }
}

/// Shows method and address alone.
impl fmt::Debug for PageRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageRequest({} {})", self.method, self.url)
    }
}

/// Status and headers of an answer.
#[derive(Clone)]
pub struct Head {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The values of a header, its name in lower case.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let of_name = self.headers.iter().filter(move |(n, _)| n == name);
        of_name.map(|(_, value)| value.as_str())
    }

    /// The first value of a header, its name in lower case.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }
}

/// Shows the status alone: headers may hold signatures.
impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head({})", self.status)
    }
}

/// An answer whose body has yet to be read.
#[expect(
    async_fn_in_trait,
    reason = "a wallet is used from one task; a browser's futures are not Send"
)]
pub trait Page {
    /// Status and headers.
    fn head(&self) -> &Head;

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// [`HttpError`] when the body breaks off.
    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, HttpError>;
}

/// Fetches pages.
///
/// An implementation follows no redirects (a token would follow them), keeps no cookies, and adds no
/// header that tells who asks: no `Referer`, no `User-Agent` of its own. It gives up when nothing
/// comes for a while, but not on a long answer.
#[expect(
    async_fn_in_trait,
    reason = "a wallet is used from one task; a browser's futures are not Send"
)]
pub trait Web {
    /// What it gives.
    type Page: Page;

    /// Sends a request and waits for the head of the answer.
    ///
    /// # Errors
    /// [`HttpError`] when there is none. Any status is an answer.
    async fn open(&self, request: &PageRequest) -> Result<Self::Page, HttpError>;
}
