//! Quotes: what the mint has promised to payers from outside, and to those who pay out (NUT-04, NUT-05).
//!
//! A **mint quote** is an invoice of the mint's; when it is paid, its amount is owed to the caller who asked
//! for it, until it is issued as tokens, or at once to an account. A **melt quote** is another node's invoice
//! that the mint is asked to pay, with tokens or from an account.

use farthing_protocol::EncodedPoint;
use farthing_protocol::cashu::QuoteId;

use super::transaction::AccountId;

/// An invoice of the mint's, and what became of it. Amounts are in the mint's unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MintQuote {
    /// Its name.
    pub id: QuoteId,
    /// What the payment network knows the payment by.
    pub payment_hash: [u8; 32],
    /// The invoice.
    pub request: String,
    /// What is to be paid.
    pub amount: u64,
    /// The account that is funded; without one, tokens are issued.
    pub account: Option<AccountId>,
    /// Whose signature it takes to have the tokens issued (NUT-20).
    pub pubkey: Option<EncodedPoint>,
    /// The Unix time until which the invoice can be paid.
    pub expiry: u64,
    /// What was paid: nothing, or the amount.
    pub paid: u64,
    /// What of it was issued, as tokens or to the account.
    pub issued: u64,
    /// The Unix time of its last change. Each change is later than the one before, by a second at the
    /// least: wallets tell by it which of two answers is the newer one (NUT-04).
    pub updated_at: u64,
}

impl MintQuote {
    /// The time of a change that happens `now`.
    #[must_use]
    pub fn changed_at(&self, now: u64) -> u64 {
        now.max(self.updated_at.saturating_add(1))
    }
}

/// Another node's invoice that the mint is asked to pay. Amounts are in the mint's unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeltQuote {
    /// Its name.
    pub id: QuoteId,
    /// What the payment network knows the payment by.
    pub payment_hash: [u8; 32],
    /// The invoice.
    pub request: String,
    /// What is sent, in thousandths of a satoshi.
    pub amount_msat: u64,
    /// Whether others pay the rest of the invoice (NUT-15).
    pub is_partial: bool,
    /// What is sent, rounded up to the mint's unit.
    pub amount: u64,
    /// The most that the payment's own fee may be.
    pub fee_reserve: u64,
    /// The account that pays; without one, tokens do.
    pub account: Option<AccountId>,
    /// The Unix time until which it can be begun.
    pub expiry: u64,
    /// What became of it.
    pub state: MeltState,
    /// What was put in for it, less the fee for inputs: 0 before it is begun.
    pub held: u64,
    /// The Unix time at which the payment was begun.
    pub started: u64,
    /// What the payment's own fee was.
    pub fee_paid: u64,
    /// The proof of payment, when it is paid and there is one.
    pub preimage: Option<[u8; 32]>,
}

impl MeltQuote {
    /// Returns what has to be put in at the least, beside the fee for inputs.
    #[must_use]
    pub fn due(&self) -> u64 {
        self.amount.saturating_add(self.fee_reserve)
    }

    /// Returns whether it says of the same invoice what another quote says, but for names and times.
    #[must_use]
    pub fn has_terms_of(&self, other: &Self) -> bool {
        let terms = |quote: &Self| {
            let parts = (quote.amount_msat, quote.is_partial);
            (
                quote.payment_hash,
                quote.account,
                parts,
                quote.amount,
                quote.fee_reserve,
            )
        };
        terms(self) == terms(other) && self.request == other.request
    }

    /// Returns whether it has paid an invoice of this mint's own: then nothing left the mint, and there is
    /// no proof of payment.
    #[must_use]
    pub fn is_settled_within(&self) -> bool {
        self.state == MeltState::Paid && self.preimage.is_none()
    }
}

/// What became of a melt quote (NUT-05).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeltState {
    /// Nothing is under way: it was not begun, or what was begun failed for certain.
    Unpaid,
    /// The payment is under way, or its end is not known yet: what was put in is held.
    Pending,
    /// The payment has arrived.
    Paid,
}

impl MeltState {
    /// The word for it in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Pending => "pending",
            Self::Paid => "paid",
        }
    }

    /// Reads the word; `None` for any other.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Unpaid, Self::Pending, Self::Paid];
        all.into_iter().find(|state| state.as_str() == word)
    }
}
