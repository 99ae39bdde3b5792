//! Reading invoices (BOLT 11).

use std::fmt;

use lightning_invoice::{Bolt11Invoice, Bolt11InvoiceDescriptionRef};

use super::payment::{Features, Invoice, Payment, PaymentHash};

/// The most bytes of an invoice: BOLT 11 knows no limit, but a QR code does.
const REQUEST_BYTES_MAX: usize = 7089;

/// What an invoice says.
#[derive(Clone, PartialEq, Eq)]
pub struct ParsedInvoice {
    /// Its payment hash.
    pub payment_hash: PaymentHash,
    /// What it asks for; `None` when the payer chooses.
    pub amount_msat: Option<u64>,
    /// From when on it can no longer be paid, in Unix seconds.
    pub expires_at: u64,
    /// What it is for. `None` when there is only a hash of that.
    pub description: Option<String>,
    /// The network that it is for.
    pub network: Network,
}

/// A Bitcoin network with Lightning on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Money: `lnbc…`.
    Bitcoin,
    /// `lntb…`.
    Testnet,
    /// `lntbs…`.
    Signet,
    /// `lnbcrt…`.
    Regtest,
    /// `lnsb…`.
    Simnet,
}

/// The text is not an invoice, or not one that can be paid: wrong form, checksum or signature, or a field
/// missing that every payment needs.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a Lightning invoice: {0}")]
pub struct InvoiceError(String);

impl fmt::Debug for ParsedInvoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedInvoice")
            .field("amount_msat", &self.amount_msat)
            .field("expires_at", &self.expires_at)
            .field("network", &self.network)
            .finish_non_exhaustive()
    }
}

/// Reads an invoice and checks its signature. One that has expired is read like any other.
///
/// # Errors
/// [`InvoiceError`] says what is wrong with it.
pub fn parse(text: &str) -> Result<ParsedInvoice, InvoiceError> {
    let invoice = read(text)?;
    let amount_msat = invoice.amount_milli_satoshis();
    if amount_msat == Some(0) {
        return Err(InvoiceError("an amount of 0".to_owned()));
    }
    let description = match invoice.description() {
        Bolt11InvoiceDescriptionRef::Direct(text) => Some(text.as_inner().0.clone()),
        Bolt11InvoiceDescriptionRef::Hash(_) => None,
    };
    let network = match invoice.currency() {
        lightning_invoice::Currency::Bitcoin => Network::Bitcoin,
        lightning_invoice::Currency::BitcoinTestnet => Network::Testnet,
        lightning_invoice::Currency::Signet => Network::Signet,
        lightning_invoice::Currency::Regtest => Network::Regtest,
        lightning_invoice::Currency::Simnet => Network::Simnet,
    };
    Ok(ParsedInvoice {
        payment_hash: *invoice.payment_hash().as_ref(),
        amount_msat,
        expires_at: invoice.expires_at().map_or(u64::MAX, |at| at.as_secs()),
        description,
        network,
    })
}

/// The invoice itself.
pub(super) fn read(text: &str) -> Result<Bolt11Invoice, InvoiceError> {
    if text.len() > REQUEST_BYTES_MAX {
        return Err(InvoiceError("too long".to_owned()));
    }
    let invoice: Result<Bolt11Invoice, _> = text.parse();
    invoice.map_err(|e| InvoiceError(e.to_string()))
}

/// Returns what the invoice of a payment says, if a backend with these features can pay it as asked. The answer
/// depends on the payment alone: what is refused here was never given to a node.
pub(super) fn payable(payment: &Payment, features: Features) -> Result<ParsedInvoice, String> {
    let invoice = parse(&payment.request).map_err(|e| e.to_string())?;
    if invoice.payment_hash != payment.payment_hash {
        return Err("the payment hash is not the invoice's".to_owned());
    }
    let possible = match invoice.amount_msat {
        _ if payment.amount_msat == 0 => false,
        Some(whole) if payment.partial => features.partial && payment.amount_msat <= whole,
        Some(whole) => payment.amount_msat == whole,
        None => features.amountless && !payment.partial,
    };
    if !possible {
        return Err("the invoice cannot be paid with this amount".to_owned());
    }
    Ok(invoice)
}

/// An invoice that a node made over this amount, or `None` when it is something else.
pub(super) fn made(request: String, amount_msat: u64) -> Option<Invoice> {
    let invoice = parse(&request).ok()?;
    (invoice.amount_msat == Some(amount_msat)).then_some(Invoice {
        request,
        payment_hash: invoice.payment_hash,
        expires_at: invoice.expires_at,
    })
}

#[cfg(test)]
#[path = "invoice_tests.rs"]
pub(super) mod tests;
