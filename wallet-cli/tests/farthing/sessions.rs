//! What every command prints, as text and as an object, and what its errors look like: each session is
//! compared with the one written down in `snapshots`. To write them anew: `INSTA_UPDATE=always`.

use crate::program::secret_file;
use crate::session::{PHRASE, Session, assert_seen};

#[test]
fn init() {
    let mut session = Session::new();
    session.run("farthing init");
    session.run("farthing init");
    session.run("farthing --wallet $DIR/other init --json");
    session.run("farthing --wallet $DIR/other init --json");
    session.run_with("farthing --wallet $DIR/again init --restore", PHRASE);
    session.run_with("farthing --wallet $DIR/json init --restore --json", PHRASE);
    secret_file(&session.dir().join("phrase"), PHRASE);
    session.run("farthing --wallet $DIR/file init --restore --phrase-file $DIR/phrase");
    session.say("Nobody is there to type it, and nothing comes");
    session.run("farthing --wallet $DIR/none init --restore");
    session.run("farthing --wallet $DIR/none init --passphrase");
    session.run("farthing --wallet $DIR/none init --restore --phrase-file $DIR/nothing");
    session.run_with(
        "farthing --wallet $DIR/none init --restore",
        "legal winner thank",
    );
    session.run("farthing --wallet $DIR/none init --phrase-file $DIR/phrase");
    session.run("farthing --wallet $DIR/none balance");
    assert_seen("init", session.seen());
}

#[test]
fn mint() {
    let mut session = Session::new();
    session.run("farthing init");
    session.both("farthing mint list");
    session.both("farthing mint add $MINT");
    session.run_with("farthing mint add $MINT --token -", "$API_TOKEN\n");
    session.run("farthing mint add $MINT --token -");
    session.both("farthing mint list");
    session.both("farthing mint add ftp://nowhere");
    session.both("farthing mint add http://127.0.0.1:9");
    session
        .server
        .with(|site| site.mint.borrow_mut().lies.keyset_id = true);
    session.both("farthing mint add $MINT");
    session
        .server
        .with(|site| site.mint.borrow_mut().lies.keyset_id = false);
    session.run("farthing mint");
    assert_seen("mint", session.seen());
}

#[test]
fn money_in_and_out() {
    let mut session = Session::new();
    session.run("farthing init");
    session.both("farthing balance");
    session.both("farthing withdraw 5");
    session.run("farthing mint add $MINT");
    session.both("farthing withdraw 5");
    session.run("farthing mint add $MINT --token $API_TOKEN");
    session.both("farthing withdraw 100");
    session.both("farthing balance");
    session.both("farthing redeem 20");
    session.both("farthing redeem 1000");
    session.run("farthing redeem --all");
    session.both("farthing redeem --all");
    session.both("farthing withdraw 5000");
    session.both("farthing withdraw 0");
    session.run("farthing withdraw 1.5");
    session.run("farthing withdraw 1,5 --json");
    session.run("farthing withdraw -- -5");
    session.run("farthing withdraw 5 --mint http://other.example");
    session.run("farthing redeem");
    session.both("farthing history");
    assert_seen("money_in_and_out", session.seen());
}

#[test]
fn sending_and_receiving() {
    let mut session = Session::with_money();
    session.both("farthing sent");
    session.run("farthing send 10 --memo 'for the tea'");
    session.run("farthing send 4 --json");
    let token = session.run("farthing sent 2");
    session.keep("$TOKEN", token);
    session.run("farthing sent 2 --json");
    session.both("farthing sent");
    session.say("Bob takes it in");
    session.run("farthing --wallet $DIR/bob init");
    session.both("farthing --wallet $DIR/bob receive $TOKEN");
    session.run("farthing --wallet $DIR/bob mint add $MINT");
    session.run_with("farthing --wallet $DIR/bob receive -", "$TOKEN\n");
    session.both("farthing --wallet $DIR/bob receive $TOKEN");
    session.run("farthing --wallet $DIR/bob balance");
    session.both("farthing sent");
    session.both("farthing reclaim 2");
    session.run("farthing reclaim 3 --json");
    session.run("farthing send 3");
    session.run("farthing reclaim 5");
    session.both("farthing reclaim 5");
    session.both("farthing reclaim 77");
    session.both("farthing sent 77");
    session.run("farthing sent");
    session.say("Locked to Bob");
    let key = session.quietly("farthing --wallet $DIR/bob key");
    session.keep("$KEY", key);
    let token = session.run("farthing send 8 --lock $KEY");
    session.keep("$LOCKED", token);
    session.both("farthing receive $LOCKED");
    session.both("farthing reclaim 7");
    session.run("farthing --wallet $DIR/bob receive $LOCKED --json");
    session.run("farthing send 8 --lock nonsense");
    session.both("farthing send 1000");
    session.both("farthing receive cashuBnonsense");
    session.run("farthing history");
    assert_seen("sending_and_receiving", session.seen());
}

