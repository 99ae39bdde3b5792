//! What was found again: open operations, and tokens by the phrase.

use farthing_wallet::records::{Mint, Outcome};
use farthing_wallet::{Expiring, Finished, Recovered, Restored};
use serde_json::{Value, json};

use super::money::{entry_text, kind};
use super::time::date;
use super::{Report, Units};
use crate::advice::{self, error_json};
use crate::screen::three_sentences;
use crate::table::{Cell, Row, Table};

/// `{"restored": [{"mint", "unit", "decimals", "amount", "tokens", "signed", "lane"}]}`.
pub(crate) fn restored(restored: &[(Mint, Restored)]) -> Report {
    let json = |(mint, r): &(Mint, Restored)| {
        json!({
            "mint": mint.url,
            "unit": mint.unit,
            "decimals": mint.decimals,
            "amount": r.amount,
            "tokens": r.tokens,
            "signed": r.signed,
            "lane": r.lane,
        })
    };
    let row = |(mint, r): &(Mint, Restored)| {
        let found = mint.shown_in().show(r.amount);
        let plain = format!("found {found} in {} tokens at {}", r.tokens, mint.url);
        let cells = [
            Cell::money(found),
            Cell::number(r.tokens),
            Cell::text(&mint.url),
        ];
        Row::new(plain, cells)
    };
    let json = json!({"restored": restored.iter().map(json).collect::<Vec<_>>()});
    let table = Table::new(["FOUND", "TOKENS", "MINT"], restored.iter().map(row));
    Report::table(json, table, "")
}

/// `{"recovered": [{"id", "kind", "mint", "unit", "decimals", "begun", "outcome", "amount", "error"}],
/// "open"}`; outcome is `done`, `undone` or `failed`, and `error` is null or as failures are printed,
/// without the exit code. `open` is how many operations are open still.
pub(crate) fn all_recovered(found: &[Recovered], open: usize, units: &Units) -> Report {
    let json = found.iter().map(|found| recovered_json(found, units));
    let json = json!({"recovered": json.collect::<Vec<_>>(), "open": open});
    let text = match found {
        [] => "nothing was open".to_owned(),
        found => {
            let lines: Vec<String> = found.iter().map(|r| recovered(r, units)).collect();
            lines.join("\n")
        }
    };
    Report::text(json, text)
}

/// Returns what expires soon.
pub(crate) fn expires(expiring: &Expiring, units: &Units) -> String {
    let amount = units
        .at(&expiring.mint, &expiring.unit)
        .show(expiring.amount);
    format!(
        "{amount} at {} expire after {}: the wallet renews them when it can; spend or redeem them before",
        expiring.mint,
        date(expiring.expires)
    )
}

pub(super) fn recovered_json(recovered: &Recovered, units: &Units) -> Value {
    let (outcome, amount, error) = match &recovered.result {
        Ok(Finished { entry, .. }) if entry.outcome == Outcome::Undone => {
            ("undone", entry.amount, Value::Null)
        }
        Ok(Finished { entry, .. }) => ("done", entry.amount, Value::Null),
        Err(error) => ("failed", recovered.amount, error_json(error)),
    };
    let unit = units.at_mint(&recovered.mint);
    json!({
        "id": recovered.id,
        "kind": kind(recovered.kind),
        "mint": recovered.mint,
        "unit": unit.name(),
        "decimals": unit.decimals,
        "begun": recovered.begun,
        "outcome": outcome,
        "amount": amount,
        "error": error,
    })
}

/// Returns what became of an operation that was open when the wallet was opened, for standard error.
pub(crate) fn recovered(recovered: &Recovered, units: &Units) -> String {
    let (id, kind) = (recovered.id, kind(recovered.kind));
    match &recovered.result {
        Ok(finished) if finished.sent.is_some() => format!(
            "finished {kind} {id}: {}. Its token: farthing sent {id}",
            entry_text(&finished.entry, units)
        ),
        Ok(Finished { entry, .. }) if entry.outcome == Outcome::Undone => {
            format!("took back {kind} {id}: {}", entry_text(entry, units))
        }
        Ok(finished) => {
            format!(
                "finished {kind} {id}: {}",
                entry_text(&finished.entry, units)
            )
        }
        Err(error) => {
            let told = error.explain();
            let what = format!("{kind} {id}, begun before: {}", told.what);
            three_sentences(&what, &told.money, &advice::text(&told.advice))
        }
    }
}
