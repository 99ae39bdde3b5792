//! What `farthing doctor` found.

use farthing_wallet::{Finding, Severity, printable};
use serde_json::{Value, json};

use super::Report;
use crate::advice;

/// The exit code when something is wrong.
const EXIT_TROUBLE: u8 = 1;

/// `{"findings": [{"severity", "code", "subject", "what", "meaning", "advice"}]}`; severity is `fine`,
/// `note`, `warning` or `trouble`.
pub(crate) fn findings(findings: &[Finding]) -> Report {
    let json = json!({"findings": findings.iter().map(finding_json).collect::<Vec<_>>()});
    let text: Vec<String> = findings.iter().map(finding_text).collect();
    let mut report = Report::text(json, text.join("\n"));
    if findings.iter().any(|f| f.severity == Severity::Trouble) {
        report.exit_code = EXIT_TROUBLE;
    }
    report
}

fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Fine => "fine",
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Trouble => "trouble",
    }
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "severity": name(finding.severity),
        "code": finding.code,
        "subject": finding.subject,
        "what": finding.what,
        "meaning": finding.meaning,
        "advice": advice::text(&finding.advice),
    })
}

/// One line for what is well, and three for what is not.
fn finding_text(finding: &Finding) -> String {
    let (name, what) = (name(finding.severity), printable(&finding.what));
    let line = format!("{name:<8} {}: {what}", finding.subject);
    match (finding.severity, finding.advice.is_empty()) {
        (Severity::Fine, _) => line,
        (_, true) => format!("{line}\n         {}", finding.meaning),
        (_, false) => format!(
            "{line}\n         {}\n         to do: {}",
            finding.meaning,
            advice::text(&finding.advice)
        ),
    }
}
