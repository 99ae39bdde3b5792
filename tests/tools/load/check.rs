//! Checking answers, when the clock has stopped.

use std::collections::BTreeMap;
use std::time::Duration;

use farthing_protocol::error_code::ErrorBody;

use crate::fire::{Fired, Outcome};
use crate::plan::parallel;
use farthing_testkit::Result;

/// Knows the right answers to the requests that it was made with.
pub(super) trait Checker: Sync {
    /// Checks the body of the answer to request number `index`; also the mint's proofs in it if
    /// `proofs`.
    ///
    /// # Errors
    /// What is wrong with it.
    fn check(&self, index: usize, body: &[u8], proofs: bool) -> Result<()>;
}

/// What the answers were worth.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// The latencies of right answers, ascending.
    pub(super) latencies: Vec<Duration>,
    /// How many of them had their proofs verified.
    pub(super) proofs: usize,
    /// How many were wrong, by what was wrong.
    pub(super) errors: BTreeMap<String, usize>,
}

/// A right answer.
struct Right {
    latency: Duration,
    proofs: bool,
}

impl Checked {
    /// Checks all answers, the proofs in every `every`th; the first is to request number `first`.
    pub(super) fn of(
        fired: &Fired,
        first: usize,
        checker: &dyn Checker,
        every: usize,
    ) -> Result<Self> {
        let items: Vec<_> = fired.outcomes.iter().enumerate().collect();
        let results = parallel(items, |(index, outcome)| {
            let proofs = index.is_multiple_of(every);
            let judged = judge(outcome, checker, first + index, proofs);
            Ok(judged.map(|latency| Right { latency, proofs }))
        })?;
        let mut checked = Self::default();
        for result in results {
            match result {
                Ok(right) => {
                    checked.latencies.push(right.latency);
                    checked.proofs += usize::from(right.proofs);
                }
                Err(what) => *checked.errors.entry(what).or_default() += 1,
            }
        }
        if fired.refused_for_good > 0 {
            let count = usize::try_from(fired.refused_for_good)?;
            checked
                .errors
                .insert("503 without Retry-After".to_owned(), count);
        }
        checked.latencies.sort_unstable();
        Ok(checked)
    }
}

fn judge(
    outcome: &Outcome,
    checker: &dyn Checker,
    index: usize,
    proofs: bool,
) -> std::result::Result<Duration, String> {
    match outcome {
        Outcome::Unsent => Err("not sent in time".to_owned()),
        Outcome::Broken(why) => Err(format!("broken: {why}")),
        Outcome::Answered {
            status: 200,
            latency,
            body,
        } => match checker.check(index, body, proofs) {
            Ok(()) => Ok(*latency),
            Err(why) => Err(format!("wrong: {why}")),
        },
        Outcome::Answered { status, body, .. } => {
            let body: std::result::Result<ErrorBody, _> = serde_json::from_slice(body);
            Err(body.map_or_else(
                |_| format!("{status} without a code"),
                |body| format!("{status}/{}: {}", body.code, body.detail),
            ))
        }
    }
}

/// Requests, and what knows the right answers to them.
pub(crate) struct Prepared {
    pub(crate) requests: Vec<Vec<u8>>,
    pub(crate) checker: Box<dyn Checker>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes the number of the request for the right answer to it.
    struct Numbers;

    impl Checker for Numbers {
        fn check(&self, index: usize, body: &[u8], proofs: bool) -> Result<()> {
            let right = body == index.to_string().as_bytes() && !(proofs && index == 102);
            right.then_some(()).ok_or_else(|| "no".into())
        }
    }

    fn answered(status: u16, body: &str, latency_ms: u64) -> Outcome {
        Outcome::Answered {
            status,
            latency: Duration::from_millis(latency_ms),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn each_answer_counts_as_right_or_as_one_kind_of_error() {
        let fired = Fired {
            outcomes: vec![
                answered(200, "100", 9),
                answered(200, "101", 3),
                answered(200, "102", 1),
                answered(200, "0", 1),
                answered(400, r#"{"detail": "spent", "code": 11001}"#, 1),
                answered(502, "", 1),
                Outcome::Broken("reset".to_owned()),
                Outcome::Unsent,
            ],
            refused_for_good: 2,
            ..Fired::default()
        };
        let checked = Checked::of(&fired, 100, &Numbers, 2).unwrap();
        let latencies: Vec<_> = checked.latencies.iter().map(Duration::as_millis).collect();
        assert_eq!((latencies, checked.proofs), (vec![3, 9], 1));
        let errors = checked
            .errors
            .iter()
            .map(|(what, count)| format!("{count} {what}"));
        assert_eq!(
            errors.collect::<Vec<_>>(),
            [
                "1 400/11001: spent",
                "1 502 without a code",
                "2 503 without Retry-After",
                "1 broken: reset",
                "1 not sent in time",
                "2 wrong: no",
            ]
        );
    }
}
