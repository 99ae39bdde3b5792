//! Randomness that is given, so that tests and simulators can give the same again.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, UsageError};

/// A source of random numbers, made of a seed of 32 bytes: SHA-256 over the seed and a counter.
pub struct Random {
    seed: Zeroizing<[u8; 32]>,
    drawn: u64,
}

impl Random {
    /// Makes a source that gives the same numbers for the same seed.
    #[must_use]
    pub fn of_seed(seed: [u8; 32]) -> Self {
        Self {
            seed: Zeroizing::new(seed),
            drawn: 0,
        }
    }

    /// Makes a source of the system's randomness.
    ///
    /// # Errors
    /// [`UsageError::Randomness`] when the system gives none.
    pub fn of_system() -> Result<Self, Error> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|_| UsageError::Randomness)?;
        Ok(Self { seed, drawn: 0 })
    }

    /// Draws a number below `n`, each as probable as any other to 2^-32 for spans of less than a century in
    /// seconds. `n` is not 0.
    pub fn below(&mut self, n: u64) -> u64 {
        self.drawn += 1;
        let hash = Sha256::new()
            .chain_update(*self.seed)
            .chain_update(self.drawn.to_be_bytes())
            .finalize();
        let (first, _) = hash.split_at(8);
        let first = u64::from_be_bytes(first.try_into().expect("8 bytes of the 32 of a hash"));
        let scaled = (u128::from(first) * u128::from(n)) >> 64;
        u64::try_from(scaled).expect("below n, which is a u64")
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Random").finish_non_exhaustive()
    }
}
