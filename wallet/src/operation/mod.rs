//! Operations: written down with the exact bytes of their request, sent, settled.
//!
//! Each file does one step and calls none of the others back: `begin` writes down, `attempt` sends once,
//! `facts` asks the mint what it did, `refusal` decides what follows a refusal, `settle` ends.
//! [`crate::ops`] runs them in turn.

mod attempt;
pub(crate) mod begin;
pub(crate) mod facts;
pub(crate) mod record;
pub(crate) mod refusal;
mod settle;
