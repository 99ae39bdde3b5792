//! The Cashu door: what Cashu's wallets ask of the secp256k1 keysets, in the words of the NUTs.

pub(in crate::http) mod auth;
pub(in crate::http) mod payments;
pub(in crate::http) mod public;
pub(in crate::http) mod socket;
mod subscriptions;
pub(in crate::http) mod tokens;

use farthing_protocol::cashu::path;

/// What may be sent again and is answered as before (NUT-19). Its blind authentication (NUT-22) is part of
/// the transaction that it is.
pub(in crate::http) const REPEATABLE: [&str; 4] =
    [path::SWAP, path::MINT, path::MINT_BATCH, path::MELT];
