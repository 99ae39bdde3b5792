//! The mint's own types and rules, without I/O and without private keys: what a transaction is, when it is
//! admitted, and when the books balance.

mod admit;
mod api_token;
mod balance;
mod balance_sheet;
mod directory;
mod keyset;
mod mark;
mod quote;
mod statement;
mod transaction;

pub use admit::{Admitted, Limits, admit, credited};
pub use api_token::{ApiTokenText, Scope, Scopes, hash_api_token};
pub use balance_sheet::{AccountLine, BalanceSheet, KeysetLine, Sum, Suspense, SuspenseLine};
pub use directory::Directory;
pub use keyset::{Keyset, KeysetKind, KeysetState, KeysetTerms};
pub use mark::{Mark, RequestDigest};
pub use quote::{MeltQuote, MeltState, MintQuote};
pub use statement::{PostingRow, kind_of_word, kind_word, to_statement};
pub use transaction::{
    AccountId, AuthToken, Entry, FEES, PAID_IN, PAYING_OUT, Payment, Purpose, RESERVE, SUSPENSE,
    Shape, Transaction, is_holder, is_itemized,
};

#[cfg(test)]
mod admit_tests;
