//! What a command runs in: the wallet's folder, how it is opened, and how requests go.

use std::path::PathBuf;

use farthing_wallet::native::{ReqwestHttp, SqliteStore, system_clock};
use farthing_wallet::{Recovered, Sealed, Wallet};

use crate::args::{Global, Reading};
use crate::failure::Failure;
use crate::passphrase;
use crate::progress::waiting;
use crate::proxy::Transport;
use crate::report::{self, Units};
use crate::screen::say;

pub(crate) type NativeWallet = Wallet<Sealed<SqliteStore>, ReqwestHttp>;

/// What a wallet is opened with, and how.
pub(crate) struct Context {
    /// The wallet's folder.
    pub(crate) dir: PathBuf,
    /// How requests go.
    pub(crate) transport: Transport,
    /// Where the passphrase comes from, if the wallet has one.
    pub(crate) passphrase: passphrase::Source,
    /// The mint that was named.
    pub(crate) mint: Option<String>,
    /// How amounts are read.
    pub(crate) reading: Reading,
    /// Whether one JSON object is printed.
    pub(crate) json: bool,
}

impl Context {
    pub(crate) fn of(global: Global) -> Result<Self, Failure> {
        let dir = wallet_dir(global.wallet.clone())?;
        Ok(Self {
            transport: Transport::choose(&global, &dir)?,
            passphrase: passphrase::Source::new(global.passphrase_file),
            dir,
            mint: global.mint,
            reading: match global.smallest_unit {
                true => Reading::Smallest,
                false => Reading::Decimal,
            },
            json: global.json,
        })
    }

    /// Opens the wallet and looks at nothing yet.
    pub(crate) async fn open(&self) -> Result<NativeWallet, Failure> {
        let store = self.passphrase.open(&self.dir).await?;
        Ok(Wallet::open(store, self.transport.http(), system_clock).await?)
    }
}

/// Finishes or undoes what an earlier command could not, and says so; gives what it found of operation
/// `asked`, which is the command's to tell.
pub(crate) async fn recover(
    wallet: &mut NativeWallet,
    asked: Option<u64>,
) -> Result<Option<Recovered>, Failure> {
    let units = Units::of(&wallet.mints().all().await?);
    let what = "settling what was left open";
    let mut found = None;
    for recovered in waiting(what, wallet.recover()).await? {
        match Some(recovered.id) == asked {
            true => found = Some(recovered),
            false => say(&report::recovered(&recovered, &units)),
        }
    }
    Ok(found)
}

pub(crate) fn wallet_dir(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let platform = || {
        let dirs = directories::ProjectDirs::from("", "", "farthing")?;
        Some(dirs.data_dir().to_owned())
    };
    let missing =
        || Failure::Terminal("there is no home folder; name one: --wallet DIR".to_owned());
    given.or_else(platform).ok_or_else(missing)
}
