//! What can go wrong, by who is to blame; what it means for the money, and what to do.

use farthing_protocol::token::NoToken;
use farthing_protocol::{ErrorCode, Unit};

mod advice;
mod explain;
pub mod payment;
mod store;
mod table;
mod usage;
mod violation;

pub use advice::Advice;
pub use explain::Explanation;
use payment::{Site, Unpayable};
pub use store::StoreError;
pub use usage::UsageError;
pub use violation::Violation;

/// Why a call to the wallet failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// What the caller asked for cannot be done. Nothing was moved.
    Usage(UsageError),
    /// Something is not paid for. Nothing was moved.
    Unpayable(Unpayable),
    /// The mint refused.
    Refused(Refused),
    /// The mint broke its protocol: what it said was not believed.
    Misbehaved(Misbehaved),
    /// The mint gave no usable answer; it may come later.
    Network(Network),
    /// A site gave no page: no answer, or a refusal of the payment.
    Site(Site),
    /// The wallet's own storage failed.
    Store(StoreError),
}

/// A refusal of the mint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The mint.
    pub mint: String,
    /// The HTTP status.
    pub status: u16,
    /// The code in the body, a number of [`ErrorCode`] or one of a newer mint; 0 when there is none.
    pub code: u32,
    /// The mint's words, without control characters.
    pub detail: String,
    /// What became of the operation.
    pub aftermath: Aftermath,
}

impl Refused {
    /// The code, when this version knows it.
    #[must_use]
    pub fn known_code(&self) -> Option<ErrorCode> {
        ErrorCode::from_number(self.code)
    }

    /// Returns whether an input was spent before.
    #[must_use]
    pub fn already_spent(&self) -> bool {
        self.known_code() == Some(ErrorCode::AlreadySpent)
    }
}

/// What became of an operation that the mint refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// It was a question; nothing was to be moved.
    Nothing,
    /// It stays open, under this number, and is tried again at the next start.
    Kept(u64),
    /// It is undone.
    Undone {
        /// What went back into the balance.
        returned: u64,
        /// What turned out to be spent already, by another copy of this wallet, and was dropped.
        lost: u64,
        /// The mint's unit.
        unit: Unit,
    },
}

/// A mint that does not keep to its protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misbehaved {
    /// The mint.
    pub mint: String,
    /// What it did.
    pub violation: Violation,
    /// The operation that stays open because of it.
    pub open: Option<u64>,
}

/// A mint that gave no usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The mint.
    pub mint: String,
    /// What happened, for people.
    pub reason: String,
    /// For how long it asks to be left alone, if it said so.
    pub retry_after_s: Option<u64>,
    /// The operation that stays open because of it.
    pub open: Option<u64>,
}

impl From<UsageError> for Error {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

impl From<Unpayable> for Error {
    fn from(error: Unpayable) -> Self {
        Self::Unpayable(error)
    }
}

impl From<NoToken> for Error {
    fn from(error: NoToken) -> Self {
        Self::Usage(UsageError::Token(error))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl std::error::Error for Error {}

impl Error {
    /// A complaint about `mint`, about no operation yet.
    pub(crate) fn violation(mint: &str, violation: Violation) -> Self {
        Self::Misbehaved(Misbehaved {
            mint: mint.to_owned(),
            violation,
            open: None,
        })
    }

    /// Says that operation `id` stays open because of this error.
    pub(crate) fn keeps_open(mut self, id: u64) -> Self {
        match &mut self {
            Self::Network(network) => network.open = Some(id),
            Self::Misbehaved(misbehaved) => misbehaved.open = Some(id),
            Self::Refused(refused) => refused.aftermath = Aftermath::Kept(id),
            Self::Usage(_) | Self::Unpayable(_) | Self::Site(_) | Self::Store(_) => {}
        }
        self
    }
}
