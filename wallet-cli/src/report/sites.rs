//! Paying for pages: what is allowed, what was paid, and what came of a download.

use farthing_wallet::Finished;
use farthing_wallet::error::payment::Fate;
use farthing_wallet::pay::Payment;
use farthing_wallet::pay::budget::Spent;
use farthing_wallet::records::Budget;
use farthing_wallet::records::{Entry, Kind, Outcome};
use serde_json::{Value, json};

use super::money::{entry_json, entry_text, kind};
use super::time::date;
use super::{Report, Units};
use crate::advice;
use crate::failure::EXIT_SITE;
use crate::screen::Look;
use crate::screen::three_sentences;
use crate::table::{Cell, Row, Table};

/// An operation that was ended: its entry in the history.
pub(crate) fn cancelled(finished: &Finished, units: &Units) -> Report {
    let entry = &finished.entry;
    let (name, told) = (kind(entry.kind), entry_text(entry, units));
    let text = match (entry.kind, entry.outcome) {
        (Kind::Pay, Outcome::Undone) => format!("took back {told}"),
        (Kind::Pay, Outcome::Done) => format!("too late: paid {told}"),
        (Kind::Restore, _) => format!("ended {name}, which had found {told}"),
        (_, Outcome::Undone) => format!("ended {name}, nothing was moved: {told}"),
        (_, Outcome::Done) => format!("the mint had done it: {name} {told}"),
    };
    Report::text(entry_json(entry, units), text)
}

/// `{"site", "unit", "decimals", "per_item", "per_day"}`.
fn budget_json(budget: &Budget, units: &Units) -> Value {
    json!({
        "site": budget.site,
        "unit": budget.unit,
        "decimals": units.decimals_named(&budget.unit),
        "per_item": budget.per_item,
        "per_day": budget.per_day,
    })
}

fn budget_text(budget: &Budget, units: &Units) -> String {
    let unit = units.named(&budget.unit);
    let (item, day) = (unit.show(budget.per_item), unit.show(budget.per_day));
    format!("{}  {item} for one item, {day} a day", budget.site)
}

/// A budget by itself, as `budget list` prints each.
pub(crate) fn budget(budget: &Budget, units: &Units) -> Report {
    Report::text(budget_json(budget, units), budget_text(budget, units))
}

/// `{"budgets": [...]}`, by site.
pub(crate) fn budgets(budgets: &[Budget], units: &Units) -> Report {
    let row = |budget: &Budget| {
        let unit = units.named(&budget.unit);
        let cells = [
            Cell::text(&budget.site),
            Cell::money(unit.show(budget.per_item)),
            Cell::money(unit.show(budget.per_day)),
        ];
        Row::new(budget_text(budget, units), cells)
    };
    let json = budgets.iter().map(|budget| budget_json(budget, units));
    let json = json!({"budgets": json.collect::<Vec<_>>()});
    let table = Table::new(["SITE", "ONE ITEM", "A DAY"], budgets.iter().map(row));
    let hint = "There is no budget: each payment is asked about. Set one: farthing budget set SITE";
    Report::table(json, table, hint)
}

/// `{"spent": [{"day", "site", "unit", "decimals", "amount", "payments"}]}`, oldest first; `day` as
/// `2026-01-31`.
pub(crate) fn spent(spent: &[Spent], units: &Units) -> Report {
    let json = |s: &Spent| {
        json!({
            "day": date(s.day),
            "site": s.site,
            "unit": s.unit,
            "decimals": units.decimals_named(&s.unit),
            "amount": s.amount,
            "payments": s.payments,
        })
    };
    let row = |s: &Spent| {
        let (day, amount) = (date(s.day), units.named(&s.unit).show(s.amount));
        let payments = match s.payments {
            1 => "payment",
            _ => "payments",
        };
        let plain = format!("{day}  {amount}  {}  ({} {payments})", s.site, s.payments);
        let cells = [
            Cell::text(day).look(Look::Faint),
            Cell::money(amount),
            Cell::number(s.payments),
            Cell::text(&s.site),
        ];
        Row::new(plain, cells)
    };
    let json = json!({"spent": spent.iter().map(json).collect::<Vec<_>>()});
    let table = Table::new(
        ["DAY (UTC)", "AMOUNT", "PAYMENTS", "SITE"],
        spent.iter().map(row),
    );
    Report::table(json, table, "Nothing was paid to sites.")
}

