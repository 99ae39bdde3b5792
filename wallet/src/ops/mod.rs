//! What a user asks of a wallet.

mod lock;
pub mod pay;
pub(crate) mod receive;
pub(crate) mod recover;
pub(crate) mod redeem;
pub(crate) mod renew;
pub(crate) mod restore;
pub(crate) mod send;
pub(crate) mod sent;
mod swap;
pub(crate) mod tend;
pub mod transfer;
pub(crate) mod withdraw;
