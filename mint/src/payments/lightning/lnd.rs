//! LND, over its REST interface (`restlisten`, version 0.15 or later).
//!
//! Facts about LND that this relies on:
//! - `POST /v2/router/send` writes the payment down before it answers anything else than a refusal, goes
//!   on when the caller goes away, and after a restart. It answers `ALREADY_EXISTS` while there is one
//!   with the same hash that has not failed.
//! - `FAILED` means that no HTLC is under way and no further way is tried.
//! - Streams (`send`, `track`) answer `{"result": …}` or `{"error": …}`, one object a line; other errors
//!   have no such frame, as when there is no such path. `track`'s first line is the state of now.
//!
//! NUT-15's partial payments are not offered: LND makes them only by `SendToRouteV2`, which adds another
//! part to a payment that is under way instead of refusing it, so that it cannot be asked twice.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use reqwest::Method;
use reqwest::header::HeaderName;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::attempt::{Node, Record, Reply};
use super::invoice::{self, ParsedInvoice};
use super::node::{self, Answer, Call, Extent, NoAnswer, NodeClient, Secret, message, number};
use super::payment::{BackendError, Features, Incoming, Invoice, Payment, PaymentHash};
use crate::config::{DataDir, NodeSettings};
use crate::error::Error;

const MACAROON: HeaderName = HeaderName::from_static("grpc-metadata-macaroon");
const NANOS_PER_S: u64 = 1_000_000_000;

/// gRPC's codes (<https://grpc.io/docs/guides/status-codes/>) that LND's own code answers with. The
/// others come from what lies between, and say nothing about what LND did.
mod code {
    /// LND's errors are of this code unless it gives them another.
    pub(super) const UNKNOWN: i64 = 2;
    pub(super) const INVALID_ARGUMENT: i64 = 3;
    pub(super) const NOT_FOUND: i64 = 5;
    pub(super) const ALREADY_EXISTS: i64 = 6;
    pub(super) const PERMISSION_DENIED: i64 = 7;
    pub(super) const FAILED_PRECONDITION: i64 = 9;
    pub(super) const UNAUTHENTICATED: i64 = 16;

    pub(super) const OF_LND: [i64; 6] = [
        UNKNOWN,
        INVALID_ARGUMENT,
        ALREADY_EXISTS,
        PERMISSION_DENIED,
        FAILED_PRECONDITION,
        UNAUTHENTICATED,
    ];
}

/// See the module's documentation.
pub(super) struct Lnd {
    pub(super) node: NodeClient,
}

/// One line of a stream.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line<T> {
    Result(T),
    Error(Status),
}

/// An error (`google.rpc.Status`).
#[derive(Deserialize)]
struct Status {
    code: i64,
    message: String,
}

/// `lnrpc.Payment`, as far as it matters.
#[derive(Deserialize)]
struct LndPayment {
    payment_hash: String,
    status: String,
    payment_preimage: String,
    #[serde(deserialize_with = "number")]
    fee_msat: u64,
    #[serde(deserialize_with = "number")]
    creation_time_ns: u64,
    failure_reason: String,
}

/// `lnrpc.AddInvoiceResponse`.
#[derive(Deserialize)]
struct AddedInvoice {
    r_hash: String,
    payment_request: String,
}

/// `lnrpc.Invoice`, as far as it matters.
#[derive(Deserialize)]
struct LndInvoice {
    r_hash: String,
    state: String,
    #[serde(deserialize_with = "number")]
    amt_paid_msat: u64,
}

/// `invoicesrpc.CancelInvoiceResp`, which is empty; an error is not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Canceled {}

impl Lnd {
    pub(super) fn open(settings: &NodeSettings, dir: &DataDir) -> Result<Self, Error> {
        let file = dir.path().join(&settings.secret_file);
        let bytes = node::read_secret(&file)?;
        if bytes.is_empty() {
            let shown = file.display();
            return Err(Error::Operator(format!("{shown}: no macaroon in it")));
        }
        // LND writes macaroons as they are; `lncli bakemacaroon` prints them in hex.
        let text = str::from_utf8(&bytes).map(str::trim).unwrap_or_default();
        let is_hex = !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
        let hex = Zeroizing::new(if is_hex {
            text.to_owned()
        } else {
            hex::encode(&bytes)
        });
        let node = NodeClient::new(settings, dir, MACAROON, Secret::new(hex))?;
        Ok(Self { node })
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, BackendError> {
        let node = &self.node;
        let call = node.call(method, path, body, Call::Question, Extent::Whole);
        let answer = call.await?;
        if let Some(result) = answer.read().filter(|_| answer.status == 200) {
            return Ok(result);
        }
        match answer.read::<Status>() {
            Some(status)
                if code::OF_LND.contains(&status.code) || status.code == code::NOT_FOUND =>
            {
                Err(BackendError::Refused(message(&status.message)))
            }
            Some(_) | None => Err(BackendError::Unreachable(unframed(&answer))),
        }
    }
}

impl Node for Lnd {
    const FEATURES: Features = Features {
        description: true,
        amountless: true,
        partial: false,
    };

    async fn create_invoice(
        &self,
        amount_msat: u64,
        description: Option<&str>,
        expiry_s: u32,
    ) -> Result<Invoice, BackendError> {
        let body = json!({
            "memo": description.unwrap_or_default(),
            "value_msat": amount_msat.to_string(),
            "expiry": expiry_s.to_string(),
            // Ways over channels that are not announced, where the node has such: without them nobody
            // could pay a node that has no others.
            "private": true,
        });
        let added: AddedInvoice = self.ask(Method::POST, "/v1/invoices", Some(&body)).await?;
        invoice::made(added.payment_request, amount_msat)
            .filter(|invoice| is_base64_of(&added.r_hash, &invoice.payment_hash))
            .ok_or_else(|| {
                BackendError::Unreachable("an invoice that was not asked for".to_owned())
            })
    }

