//! The wallet itself, its mints, its key and its proxy.

use farthing_wallet::native::SocksProxy;
use farthing_wallet::records::Mint;
use farthing_wallet::{Rescued, printable};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Picture, Report};
use crate::screen::Look;
use crate::table::{Cell, Row, Table};

/// `{"wallet", "phrase"}`; `phrase` is null when it was given.
pub(crate) fn made(dir: &str, phrase: Option<&str>) -> Report {
    let json = json!({"wallet": dir, "phrase": phrase});
    match phrase {
        Some(phrase) => Report::styled(json, phrase, on_paper(phrase).as_str()).hint(format!(
            "This phrase is the wallet: whoever has it has the money, and without it a lost wallet \
             is lost.\nWrite it down on paper. To see it again: farthing phrase.\nThe wallet is in {dir}. Next: \
             farthing mint add URL"
        ))
        .kept("The wallet is made: farthing phrase shows its phrase."),
        None => Report::text(json, format!("made a wallet in {dir}"))
            .hint("Next: farthing mint add URL, then farthing restore".to_owned()),
    }
}

/// `{"phrase"}`.
pub(crate) fn phrase(phrase: &str) -> Report {
    let json = json!({ "phrase": phrase });
    Report::styled(json, phrase, on_paper(phrase).as_str())
}

/// `{"wallet", "mints": [{"mint", "amount"}], "tokens", "sent", "operations", "unreadable"}`.
pub(crate) fn salvaged(rescued: &Rescued, dir: &str) -> Report {
    let mints = rescued.amounts.iter();
    let mints = mints.map(|(mint, amount)| json!({"mint": mint, "amount": amount}));
    let json = json!({
        "wallet": dir,
        "mints": mints.collect::<Vec<_>>(),
        "tokens": rescued.tokens,
        "sent": rescued.sent,
        "operations": rescued.operations,
        "unreadable": rescued.unreadable,
    });
    let Rescued {
        mints,
        tokens,
        sent,
        operations,
        ..
    } = rescued;
    let text = format!(
        "saved into {dir}: the phrase, {mints} mints, {tokens} tokens, {sent} that were sent, {operations} \
         open operations"
    );
    let hint = format!(
        "What else belongs to the phrase is found by: farthing --wallet {dir} restore. A mint that is not \
         in mint list is to be added before."
    );
    Report::text(json, text).hint(hint)
}

/// A phrase in the form to write it down in: numbered, three words in a line.
fn on_paper(phrase: &str) -> Zeroizing<String> {
    let mut lines = Zeroizing::new(String::new());
    for (number, word) in (1..).zip(phrase.split_whitespace()) {
        let end = if number % 3 == 0 { "\n" } else { "" };
        lines.push_str(&format!("{number:>4}  {word:<12}{end}"));
    }
    lines
}

/// `{"url", "name", "unit", "decimals", "account", "lane", "identity", "urls"}`.
fn mint_json(mint: &Mint) -> Value {
    json!({
        "url": mint.url,
        "name": mint.name,
        "unit": mint.unit,
        "decimals": mint.decimals,
        "account": mint.api_token.is_some(),
        "lane": mint.lane,
        "identity": mint.identity.as_ref().map(|identity| &identity.key),
        "urls": mint.urls,
    })
}

fn mint_text(mint: &Mint) -> String {
    let account = match mint.api_token {
        Some(_) => "with an account",
        None => "without an account",
    };
    let (name, unit) = (printable(&mint.name), printable(&mint.unit));
    format!("{}  {name} ({unit}), {account}", mint.url)
}

pub(crate) fn mint_added(mint: &Mint) -> Report {
    let report = Report::text(mint_json(mint), mint_text(mint));
    match mint.lane {
        Some(_) => report,
        None => report.hint("Next: farthing restore".to_owned()),
    }
}

/// `{"mints": [...]}`, each as `mint add` prints it.
pub(crate) fn mints(mints: &[Mint]) -> Report {
    let row = |mint: &Mint| {
        let (account, look) = match mint.api_token {
            Some(_) => ("yes", Look::Good),
            None => ("no", Look::Faint),
        };
        let cells = [
            Cell::text(&mint.url),
            Cell::text(printable(&mint.name)),
            Cell::text(printable(&mint.unit)),
            Cell::text(account).look(look),
        ];
        Row::new(mint_text(mint), cells)
    };
    let json = json!({"mints": mints.iter().map(mint_json).collect::<Vec<_>>()});
    let table = Table::new(["MINT", "NAME", "UNIT", "ACCOUNT"], mints.iter().map(row));
    Report::table(
        json,
        table,
        "The wallet knows no mint yet. Next: farthing mint add URL",
    )
}

/// `{"mint", "key"}`; `qr` draws it also where nobody looks.
pub(crate) fn key(mint: &Mint, key: [u8; 32], qr: bool) -> Report {
    let key = hex::encode(key);
    Report::text(json!({ "mint": mint.url, "key": key }), key.as_str()).picture(Picture {
        text: Zeroizing::new(key),
        asked_for: qr,
        secret: false,
    })
}

/// `{"passphrase"}`: whether there is one.
pub(crate) fn passphrase(there: bool) -> Report {
    let text = match there {
        true => "a passphrase protects the wallet's file",
        false => "no passphrase protects the wallet's file: whoever reads it has the money",
    };
    Report::text(json!({ "passphrase": there }), text)
}

/// `{"proxy"}`: the one that is kept, or null.
pub(crate) fn proxy(kept: Option<&SocksProxy>) -> Report {
    let url = kept.map(SocksProxy::to_string);
    let json = json!({ "proxy": url });
    match url {
        Some(url) => Report::text(json, url),
        None => Report::text(json, "").hint(
            "No proxy is kept: mints and sites see where this machine is. Keep one: farthing proxy \
             set socks5h://127.0.0.1:9050"
                .to_owned(),
        ),
    }
}
