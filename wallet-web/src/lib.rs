//! The wallet in a browser: [`farthing_wallet`] over IndexedDB and `fetch`, as a class for JavaScript.
//!
//! | module | what it holds |
//! |---|---|
//! | `wallet` | the class [`FarthingWallet`]: a wallet and what is done with it |
//! | `pay` | its part that pays for pages |
//! | `view` | the wallet's records as JSON |
//! | `amount` | amounts as a person types them |
//! | `failure` | what is thrown |
//! | `store`, `http`, `host` | IndexedDB, `fetch`, and what is written in JavaScript |
//! | `site` | the exchange with a paywall, from another site's page |
//!
//! Amounts come in as a person types them, in the mint's unit, and go out twice: as a whole number of the
//! unit's smallest part, and as a text to show. What fails is thrown as an `Error` with `code`, `what`,
//! `money` and `advice` ([`Failure`]). One call at a time: two at once on one object are refused by
//! wasm-bindgen.
//!
//! Besides the secrets, and which passphrase the store is under, the class keeps nothing of the store in
//! memory: what another tab wrote is seen by the next call. After another passphrase was set in another tab,
//! each call fails with `passphrase_needed`, and the wallet is opened again.

mod amount;
mod failure;
mod host;
mod http;
mod pay;
mod site;
mod store;
mod view;
mod wallet;

pub use failure::Failure;
pub use pay::read_request;
pub use wallet::{FarthingWallet, delete_wallet, new_phrase, wallet_state};
