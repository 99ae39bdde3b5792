//! `backup`: a copy of the database.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::open;
use super::output::Output;
use crate::clock;
use crate::config::DataDir;
use crate::error::{Error, Result};

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Where the copy goes; there must be nothing yet.
    file: PathBuf,
}

#[derive(Serialize)]
struct Report {
    file: String,
    /// Unix time, to the minute.
    copied: i64,
    spent_log: bool,
}

impl Backup {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<()> {
        let (_, store) = open::store(dir)?;
        let reader = store.reader()?;
        if reader.quarantine()?.is_some() {
            // Its copy would need two spent logs to be brought up to date.
            let what = "this mint is in quarantine: end that first; see farthing-mint quarantine";
            return Err(Error::Operator(what.to_owned()));
        }
        let spent_log = reader.log_place()?.is_some();
        // Before the copy begins: what is spent meanwhile may be in it or not.
        let copied = clock::minute_s();
        store.copy_to(&self.file, copied)?;
        let report = Report {
            file: self.file.display().to_string(),
            copied,
            spent_log,
        };
        output.write(&report, || {
            let log = if spent_log {
                "Keep the spent log: with it, this copy can be brought up to date."
            } else {
                "No spent log is kept: what is spent from now on could be spent again if this copy\n\
                 were restored. The setting spent_log prevents that."
            };
            format!(
                "Copied the database to {}.\n\
                 It does not hold the seed, without which it is worthless: keep a copy of\n\
                 {} in another safe place.\n{log}",
                self.file.display(),
                dir.seed().display()
            )
        })
    }
}
