//! A wallet that moves by a file, from one folder to another one.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use crate::program::{farthing, json, secret_file, text};
use crate::server::Server;
use crate::session::{Session, assert_seen};
use crate::support::mint::API_TOKEN;

#[test]
fn moving_a_wallet() {
    let mut session = Session::with_money();
    secret_file(&session.dir().join("pass"), "correct horse\n");
    secret_file(&session.dir().join("wrong"), "wrong horse\n");
    session.run("farthing budget set $MINT --per-item 3 --per-day 20");
    session.run("farthing get $MINT/article -o $DIR/article.html --yes --max 3");
    session.run("farthing export $DIR/file");
    session.run("farthing export $DIR/file --file-passphrase $DIR/pass");
    session.run("farthing balance");
    session.run("farthing sent");
    session.run("farthing export $DIR/file --file-passphrase $DIR/pass --json");
    session.both("farthing import $DIR/file --file-passphrase $DIR/wrong");
    session.run("farthing import $DIR/pass --file-passphrase $DIR/pass");
    session.run("farthing import $DIR/none --file-passphrase $DIR/pass");
    session.say("Another wallet");
    session.run("farthing init --wallet $DIR/other");
    session.run("farthing import $DIR/file --file-passphrase $DIR/pass --wallet $DIR/other");
    session.run("farthing import $DIR/file --file-passphrase $DIR/pass --wallet $DIR/other");
    session.run("farthing balance --wallet $DIR/other");
    session.run("farthing mint list --wallet $DIR/other");
    session.run("farthing budget list --wallet $DIR/other");
    session.run("farthing get $MINT/article -o $DIR/again.html --wallet $DIR/other");
    session.say("A third one is too late");
    session.run("farthing init --wallet $DIR/late");
    session.both("farthing import $DIR/file --file-passphrase $DIR/pass --wallet $DIR/late");
    session.run("farthing balance --wallet $DIR/late");
    assert_seen("moving_a_wallet", session.seen());
}

#[test]
fn where_the_file_cannot_be_written_the_money_stays_and_else_it_is_private() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let wallet = folder.path().join("wallet");
    let pass = folder.path().join("pass");
    secret_file(&pass, "correct horse\n");
    let run = |arguments: &[&str]| -> Output { farthing(&wallet, arguments, "") };
    assert!(run(&["init"]).status.success());
    assert!(
        run(&["mint", "add", &server.base, "--token", API_TOKEN])
            .status
            .success()
    );
    assert!(run(&["withdraw", "100"]).status.success());
    let nowhere = folder.path().join("no/such/folder");
    let nowhere = nowhere.to_str().unwrap();
    let failed = run(&[
        "export",
        nowhere,
        "--file-passphrase",
        pass.to_str().unwrap(),
    ]);
    assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stderr));
    let balance = json(&run(&["balance", "--json"]));
    assert_eq!(balance["balances"][0]["available"], 100);
    assert_eq!(
        json(&run(&["sent", "--json"]))["sent"],
        serde_json::json!([])
    );

    let file = folder.path().join("file");
    let (to, pass) = (file.to_str().unwrap(), pass.to_str().unwrap());
    let exported = run(&["export", to, "--file-passphrase", pass]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "for its owner alone");
}
