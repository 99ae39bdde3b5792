//! The wallet's records as JSON for the interface: each amount as a number, and as a text to show.

use farthing_protocol::Token;
use farthing_protocol::api::Account;
use farthing_wallet::pay::budget::Spent;
use farthing_wallet::records::{Budget, Entry, Mint, Operation, Outcome, Sent, SentState};
use farthing_wallet::transfer::{Exported, Imported, Kept, MovedMint};
use farthing_wallet::{
    Balance, Batched, Finished, Payment, Recovered, Tended, Transfer, Unit, printable,
};
use serde_json::{Value, json};

use crate::failure::Failure;

/// The mints of the wallet, for their names and units.
pub(crate) struct Mints(pub(crate) Vec<Mint>);

impl Mints {
    fn at(&self, url: &str) -> Option<&Mint> {
        self.0.iter().find(|mint| mint.url == url)
    }

    /// The unit of a mint, by a record that names it; of a mint that is no longer there it has no decimals.
    pub(crate) fn unit(&self, url: &str, name: &str) -> Unit {
        let mint = self.at(url);
        mint.map_or_else(|| Unit::new(name, 0), Mint::shown_in)
    }

    /// A unit by its name alone.
    pub(crate) fn unit_named(&self, name: &str) -> Unit {
        let mint = self.0.iter().find(|mint| mint.unit == name);
        mint.map_or_else(|| Unit::new(name, 0), Mint::shown_in)
    }
}

/// `{"url", "name", "unit", "decimals", "account"}`.
pub(crate) fn mint(mint: &Mint) -> Value {
    json!({
        "url": mint.url,
        "name": mint.name,
        "unit": mint.shown_in().name(),
        "decimals": mint.decimals,
        "account": mint.api_token.is_some(),
        // Until a wallet made from an old phrase has searched it, nothing can be moved there.
        "restored": mint.lane.is_some(),
    })
}

/// `{"mint", "name", "unit", "available", "shown", "pending", "pendingShown", "expired", "expiredShown",
/// "account"}`.
pub(crate) fn balance(balance: &Balance, mints: &Mints) -> Value {
    let unit = mints.unit(&balance.mint, &balance.unit);
    let mint = mints.at(&balance.mint);
    json!({
        "mint": balance.mint,
        "name": mint.map(|mint| &mint.name),
        "unit": unit.name(),
        "available": balance.available,
        "shown": unit.show(balance.available),
        "pending": balance.pending,
        "pendingShown": unit.show(balance.pending),
        "expired": balance.expired,
        "expiredShown": unit.show(balance.expired),
        "account": mint.is_some_and(|mint| mint.api_token.is_some()),
    })
}

/// `{"mint", "name", "unit", "balance", "shown"}`.
pub(crate) fn account(account: &Account, mint: &Mint) -> Value {
    let unit = mint.shown_in();
    json!({
        "mint": mint.url,
        "name": printable(&account.name),
        "unit": unit.name(),
        "balance": account.balance,
        "shown": unit.show(account.balance),
    })
}

/// `{"amount", "shown", "fee", "feeShown", "mint", "dust", "dustShown", "failures": [Failure]}`: the sums of
/// what was done, what was left because the fee would be as much, and why the rest was not done.
pub(crate) fn done(done: &Batched, mint: &Mint) -> Value {
    let unit = mint.shown_in();
    let sum = |of: fn(&Entry) -> u64| {
        let entries = done.finished.iter().map(|finished| of(&finished.entry));
        entries.fold(0, u64::saturating_add)
    };
    let (amount, fee) = (sum(|entry| entry.amount), sum(|entry| entry.fee));
    json!({
        "amount": amount,
        "shown": unit.show(amount),
        "fee": fee,
        "feeShown": unit.show(fee),
        "mint": mint.url,
        "dust": done.dust,
        "dustShown": unit.show(done.dust),
        "failures": done.failures.iter().map(|e| Failure::from(e).json()).collect::<Vec<_>>(),
    })
}

/// As [`done`], of one operation.
pub(crate) fn finished(finished: Finished, mint: &Mint) -> Value {
    let done = Batched {
        finished: vec![finished],
        ..Batched::default()
    };
    self::done(&done, mint)
}

