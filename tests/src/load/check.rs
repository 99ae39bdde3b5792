//! Checking answers, when the clock has stopped.

use std::collections::BTreeMap;
use std::time::Duration;

use farthing_protocol::error_code::ErrorBody;

use super::fire::{Fired, Outcome};
use super::parallel;
use crate::Result;

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