#[test]
fn paying_for_pages() {
    let mut session = Session::with_money();
    session.run("farthing get $MINT/article");
    session.run("farthing get $MINT/article --json");
    session.run("farthing get $MINT/article -o $DIR/page --json");
    session.run("farthing get $MINT/article --yes --max 2");
    session.run("farthing get $MINT/article --yes");
    session.run("farthing get $MINT/article --yes --max 3");
    session.run("farthing get $MINT/article");
    session.run("farthing get $MINT/other -o $DIR/page --yes --max 3 --json");
    session.run("farthing get $MINT/other -o $DIR/page --json");
    session.server.with(|site| site.price = 0);
    session.run("farthing get $MINT/free -o $DIR/page --json");
    session.server.with(|site| site.price = 3);
    session.say("Budgets");
    session.both("farthing budget list");
    session.both("farthing budget set $MINT --per-item 3 --per-day 20");
    session.both("farthing budget list");
    session.run("farthing get $MINT/third");
    session.both("farthing spent --days 1");
    session.both("farthing budget remove $MINT");
    session.run("farthing budget set $MINT/page --per-item 3 --per-day 20");
    session.run("farthing budget set $MINT --per-item 3");
    session.say("Sites that fail");
    session.server.with(|site| site.upstream = 404);
    session.run("farthing get $MINT/fourth -o $DIR/page --yes --max 3 --json");
    session.server.with(|site| site.upstream = 200);
    session.server.with(|site| site.deeds.no_receipt = true);
    session.run("farthing get $MINT/fifth -o $DIR/page --yes --max 3 --json");
    session.server.with(|site| site.deeds.no_receipt = false);
    session.server.with(|site| site.deeds.mint_unasked = true);
    session.both("farthing get $MINT/sixth -o $DIR/page --yes --max 3");
    session.run("farthing balance");
    session.run("farthing cancel 7 --json");
    session.both("farthing cancel 7");
    session.run("farthing get http://127.0.0.1:9/");
    session.run("farthing get nonsense");
    session.both("farthing history");
    assert_seen("paying_for_pages", session.seen());
}

#[test]
fn restoring_and_recovering() {
    let mut session = Session::new();
    session.run_with("farthing init --restore", PHRASE);
    session.both("farthing restore");
    session.run("farthing mint add $MINT --token $API_TOKEN");
    session.both("farthing withdraw 5");
    session.both("farthing restore");
    session.run("farthing withdraw 100");
    session.say("The wallet is lost, and made again from its phrase");
    session.run_with("farthing --wallet $DIR/again init --restore", PHRASE);
    session.run("farthing --wallet $DIR/again mint add $MINT --token $API_TOKEN");
    session.run("farthing --wallet $DIR/again restore --json");
    session.run("farthing --wallet $DIR/again balance");
    session.say("A mint that gives no answer leaves an operation open");
    session.both("farthing recover");
    let answers = |session: &Session, answers: bool| {
        let set = move |site: &mut crate::support::site::FakeSite| {
            site.mint.borrow_mut().lies.unavailable = !answers;
        };
        session.server.with(set);
    };
    answers(&session, false);
    session.run("farthing withdraw 7");
    session.run("farthing balance");
    session.run("farthing recover --json");
    session.run("farthing doctor");
    answers(&session, true);
    session.run("farthing recover");
    answers(&session, false);
    session.run("farthing withdraw 8 --json");
    answers(&session, true);
    session.run("farthing recover --json");
    session.run("farthing withdraw 9");
    session.say("A mint that lies");
    session
        .server
        .with(|site| site.mint.borrow_mut().lies.dleq = true);
    session.both("farthing withdraw 4");
    assert_seen("restoring_and_recovering", session.seen());
}

