//! What anybody may cost a mint or a paywall, and what happens at each bound; and that a log which cannot
//! be written stops nothing. docs/operating.md has the table of bounds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

mod bodies;
mod connections;
mod exits;
mod logs;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-demo");
