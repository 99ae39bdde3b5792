//! A backend that moves no money: for tests and demos.
//!
//! Its invoices are real (BOLT 11, on regtest), made by a node that every fake backend is and whose key
//! everybody knows. It pays them itself, `fake_delay_ms` after it made them. What becomes of invoices
//! that it is to pay, and of its own, is told from outside, in the folder `fake_control`, by files with
//! one line:
//!
//! | file | line | means |
//! |---|---|---|
//! | `outgoing-HASH`, or else `outgoing-default` | `paid fee=MSAT` | paid; `fee=` may be left out and is 0 then |
//! | | `failed` | failed |
//! | | `pending` | under way until the line changes |
//! | | `hang` | the same, and `pay` does not return until then, or until its time is over |
//! | | `unknown` | the node has the payment, and gives no answer until the line changes |
//! | | `lost` | the request gets lost on the way: no answer, and the node has no record |
//! | `incoming-HASH`, or else `incoming-default` | `paid`, `unpaid`, `expired` | the state of its own invoice |
//!
//! HASH is the payment hash in hex. Without these files payments are paid for no fee. What has ended
//! stays as it ended, whatever the files say later.
//!
//! An invoice of its own that was taken back is expired, whatever the files say.
//!
//! What it knows it writes into the same folder, as `payment-HASH` and `invoice-HASH`, and knows it again
//! after the mint was killed. `payment-HASH` is there as soon as the node has the payment.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bitcoin::hashes::{Hash as _, sha256};
use bitcoin::secp256k1::{Keypair, Secp256k1};
use lightning_invoice::{Currency, InvoiceBuilder, PaymentSecret};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::invoice;
use super::payment::{
    Attempt, BackendError, Features, Incoming, Invoice, Outgoing, Payment, PaymentHash, Preimage,
};
use crate::clock;
use crate::error::Error;

/// The key of the node that every fake backend is. It guards nothing.
const NODE_KEY: [u8; 32] = [0xfa; 32];
/// A preimage is the SHA-256 of this and the invoice's payment secret, so that a fake backend knows
/// the preimage of every other's invoices.
const PREIMAGE_DOMAIN: &[u8] = b"Farthing_fake_preimage_v1";
/// How often the control folder is looked at while `pay` hangs.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// See the module's documentation.
pub(super) struct Fake {
    control: PathBuf,
    delay: Duration,
    /// Held while a record is read and written again.
    records: Mutex<()>,
}

/// What the fake node remembers of an invoice of its own.
#[derive(Serialize, Deserialize)]
struct InvoiceRecord {
    amount_msat: u64,
    created_at_ms: u64,
    expires_at: u64,
    #[serde(default)]
    canceled: bool,
}

/// What the fake node remembers of a payment.
#[derive(Serialize, Deserialize)]
struct PaymentRecord {
    started_at: u64,
    state: PaymentState,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PaymentState {
    Open,
    Failed,
    Paid { fee_msat: u64 },
}

/// A line of a control file about payments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Paid { fee_msat: u64 },
    Failed,
    Pending,
    Hang,
    Unknown,
    Lost,
}

impl Fake {
    /// The backend with this control folder, which is made if it is not there.
    pub(super) fn open(control: PathBuf, delay: Duration) -> Result<Self, Error> {
        std::fs::create_dir_all(&control).map_err(Error::file(&control))?;
        Ok(Self {
            control,
            delay,
            records: Mutex::new(()),
        })
    }

    fn new_invoice(
        &self,
        amount_msat: u64,
        description: &str,
        expiry_s: u32,
    ) -> Result<Invoice, BackendError> {
        if amount_msat == 0 {
            return Err(BackendError::Refused("an invoice over nothing".to_owned()));
        }
        let mut payment_secret = [0; 32];
        getrandom::fill(&mut payment_secret).map_err(|e| unreachable_node("random numbers", &e))?;
        let payment_hash: PaymentHash = Sha256::digest(preimage(&payment_secret)).into();
        let now = clock::now_s();
        let secp = Secp256k1::signing_only();
        let key = Keypair::from_seckey_slice(&secp, &NODE_KEY)
            .map_err(|e| unreachable_node("the node's key", &e))?;
        let invoice = InvoiceBuilder::new(Currency::Regtest)
            .amount_milli_satoshis(amount_msat)
            .description(description.to_owned())
            .payment_hash(sha256::Hash::from_byte_array(payment_hash))
            .payment_secret(PaymentSecret(payment_secret))
            .duration_since_epoch(Duration::from_secs(now))
            .expiry_time(Duration::from_secs(expiry_s.into()))
            .min_final_cltv_expiry_delta(144)
            .basic_mpp()
            .build_signed(|hash| secp.sign_ecdsa_recoverable(hash, &key.secret_key()))
            .map_err(|e| BackendError::Refused(e.to_string()))?;
        let expires_at = now.saturating_add(expiry_s.into());
        let record = InvoiceRecord {
            amount_msat,
            created_at_ms: now_ms(),
            expires_at,
            canceled: false,
        };
        self.write("invoice", &payment_hash, &record)
            .map_err(control_failed)?;
        Ok(Invoice {
            request: invoice.to_string(),
            payment_hash,
            expires_at,
        })
    }

