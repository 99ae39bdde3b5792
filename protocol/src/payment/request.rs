//! Payment requests as one line of text: written by NUT-18, read by NUT-18 and NUT-26.

use super::{PaymentError, PaymentRequest, creq_b, encode, from_base64};

/// What a payment request of NUT-18 starts with.
pub const PREFIX: &str = "creqA";

impl PaymentRequest {
    /// Writes the request as `creqA…`.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(PREFIX, self)
    }

    /// Reads a request, `creqA…` (NUT-18) or `creqB1…` (NUT-26); white space around it is skipped.
    ///
    /// # Errors
    /// A [`PaymentError`]; also when there is an amount without a unit.
    pub fn decode(text: &str) -> Result<Self, PaymentError> {
        let text = text.trim();
        let starts = |prefix: &str| {
            let start = text.get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let request: Self = if starts(creq_b::PREFIX) {
            creq_b::decode(text)?
        } else if starts(PREFIX) {
            // Some write NUT-18 in base64's other alphabet, as its own examples do.
            let body = text.get(PREFIX.len()..).unwrap_or_default();
            from_base64(&body.replace('+', "-").replace('/', "_"))?
        } else {
            return Err(PaymentError::Prefix(PREFIX));
        };
        if request.amount.is_some() && request.unit.is_none() {
            return Err(PaymentError::Damaged);
        }
        Ok(request)
    }
}
