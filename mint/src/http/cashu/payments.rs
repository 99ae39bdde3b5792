//! Minting and melting over Lightning (NUT-04, NUT-05, NUT-23), several quotes at once (NUT-29).

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use farthing_protocol::api::Signatures;
use farthing_protocol::cashu::{QuoteId, batch, bolt11, nut20};
use farthing_protocol::{BlindedMessage, ErrorCode, amount};
use tokio::task::JoinSet;

use super::public::QUOTES_MAX;
use crate::domain::{MintQuote, Payment, Transaction};
use crate::error::{Error, Result};
use crate::http::extract::Body;
use crate::http::guard::Blind;
use crate::http::native::payments::cashier;
use crate::http::quotes::{to_melt_quote, to_mint_quote};
use crate::http::{App, SharedApp};
use crate::payments::cashier::{Cashier, MeltAmount};

/// POST `/cashu/v1/mint/quote/bolt11`.
pub(in crate::http) async fn mint_quote(
    State(app): State<SharedApp>,
    Body { value: request, .. }: Body<bolt11::MintQuoteRequest>,
) -> Result<Json<bolt11::MintQuote>> {
    let cashier = cashier(&app)?;
    check_unit(&app, &request.unit)?;
    let key = |text: &String| {
        let no_key = |_| Error::request(ErrorCode::QuoteKeyRequired, "pubkey is no public key");
        nut20::decode_key(text).map_err(no_key)
    };
    let pubkey = request.pubkey.as_ref().map(key).transpose()?;
    let description = request.description.as_deref();
    let quote = cashier
        .offer(request.amount, description, None, pubkey)
        .await?;
    Ok(Json(to_mint_quote(&app, quote)))
}

/// GET `/cashu/v1/mint/quote/bolt11/{quote}`.
pub(in crate::http) async fn read_mint_quote(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
) -> Result<Json<bolt11::MintQuote>> {
    let cashier = cashier(&app)?;
    let quote = cashier.mint_quote(&QuoteId::new(id), None).await?;
    Ok(Json(to_mint_quote(&app, quote)))
}

/// POST `/cashu/v1/mint/quote/bolt11/check` (NUT-29).
pub(in crate::http) async fn check_mint_quotes(
    State(app): State<SharedApp>,
    Body { value, .. }: Body<batch::CheckRequest>,
) -> Result<Json<Vec<bolt11::MintQuote>>> {
    let batch::CheckRequest { quotes } = value;
    let cashier = cashier(&app)?;
    check_batch(&quotes)?;
    let quotes = open_quotes(&cashier, quotes).await?;
    let answers = quotes.into_iter().map(|quote| to_mint_quote(&app, quote));
    Ok(Json(answers.collect()))
}

/// POST `/cashu/v1/mint/bolt11`.
pub(in crate::http) async fn mint(
    State(app): State<SharedApp>,
    Blind(pass): Blind,
    Body { value, sent }: Body<bolt11::MintRequest>,
) -> Result<Json<Signatures>> {
    let bolt11::MintRequest {
        quote,
        outputs,
        signature,
    } = value;
    let quotes = vec![(quote, signature)];
    let transaction = paid_for(&app, quotes, None, outputs).await?;
    let transaction = transaction.with_auth(pass);
    sent.sign(&app, transaction).await
}

/// POST `/cashu/v1/mint/bolt11/batch` (NUT-29).
pub(in crate::http) async fn mint_batch(
    State(app): State<SharedApp>,
    Blind(pass): Blind,
    Body { value, sent }: Body<batch::MintRequest>,
) -> Result<Json<Signatures>> {
    let batch::MintRequest {
        quotes,
        quote_amounts,
        outputs,
        signatures,
    } = value;
    check_batch(&quotes)?;
    let signatures = signatures.unwrap_or_else(|| vec![None; quotes.len()]);
    if signatures.len() != quotes.len() {
        let detail = "one signature, or null, for each quote";
        return Err(Error::request(ErrorCode::QuoteSignatureInvalid, detail));
    }
    let quotes = quotes.into_iter().zip(signatures).collect();
    let transaction = paid_for(&app, quotes, quote_amounts, outputs).await?;
    let transaction = transaction.with_auth(pass);
    sent.sign(&app, transaction).await
}

/// Tokens for what was paid for quotes, each with the signature of its key if it has one (NUT-20). Of a
/// single quote a part may be minted, and the rest later (NUT-04).
async fn paid_for(
    app: &SharedApp,
    quotes: Vec<(QuoteId, Option<String>)>,
    amounts: Option<Vec<u64>>,
    outputs: Vec<BlindedMessage>,
) -> Result<Transaction> {
    let cashier = cashier(app)?;
    let (ids, signatures): (Vec<_>, Vec<_>) = quotes.into_iter().unzip();
    let quotes = open_quotes(&cashier, ids).await?;
    if quotes.iter().any(|quote| quote.paid == 0) {
        let detail = "the quote's invoice is not paid";
        return Err(Error::request(ErrorCode::QuoteUnpaid, detail));
    }
    let mut locked = Vec::new();
    for (quote, signature) in quotes.iter().zip(signatures) {
        match (quote.pubkey, signature) {
            (Some(key), Some(signature)) => locked.push((key, quote.id.clone(), signature)),
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => return Err(bad_signature()),
        }
    }
    let is_single = quotes.len() == 1;
    let sum = amount::sum(outputs.iter().map(|output| output.amount));
    let amount = |quote: &MintQuote| match sum {
        Some(part) if is_single && part > 0 => part.min(quote.amount),
        _ => quote.amount,
    };
    if amounts.is_some_and(|amounts| !amounts.iter().copied().eq(quotes.iter().map(amount))) {
        let detail = "quote_amounts are not the quotes' amounts";
        return Err(Error::request(ErrorCode::Unbalanced, detail));
    }
    let wanted = quotes
        .iter()
        .map(|quote| (quote.id.clone(), amount(quote)))
        .collect();
    let outputs = Arc::new(outputs);
    let signed = Arc::clone(&outputs);
    let check = move |(key, id, signature): &(_, _, String)| {
        nut20::verify(key, id, &signed, signature).map_err(|_| bad_signature())
    };
    if !locked.is_empty() {
        app.engine
            .ask(move |_| locked.iter().try_for_each(check))
            .await?;
    }
    let outputs = Arc::unwrap_or_clone(outputs);
    Ok(Transaction::mint(wanted, outputs))
}

