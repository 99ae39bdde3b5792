//! Why a call of a mint's API failed.

use farthing_protocol::identity::IdentityError;
use farthing_protocol::{BundleError, ErrorCode, KeysetId};

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The mint refused, with a code: what was asked for was not done.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// No answer came, or one that says that the mint cannot answer now. Whether what was asked for was
    /// done is not known.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The mint broke its API. Whether what was asked for was done is not known.
    #[error("{violation}")]
    Misbehaved {
        /// The mint's address.
        mint: String,
        /// What it said.
        violation: Violation,
    },
}

/// A refusal of the mint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("status {status}, code {code}: {detail}")]
pub struct Refused {
    /// The mint's address.
    pub mint: String,
    /// The HTTP status, 400 to 499.
    pub status: u16,
    /// The code in the body: a number of [`ErrorCode`], or one of a newer mint.
    pub code: u32,
    /// The mint's words, without control characters.
    pub detail: String,
}

impl Refused {
    /// Returns the code if this version knows it.
    #[must_use]
    pub fn known_code(&self) -> Option<ErrorCode> {
        ErrorCode::from_number(self.code)
    }
}

/// A mint that gave no usable answer, and may give one later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unavailable {
    /// The mint's address.
    pub mint: String,
    /// What happened, for people.
    pub reason: String,
    /// For how many seconds the mint asks to be left alone (`Retry-After`), if it says so.
    pub retry_after_s: Option<u64>,
}

/// Why keys are not those of a keyset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysetError {
    /// The id is of a version that is not known here.
    #[error("the version of its id is not known")]
    Version,
    /// The id is not that of the keys and terms.
    #[error("its keys and terms make the id {computed}")]
    Id {
        /// The id of the keys and terms.
        computed: KeysetId,
    },
    /// A key that is not a public key, or one for an amount that is not a power of two.
    #[error("its key for {amount} is not a public key of a power of two")]
    Key {
        /// The amount.
        amount: u64,
    },
}

/// What a mint said that breaks its API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// An answer that is not in the form of the API.
    #[error("its answer to {path} (status {status}) is not in the form of the API")]
    Answer {
        /// The path that was asked.
        path: String,
        /// The HTTP status of the answer.
        status: u16,
    },
    /// A keyset whose keys do not make its id, or are not public keys.
    #[error("it shows keyset {keyset}: {error}")]
    Keyset {
        /// The keyset.
        keyset: KeysetId,
        /// What is wrong with it.
        error: KeysetError,
    },
    /// A keyset whose keys have not signed the mint's identity.
    #[error("it shows keyset {0} without the proof that it is its own")]
    KeysetNotOwned(KeysetId),
    /// A keyset that it lists, and does not show.
    #[error("it does not show its keyset {0}")]
    KeysetMissing(KeysetId),
    /// An identity that does not hold.
    #[error("the identity that it shows does not hold: {0}")]
    Identity(#[from] IdentityError),
    /// A bundle that is none, or does not go into one request.
    #[error("the bundle that it shows does not hold: {0}")]
    Bundle(#[from] BundleError),
    /// More decimals than any unit has.
    #[error("it says that its unit is written with {0} decimals, and 8 are the most")]
    Decimals(u8),
    /// The states of other tokens than those asked about.
    #[error("it gave the states of other tokens than those asked about")]
    States,
    /// Restored signatures that do not belong to the restored outputs.
    #[error("it restored outputs and signatures that do not belong together")]
    Restored,
}
