//! How often the backend is asked about an invoice: once a second, however many want to know.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::time::Instant;

use crate::payments::lightning::PaymentHash;

/// How long after one question about an invoice the next may be asked.
const PAUSE: Duration = Duration::from_secs(1);

/// When each invoice was asked about, for as long as that matters.
pub(super) struct Asking {
    pause: Duration,
    slots: Mutex<Slots>,
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            pause: PAUSE,
            slots: Mutex::default(),
        }
    }
}

#[derive(Default)]
struct Slots {
    slots: HashMap<PaymentHash, Arc<AsyncMutex<Slot>>>,
    /// When those that matter no more were thrown away.
    tidied: Option<Instant>,
}

/// When the backend was last asked about an invoice.
#[derive(Default)]
struct Slot(Option<Instant>);

/// The right to ask the backend about one invoice, once; no other question about it is asked meanwhile.
pub(super) struct Turn(#[expect(dead_code, reason = "held")] OwnedMutexGuard<Slot>);

impl Asking {
    /// Waits until the backend may be asked about an invoice; `None` when another caller has asked
    /// since, and has the answer.
    pub(super) async fn turn(&self, invoice: PaymentHash) -> Option<Turn> {
        let came = Instant::now();
        let mut slot = self.slot(invoice).lock_owned().await;
        if let Some(asked) = slot.0 {
            if asked > came {
                return None;
            }
            tokio::time::sleep_until(asked + self.pause).await;
        }
        slot.0 = Some(Instant::now());
        Some(Turn(slot))
    }

    /// The right to ask now, or `None` when another caller has just asked, or is asking.
    pub(super) fn turn_at_once(&self, invoice: PaymentHash) -> Option<Turn> {
        let mut slot = self.slot(invoice).try_lock_owned().ok()?;
        let now = Instant::now();
        if slot.0.is_some_and(|asked| now < asked + self.pause) {
            return None;
        }
        slot.0 = Some(now);
        Some(Turn(slot))
    }

    fn slot(&self, invoice: PaymentHash) -> Arc<AsyncMutex<Slot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.tidy(Instant::now(), self.pause);
        Arc::clone(slots.slots.entry(invoice).or_default())
    }
}

impl Slots {
    /// Throws away what matters no more, once in a while.
    fn tidy(&mut self, now: Instant, pause: Duration) {
        if self.tidied.is_some_and(|tidied| now < tidied + pause) {
            return;
        }
        self.tidied = Some(now);
        self.slots.retain(|_, slot| match Arc::get_mut(slot) {
            Some(slot) => slot.get_mut().0.is_some_and(|asked| now < asked + pause),
            // In use.
            None => true,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVOICE: PaymentHash = [1; 32];
    const OTHER: PaymentHash = [2; 32];

    fn asking(pause: Duration) -> Asking {
        Asking {
            pause,
            ..Asking::default()
        }
    }

    fn block_on(test: impl Future<Output = ()>) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().build().unwrap().block_on(test);
    }

    #[test]
    fn an_invoice_is_asked_about_once_in_a_while() {
        assert_eq!(Asking::default().pause, Duration::from_secs(1));
        block_on(async {
            let asking = asking(Duration::from_secs(86_400));
            assert!(asking.turn(INVOICE).await.is_some());
            assert!(asking.turn_at_once(INVOICE).is_none());
            assert!(asking.turn_at_once(OTHER).is_some());
        });
        block_on(async {
            let pause = Duration::from_millis(10);
            let asking = asking(pause);
            let before = Instant::now();
            assert!(asking.turn(INVOICE).await.is_some());
            assert!(asking.turn(INVOICE).await.is_some());
            assert!(before.elapsed() >= pause);
        });
    }

    #[test]
    fn who_waits_for_an_answer_asks_no_more() {
        block_on(async {
            let asking = asking(Duration::from_millis(10));
            drop(asking.turn(INVOICE).await);
            let asks = async || asking.turn(INVOICE).await.is_some();
            let asked = tokio::join!(asks(), asks(), asks());
            assert_eq!(asked, (true, false, false));
        });
    }

    #[test]
    fn what_matters_no_more_takes_no_memory() {
        let asking = asking(Duration::ZERO);
        let held = asking.turn_at_once([200; 32]);
        for number in 0..100 {
            assert!(asking.turn_at_once([number; 32]).is_some());
        }
        // The one that is held, and the last.
        assert_eq!(asking.slots.lock().unwrap().slots.len(), 2);
        drop(held);
    }
}
