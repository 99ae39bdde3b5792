//! One budget of memory for the bodies of all requests.
//!
//! A body takes its share as its bytes arrive: what is announced and not sent costs nothing. When the budget
//! is used up, the body that has occupied the most memory for the longest is given up, and its caller is
//! answered 503. So callers who stall cannot keep others out: whoever sends a request in one go has held
//! little, for a moment. A body that has arrived is not given up, and its share is returned when the request
//! is answered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

/// The memory that bodies may take.
#[derive(Debug)]
pub(super) struct Budget {
    bytes_max: usize,
    state: Mutex<State>,
    /// Something was returned.
    returned: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// What all bodies hold.
    held: usize,
    /// Of that, what bodies hold that were given up and are not dropped yet.
    leaving: usize,
    next: u64,
    /// Bodies that have not arrived yet.
    arriving: BTreeMap<u64, Arriving>,
}

#[derive(Debug)]
struct Arriving {
    bytes: usize,
    since: Instant,
    is_given_up: bool,
    give_up: Arc<Notify>,
}

/// One body's share of the budget; returned when dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<Budget>,
    id: u64,
    bytes: usize,
    give_up: Arc<Notify>,
    is_waiting: bool,
}

/// The body was given up for others.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GivenUp;

impl Budget {
    pub(super) fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self {
            bytes_max,
            state: Mutex::default(),
            returned: Notify::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The share of a body that begins to arrive: nothing yet.
    pub(super) fn begin(self: &Arc<Self>) -> Share {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        let give_up = Arc::new(Notify::new());
        let arriving = Arriving {
            bytes: 0,
            since: Instant::now(),
            is_given_up: false,
            give_up: Arc::clone(&give_up),
        };
        state.arriving.insert(id, arriving);
        Share {
            budget: Arc::clone(self),
            id,
            bytes: 0,
            give_up,
            is_waiting: false,
        }
    }
}

impl State {
    /// Takes `bytes` more for a body, if they are there.
    fn take(&mut self, id: u64, bytes: usize, bytes_max: usize) -> bool {
        let held = self.held.saturating_add(bytes);
        if held > bytes_max {
            return false;
        }
        self.held = held;
        if let Some(body) = self.arriving.get_mut(&id) {
            body.bytes += bytes;
        }
        true
    }

    /// Gives up bodies until `bytes` more will fit, or none is left to give up.
    fn make_room(&mut self, bytes: usize, bytes_max: usize) {
        let now = Instant::now();
        let weight = |body: &Arriving| {
            let milliseconds = now.duration_since(body.since).as_millis();
            body.bytes as u128 * (milliseconds + 1)
        };
        while self.held.saturating_add(bytes) > bytes_max.saturating_add(self.leaving) {
            let others = self.arriving.values_mut();
            let others = others.filter(|body| !body.is_given_up && body.bytes > 0);
            let Some(body) = others.max_by_key(|body| weight(body)) else {
                return;
            };
            body.is_given_up = true;
            body.give_up.notify_one();
            self.leaving += body.bytes;
        }
    }

    fn is_given_up(&self, id: u64) -> bool {
        self.arriving.get(&id).is_none_or(|body| body.is_given_up)
    }
}

impl Share {
    /// Takes `bytes` more, once they are there.
    ///
    /// # Errors
    /// [`GivenUp`] when this body is the one to go.
    pub(super) async fn grow(&mut self, bytes: usize) -> Result<(), GivenUp> {
        loop {
            let returned = self.budget.returned.notified();
            let mut returned = std::pin::pin!(returned);
            // From here on nothing that is returned is missed.
            returned.as_mut().enable();
            {
                let mut state = self.budget.state();
                if state.is_given_up(self.id) {
                    return Err(GivenUp);
                }
                if state.take(self.id, bytes, self.budget.bytes_max) {
                    self.bytes += bytes;
                    return Ok(());
                }
                state.make_room(bytes, self.budget.bytes_max);
                if state.is_given_up(self.id) {
                    return Err(GivenUp);
                }
            }
            self.is_waiting = true;
            returned.await;
            self.is_waiting = false;
        }
    }

    /// Resolves when this body is given up. Cancel safe.
    pub(super) fn given_up(&self) -> impl Future<Output = ()> + use<> {
        let give_up = Arc::clone(&self.give_up);
        async move { give_up.notified().await }
    }

    /// Returns whether it was waiting for memory when it was last asked to grow.
    pub(super) fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// The body has arrived: it is not given up from here on.
    ///
    /// # Errors
    /// [`GivenUp`] when it has been already.
    pub(super) fn arrived(&mut self) -> Result<(), GivenUp> {
        let mut state = self.budget.state();
        if state.is_given_up(self.id) {
            return Err(GivenUp);
        }
        state.arriving.remove(&self.id);
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut state = self.budget.state();
        state.held -= self.bytes;
        let body = state.arriving.remove(&self.id);
        if body.is_some_and(|body| body.is_given_up) {
            state.leaving -= self.bytes;
        }
        drop(state);
        self.budget.returned.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(budget: &Budget) -> (usize, usize) {
        let state = budget.state();
        (state.held, state.leaving)
    }

    #[tokio::test]
    async fn shares_are_taken_and_returned() {
        let budget = Budget::new(10);
        let (mut a, mut b) = (budget.begin(), budget.begin());
        a.grow(6).await.unwrap();
        b.grow(4).await.unwrap();
        assert_eq!(held(&budget), (10, 0));
        a.arrived().unwrap();
        drop(a);
        assert_eq!(held(&budget), (4, 0));
        b.grow(6).await.unwrap();
        drop(b);
        assert_eq!(held(&budget), (0, 0));
    }

    #[tokio::test]
    async fn who_holds_most_goes_and_the_small_one_gets_its_bytes() {
        let budget = Budget::new(10);
        let (mut large, mut small) = (budget.begin(), budget.begin());
        large.grow(10).await.unwrap();
        let give_up = large.given_up();
        let other = tokio::spawn(async move {
            give_up.await;
            assert_eq!(large.grow(1).await, Err(GivenUp));
            assert_eq!(large.arrived(), Err(GivenUp));
        });
        small.grow(1).await.unwrap();
        other.await.unwrap();
        assert_eq!(held(&budget), (1, 0));
        // It alone is left, so it is the one to go.
        assert_eq!(small.grow(10).await, Err(GivenUp));
        assert_eq!(held(&budget), (1, 1));
        drop(small);
        assert_eq!(held(&budget), (0, 0));
    }

    #[tokio::test]
    async fn what_has_arrived_is_waited_for() {
        let budget = Budget::new(10);
        let (mut done, mut next) = (budget.begin(), budget.begin());
        done.grow(10).await.unwrap();
        done.arrived().unwrap();
        let waiting = tokio::spawn(async move { next.grow(10).await.map(|()| next) });
        tokio::task::yield_now().await;
        assert_eq!(held(&budget), (10, 0));
        drop(done);
        let next = waiting.await.unwrap().unwrap();
        assert_eq!(held(&budget), (10, 0));
        drop(next);
        assert_eq!(held(&budget), (0, 0));
    }
}
