//! `restore`: the database out of a backup.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use farthing_protocol::Unit;
use serde::Serialize;

use super::open;
use super::output::Output;
use super::quarantine::{self, Credited, LIFTED, ReplayReport};
use crate::clock;
use crate::config::{Config, DataDir, spent_log_file};
use crate::engine::recovery;
use crate::error::{Error, Result};
use crate::keyring::{Keyring, Seed};
use crate::store::{Reader, Store};

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup.
    file: PathBuf,
    /// The spent log that the mint wrote when the backup was made, and after: with it, the restored
    /// database knows which tokens were spent since.
    #[arg(long, value_name = "PATH", conflicts_with = "accept_loss")]
    spent_log: Option<PathBuf>,
    /// Without the spent log: "I accept that tokens spent since TIME may be spent again", with the
    /// backup's time, which an attempt with other words tells.
    #[arg(long, value_name = "SENTENCE")]
    accept_loss: Option<String>,
    #[command(flatten)]
    credited: Credited,
}

#[derive(Serialize)]
struct Report {
    data: String,
    /// Unix time of the backup.
    copied: i64,
    quarantine: bool,
    replay: Option<ReplayReport>,
    /// The new keysets, which sign from now on: one of each kind that there was.
    keysets: Vec<String>,
}

impl Restore {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<()> {
        let config = Config::load(&dir.config())?;
        let unit = config.money();
        let credited = output.amount(&self.credited.credited_since, &unit)?;
        let keyring = Keyring::new(Seed::load(&dir.seed())?);
        let place = dir.database();
        for taken in std::iter::once(place.clone()).chain(companions(&place)) {
            if taken.exists() {
                let shown = taken.display();
                return Err(Error::Operator(format!(
                    "{shown} is there: restore never overwrites. Stop the mint, and move it away \
                     together with those whose names begin like it"
                )));
            }
        }
        let _owner = open::own(dir, "stop it first")?;
        let copied = self.check(&config, &keyring)?;
        // Under another name until it is in quarantine: no mint may start on the bare copy.
        let staged = dir.path().join("mint.sqlite.restoring");
        discard(&staged);
        let restored = self.stage(dir, &staged, copied, credited, &config, &keyring);
        let (report, store) = restored.inspect_err(|_| discard(&staged))?;
        store.move_to(&place)?;
        output.write(&report, || report.text(&unit))
    }

    /// Checks that the file is a sound copy of this mint's database; returns its time.
    fn check(&self, config: &Config, keyring: &Keyring) -> Result<i64> {
        let shown = self.file.display();
        let wrong = |what: &str| Error::Operator(format!("{shown}: {what}"));
        let unreadable = |error: Error| wrong(&error.to_string());
        let copy = Store::open_copy(&self.file).map_err(unreadable)?;
        let copied = copy.copied().map_err(unreadable)?;
        let copied = copied.ok_or_else(|| {
            wrong("this is not a backup made by farthing-mint backup, or one that was not finished")
        })?;
        if let Some(fault) = copy.damage().map_err(unreadable)?.first() {
            return Err(wrong(&format!("the backup is damaged: {fault}")));
        }
        is_of_this_mint(&copy, config, keyring)?;
        Ok(copied)
    }

    /// Makes the database under its temporary name, ready but for that.
    fn stage(
        &self,
        dir: &DataDir,
        staged: &Path,
        copied: i64,
        credited: u64,
        config: &Config,
        keyring: &Keyring,
    ) -> Result<(Report, Store)> {
        let store = Store::from_copy(&self.file, staged)?;
        recovery::quarantine(&store, copied)?;
        let mut replay = None;
        if let Some(path) = &self.spent_log {
            let path = spent_log_file(path.clone());
            let (replayed, report) = quarantine::replay(&store, keyring, &path, credited)?;
            if report.lifted {
                // This store knows all of the log now, and can go on with it.
                let mut writer = store.writer()?;
                let batch = writer.begin()?;
                batch.set_log_place(Some(&replayed.place))?;
                batch.commit()?;
            }
            replay = Some(report);
        }
        if let Some(sentence) = &self.accept_loss {
            quarantine::accept_loss(&store, sentence, credited)?;
        }
        // Keysets made after the copy may be unknown here, and their keys follow from their indices:
        // none may be used twice. None is made every second, so the Unix time is beyond them all, also
        // when the same copy is restored again.
        let index_min = u32::try_from(clock::now_s()).unwrap_or(u32::MAX);
        let rows = store.reader()?.keysets()?;
        let kinds: BTreeSet<_> = rows.iter().map(|row| row.terms.kind()).collect();
        let mut keysets = Vec::new();
        for kind in kinds {
            let id = open::add_keyset(&store, keyring, config, kind, None, index_min)?;
            keysets.push(id.to_string());
        }
        let report = Report {
            data: dir.path().display().to_string(),
            copied,
            quarantine: store.reader()?.quarantine()?.is_some(),
            replay,
            keysets,
        };
        Ok((report, store))
    }
}

fn is_of_this_mint(copy: &Reader, config: &Config, keyring: &Keyring) -> Result<()> {
    let keysets = copy.keysets()?;
    if let Some(row) = keysets.last()
        && keyring.load(&row.terms)?.0 != row.id
    {
        let what = "the seed is not the one of the backup's mint";
        return Err(Error::Operator(what.to_owned()));
    }
    let unit = copy.unit()?;
    if unit != config.unit {
        return Err(Error::Operator(format!(
            "the backup is of a mint for {unit}, and mint.toml says {}",
            config.unit
        )));
    }
    Ok(())
}

/// Returns what SQLite keeps beside a database: left over from another one, they would spoil it.
fn companions(database: &Path) -> impl Iterator<Item = PathBuf> {
    ["-wal", "-shm", "-journal"].into_iter().map(|suffix| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    })
}

/// Removes what an attempt has left.
fn discard(staged: &Path) {
    for path in std::iter::once(staged.to_owned()).chain(companions(staged)) {
        let _ = std::fs::remove_file(path);
    }
}

impl Report {
    fn text(&self, unit: &Unit) -> String {
        let time = clock::to_text(self.copied);
        let mut text = format!("Restored the backup of {time} in {}.", self.data);
        if let Some(replay) = &self.replay {
            text += &format!("\n{}", replay.text(unit));
        }
        if self.quarantine {
            text += "\nIts tokens are in quarantine: see farthing-mint quarantine status.";
        } else if self.replay.is_none() {
            text += &format!("\n{LIFTED}");
        }
        text += &format!(
            "\nNew keysets sign from now on: {}.\n\
             Accounts hold what they held when the backup was made: put them right before you start\n\
             the mint (docs/how-to/recovery.md), and make a new backup then.",
            self.keysets.join(", ")
        );
        text
    }
}
