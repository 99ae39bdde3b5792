//! Random choices that can be made again: everything drawn follows from one printed number.

use crate::Result;

/// The variable that gives the number of an earlier run.
pub const SEED_VARIABLE: &str = "FARTHING_TEST_SEED";

/// Draws numbers (splitmix64). Good enough to choose moments and faults, and for nothing secret.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice for one test, from [`SEED_VARIABLE`] or from the system. Prints how to throw them again.
    ///
    /// # Errors
    /// When the variable is not a number, or the system gives no random numbers.
    pub fn for_test(name: &str) -> Result<Self> {
        let seed = match std::env::var(SEED_VARIABLE) {
            Ok(text) => text.parse()?,
            Err(_) => getrandom::u64()?,
        };
        println!("{name}: {SEED_VARIABLE}={seed}");
        Ok(Self(seed))
    }

    /// A number below `end`; 0 when that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).checked_rem(end).unwrap_or(0)
    }

    /// Returns whether one chance in `n` came up.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of several, each as likely as the others; `None` when there are none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let place = usize::try_from(self.below(from.len() as u64)).ok()?;
        from.get(place)
    }

    /// Dice of their own, for a task that runs beside others.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self(self.below(u64::MAX))
    }
}
