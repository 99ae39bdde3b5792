//! The Cashu API: what Cashu's wallets send to a mint and are answered, for its secp256k1 keysets.
//!
//! | module | what it holds | source |
//! |---|---|---|
//! | [`bolt11`] | quotes, minting and melting over Lightning | NUT-04, -05, -08, -15, -23 |
//! | [`batch`] | minting several quotes at once | NUT-29 |
//! | [`auth`] | blind authentication | NUT-22 |
//! | [`nut20`] | signatures that mint a locked quote | NUT-20 |
//! | [`info`] | what the mint says of itself, with the settings of each NUT | NUT-06 |
//! | [`ws`] | messages of the websocket | NUT-17 |
//! | [`Lenient`] | reading what wallets send besides | |
//!
//! Keys, keysets, swaps, states and restoring have the same bodies in both APIs: [`crate::api`]. The
//! native API refuses fields that it does not know; this one skips them ([`Lenient`]), because
//! wallets send many.

pub mod auth;
pub mod batch;
pub mod bolt11;
pub mod info;
pub(crate) mod lenient;
pub mod nut20;
pub mod ws;

pub use crate::quote_id::QuoteId;
pub use lenient::Lenient;

/// Paths of the Cashu API, beside the URL that wallets are given: the mint's base URL and
/// [`path::PREFIX`].
pub mod path {
    pub use crate::api::path::{CHECKSTATE, INFO, KEYS, KEYSETS, RESTORE, SWAP};

    /// What stands between the mint's base URL and the paths here.
    pub const PREFIX: &str = "/cashu";
    /// POST: [`super::bolt11::MintQuoteRequest`]; GET `/v1/mint/quote/bolt11/{quote}`. Both give a
    /// [`super::bolt11::MintQuote`].
    pub const MINT_QUOTE: &str = "/v1/mint/quote/bolt11";
    /// POST: [`super::batch::CheckRequest`], a list of [`super::bolt11::MintQuote`].
    pub const MINT_QUOTE_CHECK: &str = "/v1/mint/quote/bolt11/check";
    /// POST: [`super::bolt11::MintRequest`], [`crate::api::Signatures`].
    pub const MINT: &str = "/v1/mint/bolt11";
    /// POST: [`super::batch::MintRequest`], [`crate::api::Signatures`].
    pub const MINT_BATCH: &str = "/v1/mint/bolt11/batch";
    /// POST: [`super::bolt11::MeltQuoteRequest`]; GET `/v1/melt/quote/bolt11/{quote}`. Both give a
    /// [`super::bolt11::MeltQuote`].
    pub const MELT_QUOTE: &str = "/v1/melt/quote/bolt11";
    /// POST: [`super::bolt11::MeltRequest`], [`super::bolt11::MeltQuote`].
    pub const MELT: &str = "/v1/melt/bolt11";
    /// GET: [`crate::api::Keys`] of the auth keyset that signs; `/v1/auth/blind/keys/{id}` of one.
    pub const AUTH_KEYS: &str = "/v1/auth/blind/keys";
    /// GET: [`crate::api::Keysets`], the auth keysets.
    pub const AUTH_KEYSETS: &str = "/v1/auth/blind/keysets";
    /// POST: [`super::auth::MintRequest`], [`crate::api::Signatures`].
    pub const AUTH_MINT: &str = "/v1/auth/blind/mint";
    /// Websocket: [`super::ws`].
    pub const WS: &str = "/v1/ws";
}
