//! What commands answer: text for people, or one JSON object.

use farthing_wallet::pay::Payment;
use farthing_wallet::pay::budget::Spent;
use farthing_wallet::pay::records::Budget;
use farthing_wallet::records::{Entry, Kind, Mint, Outcome, Sent};
use farthing_wallet::{Balance, Finished, Recovered, Restored, printable};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::failure::EXIT_SITE;
use crate::safety;

/// A command's answer.
pub(crate) struct Report {
    /// For standard output with `--json`.
    pub(crate) json: Value,
    /// For standard output without it. It may be money, so it is wiped.
    pub(crate) text: Zeroizing<String>,
    /// For standard error without `--json`: what to do next.
    pub(crate) hint: Option<String>,
    /// 0, unless a site failed and its answer is reported all the same.
    pub(crate) exit_code: u8,
}

impl Report {
    pub(crate) fn new(json: Value, text: String) -> Self {
        Self {
            json,
            text: Zeroizing::new(text),
            hint: None,
            exit_code: 0,
        }
    }

    fn hint(mut self, hint: String) -> Self {
        self.hint = Some(hint);
        self
    }
}

/// `{"wallet", "phrase"}`; `phrase` is null when it was given.
pub(crate) fn made(dir: &str, phrase: Option<&str>) -> Report {
    let json = json!({"wallet": dir, "phrase": phrase});
    match phrase {
        Some(phrase) => Report::new(json, phrase.to_owned()).hint(format!(
            "This phrase is the wallet: whoever has it has the money, and without it a lost wallet \
             is lost.\nWrite it down on paper; it is not shown again.\nThe wallet is in {dir}. Next: \
             farthing mint add URL"
        )),
        None => Report::new(json, format!("made a wallet in {dir}"))
            .hint("Next: farthing mint add URL, then farthing restore".to_owned()),
    }
}

/// `{"url", "name", "unit", "decimals", "account", "lane"}`.
fn mint_json(mint: &Mint) -> Value {
    json!({
        "url": mint.url,
        "name": mint.name,
        "unit": mint.unit,
        "decimals": mint.decimals,
        "account": mint.api_token.is_some(),
        "lane": mint.lane,
    })
}

fn mint_text(mint: &Mint) -> String {
    let account = if mint.api_token.is_some() {
        "with an account"
    } else {
        "without an account"
    };
    format!(
        "{}  {} ({}), {account}",
        mint.url,
        mint.name,
        printable(&mint.unit)
    )
}

pub(crate) fn mint_added(mint: &Mint) -> Report {
    let report = Report::new(mint_json(mint), mint_text(mint));
    match mint.lane {
        Some(_) => report,
        None => report.hint("Next: farthing restore".to_owned()),
    }
}

/// `{"mints": [...]}`, each as `mint add` prints it.
pub(crate) fn mints(mints: &[Mint]) -> Report {
    let json = json!({"mints": mints.iter().map(mint_json).collect::<Vec<_>>()});
    Report::new(json, lines(mints.iter().map(mint_text)))
}

/// `{"balances": [{"mint", "unit", "available", "pending", "expired"}]}`.
pub(crate) fn balances(balances: &[Balance]) -> Report {
    let json = |b: &Balance| json!({"mint": b.mint, "unit": b.unit, "available": b.available, "pending": b.pending, "expired": b.expired});
    let text = |b: &Balance| {
        let mut pending = match b.pending {
            0 => String::new(),
            pending => format!(" (and {pending} in open operations)"),
        };
        if b.expired > 0 {
            pending.push_str(&format!(" ({} has expired)", b.expired));
        }
        format!(
            "{} {}{pending}  {}",
            b.available,
            printable(&b.unit),
            b.mint
        )
    };
    let json = json!({"balances": balances.iter().map(json).collect::<Vec<_>>()});
    Report::new(json, lines(balances.iter().map(text)))
}

/// `{"id", "kind", "outcome", "time", "mint", "unit", "amount", "fee", "lost", "memo", "site"}`.
fn entry_json(entry: &Entry) -> Value {
    json!({
        "id": entry.id,
        "kind": kind(entry.kind),
        "outcome": match entry.outcome { Outcome::Done => "done", Outcome::Undone => "undone" },
        "time": entry.time,
        "mint": entry.mint,
        "unit": entry.unit,
        "amount": entry.amount,
        "fee": entry.fee,
        "lost": entry.lost,
        "memo": entry.memo,
        "site": entry.site,
    })
}

pub(crate) fn kind(kind: Kind) -> &'static str {
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

fn entry_text(entry: &Entry) -> String {
    let mut text = format!("{} {}", entry.amount, printable(&entry.unit));
    if entry.fee > 0 {
        text.push_str(&format!(", fee {}", entry.fee));
    }
    match &entry.site {
        Some(site) => text.push_str(&format!(" to {}", printable(site))),
        None if entry.lost > 0 => text.push_str(&format!(", {} spent elsewhere", entry.lost)),
        None => {}
    }
    if entry.site.is_some() && entry.lost > 0 {
        text.push_str(&format!(", which kept {} of the change", entry.lost));
    }
    if let Some(memo) = &entry.memo {
        text.push_str(&format!(", \"{}\"", printable(memo)));
    }
    text
}

