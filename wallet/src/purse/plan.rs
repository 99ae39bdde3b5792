//! Which outputs an amount becomes: to stay in the wallet, or to be sent.

use farthing_protocol::{Bundle, amount};

use super::coins::Stock;
use crate::error::UsageError;
use crate::records::{Keyset, OutputRequest, PlannedOutput, Purpose};

/// Outputs for `amount`, to stay in the wallet beside what is in `stock` ([`crate::purse::coins`]).
///
/// # Errors
/// [`UsageError::AmountUnpayable`].
pub(crate) fn plan_change(
    keyset: &Keyset,
    amount: u64,
    stock: &mut Stock,
    room: usize,
) -> Result<Vec<OutputRequest>, UsageError> {
    let parts = stock.refill(keyset, amount, room);
    let parts = parts.ok_or(UsageError::AmountUnpayable { amount })?;
    Ok(kept(keyset, parts))
}

/// The outputs of a bundle, to stay in the wallet.
///
/// # Errors
/// [`UsageError::AmountUnpayable`] when the keyset lacks one of its amounts.
pub(crate) fn plan_bundle(
    keyset: &Keyset,
    bundle: &Bundle,
) -> Result<Vec<OutputRequest>, UsageError> {
    let amount = bundle.total();
    match bundle.is_of(&keyset.keys.amounts()) {
        true => Ok(kept(keyset, bundle.amounts())),
        false => Err(UsageError::AmountUnpayable { amount }),
    }
}

/// Outputs of these amounts, to stay in the wallet.
fn kept(keyset: &Keyset, amounts: impl IntoIterator<Item = u64>) -> Vec<OutputRequest> {
    let request = |amount| OutputRequest {
        keyset: keyset.info.id,
        amount,
        purpose: Purpose::Keep,
        lock: None,
    };
    amounts.into_iter().map(request).collect()
}

/// Splits `amount` into the fewest outputs of a keyset's denominations, to be sent.
///
/// # Errors
/// [`UsageError::AmountUnpayable`].
pub(crate) fn plan_send(
    keyset: &Keyset,
    amount: u64,
    lock: Option<&String>,
) -> Result<Vec<OutputRequest>, UsageError> {
    let parts = amount::split(amount, &keyset.keys.amounts());
    let parts = parts.ok_or(UsageError::AmountUnpayable { amount })?;
    let request = |amount| OutputRequest {
        keyset: keyset.info.id,
        amount,
        purpose: Purpose::Send,
        lock: lock.cloned(),
    };
    Ok(parts.into_iter().map(request).collect())
}

/// Returns what the requests of an operation add up to for one purpose.
pub(crate) fn planned_sum(outputs: &[PlannedOutput], purpose: Purpose) -> u64 {
    let of = outputs.iter().filter(|o| o.purpose == purpose);
    amount::sum(of.map(|o| o.amount)).expect("outputs are planned for an amount below 2^64")
}

/// Checks whether an amount is more than nothing.
///
/// # Errors
/// [`UsageError::AmountZero`].
pub(crate) fn positive(amount: u64) -> Result<(), UsageError> {
    (amount > 0).then_some(()).ok_or(UsageError::AmountZero)
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_protocol::{KeysetId, KeysetInfo, PublicKeys};

    fn keyset(amounts: &[u64]) -> Keyset {
        let keys = amounts.iter().map(|amount| (*amount, [1; 32].into()));
        Keyset {
            mint: String::new(),
            info: KeysetInfo {
                id: KeysetId::from_bytes(&[0x52; 33]).unwrap(),
                unit: String::new(),
                active: true,
                input_fee_ppk: 0,
                final_expiry: None,
            },
            keys: PublicKeys::from_iter(keys),
        }
    }

    #[test]
    fn amounts_become_outputs_and_nothing_becomes_none() {
        let amounts = |keyset: &Keyset, amount| {
            let requests = plan_send(keyset, amount, None)?;
            Ok(requests
                .iter()
                .map(|request| request.amount)
                .collect::<Vec<_>>())
        };
        let unpayable = |amount| Err(UsageError::AmountUnpayable { amount });
        assert_eq!(amounts(&keyset(&[1, 2, 4]), 11), Ok(vec![1, 2, 4, 4]));
        assert_eq!(amounts(&keyset(&[2]), 3), unpayable(3));
        assert_eq!(amounts(&keyset(&[1]), 10_001), unpayable(10_001));
        assert_eq!(amounts(&keyset(&[]), 1), unpayable(1));
        assert_eq!(amounts(&keyset(&[]), 0), Ok(vec![]));
    }
}
