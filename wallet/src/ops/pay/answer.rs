//! What a site answers to a payment: charged, when a receipt and the change's signatures verify.

use farthing_protocol::payment::{PaymentError, Receipt, change, header};
use farthing_protocol::{BlindSignature, Secret, TokenProof};

use super::{Payments, Shown};
use crate::error::payment::AnswerFault;
use crate::http::Http;
use crate::purse::outputs;
use crate::records::{Bought, Keyset, PaymentProof};
use crate::store::Store;
use crate::web::Head;

/// A receipt for a payment, and the change that came with it.
pub(crate) struct Charged {
    pub(crate) receipt: Secret,
    pub(crate) until: u64,
    pub(crate) change: Vec<TokenProof>,
}

/// Why an answer does not count as charged.
pub(crate) struct NotCharged {
    pub(crate) fault: AnswerFault,
    /// The receipt and until when it counts, when that at least is true.
    pub(crate) receipt: Option<(Secret, u64)>,
}

impl<S: Store, H: Http> Payments<'_, S, H> {
    /// Checks that an answer is one that was charged: its receipt is for this purchase, and the
    /// mint's signatures on the change, if there is change, verify.
    pub(super) fn charged(
        &self,
        shown: &Shown,
        keysets: &[Keyset],
        head: &Head,
    ) -> Result<Charged, NotCharged> {
        let outputs = &shown.operation.outputs;
        let (receipt, until) = match receipt(shown, head) {
            Ok(found) => found,
            Err(fault) => {
                let receipt = None;
                return Err(NotCharged { fault, receipt });
            }
        };
        let signatures = match outputs.as_slice() {
            [] => Ok(Vec::new()),
            _ => signatures(head),
        };
        let change = signatures.and_then(|signatures| {
            outputs::unblind_all(&self.engine.purse.seed, keysets, outputs, &signatures)
                .map_err(AnswerFault::FalseSignatures)
        });
        match change {
            Ok(change) => Ok(Charged {
                receipt,
                until,
                change,
            }),
            Err(fault) => Err(NotCharged {
                fault,
                receipt: Some((receipt, until)),
            }),
        }
    }
}

/// A header that comes once.
fn once<'a>(head: &'a Head, name: &'static str) -> Result<Option<&'a str>, AnswerFault> {
    let mut values = head.all(name);
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(AnswerFault::Twice(name)),
    }
}

/// The receipt of an answer, and until when it counts.
fn receipt(shown: &Shown, head: &Head) -> Result<(Secret, u64), AnswerFault> {
    let Shown {
        operation,
        purchase,
        mint,
    } = shown;
    let text = once(head, header::RECEIPT)?.ok_or(AnswerFault::NoReceipt)?;
    // One that is too long could not be shown again.
    if text.len() > header::BYTES_MAX {
        return Err(AnswerFault::Receipt(PaymentError::Damaged));
    }
    let (receipt, _key) = Receipt::verify(text).map_err(AnswerFault::Receipt)?;
    let other = |what| Err(AnswerFault::OtherReceipt(what));
    if receipt.resource != purchase.item.subject() {
        return other("the address");
    }
    if receipt.body != purchase.item.body {
        return other("the body");
    }
    if receipt.amount != operation.amount || receipt.unit != mint.unit {
        return other("the amount");
    }
    if !mint.is_at(&receipt.mint) {
        return other("the mint");
    }
    Ok((Secret::new(text.to_owned()), receipt.expires))
}

fn signatures(head: &Head) -> Result<Vec<BlindSignature>, AnswerFault> {
    let text = once(head, header::SIGNATURES)?.ok_or(AnswerFault::NoSignatures)?;
    change::decode_signatures(text).map_err(AnswerFault::Signatures)
}

/// The receipt of a repeated answer, in place of the token; `None` when there is none that fits.
pub(super) fn receipt_again(bought: &Bought, head: &Head) -> Option<Bought> {
    let text = head.first(header::RECEIPT)?;
    let (receipt, _key) = Receipt::verify(text).ok()?;
    let fits = receipt.resource == bought.item.subject() && receipt.body == bought.item.body;
    fits.then(|| Bought {
        until: receipt.expires,
        proof: PaymentProof::Receipt(Secret::new(text.to_owned())),
        ..bought.clone()
    })
}
