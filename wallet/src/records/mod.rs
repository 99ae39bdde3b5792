//! The records of a wallet. A token is in one place at a time: among the spendable proofs, inside an
//! open operation, or in the record of a token that was sent.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::Table;

mod bought;
mod coin;
mod history;
mod mint;
mod operation;
mod output;
mod payment;
mod search;
mod sent;

pub use bought::{Bought, PaymentProof};
pub use coin::{Coin, Keyset, worth};
pub(crate) use coin::{suite_of, y};
pub use history::{Entry, Outcome};
pub use mint::{Followed, KnownIdentity, Mint};
pub use operation::{Detail, Kind, Operation};
pub(crate) use output::OutputRequest;
pub use output::{PlannedOutput, Purpose};
pub(crate) use payment::site_of;
pub use payment::{Aside, Budget, Item, Purchase, Stage};
pub use search::{Restored, Search, Walked};
pub use sent::{Sent, SentState};

/// A record of the wallet's store: one row of a table, as JSON.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// The table it is in.
    const TABLE: Table;

    /// Its key there.
    fn key(&self) -> String;
}

/// Numbers as keys, so that they sort.
pub(crate) fn id_key(id: u64) -> String {
    format!("{id:020}")
}
