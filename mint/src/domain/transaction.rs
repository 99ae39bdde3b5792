//! One movement of value.

use farthing_protocol::api::PostingKind;
use farthing_protocol::cashu::QuoteId;
use farthing_protocol::{BlindedMessage, Proof};

use super::mark::Mark;

/// The mint's number for an account.
pub type AccountId = i64;

/// The operator's own account: what stands behind everything else. Its balance is negative, since
/// the books list what the mint owes; the balance sheet shows it with the sign turned.
pub const RESERVE: AccountId = 1;

/// The account that collects fees.
pub const FEES: AccountId = 2;

/// The account of what the books cannot place: what came in after the copy that a store was restored
/// from, and tokens that came back without having been seen to be signed. 0 for most mints for ever.
/// Positive: the mint owes it, and does not know to whom. Negative: it has lost it.
pub const SUSPENSE: AccountId = -1;

/// The account of what was paid in from outside for tokens that are not issued yet: owed to the holders of
/// mint quotes.
pub const PAID_IN: AccountId = -2;

/// The account of what accounts have put in for payments that are under way.
pub const PAYING_OUT: AccountId = -3;

/// Tells whether an account is a member's or a publisher's, not one of the mint's own.
#[must_use]
pub fn is_holder(account: AccountId) -> bool {
    account > FEES
}

/// Tells whether an account's postings are kept, one by one. Of fees, and of what is on its way in or out, only
/// the sum is.
#[must_use]
pub fn is_itemized(account: AccountId) -> bool {
    !matches!(account, FEES | PAID_IN | PAYING_OUT)
}

/// Inputs, outputs, and the account that pays or is paid.
///
/// Balanced when Σ inputs − fee − Σ outputs = Σ postings; [`super::admit()`] sees to it.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Tokens to spend.
    pub inputs: Vec<Proof>,
    /// Outputs to sign.
    pub outputs: Vec<BlindedMessage>,
    /// Which postings go with them.
    pub purpose: Purpose,
    /// The blind authentication that it came with: used up with it, or not at all.
    pub auth: Option<AuthToken>,
}

/// A blind authentication token (NUT-22) that is this mint's. Whether it was used before is not known yet.
///
/// Only [`crate::engine::Engine::authenticate`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthToken {
    /// The mark of its `Y`.
    pub(crate) mark: Mark,
    /// Its keyset's index.
    pub(crate) keyset: u32,
}

impl AuthToken {
    /// The one amount of a keyset for authentication.
    pub const AMOUNT: u64 = 1;
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

/// What a purpose makes of a transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape<'p> {
    /// Whether it is nothing without inputs.
    pub needs_inputs: bool,
    /// Whether it is nothing without outputs.
    pub needs_outputs: bool,
    /// Whether its outputs are blanks: not signed, since their amounts are not known yet.
    pub has_blanks: bool,
    /// The account whose holder asked.
    pub account: Option<AccountId>,
    /// The payment to outside that it begins.
    pub payment: Option<&'p Payment>,
}

impl Purpose {
    /// Returns what the purpose makes of a transaction, but for the postings, which admission works out.
    #[must_use]
    pub fn shape(&self) -> Shape<'_> {
        let with_outputs = |account| Shape {
            needs_outputs: true,
            account,
            ..Shape::default()
        };
        let of_account = |account| Shape {
            account: Some(account),
            ..Shape::default()
        };
        match self {
            Self::Swap => Shape {
                needs_inputs: true,
                ..with_outputs(None)
            },
            Self::Withdraw(account) | Self::Issue(account, _) => with_outputs(Some(*account)),
            Self::Mint(_) | Self::IssueAuth => with_outputs(None),
            Self::Redeem(account) => Shape {
                needs_inputs: true,
                ..of_account(*account)
            },
            Self::Melt(payment) => Shape {
                needs_inputs: true,
                has_blanks: true,
                payment: Some(payment),
                ..Shape::default()
            },
            Self::Payout(account, payment) => Shape {
                payment: Some(payment),
                ..of_account(*account)
            },
            Self::Credit(account, ..) | Self::Debit(account, ..) | Self::Settle(account, ..) => {
                of_account(*account)
            }
            Self::SpendAuth => Shape::default(),
        }
    }
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
            outputs,
            ..Self::postings(Purpose::Withdraw(account))
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
            outputs,
            ..Self::postings(Purpose::Issue(account, note))
        }
    }

    /// Tokens for what was paid in.
    #[must_use]
    pub fn mint(quotes: Vec<(QuoteId, u64)>, outputs: Vec<BlindedMessage>) -> Self {
        Self {
            outputs,
            ..Self::postings(Purpose::Mint(quotes))
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
    pub fn spend_auth(pass: AuthToken) -> Self {
        Self::postings(Purpose::SpendAuth).with_auth(Some(pass))
    }

    /// The transaction with the blind authentication that it came with, if any.
    #[must_use]
    pub fn with_auth(self, auth: Option<AuthToken>) -> Self {
        Self { auth, ..self }
    }

    /// The outputs that are signed when the transaction is carried out: all but blanks, whose amounts are
    /// not known yet.
    #[must_use]
    pub fn signed_outputs(&self) -> &[BlindedMessage] {
        if self.purpose.shape().has_blanks {
            return &[];
        }
        &self.outputs
    }

    /// The account whose holder asked, 0 for none: part of a request's digest.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.purpose.shape().account.unwrap_or(0)
    }
}
