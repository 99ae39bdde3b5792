//! Invoices and payments, as the mint and every backend see them.

use std::fmt;
use std::time::Duration;

/// SHA-256 of a payment's preimage; it names an invoice and its payment (BOLT 11).
pub type PaymentHash = [u8; 32];

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
    /// It can no longer be paid.
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

/// Whether a payment was given to the backend before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Never: there was no call of [`super::Backend::pay`] with it. What the node has done with the payment
    /// hash before is not this payment's doing, and when nothing can be given to it, it has failed.
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
