//! What Farthing's servers, the mint and the paywall, have in common.
//!
//! | module | what it does |
//! |---|---|
//! | [`log`] | writes the log, and cannot stop the process that logs |
//! | [`private`] | creates and reads files that their owner alone may use |
//! | [`say`] | writes lines for people to standard error |
//!
//! All but [`private`] and [`say`] is behind the feature `program`: a library needs neither log nor server.

#[cfg(feature = "program")]
pub mod log;
pub mod private;
#[cfg(feature = "program")]
mod queue;
pub mod say;
