//! A running mint with a client that knows its keyset: what most tests begin with.

use std::path::{Path, PathBuf};

use farthing_mint::ledger::BalanceSheet;
use farthing_mint::store::Store;
use farthing_protocol::api::{Account, path};
use tempfile::TempDir;

use crate::Result;
use crate::client::{Client, Keyset};
use crate::process::Mint;

/// A running mint in a folder that goes when this does.
#[derive(Debug)]
pub struct Scene {
    /// The mint.
    pub mint: Mint,
    /// A client of it.
    pub client: Client,
    /// Its active keyset when it was started.
    pub keyset: Keyset,
    // After the mint, so that it is removed after the mint was stopped.
    folder: TempDir,
}

impl Scene {
    /// Makes and starts a mint with amounts up to 2^15 and otherwise the default settings.
    ///
    /// # Errors
    /// What the mint says.
    pub async fn start(binary: impl Into<PathBuf>) -> Result<Self> {
        Self::with(binary, &[]).await
    }

    /// The same with other settings, given by their names in the environment.
    ///
    /// # Errors
    /// What the mint says.
    pub async fn with(binary: impl Into<PathBuf>, settings: &[(&str, &str)]) -> Result<Self> {
        let folder = TempDir::new()?;
        let arguments = ["--amounts", "16"];
        let mut mint = Mint::init(binary, &folder.path().join("mint"), &arguments)?;
        for (setting, value) in settings {
            mint = mint.with(setting, value);
        }
        mint.start()?;
        let client = Client::new(mint.url()?)?;
        let keyset = client.keyset().await?;
        Ok(Self {
            mint,
            client,
            keyset,
            folder,
        })
    }

    /// A folder for whatever else the test needs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The mint's database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.mint.dir().join("mint.sqlite")
    }

    /// The books, counted from the database; they must balance.
    ///
    /// # Errors
    /// With the faults, when they do not.
    pub fn books(&self) -> Result<BalanceSheet> {
        let sheet = Store::open(&self.database())?.reader()?.balance_sheet()?;
        match sheet.faults().as_slice() {
            [] => Ok(sheet),
            faults => Err(format!("the books do not balance: {}", faults.join("; ")).into()),
        }
    }

    /// What an account's holder is told of its balance.
    ///
    /// # Errors
    /// With the refusal.
    pub async fn balance(&self, token: &str) -> Result<u64> {
        let reply = self.client.get(path::ACCOUNT, Some(token)).await?;
        let account: Account = reply.ok()?;
        Ok(account.balance)
    }
}
