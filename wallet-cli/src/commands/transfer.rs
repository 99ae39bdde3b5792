//! `farthing export` and `farthing import`: the whole wallet into a file, and out of one.

use std::io::Write as _;
use std::path::Path;

use farthing_wallet::Transfer;
use farthing_wallet::transfer::Exported;

use crate::args;
use crate::context::NativeWallet;
use crate::failure::{Failure, Unwritten};
use crate::file::NewFile;
use crate::passphrase::{given, new_one_of};
use crate::progress::waiting;
use crate::report::{self, Report, Units};

/// The note on the money in the list of what was sent.
const MEMO: &str = "exported";
const PASSPHRASE: &str = "the passphrase of the file";
const OTHERWISE: &str = "give it with --file-passphrase FILE";

/// Writes the wallet into a file.
pub(super) async fn export(
    wallet: &mut NativeWallet,
    args: &args::Transfer,
    units: &Units,
) -> Result<Report, Failure> {
    if args.file.exists() {
        return Err(Failure::Unchanged {
            code: "file_exists",
            what: "there is a file of that name",
            advice: "It may be an export with money in it. Name another.",
        });
    }
    let passphrase = new_one_of(PASSPHRASE, args.file_passphrase.as_deref(), OTHERWISE)?;
    // Before anything is sent.
    let file = NewFile::begin_private(&args.file)?;
    let exporting = wallet.transfers();
    let done = waiting(
        "sealing the file",
        exporting.export(&passphrase, Some(MEMO)),
    )
    .await?;
    if let Err(error) = write(file, &done.file) {
        return Err(Failure::Unwritten(unwritten(&args.file, &error, &done)));
    }
    Ok(report::exported(&done, &args.file, units))
}

fn write(mut file: NewFile, text: &str) -> std::io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.keep()
}

/// The money is sent by then, and the way back is to take it back.
fn unwritten(path: &Path, error: &std::io::Error, done: &Exported) -> Unwritten {
    let numbers = done.sent.iter().map(|sent| sent.id.to_string());
    let numbers = numbers.collect::<Vec<_>>().join(", ");
    Unwritten {
        what: format!("{} was not written: {error}", path.display()),
        money: match done.sent.is_empty() {
            true => "Nothing was moved.".to_owned(),
            false => format!("Nothing is lost: the money is listed as sent, under {numbers}."),
        },
        advice: "Take it back with farthing reclaim NUMBER, and export again.".to_owned(),
    }
}

/// Takes over what a file has.
pub(super) async fn import(
    wallet: &mut NativeWallet,
    args: &args::Transfer,
) -> Result<Report, Failure> {
    let text = std::fs::read_to_string(&args.file);
    let text = text.map_err(|error| {
        Failure::Terminal(format!("{} cannot be read: {error}", args.file.display()))
    })?;
    let passphrase = given(PASSPHRASE, args.file_passphrase.as_deref(), OTHERWISE)?;
    let transfer = Transfer::open(&text, &passphrase)?;
    let importing = wallet.transfers();
    let done = waiting("taking the wallet over", importing.import(&transfer)).await?;
    let units = Units::of(&wallet.mints().all().await.map_err(Failure::from)?);
    Ok(report::imported(&done, &units))
}
