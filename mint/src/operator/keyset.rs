//! `keyset`: listing and rotating.

use clap::Subcommand;
use farthing_protocol::KeysetId;
use serde::Serialize;

use super::{Output, open};
use crate::config::{Config, DataDir};
use crate::error::{Error, Result};
use crate::keyring::{Keyring, KeysetTerms, Seed};
use crate::ledger::KeysetState;
use crate::store::{KeysetRow, Store};

#[derive(Debug, Subcommand)]
pub(super) enum KeysetCommand {
    /// List all keysets, oldest first.
    List,
    /// Make a new keyset and retire the active one: its tokens stay redeemable. Do this rarely: the
    /// fewer keysets, the larger the crowd that each token hides in.
    Rotate {
        /// After this Unix time the new keyset's tokens need not be honoured any more.
        #[arg(long, value_name = "UNIX_TIME")]
        expiry: Option<u64>,
    },
}

#[derive(Serialize)]
struct Line {
    id: KeysetId,
    state: &'static str,
    unit: String,
    amounts: u8,
    input_fee_ppk: u64,
    final_expiry: Option<u64>,
}

#[derive(Serialize)]
struct Lines {
    keysets: Vec<Line>,
}

#[derive(Serialize)]
struct Rotated {
    id: KeysetId,
}

impl KeysetCommand {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<()> {
        match self {
            Self::List => list(dir, output),
            Self::Rotate { expiry } => rotate(dir, output, expiry),
        }
    }
}

fn list(dir: &DataDir, output: Output) -> Result<()> {
    let (_, store) = open::books(dir)?;
    let line = |row: KeysetRow| Line {
        id: row.id,
        state: row.state.as_str(),
        unit: row.terms.unit,
        amounts: row.terms.amounts,
        input_fee_ppk: row.terms.input_fee_ppk,
        final_expiry: row.terms.final_expiry,
    };
    let keysets = store.reader()?.keysets()?;
    let lines = Lines {
        keysets: keysets.into_iter().map(line).collect(),
    };
    output.write(&lines, || {
        let text = lines.keysets.iter().map(|line| {
            let Line {
                id,
                state,
                unit,
                amounts,
                input_fee_ppk,
                ..
            } = line;
            let expiry = line
                .final_expiry
                .map_or("never".to_owned(), |e| e.to_string());
            format!(
                "{state:8} {id} {unit} amounts {amounts} fee {input_fee_ppk} ppk expires {expiry}"
            )
        });
        text.collect::<Vec<_>>().join("\n")
    })
}

fn rotate(dir: &DataDir, output: Output, expiry: Option<u64>) -> Result<()> {
    let (config, store) = open::books(dir)?;
    let keyring = Keyring::new(Seed::load(&dir.seed())?);
    let id = add_keyset(&store, &keyring, &config, expiry)?;
    output.write(&Rotated { id }, || {
        format!("Keyset {id} signs from now on; the one before it only redeems.")
    })
}

/// Makes the next keyset the active one, and retires those that were.
pub(super) fn add_keyset(
    store: &Store,
    keyring: &Keyring,
    config: &Config,
    final_expiry: Option<u64>,
) -> Result<KeysetId> {
    let mut writer = store.writer()?;
    let batch = writer.begin()?;
    let keysets = batch.keysets()?;
    // The seed must be the one of this store before a key of it is published.
    if let Some(last) = keysets.last()
        && keyring.load(&last.terms)?.0 != last.id
    {
        return Err(Error::Operator(
            "the seed is not the one this database was made with".to_owned(),
        ));
    }
    for row in keysets
        .iter()
        .filter(|row| row.state == KeysetState::Active)
    {
        batch.set_keyset_state(row.terms.index, KeysetState::Retired)?;
    }
    let terms = KeysetTerms {
        index: keysets.last().map_or(1, |row| row.terms.index + 1),
        unit: config.unit.clone(),
        amounts: config.amounts,
        input_fee_ppk: config.input_fee_ppk,
        final_expiry,
    };
    let (id, _) = keyring.load(&terms)?;
    let state = KeysetState::Active;
    batch.add_keyset(&KeysetRow { id, terms, state })?;
    batch.commit()?;
    Ok(id)
}