/// What came of a download.
pub(crate) struct Fetched<'a> {
    pub(crate) url: &'a str,
    pub(crate) status: u16,
    pub(crate) bytes: u64,
    pub(crate) file: Option<&'a str>,
    pub(crate) asked_file: bool,
    pub(crate) payment: &'a Payment,
}

/// `{"url", "status", "bytes", "file", "payment": null | {"outcome", "id", "site", "amount", "unit",
/// "decimals", "mint", "lost", "until"}}`; outcome is `paid`, `before`, `taken`, `not_charged`,
/// `aside` or `open`.
pub(crate) fn fetched(fetched: &Fetched<'_>, units: &Units) -> Report {
    let payment = match fetched.payment {
        Payment::Free => Value::Null,
        Payment::Before(bought) => {
            json!({"outcome": "before", "id": bought.id, "until": bought.until})
        }
        Payment::Paid { entry, until } => entry_of("paid", entry, Some(*until), units),
        Payment::Taken { entry, .. } => entry_of("taken", entry, None, units),
        Payment::NotCharged { entry, .. } => entry_of("not_charged", entry, None, units),
        Payment::Aside(fate) => aside_json(fate),
        Payment::Open(_) => json!({"outcome": "open"}),
    };
    let json = json!({
        "url": fetched.url,
        "status": fetched.status,
        "bytes": fetched.bytes,
        "file": fetched.file,
        "payment": payment,
    });
    let mut report = Report::text(json, "");
    report.hint = fetched_hint(fetched, units);
    let cheated = matches!(fetched.payment, Payment::Taken { .. });
    if fetched.status >= 400 || cheated {
        report.exit_code = EXIT_SITE;
    }
    report
}

/// Returns what is kept aside of a payment that was not charged: `{"outcome", "id", "amount", "unit", "decimals"}`.
fn aside_json(fate: &Fate) -> Value {
    match fate {
        Fate::Aside { id, held, unit } => json!({
            "outcome": "aside",
            "id": id,
            "amount": held,
            "unit": unit.name(),
            "decimals": unit.decimals,
        }),
        Fate::Nothing
        | Fate::Open { .. }
        | Fate::TakenBack { .. }
        | Fate::Taken { .. }
        | Fate::PaidBefore => json!({"outcome": "aside"}),
    }
}

/// An entry of the history with what became of the payment.
fn entry_of(outcome: &str, entry: &Entry, until: Option<u64>, units: &Units) -> Value {
    json!({
        "outcome": outcome,
        "id": entry.id,
        "site": entry.site,
        "amount": entry.amount,
        "unit": entry.unit,
        "decimals": units.at(&entry.mint, &entry.unit).decimals,
        "mint": entry.mint,
        "lost": entry.lost,
        "until": until,
    })
}

fn fetched_hint(fetched: &Fetched<'_>, units: &Units) -> Option<String> {
    let mut lines = Vec::new();
    if fetched.status >= 400 {
        let status = format!("the site answered with status {}", fetched.status);
        lines.push(Look::Bad.err(&status));
        if fetched.file.is_none() && fetched.asked_file {
            lines.push("Nothing was written to the file.".to_owned());
        }
    }
    match fetched.payment {
        Payment::Paid { entry, .. } => lines.push(format!("paid {}", entry_text(entry, units))),
        Payment::Before(_) => lines.push("nothing to pay: it was paid for before".to_owned()),
        Payment::Free => {}
        Payment::Taken { .. }
        | Payment::NotCharged { .. }
        | Payment::Aside(_)
        | Payment::Open(_) => {}
    }
    if let Some(told) = fetched.payment.explain() {
        lines.push(three_sentences(
            &told.what,
            &told.money,
            &advice::text(&told.advice),
        ));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}
