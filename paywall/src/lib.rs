//! `farthing-paywall`: a paywall in front of any site. It is the layer of `farthing-publisher` around a reverse
//! proxy, with prices by method and path.
//!
//! | module | what it holds |
//! |---|---|
//! | `command` | settings, run, check, metrics |
//! | `proxy` | the reverse proxy: server, filter, upstream |
//! | [`rules`] | prices by method and path |

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they end the program where nothing can be written"
)]

mod command;
mod proxy;
pub mod rules;

pub use command::main;
