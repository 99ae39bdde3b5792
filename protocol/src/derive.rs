//! Secrets and blinding factors from a wallet's seed, so that a phrase restores a wallet.
//!
//! `HMAC-SHA512(seed, "Farthing_KDF_v1" || keyset id || lane u32 be || counter u64 be || type u8)`.
//! The lane is the device: two devices on one seed use two lanes, and never the same counter twice.
//! Cashu's keysets have [`crate::nut13`] instead.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use zeroize::{Zeroize, Zeroizing};

use crate::suite::Suite;
use crate::{KeysetId, Secret};

const DOMAIN: &[u8] = b"Farthing_KDF_v1";
const DOMAIN_LOCK_KEY: &[u8] = b"Farthing_lock_key_v1";
const DOMAIN_MINT_LOCK_KEY: &[u8] = b"Farthing_mint_lock_key_v1";
const TYPE_SECRET: u8 = 0;
const TYPE_BLINDING: u8 = 1;

/// One place in a wallet's sequence of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The keyset the token is made for.
    pub keyset: KeysetId,
    /// The device.
    pub lane: u32,
    /// The token's number on this lane.
    pub counter: u64,
}

/// The secret (the first 32 bytes, as 64 hex digits) at a position. `seed` is the 64 bytes of BIP-39.
#[must_use]
pub fn secret(seed: &[u8; 64], position: Position) -> Secret {
    let bytes = derive(seed, position, TYPE_SECRET);
    Secret::new(hex::encode(first_half(&bytes)))
}

/// The blinding factor (64 bytes, reduced) at a position. `seed` is the 64 bytes of BIP-39.
///
/// `None` in the impossible case that it would be zero; the caller goes on to the next counter.
#[must_use]
pub fn blinding<S: Suite>(seed: &[u8; 64], position: Position) -> Option<S::Blinding> {
    S::blinding(&derive(seed, position, TYPE_BLINDING))
}

/// The private key, 32 bytes, that tokens of any mint were locked to before each mint had a key of its
/// own ([`mint_lock_key`]), number `index`:
/// `HMAC-SHA512(seed, "Farthing_lock_key_v1" || index u32 be)`, the first 32 bytes.
#[must_use]
pub fn lock_key(seed: &[u8; 64], index: u32) -> Zeroizing<[u8; 32]> {
    first_half(&hmac_sha512(seed, &[DOMAIN_LOCK_KEY, &index.to_be_bytes()]))
}

/// The private key, 32 bytes, that tokens of one mint may be locked to. `of` is the mint's identity key
/// or the id of one of its keysets: `HMAC-SHA512(seed, "Farthing_mint_lock_key_v1" || of)`, the first
/// 32 bytes.
#[must_use]
pub fn mint_lock_key(seed: &[u8; 64], of: &[u8]) -> Zeroizing<[u8; 32]> {
    first_half(&hmac_sha512(seed, &[DOMAIN_MINT_LOCK_KEY, of]))
}

fn first_half(wide: &[u8; 64]) -> Zeroizing<[u8; 32]> {
    let mut half = Zeroizing::new([0; 32]);
    half.copy_from_slice(&wide[..32]);
    half
}

fn derive(seed: &[u8; 64], position: Position, kind: u8) -> Zeroizing<[u8; 64]> {
    hmac_sha512(
        seed,
        &[
            DOMAIN,
            position.keyset.as_bytes(),
            &position.lane.to_be_bytes(),
            &position.counter.to_be_bytes(),
            &[kind],
        ],
    )
}

/// `HMAC-SHA512` of the parts, one after the other.
pub(crate) fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 64]> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    let mut output = mac.finalize().into_bytes();
    let mut bytes = Zeroizing::new([0; 64]);
    bytes.copy_from_slice(&output);
    output.as_mut_slice().zeroize();
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Ristretto255;

    fn position(keyset: u8, lane: u32, counter: u64) -> Position {
        Position {
            keyset: KeysetId::from_bytes(&[keyset; 33]).unwrap(),
            lane,
            counter,
        }
    }

    #[test]
    fn every_part_of_a_position_changes_the_secret_and_the_blinding_factor() {
        let seed = [7; 64];
        let positions = [
            position(0x52, 0, 0),
            position(0x52, 0, 1),
            position(0x52, 1, 0),
            position(0x51, 0, 0),
        ];
        let mut seen = std::collections::HashSet::new();
        for p in positions {
            assert!(seen.insert(secret(&seed, p).expose().to_owned()));
            let r = blinding::<Ristretto255>(&seed, p).unwrap();
            assert!(seen.insert(hex::encode(Ristretto255::encode_blinding(&r).0)));
        }
        assert!(!seen.contains(secret(&[8; 64], positions[0]).expose()));
    }

    #[test]
    fn the_derivation_never_changes() {
        let seed = [7; 64];
        let at = position(0x52, 1, 2);
        let r = blinding::<Ristretto255>(&seed, at).unwrap();
        let r = Ristretto255::encode_blinding(&r);
        assert_eq!(secret(&seed, at).expose(), SNAPSHOT_SECRET);
        assert_eq!(hex::encode(r.0), SNAPSHOT_BLINDING);
        assert_eq!(hex::encode(*lock_key(&seed, 0)), SNAPSHOT_LOCK_KEY);
    }

    // Computed once by an independent implementation (Python's hmac and integers).
    const SNAPSHOT_SECRET: &str =
        "cc7c9464e0d1872ab301c6d28b758cc16778149f1f2ed531c31c975b917b9ae6";
    const SNAPSHOT_BLINDING: &str =
        "c3ae863d3a083268d6a281afbe0fa82be47bbef7aae03287b6d6ac12cff6fa02";
    const SNAPSHOT_LOCK_KEY: &str =
        "45aea70e5c5bbce3aece53ce7d2e11ac20c5270da9251598b07cc1ef72338fbf";
}
