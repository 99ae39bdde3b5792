//! What a user asks of a wallet. `run` takes an operation from its first request to its end.

pub(crate) mod batched;
mod lock;
mod passphrase;
pub mod pay;
pub(crate) mod receive;
pub(crate) mod recover;
pub(crate) mod renew;
pub(crate) mod restore;
mod run;
pub(crate) mod sent;
pub(crate) mod spend;
