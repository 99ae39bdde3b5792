//! The paywall as a layer around an axum service, over real sockets, with a real mint: what is charged,
//! what is not, and never twice. Every test ends with books that balance to the unit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

mod browser;
mod cashu;
mod delivery;
mod exchange;
mod form;
mod gate;
mod locked;
mod model;
mod once;
mod receipts;
mod refusals;
mod replays;
mod stage;
mod wallet;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
