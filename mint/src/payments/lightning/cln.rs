//! Core Lightning, over its plugin clnrest (version 24.11 or later, for `xpay`).
//!
//! Facts about Core Lightning that this relies on:
//! - Every part of a payment is on record before it is sent, in a group for each run of `xpay`. Parts of
//!   one payment hash are under way in one group at a time only, and none is sent once one has
//!   succeeded; this is lightningd's own rule, whoever asks it to pay.
//! - A command goes on when the caller goes away. It begins no further part after `retry_for` seconds.
//! - `xpay` can answer with an error while parts of it are still under way. So no error is taken for the
//!   end before `listpays` has nothing under way.
//! - `listpays` merges the parts of each group. Older versions say `failed` when all parts so far have
//!   failed, although `xpay` may be about to try another way.
//! - clnrest answers a command's result with status 201, and errors with another one and
//!   `{"code": …, "message": …}`. A code of null means that it did not reach lightningd.

use reqwest::Method;
use reqwest::header::HeaderName;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::attempt::{Node, Record, Reply};
use super::invoice::{self, ParsedInvoice};
use super::node::{self, Call, Extent, NoAnswer, NodeClient, Secret, message};
use super::payment::{BackendError, Features, Incoming, Invoice, Payment, PaymentHash};
use crate::config::{DataDir, NodeSettings};
use crate::error::Error;

const RUNE: HeaderName = HeaderName::from_static("rune");

/// Errors after which the command has certainly ended (lightning-xpay(7), lightning-pay(7), and JSON-RPC
/// 2.0); `listpays` says with what. Others are not an end: -4 and -5 a plugin or lightningd stopping, 200 a
/// payment in progress, 201 and 219 one that has succeeded, -3 whatever `xpay` did not expect.
const ENDED: [i64; 11] = [
    -32602, // wrong parameters
    -32601, // no such command
    203,    // the recipient refuses
    205,    // no way to the recipient
    206,    // no way that is cheap enough
    207,    // the invoice has expired
    209,    // all ways have failed
    210,    // no time left
    213,    // a plugin of the operator's declines
    1501,   // the rune is not accepted
    1502,   // the rune does not permit it
];

/// See the module's documentation.
pub(super) struct Cln {
    pub(super) node: NodeClient,
}

/// An error (JSON-RPC 2.0).
#[derive(Deserialize)]
struct RpcError {
    code: Option<i64>,
    message: String,
}

/// Why a command gave no result.
enum Failure {
    /// It answered with an error.
    Error(RpcError),
    /// There is no answer.
    NoAnswer(NoAnswer),
}

/// The answer to `xpay`.
#[derive(Deserialize)]
struct Paid {
    payment_preimage: String,
    amount_msat: u64,
    amount_sent_msat: u64,
}

/// The answer to `listpays`.
#[derive(Deserialize)]
struct Pays {
    pays: Vec<Pay>,
}

#[derive(Deserialize)]
struct Pay {
    payment_hash: String,
    status: String,
    created_at: u64,
    preimage: Option<String>,
    amount_msat: Option<u64>,
    amount_sent_msat: Option<u64>,
}

/// The answer to `invoice`.
#[derive(Deserialize)]
struct AddedInvoice {
    bolt11: String,
    payment_hash: String,
}

/// The answer to `listinvoices`.
#[derive(Deserialize)]
struct Invoices {
    invoices: Vec<ClnInvoice>,
}

#[derive(Deserialize)]
struct ClnInvoice {
    label: String,
    payment_hash: String,
    status: String,
    amount_received_msat: Option<u64>,
}

