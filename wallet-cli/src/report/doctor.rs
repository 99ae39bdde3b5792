//! What a look at the wallet found.

use farthing_wallet::records::Operation;
use serde_json::{Value, json};

use super::money::kind;
use super::time::date;
use super::{Report, Units};
use crate::screen::Look;

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// As it should be.
    Good,
    /// To know.
    Note,
    /// To do something about.
    Warning,
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }

    fn look(self) -> Look {
        match self {
            Self::Good => Look::Good,
            Self::Note => Look::Strong,
            Self::Warning => Look::Warning,
        }
    }
}

/// Something that was found.
pub(crate) struct Finding {
    /// Its name for programs; never changes.
    pub(crate) code: &'static str,
    /// How bad it is.
    pub(crate) severity: Severity,
    /// What it is.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) advice: Option<String>,
}

/// `{"findings": [{"code", "severity", "what", "advice"}]}`; severity is `good`, `note` or `warning`.
pub(crate) fn findings(findings: &[Finding]) -> Report {
    let json = |finding: &Finding| -> Value {
        json!({
            "code": finding.code,
            "severity": finding.severity.name(),
            "what": finding.what,
            "advice": finding.advice,
        })
    };
    let text = |label: fn(Severity) -> String| {
        let lines = findings.iter().map(|finding| {
            let advice = finding.advice.as_deref();
            let advice = advice.map_or(String::new(), |advice| format!("\n  to do: {advice}"));
            format!("{}: {}{advice}", label(finding.severity), finding.what)
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let json = json!({"findings": findings.iter().map(json).collect::<Vec<_>>()});
    let plain = text(|severity| severity.name().to_owned());
    let styled = text(|severity| severity.look().out(severity.name()));
    Report::styled(json, plain, styled)
}

/// An operation that is neither done nor undone yet.
pub(crate) fn still_open(operation: &Operation, units: &Units) -> String {
    let amount = units.at_mint(&operation.mint).show(operation.amount);
    let (kind, id, mint) = (kind(operation.kind), operation.id, &operation.mint);
    format!(
        "{kind} {id} of {amount} at {mint} is open since {}",
        date(operation.begun)
    )
}
