//! Authentication at the Cashu API, by raw HTTP: the access tokens of an OpenID provider (NUT-21), and
//! blind authentication tokens (NUT-22). The provider is the tests' own; the mint is the real process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

mod blind;
mod books;
mod clear;
mod provider;
mod setting;
mod use_once;
