//! Making keysets.

use farthing_protocol::KeysetId;
use farthing_protocol::cashu::auth;
use farthing_protocol::suite::SuiteId;

use crate::domain::{KeysetKind, KeysetState, KeysetTerms};
use crate::error::{Error, Result};
use crate::keyring::Keyring;
use crate::store::{KeysetRow, Store};

/// What the operator says of a keyset that is to be made.
#[derive(Clone, Debug)]
pub struct NewKeyset {
    /// What it is for. The next three are for money: blind authentication has its own.
    pub kind: KeysetKind,
    /// The unit.
    pub unit: String,
    /// How many amounts: 2^0 to 2^(amounts − 1).
    pub amounts: u8,
    /// The fee for each input in thousandths of the unit.
    pub input_fee_ppk: u64,
    /// The Unix time after which its tokens need not be honoured.
    pub final_expiry: Option<u64>,
    /// The least that its index may be.
    pub index_min: u32,
}

/// Makes the next keyset the active one of its kind, and retires those that were; returns its id.
///
/// # Errors
/// [`Error::Operator`] when the seed is not the store's; [`Error::Store`].
pub fn add_keyset(store: &Store, keyring: &Keyring, new: NewKeyset) -> Result<KeysetId> {
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
        .filter(|row| row.terms.kind() == new.kind && row.state == KeysetState::Active)
    {
        batch.set_keyset_state(row.terms.index, KeysetState::Retired)?;
    }
    // One amount is all that blind authentication needs (NUT-22), and it costs nothing.
    let (suite, unit, amounts, input_fee_ppk) = match new.kind {
        KeysetKind::Money(suite) => (suite, new.unit, new.amounts, new.input_fee_ppk),
        KeysetKind::Auth => (SuiteId::Secp256k1, auth::UNIT.to_owned(), 1, 0),
    };
    let next = keysets.last().map_or(1, |row| row.terms.index + 1);
    let terms = KeysetTerms {
        index: next.max(new.index_min),
        suite,
        unit,
        amounts,
        input_fee_ppk,
        final_expiry: new.final_expiry,
    };
    let (id, _) = keyring.load(&terms)?;
    let state = KeysetState::Active;
    batch.add_keyset(&KeysetRow { id, terms, state })?;
    batch.commit()?;
    Ok(id)
}