    async fn incoming(&self, hash: PaymentHash) -> Result<Incoming, BackendError> {
        let path = format!("/v1/invoice/{}", hex::encode(hash));
        let invoice: LndInvoice = self.ask(Method::GET, &path, None).await?;
        let wrong = |what: String| Err(BackendError::Unreachable(what));
        if !is_base64_of(&invoice.r_hash, &hash) {
            return wrong("the answer is about another invoice".to_owned());
        }
        match invoice.state.as_str() {
            "SETTLED" if invoice.amt_paid_msat > 0 => Ok(Incoming::Paid {
                amount_msat: invoice.amt_paid_msat,
            }),
            // An accepted one waits for its other parts.
            "OPEN" | "ACCEPTED" => Ok(Incoming::Unpaid),
            // LND cancels what has expired.
            "CANCELED" => Ok(Incoming::Expired),
            other => wrong(format!("an invoice in the state {}", message(other))),
        }
    }

    async fn cancel_invoice(&self, hash: PaymentHash) -> Result<(), BackendError> {
        let body = json!({ "payment_hash": STANDARD.encode(hash) });
        let path = "/v2/invoices/cancel";
        let Canceled {} = self.ask(Method::POST, path, Some(&body)).await?;
        Ok(())
    }

    async fn look(&self, payment: &Payment) -> Result<Record, String> {
        let hash = URL_SAFE.encode(payment.payment_hash);
        let path = format!("/v2/router/track/{hash}");
        let node = &self.node;
        let call = node.call(Method::GET, &path, None, Call::Question, Extent::FirstLine);
        let answer = call.await.map_err(NoAnswer::into_reason)?;
        match answer.read() {
            Some(Line::Result(found)) => record(&found, &payment.payment_hash),
            Some(Line::Error(status)) if status.code == code::NOT_FOUND => Ok(Record::None),
            Some(Line::Error(status)) => Err(message(&status.message)),
            None => Err(unframed(&answer)),
        }
    }

    async fn send(&self, payment: &Payment, invoice: &ParsedInvoice) -> Reply {
        let limit = |n: u64| i64::try_from(n).unwrap_or(i64::MAX).to_string();
        let mut body = json!({
            "payment_request": payment.request,
            "fee_limit_msat": limit(payment.fee_max_msat),
            "timeout_seconds": i32::try_from(payment.timeout.as_secs().max(1)).unwrap_or(i32::MAX),
            "no_inflight_updates": true,
        });
        if let (None, Some(body)) = (invoice.amount_msat, body.as_object_mut()) {
            body.insert("amt_msat".to_owned(), limit(payment.amount_msat).into());
        }
        let (node, kind) = (&self.node, Call::Payment(payment.timeout));
        let path = "/v2/router/send";
        let call = node.call(Method::POST, path, Some(&body), kind, Extent::FirstLine);
        let answer = match call.await {
            Ok(answer) => answer,
            Err(NoAnswer::NotSent(reason)) => return Reply::NotSent(reason),
            Err(NoAnswer::Lost(reason)) => return Reply::Lost(reason),
        };
        match answer.read() {
            Some(Line::Result(ended)) => match record(&ended, &payment.payment_hash) {
                Ok(Record::Paid { preimage, fee_msat }) => Reply::Paid { preimage, fee_msat },
                Ok(Record::Failed { reason, .. }) => Reply::Failed(reason),
                Ok(Record::Pending | Record::None) => Reply::Lost("no end yet".to_owned()),
                Err(reason) => Reply::Lost(reason),
            },
            Some(Line::Error(status)) if code::OF_LND.contains(&status.code) => {
                Reply::Refused(message(&status.message))
            }
            Some(Line::Error(status)) => Reply::Lost(message(&status.message)),
            None => match answer.read::<Status>() {
                // What does not read as a request gets no further.
                Some(status) if status.code == code::INVALID_ARGUMENT => {
                    Reply::Refused(message(&status.message))
                }
                Some(_) | None => Reply::Lost(unframed(&answer)),
            },
        }
    }
}

/// Returns what is wrong with an answer of another form than was expected.
fn unframed(answer: &Answer) -> String {
    let status: Option<Status> = answer.read();
    status.map_or_else(
        || format!("status {}, and not what LND answers", answer.status),
        |status| message(&status.message),
    )
}

fn record(payment: &LndPayment, hash: &PaymentHash) -> Result<Record, String> {
    if payment.payment_hash != hex::encode(hash) {
        return Err("the answer is about another payment".to_owned());
    }
    match payment.status.as_str() {
        "SUCCEEDED" => node::preimage(&payment.payment_preimage, hash)
            .map(|preimage| Record::Paid {
                preimage,
                fee_msat: payment.fee_msat,
            })
            .ok_or_else(|| "paid with a preimage that is not the payment's".to_owned()),
        "FAILED" => Ok(Record::Failed {
            reason: message(&payment.failure_reason),
            created_at: payment.creation_time_ns / NANOS_PER_S,
        }),
        "IN_FLIGHT" | "INITIATED" => Ok(Record::Pending),
        other => Err(format!("a payment in the state {}", message(other))),
    }
}

fn is_base64_of(text: &str, hash: &PaymentHash) -> bool {
    STANDARD.decode(text).is_ok_and(|bytes| bytes == hash)
}

#[cfg(test)]
#[path = "lnd_tests.rs"]
mod tests;