/// The word for what upkeep did.
pub(crate) fn tended(tended: &Tended) -> &'static str {
    match tended {
        Tended::Nothing { .. } => "nothing",
        Tended::Learned { .. } => "learned",
        Tended::Swapped(_) => "swapped",
        Tended::Withdrew { .. } => "withdrew",
    }
}

/// `{"id", "kind", "mint", "amount", "shown", "error": null | Failure}`.
pub(crate) fn recovered(recovered: &Recovered, mints: &Mints) -> Value {
    let unit = mints.unit(&recovered.mint, "");
    let error = recovered.result.as_ref().err();
    json!({
        "id": recovered.id,
        "kind": recovered.kind,
        "mint": recovered.mint,
        "amount": recovered.amount,
        "shown": unit.show(recovered.amount),
        "error": error.map(|error| Failure::from(error).json()),
    })
}

/// `{"mint", "mintKnown", "mintName", "amount", "shown", "unit", "memo"}` of a token that somebody gave;
/// `decimals` are those that everybody writes its unit with.
pub(crate) fn token(
    token: &Token,
    amount: u64,
    known: Option<&Mint>,
    decimals: Option<u8>,
) -> Value {
    let usual = || Some(Unit::new(&token.unit, decimals?));
    let unit = known.map(Mint::shown_in).or_else(usual);
    json!({
        "mint": printable(&token.mint),
        "mintKnown": known.is_some(),
        "mintName": known.map(|mint| &mint.name),
        "amount": amount,
        // Of a unit of the mint's own nobody else knows the decimals.
        "shown": unit.map(|unit| unit.show(amount)),
        "unit": printable(&token.unit),
        "memo": token.memo.as_deref().map(printable),
    })
}

/// `{"id", "mint", "amount", "shown", "memo", "at", "token", "state", "left", "leftShown"}`; the state is
/// `unclaimed`, `partly`, `claimed` or `taken_back`.
pub(crate) fn sent(sent: &Sent, mints: &Mints) -> Value {
    let unit = mints.unit(&sent.mint, &sent.unit);
    json!({
        "id": sent.id,
        "mint": sent.mint,
        "amount": sent.amount(),
        "shown": unit.show(sent.amount()),
        "memo": sent.memo.as_deref().map(printable),
        "at": sent.time,
        "token": *sent.token().encode(),
        "state": match sent.state() {
            SentState::Unclaimed => "unclaimed",
            SentState::Partly => "partly",
            SentState::Claimed => "claimed",
            SentState::TakenBack => "taken_back",
        },
        "left": sent.outstanding(),
        "leftShown": unit.show(sent.outstanding()),
    })
}

/// `{"id", "at", "kind", "outcome", "amount", "shown", "fee", "feeShown", "lost", "lostShown", "mint",
/// "memo", "site"}`; the outcome is `done` or `undone`.
pub(crate) fn entry(entry: &Entry, mints: &Mints) -> Value {
    let unit = mints.unit(&entry.mint, &entry.unit);
    json!({
        "id": entry.id,
        "at": entry.time,
        "kind": entry.kind,
        "outcome": match entry.outcome { Outcome::Done => "done", Outcome::Undone => "undone" },
        "amount": entry.amount,
        "shown": unit.show(entry.amount),
        "fee": entry.fee,
        "feeShown": unit.show(entry.fee),
        "lost": entry.lost,
        "lostShown": unit.show(entry.lost),
        "mint": entry.mint,
        "memo": entry.memo.as_deref().map(printable),
        "site": entry.site,
    })
}

/// An open operation as a line of the history: its outcome is `open`.
pub(crate) fn open(operation: &Operation, mints: &Mints) -> Value {
    let unit = mints.unit(&operation.mint, "");
    json!({
        "id": operation.id,
        "at": operation.begun,
        "kind": operation.kind,
        "outcome": "open",
        "amount": operation.amount,
        "shown": unit.show(operation.amount),
        "fee": operation.fee,
        "feeShown": unit.show(operation.fee),
        "lost": 0,
        "lostShown": unit.show(0),
        "mint": operation.mint,
        "memo": operation.memo.as_deref().map(printable),
        "site": operation.purchase().map(|purchase| purchase.item.site()),
    })
}

/// `{"file", "sent", "open"}`: the file's text, what [`sent`] says of the money in it, and how many operations
/// are open.
pub(crate) fn exported(done: &Exported, mints: &Mints) -> Value {
    json!({
        "file": done.file,
        "sent": done.sent.iter().map(|each| sent(each, mints)).collect::<Vec<_>>(),
        "open": done.open,
    })
}