impl Cln {
    pub(super) fn open(settings: &NodeSettings, dir: &DataDir) -> Result<Self, Error> {
        let file = dir.path().join(&settings.secret_file);
        let bytes = node::read_secret(&file)?;
        let text = str::from_utf8(&bytes).map(str::trim).unwrap_or_default();
        // URL-safe base64, as `createrune` gives it.
        let is_rune = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'=');
        if text.is_empty() || !text.bytes().all(is_rune) {
            let shown = file.display();
            return Err(Error::Operator(format!("{shown}: no rune in it")));
        }
        let secret = Secret::new(Zeroizing::new(text.to_owned()));
        let node = NodeClient::new(settings, dir, RUNE, secret)?;
        Ok(Self { node })
    }

    async fn command<T: DeserializeOwned>(
        &self,
        name: &str,
        parameters: &Value,
        kind: Call,
    ) -> Result<T, Failure> {
        let path = format!("/v1/{name}");
        let call = self
            .node
            .call(Method::POST, &path, Some(parameters), kind, Extent::Whole);
        let answer = call.await.map_err(Failure::NoAnswer)?;
        if let Some(result) = answer.read().filter(|_| answer.status == 201) {
            return Ok(result);
        }
        let error: Option<RpcError> = answer.read().filter(|_| answer.status != 201);
        Err(error.map_or_else(
            || {
                let what = format!("status {}, and not what clnrest answers", answer.status);
                Failure::NoAnswer(NoAnswer::Lost(what))
            },
            Failure::Error,
        ))
    }

    async fn find_invoice(&self, hash: PaymentHash) -> Result<Option<ClnInvoice>, BackendError> {
        let hash = hex::encode(hash);
        let parameters = json!({ "payment_hash": hash });
        let mut found: Invoices = self
            .command("listinvoices", &parameters, Call::Question)
            .await?;
        match (found.invoices.pop(), found.invoices.len()) {
            (None, _) => Ok(None),
            (Some(invoice), 0) if invoice.payment_hash == hash => Ok(Some(invoice)),
            (Some(_), _) => Err(BackendError::Unreachable(
                "the answer is about another invoice".to_owned(),
            )),
        }
    }
}

impl Node for Cln {
    const FEATURES: Features = Features {
        description: true,
        amountless: true,
        partial: true,
    };

    async fn create_invoice(
        &self,
        amount_msat: u64,
        description: Option<&str>,
        expiry_s: u32,
    ) -> Result<Invoice, BackendError> {
        let mut label = [0; 16];
        getrandom::fill(&mut label).map_err(|e| BackendError::Unreachable(e.to_string()))?;
        let parameters = json!({
            "amount_msat": amount_msat,
            "label": format!("farthing-{}", hex::encode(label)),
            "description": description.unwrap_or_default(),
            "expiry": expiry_s,
        });
        let added: AddedInvoice = self.command("invoice", &parameters, Call::Question).await?;
        invoice::made(added.bolt11, amount_msat)
            .filter(|invoice| added.payment_hash == hex::encode(invoice.payment_hash))
            .ok_or_else(|| {
                BackendError::Unreachable("an invoice that was not asked for".to_owned())
            })
    }

    async fn incoming(&self, hash: PaymentHash) -> Result<Incoming, BackendError> {
        let invoice = self.find_invoice(hash).await?;
        let invoice = invoice.ok_or_else(|| BackendError::Refused("no such invoice".to_owned()))?;
        match (invoice.status.as_str(), invoice.amount_received_msat) {
            ("paid", Some(amount_msat)) if amount_msat > 0 => Ok(Incoming::Paid { amount_msat }),
            ("unpaid", _) => Ok(Incoming::Unpaid),
            ("expired", _) => Ok(Incoming::Expired),
            (other, _) => Err(BackendError::Unreachable(format!(
                "an invoice in the state {}",
                message(other)
            ))),
        }
    }

    /// An invoice that is gone cannot be paid: that is how Core Lightning takes one back.
    async fn cancel_invoice(&self, hash: PaymentHash) -> Result<(), BackendError> {
        let Some(invoice) = self.find_invoice(hash).await? else {
            return Ok(());
        };
        match invoice.status.as_str() {
            "expired" => Ok(()),
            "unpaid" => {
                // Refused if it is paid by now.
                let parameters = json!({ "label": invoice.label, "status": "unpaid" });
                let deleted = self.command("delinvoice", &parameters, Call::Question);
                let _: ClnInvoice = deleted.await?;
                Ok(())
            }
            other => Err(BackendError::Refused(format!(
                "the invoice is {}",
                message(other)
            ))),
        }
    }

    async fn look(&self, payment: &Payment) -> Result<Record, String> {
        let parameters = json!({ "payment_hash": hex::encode(payment.payment_hash) });
        let found: Result<Pays, _> = self.command("listpays", &parameters, Call::Question).await;
        let found = found.map_err(Failure::into_reason)?;
        let mut record = Record::None;
        for pay in &found.pays {
            record = later(record, of_pay(pay, payment)?);
        }
        Ok(record)
    }

