//! Upkeep at the command line.

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::program::{command, farthing, json, text};
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

#[test]
fn a_timer_is_shown_and_written() {
    let dir = tempfile::tempdir().unwrap();
    let (wallet, config) = (dir.path().join("wallet"), dir.path().join("config"));
    let run = |option| {
        let mut tend = command(&wallet, &["tend", option, "--json"]);
        let out = tend.env("XDG_CONFIG_HOME", &config).output().unwrap();
        assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
        json(&out)
    };
    let shown = run("--print");
    assert_eq!(shown["written"], false);
    assert!(!config.exists(), "nothing is written");
    let written = run("--install");
    assert_eq!(written["written"], true);
    assert_eq!(written["files"], shown["files"]);
    assert_eq!(run("--install"), written, "again");
    let units = config.join("systemd/user");
    let timer = std::fs::read_to_string(units.join("farthing-tend.timer")).unwrap();
    assert_eq!(
        timer,
        "[Unit]\nDescription=Upkeep of the Farthing wallet, about each hour\n\n[Timer]\nOnCalendar=hourly\n\
         RandomizedDelaySec=1h\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
    );
    let service = std::fs::read_to_string(units.join("farthing-tend.service")).unwrap();
    let program = env!("CARGO_BIN_EXE_farthing");
    let starts = format!(
        "ExecStart=\"{program}\" --wallet \"{}\" tend\n",
        wallet.display()
    );
    assert!(service.ends_with(&starts), "{service}");
}
