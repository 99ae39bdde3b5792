//! What the mint's unit is on the payment network, and what a payment may cost.

use crate::config::Config;
use crate::error::{Error, Result};

/// Thousandths of a satoshi and the mint's unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    /// How many thousandths of a satoshi one unit is.
    msat: u64,
    fee_ppm: u64,
    fee_min: u64,
}

impl Rates {
    /// # Errors
    /// [`Error::Operator`] for another unit than `sat` and `msat`.
    pub(super) fn new(config: &Config) -> Result<Self> {
        let msat = match config.unit.as_str() {
            "sat" => 1000,
            "msat" => 1,
            unit => {
                return Err(Error::Operator(format!(
                    "lightning_backend: Lightning knows the units sat and msat, and this mint's is {unit}"
                )));
            }
        };
        Ok(Self {
            msat,
            fee_ppm: config.lightning_fee_ppm,
            fee_min: config.lightning_fee_min,
        })
    }

    /// Returns what an amount of the unit is on the network; `None` when that is more than 64 bits.
    pub(super) fn to_msat(self, amount: u64) -> Option<u64> {
        amount.checked_mul(self.msat)
    }

    /// Returns what came in, in the unit, rounded down.
    pub(super) fn received(self, msat: u64) -> u64 {
        msat / self.msat
    }

    /// Returns what goes out, in the unit, rounded up.
    pub(super) fn sent(self, msat: u64) -> u64 {
        msat.div_ceil(self.msat)
    }

    /// The most that a payment of that much of the unit may cost.
    pub(super) fn fee_reserve(self, amount: u64) -> u64 {
        let share = u128::from(amount) * u128::from(self.fee_ppm);
        let share = share.div_ceil(1_000_000);
        u64::try_from(share).unwrap_or(u64::MAX).max(self.fee_min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(unit: &str) -> Rates {
        Rates::new(&Config {
            unit: unit.to_owned(),
            lightning_fee_ppm: 10_000,
            lightning_fee_min: 2,
            ..Config::default()
        })
        .unwrap()
    }

    #[test]
    fn nobody_gains_by_rounding_but_the_mint() {
        let sat = rates("sat");
        assert_eq!(sat.to_msat(3), Some(3000));
        assert_eq!(sat.to_msat(u64::MAX), None);
        assert_eq!((sat.received(3999), sat.sent(3001)), (3, 4));
        let msat = rates("msat");
        assert_eq!(
            (msat.to_msat(3), msat.received(3999), msat.sent(3001)),
            (Some(3), 3999, 3001)
        );
    }

    #[test]
    fn the_fee_reserve_is_a_share_and_a_minimum() {
        let sat = rates("sat");
        assert_eq!(sat.fee_reserve(1), 2);
        assert_eq!(sat.fee_reserve(200), 2);
        assert_eq!(sat.fee_reserve(201), 3);
        assert_eq!(sat.fee_reserve(100_000), 1000);
        assert_eq!(sat.fee_reserve(u64::MAX), u64::MAX / 100 + 1);
    }

    #[test]
    fn a_unit_that_lightning_does_not_know_is_refused() {
        let config = Config::default();
        assert_eq!(config.unit, "credit");
        assert!(
            Rates::new(&config)
                .unwrap_err()
                .to_string()
                .contains("credit")
        );
    }
}
