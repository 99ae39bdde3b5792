//! `keyset`: listing, rotating, freezing.

use clap::{Subcommand, ValueEnum};
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{AmountText, KeysetId};
use serde::Serialize;

use super::open;
use super::output::Output;
use crate::config::DataDir;
use crate::domain::{KeysetKind, KeysetState};
use crate::engine::recovery::post_suspense;
use crate::error::{Error, Result};
use crate::keyring::{Keyring, Seed};
use crate::store::{Batch, Counters, KeysetRow};

#[derive(Debug, Subcommand)]
pub(super) enum KeysetCommand {
    /// List all keysets, oldest first.
    List,
    /// Make a new keyset and retire the active one of its kind: its tokens stay redeemable. Do this rarely: the
    /// fewer keysets, the larger the crowd that each token hides in.
    Rotate {
        /// Which kind of keys.
        #[arg(long, value_enum, default_value_t = SuiteName::Ristretto255)]
        suite: SuiteName,
        /// Rotate the blind-authentication keyset.
        #[arg(long, conflicts_with = "suite")]
        auth: bool,
        /// After this Unix time the new keyset's tokens need no longer be honoured.
        #[arg(long, value_name = "UNIX_TIME")]
        expiry: Option<u64>,
    },
    /// Take no more tokens of a keyset, and sign none: one of its keys may have leaked.
    Freeze {
        /// The keyset.
        id: String,
    },
    /// Take a frozen keyset's tokens again; it never signs again.
    Unfreeze {
        /// The keyset.
        id: String,
        /// Why, for the books.
        #[arg(long)]
        reason: String,
        /// How much more than was issued may come back, at your loss. Without it, the keyset freezes
        /// again as soon as more does.
        #[arg(long, value_name = "AMOUNT", default_value = "0")]
        allow: AmountText,
    },
}

/// Which kind of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SuiteName {
    /// Farthing's own.
    Ristretto255,
    /// Those of Cashu's wallets.
    Secp256k1,
}

impl SuiteName {
    fn id(self) -> SuiteId {
        match self {
            Self::Ristretto255 => SuiteId::Ristretto255,
            Self::Secp256k1 => SuiteId::Secp256k1,
        }
    }
}

#[derive(Serialize)]
struct Line {
    id: KeysetId,
    suite: &'static str,
    state: &'static str,
    unit: String,
    amounts: u8,
    input_fee_ppk: u64,
    final_expiry: Option<u64>,
    issued: i64,
    redeemed: i64,
    allowance: i64,
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
            Self::Rotate {
                suite,
                auth,
                expiry,
            } => {
                let kind = match auth {
                    true => KeysetKind::Auth,
                    false => KeysetKind::Money(suite.id()),
                };
                rotate(dir, output, kind, expiry)
            }
            Self::Freeze { id } => freeze(dir, output, &id),
            Self::Unfreeze { id, reason, allow } => unfreeze(dir, output, &id, &reason, &allow),
        }
    }
}

fn list(dir: &DataDir, output: Output) -> Result<()> {
    let (config, store) = open::store(dir)?;
    let reader = store.reader()?;
    let counters = reader.counters()?;
    let line = |row: KeysetRow| {
        let of = |get: fn(&Counters) -> i64| counters.get(&row.terms.index).map_or(0, get);
        Line {
            id: row.id,
            suite: row.terms.suite.name(),
            state: row.state.as_str(),
            amounts: row.terms.amounts,
            input_fee_ppk: row.terms.input_fee_ppk,
            final_expiry: row.terms.final_expiry,
            issued: of(|c| c.issued),
            redeemed: of(|c| c.redeemed),
            allowance: of(|c| c.allowance),
            unit: row.terms.unit,
        }
    };
    let keysets = reader.keysets()?;
    let lines = Lines {
        keysets: keysets.into_iter().map(line).collect(),
    };
    output.write(&lines, || {
        let money = config.money();
        let text = lines.keysets.iter().map(|line| {
            let Line {
                id,
                suite,
                state,
                unit,
                amounts,
                input_fee_ppk,
                issued,
                redeemed,
                ..
            } = line;
            let expiry = line
                .final_expiry
                .map_or("never".to_owned(), |e| e.to_string());
            let shown = |amount: i64| match unit == money.name() {
                true => money.number_signed(amount),
                false => amount.to_string(),
            };
            let (issued, redeemed) = (shown(*issued), shown(*redeemed));
            format!(
                "{state:11} {id} {suite} {unit} amounts {amounts} fee {input_fee_ppk} ppk expires {expiry} \
                 issued {issued} redeemed {redeemed}"
            )
        });
        text.collect::<Vec<_>>().join("\n")
    })
}

