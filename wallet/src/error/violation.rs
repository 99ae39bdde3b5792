//! What a mint says that is not believed, because it breaks the protocol.

use farthing_protocol::identity::IdentityError;
use farthing_protocol::{KeysetId, Unit};

use super::Advice;

/// What a mint said that was not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// An answer that is not what the API promises.
    #[error("its answer to {0} is not in the form of the API")]
    Answer(String),
    /// A keyset whose id does not belong to its keys.
    #[error("it shows keyset {shown}, and its keys make the id {computed}")]
    KeysetId {
        /// The id it shows.
        shown: KeysetId,
        /// The id of the keys it shows.
        computed: KeysetId,
    },
    /// A keyset that was shown with other keys or terms before.
    #[error("it shows other keys or terms for keyset {0} than before")]
    KeysChanged(KeysetId),
    /// A keyset whose keys have not signed the mint's identity.
    #[error("it shows keyset {0} without the proof that it is its own")]
    KeysetNotOwned(KeysetId),
    /// An identity that does not hold.
    #[error("the identity that it shows does not hold: {0}")]
    Identity(IdentityError),
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
    /// More decimals than any unit has.
    #[error("it says that its unit is written with {0} decimals, and 8 are the most")]
    Decimals(u8),
    /// A public key that is none.
    #[error("one of its keys in keyset {keyset} is not a public key")]
    Key {
        /// The keyset.
        keyset: KeysetId,
        /// The amount.
        amount: u64,
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
    /// The states of other tokens than those asked about.
    #[error("it gave the states of other tokens than those asked about")]
    States,
    /// Restored outputs that were not asked about.
    #[error("it restored outputs that were not asked about")]
    Restored,
}

impl Violation {
    /// What to do about it.
    pub(super) fn advice(&self) -> Advice {
        if matches!(self, Self::Answer(_)) {
            Advice::CheckAddress
        } else if matches!(self, Self::UnitChanged { .. }) {
            Advice::AskAboutUnit
        } else {
            Advice::DistrustMint
        }
    }
}
