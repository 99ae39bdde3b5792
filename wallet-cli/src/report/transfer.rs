//! A wallet that moved: what went into a file, and what came out of one.

use std::path::Path;

use farthing_wallet::records::Mint;
use farthing_wallet::transfer::{Exported, Imported, Kept};
use serde_json::{Value, json};

use super::money::entry_json;
use super::{Report, Units};
use crate::advice::{self, error_json};
use crate::failure::wallet_exit_code;
use crate::screen::three_sentences;

/// `{"file", "mints", "budgets", "receipts", "sent": [{"id", "mint", "unit", "decimals", "amount"}], "open"}`.
pub(crate) fn exported(done: &Exported, path: &Path, units: &Units) -> Report {
    let file = path.display();
    let unit = |sent: &farthing_wallet::records::Sent| units.at(&sent.mint, &sent.unit);
    let money = done.sent.iter().map(|sent| {
        let unit = unit(sent);
        json!({
            "id": sent.id,
            "mint": sent.mint,
            "unit": unit.name(),
            "decimals": unit.decimals,
            "amount": sent.amount(),
        })
    });
    let json = json!({
        "file": file.to_string(),
        "mints": done.mints,
        "budgets": done.budgets,
        "receipts": done.bought,
        "sent": money.collect::<Vec<_>>(),
        "open": done.open,
    });
    let (mints, budgets) = (count(done.mints, "mint"), count(done.budgets, "budget"));
    let receipts = count(done.bought, "receipt");
    let mut text = format!("exported into {file}: {mints}, {budgets}, {receipts}");
    for sent in &done.sent {
        let (amount, id) = (unit(sent).show(sent.amount()), sent.id);
        text.push_str(&format!("\n{id}  {amount}  {}", sent.mint));
    }
    let mut hint = "The money is in the file now, and no longer in this wallet. Import the file into the other \
                    wallet, then delete it.\nUntil then farthing reclaim NUMBER takes the money back."
        .to_owned();
    if done.open > 0 {
        let open = count(done.open, "open operation");
        hint.push_str(&format!(
            "\n{open} stay here with their money: farthing history lists them."
        ));
    }
    Report::text(json, text).hint(hint)
}

/// `{"before", "mints": [url], "received": [entry], "budgets", "receipts", "kept": [{"what", "of"}],
/// "failures": [{"code", "what", "money", "advice"}]}`; `what` is `api_token`, `budget` or `receipt`.
pub(crate) fn imported(done: &Imported, units: &Units) -> Report {
    let entries = || done.received.iter().flat_map(|(_, done)| &done.finished);
    let failures = || {
        let of_batches = done.received.iter().flat_map(|(_, done)| &done.failures);
        done.failures.iter().chain(of_batches)
    };
    let json = json!({
        "before": done.before,
        "mints": done.mints.iter().map(|mint: &Mint| &mint.url).collect::<Vec<_>>(),
        "received": entries().map(|f| entry_json(&f.entry, units)).collect::<Vec<_>>(),
        "budgets": done.budgets,
        "receipts": done.bought,
        "kept": done.kept.iter().map(kept_json).collect::<Vec<_>>(),
        "failures": failures().map(error_json).collect::<Vec<_>>(),
    });
    let (mints, budgets) = (
        count(done.mints.len(), "mint"),
        count(done.budgets, "budget"),
    );
    let receipts = count(done.bought, "receipt");
    let mut text = format!("imported {mints}, {budgets}, {receipts}");
    for (mint, received) in &done.received {
        let sum = received.finished.iter().map(|f| f.entry.amount);
        let amount = units.at_mint(mint).show(sum.fold(0, u64::saturating_add));
        text.push_str(&format!("\n{amount}  {mint}"));
    }
    let mut hints = Vec::new();
    if done.before && done.received.is_empty() {
        hints.push(
            "This file was imported into this wallet before: nothing of its money is left to take."
                .to_owned(),
        );
    }
    hints.extend(done.kept.iter().map(kept_text));
    for error in failures() {
        let told = error.explain();
        hints.push(three_sentences(
            &format!("not taken over: {}", told.what),
            &told.money,
            &advice::text(&told.advice),
        ));
    }
    let mut report = Report::text(json, text);
    report.hint = (!hints.is_empty()).then(|| hints.join("\n"));
    report.exit_code = failures().next().map_or(0, wallet_exit_code);
    report
}

fn kept_json(kept: &Kept) -> Value {
    let (what, of) = match kept {
        Kept::ApiToken(mint) => ("api_token", mint),
        Kept::Budget(site) => ("budget", site),
        Kept::Receipt(subject) => ("receipt", subject),
    };
    json!({"what": what, "of": of})
}

fn kept_text(kept: &Kept) -> String {
    match kept {
        Kept::ApiToken(mint) => {
            format!("This wallet has another API token for {mint}, and keeps it.")
        }
        Kept::Budget(site) => format!("This wallet has another budget for {site}, and keeps it."),
        Kept::Receipt(subject) => {
            format!("This wallet has another receipt for {subject}, and keeps it.")
        }
    }
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
