//! A passphrase: it is asked for at a terminal, taken from a file elsewhere, and never an argument.

use std::path::Path;

use crate::program::{farthing, json, secret_file, text};
use crate::server::Server;
use crate::session::PHRASE;
use crate::support::mint::API_TOKEN;
#[cfg(target_os = "linux")]
use crate::terminal::on_a_terminal;

const SECRET: &str = "correct horse battery staple";

fn write(dir: &Path, name: &str, content: &str) -> String {
    let path = dir.join(name);
    secret_file(&path, content);
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_protected_wallet_works_with_its_passphrase_and_not_without() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let wallet = dir.path().join("wallet");
    let file = write(dir.path(), "passphrase", &format!("{SECRET}\r\n"));
    let made = farthing(&wallet, &["init", "--new-passphrase-file", &file], "");
    assert!(made.status.success(), "{}", text(&made.stderr));
    let with = |arguments: &[&str], input: &str| {
        let arguments = [arguments, &["--passphrase-file", &file]].concat();
        let output = farthing(&wallet, &arguments, input);
        assert!(output.status.success(), "{}", text(&output.stderr));
        output
    };
    with(&["mint", "add", &server.base, "--token", API_TOKEN], "");
    with(&["withdraw", "100"], "");
    // The wallet is opened again after the page has come; the passphrase is known by then.
    let page = format!("{}/article", server.base);
    with(&["get", &page, "--yes", "--max", "3"], "");
    let by_input = [&["balance", "--json"][..], &["--passphrase-file", "-"]].concat();
    let output = farthing(&wallet, &by_input, SECRET);
    assert_eq!(json(&output)["balances"][0]["available"], 97);

    let without = farthing(&wallet, &["balance"], "");
    assert_eq!(without.status.code(), Some(7));
    let said = text(&without.stderr);
    assert!(
        said.starts_with("error: this wallet is protected by a passphrase\n"),
        "{said}"
    );
    assert!(
        said.contains("give it with --passphrase-file FILE"),
        "{said}"
    );
    let bytes = std::fs::read(wallet.join("wallet.sqlite")).unwrap();
    let holds = |needle: &str| bytes.windows(needle.len()).any(|w| w == needle.as_bytes());
    assert!(!holds(&server.base) && !holds(API_TOKEN) && !holds(SECRET));
}

#[test]
fn a_passphrase_is_changed_and_taken_away() {
    let dir = tempfile::tempdir().unwrap();
    let wallet = dir.path().join("wallet");
    let (old, new) = (
        write(dir.path(), "old", "old\n"),
        write(dir.path(), "new", "new"),
    );
    let server = Server::start();
    let key = |arguments: &[&str]| farthing(&wallet, &[&["key"], arguments].concat(), "");
    farthing(&wallet, &["init", "--restore"], PHRASE);
    farthing(&wallet, &["mint", "add", &server.base], "");
    let before = key(&[]).stdout;
    let set = ["passphrase", "set", "--new-passphrase-file", &old, "--json"];
    assert_eq!(json(&farthing(&wallet, &set, ""))["passphrase"], true);
    let change = ["passphrase", "change", "--new-passphrase-file", &new];
    let changed = [&change[..], &["--passphrase-file", &old]].concat();
    assert!(farthing(&wallet, &changed, "").status.success());
    let wrong = key(&["--passphrase-file", &old, "--json"]);
    assert_eq!(wrong.status.code(), Some(7));
    assert_eq!(json(&wrong)["error"]["code"], "passphrase_wrong");
    assert_eq!(key(&["--passphrase-file", &new]).stdout, before);
    let remove = ["passphrase", "remove", "--passphrase-file", &new];
    assert!(farthing(&wallet, &remove, "").status.success());
    assert_eq!(key(&[]).stdout, before);
    let empty = write(dir.path(), "empty", "\n");
    let set = [
        "passphrase",
        "set",
        "--new-passphrase-file",
        &empty,
        "--json",
    ];
    let refused = farthing(&wallet, &set, "");
    assert_eq!(json(&refused)["error"]["code"], "passphrase_empty");
    assert_eq!(refused.status.code(), Some(3));
}

#[test]
fn a_file_with_a_secret_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let wallet = dir.path().join("wallet");
    let phrase = write(dir.path(), "phrase", PHRASE);
    let words = write(dir.path(), "words", SECRET);
    let mode = |file: &str, mode| {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let restore = ["init", "--restore", "--phrase-file", &phrase];
    let set = ["passphrase", "set", "--new-passphrase-file", &words];
    let balance = ["balance", "--passphrase-file", &words];
    for (arguments, file, what) in [
        (&restore[..], &phrase, "the phrase"),
        (&set, &words, "the new passphrase"),
        (&balance, &words, "the passphrase"),
    ] {
        for open in [0o640, 0o602] {
            mode(file, open);
            let refused = farthing(&wallet, arguments, "");
            assert_eq!(refused.status.code(), Some(1));
            let told = text(&refused.stderr);
            let expected = format!("{file}: others than its owner may read {what}, or change it");
            assert!(told.contains(&expected), "{told}");
            assert!(told.contains(&format!("run: chmod 600 {file}")), "{told}");
        }
        mode(file, 0o600);
        let done = farthing(&wallet, arguments, "");
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn at_a_terminal_it_is_asked_for_and_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let wallet = dir.path().join("wallet");
    farthing(&wallet, &["init", "--restore"], PHRASE);
    let server = Server::start();
    farthing(&wallet, &["mint", "add", &server.base], "");
    let key = text(&farthing(&wallet, &["key"], "").stdout).to_owned();
    let twice = format!("{SECRET}\n{SECRET}\n");
    let (code, shown) = on_a_terminal(&wallet, &["passphrase", "set"], &twice);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("New passphrase (not shown): "), "{shown}");
    assert!(
        shown.contains("a passphrase protects the wallet's file"),
        "{shown}"
    );
    let (code, shown) = on_a_terminal(&wallet, &["key"], &format!("{SECRET}\n"));
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("Passphrase (not shown): ") && shown.contains(key.trim()));
    let (code, shown) = on_a_terminal(
        &wallet,
        &["passphrase", "change"],
        &format!("{SECRET}\none\ntwo\n"),
    );
    assert_eq!(code, Some(3), "{shown}");
    assert!(
        shown.contains("error: the two passphrases are not the same"),
        "{shown}"
    );
    let (code, shown) = on_a_terminal(&wallet, &["key"], "wrong\n");
    assert_eq!(code, Some(7), "{shown}");
}
