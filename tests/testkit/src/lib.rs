//! Support for the end-to-end tests and the tools: Farthing's programs as real processes, and a raw client of the
//! mint's API.
//!
//! Cargo does not build the binaries of other packages for a test or for `cargo run`. So a binary of the tests' package
//! stands in for the mint, the wallet and the paywall: [`programs::stand_in`] calls their `main`.

pub mod client;
pub mod dice;
pub mod lightning;
pub mod network;
pub mod nginx;
pub mod owner;
pub mod paywall;
pub mod process;
pub mod programs;
pub mod proxy;
pub mod raw;
pub mod scene;
pub mod site;
pub mod tokens;
pub mod victim;

/// A failure in a test or the demo: a sentence.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
/// A result whose error is a sentence.
pub type Result<T> = std::result::Result<T, Failure>;
