//! The mint's master seed: 32 bytes in a file that only its owner may read, or in the environment.

use std::fmt;
use std::path::Path;

use farthing_service::private;
use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::{Error, Result};

/// The variable that may hold the seed (64 hex digits) instead of the file.
pub const SEED_VARIABLE: &str = "FARTHING_MINT_SEED";

/// The master seed. Wiped when dropped, never shown.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

impl Seed {
    /// A seed of given bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Draws a seed from the system's random source and writes it to `path`, mode 0600.
    ///
    /// # Errors
    /// [`Error::File`] when the file exists or cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        let mut seed = Self([0; 32]);
        getrandom::fill(&mut seed.0)
            .map_err(|e| Error::Operator(format!("no random numbers from the system: {e}")))?;
        private::create_key(path, &seed.0)?;
        Ok(seed)
    }

    /// Reads the seed from the environment, or else from `path`.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be read, [`Error::Operator`] when others may read it or it
    /// is not 64 hex digits.
    pub fn load(path: &Path) -> Result<Self> {
        if let Some(text) = std::env::var_os(SEED_VARIABLE) {
            // What is not UTF-8 is no hex either.
            let text = Zeroizing::new(text.into_string().unwrap_or_default());
            return Self::parse(&text, SEED_VARIABLE);
        }
        Ok(Self(*private::read_key(path, "the seed")?))
    }

    fn parse(text: &str, source: &str) -> Result<Self> {
        let mut seed = Self([0; 32]);
        hex::decode_to_slice(text.trim(), &mut seed.0)
            .map_err(|_| Error::Operator(format!("{source}: the seed is not 64 hex digits")))?;
        Ok(seed)
    }

    /// `N` bytes for the purpose that `info` names: HKDF-SHA512 without salt (RFC 5869). `N` ≤ 64.
    pub(super) fn derive<const N: usize>(&self, info: &[u8]) -> Zeroizing<[u8; N]> {
        let mut bytes = Zeroizing::new([0; N]);
        #[expect(clippy::expect_used, reason = "HKDF-SHA512 gives up to 16,320 bytes")]
        Hkdf::<Sha512>::new(None, &self.0)
            .expand(info, &mut *bytes)
            .expect("a length that HKDF can give");
        bytes
    }
}
