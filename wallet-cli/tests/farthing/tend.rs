//! Upkeep at the command line.

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::program::{farthing, json, text};
use crate::session::Session;

#[test]
fn nothing_is_due_at_a_mint_that_was_just_added() {
    let mut session = Session::new();
    session.run("farthing init");
    let wallet = session.dir().join("wallet");
    let none = farthing(&wallet, &["tend"], "");
    assert_eq!(none.status.code(), Some(3), "there is no mint");
    session.run("farthing mint add $MINT --token $API_TOKEN");
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
    let did = farthing(&wallet, &["tend", "--json"], "");
    let did: Value = json(&did);
    let until = did["until"].as_u64().unwrap();
    assert!(until >= now + 20 * 60, "{until}");
    assert!(until < now + 2 * 24 * 60 * 60 + 60 * 60, "{until}");
    let expected =
        json!({"did": "nothing", "mint": null, "until": until, "withdrew": null, "swapped": []});
    assert_eq!(did, expected);
    // The moment is kept: it is the same when it is looked at again, also in passing.
    assert_eq!(farthing(&wallet, &["balance"], "").stderr, b"");
    assert_eq!(
        json(&farthing(&wallet, &["tend", "--json"], ""))["until"],
        until
    );
    let told = farthing(&wallet, &["tend"], "");
    let line = text(&told.stdout);
    assert!(
        line.starts_with("nothing is due before 2") && line.ends_with(" UTC\n"),
        "{line}"
    );
    assert_eq!((told.status.code(), text(&told.stderr)), (Some(0), ""));
}

#[test]
fn what_is_open_is_settled_first_and_nothing_else_is_done() {
    let mut session = Session::with_money();
    let unavailable = |is| {
        move |site: &mut crate::support::site::FakeSite| {
            site.mint.borrow_mut().lies.unavailable = is
        }
    };
    session.server.with(unavailable(true));
    session.run("farthing withdraw 5");
    let wallet = session.dir().join("wallet");
    let down = farthing(&wallet, &["tend", "--json"], "");
    assert_eq!(json(&down)["did"], "nothing");
    assert!(
        text(&down.stderr).contains("withdraw 2, begun before"),
        "{}",
        text(&down.stderr)
    );
    session.server.with(unavailable(false));
    let settled = json(&farthing(&wallet, &["tend", "--json"], ""));
    assert_eq!(
        (&settled["did"], &settled["swapped"][0]["id"]),
        (&json!("settled"), &json!(2))
    );
    assert_eq!(settled["swapped"][0]["outcome"], "done");
    let after = json(&farthing(&wallet, &["tend", "--json"], ""));
    assert_eq!(after["did"], "nothing");
}
