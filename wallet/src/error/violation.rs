//! What a mint says that is not believed, because it breaks the protocol.

use farthing_client::{KeysetError, Violation as OfApi};
use farthing_protocol::{KeysetId, Unit};

use super::Advice;

/// What a mint said that was not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// What breaks the API, for any client of it.
    #[error(transparent)]
    Api(#[from] OfApi),
    /// A keyset that was shown with other keys or terms before.
    #[error("it shows other keys or terms for keyset {0} than before")]
    KeysChanged(KeysetId),
    /// Another identity than before, or none any more.
    #[error("it does not show the identity that it showed before")]
    IdentityChanged,
    /// Another unit, or the same written otherwise, than before.
    #[error(
        "its unit was {unit} with {decimals} decimals, and it says {now} with {now_decimals} now"
    )]
    UnitChanged {
        /// The unit before.
        unit: String,
        /// With how many decimals it was written.
        decimals: u8,
        /// The unit now.
        now: String,
        /// With how many decimals it is written now.
        now_decimals: u8,
    },
    /// More or fewer signatures than outputs.
    #[error("it gave {got} signatures for {expected} outputs")]
    Count {
        /// How many outputs there were.
        expected: usize,
        /// How many signatures came.
        got: usize,
    },
    /// A signature for something else than the output.
    #[error("it signed another amount, or with another keyset, than was asked of keyset {keyset}")]
    Signed {
        /// The amount asked for.
        expected: u64,
        /// The keyset asked for.
        keyset: KeysetId,
        /// The amount signed.
        got: u64,
        /// The keyset that signed.
        got_keyset: KeysetId,
    },
    /// A signature that the published key did not make (NUT-12).
    #[error("its proof for a signature of keyset {keyset} is false")]
    Proof {
        /// The amount.
        amount: u64,
        /// The keyset.
        keyset: KeysetId,
    },
    /// Credited something else than inputs less outputs and fee.
    #[error("it credited {} where {} was due", .unit.show(*.got), .unit.show(*.expected))]
    Credited {
        /// What was due.
        expected: u64,
        /// What it said.
        got: u64,
        /// The mint's unit.
        unit: Unit,
    },
    /// Restored outputs that were not asked about.
    #[error("it restored outputs that were not asked about")]
    NotAsked,
}

impl Violation {
    /// Returns what to do about it.
    pub(super) fn advice(&self) -> Advice {
        match self {
            Self::Api(OfApi::Answer { .. } | OfApi::KeysetMissing(_)) => Advice::CheckAddress,
            Self::Api(OfApi::Keyset {
                error: KeysetError::Version,
                ..
            }) => Advice::CheckAddress,
            Self::UnitChanged { .. } => Advice::AskAboutUnit,
            _ => Advice::DistrustMint,
        }
    }
}
