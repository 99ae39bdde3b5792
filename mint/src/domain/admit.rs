//! Admission: every check of a request that costs no curve operation and no disk.
//!
//! The order of refusals is part of the API (`docs/reference/api.md`): limits, duplicates, keysets and amounts,
//! units, balance. What follows them, signatures and locks and then state, is the engine's.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use farthing_protocol::cashu::auth;
use farthing_protocol::suite::{Suite, SuiteId};
use farthing_protocol::{EncodedPoint, ErrorCode, KeysetId, Unit, with_suite};

use super::balance::{Balance, balance};
use super::directory::Directory;
use super::keyset::{Keyset, KeysetState};
use super::transaction::{Entry, Purpose, Transaction};
use crate::error::{Result, refuse};

/// What one request may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Inputs in one request.
    pub inputs_max: usize,
    /// Outputs in one request.
    pub outputs_max: usize,
    /// A secret's length in bytes.
    pub secret_bytes_max: usize,
    /// A witness's length in bytes.
    pub witness_bytes_max: usize,
}

/// A transaction that is balanced and within the limits, over keysets that may be used for it.
///
/// Only [`admit`] makes one.
#[derive(Debug)]
pub struct Admitted<'t> {
    transaction: &'t Transaction,
    input_keysets: Vec<Arc<Keyset>>,
    output_keysets: Vec<Arc<Keyset>>,
    balance: Balance,
}

impl<'t> Admitted<'t> {
    /// The transaction.
    #[must_use]
    pub fn transaction(&self) -> &'t Transaction {
        self.transaction
    }

    /// Returns what it posts, fee included.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.balance.entries
    }

    /// The keyset of each input.
    #[must_use]
    pub fn input_keysets(&self) -> &[Arc<Keyset>] {
        &self.input_keysets
    }

    /// The keyset of each output.
    #[must_use]
    pub fn output_keysets(&self) -> &[Arc<Keyset>] {
        &self.output_keysets
    }

    /// Returns what a redemption credits.
    #[must_use]
    pub fn credited(&self) -> u64 {
        self.balance.credited
    }

    /// Returns what is held for a payment: what is put in, less the fee for inputs.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.balance.held
    }
}

/// Checks a transaction at Unix time `now`, and works out its postings.
///
/// # Errors
/// [`crate::Error::Request`] with the first rule that it breaks, in the documented order.
pub fn admit<'t>(
    transaction: &'t Transaction,
    directory: &Directory,
    unit: &Unit,
    limits: &Limits,
    now: u64,
) -> Result<Admitted<'t>> {
    check_limits(transaction, limits)?;
    check_duplicates(transaction)?;
    let inputs = transaction.inputs.iter().map(|i| (&i.id, i.amount));
    let input_keysets = find_all(inputs, directory, unit, now, check_input)?;
    // A blank has no amount yet, whatever it says.
    let are_blank = transaction.purpose.shape().has_blanks;
    let amount = |amount| if are_blank { 1 } else { amount };
    let outputs = transaction.outputs.iter();
    let outputs = outputs.map(|o| (&o.id, amount(o.amount)));
    let output_keysets = find_all(outputs, directory, unit, now, check_output)?;
    check_units(transaction, &input_keysets, &output_keysets, unit.name())?;
    let balance = balance(transaction, &input_keysets, unit)?;
    Ok(Admitted {
        transaction,
        input_keysets,
        output_keysets,
        balance,
    })
}

/// Returns what an answered redemption credited, for answering it again: its keysets may have been retired or
/// have expired since, so nothing is checked but that they are there.
///
/// # Errors
/// [`crate::Error::Request`] when a keyset is not there or the amounts do not add up.
pub fn credited(transaction: &Transaction, directory: &Directory, unit: &Unit) -> Result<u64> {
    let inputs = transaction.inputs.iter().map(|i| (&i.id, i.amount));
    let keysets = find_all(inputs, directory, unit, 0, |_| Ok(()))?;
    Ok(balance(transaction, &keysets, unit)?.credited)
}

fn check_limits(transaction: &Transaction, limits: &Limits) -> Result<()> {
    let Transaction {
        inputs,
        outputs,
        purpose,
        auth: _,
    } = transaction;
    let shape = purpose.shape();
    if shape.needs_inputs && inputs.is_empty() {
        return refuse(ErrorCode::Empty, "there are no inputs");
    }
    if shape.needs_outputs && outputs.is_empty() {
        return refuse(ErrorCode::Empty, "there are no outputs");
    }
    if inputs.len() > limits.inputs_max {
        let detail = format!("at most {} inputs in one request", limits.inputs_max);
        return refuse(ErrorCode::InputsMax, detail);
    }
    if outputs.len() > limits.outputs_max {
        let detail = format!("at most {} outputs in one request", limits.outputs_max);
        return refuse(ErrorCode::OutputsMax, detail);
    }
    let longest = inputs.iter().map(|i| i.secret.expose().len()).max();
    if longest.is_some_and(|length| length > limits.secret_bytes_max) {
        let detail = format!("a secret has at most {} bytes", limits.secret_bytes_max);
        return refuse(ErrorCode::SecretTooLong, detail);
    }
    let witnesses = inputs.iter().filter_map(|i| i.witness.as_ref());
    if witnesses
        .map(String::len)
        .any(|length| length > limits.witness_bytes_max)
    {
        let detail = format!("a witness has at most {} bytes", limits.witness_bytes_max);
        return refuse(ErrorCode::Malformed, detail);
    }
    let points = inputs.iter().map(|i| (&i.id, &i.c));
    let points = points.chain(outputs.iter().map(|o| (&o.id, &o.b)));
    { points }.try_for_each(|(id, point)| check_point_length(id, point))
}

