//! What a user asks of a wallet.

pub mod pay;
pub(crate) mod receive;
pub(crate) mod recover;
pub(crate) mod renew;
pub(crate) mod restore;
pub(crate) mod sent;
pub(crate) mod spend;
