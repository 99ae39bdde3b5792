#![doc = include_str!("../README.md")]
//!
//! | module | what it holds |
//! |---|---|
//! | [`wallet`] | the wallet as its users see it |
//! | `ops` | what a user asks for: withdraw, send, receive, redeem, reclaim, renew, restore, move, pay |
//! | [`pay`] | paying for pages over HTTP: offers, receipts, budgets |
//! | `operation` | the steps of everything that moves value: written, sent, settled |
//! | `engine` | a purse and the way to its mints |
//! | `purse` | what is known without asking anybody: tokens, derivation indexes, outputs, tables |
//! | [`tend`] | when a wallet asks its mints for what by itself |
//! | [`mints`], [`choice`], [`account`] | following mints, choosing one, the account there |
//! | `keysets` | ids recomputed, keys compared with what was known |
//! | [`records`] | what is kept |
//! | [`store`] | where it is kept, with or without a passphrase |
//! | [`http`], [`web`], `api`, [`retry`] | requests to mints and sites, and waiting |
//! | [`doctor`], [`rescue`] | looking a wallet over; saving what can be read of a damaged one |
//! | [`error`] | what went wrong, by who is to blame, what it means for the money, and what to do |
//!
//! # Invariants
//! - A token is in one place at a time: spendable, inside an open operation, or sent.
//! - No request that moves value is sent before its exact bytes are on disk.
//! - An operation ends by facts alone: a verified answer, or a refusal and what the mint says of
//!   inputs and outputs. Silence ends nothing.
//! - A token that was sent is known, with its text, until it is known to be claimed.
//! - A derivation index (keyset, lane, counter) that the mint signed, or may have signed, is never used again.
//! - No hole in a lane is longer than what a restore walks over.
//! - No signature is kept whose proof does not verify, and no keyset whose id does not.

pub mod account;
mod address;
mod api;
pub mod choice;
pub mod doctor;
mod engine;
pub mod error;
mod keysets;
mod lock;
pub mod mints;
mod operation;
mod ops;
mod purse;
pub mod records;
pub mod rescue;
pub mod retry;
mod seed;
pub mod store;
pub mod tend;
mod time;
mod upgrade;
pub mod wallet;
pub mod web;

#[cfg(feature = "native")]
pub mod native;

pub use account::MintAccount;
pub use choice::Need;
pub use doctor::{Finding, Severity};
pub use error::{Error, StoreError};
pub use farthing_client::http::{self, ApiToken, Http};
pub use farthing_protocol::text::printable;
pub use farthing_protocol::{Secret, Unit};
pub use mints::Mints;
pub use operation::record::Batched;
pub use operation::record::{Finished, Recovered};
pub use ops::pay::{self, Answer, Payment, Payments, Visit};
pub use ops::redeem::Redeem;
pub use ops::renew::{Renew, Renewed};
pub use ops::send::SendOptions;
pub use ops::sent::SentTokens;
pub use ops::tend::Tended;
pub use ops::transfer::{self, Transfer};
pub use purse::holdings::Balance;
pub use purse::holdings::Expiring;
pub use records::Restored;
pub use rescue::Rescued;
pub use retry::{Observer, Pause, Progress};
pub use seed::{Origin, Phrase};
pub use store::Store;
pub use store::seal::Passphrase;
pub use store::sealed::Sealed;
pub use time::Clock;
pub use wallet::Wallet;
pub use web::{Page, PageRequest, Web};