    async fn send(&self, payment: &Payment, invoice: &ParsedInvoice) -> Reply {
        let mut parameters = json!({
            "invstring": payment.request,
            "maxfee": payment.fee_max_msat,
            "retry_for": u32::try_from(payment.timeout.as_secs().max(1)).unwrap_or(u32::MAX),
        });
        let amount = match (invoice.amount_msat, payment.partial) {
            (None, _) => Some("amount_msat"),
            (Some(_), true) => Some("partial_msat"),
            (Some(_), false) => None,
        };
        if let (Some(name), Some(parameters)) = (amount, parameters.as_object_mut()) {
            parameters.insert(name.to_owned(), payment.amount_msat.into());
        }
        let kind = Call::Payment(payment.timeout);
        let paid: Result<Paid, _> = self.command("xpay", &parameters, kind).await;
        match paid {
            Ok(paid) => match node::preimage(&paid.payment_preimage, &payment.payment_hash) {
                Some(preimage) => Reply::Paid {
                    preimage,
                    fee_msat: paid.amount_sent_msat.saturating_sub(paid.amount_msat),
                },
                None => Reply::Lost("paid with a preimage that is not the payment's".to_owned()),
            },
            Err(Failure::Error(e)) if e.code.is_some_and(|code| ENDED.contains(&code)) => {
                Reply::Refused(e.into_reason())
            }
            Err(Failure::Error(e)) => Reply::Lost(e.into_reason()),
            Err(Failure::NoAnswer(NoAnswer::NotSent(reason))) => Reply::NotSent(reason),
            Err(Failure::NoAnswer(NoAnswer::Lost(reason))) => Reply::Lost(reason),
        }
    }
}

impl RpcError {
    fn into_reason(self) -> String {
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        format!("{} (code {code})", message(&self.message))
    }
}

impl Failure {
    fn into_reason(self) -> String {
        match self {
            Self::Error(error) => error.into_reason(),
            Self::NoAnswer(no_answer) => no_answer.into_reason(),
        }
    }
}

impl From<Failure> for BackendError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Error(error) if error.code.is_some() => Self::Refused(error.into_reason()),
            Failure::Error(error) => Self::Unreachable(error.into_reason()),
            Failure::NoAnswer(no_answer) => no_answer.into(),
        }
    }
}

/// Returns what one group of parts says.
fn of_pay(pay: &Pay, payment: &Payment) -> Result<Record, String> {
    if pay.payment_hash != hex::encode(payment.payment_hash) {
        return Err("the answer is about another payment".to_owned());
    }
    match (pay.status.as_str(), &pay.preimage, pay.amount_sent_msat) {
        ("complete", Some(preimage), Some(sent_msat)) => {
            let amount_msat = pay.amount_msat.unwrap_or(payment.amount_msat);
            node::preimage(preimage, &payment.payment_hash)
                .map(|preimage| Record::Paid {
                    preimage,
                    fee_msat: sent_msat.saturating_sub(amount_msat),
                })
                .ok_or_else(|| "paid with a preimage that is not the payment's".to_owned())
        }
        ("pending", _, _) => Ok(Record::Pending),
        ("failed", _, _) => Ok(Record::Failed {
            reason: "all parts have failed".to_owned(),
            created_at: pay.created_at,
        }),
        (other, _, _) => Err(format!("a payment in the state {}", message(other))),
    }
}

/// Of two records about one payment hash, the one that counts.
fn later(one: Record, other: Record) -> Record {
    match (one, other) {
        (paid @ Record::Paid { .. }, _) | (_, paid @ Record::Paid { .. }) => paid,
        (Record::Pending, _) | (_, Record::Pending) => Record::Pending,
        (Record::None, record) | (record, Record::None) => record,
        (
            one @ Record::Failed { created_at: at, .. },
            other @ Record::Failed {
                created_at: other_at,
                ..
            },
        ) => {
            if other_at >= at {
                other
            } else {
                one
            }
        }
    }
}

#[cfg(test)]
#[path = "cln_tests.rs"]
mod tests;
