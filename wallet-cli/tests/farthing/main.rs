//! The program `farthing`, run as its users run it, against a mint and a publisher on real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

#[path = "../../../wallet/tests/support"]
#[allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::wildcard_enum_match_arm
)]
mod support {
    pub mod mint;
    pub mod site;
}
mod program;
mod server;
mod session;
mod socks;

mod basics;
mod damage;
mod get;
mod manual;
mod outputs;
mod passphrase;
mod proxy;
mod safety;
mod sessions;
mod tend;
mod terminal;
mod transfer;
