//! What a user asks of a wallet. `run` takes an operation from its first request to its end.

pub(crate) mod batched;
mod exchange;
mod lock;
pub mod pay;
pub(crate) mod receive;
pub(crate) mod recover;
pub(crate) mod redeem;
pub(crate) mod renew;
pub(crate) mod restore;
mod run;
pub(crate) mod send;
pub(crate) mod sent;
mod swap;
mod withdraw;
