//! The engine: every movement of value goes through here, in four stages.
//!
//! 1. **admit** ([`crate::domain::admit`]): everything that costs no curve operation and no disk;
//! 2. **verify and sign** (`prepare`, `verify`), on a CPU pool (`pool`), never on the async runtime's
//!    threads, as many requests together as wait;
//! 3. **commit** (`writer`, which has each transaction decided in `decide` and written in `apply`): one thread,
//!    one batch of whatever waits, one fsync;
//! 4. **answer**, once it is durable.
//!
//! A request that was answered before and would be refused now is answered again: signatures are
//! deterministic, so they are computed again and nothing but a digest of the request was kept.

mod api;
mod apply;
mod auth;
mod checkpoints;
mod conflict;
mod decide;
mod events;
mod job;
mod journal;
mod keysets;
mod open_batch;
mod pool;
mod prepare;
mod quotes;
pub mod recovery;
mod shared;
mod verify;
mod writer;

pub use api::Engine;
pub use events::Event;
pub use job::Answer;
pub use journal::Journal;
pub use keysets::{NewKeyset, add_keyset};
pub use quotes::QuoteChange;
pub(crate) use quotes::too_many_quotes;
pub use shared::EngineSettings;
