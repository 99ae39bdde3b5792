#![doc = include_str!("../README.md")]
//!
//! | module | what it holds |
//! |---|---|
//! | [`http`] | the trait [`Http`], its requests and answers, API tokens |
//! | [`mint`] | [`MintClient`]: one call for each path of the API |
//! | [`verify`] | what a mint says of itself and of its keysets, checked |
//! | [`error`] | a refusal, no usable answer, or a violation of the API |
//! | [`mod@retry`] | when a call is made again, and how long to wait before |

pub mod error;
pub mod http;
pub mod mint;
pub mod retry;
pub mod verify;

#[cfg(feature = "native")]
pub mod native;

pub use error::{Error, KeysetError, Refused, Unavailable, Violation};
pub use http::{ApiToken, Http, HttpError, Request, Response};
pub use mint::{MintClient, json};
pub use retry::{Pause, Transient, retry};
