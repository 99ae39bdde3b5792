//! A running mint with a client that knows its keyset: what most tests begin with.

use std::path::{Path, PathBuf};

use farthing_mint::domain::{BalanceSheet, KeysetLine};
use farthing_mint::store::Store;
use farthing_protocol::Unit;
use farthing_protocol::api::{Account, path};
use farthing_protocol::suite::SuiteId;
use serde_json::Value;
use tempfile::TempDir;

use crate::Result;
use crate::client::{Client, Keyset};
use crate::process::Mint;

/// A running mint in a folder that goes when this does.
#[derive(Debug)]
pub struct Scene {
    /// The mint.
    pub mint: Mint,
    /// The suite of the tokens in it.
    pub suite: SuiteId,
    /// A client of it, at the suite's door.
    pub client: Client,
    /// The suite's active keyset when it was started.
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
        Self::of_suite(binary, SuiteId::Ristretto255, settings).await
    }

    /// The same for tokens of a suite: for secp256k1 the mint has a Cashu API, and its unit is sat.
    ///
    /// # Errors
    /// What the mint says.
    pub async fn of_suite(
        binary: impl Into<PathBuf>,
        suite: SuiteId,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let folder = TempDir::new()?;
        let arguments: &[_] = match suite {
            SuiteId::Ristretto255 => &["--amounts", "16"],
            SuiteId::Secp256k1 => &["--amounts", "16", "--unit", "sat", "--cashu"],
        };
        let mut mint = Mint::init(binary, &folder.path().join("mint"), arguments)?;
        for (setting, value) in settings {
            mint = mint.with(setting, value);
        }
        mint.start()?;
        let client = Client::of_suite(mint.url()?, suite)?;
        let keyset = client.keyset().await?;
        Ok(Self {
            mint,
            suite,
            client,
            keyset,
            folder,
        })
    }

    /// Another client, without connections to a mint that may have died.
    ///
    /// # Errors
    /// When the mint is not running.
    pub fn new_client(&self) -> Result<Client> {
        Client::of_suite(self.mint.url()?, self.suite)
    }

    /// Makes a new keyset of the suite; gives it.
    ///
    /// # Errors
    /// What the mint says.
    pub async fn rotate(&self) -> Result<Keyset> {
        let suite = match self.suite {
            SuiteId::Ristretto255 => "ristretto255",
            SuiteId::Secp256k1 => "secp256k1",
        };
        let rotated = self.mint.run(&["keyset", "rotate", "--suite", suite])?;
        let keyset = self.client.keyset().await?;
        if rotated.get("id") != Some(&Value::from(keyset.id.to_string())) {
            return Err("another keyset signs than the one that was made".into());
        }
        Ok(keyset)
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
        let unit = Unit::new(&sheet.unit, 0);
        match sheet.faults(&unit).as_slice() {
            [] => Ok(sheet),
            faults => Err(format!("the books do not balance: {}", faults.join("; ")).into()),
        }
    }

    /// Returns what an account's holder is told of its balance.
    ///
    /// # Errors
    /// With the refusal.
    pub async fn balance(&self, token: &str) -> Result<u64> {
        let reply = self.client.get(path::ACCOUNT, Some(token)).await?;
        let account: Account = reply.ok()?;
        Ok(account.balance)
    }

    /// A keyset's line in the books.
    ///
    /// # Errors
    /// When there is none, or the books do not balance.
    pub fn line(&self, keyset: &Keyset) -> Result<KeysetLine> {
        let mut lines = self.books()?.keysets.into_iter();
        let line = lines.find(|line| line.id == keyset.id);
        line.ok_or_else(|| "the keyset is not in the books".into())
    }
}
