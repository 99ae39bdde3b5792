//! The ledger's rules, without I/O: what a transaction is, when it is admitted, and when the books
//! balance.

mod admit;
mod books;
mod directory;
mod transaction;

pub use admit::{Admitted, Limits, admit, credited};
pub use books::{AccountLine, BalanceSheet, KeysetLine, Suspense, SuspenseLine};
pub use directory::{Directory, Keyset, KeysetState};
pub use transaction::{AccountId, Entry, FEES, Purpose, RESERVE, SUSPENSE, Transaction, is_holder};

#[cfg(test)]
mod admit_tests;
