//! Charging: a payment is recorded, then redeemed, and only then is what it pays for let through.

use axum::http::HeaderValue;
use farthing_protocol::ErrorCode;
use farthing_protocol::payment::change;

use crate::clock;
use crate::error::Refusal;
use crate::keys::Mark;
use crate::mint::Failure;
use crate::payment::Checked;
use crate::paywall::Shared;
use crate::records::{Locked, Presented, Standing};

/// A payment for an answer that is there.
pub(crate) struct Settlement<'a> {
    pub(crate) shared: &'a Shared,
    /// What is paid for.
    pub(crate) binding: [u8; 32],
    pub(crate) checked: Checked,
    /// For tokens locked to the publisher: what it takes to redeem them later.
    pub(crate) locked: Vec<Locked>,
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
    /// [`ErrorCode::TokenBound`]; what the mint refuses; [`ErrorCode::Unavailable`] when it is not known
    /// whether the payment was charged, and the same request sent again tells.
    pub(crate) async fn settle(self) -> Result<Done, Refusal> {
        let marks = self.checked.marks(&self.shared.keys);
        let presented = Presented {
            marks: marks.clone(),
            purpose: self.checked.purpose(&self.binding),
            day: clock::day(),
            locked: self.locked.clone(),
        };
        let standing = self.shared.records.present(presented).await;
        let standing = standing.map_err(|_| {
            Refusal::unavailable(
                "the publisher cannot record payments now; nothing was spent, try again",
            )
        })?;
        let is_locked = !self.locked.is_empty();
        let is_repeated = match standing {
            Standing::Bound => return Err(bound()),
            Standing::New => false,
            // A locked token is charged by being recorded.
            Standing::Again => is_locked,
            Standing::Charged => true,
        };
        if is_locked || (is_repeated && !self.checked.has_outputs) {
            return Ok(Done {
                is_repeated,
                signatures: None,
            });
        }
        self.redeem(marks, is_repeated).await
    }

    async fn redeem(&self, marks: Vec<Mark>, is_repeated: bool) -> Result<Done, Refusal> {
        let records = &self.shared.records;
        match self.shared.mint.redeem(&self.checked.body).await {
            Ok(redeemed) => {
                records.charge(marks);
                let text = change::encode_signatures(&redeemed.signatures);
                let signatures = text.and_then(|text| HeaderValue::from_str(&text).ok());
                Ok(Done {
                    is_repeated,
                    signatures,
                })
            }
            // It was charged, and the mint has forgotten its answer: it is served, and the wallet can
            // still ask the mint for the change (NUT-09).
            Err(Failure::Refused(_)) if is_repeated => Ok(Done {
                is_repeated,
                signatures: None,
            }),
            Err(Failure::Refused(refusal)) => {
                records.withdraw(marks);
                Err(refusal)
            }
            Err(Failure::Account(reason)) => {
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

fn bound() -> Refusal {
    let detail = "the token was presented for another request, or with other outputs, before: it buys \
                  that one alone; nothing was spent now";
    Refusal::new(ErrorCode::TokenBound, detail)
}
