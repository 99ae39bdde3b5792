//! What can go wrong, by who is to blame. What it means for the money is told by [`crate::explain`].

use farthing_protocol::Unit;
use farthing_protocol::conditions::LockError;
use farthing_protocol::identity::IdentityError;
use farthing_protocol::token::NoToken;
use farthing_protocol::{ErrorCode, KeysetId};

use crate::pay::error::{Site, Unpayable};
use crate::store::StoreError;

/// Why a call to the wallet failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// What the caller asked for cannot be done. Nothing was moved.
    Usage(UsageError),
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

/// A request of the caller that cannot be met.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// The system gives no randomness.
    #[error("the system gave no random numbers")]
    Randomness,
    /// Not a phrase.
    #[error("this is not a recovery phrase: {0}")]
    Phrase(&'static str),
    /// A damaged wallet whose phrase cannot be read.
    #[error("the recovery phrase cannot be read in the wallet's file")]
    PhraseLost,
    /// A passphrase of nothing.
    #[error("the passphrase is empty")]
    PassphraseEmpty,
    /// Not an address of a mint.
    #[error("{0} is not the address of a mint")]
    MintUrl(String),
    /// The wallet has no mint at all.
    #[error("the wallet knows no mint yet")]
    NoMint,
    /// The wallet does not know this mint.
    #[error("the mint {0} is not in this wallet")]
    MintUnknown(String),
    /// An address shows the identity of a mint of this wallet, and is none of those that the identity
    /// names.
    #[error(
        "{mint} shows the identity of the mint {known} of this wallet, which does not name that address"
    )]
    AddressNotNamed {
        /// The address.
        mint: String,
        /// The mint whose identity it shows.
        known: String,
    },
    /// A mint says that it is reached elsewhere than where it was asked.
    #[error("the mint at {mint} says that it is reached at {named}, and not there")]
    MintElsewhere {
        /// Where it was asked.
        mint: String,
        /// The addresses that its identity names.
        named: String,
    },
    /// An address shows a keyset of another mint of this wallet.
    #[error("{mint} shows keyset {keyset}, which is of the mint {known} of this wallet")]
    KeysetElsewhere {
        /// The address.
        mint: String,
        /// The keyset.
        keyset: KeysetId,
        /// The mint that has it.
        known: String,
    },
    /// A mint does not show the keysets of the one that is said to have moved there.
    #[error("{new} does not show the keysets of the mint {old}: it is another mint")]
    NotTheSameMint {
        /// Where the mint is known.
        old: String,
        /// Where it is said to be.
        new: String,
    },
    /// Several mints could be meant, and which one matters.
    #[error("several mints of this wallet could be meant: {0}")]
    WhichMint(String),
    /// No mint alone holds enough.
    #[error("no mint of this wallet holds that: {0}")]
    NoMintHolds(String),
    /// The mint's keysets are of a suite that this wallet does not speak.
    #[error("the mint {mint} uses the suite {suite}, which this wallet does not speak")]
    Suite {
        /// The mint.
        mint: String,
        /// What it uses.
        suite: String,
    },
    /// The mint has no keyset that signs tokens now.
    #[error("the mint {0} has no active keyset")]
    NoActiveKeyset(String),
    /// This machine's clock and the mint's differ so much that tokens seem to have expired, or not to.
    #[error(
        "this machine's clock is {} the clock of the mint {mint} by {}",
        if *.ahead { "ahead of" } else { "behind" }, span(*.apart_s)
    )]
    Clock {
        /// The mint.
        mint: String,
        /// Whether this machine's clock is the later one.
        ahead: bool,
        /// By how many seconds they differ.
        apart_s: u64,
    },
    /// The mint makes no tokens for Cashu's wallets.
    #[error("the mint {0} has no door for Cashu's wallets")]
    NoCashuDoor(String),
    /// The operation needs an account at the mint.
    #[error("the wallet has no API token for the mint {0}")]
    NoApiToken(String),
    /// The wallet was made from an old phrase, and this mint was not searched yet.
    #[error("the mint {0} was not searched yet for what this phrase has there")]
    NotRestored(String),
    /// An amount of nothing.
    #[error("the amount must be more than nothing")]
    AmountZero,
    /// An amount that the mint's denominations cannot make, or that needs too many of them.
    #[error("this amount cannot be made from the mint's denominations in one request")]
    AmountUnpayable {
        /// The amount.
        amount: u64,
    },
    /// Too little in the wallet.
    #[error(
        "{} and the mint's fee are needed, and the wallet holds {} there",
        .unit.show(*.needed), .unit.number(*.available)
    )]
    Insufficient {
        /// What was asked for, without the fee.
        needed: u64,
        /// What can be spent at this mint.
        available: u64,
        /// The mint's unit.
        unit: Unit,
    },
    /// Too many small tokens would have to be spent at once.
    #[error("this takes {needed} tokens at once, and the mint takes {max}")]
    TooManyInputs {
        /// How many.
        needed: usize,
        /// The mint's limit.
        max: usize,
    },
    /// The mint's fee would eat it all.
    #[error("the mint's fee of {} leaves nothing of {}", .unit.number(*.fee), .unit.show(*.amount))]
    FeeEatsAll {
        /// The worth.
        amount: u64,
        /// The fee.
        fee: u64,
        /// The mint's unit.
        unit: Unit,
    },
    /// No token, or none that can be taken.
    #[error("{0}")]
    Token(#[from] NoToken),
    /// A token of a unit that its mint does not have.
    #[error("the token says it is in {token}, and the mint's unit is {mint}")]
    TokenUnit {
        /// The token's unit.
        token: String,
        /// The mint's unit.
        mint: String,
    },
    /// A token of a keyset that the mint does not have.
    #[error("the token is of keyset {0}, which the mint does not have")]
    TokenKeyset(KeysetId),
    /// A proof in a token that the mint never made, or that was altered.
    #[error("proof {number} of the token is false: {reason}")]
    TokenProof {
        /// Which proof, from 1.
        number: usize,
        /// What it says it is worth.
        amount: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A token locked to somebody else, or with a lock this wallet cannot open.
    #[error("proof {number} of the token is locked: {reason}")]
    TokenLocked {
        /// Which proof, from 1.
        number: usize,
        /// Why this wallet cannot open it.
        reason: &'static str,
    },
    /// A token locked to the key that this wallet had for all mints.
    #[error(
        "proof {number} of the token is locked to the key that this wallet formerly had for all mints, \
         and it is not known to be of {mint} alone"
    )]
    TokenLockedFormerly {
        /// Which proof, from 1.
        number: usize,
        /// The mint.
        mint: String,
    },
    /// A lock that breaks the rules: nobody can spend the token.
    #[error("proof {number} of the token: {error}")]
    TokenLock {
        /// Which proof, from 1.
        number: usize,
        /// The rule broken.
        error: LockError,
    },
    /// Not a key to lock to.
    #[error("{0} is not a public key that tokens can be locked to")]
    LockKey(String),
    /// No such token was sent.
    #[error("the wallet sent no token with the number {0}")]
    SentUnknown(u64),
    /// A token that was to be taken back, and that somebody has claimed.
    #[error("token {0} was claimed: somebody was faster")]
    SentClaimed(u64),
    /// A token that was to be taken back, and that was.
    #[error("token {0} was taken back before")]
    SentTakenBack(u64),
    /// A search of a mint that was broken off.
    #[error("the search of the mint {0} for what the phrase has there was broken off")]
    RestoreOpen(String),
    /// An open operation that cannot be ended before the mint has answered.
    #[error("operation {0} cannot be ended before the mint has answered it")]
    NotEndable(u64),
    /// Something that is not paid for.
    #[error("{0}")]
    Unpayable(#[from] Unpayable),
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

    /// Whether an input was spent before.
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
    pub lie: Lie,
    /// The operation that stays open because of it.
    pub open: Option<u64>,
}

/// What a mint said that was not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lie {
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

/// A span of time for people, in days, hours or minutes.
fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..7_200 => (seconds / 60, "minutes"),
        7_200..172_800 => (seconds / 3_600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{count} {unit}")
}

impl From<UsageError> for Error {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

impl From<Unpayable> for Error {
    fn from(error: Unpayable) -> Self {
        Self::Usage(UsageError::Unpayable(error))
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
    pub(crate) fn lie(mint: &str, lie: Lie) -> Self {
        Self::Misbehaved(Misbehaved {
            mint: mint.to_owned(),
            lie,
            open: None,
        })
    }

    /// Says that operation `id` stays open because of this error.
    pub(crate) fn keeps_open(mut self, id: u64) -> Self {
        match &mut self {
            Self::Network(network) => network.open = Some(id),
            Self::Misbehaved(misbehaved) => misbehaved.open = Some(id),
            Self::Refused(refused) => refused.aftermath = Aftermath::Kept(id),
            Self::Usage(_) | Self::Site(_) | Self::Store(_) => {}
        }
        self
    }
}
