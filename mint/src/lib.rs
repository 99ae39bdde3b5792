//! A Farthing mint.
//!
//! | module | what it holds |
//! |---|---|
//! | [`keyring`] | the seed, the private keys, keyed marks |
//! | [`domain`] | what a transaction is, which are admitted, when the books balance; no I/O |
//! | [`engine`] | the four stages every transaction goes through |
//! | [`store`] | SQLite; the only module that speaks SQL |
//! | [`spent_log`] | a second record of spent tokens, on another disk |
//! | [`payments`] | value in and out: quotes, invoices, payments, and the node that makes them |
//! | [`http`] | the API |
//! | `openid` | the provider whose users may use the Cashu API, where there is one |
//! | [`operator`] | the operator's commands |
//! | [`config`] | `mint.toml` and the environment |
//! | [`error`] | the crate's error type, by who is to blame |

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they end the program where nothing can be written"
)]

pub mod clock;
pub mod config;
pub mod domain;
pub mod engine;
pub mod error;
pub mod http;
pub mod keyring;
mod openid;
pub mod operator;
pub mod payments;
pub mod spent_log;
pub mod store;

pub use error::{Error, Result};
