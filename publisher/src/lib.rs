#![doc = include_str!("../README.md")]
//!
//! | module | what it holds |
//! |---|---|
//! | [`paywall`] | the layer |
//! | `serve` | the way of a request through it |
//! | `visit` | a request that has a price, and the paywall's own answers to it |
//! | `shared` | what all requests share |
//! | [`settings`] | what the publisher decides |
//! | `admit` | whether a request with a price may go on |
//! | `payment` | what a request pays with, read and checked before anything is asked |
//! | `binding` | which request a payment belongs to |
//! | `settle` | recording, redeeming, and only then serving |
//! | `headers` | what is taken out of requests and answers, and what is added |
//! | `cors` | what programs in pages of other origins may read |
//! | `own` | the paywall's own paths |
//! | `pay` | paying by a request to the paywall: a pasted token, or a wallet in a browser |
//! | `open` | opening a page with a receipt that a wallet hands over |
//! | `place` | a page of this site that a form or a wallet names |
//! | `posted` | what is posted to the paywall itself, read within its limits |
//! | `script` | the script for publishers' own pages |
//! | `answer` | answers that are for no page |
//! | `page` | the page that asks a person to pay |
//! | `offer` | the answers 402 and 400, for programs and for people |
//! | `private` | the publisher's folder, and the one process that uses it |
//! | `records` | which tokens were presented for what: durable, one SQLite file |
//! | [`mint`] | the mint's public API, as a publisher uses it |
//! | `receipts` | receipts and their cookies |
//! | `locked` | tokens locked to the publisher: checked here, redeemed later |
//! | `query` | parameters of a query that make no difference to a purchase |
//! | `clock` | the time |
//! | `keys` | the publisher's secret, and the keys that follow from it |
//! | [`error`] | what goes wrong at the start, and why a payment is refused |
//!
//! # Invariants
//! - Nothing is redeemed before the answer it pays for is there, and no byte of that answer's body is
//!   let through before the payment is settled.
//! - No token is redeemed before it is on disk which request it was presented for. What is spent already
//!   may be sent to the mint all the same: it can only repeat the answer for that request.
//! - What was charged is served again, whatever is asked for today and whatever became of the record.
//! - A token never reaches what is behind the paywall, a log, or (unless it is locked to the publisher
//!   and not yet redeemed) the disk.

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they end the program where nothing can be written"
)]

mod admit;
mod answer;
mod binding;
mod clock;
mod cors;
pub mod error;
mod headers;
mod keys;
mod lock_key;
mod locked;
pub mod mint;
mod offer;
mod open;
mod own;
mod page;
mod pay;
mod payment;
pub mod paywall;
mod place;
mod posted;
mod private;
mod query;
mod receipts;
mod records;
mod script;
mod serve;
pub mod settings;
mod settle;
mod shared;
mod visit;

pub use answer::refusal;
pub use binding::Origin;
pub use cors::{AllowedOrigins, OwnAnswer};
pub use error::Error;
pub use paywall::{Paywall, Walled};
pub use place::NO_PAGE;
pub use query::IgnoredQuery;
pub use records::RECORDS_FILE;
pub use settings::{Accept, Charged, PAY_PATH, Settings};
pub use shared::{Outcome, Price};
