//! Quotes as they are answered.

use farthing_protocol::cashu::bolt11::{
    METHOD, MeltQuote, MeltQuoteState, MintQuote, MintQuoteState,
};

use super::App;
use crate::domain::{self, MeltState};
use crate::error::Result;

/// A mint quote (NUT-23).
pub(super) fn to_mint_quote(app: &App, quote: domain::MintQuote) -> MintQuote {
    let state = match (quote.paid, quote.issued) {
        (0, _) => MintQuoteState::Unpaid,
        (paid, issued) if issued < paid => MintQuoteState::Paid,
        _ => MintQuoteState::Issued,
    };
    MintQuote {
        quote: quote.id,
        request: quote.request,
        amount: quote.amount,
        unit: app.config.unit.clone(),
        method: METHOD.to_owned(),
        state,
        expiry: Some(quote.expiry),
        pubkey: quote.pubkey,
        amount_paid: quote.paid,
        amount_issued: quote.issued,
        updated_at: quote.updated_at,
    }
}

/// A melt quote (NUT-23), with the signatures for what its payment left over (NUT-08).
///
/// # Errors
/// As [`crate::engine::Engine::change`].
pub(super) async fn to_melt_quote(app: &App, quote: domain::MeltQuote) -> Result<MeltQuote> {
    let state = match quote.state {
        MeltState::Unpaid => MeltQuoteState::Unpaid,
        MeltState::Pending => MeltQuoteState::Pending,
        MeltState::Paid => MeltQuoteState::Paid,
    };
    let change = match quote.state {
        MeltState::Paid => app.engine.change(quote.id.clone()).await?,
        MeltState::Unpaid | MeltState::Pending => Vec::new(),
    };
    Ok(MeltQuote {
        quote: quote.id,
        request: quote.request,
        amount: quote.amount,
        unit: app.config.unit.clone(),
        method: METHOD.to_owned(),
        fee_reserve: quote.fee_reserve,
        state,
        expiry: quote.expiry,
        payment_preimage: quote.preimage.map(hex::encode),
        change,
    })
}
