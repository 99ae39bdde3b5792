//! `check`: whether the database file is sound, and the settings make sense.

use serde::Serialize;

use super::{Outcome, Output, open};
use crate::config::DataDir;
use crate::error::Result;

#[derive(Serialize)]
struct Report<'a> {
    sound: bool,
    faults: &'a [String],
    /// What is allowed and may hurt.
    warnings: &'a [String],
}

pub(super) fn execute(dir: &DataDir, output: Output) -> Result<Outcome> {
    let (config, store) = open::books(dir)?;
    let warnings = config.warnings();
    let faults = store.reader()?.damage()?;
    let report = Report {
        sound: faults.is_empty(),
        faults: &faults,
        warnings: &warnings,
    };
    output.write(&report, || {
        let warnings = warnings.iter().map(|warning| format!("\nWARNING: {warning}."));
        let warnings: String = warnings.collect();
        if faults.is_empty() {
            return format!("The database file is sound.{warnings}");
        }
        let lines = faults.iter().map(|fault| format!("  {fault}\n"));
        format!(
            "THE DATABASE FILE IS DAMAGED:\n{}Stop the mint, move the file away, and restore a backup: \
             see docs/recovery.md.{warnings}",
            lines.collect::<String>()
        )
    })?;
    Ok(if faults.is_empty() {
        Outcome::Done
    } else {
        Outcome::Faulty
    })
}
