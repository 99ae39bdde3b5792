//! What commands answer: text for people, or one JSON object.

use farthing_wallet::records::{Entry, Kind, Mint, Outcome, Sent};
use farthing_wallet::{Balance, Finished, Recovered, Restored, printable};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// A command's answer.
pub(crate) struct Report {
    /// For standard output with `--json`.
    pub(crate) json: Value,
    /// For standard output without it. It may be money, so it is wiped.
    pub(crate) text: Zeroizing<String>,
    /// For standard error without `--json`: what to do next.
    pub(crate) hint: Option<String>,
}

impl Report {
    fn new(json: Value, text: String) -> Self {
        Self {
            json,
            text: Zeroizing::new(text),
            hint: None,
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

/// `{"balances": [{"mint", "unit", "available", "pending"}]}`.
pub(crate) fn balances(balances: &[Balance]) -> Report {
    let json = |b: &Balance| json!({"mint": b.mint, "unit": b.unit, "available": b.available, "pending": b.pending});
    let text = |b: &Balance| {
        let pending = match b.pending {
            0 => String::new(),
            pending => format!(" (and {pending} in open operations)"),
        };
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

/// `{"id", "kind", "outcome", "time", "mint", "unit", "amount", "fee", "lost", "memo"}`.
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
    })
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Withdraw => "withdraw",
        Kind::Send => "send",
        Kind::Receive => "receive",
        Kind::Redeem => "redeem",
        Kind::Restore => "restore",
    }
}

fn entry_text(entry: &Entry) -> String {
    let mut text = format!("{} {}", entry.amount, printable(&entry.unit));
    if entry.fee > 0 {
        text.push_str(&format!(", fee {}", entry.fee));
    }
    if entry.lost > 0 {
        text.push_str(&format!(", {} spent elsewhere", entry.lost));
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

/// `{"id", "time", "mint", "unit", "amount", "memo", "token"}`.
pub(crate) fn sent(sent: &Sent) -> Report {
    let token = sent.token().encode();
    let mut json = sent_json(sent);
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

fn sent_json(sent: &Sent) -> Value {
    json!({
        "id": sent.id,
        "time": sent.time,
        "mint": sent.mint,
        "unit": sent.unit,
        "amount": sent.amount(),
        "memo": sent.memo,
    })
}

/// `{"sent": [{"id", "time", "mint", "unit", "amount", "memo"}]}`.
pub(crate) fn all_sent(sent: &[Sent]) -> Report {
    let text = |sent: &Sent| {
        let memo = sent.memo.as_deref().map(printable).unwrap_or_default();
        format!(
            "{}  {} {}  {memo}",
            sent.id,
            sent.amount(),
            printable(&sent.unit)
        )
    };
    let json = json!({"sent": sent.iter().map(sent_json).collect::<Vec<_>>()});
    Report::new(json, lines(sent.iter().map(text)))
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
        Ok(finished) => format!("finished {kind} {id}: {}", entry_text(&finished.entry)),
        Err(error) => {
            let told = error.explain();
            format!("{kind} {id}, begun before: {}. {}", told.what, told.money)
        }
    }
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}