fn rotate(dir: &DataDir, output: Output, kind: KeysetKind, expiry: Option<u64>) -> Result<()> {
    let (config, store) = open::store(dir)?;
    let keyring = Keyring::new(Seed::load(&dir.seed())?);
    let id = open::add_keyset(&store, &keyring, &config, kind, expiry, 1)?;
    output.write(&Rotated { id }, || {
        format!(
            "Keyset {id} signs from now on; the one of its kind before it only redeems.\n\
             Make a backup now: older ones do not know this keyset."
        )
    })
}

fn freeze(dir: &DataDir, output: Output, id: &str) -> Result<()> {
    let (_, store) = open::store(dir)?;
    let mut writer = store.writer()?;
    let batch = writer.begin()?;
    let row = find(&batch, id)?;
    batch.set_keyset_state(row.terms.index, KeysetState::Frozen)?;
    batch.commit()?;
    let id = row.id;
    output.write(&Rotated { id }, || {
        format!("Keyset {id} is frozen. If it was the one that signs, run: keyset rotate")
    })
}

fn unfreeze(
    dir: &DataDir,
    output: Output,
    id: &str,
    reason: &str,
    allow: &AmountText,
) -> Result<()> {
    let (config, store) = open::store(dir)?;
    let unit = config.money();
    let allow = output.amount(allow, &unit)?;
    let mut writer = store.writer()?;
    let batch = writer.begin()?;
    let row = find(&batch, id)?;
    if row.state != KeysetState::Frozen {
        let state = row.state.as_str();
        return Err(Error::Operator(format!("keyset {id} is {state}")));
    }
    if row.terms.kind() == KeysetKind::Auth {
        let what = "nobody loses money with tokens of authentication: make new ones instead, with \
                    keyset rotate --auth";
        return Err(Error::Operator(what.to_owned()));
    }
    let index = row.terms.index;
    let quarantine = batch.quarantine()?;
    let state = match quarantine {
        Some(quarantine) if index <= quarantine.last => KeysetState::Quarantined,
        _ => KeysetState::Retired,
    };
    let unknown = || Error::Operator(format!("keyset {id} has no counters"));
    let mut counters = batch.counters()?.remove(&index).ok_or_else(unknown)?;
    let too_much = |_| Error::Operator("--allow: too much".to_owned());
    counters.allowance = i64::try_from(allow).map_err(too_much)?;
    batch.set_counters(index, &counters)?;
    batch.set_keyset_state(index, state)?;
    let allowed = unit.show(allow);
    let note = format!("keyset {id} unfrozen, {allowed} more than issued allowed: {reason}");
    post_suspense(&batch, 0, note)?;
    batch.commit()?;
    let id = row.id;
    output.write(&Rotated { id }, || {
        let gone = counters.redeemed + counters.held;
        let most = counters.issued - gone + counters.allowance;
        format!(
            "Keyset {id} is {} now. Up to {} of its tokens are taken before it freezes again.",
            state.as_str(),
            unit.show_signed(most)
        )
    })
}

fn find(batch: &Batch<'_>, id: &str) -> Result<KeysetRow> {
    let keysets = batch.keysets()?;
    let found = keysets.into_iter().find(|row| row.id.to_string() == id);
    found.ok_or_else(|| Error::Operator(format!("there is no keyset {id}; run: keyset list")))
}