    fn look_at_invoice(&self, hash: &PaymentHash) -> Result<Incoming, BackendError> {
        let record = self.invoice_record(hash)?;
        if record.canceled {
            return Ok(Incoming::Expired);
        }
        let paid = Incoming::Paid {
            amount_msat: record.amount_msat,
        };
        let expired = clock::now_s() >= record.expires_at;
        let paid_at_ms = record.created_at_ms.saturating_add(millis(self.delay));
        let in_time = paid_at_ms / 1000 < record.expires_at;
        match self
            .order_line("incoming", hash)
            .map_err(control_failed)?
            .as_deref()
        {
            Some("paid") => Ok(paid),
            Some("expired") => Ok(Incoming::Expired),
            None if in_time && now_ms() >= paid_at_ms => Ok(paid),
            Some("unpaid") | None if expired => Ok(Incoming::Expired),
            Some("unpaid") | None => Ok(Incoming::Unpaid),
            Some(line) => Err(BackendError::Unreachable(format!("no order: {line}"))),
        }
    }

    fn take_back(&self, hash: &PaymentHash) -> Result<(), BackendError> {
        if let Incoming::Paid { .. } = self.look_at_invoice(hash)? {
            return Err(BackendError::Refused("the invoice is paid".to_owned()));
        }
        let record = InvoiceRecord {
            canceled: true,
            ..self.invoice_record(hash)?
        };
        self.write("invoice", hash, &record).map_err(control_failed)
    }

    fn invoice_record(&self, hash: &PaymentHash) -> Result<InvoiceRecord, BackendError> {
        self.read("invoice", hash)
            .map_err(control_failed)?
            .ok_or_else(|| BackendError::Refused("no such invoice".to_owned()))
    }

    /// Takes a payment unless it was taken before, and returns its state.
    async fn take(&self, payment: &Payment, attempt: Attempt) -> Outgoing {
        if let Err(reason) = invoice::payable(payment, Self::FEATURES) {
            return Outgoing::Failed { reason };
        }
        match self.record(payment, attempt) {
            Ok(None) => {}
            Ok(Some(outgoing)) => return outgoing,
            Err(e) => return unknown(&e),
        }
        let until = Instant::now().checked_add(payment.timeout);
        loop {
            let hangs = self.order(&payment.payment_hash).map(|o| o == Order::Hang);
            let in_time = until.is_none_or(|until| Instant::now() < until);
            match hangs {
                Ok(true) if in_time => tokio::time::sleep(LOOK_EVERY).await,
                Ok(_) => return self.settle(payment),
                Err(e) => return unknown(&e),
            }
        }
    }

    /// Writes down that the node has the payment; returns its state where that is all there is to do.
    fn record(&self, payment: &Payment, attempt: Attempt) -> io::Result<Option<Outgoing>> {
        let _records = self.lock();
        let hash = &payment.payment_hash;
        let before: Option<PaymentRecord> = self.read("payment", hash)?;
        let again = before.is_some_and(|before| match (attempt, before.state) {
            (Attempt::First, PaymentState::Failed) => false,
            (Attempt::First, PaymentState::Open | PaymentState::Paid { .. }) => true,
            (Attempt::Again, _) => before.started_at >= payment.started_at,
        });
        match attempt {
            Attempt::First if again => {
                let reason = "this node has paid the invoice, or is about to".to_owned();
                return Ok(Some(Outgoing::Failed { reason }));
            }
            Attempt::Again if again => return Ok(None),
            Attempt::First | Attempt::Again => {}
        }
        if self.order(hash)? == Order::Lost {
            let reason = "the request was lost".to_owned();
            return Ok(Some(Outgoing::Unknown { reason }));
        }
        let record = PaymentRecord {
            started_at: payment.started_at,
            state: PaymentState::Open,
        };
        self.write("payment", hash, &record)?;
        Ok(None)
    }

    /// The state of a payment, which ends here if its order says so.
    fn settle(&self, payment: &Payment) -> Outgoing {
        self.try_settle(payment).unwrap_or_else(|e| unknown(&e))
    }

