//! Upkeep: what a wallet asks its mints for by itself, and when.
//!
//! A mint that sees what a wallet asks for just before and just after a payment can tell who paid. So a wallet
//! withdraws, renews and learns at moments that have nothing to do with its payments. They are drawn in advance,
//! each for a span of time that begins at the same time for everybody, and are kept. What is withdrawn is made of
//! whole bundles, the same for all members of a mint. Nothing is asked for within 20 to 40 minutes after a payment,
//! and one thing at a time (`docs/decisions/0041-upkeep-at-moments-of-its-own.md`).
//!
//! Here is the decision alone, with the time and the randomness given: no I/O, so that the command line, the
//! browser and a simulator with a virtual clock run the same code. [`crate::Wallet::tend`] carries it out.

mod need;
mod random;
mod schedule;

pub use need::{Need, Payment};
pub use random::Random;
pub(crate) use schedule::quiet_s;
pub use schedule::{Decision, Purpose, Schedule, Seen};

#[cfg(test)]
mod model_tests;
