//! The ledger's rules, without I/O: what a transaction is, when it is admitted, and when the books
//! balance.

mod admit;
mod balance;
mod books;
mod directory;
mod quote;
mod transaction;

pub use admit::{Admitted, Limits, admit, credited};
pub use books::{AccountLine, BalanceSheet, KeysetLine, Sum, Suspense, SuspenseLine};
pub use directory::{Directory, Keyset, KeysetState};
pub use quote::{MeltQuote, MeltState, MintQuote};
pub use transaction::{
    AccountId, Entry, FEES, PAID_IN, PAYING_OUT, Pass, Payment, Purpose, RESERVE, SUSPENSE,
    Transaction, is_holder, is_itemized,
};

#[cfg(test)]
mod admit_tests;
