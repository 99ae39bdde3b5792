//! Figures for the operator, in Prometheus' text format. They are of the whole mint or of a keyset,
//! never of a caller, an account or a token.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use crate::domain::{Directory, KeysetState};

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

/// Writes which keysets are frozen or in quarantine.
pub(super) fn render_keysets(directory: &Directory) -> String {
    let mut text = String::new();
    for (what, help, state) in [
        (
            "frozen",
            "Whether a keyset is frozen: one of its keys has leaked.",
            KeysetState::Frozen,
        ),
        (
            "quarantined",
            "Whether a keyset is in quarantine after a restore.",
            KeysetState::Quarantined,
        ),
    ] {
        let name = format!("farthing_mint_keyset_{what}");
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for keyset in directory.iter() {
            let value = u8::from(keyset.state == state);
            let _ = writeln!(text, "{name}{{keyset=\"{}\"}} {value}", keyset.id);
        }
    }
    text
}

/// Writes whether the spent log lacks something that the store has.
pub(super) fn render_log(is_behind: bool) -> String {
    let name = "farthing_mint_spent_log_behind";
    let help =
        "Whether the spent log cannot be written: then nothing that moves value is answered.";
    let value = u8::from(is_behind);
    format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n")
}
