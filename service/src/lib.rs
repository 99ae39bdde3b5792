//! What Farthing's servers, the mint and the paywall, have in common.
//!
//! | module | what it does |
//! |---|---|
//! | [`log`] | writes the log, and cannot stop the process that logs |
//! | [`say`] | writes lines for people to standard error |

pub mod log;
mod queue;
pub mod say;
