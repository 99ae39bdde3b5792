//! A Farthing mint.
//!
//! | module | what it holds |
//! |---|---|
//! | [`keyring`] | the seed, the private keys, keyed marks |
//! | [`ledger`] | what a transaction is, which are admitted, when the books balance; no I/O |
//! | [`cashier`] | value in and out by the payment backend: quotes, invoices, payments |
//! | [`engine`] | the four stages every transaction goes through |
//! | [`store`] | SQLite; the only module that speaks SQL |
//! | [`spent_log`] | a second record of spent tokens, on another disk |
//! | [`lightning`] | the node that pays and is paid, behind one trait |
//! | [`http`] | the API |
//! | `openid` | the provider whose users may use the Cashu door, where there is one |
//! | [`operator`] | the operator's commands |
//! | [`config`] | `mint.toml` and the environment |
//! | [`error`] | the crate's error type, by who is to blame |

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they end the program where nothing can be written"
)]

pub mod cashier;
pub mod clock;
pub mod config;
pub mod engine;
pub mod error;
pub mod http;
pub mod keyring;
pub mod ledger;
pub mod lightning;
mod openid;
pub mod operator;
pub mod spent_log;
pub mod store;

pub use error::{Error, Result};
