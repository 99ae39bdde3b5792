//! One movement of value.

use farthing_protocol::api::PostingKind;
use farthing_protocol::{BlindedMessage, Proof};

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

/// Whether an account is a member's or a publisher's, not one of the mint's own.
#[must_use]
pub fn is_holder(account: AccountId) -> bool {
    account > FEES
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
    /// The operator gives an account, or the reserve, what the suspense account holds; a negative
    /// amount is taken.
    Settle(AccountId, i64, Option<String>),
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
        }
    }

    /// Tokens out of an account.
    #[must_use]
    pub fn withdraw(account: AccountId, outputs: Vec<BlindedMessage>) -> Self {
        Self {
            inputs: Vec::new(),
            outputs,
            purpose: Purpose::Withdraw(account),
        }
    }

    /// Tokens into an account, with change.
    #[must_use]
    pub fn redeem(account: AccountId, inputs: Vec<Proof>, outputs: Vec<BlindedMessage>) -> Self {
        Self {
            inputs,
            outputs,
            purpose: Purpose::Redeem(account),
        }
    }

    /// A voucher out of an account.
    #[must_use]
    pub fn issue(account: AccountId, outputs: Vec<BlindedMessage>, note: Option<String>) -> Self {
        Self {
            inputs: Vec::new(),
            outputs,
            purpose: Purpose::Issue(account, note),
        }
    }

    /// Funding or payout, without tokens.
    #[must_use]
    pub fn postings(purpose: Purpose) -> Self {
        Self {
            inputs: Vec::new(),
            outputs: Vec::new(),
            purpose,
        }
    }

    /// The account whose holder asked, 0 for none: part of a request's digest.
    #[must_use]
    pub fn account(&self) -> AccountId {
        match self.purpose {
            Purpose::Swap => 0,
            Purpose::Withdraw(account)
            | Purpose::Redeem(account)
            | Purpose::Issue(account, _)
            | Purpose::Credit(account, ..)
            | Purpose::Debit(account, ..)
            | Purpose::Settle(account, ..) => account,
        }
    }
}
