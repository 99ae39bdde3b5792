//! Tokens that were sent.

use farthing_protocol::TokenProof;
use farthing_protocol::conditions::parse;
use farthing_protocol::suite::SuiteId;
use farthing_wallet::records::{Sent, SentState};
use farthing_wallet::{Unit, printable};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::time::date;
use super::{Picture, Report, Units};
use crate::screen::Look;
use crate::table::{Cell, Row, Table};

/// As [`sent_json`], with `"token"`; `qr` draws the token.
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
    let locked = sent.proofs.iter().any(is_locked);
    let whose = match locked {
        true => "Only the owner of the key can spend it.",
        false => "Anyone who has it can spend it.",
    };
    let hint = format!(
        "This token is worth {amount}. {whose} Show it again: farthing sent {id}\nAs a QR code: \
         farthing sent {id} --qr"
    );
    let text = token.to_string();
    let report = Report::text(json, text.as_str());
    let report = match qr {
        true => report.picture(Picture {
            text: Zeroizing::new(text),
            asked_for: true,
            secret: true,
        }),
        false => report.hint(hint),
    };
    report.kept(format!("The token is kept: farthing sent {id} shows it."))
}

/// Returns whether a token is locked to a key: its secret says so (NUT-10), in the words of its keyset's suite.
fn is_locked(token: &TokenProof) -> bool {
    let suite = SuiteId::of(&token.proof.id);
    suite.is_some_and(|suite| matches!(parse(suite, &token.proof.secret), Ok(Some(_))))
}

/// `{"id", "time", "mint", "unit", "decimals", "amount", "memo", "state", "claimed", "taken_back"}`;
/// state is `unclaimed`, `partly`, `claimed` or `taken_back`.
fn sent_json(sent: &Sent, units: &Units) -> Value {
    json!({
        "id": sent.id,
        "time": sent.time,
        "mint": sent.mint,
        "unit": sent.unit,
        "decimals": units.at(&sent.mint, &sent.unit).decimals,
        "amount": sent.amount(),
        "memo": sent.memo,
        "state": match sent.state() {
            SentState::Unclaimed => "unclaimed",
            SentState::Partly => "partly",
            SentState::Claimed => "claimed",
            SentState::TakenBack => "taken_back",
        },
        "claimed": sent.claimed,
        "taken_back": sent.taken_back,
    })
}

/// Returns what became of a token, and how that looks.
fn state(sent: &Sent, unit: &Unit) -> (String, Look) {
    match sent.state() {
        SentState::Unclaimed => ("unclaimed".to_owned(), Look::Warning),
        SentState::Partly => {
            let left = unit.number(sent.outstanding());
            (format!("{left} of it left"), Look::Warning)
        }
        SentState::Claimed => ("claimed".to_owned(), Look::Good),
        SentState::TakenBack if sent.claimed > 0 => {
            let claimed = unit.number(sent.claimed);
            let text = format!("{claimed} claimed, the rest taken back");
            (text, Look::Faint)
        }
        SentState::TakenBack => ("taken back".to_owned(), Look::Faint),
    }
}

/// `{"sent": [...]}`, each as above.
pub(crate) fn all_sent(sent: &[Sent], units: &Units) -> Report {
    let row = |sent: &Sent| {
        let memo = sent.memo.as_deref().map(printable).unwrap_or_default();
        let unit = units.at(&sent.mint, &sent.unit);
        let (amount, (state, look)) = (unit.show(sent.amount()), state(sent, &unit));
        let plain = format!("{}  {amount}  {state}  {memo}", sent.id);
        let cells = [
            Cell::number(sent.id),
            Cell::text(date(sent.time)).look(Look::Faint),
            Cell::money(amount),
            Cell::text(state).look(look),
            Cell::text(memo),
        ];
        Row::new(plain.trim_end().to_owned(), cells)
    };
    let json = sent.iter().map(|sent| sent_json(sent, units));
    let json = json!({"sent": json.collect::<Vec<_>>()});
    let head = ["#", "DAY (UTC)", "AMOUNT", "STATE", "NOTE"];
    let table = Table::new(head, sent.iter().map(row));
    Report::table(json, table, "No token was sent yet.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_protocol::conditions::Lock;
    use farthing_protocol::{EncodedPoint, KeysetId, Proof, Secret};

    /// Returns whether a token counts as locked, with this version of its keyset's id and this secret.
    fn locked(version: u8, secret: Secret) -> bool {
        is_locked(&TokenProof {
            proof: Proof {
                amount: 1,
                id: KeysetId::from_bytes(&[version; 33]).unwrap(),
                secret,
                c: EncodedPoint::from([2; 33]),
                witness: None,
            },
            dleq: None,
        })
    }

    #[test]
    fn a_lock_is_seen_in_tokens_of_either_suite() {
        // RFC 8032's first public key, and secp256k1's generator.
        let ours = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let cashus = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
        let nonce = Secret::new("00".repeat(32));
        for (version, key) in [(0x52, ours), (0x01, cashus)] {
            let lock = Lock::p2pk_secret(&hex::decode(key).unwrap(), &nonce);
            assert!(locked(version, lock), "{key}");
            assert!(!locked(version, nonce.clone()), "{key}");
        }
    }
}
