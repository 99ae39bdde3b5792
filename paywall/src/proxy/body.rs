//! Bodies on their way through the proxy: none may stand still for ever.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use farthing_publisher::error::TooSlow;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// The least pace of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The time that it may be waited for altogether, besides what its length takes at `rate`.
    pub(crate) grace: Duration,
    /// The least rate, in bytes per second; 0 is none.
    pub(crate) rate: u32,
    /// The time for which nothing may come.
    pub(crate) stall: Duration,
}

/// A body that fails when it comes too slowly. Only the time counts in which it is waited for: a
/// receiver may be as slow as it likes.
#[derive(Debug)]
pub(super) struct Paced {
    body: Body,
    pace: Pace,
    received: u64,
    /// The time that was waited before.
    waited: Duration,
    /// Since when is being waited, and when that is too long.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Paced {
    pub(super) fn new(body: Body, pace: Pace) -> Self {
        Self {
            body,
            pace,
            received: 0,
            waited: Duration::ZERO,
            waiting: None,
        }
    }

    /// For how much longer is waited.
    fn patience(&self) -> Duration {
        let Some(earned) = self.received.checked_div(self.pace.rate.into()) else {
            return self.pace.stall;
        };
        let allowed = self.pace.grace.saturating_add(Duration::from_secs(earned));
        allowed.saturating_sub(self.waited).min(self.pace.stall)
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            if let Some((since, _)) = this.waiting.take() {
                this.waited += since.elapsed();
            }
            if let Some(Ok(frame)) = &frame {
                this.received += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            return Poll::Ready(frame);
        }
        let patience = this.patience();
        let (_, limit) = this.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + patience)))
        });
        match limit.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(axum::Error::new(TooSlow)))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use tokio::sync::mpsc;

    /// A body of the parts that are sent.
    struct Sent(mpsc::Receiver<Bytes>);

    impl HttpBody for Sent {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            let part = self.0.poll_recv(context);
            part.map(|part| part.map(|part| Ok(Frame::data(part))))
        }
    }

    const PACE: Pace = Pace {
        grace: Duration::from_secs(10),
        rate: 500,
        stall: Duration::from_secs(60),
    };

    #[test]
    fn what_has_come_says_how_long_is_waited() {
        let patience = |pace: Pace, received, waited_s| {
            let mut body = Paced::new(Body::empty(), pace);
            body.received = received;
            body.waited = Duration::from_secs(waited_s);
            body.patience().as_secs()
        };
        assert_eq!(patience(PACE, 0, 0), 10);
        // One byte a second.
        assert_eq!(patience(PACE, 9, 9), 1);
        assert_eq!(patience(PACE, 10, 10), 0);
        // Half of the rate, and the rate.
        assert_eq!(patience(PACE, 250 * 19, 19), 0);
        assert_eq!(patience(PACE, 500 * 1000, 1000), 10);
        // Much at once is no leave to stand still for ever.
        assert_eq!(patience(PACE, u64::MAX, 0), 60);
        assert_eq!(patience(Pace { rate: 0, ..PACE }, 1, 1_000_000), 60);
    }

    fn sent() -> (mpsc::Sender<Bytes>, Body) {
        let (sender, receiver) = mpsc::channel(16);
        (sender, Body::new(Sent(receiver)))
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_fails() {
        let millisecond = Duration::from_millis(1);
        for pace in [
            Pace {
                grace: millisecond,
                ..PACE
            },
            Pace {
                rate: 0,
                stall: millisecond,
                ..PACE
            },
        ] {
            let (sender, body) = sent();
            sender.send(Bytes::from_static(b"x")).await.unwrap();
            let mut body = Paced::new(body, pace);
            assert!(body.frame().await.unwrap().is_ok());
            let failed = body.frame().await.unwrap().unwrap_err();
            assert!(failed.into_inner().is::<TooSlow>());
        }
    }

    #[tokio::test]
    async fn a_slow_receiver_is_no_slow_body() {
        let (sender, body) = sent();
        for _ in 0..10 {
            sender.send(Bytes::from_static(b"x")).await.unwrap();
        }
        drop(sender);
        let grace = Duration::from_millis(1);
        let mut body = Paced::new(body, Pace { grace, ..PACE });
        let mut came = 0;
        while let Some(frame) = body.frame().await {
            came += frame.unwrap().data_ref().unwrap().len();
            tokio::time::sleep(2 * grace).await;
        }
        assert_eq!(came, 10);
    }
}