/// `{"mints": [{"url", "name", "shown", "account"}], "budgets": [budget], "receipts"}` of a file that is
/// looked at.
pub(crate) fn transfer(transfer: &Transfer) -> Value {
    let unit = |name: &str| {
        let mint = transfer.mints().iter().find(|mint| mint.unit == name);
        mint.map_or_else(|| Unit::new(name, 0), MovedMint::shown_in)
    };
    let mint = |mint: &MovedMint| {
        json!({
            "url": printable(&mint.url),
            "name": printable(&mint.name),
            "shown": mint.shown_in().show(mint.amount()),
            "account": mint.has_account(),
        })
    };
    let budget = |budget: &Budget| self::budget_in(budget, &unit(&budget.unit));
    json!({
        "mints": transfer.mints().iter().map(mint).collect::<Vec<_>>(),
        "budgets": transfer.budgets.iter().map(budget).collect::<Vec<_>>(),
        "receipts": transfer.bought.len(),
    })
}

/// `{"before", "received": [done], "kept": [{"what", "of"}], "failures": [Failure]}`; `what` is `api_token`,
/// `budget` or `receipt`.
pub(crate) fn imported(imported: &Imported, mints: &Mints) -> Value {
    let received = imported.received.iter();
    let received = received.filter_map(|(url, done)| Some(self::done(done, mints.at(url)?)));
    let kept = |kept: &Kept| {
        let (what, of) = match kept {
            Kept::ApiToken(mint) => ("api_token", mint),
            Kept::Budget(site) => ("budget", site),
            Kept::Receipt(subject) => ("receipt", subject),
        };
        json!({"what": what, "of": printable(of)})
    };
    let failures = imported.failures.iter();
    json!({
        "before": imported.before,
        "received": received.collect::<Vec<_>>(),
        "kept": imported.kept.iter().map(kept).collect::<Vec<_>>(),
        "failures": failures.map(|error| Failure::from(error).json()).collect::<Vec<_>>(),
    })
}

/// `{"site", "unit", "perItem", "perItemShown", "perDay", "perDayShown"}`.
pub(crate) fn budget(budget: &Budget, mints: &Mints) -> Value {
    budget_in(budget, &mints.unit_named(&budget.unit))
}

fn budget_in(budget: &Budget, unit: &Unit) -> Value {
    json!({
        "site": budget.site,
        "unit": unit.name(),
        "perItem": budget.per_item,
        "perItemShown": unit.show(budget.per_item),
        "perDay": budget.per_day,
        "perDayShown": unit.show(budget.per_day),
    })
}

/// `{"day", "site", "unit", "amount", "shown", "payments"}`; the day is its first second, UTC.
pub(crate) fn spent(spent: &Spent, mints: &Mints) -> Value {
    let unit = mints.unit_named(&spent.unit);
    json!({
        "day": spent.day,
        "site": spent.site,
        "unit": unit.name(),
        "amount": spent.amount,
        "shown": unit.show(spent.amount),
        "payments": spent.payments,
    })
}

/// `{"outcome", "amount", "shown", "until"}` of a payment: `paid`, `paid_before`, `taken`, `not_charged`,
/// `aside`, `open`, or `free`.
pub(crate) fn payment(payment: &Payment, mints: &Mints) -> Value {
    let (outcome, paid, until) = match payment {
        Payment::Free => ("free", None, None),
        Payment::Before(bought) => {
            let unit = mints.unit_named(&bought.unit);
            (
                "paid_before",
                Some((bought.amount, unit)),
                Some(bought.until),
            )
        }
        Payment::Paid { entry, until } => {
            let unit = mints.unit(&entry.mint, &entry.unit);
            ("paid", Some((entry.amount, unit)), Some(*until))
        }
        Payment::Taken { entry, unit, .. } => ("taken", Some((entry.amount, unit.clone())), None),
        Payment::NotCharged { returned, unit, .. } => {
            ("not_charged", Some((*returned, unit.clone())), None)
        }
        Payment::Aside(_) => ("aside", None, None),
        Payment::Open(_) => ("open", None, None),
    };
    json!({
        "outcome": outcome,
        "amount": paid.as_ref().map(|(amount, _)| amount),
        "shown": paid.as_ref().map(|(amount, unit)| unit.show(*amount)),
        "until": until,
    })
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
