//! Making quotes.

use farthing_protocol::{EncodedPoint, ErrorCode};

use super::{Cashier, failed, new_id};
use crate::clock;
use crate::domain::{AccountId, MeltQuote, MeltState, MintQuote};
use crate::engine::{QuoteChange, too_many_quotes};
use crate::error::{Error, Result};
use crate::payments::lightning::{self, ParsedInvoice};

/// The longest that what a payment costs is promised for.
const MELT_EXPIRY_S: u64 = 3600;

/// How much of an invoice is to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeltAmount {
    /// What it says.
    Whole,
    /// This much of one that names no amount, in thousandths of a satoshi (NUT-23).
    Amountless(u64),
    /// This part of it, others paying the rest (NUT-15), in thousandths of a satoshi.
    Part(u64),
}

impl Cashier {
    /// Makes an invoice over `amount` of the mint's unit, whose payment funds `account` or can be minted
    /// as tokens by the caller who signs with `pubkey`, or who knows the quote's id.
    ///
    /// # Errors
    /// [`Error::Request`] with `AmountOutOfRange`, or with `Unavailable` when too many invoices wait to be
    /// paid; [`Error::Busy`] when the backend does not answer; [`Error::Store`].
    pub async fn offer(
        &self,
        amount: u64,
        description: Option<&str>,
        account: Option<AccountId>,
        pubkey: Option<EncodedPoint>,
    ) -> Result<MintQuote> {
        self.check_amount(amount)?;
        let amount_msat = self.rates.to_msat(amount).ok_or_else(out_of_range)?;
        // Before the node makes an invoice; the writer decides.
        let (now, most) = (clock::now_s(), self.quotes_max);
        let open = self
            .engine
            .read(|view| view.unpaid_count(account, now, most))?;
        if open >= most {
            return Err(too_many_quotes());
        }
        let description = description.filter(|_| self.features().description);
        let invoice = self
            .backend
            .create_invoice(amount_msat, description, self.invoice_expiry_s);
        let invoice = invoice.await.map_err(|error| failed(&error))?;
        let quote = MintQuote {
            id: new_id()?,
            payment_hash: invoice.payment_hash,
            request: invoice.request,
            amount,
            account,
            pubkey,
            expiry: invoice.expires_at,
            paid: 0,
            issued: 0,
            updated_at: clock::now_s(),
        };
        self.engine
            .record(QuoteChange::Offered(quote.clone(), self.quotes_max))
            .await?;
        self.open_quotes()?.insert(quote.id.clone());
        Ok(quote)
    }

    /// Says what paying an invoice costs, from `account` or with tokens. The payment's own fee may be
    /// `fee_max`, in the mint's unit, or what the settings say. Asked again on the same terms, it is the
    /// same quote, which counts longer then.
    ///
    /// # Errors
    /// [`Error::Request`] with `Malformed`, `QuoteExpired`, `InvoiceAmountless`, `InvoiceAmountMismatch`,
    /// `AmountOutOfRange`, or `Unavailable` when too many quotes wait to be begun; [`Error::Busy`];
    /// [`Error::Store`].
    pub async fn quote_payment(
        &self,
        request: &str,
        how_much: MeltAmount,
        account: Option<AccountId>,
        fee_max: Option<u64>,
    ) -> Result<MeltQuote> {
        let invoice = lightning::parse(request)
            .map_err(|error| Error::request(ErrorCode::Malformed, error.to_string()))?;
        let now = clock::now_s();
        if invoice.expires_at < now {
            let detail = "the invoice has expired: ask for another";
            return Err(Error::request(ErrorCode::QuoteExpired, detail));
        }
        let amount_msat = self.to_send(&invoice, how_much)?;
        let amount = self.rates.sent(amount_msat);
        self.check_amount(amount)?;
        let is_own = self.is_own(&invoice)?;
        let quote = MeltQuote {
            id: new_id()?,
            payment_hash: invoice.payment_hash,
            request: request.to_owned(),
            amount_msat,
            is_partial: matches!(how_much, MeltAmount::Part(_)),
            amount,
            // What stays in the house costs nothing.
            fee_reserve: if is_own {
                0
            } else {
                fee_max.unwrap_or_else(|| self.rates.fee_reserve(amount))
            },
            account,
            expiry: invoice.expires_at.min(now + MELT_EXPIRY_S),
            state: MeltState::Unpaid,
            held: 0,
            started: 0,
            fee_paid: 0,
            preimage: None,
        };
        self.engine
            .record(QuoteChange::Asked(quote.clone(), self.quotes_max))
            .await?;
        self.quoted(&quote)
    }

    /// The quote that an invoice has now: the one that was made, or the one that there was on the same
    /// terms.
    fn quoted(&self, made: &MeltQuote) -> Result<MeltQuote> {
        self.engine.read(|view| {
            if let Some(quote) = view.melt_quote(&made.id)? {
                return Ok(quote);
            }
            view.unbegun_melt_quote(&made.payment_hash, made.account)?
                .filter(|quote| quote.has_terms_of(made))
                .ok_or(Error::Busy("asked about the same invoice by others"))
        })
    }

    /// Returns whether an invoice is one of this mint's.
    fn is_own(&self, invoice: &ParsedInvoice) -> Result<bool> {
        let quote = self
            .engine
            .read(|view| view.mint_quote_of_payment(&invoice.payment_hash));
        Ok(quote?.is_some())
    }

    /// Returns what to send for an invoice.
    fn to_send(&self, invoice: &ParsedInvoice, how_much: MeltAmount) -> Result<u64> {
        let refuse = |code, detail: &'static str| Err(Error::request(code, detail));
        let features = self.features();
        match (how_much, invoice.amount_msat) {
            (MeltAmount::Whole, Some(amount)) => Ok(amount),
            (MeltAmount::Whole, None) => refuse(
                ErrorCode::InvoiceAmountless,
                "the invoice names no amount: say how much",
            ),
            (MeltAmount::Amountless(_), _) if !features.amountless => refuse(
                ErrorCode::InvoiceAmountless,
                "this mint pays no invoices without an amount",
            ),
            (MeltAmount::Amountless(amount), Some(named)) if amount != named => refuse(
                ErrorCode::InvoiceAmountMismatch,
                "the invoice names another amount",
            ),
            (MeltAmount::Amountless(amount), _) => Ok(amount),
            (MeltAmount::Part(_), _) if !features.partial => refuse(
                ErrorCode::InvoiceAmountMismatch,
                "this mint pays no parts of invoices",
            ),
            (MeltAmount::Part(amount), Some(whole)) if amount <= whole => Ok(amount),
            (MeltAmount::Part(_), _) => refuse(
                ErrorCode::InvoiceAmountMismatch,
                "the part is more than the invoice asks for",
            ),
        }
    }

    fn check_amount(&self, amount: u64) -> Result<()> {
        if amount == 0 || amount > self.amount_max {
            return Err(out_of_range());
        }
        Ok(())
    }
}

fn out_of_range() -> Error {
    Error::request(
        ErrorCode::AmountOutOfRange,
        "the amount is zero, or more than the mint takes",
    )
}
