//! A mint's engine without its HTTP, in this process, on a store of its own: for tests of the books
//! that need many steps.

use std::time::Duration;

use farthing_mint::Error;
use farthing_mint::domain::{
    AccountId, BalanceSheet, KeysetState, KeysetTerms, Limits, RequestDigest, Transaction,
};
use farthing_mint::engine::{Answer, Engine, EngineSettings};
use farthing_mint::keyring::{Keyring, Seed};
use farthing_mint::store::{KeysetRow, Store};
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{ErrorCode, Unit};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::Result;
use crate::tokens::Keyset;

const SEED: [u8; 32] = [3; 32];
pub(crate) const UNIT: &str = "sat";

/// An engine with its store and a way to wait for it.
pub(crate) struct Books {
    engine: Option<Engine>,
    runtime: Runtime,
    store: Store,
    _folder: TempDir,
}

impl Books {
    /// The books of a new mint, without keysets and accounts.
    pub(crate) fn new() -> Result<Self> {
        let folder = TempDir::new()?;
        let store = Store::create(&folder.path().join("mint.sqlite"), UNIT)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let mut books = Self {
            engine: None,
            runtime,
            store,
            _folder: folder,
        };
        books.restart()?;
        Ok(books)
    }

    /// Ends the engine, when there is one, and starts another on the same store.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.engine = None;
        let settings = EngineSettings {
            unit: Unit::new(UNIT, 0),
            limits: Limits {
                inputs_max: 256,
                outputs_max: 256,
                secret_bytes_max: 1024,
                witness_bytes_max: 4096,
            },
            replay_days: 7,
            queue_max: 1024,
            queue_timeout: Duration::MAX,
        };
        let engine = Engine::start(settings, self.store.clone(), Self::keyring())?;
        self.engine = Some(engine);
        Ok(())
    }

    /// A keyring with the mint's seed: what a thief of the seed would have.
    pub(crate) fn keyring() -> Keyring {
        Keyring::new(Seed::from_bytes(SEED))
    }

    /// Opens an account.
    pub(crate) fn open_account(&self, name: &str) -> Result<AccountId> {
        let mut writer = self.store.writer()?;
        let batch = writer.begin()?;
        let id = batch.add_account(name)?;
        batch.commit()?;
        Ok(id)
    }

    /// Makes a new keyset of 8 amounts the active one of its suite, as the operator's command does.
    pub(crate) fn rotate(
        &self,
        suite: SuiteId,
        input_fee_ppk: u64,
    ) -> Result<(Keyset, KeysetTerms)> {
        let mut writer = self.store.writer()?;
        let batch = writer.begin()?;
        let before = batch.keysets()?;
        for row in &before {
            if row.terms.suite == suite && row.state == KeysetState::Active {
                batch.set_keyset_state(row.terms.index, KeysetState::Retired)?;
            }
        }
        let terms = KeysetTerms {
            index: u32::try_from(before.len())? + 1,
            suite,
            unit: UNIT.to_owned(),
            amounts: 8,
            input_fee_ppk,
            final_expiry: None,
        };
        let (id, keys) = Self::keyring().load(&terms)?;
        batch.add_keyset(&KeysetRow {
            id,
            terms: terms.clone(),
            state: KeysetState::Active,
        })?;
        batch.commit()?;
        Ok((Keyset { id, keys }, terms))
    }

    /// The digest of a request.
    pub(crate) fn digest(&self, account: AccountId, body: &[u8]) -> Result<RequestDigest> {
        Ok(self.engine()?.request_digest("/", account, body))
    }

    /// Carries out a transaction; gives the answer or the code of the refusal.
    pub(crate) fn execute(
        &self,
        transaction: Transaction,
        digest: Option<RequestDigest>,
    ) -> Result<std::result::Result<Answer, ErrorCode>> {
        let done = self.engine()?.execute(transaction, digest);
        match self.runtime.block_on(done) {
            Ok(answer) => Ok(Ok(answer)),
            Err(Error::Request { code, .. } | Error::Account { code, .. }) => Ok(Err(code)),
            Err(
                fault @ (Error::Busy(_)
                | Error::Store(_)
                | Error::Invariant(_)
                | Error::Operator(_)
                | Error::Unreported(_)
                | Error::File { .. }),
            ) => Err(fault.into()),
        }
    }

    /// The balance sheet, counted from the store.
    pub(crate) fn sheet(&self) -> Result<BalanceSheet> {
        Ok(self.store.reader()?.balance_sheet()?)
    }

    fn engine(&self) -> Result<&Engine> {
        Ok(self.engine.as_ref().ok_or("the engine is not running")?)
    }
}
