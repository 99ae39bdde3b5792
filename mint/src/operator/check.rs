//! `check`: whether the database file is sound, and what about the mint will hurt one day.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::open;
use super::output::{Outcome, Output};
use crate::clock;
use crate::config::{Config, DataDir};
use crate::error::{Error, Result};
use crate::store::Reader;

/// Free bytes on the database's disk below which there is a warning.
const FREE_BYTES_MIN: u64 = 1024 * 1024 * 1024;

#[derive(Serialize)]
struct Report<'a> {
    sound: bool,
    faults: &'a [String],
    /// What is allowed and may hurt.
    warnings: &'a [String],
}

pub(super) fn execute(dir: &DataDir, output: Output) -> Result<Outcome> {
    let (config, store) = open::store(dir)?;
    let reader = store.reader()?;
    let faults = reader.damage()?;
    let mut warnings = config.warnings();
    warnings.extend(folder_warning(dir.path())?);
    warnings.extend(log_warning(dir, &config));
    warnings.extend(disk_warning(dir.path())?);
    if faults.is_empty() {
        warnings.extend(clock_warning(&reader)?);
    }
    let report = Report {
        sound: faults.is_empty(),
        faults: &faults,
        warnings: &warnings,
    };
    output.write(&report, || text(&faults, &warnings))?;
    Ok(if faults.is_empty() {
        Outcome::Done
    } else {
        Outcome::Faulty
    })
}

fn text(faults: &[String], warnings: &[String]) -> String {
    let list = |lines: &[String]| -> String {
        let lines = lines.iter().map(|line| format!("\n  {line}"));
        lines.collect()
    };
    let mut text = if faults.is_empty() {
        "The database file is sound.".to_owned()
    } else {
        format!(
            "THE DATABASE FILE IS DAMAGED:{}\nStop the mint, move the file away, and restore a backup: \
             see docs/how-to/recovery.md.",
            list(faults)
        )
    };
    if !warnings.is_empty() {
        text += &format!("\nWarnings:{}", list(warnings));
    }
    text
}

/// Returns whether others than the owner may look into the folder.
fn folder_warning(folder: &Path) -> Result<Option<String>> {
    let metadata = folder.metadata().map_err(Error::file(folder))?;
    let shown = folder.display();
    Ok((metadata.mode() & 0o077 != 0).then(|| {
        format!(
            "{shown}: others than its owner may look into the mint's folder, where all balances are; \
             chmod 700 {shown}"
        )
    }))
}

/// Returns whether the spent log would be lost together with the database.
fn log_warning(dir: &DataDir, config: &Config) -> Option<String> {
    let Some(log) = &config.spent_log else {
        return Some(
            "spent_log: not set; when the database's disk is lost, tokens that were spent after the last \
             backup can be spent again"
                .to_owned(),
        );
    };
    // The file is made at the first start, so its folder may have to speak for it.
    let file = dir.spent_log(log);
    let folder = file.parent().map(Path::to_path_buf);
    let device = |path: PathBuf| path.metadata().ok().map(|metadata| metadata.dev());
    let of_log = device(file).or_else(|| device(folder?));
    (of_log == device(dir.database())).then(|| {
        "spent_log: on the same disk as the database, and lost together with it".to_owned()
    })
}

fn disk_warning(folder: &Path) -> Result<Option<String>> {
    let disk = rustix::fs::statvfs(folder);
    let disk = disk.map_err(|error| Error::file(folder)(error.into()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    Ok((free < FREE_BYTES_MIN).then(|| {
        format!(
            "the disk of {} has {} MiB left; when it is full the mint answers nothing that moves value",
            folder.display(),
            free >> 20
        )
    }))
}

/// Returns whether the clock is behind what it was when the mint last wrote.
fn clock_warning(reader: &Reader) -> Result<Option<String>> {
    let last = reader.last_hour()?.filter(|last| *last > clock::hour());
    Ok(last.map(|last| {
        let last = clock::to_text(clock::hour_to_s(last).cast_signed());
        format!(
            "the clock: the last posting is of {last}, which is to come; set the clock right, it decides \
             about lock times and expiries"
        )
    }))
}
