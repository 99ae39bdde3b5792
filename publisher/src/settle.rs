//! Charging: a payment is recorded, then redeemed, and only then is what it pays for let through.

use axum::http::HeaderValue;
use farthing_protocol::ErrorCode;
use farthing_protocol::payment::change;

use crate::clock;
use crate::error::Refusal;
use crate::mint::Failure;
use crate::payment::Payment;
use crate::records::{Form, Locked, PaymentStatus, Presented, Ticket};
use crate::shared::Shared;

/// A payment for an answer that is there.
pub(crate) struct Settlement<'a> {
    pub(crate) shared: &'a Shared,
    /// The digest of the request that is paid for.
    pub(crate) binding: [u8; 32],
    pub(crate) payment: &'a Payment,
    /// For tokens locked to the publisher: what it takes to redeem them later.
    pub(crate) locked: Vec<Locked>,
    /// The refusal if it were new. Then the record knows it, or its tokens are spent.
    pub(crate) fault: Option<Refusal>,
}

/// A settled payment.
pub(crate) struct Done {
    /// Whether it was charged before, and is served again.
    pub(crate) is_repeated: bool,
    /// The mint's signatures for the change, as a header.
    pub(crate) signatures: Option<HeaderValue>,
}

impl Settlement<'_> {
    /// Charges the payment, once and for one request.
    ///
    /// # Errors
    /// [`ErrorCode::TokenBound`]; `fault`; what the mint refuses;
    /// [`ErrorCode::Unavailable`] when it is not known whether the payment was charged, and the same
    /// request sent again settles it. A payment that was charged before is never refused.
    pub(crate) async fn settle(self) -> Result<Done, Refusal> {
        let (payment, keys) = (self.payment, &self.shared.keys);
        let purpose = payment.purpose(keys, &self.binding);
        let purpose_v1 = payment.purpose_v1(&self.binding);
        let presented = Presented {
            marks: payment.marks(keys),
            purpose,
            purpose_v1,
            day: clock::day(),
            may_be_new: self.fault.is_none(),
            locked: self.locked.clone(),
        };
        let ticket = |form| Ticket {
            marks: presented.marks.clone(),
            purpose: match form {
                Form::Referenced => purpose,
                Form::Version1 => purpose_v1,
            },
        };
        let status = self.shared.records.present(presented.clone()).await;
        let status = status.map_err(|_| {
            Refusal::unavailable(
                "the publisher cannot record payments now; nothing was spent, try again",
            )
        })?;
        let (form, is_repeated) = match status {
            PaymentStatus::Bound { charged: true } => return Err(bound()),
            PaymentStatus::Bound { charged: false } => {
                return self.repeat(ticket(Form::Referenced), bound()).await;
            }
            PaymentStatus::Unknown => {
                let fault = self.fault.clone().unwrap_or_else(bound);
                return self.repeat(ticket(Form::Referenced), fault).await;
            }
            PaymentStatus::New => (Form::Referenced, false),
            PaymentStatus::Again(form) => (form, false),
            PaymentStatus::Charged(form) => (form, true),
        };
        // A locked token is charged by being recorded.
        let is_charged = is_repeated || !presented.locked.is_empty();
        if is_charged && !payment.has_outputs() {
            return Ok(Done {
                is_repeated,
                signatures: None,
            });
        }
        self.redeem(ticket(form), form, is_repeated).await
    }

    /// Settles a payment that is `fault` by the record and today's terms. The record may be lost, or an
    /// old copy: if the tokens are spent, and were for this, the mint repeats its answer. It can charge
    /// nothing again, because the tokens are spent.
    async fn repeat(&self, ticket: Ticket, fault: Refusal) -> Result<Done, Refusal> {
        if !self.payment.is_spent(&self.shared.mint).await? {
            return Err(fault);
        }
        match self.redeem(ticket, Form::Referenced, false).await {
            Ok(done) => Ok(Done {
                is_repeated: true,
                ..done
            }),
            Err(refusal) if refusal.status == 400 => Err(fault),
            Err(refusal) => Err(refusal),
        }
    }

    async fn redeem(&self, ticket: Ticket, form: Form, is_repeated: bool) -> Result<Done, Refusal> {
        let records = &self.shared.records;
        let body = match form {
            Form::Referenced => self.payment.body(&self.shared.keys, &ticket.purpose),
            Form::Version1 => self.payment.body_v1(),
        };
        match self.shared.mint.redeem(&body).await {
            Ok(redeemed) => {
                records.charge(ticket).await;
                let text = change::encode_signatures(&redeemed.signatures);
                let signatures = text.and_then(|text| HeaderValue::from_str(&text).ok());
                Ok(Done {
                    is_repeated,
                    signatures,
                })
            }
            // It was charged, and the mint has forgotten its answer or gives none now: it is served, and
            // the wallet can still ask the mint for the change (NUT-09).
            Err(_) if is_repeated => Ok(Done {
                is_repeated,
                signatures: None,
            }),
            Err(Failure::Refused(refusal)) => {
                records.release(ticket).await;
                Err(refusal)
            }
            Err(Failure::Account(reason)) => {
                records.release(ticket).await;
                tracing::error!(reason, "the mint does not take the publisher's API token");
                Err(Refusal::unavailable(
                    "the publisher's own account at the mint does not work; nothing was spent now, \
                     try the same request again later",
                ))
            }
            Err(Failure::Silent(reason)) => {
                tracing::warn!(reason, "the mint gave no answer");
                Err(Refusal::unavailable(
                    "the mint gave no answer, so it is not known whether the token was spent: send \
                     the same request with the same token again; it is charged once at the most",
                ))
            }
        }
    }
}

/// The refusal of tokens that were presented for something else.
pub(crate) fn bound() -> Refusal {
    let detail = "the token was presented for another request, or with other outputs, before: it buys \
                  that one alone; nothing was spent now";
    Refusal::new(ErrorCode::TokenBound, detail)
}
