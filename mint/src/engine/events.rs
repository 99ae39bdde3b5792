//! Subscribers are notified of what happened, once it is on disk (NUT-17).

use std::sync::Arc;

use farthing_protocol::cashu::QuoteId;
use tokio::sync::broadcast;

use crate::domain::Mark;

/// How many batches a subscriber may be behind before it misses some.
const BEHIND_MAX: usize = 256;

/// What changed. The store says what it is now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The state of the token with this mark.
    Token(Mark),
    /// A quote.
    Quote(QuoteId),
}

/// The channel from the writer to the subscribers.
#[derive(Debug)]
pub(super) struct Events(broadcast::Sender<Arc<[Event]>>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::channel(BEHIND_MAX).0)
    }
}

impl Events {
    /// Notifies subscribers of what one batch changed.
    pub(super) fn announce(&self, events: Vec<Event>) {
        if !events.is_empty() && self.0.receiver_count() > 0 {
            let _ = self.0.send(events.into());
        }
    }

    pub(super) fn watch(&self) -> broadcast::Receiver<Arc<[Event]>> {
        self.0.subscribe()
    }
}
