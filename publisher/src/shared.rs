//! What all requests share, and what becomes of one.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;
use axum::http::request::Parts;

use crate::keys::Keys;
use crate::mint::Mint;
use crate::query::IgnoredQuery;
use crate::records::Records;
use crate::settings::Settings;

/// The price of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// The amount in the mint's smallest unit; 0 is free.
    pub amount: u64,
    /// A name of the resource, for people.
    pub description: Option<String>,
    /// Parameters of the query that make no difference to what is bought.
    pub ignore_query: IgnoredQuery,
}

/// The outcome of a request, in the extensions of every answer, for logs and counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has no price.
    Free,
    /// It was asked to pay.
    Asked,
    /// It was charged this much.
    Charged(u64),
    /// It was charged before, and served again.
    Repeated,
    /// It showed a receipt.
    Receipt,
    /// The service behind the paywall answered something that is not charged.
    NotCharged,
    /// Its payment was refused, with this code.
    Refused(u32),
}

/// Decides what a request costs; `None` is free.
pub(crate) type PriceOf = dyn Fn(&Parts) -> Option<Price> + Send + Sync;

/// The state that all requests share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) price: Box<PriceOf>,
    pub(crate) mint: Arc<Mint>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) records: Arc<Records>,
    /// Whether locked tokens are redeemed before they are served for, since the record has a gap.
    pub(crate) redeems_locked: bool,
    pub(crate) redeemer: tokio::task::JoinHandle<()>,
    pub(crate) follower: tokio::task::JoinHandle<()>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.redeemer.abort();
        self.follower.abort();
    }
}

impl Shared {
    /// Returns the price of a request, unless it is free.
    pub(crate) fn price_of(&self, parts: &Parts) -> Option<Price> {
        (self.price)(parts).filter(|price| price.amount > 0)
    }
}

/// Notes the outcome of a request, for logs and counters.
pub(crate) fn tell(mut answer: Response<Body>, outcome: Outcome) -> Response<Body> {
    answer.extensions_mut().insert(outcome);
    answer
}