/// What is of no suite known here is refused as an unknown keyset later.
fn check_point_length(id: &KeysetId, point: &EncodedPoint) -> Result<()> {
    let Some(suite) = SuiteId::of(id) else {
        return Ok(());
    };
    let expected = with_suite!(suite, S => S::POINT_BYTES);
    if point.as_bytes().len() == expected {
        return Ok(());
    }
    let detail = format!("a point of a {} keyset has {expected} bytes", suite.name());
    refuse(ErrorCode::Malformed, detail)
}

fn check_duplicates(transaction: &Transaction) -> Result<()> {
    let secrets = transaction.inputs.iter().map(|i| i.secret.expose());
    if has_duplicate(secrets, transaction.inputs.len()) {
        return refuse(ErrorCode::DuplicateInputs, "the same input twice");
    }
    let points = transaction.outputs.iter().map(|o| &o.b);
    if has_duplicate(points, transaction.outputs.len()) {
        return refuse(ErrorCode::DuplicateOutputs, "the same output twice");
    }
    Ok(())
}

fn has_duplicate<T: Eq + Hash>(items: impl Iterator<Item = T>, len: usize) -> bool {
    let mut seen = HashSet::with_capacity(len);
    items.into_iter().any(|item| !seen.insert(item))
}

type Check = fn(&Keyset) -> Result<()>;

/// Finds each item's keyset and checks that it may be used, and that it has the amount.
fn find_all<'a>(
    items: impl Iterator<Item = (&'a KeysetId, u64)>,
    directory: &Directory,
    unit: &Unit,
    now: u64,
    check: Check,
) -> Result<Vec<Arc<Keyset>>> {
    let find = |(id, amount): (&KeysetId, u64)| {
        let Some(keyset) = directory.get(id) else {
            let detail = format!("keyset {id} is not one of this mint's");
            return refuse(ErrorCode::KeysetUnknown, detail);
        };
        check(keyset)?;
        if keyset.is_expired(now) {
            let detail = format!("keyset {id} has expired");
            return refuse(ErrorCode::KeysetExpired, detail);
        }
        if !keyset.has_amount(amount) {
            let shown = match keyset.terms.unit == unit.name() {
                true => unit.show(amount),
                false => amount.to_string(),
            };
            let detail = format!("keyset {id} has no key for the amount {shown}");
            return refuse(ErrorCode::AmountOutOfRange, detail);
        }
        Ok(Arc::clone(keyset))
    };
    items.map(find).collect()
}

fn check_input(keyset: &Keyset) -> Result<()> {
    match keyset.state {
        KeysetState::Active | KeysetState::Retired => Ok(()),
        KeysetState::Frozen => refuse(
            ErrorCode::KeysetInactive,
            format!("keyset {} is frozen: ask the mint's operator", keyset.id),
        ),
        KeysetState::Quarantined => refuse(
            ErrorCode::KeysetInactive,
            format!(
                "keyset {} is in quarantine after a restore: its tokens keep their worth; try again \
                 later, or ask the mint's operator",
                keyset.id
            ),
        ),
    }
}

fn check_output(keyset: &Keyset) -> Result<()> {
    match keyset.state {
        KeysetState::Active => Ok(()),
        KeysetState::Retired | KeysetState::Frozen | KeysetState::Quarantined => refuse(
            ErrorCode::KeysetInactive,
            format!("keyset {} signs no more: use an active one", keyset.id),
        ),
    }
}

fn check_units(
    transaction: &Transaction,
    inputs: &[Arc<Keyset>],
    outputs: &[Arc<Keyset>],
    unit: &str,
) -> Result<()> {
    let several = |side: &[Arc<Keyset>]| {
        let units = side.iter().map(|k| &k.terms.unit);
        units.clone().zip(units.skip(1)).any(|(a, b)| a != b)
    };
    if several(inputs) || several(outputs) {
        let detail = "inputs or outputs of several units";
        return refuse(ErrorCode::MultipleUnits, detail);
    }
    let input = inputs.first().map(|k| k.terms.unit.as_str());
    let output = outputs.first().map(|k| k.terms.unit.as_str());
    if let (Some(input), Some(output)) = (input, output)
        && input != output
    {
        let detail = format!("inputs in {input}, outputs in {output}");
        return refuse(ErrorCode::UnitMismatch, detail);
    }
    let token = input.or(output);
    // Blind authentication is for nothing but itself: it is not swapped, redeemed or paid with, and no
    // money is made where it is made.
    let is_auth = token == Some(auth::UNIT);
    if token.is_some() && is_auth != (transaction.purpose == Purpose::IssueAuth) {
        let detail = format!(
            "authentication tokens (unit {}) and money cannot be mixed",
            auth::UNIT
        );
        return refuse(ErrorCode::UnitUnsupported, detail);
    }
    let is_swap = matches!(transaction.purpose, Purpose::Swap | Purpose::IssueAuth);
    if !is_swap && token.is_some_and(|token| token != unit) {
        let detail = format!("accounts and payments of this mint are in {unit}");
        return refuse(ErrorCode::UnitUnsupported, detail);
    }
    Ok(())
}
