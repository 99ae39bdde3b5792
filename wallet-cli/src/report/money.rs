//! What the wallet holds, what a command did with it, and what happened before.

use farthing_wallet::records::{Entry, Kind, Operation, Outcome};
use farthing_wallet::{Balance, Batched, Unit, printable};
use serde_json::{Value, json};

use super::time::minute;
use super::{Report, Units};
use crate::advice;
use crate::advice::error_json;
use crate::failure::wallet_exit_code;
use crate::screen::Look;
use crate::screen::three_sentences;
use crate::table::{Cell, Row, Table};

/// `{"balances": [{"mint", "unit", "decimals", "available", "pending", "expired"}]}`.
pub(crate) fn balances(balances: &[Balance], units: &Units) -> Report {
    let json = |b: &Balance| {
        json!({
            "mint": b.mint,
            "unit": b.unit,
            "decimals": units.at(&b.mint, &b.unit).decimals,
            "available": b.available,
            "pending": b.pending,
            "expired": b.expired,
        })
    };
    let row = |b: &Balance| {
        let unit = units.at(&b.mint, &b.unit);
        let available = unit.show(b.available);
        let pending = match b.pending {
            0 => String::new(),
            open => format!(" (and {} in open operations)", unit.number(open)),
        };
        let expired = match b.expired {
            0 => String::new(),
            expired => format!(" ({} has expired)", unit.number(expired)),
        };
        let plain = format!("{available}{pending}{expired}  {}", b.mint);
        let note = format!("{pending}{expired}").replace(['(', ')'], "");
        let note = note.trim_start().to_owned();
        let cells = [
            Cell::money(available),
            Cell::text(&b.mint),
            Cell::text(note).look(Look::Warning),
        ];
        Row::new(plain, cells)
    };
    let json = json!({"balances": balances.iter().map(json).collect::<Vec<_>>()});
    let table = Table::new(["BALANCE", "MINT", ""], balances.iter().map(row));
    let report = Report::table(
        json,
        table,
        "The wallet knows no mint yet. Next: farthing mint add URL",
    );
    match balances.iter().any(|b| b.pending > 0) {
        true => report.also(
            "farthing history lists what is open, farthing recover tries it again.".to_owned(),
        ),
        false => report,
    }
}

/// `{"id", "kind", "outcome", "time", "mint", "unit", "decimals", "amount", "fee", "lost", "memo",
/// "site"}`.
pub(super) fn entry_json(entry: &Entry, units: &Units) -> Value {
    json!({
        "id": entry.id,
        "kind": kind(entry.kind),
        "outcome": match entry.outcome { Outcome::Done => "done", Outcome::Undone => "undone" },
        "time": entry.time,
        "mint": entry.mint,
        "unit": entry.unit,
        "decimals": units.at(&entry.mint, &entry.unit).decimals,
        "amount": entry.amount,
        "fee": entry.fee,
        "lost": entry.lost,
        "memo": entry.memo,
        "site": entry.site,
    })
}

pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Withdraw => "withdraw",
        Kind::Send => "send",
        Kind::Receive => "receive",
        Kind::Redeem => "redeem",
        Kind::Pay => "pay",
        Kind::Reclaim => "reclaim",
        Kind::Renew => "renew",
        Kind::Restore => "restore",
    }
}

/// How much, and all the rest.
pub(super) fn entry_text(entry: &Entry, units: &Units) -> String {
    let unit = units.at(&entry.mint, &entry.unit);
    format!("{}{}", unit.show(entry.amount), details(entry, &unit))
}

/// Returns what there is to say besides the amount, with what it begins with: a comma or a word.
fn details(entry: &Entry, unit: &Unit) -> String {
    let mut text = String::new();
    if entry.fee > 0 {
        text.push_str(&format!(", fee {}", unit.number(entry.fee)));
    }
    let lost = unit.number(entry.lost);
    match &entry.site {
        Some(site) => text.push_str(&format!(" to {}", printable(site))),
        None if entry.lost > 0 => text.push_str(&format!(", {lost} spent elsewhere")),
        None => {}
    }
    if entry.site.is_some() && entry.lost > 0 {
        text.push_str(&format!(", which kept {lost} of the change"));
    }
    if let Some(memo) = &entry.memo {
        text.push_str(&format!(", \"{}\"", printable(memo)));
    }
    text
}