/// `{"amount", "fee", "unit", "mint", "operations": [...]}`: the sums, and each request's entry.
pub(crate) fn finished(verb: &str, finished: &[Finished]) -> Report {
    let entries: Vec<&Entry> = finished.iter().map(|f| &f.entry).collect();
    let sum = |of: fn(&Entry) -> u64| entries.iter().map(|e| of(e)).fold(0, u64::saturating_add);
    let (amount, fee) = (sum(|e| e.amount), sum(|e| e.fee));
    let first = entries.first();
    let unit = first.map_or("", |e| e.unit.as_str());
    let json = json!({
        "amount": amount,
        "fee": fee,
        "unit": unit,
        "mint": first.map(|e| &e.mint),
        "operations": entries.iter().map(|e| entry_json(e)).collect::<Vec<_>>(),
    });
    let fee = if fee > 0 {
        format!(" (the mint's fee was {fee})")
    } else {
        String::new()
    };
    Report::new(json, format!("{verb} {amount} {}{fee}", printable(unit)))
}

/// As [`safety::sent_json`], with `"token"`.
pub(crate) fn sent(sent: &Sent) -> Report {
    let token = sent.token().encode();
    let mut json = safety::sent_json(sent);
    if let Value::Object(fields) = &mut json {
        fields.insert("token".to_owned(), Value::String(token.to_string()));
    }
    let hint = format!(
        "{} {} are in this token: whoever has it has them. Shown again by: farthing sent {}",
        sent.amount(),
        printable(&sent.unit),
        sent.id
    );
    Report::new(json, token.to_string()).hint(hint)
}

/// `{"history": [...]}`, oldest first.
pub(crate) fn history(entries: &[Entry]) -> Report {
    let text = |entry: &Entry| {
        let undone = match entry.outcome {
            Outcome::Done => "",
            Outcome::Undone => " (refused and undone)",
        };
        format!(
            "{}  {}{undone}  {}",
            entry.id,
            kind(entry.kind),
            entry_text(entry)
        )
    };
    let json = json!({"history": entries.iter().map(entry_json).collect::<Vec<_>>()});
    Report::new(json, lines(entries.iter().map(text)))
}

/// A payment that was to be taken back: its entry in the history.
pub(crate) fn cancelled(finished: &Finished) -> Report {
    let entry = &finished.entry;
    let text = match entry.outcome {
        Outcome::Undone => format!("took back {}", entry_text(entry)),
        Outcome::Done => format!("too late: paid {}", entry_text(entry)),
    };
    Report::new(entry_json(entry), text)
}

/// `{"site", "unit", "per_item", "per_day"}`.
fn budget_json(budget: &Budget) -> Value {
    json!({
        "site": budget.site,
        "unit": budget.unit,
        "per_item": budget.per_item,
        "per_day": budget.per_day,
    })
}

fn budget_text(budget: &Budget) -> String {
    let (unit, site) = (printable(&budget.unit), &budget.site);
    let (item, day) = (budget.per_item, budget.per_day);
    format!("{site}  {item} {unit} for one item, {day} {unit} a day")
}

/// A budget by itself, as `budget list` prints each.
pub(crate) fn budget(budget: &Budget) -> Report {
    Report::new(budget_json(budget), budget_text(budget))
}

/// `{"budgets": [...]}`, by site.
pub(crate) fn budgets(budgets: &[Budget]) -> Report {
    let json = json!({"budgets": budgets.iter().map(budget_json).collect::<Vec<_>>()});
    Report::new(json, lines(budgets.iter().map(budget_text)))
}

/// `{"spent": [{"day", "site", "unit", "amount", "payments"}]}`, oldest first; `day` as `2026-01-31`.
pub(crate) fn spent(spent: &[Spent]) -> Report {
    let json = |s: &Spent| {
        json!({
            "day": date(s.day),
            "site": s.site,
            "unit": s.unit,
            "amount": s.amount,
            "payments": s.payments,
        })
    };
    let text = |s: &Spent| {
        let (day, unit) = (date(s.day), printable(&s.unit));
        let payments = if s.payments == 1 {
            "payment"
        } else {
            "payments"
        };
        format!(
            "{day}  {} {unit}  {}  ({} {payments})",
            s.amount, s.site, s.payments
        )
    };
    let json = json!({"spent": spent.iter().map(json).collect::<Vec<_>>()});
    Report::new(json, lines(spent.iter().map(text)))
}

