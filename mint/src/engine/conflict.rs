//! What in the store stands against a transaction. It is asked twice: by the pool, before the tokens are
//! verified, and by the writer, in the batch that would write the transaction.

use farthing_protocol::ErrorCode;

use crate::domain::Mark;
use crate::error::{Error, Result};
use crate::store::View;

/// Returns why tokens and outputs cannot be used, if one of them was used before or belongs to a payment that has
/// not ended.
pub(super) fn conflict<'m>(
    view: &View,
    inputs: impl IntoIterator<Item = &'m Mark>,
    outputs: impl IntoIterator<Item = &'m Mark>,
) -> Result<Option<Error>> {
    for mark in inputs {
        if view.is_spent(mark)? {
            let detail = "a token was spent before";
            return Ok(Some(Error::request(ErrorCode::AlreadySpent, detail)));
        }
        if view.is_held(mark)? {
            return Ok(Some(pending(ErrorCode::ProofsPending)));
        }
    }
    for mark in outputs {
        if view.is_signed(mark)? {
            let detail = "an output was signed before";
            return Ok(Some(Error::request(ErrorCode::AlreadySigned, detail)));
        }
        if view.is_blank(mark)? {
            return Ok(Some(pending(ErrorCode::OutputsPending)));
        }
    }
    Ok(None)
}

/// Returns why a blind authentication token cannot be used, if it was used before or is held for a payment.
pub(super) fn auth_conflict(view: &View, mark: &Mark) -> Result<Option<Error>> {
    let is_used = view.is_spent(mark)? || view.is_held(mark)?;
    Ok(is_used.then(|| auth_failed("it was used before")))
}

/// Refuses a blind authentication token (NUT-22).
pub(super) fn auth_failed(what: &str) -> Error {
    let detail = format!("blind authentication rejected: {what}");
    Error::request(ErrorCode::BlindAuthFailed, detail)
}

/// Refuses what belongs to a payment that has not ended: a token or an output, says `code`.
fn pending(code: ErrorCode) -> Error {
    Error::request(code, "a payment with it is under way: ask for its quote")
}
