//! The keys of a store that a passphrase protects, and what is done with them.
//!
//! A random **file key** seals each value and hides each name. It is kept beside them, wrapped by a key
//! that Argon2id makes of the passphrase. Argon2id's cost is RFC 9106's second recommended choice
//! (section 4: 64 MiB, 3 passes, 4 lanes); the cipher is XChaCha20-Poly1305, whose nonces are long
//! enough to be random.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use farthing_protocol::Secret;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{StoreError, UsageError};
use crate::store::{Table, Value};

const VERSION: u32 = 1;
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// A file that somebody has tampered with must not take all of a machine's memory or time.
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 64;
const LANES_MAX: u32 = 64;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;
/// The record's place among the store's records; it alone stays readable.
pub const SEAL_KEY: &str = "seal";

/// What opens a protected wallet. Wiped when dropped; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Passphrase(Secret);

impl Passphrase {
    /// Takes a passphrase as it was typed; it is not changed in any way.
    ///
    /// # Errors
    /// [`UsageError::PassphraseEmpty`].
    pub fn new(text: &str) -> Result<Self, UsageError> {
        match text.is_empty() {
            true => Err(UsageError::PassphraseEmpty),
            false => Ok(Self(Secret::new(text.to_owned()))),
        }
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// The wrapped file key, and what it takes besides the passphrase to unwrap it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Seal {
    version: u32,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    nonce: String,
    wrapped: String,
}

/// The file key: one half seals values, the other hides names.
pub(crate) struct FileKey {
    cipher: XChaCha20Poly1305,
    names: Zeroizing<[u8; KEY_BYTES]>,
}

impl FileKey {
    /// Makes a new file key, and wraps it.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the system gives no random numbers or too little memory.
    pub(crate) fn generate(passphrase: &Passphrase) -> Result<(Self, Seal), StoreError> {
        let both = Zeroizing::new(random::<{ 2 * KEY_BYTES }>()?);
        let (salt, nonce) = (random::<SALT_BYTES>()?, random::<NONCE_BYTES>()?);
        let mut seal = Seal {
            version: VERSION,
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: hex::encode(salt),
            nonce: hex::encode(nonce),
            wrapped: String::new(),
        };
        let payload = Payload {
            msg: both.as_slice(),
            aad: &seal.terms(),
        };
        let wrapped = seal
            .cipher(passphrase)?
            .encrypt(&XNonce::from(nonce), payload);
        seal.wrapped = hex::encode(wrapped.map_err(|_| failed("a key could not be sealed"))?);
        Ok((Self::of(&both), seal))
    }

    /// Unwraps a file key.
    ///
    /// # Errors
    /// [`StoreError::Passphrase`] for another passphrase than it was wrapped with, or a record that
    /// was tampered with: the two cannot be told apart.
    pub(crate) fn unwrap(seal: &Seal, passphrase: &Passphrase) -> Result<Self, StoreError> {
        let damaged = || damaged(Table::Meta, SEAL_KEY);
        if seal.version != VERSION {
            let text = format!("its seal is version {}, known is {VERSION}", seal.version);
            return Err(StoreError::Version(text));
        }
        let mut nonce = [0; NONCE_BYTES];
        hex::decode_to_slice(&seal.nonce, &mut nonce).map_err(|_| damaged())?;
        let wrapped = hex::decode(&seal.wrapped).map_err(|_| damaged())?;
        let payload = Payload {
            msg: &wrapped,
            aad: &seal.terms(),
        };
        let both = seal
            .cipher(passphrase)?
            .decrypt(&XNonce::from(nonce), payload);
        let both = Zeroizing::new(both.map_err(|_| StoreError::Passphrase)?);
        let both = <&[u8; 2 * KEY_BYTES]>::try_from(both.as_slice()).map_err(|_| damaged())?;
        Ok(Self::of(both))
    }

