//! What all stages see: settings, keys, the store, and the keysets at this moment.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use farthing_protocol::api::{ProofState, Restored, State};
use farthing_protocol::cashu::QuoteId;
use farthing_protocol::conditions::Witness;
use farthing_protocol::{BlindSignature, BlindedMessage, EncodedPoint, Unit};

use super::events::Events;
use super::journal::Gate;
use super::verify::sign_again;
use crate::domain::{Directory, Keyset, Limits};
use crate::error::{Error, Result};
use crate::keyring::Keyring;
use crate::store::{KeysetRow, Readers, Store, View};

/// The operator's settings for the engine.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// The mint's unit, in which refusals name amounts.
    pub unit: Unit,
    /// What one request may hold.
    pub limits: Limits,
    /// How many days a request may be sent again.
    pub replay_days: u32,
    /// Requests that may wait for a CPU; more are refused.
    pub queue_max: usize,
    /// How long a request may wait for a CPU; after that it is refused.
    pub queue_timeout: Duration,
}

/// What all stages see.
pub(super) struct Shared {
    pub(super) settings: EngineSettings,
    pub(super) keyring: Keyring,
    pub(super) store: Store,
    /// For looks of a few rows, from any thread.
    pub(super) readers: Readers,
    directory: RwLock<Arc<Directory>>,
    pub(super) gate: Gate,
    pub(super) events: Events,
}

impl Shared {
    /// Returns what all stages see, with the keysets that the store has.
    pub(super) fn new(
        settings: EngineSettings,
        store: Store,
        keyring: Keyring,
        gate: Gate,
    ) -> Result<Self> {
        let shared = Self {
            settings,
            keyring,
            directory: RwLock::default(),
            readers: Readers::new(store.clone()),
            store,
            gate,
            events: Events::default(),
        };
        shared.reload()?;
        Ok(shared)
    }

    /// Returns the keysets as they were last read.
    pub(super) fn directory(&self) -> Arc<Directory> {
        match self.directory.read() {
            Ok(directory) => Arc::clone(&directory),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    /// The directory, read again if an operator's command changed it.
    pub(super) fn fresh_directory(&self, view: &View) -> Result<Arc<Directory>> {
        let directory = self.directory();
        if view.revision()? == directory.revision {
            return Ok(directory);
        }
        self.reload()?;
        Ok(self.directory())
    }

    /// Reads the keysets and derives their keys.
    pub(super) fn reload(&self) -> Result<()> {
        self.readers.read(|view| self.reload_from(view))
    }

    fn reload_from(&self, view: &View) -> Result<()> {
        let revision = view.revision()?;
        let known = self.directory();
        let load = |row: KeysetRow| {
            let KeysetRow { id, terms, state } = row;
            let keys = match known.get(&id) {
                Some(keyset) => keyset.keys.clone(),
                None => {
                    let (derived, keys) = self.keyring.load(&terms)?;
                    if derived != id {
                        return Err(Error::Operator(format!(
                            "keyset {id} was not made with this seed: seed and database are not of \
                             the same mint"
                        )));
                    }
                    keys
                }
            };
            Ok(Arc::new(Keyset {
                id,
                terms,
                state,
                keys,
            }))
        };
        let keysets = view
            .keysets()?
            .into_iter()
            .map(load)
            .collect::<Result<_>>()?;
        let directory = Arc::new(Directory::new(keysets, revision));
        match self.directory.write() {
            Ok(mut place) => *place = directory,
            Err(poisoned) => *poisoned.into_inner() = directory,
        }
        Ok(())
    }

    /// Returns the state of the token with this `Y` (NUT-07).
    pub(super) fn state(&self, view: &View, y: &EncodedPoint) -> Result<ProofState> {
        let mark = self.keyring.spent_mark(y.as_bytes());
        let spent = view.spent(&mark)?;
        let preimage = spent.as_ref().and_then(|row| row.preimage);
        let witness = preimage.map(|preimage| Witness {
            preimage: Some(hex::encode(preimage)),
            signatures: Vec::new(),
        });
        let state = match spent {
            Some(_) => State::Spent,
            None if view.is_held(&mark)? => State::Pending,
            None => State::Unspent,
        };
        Ok(ProofState {
            y: *y,
            state,
            witness: witness.map(|w| w.to_json()),
        })
    }

    /// Signs again those of the outputs that were signed before (NUT-09).
    pub(super) fn restore(&self, view: &View, outputs: Vec<BlindedMessage>) -> Result<Restored> {
        let mut restored = Restored {
            outputs: Vec::new(),
            signatures: Vec::new(),
        };
        let directory = self.fresh_directory(view)?;
        for mut output in outputs {
            let mark = self.keyring.signed_mark(output.b.as_bytes());
            let Some((keyset, amount)) = view.signed(&mark)? else {
                continue;
            };
            // Signed again with the very key it was signed with, or not at all: with another keyset's
            // key it would be a new token.
            let named = directory.get(&output.id);
            if named.is_none_or(|named| named.terms.index != keyset) {
                continue;
            }
            output.amount = amount;
            restored.outputs.push(output);
        }
        self.gate.pass()?;
        restored.signatures = sign_again(&restored.outputs, &self.keyring)?;
        Ok(restored)
    }

    /// Signs again what a melt quote's payment left over (NUT-08).
    pub(super) fn change(&self, view: &View, quote: &QuoteId) -> Result<Vec<BlindSignature>> {
        let directory = self.fresh_directory(view)?;
        let mut outputs = Vec::new();
        for blank in view
            .blanks(quote)?
            .into_iter()
            .filter(|blank| blank.amount > 0)
        {
            let mut all = directory.iter();
            let keyset = all.find(|keyset| keyset.terms.index == blank.keyset);
            let keyset = keyset.ok_or(Error::Invariant("a blank output of no keyset"))?;
            outputs.push(BlindedMessage {
                amount: blank.amount,
                id: keyset.id,
                b: blank.b,
            });
        }
        self.gate.pass()?;
        sign_again(&outputs, &self.keyring)
    }
}
