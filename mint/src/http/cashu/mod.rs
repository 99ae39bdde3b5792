//! The Cashu API: what Cashu's wallets ask of the secp256k1 keysets, in the words of the NUTs.

pub(in crate::http) mod auth;
pub(in crate::http) mod payments;
pub(in crate::http) mod public;
pub(in crate::http) mod socket;
mod subscriptions;
pub(in crate::http) mod tokens;