/// POST `/cashu/v1/melt/quote/bolt11`.
pub(in crate::http) async fn melt_quote(
    State(app): State<SharedApp>,
    Body { value, .. }: Body<bolt11::MeltQuoteRequest>,
) -> Result<Json<bolt11::MeltQuote>> {
    let bolt11::MeltQuoteRequest {
        request,
        unit,
        options,
    } = value;
    let cashier = cashier(&app)?;
    check_unit(&app, &unit)?;
    let wish = wish(options.unwrap_or_default())?;
    let quote = cashier.quote_payment(&request, wish, None, None).await?;
    to_melt_quote(&app, quote).await.map(Json)
}

/// GET `/cashu/v1/melt/quote/bolt11/{quote}`.
pub(in crate::http) async fn read_melt_quote(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
) -> Result<Json<bolt11::MeltQuote>> {
    let quote = cashier(&app)?.melt_quote(&QuoteId::new(id), None)?;
    to_melt_quote(&app, quote).await.map(Json)
}

/// POST `/cashu/v1/melt/bolt11` (NUT-05, NUT-08): answers when the payment has ended, unless the wallet
/// prefers not to wait.
pub(in crate::http) async fn melt(
    State(app): State<SharedApp>,
    Blind(pass): Blind,
    Body { value, sent }: Body<bolt11::MeltRequest>,
) -> Result<Json<bolt11::MeltQuote>> {
    let bolt11::MeltRequest {
        quote,
        inputs,
        outputs,
        prefer_async,
    } = value;
    let cashier = cashier(&app)?;
    let due = cashier.melt_quote(&quote, None)?.due();
    let payment = Payment {
        quote: quote.clone(),
        due,
    };
    let transaction = Transaction::melt(payment, inputs, outputs).with_auth(pass);
    sent.execute(&app, transaction).await?;
    let quote = cashier.pay(&quote, !prefer_async).await?;
    to_melt_quote(&app, quote).await.map(Json)
}

/// The options of a melt quote: none, or one of them.
fn wish(options: bolt11::MeltOptions) -> Result<MeltAmount> {
    match (options.mpp, options.amountless) {
        (None, None) => Ok(MeltAmount::Whole),
        (Some(part), None) => Ok(MeltAmount::Part(part.amount)),
        (None, Some(whole)) => Ok(MeltAmount::Amountless(whole.amount_msat)),
        (Some(_), Some(_)) => {
            let detail = "mpp and amountless exclude each other";
            Err(Error::request(ErrorCode::InvoiceAmountMismatch, detail))
        }
    }
}

/// Mint quotes for tokens, as they are now, in the order of their ids.
async fn open_quotes(cashier: &Arc<Cashier>, ids: Vec<QuoteId>) -> Result<Vec<MintQuote>> {
    let mut tasks = JoinSet::new();
    let count = ids.len();
    for (at, id) in ids.into_iter().enumerate() {
        let cashier = Arc::clone(cashier);
        tasks.spawn(async move { (at, cashier.mint_quote(&id, None).await) });
    }
    let mut quotes = Vec::with_capacity(count);
    while let Some(done) = tasks.join_next().await {
        let (at, quote) = done.map_err(|_| Error::Invariant("a look at a quote did not end"))?;
        quotes.push((at, quote?));
    }
    quotes.sort_by_key(|(at, _)| *at);
    Ok(quotes.into_iter().map(|(_, quote)| quote).collect())
}

fn check_batch(quotes: &[QuoteId]) -> Result<()> {
    if quotes.is_empty() {
        return Err(Error::request(ErrorCode::Empty, "there are no quotes"));
    }
    if quotes.len() > QUOTES_MAX {
        let detail = format!("at most {QUOTES_MAX} quotes in one request");
        return Err(Error::request(ErrorCode::QuotesMax, detail));
    }
    if quotes.iter().collect::<HashSet<_>>().len() < quotes.len() {
        let detail = "the same quote twice";
        return Err(Error::request(ErrorCode::DuplicateQuotes, detail));
    }
    Ok(())
}

fn check_unit(app: &App, unit: &str) -> Result<()> {
    if unit == app.config.unit {
        return Ok(());
    }
    let detail = format!("this mint's unit is {}", app.config.unit);
    Err(Error::request(ErrorCode::UnitUnsupported, detail))
}

fn bad_signature() -> Error {
    let detail = "the quote is locked to a key, and this is not its signature";
    Error::request(ErrorCode::QuoteSignatureInvalid, detail)
}
