//! The passphrase of the wallet's file, and where it comes from.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use farthing_wallet::Error;
use farthing_wallet::native::SqliteStore;
use farthing_wallet::{Passphrase, Sealed, StoreError};

use crate::args::NewPassphrase;
use crate::ask;
use crate::failure::Failure;
use crate::screen::can_ask;

/// How a passphrase is given where nobody can be asked.
const OTHERWISE: &str = "give it with --passphrase-file FILE";

/// Where the passphrase comes from, and what it was: it is asked for once.
pub(crate) struct Source {
    file: Option<PathBuf>,
    known: OnceCell<Passphrase>,
}

impl Source {
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        Self {
            file,
            known: OnceCell::new(),
        }
    }

    /// Returns the file that the passphrase is read from, if one was named.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Opens a wallet's file, with the passphrase if it needs one. The file is let go while somebody types.
    ///
    /// # Errors
    /// The store's own: [`StoreError::Sealed`] when nobody is there to ask.
    pub(crate) async fn open(&self, dir: &Path) -> Result<Sealed<SqliteStore>, Failure> {
        let mut store = SqliteStore::open(dir).map_err(Error::from)?;
        let sealed = Sealed::is_sealed(&store).await.map_err(Error::from)?;
        if sealed && self.known.get().is_none() {
            drop(store);
            self.get()?;
            store = SqliteStore::open(dir).map_err(Error::from)?;
        }
        let opened = Sealed::open(store, self.known.get()).await;
        Ok(opened.map_err(Error::from)?)
    }

    /// The passphrase, which is asked for once.
    pub(crate) fn get(&self) -> Result<Passphrase, Failure> {
        match self.known.get() {
            Some(passphrase) => Ok(passphrase.clone()),
            None => {
                let passphrase = self.ask()?;
                Ok(self.known.get_or_init(|| passphrase).clone())
            }
        }
    }

    fn ask(&self) -> Result<Passphrase, Failure> {
        if self.file.is_none() && !can_ask() {
            return Err(Error::from(StoreError::Sealed).into());
        }
        given("the passphrase", self.file.as_deref(), OTHERWISE)
    }
}

/// A new passphrase: of a file, or typed twice, since nobody sees what is typed.
pub(crate) fn new_one(new: &NewPassphrase) -> Result<Passphrase, Failure> {
    let file = new.new_passphrase_file.as_deref();
    let otherwise = "give it with --new-passphrase-file FILE";
    new_one_of("the new passphrase", file, otherwise)
}

/// The same, called `what`, for something else; `otherwise` says how to give it where nobody can be asked.
pub(crate) fn new_one_of(
    what: &str,
    file: Option<&Path>,
    otherwise: &str,
) -> Result<Passphrase, Failure> {
    if file.is_some() {
        return given(what, file, otherwise);
    }
    let first = ask::secret(what, otherwise)?;
    let second = ask::secret(&format!("{what} again"), otherwise)?;
    if *first != *second {
        return Err(Failure::Unchanged {
            code: "passphrases_differ",
            what: "the two passphrases are not the same",
            advice: "Try again.",
        });
    }
    Ok(Passphrase::new(&first).map_err(Error::from)?)
}

/// A passphrase that something has already: of a file, or typed once.
pub(crate) fn given(
    what: &str,
    file: Option<&Path>,
    otherwise: &str,
) -> Result<Passphrase, Failure> {
    let text = match file {
        Some(path) => ask::line_of_file(path, what)?,
        None => ask::secret(what, otherwise)?,
    };
    Ok(Passphrase::new(&text).map_err(Error::from)?)
}