#[test]
fn a_unit_with_decimals() {
    let mut session = Session::new();
    session
        .server
        .with(|site| site.mint.borrow_mut().decimals = 2);
    session.run("farthing init");
    session.run("farthing mint add $MINT --token $API_TOKEN --json");
    session.both("farthing withdraw 1.25");
    session.both("farthing balance");
    session.run("farthing withdraw 1");
    session.run("farthing withdraw 75 --smallest-unit");
    session.run("farthing withdraw 0.5 --smallest-unit");
    session.run("farthing withdraw 1.255");
    session.run("farthing withdraw 1.250 --json");
    session.run("farthing withdraw 0.00");
    session.run("farthing withdraw 99.99");
    session.run("farthing send 0.05 --memo tea");
    session.run("farthing send 100");
    session.run("farthing sent");
    session.run("farthing redeem 0.2");
    session.run("farthing get $MINT/page --yes --max 0.02");
    session.run("farthing get $MINT/page --yes --max 0.025");
    session.run("farthing get $MINT/page --yes --max 0.03");
    session.both("farthing budget set $MINT --per-item 0.03 --per-day 1");
    session.run("farthing spent");
    session.run("farthing history");
    assert_seen("a_unit_with_decimals", session.seen());
}

#[test]
fn key_passphrase_proxy_and_doctor() {
    let mut session = Session::new();
    session.run_with("farthing init --restore", PHRASE);
    session.both("farthing key");
    session.run("farthing key --qr --json");
    session.both("farthing doctor");
    session.both("farthing proxy show");
    session.both("farthing proxy set socks5h://127.0.0.1:9");
    session.run("farthing proxy set socks5://127.0.0.1:9050");
    session.run("farthing proxy set 127.0.0.1:9050 --json");
    session.both("farthing mint add $MINT");
    session.run("farthing mint add $MINT --proxy direct");
    session.both("farthing key");
    session.run("farthing key --qr");
    session.both("farthing key --former --mint $MINT");
    session.run("farthing doctor");
    session.both("farthing proxy remove");
    session.say("A passphrase");
    secret_file(&session.dir().join("pass"), "correct horse\n");
    secret_file(&session.dir().join("wrong"), "wrong horse\n");
    session.both("farthing passphrase show");
    session.run("farthing passphrase remove");
    session.run("farthing passphrase set");
    session.run("farthing passphrase set --new-passphrase-file $DIR/pass");
    session.both("farthing balance");
    session.both("farthing balance --passphrase-file $DIR/wrong");
    session.run("farthing balance --passphrase-file $DIR/pass");
    session.run("farthing passphrase set --passphrase-file $DIR/pass --json");
    session.run("farthing passphrase remove --passphrase-file $DIR/pass --json");
    assert_seen("key_passphrase_proxy_and_doctor", session.seen());
}

#[test]
fn help() {
    let mut session = Session::new();
    session.run("farthing --help");
    for command in [
        "init",
        "get",
        "passphrase",
        "passphrase set",
        "passphrase show",
        "proxy",
        "proxy set",
        "completions",
        "man",
        "mint",
        "mint add",
        "mint list",
        "mint move",
        "balance",
        "withdraw",
        "send",
        "receive",
        "redeem",
        "sent",
        "reclaim",
        "recover",
        "cancel",
        "budget",
        "budget set",
        "spent",
        "history",
        "key",
        "doctor",
        "restore",
        "export",
        "import",
    ] {
        session.run(&format!("farthing {command} --help"));
    }
    session.run("farthing");
    session.run("farthing nonsense");
    session.run("farthing nonsense --json");
    session.run("farthing balance --colour");
    assert_seen("help", session.seen());
}

#[test]
fn completions_and_manual_pages() {
    let mut session = Session::new();
    for (shell, sign) in [
        ("bash", "complete -F _farthing"),
        ("zsh", "#compdef farthing"),
        ("fish", "complete -c farthing"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion:arg-completer[farthing]"),
    ] {
        let script = session.run(&format!("farthing completions {shell}"));
        assert!(script.contains(sign), "{shell}");
        assert!(script.contains("smallest-unit") && script.contains("reclaim"));
    }
    let page = session.run("farthing man");
    assert!(
        page.contains(".TH farthing 1") && page.contains("farthing\\-mint(1)"),
        "{page}"
    );
    let mut session = Session::new();
    session.run("farthing completions nonsense");
    session.both("farthing man $DIR/man");
    let withdraw = std::fs::read_to_string(session.dir().join("man/farthing-withdraw.1")).unwrap();
    assert!(withdraw.contains("farthing withdraw 12.50"), "{withdraw}");
    assert_seen("completions_and_manual_pages", session.seen());
}
