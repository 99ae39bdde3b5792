//! `farthing phrase` and `farthing salvage`: what they read may be a damaged file.

use farthing_wallet::native::{Salvaged, SqliteStore};
use farthing_wallet::{Error, Passphrase, Phrase, Sealed, StoreError, rescue};

use crate::args;
use crate::ask;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::{self, Report};
use crate::screen::{can_ask, say};

/// Shows the recovery phrase, after asking: of a damaged file too, if it is still in it.
pub(crate) async fn phrase(context: &Context, args: &args::Phrase) -> Result<Report, Failure> {
    let phrase = match whole(context).await {
        Ok(phrase) => phrase,
        Err(Failure::Wallet(error)) if is_damage(&error) => {
            let (store, _) = damaged(context).await?;
            let phrase = rescue::phrase(&store).await?;
            say("The wallet's file is damaged; its phrase can still be read.");
            phrase
        }
        Err(failure) => return Err(failure),
    };
    if !args.yes {
        agree_to_show()?;
    }
    Ok(report::phrase(&phrase.expose()))
}

async fn whole(context: &Context) -> Result<Phrase, Failure> {
    let store = context.passphrase.open(&context.dir).await?;
    match rescue::phrase(&store).await {
        Ok(phrase) => Ok(phrase),
        // The record alone may be what is damaged.
        Err(Error::Usage(_)) => {
            Err(Error::from(StoreError::Broken("its phrase cannot be read".to_owned())).into())
        }
        Err(error) => Err(error.into()),
    }
}

fn agree_to_show() -> Result<(), Failure> {
    if !can_ask() {
        let text =
            "error: there is no terminal to ask on; to show the phrase without a question: --yes";
        return Err(Failure::Usage(text.to_owned()));
    }
    say("Whoever sees the recovery phrase can take all that the wallet holds, now and later.");
    match ask::yes("Show it?")? {
        true => Ok(()),
        false => Err(Failure::Unchanged {
            code: "declined",
            what: "the phrase was not shown",
            advice: "Show it where nobody looks on.",
        }),
    }
}

/// Saves what can be read of the wallet's file into a new wallet.
pub(crate) async fn salvage(context: &Context, args: &args::Salvage) -> Result<Report, Failure> {
    let given = match &args.phrase_file {
        Some(path) => Some(Phrase::parse(&ask::file_or_input(path, "the phrase")?)),
        None => None,
    };
    let given = given.transpose().map_err(Error::from)?;
    let (from, passphrase) = damaged(context).await?;
    if given.is_none() {
        // Before anything is made.
        rescue::phrase(&from).await?;
    }
    let store = SqliteStore::create(&args.dir).map_err(Error::from)?;
    let mut store = Sealed::open(store, None).await.map_err(Error::from)?;
    if let Some(passphrase) = &passphrase {
        // Before anything is in it, so that nothing ever lay there in clear.
        let set = store.set_passphrase(Some(passphrase)).await;
        set.map_err(Error::from)?;
    }
    let rescued = rescue::rescue(&from, &store, given.as_ref()).await?;
    drop(store);
    Ok(report::salvaged(&rescued, &args.dir.display().to_string()))
}

/// Returns what can be read of the wallet's file, and the passphrase that opened it.
async fn damaged(context: &Context) -> Result<(Sealed<Salvaged>, Option<Passphrase>), Failure> {
    let store = Salvaged::read(&context.dir).map_err(Error::from)?;
    let passphrase = match Sealed::is_sealed(&store).await.map_err(Error::from)? {
        true => Some(context.passphrase.get()?),
        false => None,
    };
    let sealed = Sealed::open_damaged(store, passphrase.as_ref()).await;
    Ok((sealed.map_err(Error::from)?, passphrase))
}

fn is_damage(error: &Error) -> bool {
    matches!(
        error,
        Error::Store(StoreError::Broken(_) | StoreError::Damaged { .. })
    )
}
