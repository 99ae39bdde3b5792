//! Opening a mint for a command.

use crate::config::{Config, DataDir};
use crate::engine::{Answer, Engine};
use crate::error::{Error, Result};
use crate::keyring::{Keyring, Seed};
use crate::ledger::{FEES, RESERVE, Transaction};
use crate::store::{AccountRow, Reader, Store};

/// Settings and store, for commands that need no keys.
pub(super) fn books(dir: &DataDir) -> Result<(Config, Store)> {
    let store = Store::open(&dir.database())?;
    Ok((Config::load(&dir.config())?, store))
}

/// The whole mint, for commands that move value.
pub(super) fn engine(dir: &DataDir) -> Result<(Config, Engine)> {
    let (config, store) = books(dir)?;
    let keyring = Keyring::new(Seed::load(&dir.seed())?);
    let engine = Engine::start(config.engine(), store, keyring)?;
    Ok((config, engine))
}

/// Carries out one transaction and waits for it.
pub(super) fn execute(engine: &Engine, transaction: Transaction) -> Result<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(Error::file("the async runtime"))?;
    runtime.block_on(engine.execute(transaction, None))
}

/// The holder's account with this name.
pub(super) fn account(reader: &Reader, name: &str) -> Result<AccountRow> {
    let row = reader.account_by_name(name)?;
    row.filter(|row| row.id != RESERVE && row.id != FEES)
        .ok_or_else(|| Error::Operator(format!("there is no account named {name}")))
}
