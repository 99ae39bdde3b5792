//! `check`: whether the database file is sound.

use serde::Serialize;

use super::{Outcome, Output, open};
use crate::config::DataDir;
use crate::error::Result;

#[derive(Serialize)]
struct Report<'a> {
    sound: bool,
    faults: &'a [String],
}

pub(super) fn execute(dir: &DataDir, output: Output) -> Result<Outcome> {
    let (_, store) = open::books(dir)?;
    let faults = store.reader()?.damage()?;
    let report = Report {
        sound: faults.is_empty(),
        faults: &faults,
    };
    output.write(&report, || {
        if faults.is_empty() {
            return "The database file is sound.".to_owned();
        }
        let lines = faults.iter().map(|fault| format!("  {fault}\n"));
        format!(
            "THE DATABASE FILE IS DAMAGED:\n{}Stop the mint, move the file away, and restore a backup: \
             see docs/recovery.md.",
            lines.collect::<String>()
        )
    })?;
    Ok(if faults.is_empty() {
        Outcome::Done
    } else {
        Outcome::Faulty
    })
}
