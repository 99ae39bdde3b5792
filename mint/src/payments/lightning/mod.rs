//! Payments over Lightning, by a node that the operator runs beside the mint: [`Backend`]. `lnd` and `cln` speak
//! with a node over HTTP; `fake` moves no money, and is there with the feature `fake-lightning` alone.
//!
//! # What the ledger does in each state of an outgoing payment
//!
//! Before it calls [`Backend::pay`] it has written the [`Payment`] down, and its inputs are
//! pending. Then:
//!
//! | state | what is certain | what the ledger does |
//! |---|---|---|
//! | [`Outgoing::Paid`] | the recipient has the money | inputs are spent, change is signed; final |
//! | [`Outgoing::Failed`] | of this payment nothing left, and nothing will | inputs are free again; final |
//! | [`Outgoing::Pending`] | the node works on it, or may still do | inputs stay pending; ask again later |
//! | [`Outgoing::Unknown`] | nothing | inputs stay pending; ask again later |
//! | [`Outgoing::Unseen`] | the node has no record of it | inputs stay pending; `pay` with [`Attempt::Again`] |
//!
//! Pending inputs stay so across restarts and for as long as it takes: a payment that is not known to
//! have failed is never given back on a guess, because the node may still make it.
//!
//! # Why `pay` may be called again
//!
//! Every backend pays a payment hash **at most once at a time, and never after it has succeeded**, however
//! often it is asked: LND and Core Lightning keep a record by payment hash and refuse a second payment
//! while one is under way or done. A mint that died between writing a payment down and hearing of it
//! asks [`Backend::outgoing`], and the node may have seen nothing: the request for it has not
//! arrived, or not *yet*. To call this failed would free inputs that a late request then pays for; to wait
//! would be to wait for ever. To hand the same payment over again is safe in both cases, and ends in a
//! state that the node vouches for. That is [`Outgoing::Unseen`], which neither `Failed` nor `Unknown`
//! says.
//!
//! For [`Payment::timeout`] and two minutes after [`Payment::started_at`] a request may be on its way, or
//! the node between two ways that it tries. Until then a node's "failed" or "not seen" is believed only
//! as the answer to the very request; from `outgoing` it is `Pending` (`attempt.rs`).
//!
//! A payment that failed may be tried anew, as a new [`Payment`] with the same payment hash and a later
//! `started_at`, which tells the node's record of it from that of the one before. At most one payment of
//! a payment hash may be open at a time; that is the ledger's part of the bargain.

mod attempt;
mod backend;
mod cln;
#[cfg(any(test, feature = "fake-lightning"))]
mod fake;
mod invoice;
mod lnd;
mod node;
mod payment;
mod tls;

pub use backend::{Backend, open};
pub use invoice::{InvoiceError, Network, ParsedInvoice, parse};
pub use payment::{
    Attempt, BackendError, Features, Incoming, Invoice, Outgoing, Payment, PaymentHash, Preimage,
};

#[cfg(test)]
#[path = "script_tests.rs"]
mod script;
