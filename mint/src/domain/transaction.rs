//! One movement of value.

use farthing_protocol::api::PostingKind;
use farthing_protocol::cashu::QuoteId;
use farthing_protocol::{BlindedMessage, Proof};

use crate::keyring::Mark;

/// The mint's number for an account.
pub type AccountId = i64;

/// The operator's own account: what stands behind everything else. Its balance is negative, since
/// the books list what the mint owes; the balance sheet shows it with the sign turned.
pub const RESERVE: AccountId = 1;

/// The account that collects fees.
pub const FEES: AccountId = 2;

/// The account of what the books cannot place: what came in after the copy that a store was restored
/// from, and tokens that came back without having been seen to be signed. 0 for most mints for ever.
/// Positive: the mint owes it to somebody it does not know. Negative: it has lost it.
pub const SUSPENSE: AccountId = -1;

/// The account of what was paid in from outside for tokens that are not issued yet: owed to the holders of
/// mint quotes.
pub const PAID_IN: AccountId = -2;

/// The account of what accounts have put in for payments that are under way.
pub const PAYING_OUT: AccountId = -3;

/// Whether an account is a member's or a publisher's, not one of the mint's own.
#[must_use]
pub fn is_holder(account: AccountId) -> bool {
    account > FEES
}

/// Whether an account's postings are kept, one by one. Of fees, and of what is on its way in or out, only
/// the sum is.
#[must_use]
pub fn is_itemized(account: AccountId) -> bool {
    !matches!(account, FEES | PAID_IN | PAYING_OUT)
}

/// Inputs, outputs, and the account that pays or is paid.
///
/// Balanced when Σ inputs − fee − Σ outputs = Σ postings; [`super::admit`] sees to it.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Tokens to spend.
    pub inputs: Vec<Proof>,
    /// Outputs to sign.
    pub outputs: Vec<BlindedMessage>,
    /// Which postings go with them.
    pub purpose: Purpose,
    /// The blind authentication that it came with: used up with it, or not at all.
    pub auth: Option<Pass>,
}

/// A blind authentication token (NUT-22) that is this mint's. Whether it was used before is not known yet.
///
/// Only [`crate::engine::Engine::authenticate`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// The mark of its `Y`.
    pub(crate) mark: Mark,
    /// Its keyset's index.
    pub(crate) keyset: u32,
}

/// What a transaction is for, which says where its difference goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Tokens for tokens; nothing is posted.
    Swap,
    /// Tokens out of an account: it pays for the outputs.
    Withdraw(AccountId),
    /// Tokens into an account: it gets inputs − fee − outputs.
    Redeem(AccountId),
    /// Tokens out of an account, printed by the operator as a voucher.
    Issue(AccountId, Option<String>),
    /// The operator funds an account from the reserve.
    Credit(AccountId, u64, Option<String>),
    /// The operator pays an account out to the reserve.
    Debit(AccountId, u64, Option<String>),
    /// Tokens for what was paid in from outside: the quotes, with what is issued of each.
    Mint(Vec<(QuoteId, u64)>),
    /// Tokens for a payment to outside. They are held until it has arrived; the outputs are blanks for
    /// what it leaves over.
    Melt(Payment),
    /// The account puts in what a payment to outside needs.
    Payout(AccountId, Payment),
    /// The operator gives an account, or the reserve, what the suspense account holds; a negative
    /// amount is taken.
    Settle(AccountId, i64, Option<String>),
    /// Blind authentication tokens, for nothing: they are worth nothing.
    IssueAuth,
    /// Nothing but to use up the blind authentication of a request that moves no value.
    SpendAuth,
}

/// A payment to outside that is to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Its quote.
    pub quote: QuoteId,
    /// What it needs at the least: amount and fee reserve.
    pub due: u64,
}

/// One line of a transaction on an account: what it gains (positive) or loses (negative).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: AccountId,
    /// What it gains or loses.
    pub amount: i64,
    /// What the statement calls it.
    pub kind: PostingKind,
    /// The operator's note.
    pub note: Option<String>,
}

