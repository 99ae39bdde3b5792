//! An account and Lightning: invoices that fund it, and invoices that it pays.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use farthing_protocol::ErrorCode;
use farthing_protocol::api::{DepositRequest, PayoutQuoteRequest, PayoutRequest};
use farthing_protocol::cashu::QuoteId;
use farthing_protocol::cashu::bolt11::{MeltQuote, MintQuote};

use crate::domain::{Payment, Purpose, Transaction};
use crate::error::{Error, Result};
use crate::http::auth::{MayRedeem, MayWithdraw};
use crate::http::extract::Body;
use crate::http::quotes::{to_melt_quote, to_mint_quote};
use crate::http::{App, SharedApp};
use crate::payments::cashier::{Cashier, MeltAmount};

/// POST `/v1/account/deposit`: an invoice whose payment funds the caller's account.
pub(in crate::http) async fn deposit(
    State(app): State<SharedApp>,
    MayRedeem(account): MayRedeem,
    Body { value, .. }: Body<DepositRequest>,
) -> Result<Json<MintQuote>> {
    let DepositRequest {
        amount,
        description,
    } = value;
    let cashier = cashier(&app)?;
    let quote = cashier.offer(amount, description.as_deref(), Some(account), None);
    Ok(Json(to_mint_quote(&app, quote.await?)))
}

/// GET `/v1/account/deposit/{quote}`.
pub(in crate::http) async fn read_deposit(
    State(app): State<SharedApp>,
    MayRedeem(account): MayRedeem,
    Path(id): Path<String>,
) -> Result<Json<MintQuote>> {
    let quote = cashier(&app)?
        .mint_quote(&QuoteId::new(id), Some(account))
        .await?;
    Ok(Json(to_mint_quote(&app, quote)))
}

/// POST `/v1/account/payout/quote`: what paying an invoice costs.
pub(in crate::http) async fn payout_quote(
    State(app): State<SharedApp>,
    MayWithdraw(account): MayWithdraw,
    Body { value, .. }: Body<PayoutQuoteRequest>,
) -> Result<Json<MeltQuote>> {
    let PayoutQuoteRequest {
        request,
        amount_msat,
    } = value;
    let wish = amount_msat.map_or(MeltAmount::Whole, MeltAmount::Amountless);
    let cashier = cashier(&app)?;
    let quote = cashier.quote_payment(&request, wish, Some(account), None);
    to_melt_quote(&app, quote.await?).await.map(Json)
}

/// POST `/v1/account/payout`: pays a quote's invoice from the caller's account; answers when the payment
/// has ended.
pub(in crate::http) async fn payout(
    State(app): State<SharedApp>,
    MayWithdraw(account): MayWithdraw,
    Body { value, sent }: Body<PayoutRequest>,
) -> Result<Json<MeltQuote>> {
    let PayoutRequest { quote } = value;
    let cashier = cashier(&app)?;
    let due = cashier.melt_quote(&quote, Some(account))?.due();
    let payment = Payment {
        quote: quote.clone(),
        due,
    };
    let transaction = Transaction::postings(Purpose::Payout(account, payment));
    sent.execute(&app, transaction).await?;
    let quote = cashier.pay(&quote, true).await?;
    to_melt_quote(&app, quote).await.map(Json)
}

/// GET `/v1/account/payout/{quote}`.
pub(in crate::http) async fn read_payout(
    State(app): State<SharedApp>,
    MayWithdraw(account): MayWithdraw,
    Path(id): Path<String>,
) -> Result<Json<MeltQuote>> {
    let quote = cashier(&app)?.melt_quote(&QuoteId::new(id), Some(account))?;
    to_melt_quote(&app, quote).await.map(Json)
}

/// The cashier, where the mint has Lightning.
pub(in crate::http) fn cashier(app: &App) -> Result<Arc<Cashier>> {
    let disabled = || Error::request(ErrorCode::MintingDisabled, "this mint has no Lightning");
    app.cashier.clone().ok_or_else(disabled)
}
