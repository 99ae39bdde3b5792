//! Farthing's own API: ristretto255 keysets, and accounts.

pub(super) mod account;
pub(super) mod payments;
pub(super) mod public;
pub(super) mod tokens;
