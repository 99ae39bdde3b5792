//! Failures: at the start, for the publisher ([`enum@Error`]); of a payment, for
//! the payer (`Refusal`).

use std::borrow::Cow;
use std::path::PathBuf;

use farthing_protocol::ErrorCode;

/// The reason why a paywall cannot start, or cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is wrong.
    #[error("{0}")]
    Settings(String),
    /// The mint could not be asked, or is none that this version understands.
    #[error("the mint {url}: {reason}")]
    Mint {
        /// The mint's address.
        url: String,
        /// Its answer, or why there is none.
        reason: String,
    },
    /// The record of payments cannot be used.
    #[error("the record of payments: {0}")]
    Records(#[from] rusqlite::Error),
    /// A private file or folder could not be used.
    #[error(transparent)]
    Private(#[from] farthing_service::private::Fault),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl Error {
    /// Names the file that an I/O error is about.
    pub fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::File { path, source }
    }
}

/// A body that did not keep its pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body came too slowly")]
pub struct TooSlow;

/// Returns whether an error comes from a body that did not keep its pace.
#[must_use]
pub fn is_too_slow(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<TooSlow>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Why a request is not served for its payment, as the client is told (`docs/reference/protocol.md`, 12.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The number for programs: one of [`ErrorCode`], or whatever the mint said.
    pub(crate) code: u32,
    /// The HTTP status.
    pub(crate) status: u16,
    /// A text for people: what is wrong, what it means for the money, and what to do.
    pub(crate) detail: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: code.number(),
            status: code.http_status(),
            detail: detail.into(),
        }
    }

    /// The mint cannot be asked now. The same request sent again settles it.
    pub(crate) fn unavailable(detail: &'static str) -> Self {
        Self::new(ErrorCode::Unavailable, detail)
    }
}
