//! An account's postings, and the statement that lists them.

use farthing_protocol::api::{Posting, PostingKind, Statement};

use crate::clock;

/// A posting as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostingRow {
    /// Its number on the account, from 1.
    pub number: i64,
    /// Hours since the Unix epoch.
    pub hour: i64,
    /// What moved.
    pub kind: PostingKind,
    /// What the account gained or lost.
    pub amount: i64,
    /// The balance after it.
    pub balance: i64,
    /// The operator's note.
    pub note: Option<String>,
}

const KINDS: [PostingKind; 7] = [
    PostingKind::Withdraw,
    PostingKind::Redeem,
    PostingKind::Credit,
    PostingKind::Debit,
    PostingKind::Issue,
    PostingKind::Deposit,
    PostingKind::Payout,
];

/// The word for a kind of posting, as the API writes it too.
#[must_use]
pub fn kind_word(kind: PostingKind) -> &'static str {
    match kind {
        PostingKind::Withdraw => "withdraw",
        PostingKind::Redeem => "redeem",
        PostingKind::Credit => "credit",
        PostingKind::Debit => "debit",
        PostingKind::Issue => "issue",
        PostingKind::Deposit => "deposit",
        PostingKind::Payout => "payout",
    }
}

/// The kind of posting that a word stands for; `None` for any other word.
#[must_use]
pub fn kind_of_word(word: &str) -> Option<PostingKind> {
    KINDS.into_iter().find(|kind| kind_word(*kind) == word)
}

/// Makes a page of at most `limit` rows, as the API and the operator's command show it.
#[must_use]
pub fn to_statement(rows: &[PostingRow], limit: u32) -> Statement {
    let full = rows.len() >= limit as usize;
    let last = rows.last().filter(|row| full && row.number > 1);
    Statement {
        postings: rows.iter().map(posting).collect(),
        next: last.map(|row| row.number.cast_unsigned()),
    }
}

fn posting(row: &PostingRow) -> Posting {
    Posting {
        number: row.number.cast_unsigned(),
        time: clock::hour_to_s(row.hour),
        kind: row.kind,
        amount: row.amount,
        balance: row.balance.cast_unsigned(),
        note: row.note.clone(),
    }
}
