//! The Cashu API by raw HTTP: minting and melting over Lightning, its refusals, its websocket, and
//! accounts that are funded and paid out by invoices. Real wallets are in `tests/interop`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

mod accounts;
mod bounds;
mod by_hand;
mod melting;
mod minting;
mod objects;
mod refusals;
mod setting;
mod socket;
mod socket_bounds;
mod till;
