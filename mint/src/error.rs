//! The crate's one error type, by who is to blame.

use std::borrow::Cow;
use std::path::PathBuf;

use farthing_protocol::ErrorCode;
use farthing_protocol::error_code::ErrorBody;
use farthing_service::private::Fault;

/// A result with the crate's [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is wrong: sent again unchanged, it is refused again.
    #[error("{detail}")]
    Request {
        /// The code for programs.
        code: ErrorCode,
        /// What is wrong with it, for people.
        detail: Cow<'static, str>,
    },
    /// The caller's account does not allow it: no token, no scope, no funds.
    #[error("{detail}")]
    Account {
        /// The code for programs.
        code: ErrorCode,
        /// What is missing, for people.
        detail: Cow<'static, str>,
    },
    /// The mint is stopping, or has more work than it can do in time. Nothing was moved.
    #[error("the mint is {0}; try again")]
    Busy(&'static str),
    /// The store failed: a full disk, a damaged file, a lock not to be had.
    #[error("the store failed: {}", .0.explanation)]
    Store(StoreFailure),
    /// The mint broke one of its own rules. Nothing was moved.
    #[error("internal invariant violated: {0}")]
    Invariant(&'static str),
    /// The operator's settings, files or commands are wrong.
    #[error("{0}")]
    Operator(String),
    /// An operator's command was carried out, and its result could not be written to standard output.
    #[error("{0}")]
    Unreported(String),
    /// A file of the operator's could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Why the store failed.
#[derive(Debug)]
pub struct StoreFailure {
    /// What failed, and what to do about it.
    pub explanation: String,
    /// Whether there was no room left: on the disk, or within the setting `database_pages_max`.
    pub is_full: bool,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::File { path, source } => Self::File { path, source },
            open => Self::Operator(open.to_string()),
        }
    }
}

impl Error {
    /// A refusal that is the request's fault.
    pub fn request(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Request {
            code,
            detail: detail.into(),
        }
    }

    /// A refusal that is for the account's holder to mend.
    pub fn account(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Account {
            code,
            detail: detail.into(),
        }
    }

    /// An error about a file.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// Returns whether one request was refused, rather than the mint having failed.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Request { .. } | Self::Account { .. })
    }

    /// Returns the code and the body that the caller gets. Failures of the mint itself have a constant text: their detail is for
    /// the operator's log alone.
    #[must_use]
    pub fn to_wire(&self) -> (ErrorCode, ErrorBody) {
        let (code, detail) = match self {
            Self::Request { code, detail } | Self::Account { code, detail } => {
                (*code, detail.to_string())
            }
            Self::Busy(_) => (ErrorCode::Unavailable, self.to_string()),
            Self::Store(_)
            | Self::Invariant(_)
            | Self::Operator(_)
            | Self::Unreported(_)
            | Self::File { .. } => (
                ErrorCode::Internal,
                "the mint failed; send the same request again later".to_owned(),
            ),
        };
        let body = ErrorBody {
            detail,
            code: code.number(),
        };
        (code, body)
    }
}

/// Refuses a request.
///
/// # Errors
/// [`Error::Request`], always.
pub(crate) fn refuse<T>(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Result<T> {
    Err(Error::request(code, detail))
}

/// The innermost reason of a failed request of the mint's own, such as "Connection refused": it names no
/// body and no header.
pub(crate) fn http_reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    farthing_service::program::innermost(error)
}