    fn try_settle(&self, payment: &Payment) -> io::Result<Outgoing> {
        let _records = self.lock();
        let hash = &payment.payment_hash;
        let record: Option<PaymentRecord> = self.read("payment", hash)?;
        let Some(record) = record.filter(|record| record.started_at >= payment.started_at) else {
            return Ok(Outgoing::Unseen);
        };
        let state = match (record.state, self.order(hash)?) {
            (PaymentState::Open, Order::Pending | Order::Hang | Order::Lost) => {
                return Ok(Outgoing::Pending);
            }
            (PaymentState::Open, Order::Unknown) => {
                let reason = "the node does not answer".to_owned();
                return Ok(Outgoing::Unknown { reason });
            }
            (PaymentState::Open, Order::Paid { fee_msat }) if fee_msat <= payment.fee_max_msat => {
                PaymentState::Paid { fee_msat }
            }
            (PaymentState::Open, Order::Paid { .. } | Order::Failed) => PaymentState::Failed,
            (ended, _) => ended,
        };
        let started_at = record.started_at;
        self.write("payment", hash, &PaymentRecord { started_at, state })?;
        Ok(match state {
            PaymentState::Paid { fee_msat } => Outgoing::Paid {
                preimage: known_preimage(payment),
                fee_msat,
            },
            PaymentState::Failed | PaymentState::Open => Outgoing::Failed {
                reason: "no way to the recipient within the fee".to_owned(),
            },
        })
    }

    /// Returns what the control folder says about a payment.
    fn order(&self, hash: &PaymentHash) -> io::Result<Order> {
        let line = self.order_line("outgoing", hash)?;
        let line = line.as_deref().unwrap_or("paid");
        let paid = |rest: &str| {
            let fee = rest.trim().strip_prefix("fee=")?;
            let fee_msat = fee.parse().ok()?;
            Some(Order::Paid { fee_msat })
        };
        let order = match line {
            "paid" => Some(Order::Paid { fee_msat: 0 }),
            "failed" => Some(Order::Failed),
            "pending" => Some(Order::Pending),
            "hang" => Some(Order::Hang),
            "unknown" => Some(Order::Unknown),
            "lost" => Some(Order::Lost),
            other => other.strip_prefix("paid ").and_then(paid),
        };
        order.ok_or_else(|| io::Error::other(format!("no order: {line}")))
    }

    fn order_line(&self, direction: &str, hash: &PaymentHash) -> io::Result<Option<String>> {
        for name in [hex::encode(hash), "default".to_owned()] {
            match std::fs::read_to_string(self.control.join(format!("{direction}-{name}"))) {
                Ok(text) => return Ok(Some(text.trim().to_owned())),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        Ok(None)
    }

    fn read<T: DeserializeOwned>(&self, kind: &str, hash: &PaymentHash) -> io::Result<Option<T>> {
        let path = self.control.join(format!("{kind}-{}", hex::encode(hash)));
        match std::fs::read(path) {
            Ok(text) => Ok(Some(farthing_protocol::json::from_slice(&text)?)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn write(&self, kind: &str, hash: &PaymentHash, record: &impl Serialize) -> io::Result<()> {
        let path = self.control.join(format!("{kind}-{}", hex::encode(hash)));
        let new = path.with_extension("new");
        std::fs::write(&new, serde_json::to_vec(record)?)?;
        std::fs::rename(new, path)
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`super::Backend`].
impl Fake {
    pub(super) const FEATURES: Features = Features {
        description: true,
        amountless: true,
        partial: true,
    };

    pub(super) async fn create_invoice(
        &self,
        amount_msat: u64,
        description: Option<&str>,
        expiry_s: u32,
    ) -> Result<Invoice, BackendError> {
        self.new_invoice(amount_msat, description.unwrap_or_default(), expiry_s)
    }

    pub(super) async fn incoming(&self, hash: PaymentHash) -> Result<Incoming, BackendError> {
        self.look_at_invoice(&hash)
    }

    pub(super) async fn cancel_invoice(&self, hash: PaymentHash) -> Result<(), BackendError> {
        self.take_back(&hash)
    }

    pub(super) async fn pay(&self, payment: &Payment, attempt: Attempt) -> Outgoing {
        self.take(payment, attempt).await
    }

    pub(super) async fn outgoing(&self, payment: &Payment) -> Outgoing {
        self.settle(payment)
    }
}

fn preimage(payment_secret: &[u8; 32]) -> [u8; 32] {
    let hash = Sha256::new().chain_update(PREIMAGE_DOMAIN);
    hash.chain_update(payment_secret).finalize().into()
}

/// The preimage of an invoice that a fake backend made, or else zeros.
fn known_preimage(payment: &Payment) -> Preimage {
    let invoice = invoice::read(&payment.request).ok();
    let preimage = invoice.map(|invoice| preimage(&invoice.payment_secret().0));
    let known = preimage.filter(|p| Sha256::digest(p).as_slice() == payment.payment_hash);
    Preimage(known.unwrap_or_default())
}

fn unknown(error: &io::Error) -> Outgoing {
    Outgoing::Unknown {
        reason: format!("the control folder: {error}"),
    }
}

fn control_failed(error: io::Error) -> BackendError {
    unreachable_node("the control folder", &error)
}

fn unreachable_node(what: &str, error: &dyn std::fmt::Display) -> BackendError {
    BackendError::Unreachable(format!("{what}: {error}"))
}

fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    millis(now.unwrap_or_default())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "fake_tests.rs"]
mod tests;
