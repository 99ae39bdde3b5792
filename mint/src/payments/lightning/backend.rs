//! The node that the settings name.

use super::attempt::Node as _;
use super::cln::Cln;
#[cfg(any(test, feature = "fake-lightning"))]
use super::fake::Fake;
use super::lnd::Lnd;
use super::payment::{
    Attempt, BackendError, Features, Incoming, Invoice, Outgoing, Payment, PaymentHash,
};
use crate::config::{Config, DataDir, LightningSettings};
use crate::error::{Error, Result};

/// A Lightning node as the mint sees it.
pub struct Backend(Kind);

enum Kind {
    Lnd(Lnd),
    Cln(Cln),
    #[cfg(any(test, feature = "fake-lightning"))]
    Fake(Fake),
}

/// Returns the backend that the settings name, or `None` for a mint without Lightning. Reads the files that the
/// settings name, and asks nothing of the node.
///
/// # Errors
/// [`Error::File`] for a file that cannot be read, [`Error::Operator`] for one with the
/// wrong things in it, or that others may read, and for a fake backend in a program that has none.
pub fn open(config: &Config, dir: &DataDir) -> Result<Option<Backend>> {
    let kind = match config.lightning().map_err(Error::Operator)? {
        LightningSettings::None => return Ok(None),
        LightningSettings::Lnd(node) => Kind::Lnd(Lnd::open(&node, dir)?),
        LightningSettings::Cln(node) => Kind::Cln(Cln::open(&node, dir)?),
        #[cfg(any(test, feature = "fake-lightning"))]
        LightningSettings::Fake { control, delay } => {
            tracing::warn!("lightning_backend is fake: invoices are paid without any money");
            Kind::Fake(Fake::open(dir.path().join(control), delay)?)
        }
        #[cfg(not(any(test, feature = "fake-lightning")))]
        LightningSettings::Fake { .. } => {
            return Err(Error::Operator(
                "lightning_backend: this program has no fake backend, which pays invoices without any \
                 money; use lnd or cln, or, for tests, build farthing-mint with --features \
                 fake-lightning"
                    .to_owned(),
            ));
        }
    };
    Ok(Some(Backend(kind)))
}

/// Calls a method of the node, whichever it is.
macro_rules! node {
    ($backend:ident.$method:ident($($argument:expr),*)) => {
        match &$backend.0 {
            Kind::Lnd(node) => node.$method($($argument),*).await,
            Kind::Cln(node) => node.$method($($argument),*).await,
            #[cfg(any(test, feature = "fake-lightning"))]
            Kind::Fake(node) => node.$method($($argument),*).await,
        }
    };
}

impl Backend {
    /// Returns what the node can do.
    #[must_use]
    pub fn features(&self) -> Features {
        match &self.0 {
            Kind::Lnd(_) => Lnd::FEATURES,
            Kind::Cln(_) => Cln::FEATURES,
            #[cfg(any(test, feature = "fake-lightning"))]
            Kind::Fake(_) => Fake::FEATURES,
        }
    }

    /// Makes an invoice over `amount_msat` (at least 1) that can be paid for `expiry_s` seconds.
    ///
    /// # Errors
    /// Both of [`BackendError`]'s. After [`BackendError::Unreachable`] the node may have made an invoice
    /// that is never shown, which does no harm.
    pub async fn create_invoice(
        &self,
        amount_msat: u64,
        description: Option<&str>,
        expiry_s: u32,
    ) -> Result<Invoice, BackendError> {
        node!(self.create_invoice(amount_msat, description, expiry_s))
    }

    /// Returns the state of an invoice of the node's.
    ///
    /// # Errors
    /// [`BackendError::Unreachable`], and [`BackendError::Refused`] when the node has no such invoice.
    /// Nothing may be concluded from either.
    pub async fn incoming(&self, payment_hash: PaymentHash) -> Result<Incoming, BackendError> {
        node!(self.incoming(payment_hash))
    }

    /// Takes an invoice of the node's back, so that it can no longer be paid. One that has expired or was
    /// taken back before stays so.
    ///
    /// # Errors
    /// [`BackendError::Refused`] when it is paid, or being paid, or the node may not; or
    /// [`BackendError::Unreachable`]. After both, it may have been paid, or still be.
    pub async fn cancel_invoice(&self, payment_hash: PaymentHash) -> Result<(), BackendError> {
        node!(self.cancel_invoice(payment_hash))
    }

    /// Makes a payment that the ledger has written down, and waits for its end, for a little longer than
    /// [`Payment::timeout`]. Never returns [`Outgoing::Unseen`]. The module's documentation says when it
    /// may be called again, and why it may.
    pub async fn pay(&self, payment: &Payment, attempt: Attempt) -> Outgoing {
        node!(self.pay(payment, attempt))
    }

    /// Returns what has become of a payment that was given to [`Self::pay`]. Only looks.
    pub async fn outgoing(&self, payment: &Payment) -> Outgoing {
        node!(self.outgoing(payment))
    }
}
