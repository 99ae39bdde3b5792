//! The account at a mint.

use farthing_protocol::api::{Account, Posting, PostingKind, Statement};
use farthing_wallet::records::Mint;
use farthing_wallet::{Unit, printable};
use serde_json::json;

use super::Report;
use super::time::minute;

/// `{"mint", "name", "unit", "decimals", "balance", "postings": [...], "next"}`; each posting is
/// `{"number", "time", "kind", "amount", "balance", "note"}`, newest first, and `amount` is below 0 for
/// what left the account. `next` is the number to give to `--before` for older ones, or null.
pub(crate) fn account(mint: &Mint, account: &Account, statement: &Statement) -> Report {
    let unit = mint.shown_in();
    let json = json!({
        "mint": mint.url,
        "name": account.name,
        "unit": mint.unit,
        "decimals": mint.decimals,
        "balance": account.balance,
        "postings": statement.postings,
        "next": statement.next,
    });
    let (name, balance) = (printable(&account.name), unit.show(account.balance));
    let mut text = format!("{name} holds {balance} at {}", mint.url);
    for line in lines(&statement.postings, &unit) {
        text.push_str(&format!("\n  {line}"));
    }
    let report = Report::text(json, text);
    match statement.next {
        Some(next) => report.hint(format!("Older ones: farthing account --before {next}")),
        None => report,
    }
}

/// The postings, newest first, their columns below each other.
fn lines(postings: &[Posting], unit: &Unit) -> Vec<String> {
    let amounts = |of: fn(&Unit, &Posting) -> String| {
        let amounts: Vec<_> = postings.iter().map(|posting| of(unit, posting)).collect();
        let width = amounts.iter().map(String::len).max().unwrap_or_default();
        amounts
            .into_iter()
            .map(move |text| format!("{text:>width$}"))
    };
    let changes = amounts(|unit, posting| unit.change(posting.amount));
    let balances = amounts(|unit, posting| unit.number(posting.balance));
    let line = |((posting, change), balance): ((&Posting, String), String)| {
        let note = posting.note.as_deref().map(printable).unwrap_or_default();
        let (time, kind) = (minute(posting.time), kind(posting.kind));
        let line = format!("{time}  {kind:<8}  {change}  {balance}  {note}");
        line.trim_end().to_owned()
    };
    postings
        .iter()
        .zip(changes)
        .zip(balances)
        .map(line)
        .collect()
}

fn kind(kind: PostingKind) -> &'static str {
    match kind {
        PostingKind::Withdraw => "withdraw",
        PostingKind::Redeem => "redeem",
        PostingKind::Credit => "credit",
        PostingKind::Debit => "debit",
        PostingKind::Issue => "issue",
        PostingKind::Deposit => "deposit",
        PostingKind::Payout => "payout",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postings_stand_in_columns_and_in_the_mints_unit() {
        let posting = |number, kind, amount, balance, note: Option<&str>| Posting {
            number,
            time: 1_800_000_000,
            kind,
            amount,
            balance,
            note: note.map(str::to_owned),
        };
        let postings = [
            posting(2, PostingKind::Withdraw, -5, 99_995, None),
            posting(
                1,
                PostingKind::Credit,
                100_000,
                100_000,
                Some("paid\u{202e} in cash"),
            ),
        ];
        assert_eq!(
            lines(&postings, &Unit::new("eur", 2)),
            [
                "2027-01-15 08:00  withdraw     -0.05   999.95",
                "2027-01-15 08:00  credit    +1000.00  1000.00  paid\u{fffd} in cash",
            ]
        );
        assert_eq!(lines(&[], &Unit::new("eur", 2)), Vec::<String>::new());
    }
}
