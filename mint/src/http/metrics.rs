//! Counters for the operator, in Prometheus' text format. They are of the whole mint, never of a
//! caller, an account or a token.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

/// How many requests were answered, by path and status.
#[derive(Debug, Default)]
pub(super) struct Metrics(Mutex<BTreeMap<(String, u16), u64>>);

impl Metrics {
    /// Counts an answer. `path` is that of the router, not of the request.
    pub(super) fn count(&self, path: &str, status: u16) {
        if let Ok(mut counts) = self.0.lock() {
            *counts.entry((path.to_owned(), status)).or_default() += 1;
        }
    }

    /// Writes everything counted.
    pub(super) fn render(&self) -> String {
        let name = "farthing_mint_requests_total";
        let mut text = format!("# HELP {name} Requests answered.\n# TYPE {name} counter\n");
        if let Ok(counts) = self.0.lock() {
            for ((path, status), count) in counts.iter() {
                let labels = format!("path=\"{path}\",status=\"{status}\"");
                let _ = writeln!(text, "{name}{{{labels}}} {count}");
            }
        }
        text
    }
}