/// A day of the Gregorian calendar, UTC, from Unix seconds.
pub(crate) fn date(unix_s: u64) -> String {
    // Days since 1 March of the year 0: leap days come last in such years (Hinnant, civil_from_days).
    let days = unix_s / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// What came of a download.
pub(crate) struct Fetched<'a> {
    pub(crate) url: &'a str,
    pub(crate) status: u16,
    pub(crate) bytes: u64,
    pub(crate) file: Option<&'a str>,
    pub(crate) payment: &'a Payment,
}

/// `{"url", "status", "bytes", "file", "payment": null | {"outcome", "id", "site", "amount", "unit",
/// "mint", "lost", "until"}}`; outcome is `paid`, `before`, `taken`, `not_charged` or `open`.
pub(crate) fn fetched(fetched: &Fetched<'_>) -> Report {
    let payment = match fetched.payment {
        Payment::Free => Value::Null,
        Payment::Before(bought) => {
            json!({"outcome": "before", "id": bought.id, "until": bought.until})
        }
        Payment::Paid { entry, until } => entry_of("paid", entry, Some(*until)),
        Payment::Taken { entry, .. } => entry_of("taken", entry, None),
        Payment::NotCharged { entry, .. } => entry_of("not_charged", entry, None),
        Payment::Open(_) => json!({"outcome": "open"}),
    };
    let json = json!({
        "url": fetched.url,
        "status": fetched.status,
        "bytes": fetched.bytes,
        "file": fetched.file,
        "payment": payment,
    });
    let mut report = Report::new(json, String::new());
    report.hint = fetched_hint(fetched);
    let cheated = matches!(fetched.payment, Payment::Taken { .. });
    if fetched.status >= 400 || cheated {
        report.exit_code = EXIT_SITE;
    }
    report
}

/// An entry of the history with what became of the payment.
fn entry_of(outcome: &str, entry: &Entry, until: Option<u64>) -> Value {
    json!({
        "outcome": outcome,
        "id": entry.id,
        "site": entry.site,
        "amount": entry.amount,
        "unit": entry.unit,
        "mint": entry.mint,
        "lost": entry.lost,
        "until": until,
    })
}

fn fetched_hint(fetched: &Fetched<'_>) -> Option<String> {
    let mut lines = Vec::new();
    if fetched.status >= 400 {
        lines.push(format!("the site answered with status {}", fetched.status));
    }
    match fetched.payment {
        Payment::Paid { entry, .. } => lines.push(format!("paid {}", entry_text(entry))),
        Payment::Before(_) => lines.push("nothing to pay: it was paid for before".to_owned()),
        Payment::Free => {}
        Payment::Taken { .. } | Payment::NotCharged { .. } | Payment::Open(_) => {}
    }
    if let Some(told) = fetched.payment.explain() {
        let (what, money, advice) = (told.what, told.money, told.advice);
        lines.push(format!("{what}\n  money: {money}\n  to do: {advice}"));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// `{"key"}`.
pub(crate) fn key(key: [u8; 32]) -> Report {
    let key = hex::encode(key);
    Report::new(json!({ "key": key }), key)
}

/// `{"restored": [{"mint", "unit", "amount", "tokens", "signed", "lane"}]}`.
pub(crate) fn restored(restored: &[(Mint, Restored)]) -> Report {
    let json = |(mint, r): &(Mint, Restored)| {
        json!({
            "mint": mint.url,
            "unit": mint.unit,
            "amount": r.amount,
            "tokens": r.tokens,
            "signed": r.signed,
            "lane": r.lane,
        })
    };
    let text = |(mint, r): &(Mint, Restored)| {
        let unit = printable(&mint.unit);
        format!(
            "found {} {unit} in {} tokens at {}",
            r.amount, r.tokens, mint.url
        )
    };
    let json = json!({"restored": restored.iter().map(json).collect::<Vec<_>>()});
    Report::new(json, lines(restored.iter().map(text)))
}

/// What became of an operation that was open when the wallet was opened, for standard error.
pub(crate) fn recovered(recovered: &Recovered) -> String {
    let (id, kind) = (recovered.id, kind(recovered.kind));
    match &recovered.result {
        Ok(finished) if finished.sent.is_some() => format!(
            "finished {kind} {id}: {}. Its token: farthing sent {id}",
            entry_text(&finished.entry)
        ),
        Ok(Finished { entry, .. }) if entry.outcome == Outcome::Undone => {
            format!("took back {kind} {id}: {}", entry_text(entry))
        }
        Ok(finished) => format!("finished {kind} {id}: {}", entry_text(&finished.entry)),
        Err(error) => {
            let told = error.explain();
            let (what, money, advice) = (told.what, told.money, told.advice);
            format!("{kind} {id}, begun before: {what}. {money} {advice}")
        }
    }
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_gregorian_calendar() {
        // From Python's datetime.fromtimestamp(_, timezone.utc).
        for (unix_s, expected) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_735_689_599, "2024-12-31"),
            (1_800_000_000, "2027-01-15"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(unix_s), expected);
        }
    }
}
