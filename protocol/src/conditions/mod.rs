//! Locks: conditions that a token's secret puts on whoever spends it (NUT-10, NUT-11, NUT-14).
//!
//! A secret of the form `["P2PK", {…}]` or `["HTLC", {…}]` locks the token; any other secret is
//! spendable by whoever knows it. The mint, and nobody else, enforces the lock.

mod lock;
mod spend;
mod witness;

pub use lock::{HashLock, Kind, Lock, SigFlag, parse};
pub use spend::{Aggregation, Spend, check_all};
pub use witness::Witness;

/// Why a lock is malformed or was not opened. Never holds any part of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// The secret says it is a lock and is not a well-formed one: nobody can spend it.
    #[error("the lock is malformed ({0}), the token cannot be spent")]
    Malformed(&'static str),
    /// The witness is missing, or not of the form the lock needs.
    #[error("the witness is missing or malformed")]
    Witness,
    /// Too few valid signatures by different keys of the lock.
    #[error("too few valid signatures for the lock")]
    Signatures,
    /// The preimage does not match the hash lock.
    #[error("the preimage does not match the lock")]
    Preimage,
    /// One input is `SIG_ALL`, and another has a different lock, or is of another suite.
    #[error("with SIG_ALL all inputs must have the same lock, and be of one suite")]
    Mixed,
    /// The keyset's version is not known, and so it is not known whose keys lock the token.
    #[error("the token's keyset is of no suite that is known here")]
    Suite,
}
