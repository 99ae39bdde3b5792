//! Tokens that were handed out.

use farthing_wallet::printable;
use farthing_wallet::records::Sent;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::time::date;
use super::{Picture, Report, Units};
use crate::screen::Look;
use crate::table::{Cell, Row, Table};

/// `{"id", "time", "mint", "unit", "decimals", "amount", "memo", "token"}`; `qr` draws the token.
pub(crate) fn sent(sent: &Sent, units: &Units, qr: bool) -> Report {
    let token = sent.token().encode();
    let mut json = sent_json(sent, units);
    if let Value::Object(fields) = &mut json {
        fields.insert("token".to_owned(), Value::String(token.to_string()));
    }
    let (id, amount) = (
        sent.id,
        units.at(&sent.mint, &sent.unit).show(sent.amount()),
    );
    let hint = format!(
        "{amount} are in this token: whoever has it has them. Shown again by: farthing sent {id}\n\
         As a QR code: farthing sent {id} --qr"
    );
    let text = token.to_string();
    let report = Report::text(json, text.as_str());
    match qr {
        true => report.picture(Picture {
            text: Zeroizing::new(text),
            asked_for: true,
            secret: true,
        }),
        false => report.hint(hint),
    }
}

fn sent_json(sent: &Sent, units: &Units) -> Value {
    json!({
        "id": sent.id,
        "time": sent.time,
        "mint": sent.mint,
        "unit": sent.unit,
        "decimals": units.at(&sent.mint, &sent.unit).decimals,
        "amount": sent.amount(),
        "memo": sent.memo,
    })
}

/// `{"sent": [{"id", "time", "mint", "unit", "decimals", "amount", "memo"}]}`.
pub(crate) fn all_sent(sent: &[Sent], units: &Units) -> Report {
    let row = |sent: &Sent| {
        let memo = sent.memo.as_deref().map(printable).unwrap_or_default();
        let amount = units.at(&sent.mint, &sent.unit).show(sent.amount());
        let plain = format!("{}  {amount}  {memo}", sent.id);
        let cells = [
            Cell::number(sent.id),
            Cell::text(date(sent.time)).look(Look::Faint),
            Cell::money(amount),
            Cell::text(memo),
        ];
        Row::new(plain, cells)
    };
    let json = sent.iter().map(|sent| sent_json(sent, units));
    let json = json!({"sent": json.collect::<Vec<_>>()});
    let table = Table::new(["#", "DAY", "AMOUNT", "NOTE"], sent.iter().map(row));
    Report::table(json, table, "No token was sent yet.")
}