/// `{"amount", "fee", "unit", "decimals", "mint", "operations": [...], "dust", "failures": [...]}`: the
/// sums, each request's entry, what was left because the fee would be as much, and the errors of requests
/// that were not done.
pub(crate) fn finished(verb: &str, done: &Batched, units: &Units) -> Report {
    let entries: Vec<&Entry> = done.finished.iter().map(|f| &f.entry).collect();
    let sum = |of: fn(&Entry) -> u64| entries.iter().map(|e| of(e)).fold(0, u64::saturating_add);
    let (amount, fee) = (sum(|e| e.amount), sum(|e| e.fee));
    let first = entries.first();
    let (mint, name) = first.map_or(("", ""), |e| (e.mint.as_str(), e.unit.as_str()));
    let unit = units.at(mint, name);
    let json = json!({
        "amount": amount,
        "fee": fee,
        "unit": name,
        "decimals": unit.decimals,
        "mint": first.map(|e| &e.mint),
        "operations": entries.iter().map(|e| entry_json(e, units)).collect::<Vec<_>>(),
        "dust": done.dust,
        "failures": done.failures.iter().map(error_json).collect::<Vec<_>>(),
    });
    let kept = match fee {
        0 => String::new(),
        _ => format!(" (the mint's fee was {})", unit.number(fee)),
    };
    let shown = unit.show(amount);
    let plain = format!("{verb} {shown}{kept}");
    let styled = format!("{verb} {}{kept}", Look::Money.out(&shown));
    let mut report = Report::styled(json, plain, styled);
    if done.dust > 0 {
        let dust = unit.show(done.dust);
        report = report.also(format!(
            "{dust} were left: the mint's fee would be as much."
        ));
    }
    for error in &done.failures {
        let told = error.explain();
        let what = format!("The rest was not: {}", told.what);
        report = report.also(three_sentences(
            &what,
            &told.money,
            &advice::text(&told.advice),
        ));
        report.exit_code = wallet_exit_code(error);
    }
    report
}

/// `{"history": [...], "open": [{"id", "kind", "begun", "mint", "unit", "decimals", "amount"}]}`, oldest
/// first; what is open is neither done nor undone yet.
pub(crate) fn history(entries: &[Entry], open: &[Operation], units: &Units) -> Report {
    let row = |entry: &Entry| {
        let (undone, look) = match entry.outcome {
            Outcome::Done => ("", Look::Plain),
            Outcome::Undone if entry.kind == Kind::Pay => (" (not charged)", Look::Faint),
            Outcome::Undone => (" (refused and undone)", Look::Faint),
        };
        let (id, name) = (entry.id, kind(entry.kind));
        let plain = format!("{id}  {name}{undone}  {}", entry_text(entry, units));
        let unit = units.at(&entry.mint, &entry.unit);
        let details = details(entry, &unit);
        let details = details.trim_start_matches([',', ' ']);
        let cells = [
            Cell::number(id),
            Cell::text(minute(entry.time)).look(Look::Faint),
            Cell::text(name).look(look),
            Cell::money(unit.show(entry.amount)).look(match entry.outcome {
                Outcome::Done => Look::Money,
                Outcome::Undone => Look::Faint,
            }),
            Cell::text(format!("{details}{undone}").trim_start()).look(look),
        ];
        Row::new(plain, cells)
    };
    let json = entries.iter().map(|entry| entry_json(entry, units));
    let json = json!({
        "history": json.collect::<Vec<_>>(),
        "open": open.iter().map(|o| open_json(o, units)).collect::<Vec<_>>(),
    });
    let head = ["#", "WHEN (UTC)", "WHAT", "AMOUNT", "DETAILS"];
    let open_rows = open.iter().map(|o| open_row(o, units));
    let table = Table::new(head, entries.iter().map(row).chain(open_rows));
    let report = Report::table(json, table, "Nothing has happened yet.");
    match open {
        [] => report,
        _ => report.also(
            "What is open is tried again by each command; farthing cancel NUMBER ends it."
                .to_owned(),
        ),
    }
}

fn open_json(operation: &Operation, units: &Units) -> Value {
    let unit = units.at_mint(&operation.mint);
    json!({
        "id": operation.id,
        "kind": kind(operation.kind),
        "begun": operation.begun,
        "mint": operation.mint,
        "unit": unit.name(),
        "decimals": unit.decimals,
        "amount": operation.amount,
    })
}

fn open_row(operation: &Operation, units: &Units) -> Row {
    let (id, name) = (operation.id, kind(operation.kind));
    let amount = units.at_mint(&operation.mint).show(operation.amount);
    let cells = [
        Cell::number(id),
        Cell::text(minute(operation.begun)).look(Look::Faint),
        Cell::text(name).look(Look::Warning),
        Cell::money(&amount).look(Look::Warning),
        Cell::text("(open)").look(Look::Warning),
    ];
    Row::new(format!("{id}  {name} (open)  {amount}"), cells)
}
