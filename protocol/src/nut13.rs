//! Secrets and blinding factors of Cashu wallets from their seed, so that any of them restores what
//! another has made (NUT-13). For secp256k1 keysets; the native ones have [`mod@crate::derive`].

use hmac::{Hmac, KeyInit, Mac};
use secp256k1::{PublicKey, Scalar, SecretKey};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::derive::hmac_sha512;
use crate::suite::secp256k1::Blinding;
use crate::{KeysetId, Secret};

/// NUT-13, "HMAC-SHA256 Derivation".
const DOMAIN: &[u8] = b"Cashu_KDF_HMAC_SHA256";
/// BIP-32's bit for hardened derivation.
const HARDENED: u32 = 1 << 31;
/// NUT-13's purpose in BIP-32 paths.
const PURPOSE: u32 = 129_372;
const TYPE_SECRET: u8 = 0;
const TYPE_BLINDING: u8 = 1;

/// The secret number `counter` of a keyset, as 64 hex digits. `seed` is the 64 bytes of BIP-39.
///
/// `None` when the keyset's id is not a whole one of version `00` or `01`, when the counter is 2^31 or
/// more on version `00`, and in cases as improbable as a hash of zero: the caller goes on to the next.
#[must_use]
pub fn secret(seed: &[u8; 64], keyset: KeysetId, counter: u64) -> Option<Secret> {
    let bytes = derive(seed, keyset, counter, TYPE_SECRET)?;
    Some(Secret::new(hex::encode(*bytes)))
}

/// The blinding factor number `counter` of a keyset; `None` as for [`secret`].
#[must_use]
pub fn blinding(seed: &[u8; 64], keyset: KeysetId, counter: u64) -> Option<Blinding> {
    Blinding::of_digest(&*derive(seed, keyset, counter, TYPE_BLINDING)?)
}

/// NUT-13, "Versioned Secret Derivation".
fn derive(
    seed: &[u8; 64],
    keyset: KeysetId,
    counter: u64,
    kind: u8,
) -> Option<Zeroizing<[u8; 32]>> {
    match keyset.as_bytes() {
        id @ [0x01, ..] if id.len() == 33 => Some(hmac_derivation(seed, id, counter, kind)),
        id @ [0x00, ..] => bip32_derivation(seed, id.try_into().ok()?, counter, kind),
        _ => None,
    }
}

/// NUT-13, "HMAC-SHA256 Derivation":
/// `HMAC-SHA256(seed, "Cashu_KDF_HMAC_SHA256" || keyset id || counter u64 be || type u8)`.
fn hmac_derivation(seed: &[u8; 64], id: &[u8], counter: u64, kind: u8) -> Zeroizing<[u8; 32]> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mac = Hmac::<Sha256>::new_from_slice(seed).expect("HMAC takes keys of any length");
    let mac = mac.chain_update(DOMAIN).chain_update(id);
    let mac = mac.chain_update(counter.to_be_bytes()).chain_update([kind]);
    let mut output = mac.finalize().into_bytes();
    let mut bytes = Zeroizing::new([0; 32]);
    bytes.copy_from_slice(&output);
    output.as_mut_slice().zeroize();
    bytes
}

/// NUT-13, "Legacy Derivation": the private key at `m/129372'/0'/{keyset}'/{counter}'/{type}`.
fn bip32_derivation(
    seed: &[u8; 64],
    id: [u8; 8],
    counter: u64,
    kind: u8,
) -> Option<Zeroizing<[u8; 32]>> {
    let keyset = u64::from_be_bytes(id) % u64::from(HARDENED - 1);
    let keyset = u32::try_from(keyset).ok()?;
    let counter = u32::try_from(counter).ok().filter(|n| *n < HARDENED)?;
    let hardened = [PURPOSE, 0, keyset, counter].map(|index| index | HARDENED);
    let mut node = Node::master(seed);
    for index in hardened.into_iter().chain([u32::from(kind)]) {
        node = node.child(index)?;
    }
    Some(node.key)
}

/// A private key of BIP-32 with its chain code; wiped when dropped.
struct Node {
    key: Zeroizing<[u8; 32]>,
    chain: Zeroizing<[u8; 32]>,
}

impl Node {
    /// BIP-32, "Master key generation".
    fn master(seed: &[u8; 64]) -> Self {
        Self::split(&hmac_sha512(b"Bitcoin seed", &[seed]))
    }

    fn split(wide: &[u8; 64]) -> Self {
        let (mut key, mut chain) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        key.copy_from_slice(&wide[..32]);
        chain.copy_from_slice(&wide[32..]);
        Self { key, chain }
    }

    /// BIP-32, "Private parent key → private child key"; `None` when there is no such child.
    fn child(&self, index: u32) -> Option<Self> {
        let mut parent = SecretKey::from_secret_bytes(*self.key).ok()?;
        let public = PublicKey::from_secret_key(&parent).serialize();
        let from: [&[u8]; 2] = if index < HARDENED {
            [&public, &[]]
        } else {
            [&[0], &*self.key]
        };
        let [first, second] = from;
        let parts = [first, second, &index.to_be_bytes()];
        let mut node = Self::split(&hmac_sha512(&*self.chain, &parts));
        // The child's key is the left half plus the parent's.
        let mut tweak = Scalar::from_be_bytes(*node.key).ok()?;
        let sum = parent.add_tweak(&tweak);
        tweak.non_secure_erase();
        parent.non_secure_erase();
        let mut sum = sum.ok()?;
        node.key.copy_from_slice(sum.as_secret_bytes());
        sum.non_secure_erase();
        Some(node)
    }
}
