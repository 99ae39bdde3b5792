//! What Farthing's servers, the mint and the paywall, have in common.
//!
//! | module | what it does |
//! |---|---|
//! | [`log`] | writes the log, and cannot stop the process that logs |
//! | [`private`] | creates and reads files that their owner alone may use |
//! | [`program`] | writes commands' results and failures, waits for signals, runs futures |
//! | [`say`] | writes lines for people to standard error |
//! | [`server`] | accepts connections within limits, and stops without dropping an answer |
//! | [`settings`] | reads settings from a TOML file, the environment and the command line |
//! | [`wal`] | says when a store's write-ahead log is emptied |
//!
//! All but [`private`], [`say`] and [`wal`] is behind the feature `program`: a library needs neither log nor server.

#[cfg(feature = "program")]
pub mod log;
pub mod private;
#[cfg(feature = "program")]
pub mod program;
#[cfg(feature = "program")]
mod queue;
pub mod say;
#[cfg(feature = "program")]
pub mod server;
#[cfg(feature = "program")]
pub mod settings;
pub mod wal;
