//! Paying at most once: what LND and Core Lightning have in common.
//!
//! Both keep a record by payment hash, and while it says that a payment is under way or done they refuse
//! another. What they say of a payment *of which nothing is under way* is only as good as its age: a
//! request may be on its way to the node, and between two ways that it tries the node may have nothing
//! under way either. So that is taken for the end only when the node has answered the very request that
//! asked for the payment, or when every such request has long ended: see [`quiet_from`].

use super::invoice::{self, ParsedInvoice};
use super::payment::{
    Attempt, BackendError, Features, Incoming, Invoice, Outgoing, Payment, PaymentHash, Preimage,
};
use crate::clock;

/// How long a request may be on its way to the node after the mint wrote its payment down: longer than
/// the mint takes to send it, and than a system keeps up the connection of a process that died.
const ON_ITS_WAY_S: u64 = 120;

/// A node that keeps a record by payment hash. [`super::Backend`] says what is asked of each method.
pub(super) trait Node: Send + Sync + Sized {
    /// What the node can do.
    const FEATURES: Features;

    /// See [`super::Backend::create_invoice`].
    fn create_invoice(
        &self,
        amount_msat: u64,
        description: Option<&str>,
        expiry_s: u32,
    ) -> impl Future<Output = Result<Invoice, BackendError>> + Send;

    /// See [`super::Backend::incoming`].
    fn incoming(
        &self,
        payment_hash: PaymentHash,
    ) -> impl Future<Output = Result<Incoming, BackendError>> + Send;

    /// See [`super::Backend::cancel_invoice`].
    fn cancel_invoice(
        &self,
        payment_hash: PaymentHash,
    ) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// Returns what the node has on record for a payment's hash; the error says why that is not known.
    fn look(&self, payment: &Payment) -> impl Future<Output = Result<Record, String>> + Send;

    /// Hands the payment to the node, and waits for its end, but not for ever.
    fn send(
        &self,
        payment: &Payment,
        invoice: &ParsedInvoice,
    ) -> impl Future<Output = Reply> + Send;

    /// See [`super::Backend::pay`].
    fn pay(&self, payment: &Payment, attempt: Attempt) -> impl Future<Output = Outgoing> + Send {
        pay(self, payment, attempt)
    }

    /// See [`super::Backend::outgoing`].
    fn outgoing(&self, payment: &Payment) -> impl Future<Output = Outgoing> + Send {
        outgoing(self, payment)
    }
}

/// What a node has on record for a payment hash.
#[derive(Debug)]
pub(super) enum Record {
    /// Nothing.
    None,
    /// It is paid.
    Paid {
        /// The proof.
        preimage: Preimage,
        /// What the way cost.
        fee_msat: u64,
    },
    /// Something is under way.
    Pending,
    /// Nothing is under way, and nothing arrived.
    Failed {
        /// What the node says.
        reason: String,
        /// When the node took up the payment that failed last, in Unix seconds.
        created_at: u64,
    },
}

/// How a node took a payment.
#[derive(Debug)]
pub(super) enum Reply {
    /// It is paid.
    Paid {
        /// The proof.
        preimage: Preimage,
        /// What the way cost.
        fee_msat: u64,
    },
    /// The node took it up and it failed, with nothing under way.
    Failed(String),
    /// The node answered with an error and has ended what the request started, but for what its record
    /// says.
    Refused(String),
    /// There was no connection, so the node got nothing.
    NotSent(String),
    /// There was no answer, or none that means anything.
    Lost(String),
}

/// From when on, in Unix seconds, no request for this payment is on its way and no node looks for
/// further ways.
fn quiet_from(payment: &Payment) -> u64 {
    let busy_s = payment.timeout.as_secs().saturating_add(ON_ITS_WAY_S);
    payment.started_at.saturating_add(busy_s)
}

/// The state of a payment by the node's record alone.
fn by_record(record: Record, payment: &Payment) -> Outgoing {
    match record {
        Record::Paid { preimage, fee_msat } => Outgoing::Paid { preimage, fee_msat },
        Record::Pending => Outgoing::Pending,
        Record::None | Record::Failed { .. } if clock::now_s() < quiet_from(payment) => {
            Outgoing::Pending
        }
        Record::Failed { reason, created_at } if created_at >= payment.started_at => {
            Outgoing::Failed { reason }
        }
        // What failed was a payment before this one.
        Record::None | Record::Failed { .. } => Outgoing::Unseen,
    }
}

async fn outgoing(node: &impl Node, payment: &Payment) -> Outgoing {
    match node.look(payment).await {
        Ok(record) => by_record(record, payment),
        Err(reason) => Outgoing::Unknown { reason },
    }
}

async fn pay<N: Node>(node: &N, payment: &Payment, attempt: Attempt) -> Outgoing {
    let invoice = match invoice::payable(payment, N::FEATURES) {
        Ok(invoice) => invoice,
        Err(reason) => return Outgoing::Failed { reason },
    };
    match (attempt, node.look(payment).await) {
        (Attempt::First, Err(reason)) => return Outgoing::Failed { reason },
        (Attempt::First, Ok(Record::Paid { .. } | Record::Pending)) => {
            return Outgoing::Failed {
                reason: "the node has paid this invoice before, or is about to".to_owned(),
            };
        }
        (Attempt::First, Ok(Record::None | Record::Failed { .. })) => {}
        (Attempt::Again, Err(reason)) => return Outgoing::Unknown { reason },
        (Attempt::Again, Ok(record)) => match by_record(record, payment) {
            Outgoing::Unseen => {}
            known @ (Outgoing::Paid { .. }
            | Outgoing::Failed { .. }
            | Outgoing::Pending
            | Outgoing::Unknown { .. }) => return known,
        },
    }
    match node.send(payment, &invoice).await {
        Reply::Paid { preimage, fee_msat } => Outgoing::Paid { preimage, fee_msat },
        Reply::Failed(reason) => Outgoing::Failed { reason },
        Reply::NotSent(reason) => match attempt {
            Attempt::First => Outgoing::Failed { reason },
            Attempt::Again => Outgoing::Unknown { reason },
        },
        Reply::Refused(reason) => match node.look(payment).await {
            Ok(Record::None | Record::Failed { .. }) => Outgoing::Failed { reason },
            Ok(record) => by_record(record, payment),
            Err(_) => Outgoing::Unknown { reason },
        },
        Reply::Lost(reason) => match node.look(payment).await {
            Ok(record @ (Record::Paid { .. } | Record::Pending)) => by_record(record, payment),
            Ok(Record::None | Record::Failed { .. }) | Err(_) => Outgoing::Unknown { reason },
        },
    }
}