    fn of(both: &[u8; 2 * KEY_BYTES]) -> Self {
        let (values, names) = both.split_at(KEY_BYTES);
        let mut hide = Zeroizing::new([0; KEY_BYTES]);
        hide.copy_from_slice(names);
        let mut seal = Zeroizing::new([0; KEY_BYTES]);
        seal.copy_from_slice(values);
        Self {
            cipher: XChaCha20Poly1305::new((&*seal).into()),
            names: hide,
        }
    }

    /// The name that a record is stored under: it tells nothing of the record's own.
    pub(crate) fn name(&self, table: Table, key: &str) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(&*self.names).expect("HMAC takes any key");
        let mac = mac.chain_update(table.name()).chain_update([0]);
        hex::encode(mac.chain_update(key).finalize().into_bytes())
    }

    /// Seals a record's own name and its value, for its table and the name it is stored under.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub(crate) fn seal(&self, table: Table, key: &str, value: &[u8]) -> Result<Value, StoreError> {
        let length = u32::try_from(key.len()).map_err(|_| failed("a name is too long"))?;
        let mut plain = Zeroizing::new(Vec::with_capacity(4 + key.len() + value.len()));
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(key.as_bytes());
        plain.extend_from_slice(value);
        let nonce = random::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: &plain,
            aad: &place(table, &self.name(table, key)),
        };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| failed("a record could not be sealed"))?;
        Ok(Zeroizing::new([&nonce, sealed.as_slice()].concat()))
    }

    /// Opens a record that is stored under `name`; gives its own name and its value.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for one that this key did not seal for this place.
    pub(crate) fn open(
        &self,
        table: Table,
        name: &str,
        sealed: &[u8],
    ) -> Result<(String, Value), StoreError> {
        let damaged = || damaged(table, name);
        let (nonce, sealed) = sealed.split_first_chunk().ok_or_else(damaged)?;
        let payload = Payload {
            msg: sealed,
            aad: &place(table, name),
        };
        let plain = self.cipher.decrypt(&XNonce::from(*nonce), payload);
        let plain = Zeroizing::new(plain.map_err(|_| damaged())?);
        let (length, rest) = plain.split_first_chunk().ok_or_else(damaged)?;
        let length = u32::from_be_bytes(*length) as usize;
        let (key, value) = rest.split_at_checked(length).ok_or_else(damaged)?;
        let key = std::str::from_utf8(key).map_err(|_| damaged())?;
        Ok((key.to_owned(), Zeroizing::new(value.to_vec())))
    }
}

impl Seal {
    /// Returns what the wrapped key is bound to.
    fn terms(&self) -> Vec<u8> {
        let (memory, passes, lanes) = (self.memory_kib, self.passes, self.lanes);
        format!(
            "Farthing seal v{}|argon2id|{memory}|{passes}|{lanes}",
            self.version
        )
        .into_bytes()
    }

    /// The cipher that wraps the file key: Argon2id of the passphrase is its key.
    fn cipher(&self, passphrase: &Passphrase) -> Result<XChaCha20Poly1305, StoreError> {
        let damaged = || damaged(Table::Meta, SEAL_KEY);
        let modest = self.memory_kib <= MEMORY_KIB_MAX
            && self.passes <= PASSES_MAX
            && self.lanes <= LANES_MAX;
        if !modest {
            return Err(damaged());
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY_BYTES));
        let argon = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            params.map_err(|_| damaged())?,
        );
        let salt = hex::decode(&self.salt).map_err(|_| damaged())?;
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let made = argon.hash_password_into(passphrase.0.expose().as_bytes(), &salt, &mut *key);
        made.map_err(|_| damaged())?;
        Ok(XChaCha20Poly1305::new((&*key).into()))
    }
}

/// Returns what a sealed record is bound to: it is no good in another place.
fn place(table: Table, name: &str) -> Vec<u8> {
    format!("Farthing record v1|{}|{name}", table.name()).into_bytes()
}

fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| failed("the system gave no random numbers"))?;
    Ok(bytes)
}

fn failed(what: &str) -> StoreError {
    StoreError::Failed(what.to_owned())
}

fn damaged(table: Table, key: &str) -> StoreError {
    StoreError::Damaged {
        table: table.name(),
        key: key.to_owned(),
    }
}
