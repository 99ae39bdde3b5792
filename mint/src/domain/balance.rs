//! Whether a transaction balances, and where its value goes.

use std::sync::Arc;

use farthing_protocol::api::PostingKind;
use farthing_protocol::{ErrorCode, Unit, amount, keyset};

use super::keyset::Keyset;
use super::transaction::{
    AccountId, Entry, FEES, PAID_IN, PAYING_OUT, Payment, Purpose, RESERVE, SUSPENSE, Transaction,
};
use crate::error::{Error, Result, refuse};

/// Where a transaction's value goes.
#[derive(Debug, Default)]
pub(super) struct Balance {
    pub(super) entries: Vec<Entry>,
    /// What a redemption credits.
    pub(super) credited: u64,
    /// What is held for a payment: what is put in, less the fee for inputs.
    pub(super) held: u64,
}

/// Σ inputs − fee − Σ outputs = Σ postings. Returns the postings, the fee's among them, and what a
/// redemption credits or a payment holds. A refusal names amounts in `unit`.
pub(super) fn balance(
    transaction: &Transaction,
    input_keysets: &[Arc<Keyset>],
    unit: &Unit,
) -> Result<Balance> {
    let sums = Sums::of(transaction, input_keysets)?;
    let mut balance = Balance::default();
    balance.settle(&transaction.purpose, &sums, unit)?;
    // A payment's fee is kept when it is known what became of the payment.
    if sums.fee > 0 && !matches!(transaction.purpose, Purpose::Melt(_)) {
        balance.post(FEES, signed(sums.fee)?, PostingKind::Redeem, &None);
    }
    Ok(balance)
}

/// What goes in, what it costs, and what comes out.
struct Sums {
    inputs: u64,
    fee: u64,
    outputs: u64,
}

impl Sums {
    fn of(transaction: &Transaction, input_keysets: &[Arc<Keyset>]) -> Result<Self> {
        let ppk = amount::sum(input_keysets.iter().map(|k| k.terms.input_fee_ppk));
        let inputs = amount::sum(transaction.inputs.iter().map(|i| i.amount));
        let outputs = amount::sum(transaction.outputs.iter().map(|o| o.amount));
        Ok(Self {
            inputs: inputs.ok_or_else(unbalanced)?,
            fee: ppk.map(keyset::fee).ok_or_else(unbalanced)?,
            outputs: outputs.ok_or_else(unbalanced)?,
        })
    }

    /// Refuses a transaction that does not balance.
    fn unequal(&self, unit: &Unit, not: &str, amount: u64, what: &str) -> Error {
        let [inputs, fee, amount] = [self.inputs, self.fee, amount].map(|sum| unit.show(sum));
        let detail = format!(
            "the inputs are {inputs} and the fee for them is {fee}: {not} {amount}, {what}"
        );
        Error::request(ErrorCode::Unbalanced, detail)
    }
}

impl Balance {
    /// Works out everything but the fee.
    fn settle(&mut self, purpose: &Purpose, sums: &Sums, unit: &Unit) -> Result<()> {
        let (outputs, rest) = (sums.outputs, sums.inputs.checked_sub(sums.fee));
        match purpose {
            Purpose::Swap => {
                if rest != Some(outputs) {
                    return Err(sums.unequal(unit, "the rest is not", outputs, "the outputs"));
                }
            }
            Purpose::Withdraw(account) => {
                self.post(*account, -signed(outputs)?, PostingKind::Withdraw, &None);
            }
            Purpose::Issue(account, note) => {
                self.post(*account, -signed(outputs)?, PostingKind::Issue, note);
            }
            Purpose::Redeem(account) => {
                self.credited = rest
                    .and_then(|rest| rest.checked_sub(outputs))
                    .ok_or_else(|| sums.unequal(unit, "too little for", outputs, "the outputs"))?;
                self.post(*account, signed(self.credited)?, PostingKind::Redeem, &None);
            }
            Purpose::Mint(quotes) => {
                if amount::sum(quotes.iter().map(|(_, amount)| *amount)) != Some(outputs) {
                    let outputs = unit.show(outputs);
                    let detail = format!("the outputs are {outputs}, which the quotes are not for");
                    return refuse(ErrorCode::Unbalanced, detail);
                }
                self.post(PAID_IN, -signed(outputs)?, PostingKind::Issue, &None);
            }
            // Nothing moves before it is known what became of the payment.
            Purpose::Melt(Payment { due, .. }) => {
                let needed = "which the quote needs";
                self.held = rest
                    .filter(|rest| rest >= due)
                    .ok_or_else(|| sums.unequal(unit, "too little for", *due, needed))?;
            }
            // What is worth nothing is on no account.
            Purpose::IssueAuth | Purpose::SpendAuth => {}
            Purpose::Payout(account, Payment { due, .. }) => {
                self.held = *due;
                let (amount, kind) = (-positive(*due)?, PostingKind::Payout);
                self.give(*account, amount, PAYING_OUT, kind, &None)?;
            }
            Purpose::Credit(account, amount, note) => {
                let (amount, kind) = (positive(*amount)?, PostingKind::Credit);
                self.give(*account, amount, RESERVE, kind, note)?;
            }
            Purpose::Debit(account, amount, note) => {
                let (amount, kind) = (-positive(*amount)?, PostingKind::Debit);
                self.give(*account, amount, RESERVE, kind, note)?;
            }
            Purpose::Settle(account, amount, note) => {
                let kind = match amount {
                    0 => return refuse(ErrorCode::AmountOutOfRange, "the amount is zero"),
                    1.. => PostingKind::Credit,
                    i64::MIN..0 => PostingKind::Debit,
                };
                self.give(*account, *amount, SUSPENSE, kind, note)?;
            }
        }
        Ok(())
    }

    /// Gives an account an amount, which is negative to take it, from another account.
    fn give(
        &mut self,
        account: AccountId,
        amount: i64,
        from: AccountId,
        kind: PostingKind,
        note: &Option<String>,
    ) -> Result<()> {
        self.post(account, amount, kind, note);
        let opposite = amount.checked_neg().ok_or_else(unbalanced)?;
        self.post(from, opposite, kind, note);
        Ok(())
    }

    fn post(&mut self, account: AccountId, amount: i64, kind: PostingKind, note: &Option<String>) {
        self.entries.push(Entry {
            account,
            amount,
            kind,
            note: note.clone(),
        });
    }
}

fn signed(amount: u64) -> Result<i64> {
    i64::try_from(amount).map_err(|_| unbalanced())
}

fn positive(amount: u64) -> Result<i64> {
    match signed(amount)? {
        0 => refuse(ErrorCode::AmountOutOfRange, "the amount is zero"),
        amount => Ok(amount),
    }
}

fn unbalanced() -> Error {
    Error::request(ErrorCode::Unbalanced, "the amounts are too large to add up")
}
