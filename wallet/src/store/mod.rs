//! The one thing a wallet asks of storage: tables of keys and values, changed a batch at a time.

pub(crate) mod seal;
pub mod sealed;

use zeroize::Zeroizing;

pub use seal::SEAL_KEY;

use crate::error::StoreError;

/// A table of a wallet's store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// The phrase, and the number of the next operation.
    Meta,
    /// Mints by address.
    Mints,
    /// Keysets by mint and id.
    Keysets,
    /// The next unused counter, by keyset and lane.
    Counters,
    /// Tokens that can be spent, by `Y`.
    Proofs,
    /// Operations under way, by number.
    Operations,
    /// Tokens sent, by the number of the operation.
    Sent,
    /// What happened, by the number of the operation.
    History,
    /// What was bought, by what it is, for as long as it can be had again.
    Bought,
    /// What may be paid without asking, by site.
    Budgets,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 10] = [
        Self::Meta,
        Self::Mints,
        Self::Keysets,
        Self::Counters,
        Self::Proofs,
        Self::Operations,
        Self::Sent,
        Self::History,
        Self::Bought,
        Self::Budgets,
    ];

    /// The name to store it under; never changes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Mints => "mints",
            Self::Keysets => "keysets",
            Self::Counters => "counters",
            Self::Proofs => "proofs",
            Self::Operations => "operations",
            Self::Sent => "sent",
            Self::History => "history",
            Self::Bought => "bought",
            Self::Budgets => "budgets",
        }
    }
}

/// A stored value: JSON that may hold secrets, wiped when dropped.
pub type Value = Zeroizing<Vec<u8>>;

/// One change of a batch.
#[derive(Clone)]
pub enum Change {
    /// Sets a key, whether or not it was there.
    Put(Table, String, Value),
    /// Removes a key, whether or not it was there.
    Delete(Table, String),
}

/// A transactional key-value store that one wallet has to itself.
#[expect(
    async_fn_in_trait,
    reason = "a wallet is used from one task; a browser's futures are not Send"
)]
pub trait Store {
    /// The value of a key.
    ///
    /// # Errors
    /// A [`StoreError`].
    async fn get(&self, table: Table, key: &str) -> Result<Option<Value>, StoreError>;

    /// All keys of a table with their values, in ascending order of key.
    ///
    /// # Errors
    /// A [`StoreError`].
    async fn scan(&self, table: Table) -> Result<Vec<(String, Value)>, StoreError>;

    /// Makes all changes or none, and returns when they are on disk to stay.
    ///
    /// # Errors
    /// A [`StoreError`]; then none was made, or the process must not go on.
    async fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError>;
}
