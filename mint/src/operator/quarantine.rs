//! `quarantine`: what a restored mint refuses, and the ways out.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use farthing_protocol::{AmountText, Unit};
use serde::Serialize;

use super::open;
use super::output::Output;
use crate::clock;
use crate::config::{DataDir, spent_log_file};
use crate::domain::KeysetState;
use crate::engine::recovery::{self, Lift, Replayed};
use crate::error::{Error, Result};
use crate::keyring::{Keyring, Seed};
use crate::spent_log::Ending;
use crate::store::Store;

#[derive(Debug, Subcommand)]
pub(super) enum QuarantineCommand {
    /// Say whether the mint is in quarantine, since when, and which keysets.
    Status,
    /// Replay the spent log: if it is whole, the quarantine ends.
    Replay {
        /// The spent log that the mint wrote when the backup was made, and after.
        #[arg(long, value_name = "PATH")]
        spent_log: PathBuf,
        #[command(flatten)]
        credited: Credited,
    },
    /// End the quarantine without knowing what was spent.
    AcceptLoss {
        /// The sentence that `quarantine status` shows.
        sentence: String,
        #[command(flatten)]
        credited: Credited,
    },
}

/// What the copy cannot know.
#[derive(Clone, Debug, Args)]
pub(super) struct Credited {
    /// What you credited to accounts after the backup: tokens of as much may come back unseen.
    #[arg(long, value_name = "AMOUNT", default_value = "0")]
    pub(super) credited_since: AmountText,
}

#[derive(Serialize)]
struct Status {
    quarantine: bool,
    /// Unix time of the backup.
    copied: Option<i64>,
    keysets: Vec<String>,
    spent_log: bool,
    sentence: Option<String>,
}

/// What a replay did, as JSON.
#[derive(Debug, Serialize)]
pub(super) struct ReplayReport {
    tokens: u64,
    amount: i64,
    keysets: u64,
    /// Bytes of an unfinished frame at the log's end.
    torn_bytes: u64,
    /// Where in the file the log cannot be read any further.
    damaged_at: Option<u64>,
    pub(super) lifted: bool,
}

#[derive(Serialize)]
struct Lifted {
    lifted: bool,
}

impl QuarantineCommand {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<()> {
        let (config, store) = open::store(dir)?;
        let unit = config.money();
        match self {
            Self::Status => status(&store, output),
            Self::Replay {
                spent_log,
                credited,
            } => {
                let keyring = Keyring::new(Seed::load(&dir.seed())?);
                let path = spent_log_file(spent_log);
                let credited = output.amount(&credited.credited_since, &unit)?;
                let (_, report) = replay(&store, &keyring, &path, credited)?;
                output.write(&report, || report.text(&unit))
            }
            Self::AcceptLoss { sentence, credited } => {
                let credited = output.amount(&credited.credited_since, &unit)?;
                accept_loss(&store, &sentence, credited)?;
                output.write(&Lifted { lifted: true }, || LIFTED.to_owned())
            }
        }
    }
}

pub(super) const LIFTED: &str = "The quarantine is over.";

fn status(store: &Store, output: Output) -> Result<()> {
    let reader = store.reader()?;
    let quarantine = reader.quarantine()?;
    let mut keysets = reader.keysets()?;
    keysets.retain(|row| row.state == KeysetState::Quarantined);
    let status = Status {
        quarantine: quarantine.is_some(),
        copied: quarantine.as_ref().map(|q| q.copied),
        keysets: keysets.iter().map(|row| row.id.to_string()).collect(),
        spent_log: quarantine.as_ref().is_some_and(|q| q.log.is_some()),
        sentence: quarantine.as_ref().map(|q| sentence(q.copied)),
    };
    output.write(&status, || {
        let Some(quarantine) = &quarantine else {
            return "This mint is not in quarantine.".to_owned();
        };
        let log = if status.spent_log {
            "farthing-mint quarantine replay --spent-log PATH"
        } else {
            "(no spent log was kept when the backup was made)"
        };
        format!(
            "In quarantine: the database is a backup of {}, and does not know which\n\
             tokens were spent since. Tokens of these keysets are refused:\n  {}\n\
             To end it, replay the spent log:\n  {log}\n\
             or accept the loss:\n  farthing-mint quarantine accept-loss \"{}\"",
            clock::to_text(quarantine.copied),
            status.keysets.join("\n  "),
            sentence(quarantine.copied)
        )
    })
}

/// Returns what the operator has to say.
fn sentence(copied: i64) -> String {
    let time = clock::to_text(copied);
    format!("I accept that tokens spent since {time} may be spent again")
}

/// Replays, and ends the quarantine if the log is whole.
pub(super) fn replay(
    store: &Store,
    keyring: &Keyring,
    path: &Path,
    credited: u64,
) -> Result<(Replayed, ReplayReport)> {
    let replayed = recovery::replay(store, keyring, path)?;
    let (torn_bytes, damaged_at) = match replayed.ending {
        Ending::Whole => (0, None),
        Ending::Torn(bytes) => (bytes, None),
        Ending::Damaged(place) => (0, Some(place)),
    };
    let lifted = damaged_at.is_none();
    if lifted {
        recovery::lift(store, Lift::Replayed, credited)?;
    }
    let report = ReplayReport {
        tokens: replayed.tokens,
        amount: replayed.amount,
        keysets: replayed.keysets,
        torn_bytes,
        damaged_at,
        lifted,
    };
    Ok((replayed, report))
}

/// Ends the quarantine, if the operator says the right words.
pub(super) fn accept_loss(store: &Store, said: &str, credited: u64) -> Result<()> {
    let quarantine = store.reader()?.quarantine()?;
    let expected = match quarantine {
        Some(quarantine) => sentence(quarantine.copied),
        None => return Err(Error::Operator("this mint is not in quarantine".to_owned())),
    };
    if said != expected {
        return Err(Error::Operator(format!(
            "to accept the loss, say exactly: \"{expected}\""
        )));
    }
    recovery::lift(store, Lift::LossAccepted, credited)?;
    Ok(())
}

impl ReplayReport {
    /// With amounts in the mint's unit.
    pub(super) fn text(&self, unit: &Unit) -> String {
        let Self {
            tokens,
            amount,
            torn_bytes,
            damaged_at,
            ..
        } = self;
        let amount = unit.show_signed(*amount);
        let mut text = format!(
            "Replayed {tokens} token(s) worth {amount} that were spent after the backup; the\n\
             suspense account owes their worth to somebody: see farthing-mint audit."
        );
        if *torn_bytes > 0 {
            text += &format!(
                "\nThe log's last {torn_bytes} bytes were never finished, and never answered for."
            );
        }
        match damaged_at {
            None => text += &format!("\n{LIFTED}"),
            Some(place) => {
                text += &format!(
                    "\nTHE LOG IS DAMAGED at byte {place}: what follows is not known. The quarantine \
                     goes on; if there is no other copy of the log, what is left is to accept the loss."
                );
            }
        }
        text
    }
}
