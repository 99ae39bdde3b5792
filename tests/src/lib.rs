//! What the tests and the demo share: real processes, and a raw client of the mint's API.
//!
//! Mint, wallet and paywall run as processes of their own. Cargo builds no other package's binaries for
//! a test or for `cargo run`, so one binary of this package stands in for them: called with
//! [`AS_MINT`], [`AS_WALLET`] or [`AS_PAYWALL`] first, it is that program, by the same `main`.

pub mod client;
pub mod demo;
pub mod dice;
pub mod fill;
pub mod lightning;
pub mod load;
pub mod network;
pub mod owner;
pub mod paywall;
pub mod process;
pub mod proxy;
pub mod raw;
pub mod scene;
pub mod site;
pub mod tokens;
pub mod victim;

/// First argument that makes the demo's binary the mint.
pub const AS_MINT: &str = "--as-farthing-mint";
/// First argument that makes the demo's binary the wallet.
pub const AS_WALLET: &str = "--as-farthing";
/// First argument that makes the demo's binary the paywall.
pub const AS_PAYWALL: &str = "--as-farthing-paywall";

/// A failure in a test or the demo: a sentence.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
/// A result whose error is a sentence.
pub type Result<T> = std::result::Result<T, Failure>;
