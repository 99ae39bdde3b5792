//! What was found again: open operations, and tokens by the phrase.

use farthing_wallet::records::{Mint, Outcome};
use farthing_wallet::{Finished, Recovered, Restored};
use serde_json::json;

use super::money::{entry_text, kind};
use super::{Report, Units, three_sentences};
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

/// What became of an operation that was open when the wallet was opened, for standard error.
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
            three_sentences(&what, &told.money, &told.advice)
        }
    }
}
