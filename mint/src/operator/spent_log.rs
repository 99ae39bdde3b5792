//! `spent-log`: the second record of spent tokens.

use clap::Subcommand;
use serde::Serialize;

use super::open;
use super::output::Output;
use crate::config::DataDir;
use crate::error::Result;

#[derive(Debug, Subcommand)]
pub(super) enum SpentLogCommand {
    /// Say whether a spent log is kept, and where it ends.
    Status,
    /// Give up the spent log that was kept, because it is lost or has grown too large: the next `run`
    /// begins a new one. Stop the mint first, and make a backup after.
    Renew,
}

#[derive(Serialize)]
struct Status {
    kept: bool,
    /// The log's name, which its file carries too.
    id: Option<String>,
    /// The file's length.
    bytes: Option<u64>,
}

impl SpentLogCommand {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<()> {
        let (_, store) = open::store(dir)?;
        if let Self::Renew = self {
            let _owner = open::own(dir, "it writes the spent log; stop it first")?;
            let mut writer = store.writer()?;
            let batch = writer.begin()?;
            batch.set_log_place(None)?;
            batch.commit()?;
        }
        let place = store.reader()?.log_place()?;
        let status = Status {
            kept: place.is_some(),
            id: place.as_ref().map(|place| hex::encode(place.id)),
            bytes: place
                .as_ref()
                .map(|place| place.start + place.tail.len() as u64),
        };
        output.write(&status, || match (&status.id, status.bytes) {
            (Some(id), Some(bytes)) => {
                format!("The spent log {id} is kept; it has {bytes} bytes.")
            }
            _ => "No spent log is kept. With the setting spent_log, the next run begins one."
                .to_owned(),
        })
    }
}