impl Transaction {
    /// Tokens for tokens.
    #[must_use]
    pub fn swap(inputs: Vec<Proof>, outputs: Vec<BlindedMessage>) -> Self {
        Self {
            inputs,
            outputs,
            purpose: Purpose::Swap,
            auth: None,
        }
    }

    /// Tokens out of an account.
    #[must_use]
    pub fn withdraw(account: AccountId, outputs: Vec<BlindedMessage>) -> Self {
        Self {
            inputs: Vec::new(),
            outputs,
            purpose: Purpose::Withdraw(account),
            auth: None,
        }
    }

    /// Tokens into an account, with change.
    #[must_use]
    pub fn redeem(account: AccountId, inputs: Vec<Proof>, outputs: Vec<BlindedMessage>) -> Self {
        Self {
            inputs,
            outputs,
            purpose: Purpose::Redeem(account),
            auth: None,
        }
    }

    /// A voucher out of an account.
    #[must_use]
    pub fn issue(account: AccountId, outputs: Vec<BlindedMessage>, note: Option<String>) -> Self {
        Self {
            inputs: Vec::new(),
            outputs,
            purpose: Purpose::Issue(account, note),
            auth: None,
        }
    }

    /// Tokens for what was paid in.
    #[must_use]
    pub fn mint(quotes: Vec<(QuoteId, u64)>, outputs: Vec<BlindedMessage>) -> Self {
        Self {
            inputs: Vec::new(),
            outputs,
            purpose: Purpose::Mint(quotes),
            auth: None,
        }
    }

    /// Tokens for a payment to outside, with blank outputs for what it leaves over.
    #[must_use]
    pub fn melt(payment: Payment, inputs: Vec<Proof>, blanks: Vec<BlindedMessage>) -> Self {
        Self {
            inputs,
            outputs: blanks,
            purpose: Purpose::Melt(payment),
            auth: None,
        }
    }

    /// Funding or payout, without tokens.
    #[must_use]
    pub fn postings(purpose: Purpose) -> Self {
        Self {
            inputs: Vec::new(),
            outputs: Vec::new(),
            purpose,
            auth: None,
        }
    }

    /// Blind authentication tokens.
    #[must_use]
    pub fn issue_auth(outputs: Vec<BlindedMessage>) -> Self {
        Self {
            outputs,
            ..Self::postings(Purpose::IssueAuth)
        }
    }

    /// Nothing but to use up a blind authentication token.
    #[must_use]
    pub fn spend_auth(pass: Pass) -> Self {
        Self::postings(Purpose::SpendAuth).with_auth(Some(pass))
    }

    /// The transaction with the blind authentication that it came with, if any.
    #[must_use]
    pub fn with_auth(self, auth: Option<Pass>) -> Self {
        Self { auth, ..self }
    }

    /// The outputs that are signed when the transaction is carried out: all but blanks, whose amounts are
    /// not known yet.
    #[must_use]
    pub fn signed_outputs(&self) -> &[BlindedMessage] {
        match self.purpose {
            Purpose::Melt(_) => &[],
            Purpose::Swap
            | Purpose::Mint(_)
            | Purpose::Withdraw(_)
            | Purpose::Redeem(_)
            | Purpose::Issue(..)
            | Purpose::Credit(..)
            | Purpose::Debit(..)
            | Purpose::Payout(..)
            | Purpose::Settle(..)
            | Purpose::IssueAuth
            | Purpose::SpendAuth => &self.outputs,
        }
    }

    /// The account whose holder asked, 0 for none: part of a request's digest.
    #[must_use]
    pub fn account(&self) -> AccountId {
        match self.purpose {
            Purpose::Swap
            | Purpose::Mint(_)
            | Purpose::Melt(_)
            | Purpose::IssueAuth
            | Purpose::SpendAuth => 0,
            Purpose::Withdraw(account)
            | Purpose::Redeem(account)
            | Purpose::Issue(account, _)
            | Purpose::Credit(account, ..)
            | Purpose::Debit(account, ..)
            | Purpose::Payout(account, _)
            | Purpose::Settle(account, ..) => account,
        }
    }
}
