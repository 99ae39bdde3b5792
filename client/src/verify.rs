//! Checking what a mint says of itself and of its keysets.

use farthing_protocol::api::Info;
use farthing_protocol::suite::{Suite, SuiteId};
use farthing_protocol::{Identity, KeysetId, KeysetInfo, PublicKeys, with_suite};

use crate::error::{KeysetError, Violation};

/// The most decimals that a unit is written with.
pub const DECIMALS_MAX: u8 = 8;

/// Checks what a mint says of itself: the decimals of its unit, and its bundle and its identity if it shows them.
/// Whether its keyset has the bundle's amounts is seen where the keyset is known ([`Bundle::is_of`]).
///
/// [`Bundle::is_of`]: farthing_protocol::Bundle::is_of
///
/// # Errors
/// [`Violation::Decimals`], [`Violation::Bundle`], [`Violation::Identity`].
pub fn info(info: &Info) -> Result<(), Violation> {
    if info.decimals > DECIMALS_MAX {
        return Err(Violation::Decimals(info.decimals));
    }
    if let Some(bundle) = &info.bundle {
        bundle.check(info.limits.outputs_max)?;
    }
    if let Some(identity) = &info.identity {
        identity.verify()?;
    }
    Ok(())
}

/// Checks a keyset: its id is that of its keys and terms (NUT-02), its keys are public keys, and they
/// have signed the mint's identity if it has one (`docs/protocol.md`, section 4.5).
///
/// # Errors
/// [`Violation::Keyset`], [`Violation::KeysetNotOwned`].
pub fn keyset(
    info: &KeysetInfo,
    keys: &PublicKeys,
    identity: Option<&Identity>,
) -> Result<(), Violation> {
    keys_of(info, keys).map_err(|error| Violation::Keyset {
        keyset: info.id,
        error,
    })?;
    match identity {
        Some(identity) if !identity.owns(&info.id, keys) => Err(Violation::KeysetNotOwned(info.id)),
        Some(_) | None => Ok(()),
    }
}

/// Checks that `keys` make the keyset's id, and that each is a public key for a power of two.
fn keys_of(info: &KeysetInfo, keys: &PublicKeys) -> Result<(), KeysetError> {
    let suite = SuiteId::of(&info.id).ok_or(KeysetError::Version)?;
    let computed = match info.id.version() {
        KeysetId::VERSION_OLD => KeysetId::derive_v1(keys),
        _ => with_suite!(suite, S => {
            KeysetId::derive::<S>(keys, &info.unit, info.input_fee_ppk, info.final_expiry)
        }),
    };
    if computed != info.id {
        return Err(KeysetError::Id { computed });
    }
    for (amount, key) in keys.iter() {
        let is_point = with_suite!(suite, S => S::decode_point(key).is_ok());
        if !amount.is_power_of_two() || !is_point {
            return Err(KeysetError::Key { amount });
        }
    }
    Ok(())
}
