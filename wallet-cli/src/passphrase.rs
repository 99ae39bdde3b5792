//! A wallet's passphrase: where it is asked for, and setting and removing it.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use farthing_wallet::native::SqliteStore;
use farthing_wallet::{Error, Passphrase, Sealed, StoreError};
use zeroize::Zeroizing;

use crate::args;
use crate::ask;
use crate::commands::NativeWallet;
use crate::failure::Failure;
use crate::report::{self, Report};
use crate::screen::can_ask;

/// How a passphrase is given where nobody can be asked.
const OTHERWISE: &str = "give it with --passphrase-file FILE";

/// The passphrase, asked for once and when it is needed.
#[derive(Default)]
pub(crate) struct Given {
    file: Option<PathBuf>,
    known: OnceCell<Passphrase>,
}

impl Given {
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        let known = OnceCell::new();
        Self { file, known }
    }

    /// Opens a wallet's file, and asks for the passphrase if it has one. The file is let go while
    /// somebody types.
    pub(crate) async fn open(&self, dir: &Path) -> Result<Sealed<SqliteStore>, Failure> {
        let mut store = SqliteStore::open(dir).map_err(Error::from)?;
        let sealed = Sealed::is_sealed(&store).await.map_err(Error::from)?;
        if sealed && self.known.get().is_none() {
            drop(store);
            let passphrase = self.ask()?;
            self.known.get_or_init(|| passphrase);
            store = SqliteStore::open(dir).map_err(Error::from)?;
        }
        let store = Sealed::open(store, self.known.get()).await;
        Ok(store.map_err(Error::from)?)
    }

    fn ask(&self) -> Result<Passphrase, Failure> {
        let text = match &self.file {
            Some(file) => line_of(file)?,
            None if can_ask() => ask::secret("the wallet's passphrase", OTHERWISE)?,
            None => return Err(Error::from(StoreError::Sealed).into()),
        };
        Ok(Passphrase::new(&text).map_err(Error::from)?)
    }
}

/// `farthing passphrase`.
pub(crate) async fn command(
    wallet: &mut NativeWallet,
    command: args::Passphrase,
) -> Result<Report, Failure> {
    match command {
        args::Passphrase::Set { new_file } => {
            let new = match new_file {
                Some(file) => line_of(&file)?,
                None => typed_twice()?,
            };
            let new = Passphrase::new(&new).map_err(Error::from)?;
            wallet.set_passphrase(Some(&new)).await?;
            Ok(report::passphrase(true))
        }
        args::Passphrase::Remove => {
            wallet.set_passphrase(None).await?;
            Ok(report::passphrase(false))
        }
    }
}

/// A new passphrase, typed twice: nobody sees what they type.
fn typed_twice() -> Result<Zeroizing<String>, Failure> {
    let otherwise = "give it with --new-file FILE";
    let new = ask::secret("the new passphrase", otherwise)?;
    let again = ask::secret("the new passphrase again", otherwise)?;
    match new == again {
        true => Ok(new),
        false => {
            let text = "error: the two are not the same; nothing was changed";
            Err(Failure::Usage(text.to_owned()))
        }
    }
}

/// A file's text without the end of its line.
fn line_of(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = ask::file_or_input(file, "the passphrase")?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned().into())
}
