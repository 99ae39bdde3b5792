//! The records as JSON: amounts to the unit, and texts of others made safe to show.

use super::*;
use farthing_protocol::api::Limits;
use farthing_wallet::error::{Error, UsageError};
use farthing_wallet::records::Kind;
use farthing_wallet::{ApiToken, pay};

const MINT: &str = "https://mint.example";

fn mints() -> Mints {
    Mints(vec![Mint {
        url: MINT.to_owned(),
        name: "A mint".to_owned(),
        unit: "usd".to_owned(),
        decimals: 2,
        limits: Limits {
            inputs_max: 100,
            outputs_max: 100,
            secret_bytes_max: 512,
            body_bytes_max: 1_000_000,
            replay_days: 7,
        },
        api_token: Some(ApiToken::new("secret")),
        lane: None,
        renewed: None,
        followed: None,
        bundle: None,
        schedule: None,
        urls: Vec::new(),
        identity: None,
        former_lock: false,
    }])
}

fn paid() -> Entry {
    Entry {
        id: 7,
        kind: Kind::Pay,
        outcome: Outcome::Done,
        time: 1_800_000_000,
        mint: MINT.to_owned(),
        unit: "usd".to_owned(),
        amount: 125,
        fee: 1,
        lost: 0,
        memo: Some("an \u{202e}article".to_owned()),
        site: Some("https://gazette.example".to_owned()),
    }
}

#[test]
fn a_mint_shows_that_it_has_an_account_and_not_its_token() {
    let shown = mint(&mints().0[0]);
    let expected = json!({
        "url": MINT, "name": "A mint", "unit": "usd", "decimals": 2, "account": true, "restored": false,
    });
    assert_eq!(shown, expected);
}

#[test]
fn a_balance_is_shown_in_the_mints_unit() {
    let held = Balance {
        mint: MINT.to_owned(),
        unit: "usd".to_owned(),
        available: 333,
        pending: 21,
        expired: 0,
    };
    let expected = json!({
        "mint": MINT, "name": "A mint", "unit": "usd", "available": 333, "shown": "3.33 usd",
        "pending": 21, "pendingShown": "0.21 usd", "expired": 0, "expiredShown": "0.00 usd",
        "account": true,
    });
    assert_eq!(balance(&held, &mints()), expected);
    // Of a mint that is not in the wallet any more nobody knows the decimals.
    let other = balance(&held, &Mints(Vec::new()));
    assert_eq!(
        (&other["shown"], &other["name"]),
        (&json!("333 usd"), &Value::Null)
    );
}

#[test]
fn a_line_of_the_history_has_its_site_and_a_note_that_commands_nothing() {
    let expected = json!({
        "id": 7, "at": 1_800_000_000, "kind": "pay", "outcome": "done", "amount": 125,
        "shown": "1.25 usd", "fee": 1, "feeShown": "0.01 usd", "lost": 0, "lostShown": "0.00 usd",
        "mint": MINT, "memo": "an \u{fffd}article", "site": "https://gazette.example",
    });
    assert_eq!(entry(&paid(), &mints()), expected);
}

#[test]
fn what_was_done_is_summed_and_what_was_not_is_told() {
    let done_twice = Batched {
        finished: [paid(), paid()]
            .map(|entry| Finished { entry, sent: None })
            .into(),
        failures: vec![Error::Usage(UsageError::NoMint)],
        dust: 3,
    };
    let shown = done(&done_twice, &mints().0[0]);
    assert_eq!(shown["amount"], 250);
    assert_eq!(shown["shown"], "2.50 usd");
    assert_eq!(shown["feeShown"], "0.02 usd");
    assert_eq!(shown["dustShown"], "0.03 usd");
    assert_eq!(shown["failures"][0]["code"], "no_mint");
}

#[test]
fn a_recovered_operation_is_done_or_has_an_error() {
    let of = |result| Recovered {
        id: 7,
        kind: Kind::Withdraw,
        mint: MINT.to_owned(),
        begun: 1,
        amount: 5,
        result,
    };
    let entry = paid();
    let settled = recovered(&of(Ok(Finished { entry, sent: None })), &mints());
    assert_eq!(
        (&settled["error"], &settled["shown"]),
        (&Value::Null, &json!("0.05 usd"))
    );
    let failed = recovered(&of(Err(Error::Usage(UsageError::NoMint))), &mints());
    assert_eq!(failed["error"]["code"], "no_mint");
    assert_eq!(failed["kind"], "withdraw");
}

#[test]
fn a_payment_says_what_became_of_the_money() {
    let (entry, until) = (paid(), 1_800_086_400);
    let shown = payment(&Payment::Paid { entry, until }, &mints());
    let expected = json!({
        "outcome": "paid", "amount": 125, "shown": "1.25 usd", "until": 1_800_086_400_u64,
    });
    assert_eq!(shown, expected);
    let unit = Unit::new("usd", 2);
    let back = Payment::NotCharged {
        entry: paid(),
        returned: 124,
        unit,
    };
    let shown = payment(&back, &mints());
    assert_eq!(
        (&shown["outcome"], &shown["shown"]),
        (&json!("not_charged"), &json!("1.24 usd"))
    );
    assert_eq!(payment(&Payment::Free, &mints())["outcome"], "free");
}

#[test]
fn budgets_and_what_was_spent_are_in_the_unit_of_their_name() {
    let allowed = Budget {
        site: "https://gazette.example".to_owned(),
        unit: "usd".to_owned(),
        per_item: 50,
        per_day: 500,
    };
    let expected = json!({
        "site": "https://gazette.example", "unit": "usd", "perItem": 50, "perItemShown": "0.50 usd",
        "perDay": 500, "perDayShown": "5.00 usd",
    });
    assert_eq!(budget(&allowed, &mints()), expected);
    let day = pay::budget::Spent {
        day: 1_799_971_200,
        site: "https://gazette.example".to_owned(),
        unit: "usd".to_owned(),
        amount: 175,
        payments: 2,
    };
    let expected = json!({
        "day": 1_799_971_200, "site": "https://gazette.example", "unit": "usd", "amount": 175,
        "shown": "1.75 usd", "payments": 2,
    });
    assert_eq!(spent(&day, &mints()), expected);
}

#[test]
fn a_token_of_an_unknown_mint_is_shown_as_its_unit_usually_is() {
    let worth = |decimals| {
        let token = Token {
            mint: "https://other.example".to_owned(),
            unit: "eur".to_owned(),
            memo: None,
            proofs: Vec::new(),
        };
        let seen = super::token(&token, 125, None, decimals);
        (seen["shown"].clone(), seen["mintKnown"].clone())
    };
    assert_eq!(worth(Some(2)), (json!("1.25 eur"), json!(false)));
    assert_eq!(worth(None), (Value::Null, json!(false)));
}
