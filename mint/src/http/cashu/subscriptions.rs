//! What one wallet's websocket is subscribed to, and what it was told of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use farthing_protocol::EncodedPoint;
use farthing_protocol::cashu::QuoteId;
use farthing_protocol::cashu::ws::Filters;
use tokio::sync::OwnedSemaphorePermit;

use crate::domain::Mark;
use crate::engine::Event;

/// One thing subscribed to.
#[derive(Clone)]
pub(super) enum What {
    MintQuote(QuoteId),
    MeltQuote(QuoteId),
    Proof(EncodedPoint, Mark),
}

impl What {
    /// All that the filters name, in their order.
    pub(super) fn all(filters: Filters, mark: impl Fn(&EncodedPoint) -> Mark) -> Vec<Self> {
        match filters {
            Filters::MintQuotes(ids) => ids.into_iter().map(Self::MintQuote).collect(),
            Filters::MeltQuotes(ids) => ids.into_iter().map(Self::MeltQuote).collect(),
            Filters::Proofs(ys) => {
                let proof = |y| Self::Proof(y, mark(&y));
                ys.into_iter().map(proof).collect()
            }
        }
    }

    /// Returns what happens when it changes.
    fn event(&self) -> Event {
        match self {
            Self::MintQuote(id) | Self::MeltQuote(id) => Event::Quote(id.clone()),
            Self::Proof(_, mark) => Event::Token(*mark),
        }
    }
}

/// The id of a subject: its subscription's name, and its number there.
pub(super) type SubjectId = (Arc<str>, usize);

/// All subscriptions of one connection.
#[derive(Default)]
pub(super) struct Subscriptions {
    by_name: BTreeMap<Arc<str>, Subscription>,
    by_event: HashMap<Event, BTreeSet<SubjectId>>,
}

struct Subscription {
    subjects: Vec<Subject>,
    /// Its share of what all connections together may subscribe to.
    _share: OwnedSemaphorePermit,
}

struct Subject {
    what: What,
    /// A hash of what was last told.
    told: Option<u64>,
}

impl Subscriptions {
    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Adds a subscription, in the place of one of the same name.
    pub(super) fn add(&mut self, name: &str, subjects: Vec<What>, share: OwnedSemaphorePermit) {
        self.remove(name);
        let name: Arc<str> = name.into();
        for (number, what) in subjects.iter().enumerate() {
            let ids = self.by_event.entry(what.event()).or_default();
            ids.insert((Arc::clone(&name), number));
        }
        let subject = |what| Subject { what, told: None };
        let subscription = Subscription {
            subjects: subjects.into_iter().map(subject).collect(),
            _share: share,
        };
        self.by_name.insert(name, subscription);
    }

    pub(super) fn remove(&mut self, name: &str) {
        let Some((name, subscription)) = self.by_name.remove_entry(name) else {
            return;
        };
        for (number, subject) in subscription.subjects.iter().enumerate() {
            let event = subject.what.event();
            if let Some(ids) = self.by_event.get_mut(&event) {
                ids.remove(&(Arc::clone(&name), number));
                if ids.is_empty() {
                    self.by_event.remove(&event);
                }
            }
        }
    }

    /// The subjects of one subscription.
    pub(super) fn of(&self, name: &str) -> Vec<SubjectId> {
        let found = self.by_name.get_key_value(name);
        let ids = found.into_iter().flat_map(|(name, subscription)| {
            let numbers = 0..subscription.subjects.len();
            numbers.map(|number| (Arc::clone(name), number))
        });
        ids.collect()
    }

    /// The subjects that events are about; all of them when it is not known what happened.
    pub(super) fn about(&self, events: Option<&[Event]>) -> BTreeSet<SubjectId> {
        match events {
            Some(events) => {
                let ids = events.iter().filter_map(|event| self.by_event.get(event));
                ids.flatten().cloned().collect()
            }
            None => self.by_event.values().flatten().cloned().collect(),
        }
    }

    pub(super) fn what(&self, (name, number): &SubjectId) -> Option<What> {
        let subject = self.by_name.get(name)?.subjects.get(*number)?;
        Some(subject.what.clone())
    }

    /// Takes note of what is told of a subject; gives whether that is new.
    pub(super) fn is_news(&mut self, (name, number): &SubjectId, text: &str) -> bool {
        let subscription = self.by_name.get_mut(name);
        let Some(subject) = subscription.and_then(|s| s.subjects.get_mut(*number)) else {
            return false;
        };
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let told = Some(hasher.finish());
        let is_news = subject.told != told;
        subject.told = told;
        is_news
    }
}
