//! Payments over Lightning, by a node that the operator runs beside the mint: [`PaymentBackend`], and
//! what implements it. `fake` moves no money, `lnd` and `cln` speak with a node over HTTP.
//!
//! # What the ledger does in each state of an outgoing payment
//!
//! Before it calls [`PaymentBackend::pay`] it has written the [`Payment`] down, and its inputs are
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
//! asks [`PaymentBackend::outgoing`], and the node may have seen nothing: the request for it has not
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
mod cln;
mod fake;
mod invoice;
mod lnd;
mod node;
mod tls;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Config, DataDir, LightningSettings};
use crate::error::Error;

use cln::Cln;
use fake::Fake;
use lnd::Lnd;

pub use invoice::{InvoiceError, Network, ParsedInvoice, parse};

/// SHA-256 of a payment's preimage; it names an invoice and its payment (BOLT 11).
pub type PaymentHash = [u8; 32];

/// A future that a backend returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The backend that the settings name, or `None` for a mint without Lightning. Reads the files that the
/// settings name, and asks nothing of the node.
///
/// # Errors
/// [`Error::File`] for a file that cannot be read, [`Error::Operator`] for one with the
/// wrong things in it, or that others may read.
pub fn open(config: &Config, dir: &DataDir) -> Result<Option<Arc<dyn PaymentBackend>>, Error> {
    let backend: Arc<dyn PaymentBackend> = match config.lightning().map_err(Error::Operator)? {
        LightningSettings::None => return Ok(None),
        LightningSettings::Fake { control, delay } => {
            tracing::warn!("lightning_backend is fake: invoices are paid without any money");
            Arc::new(Fake::open(dir.path().join(control), delay)?)
        }
        LightningSettings::Lnd(node) => Arc::new(Lnd::open(&node, dir)?),
        LightningSettings::Cln(node) => Arc::new(Cln::open(&node, dir)?),
    };
    Ok(Some(backend))
}

/// A Lightning node as the mint sees it.
pub trait PaymentBackend: Send + Sync {
    /// What the node can do.
    fn features(&self) -> Features;

    /// Makes an invoice over `amount_msat` (at least 1) that can be paid for `expiry_s` seconds.
    ///
    /// # Errors
    /// Both of [`BackendError`]'s. After [`BackendError::Unreachable`] the node may have made an invoice
    /// that nobody will see; that is no harm.
    fn create_invoice<'a>(
        &'a self,
        amount_msat: u64,
        description: Option<&'a str>,
        expiry_s: u32,
    ) -> BoxFuture<'a, Result<Invoice, BackendError>>;

    /// Whether an invoice of the node's is paid.
    ///
    /// # Errors
    /// [`BackendError::Unreachable`], and [`BackendError::Refused`] when the node has no such invoice.
    /// Nothing may be concluded from either.
    fn incoming(&self, payment_hash: PaymentHash) -> BoxFuture<'_, Result<Incoming, BackendError>>;

    /// Takes an invoice of the node's back, so that nobody can pay it any more. One that has expired or was
    /// taken back before stays so.
    ///
    /// # Errors
    /// [`BackendError::Refused`] when it is paid, or being paid, or the node may not; or
    /// [`BackendError::Unreachable`]. After both, somebody may have paid it or still do.
    fn cancel_invoice(&self, payment_hash: PaymentHash) -> BoxFuture<'_, Result<(), BackendError>>;

    /// Makes a payment that the ledger has written down, and waits for its end, for a little longer than
    /// [`Payment::timeout`]. Never gives [`Outgoing::Unseen`]. The module's documentation says when it
    /// may be called again, and why it may.
    fn pay<'a>(&'a self, payment: &'a Payment, attempt: Attempt) -> BoxFuture<'a, Outgoing>;

    /// What has become of a payment that was handed to [`PaymentBackend::pay`]. Only looks.
    fn outgoing<'a>(&'a self, payment: &'a Payment) -> BoxFuture<'a, Outgoing>;
}

/// What a backend can do beyond fixed amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Invoices can carry a description (NUT-23 `description`).
    pub description: bool,
    /// Invoices without an amount can be paid (NUT-23 `amountless`).
    pub amountless: bool,
    /// A part of an invoice can be paid, others paying the rest (NUT-15).
    pub partial: bool,
}

/// An invoice that the node has made.
#[derive(Clone, PartialEq, Eq)]
pub struct Invoice {
    /// The invoice (BOLT 11).
    pub request: String,
    /// Its payment hash.
    pub payment_hash: PaymentHash,
    /// From when on it can no longer be paid, in Unix seconds.
    pub expires_at: u64,
}

/// The state of an invoice of the node's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// The node has the money.
    Paid {
        /// What came in, which can be more than was asked for.
        amount_msat: u64,
    },
    /// It can still be paid, or is being paid.
    Unpaid,
    /// It can never be paid any more.
    Expired,
}

/// A payment that the ledger has written down. All of it is needed to ask for it again after a restart.
#[derive(Clone, PartialEq, Eq)]
pub struct Payment {
    /// The invoice to pay (BOLT 11).
    pub request: String,
    /// Its payment hash.
    pub payment_hash: PaymentHash,
    /// What the recipient is to get from this payment. It is the invoice's amount but for invoices
    /// without one and for partial payments.
    pub amount_msat: u64,
    /// Whether this is a part of the invoice's amount, and others pay the rest (NUT-15).
    pub partial: bool,
    /// The most that the way to the recipient may cost on top.
    pub fee_max_msat: u64,
    /// How long the node may begin to try ways; what it has sent by then is waited for as long as it
    /// takes.
    pub timeout: Duration,
    /// When the ledger wrote this payment down, in Unix seconds.
    pub started_at: u64,
}

/// Whether a payment was handed to the backend before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Never: nobody called [`PaymentBackend::pay`] with it. What the node has done with the payment
    /// hash before is not this payment's doing, and when nothing can be handed over, it has failed.
    First,
    /// Perhaps: its end was not heard of.
    Again,
}

/// The state of an outgoing payment; the module's documentation says what the ledger does in each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// The recipient has the money. Final.
    Paid {
        /// The proof of it: its SHA-256 is the payment hash. All zeros from a fake backend that cannot
        /// know it.
        preimage: Preimage,
        /// What the way cost on top of the amount.
        fee_msat: u64,
    },
    /// Certain: of this payment nothing left, and nothing will. Final.
    Failed {
        /// For the operator.
        reason: String,
    },
    /// The node works on it, or may still do.
    Pending,
    /// The node did not answer, or not in a way that anything may be concluded from.
    Unknown {
        /// For the operator.
        reason: String,
    },
    /// The node answered that it has no record of this payment. A request for it may be on its way.
    Unseen,
}

/// A payment's preimage: its receipt, and before its payment the right to the money.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Preimage(pub [u8; 32]);

/// Why a backend did not do what it was asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// The node could not be reached, or what it answered makes no sense; another time it may. The
    /// detail is for the operator.
    #[error("the Lightning node does not answer: {0}")]
    Unreachable(String),
    /// The node answered that it will not, as for an amount that is too small for it. The detail is for
    /// the operator.
    #[error("the Lightning node refuses: {0}")]
    Refused(String),
}

impl fmt::Debug for Invoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invoice")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Payment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payment")
            .field("amount_msat", &self.amount_msat)
            .field("partial", &self.partial)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Preimage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Preimage(…)")
    }
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod script;
