//! Opening a mint for a command.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use farthing_protocol::api::Restored;
use farthing_protocol::{BlindedMessage, KeysetId};
use farthing_service::{private, program};

use crate::config::{Config, DataDir};
use crate::domain::{KeysetKind, Limits, Transaction, is_holder};
use crate::engine::{self, Answer, Engine, EngineSettings, Journal, NewKeyset};
use crate::error::{Error, Result};
use crate::keyring::{Keyring, Seed};
use crate::payments::cashier::Cashier;
use crate::payments::lightning;
use crate::store::{AccountRow, Reader, Store};

/// Settings and store, for commands that need no keys.
pub(super) fn store(dir: &DataDir) -> Result<(Config, Store)> {
    let store = Store::open(&dir.database())?;
    let config = Config::load(&dir.config())?;
    let unit = store.reader()?.unit()?;
    if unit != config.unit {
        return Err(Error::Operator(format!(
            "this mint was made for the unit {unit}, and its settings say {}",
            config.unit
        )));
    }
    let store = store
        .with_pages_max(config.database_pages_max)
        .with_cache_mib(config.store_cache_mib);
    Ok((config, store))
}

/// Makes this process the one that serves requests from the folder. The lock is the system's: it ends with
/// what is given, and with the process however that ends, and what stays of its file means nothing.
///
/// # Errors
/// [`Error::Operator`] with `otherwise` when a mint runs on the folder; [`Error::File`].
pub(super) fn own(dir: &DataDir, otherwise: &str) -> Result<File> {
    private::lock(&dir.run_lock())?.ok_or_else(|| {
        let shown = dir.path().display();
        Error::Operator(format!(
            "{shown}: farthing-mint run is running on this folder: {otherwise}"
        ))
    })
}

/// Makes the first keyset of blind authentication, where the settings ask for such and the mint has never
/// had one. It is worth nothing, so there is nothing to think about before it is made.
pub(super) fn auth_keyset(dir: &DataDir, config: &Config, store: &Store) -> Result<()> {
    let auth = config.auth().map_err(Error::Operator)?;
    let keysets = store.reader()?.keysets()?;
    let mut kinds = keysets.iter().map(|row| row.terms.kind());
    if auth.is_none_or(|auth| auth.blind.is_none()) || kinds.any(|kind| kind == KeysetKind::Auth) {
        return Ok(());
    }
    let keyring = Keyring::new(Seed::load(&dir.seed())?);
    let id = add_keyset(store, &keyring, config, KeysetKind::Auth, None, 1)?;
    tracing::info!(%id, "made a keyset of blind authentication");
    Ok(())
}

/// Makes a keyset as the settings say; see [`engine::add_keyset`].
pub(super) fn add_keyset(
    store: &Store,
    keyring: &Keyring,
    config: &Config,
    kind: KeysetKind,
    final_expiry: Option<u64>,
    index_min: u32,
) -> Result<KeysetId> {
    let new = NewKeyset {
        kind,
        unit: config.unit.clone(),
        amounts: config.amounts,
        input_fee_ppk: config.input_fee_ppk,
        final_expiry,
        index_min,
    };
    engine::add_keyset(store, keyring, new)
}

/// The engine's part of the settings.
fn settings(config: &Config) -> EngineSettings {
    EngineSettings {
        unit: config.money(),
        limits: Limits {
            inputs_max: config.inputs_max,
            outputs_max: config.outputs_max,
            secret_bytes_max: config.secret_bytes_max,
            witness_bytes_max: config.witness_bytes_max,
        },
        replay_days: config.replay_days,
        queue_max: config.queue_max,
        queue_timeout: Duration::from_millis(config.queue_timeout_ms),
    }
}

/// The whole mint, to serve requests: with its spent log, if it keeps one.
pub(super) fn serving_engine(dir: &DataDir, config: &Config, store: Store) -> Result<Engine> {
    let keyring = Keyring::new(Seed::load(&dir.seed())?);
    let path = config.spent_log.as_deref().map(|path| dir.spent_log(path));
    let journal = Journal::open(&store, path.as_deref())?;
    Engine::serve(settings(config), store, keyring, journal)
}

/// The whole mint, for commands that move value and spend no tokens.
pub(super) fn engine(dir: &DataDir) -> Result<(Config, Engine)> {
    let (config, store) = store(dir)?;
    let keyring = Keyring::new(Seed::load(&dir.seed())?);
    let settings = EngineSettings {
        // A command is the only one who waits.
        queue_timeout: Duration::MAX,
        ..settings(&config)
    };
    let engine = Engine::start(settings, store, keyring)?;
    Ok((config, engine))
}

/// The cashier of a mint, where its settings name a payment backend.
pub(super) fn cashier(
    dir: &DataDir,
    config: &Config,
    engine: &Arc<Engine>,
) -> Result<Option<Arc<Cashier>>> {
    let Some(backend) = lightning::open(config, dir)? else {
        return Ok(None);
    };
    let engine = Arc::clone(engine);
    let cashier = Cashier::new(engine, backend, config, &dir.payments_lock())?;
    Ok(Some(Arc::new(cashier)))
}

/// Carries out one transaction and waits for it.
pub(super) fn execute(engine: &Engine, transaction: Transaction) -> Result<Answer> {
    wait(engine.execute(transaction, None))
}

/// The signatures on those of the outputs that were signed before.
pub(super) fn restore(engine: &Engine, outputs: Vec<BlindedMessage>) -> Result<Restored> {
    wait(engine.restore(outputs))
}

/// Waits for an answer.
pub(super) fn wait<T>(answer: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(Error::file("the async runtime"))?;
    runtime.block_on(answer)
}

/// Carries out something that takes timers, sockets and tasks beside it.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    program::block_on(work).map_err(Error::file("the async runtime"))?
}

/// The holder's account with this name.
pub(super) fn account(reader: &Reader, name: &str) -> Result<AccountRow> {
    let row = reader.account_by_name(name)?;
    row.filter(|row| is_holder(row.id))
        .ok_or_else(|| Error::Operator(format!("there is no account named {name}")))
}
