//! Operations: written down with the exact bytes of their request, sent, settled.
//!
//! Each file does one step and calls none of the others back: `begin` writes down, `attempt` sends once,
//! `facts` asks the mint what it did, `refusal` decides what follows a refusal, `settle` ends. `run` takes
//! the steps in turn.

mod attempt;
pub(crate) mod begin;
pub(crate) mod facts;
pub(crate) mod record;
pub(crate) mod refusal;
mod run;
pub(crate) mod settle;
pub(crate) mod swap_back;
