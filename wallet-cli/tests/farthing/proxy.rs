//! `--proxy`: every request goes through it, names are looked up by it alone, and what has another
//! purpose comes to it under another name.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::process::Output;

use crate::program::{farthing, json, text};
use crate::server::Server;
use crate::socks::{Manners, Proxy, Seen};
use crate::support::mint::API_TOKEN;
use serde_json::Value;

/// Names that lead nowhere but by the proxy.
const MINT: &str = "http://mint.example";
const SITE: &str = "http://shop.onion";
const PHRASE: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

/// A wallet with an account at a mint which, like the site, the proxy alone can reach.
struct Hidden {
    server: Server,
    proxy: Proxy,
    dir: tempfile::TempDir,
}

impl Hidden {
    /// Makes the wallet with the proxy, which it keeps; 100 are in it.
    fn new() -> Self {
        let server = Server::named(SITE, MINT);
        let listens = server.listens.clone();
        let proxy = Proxy::start([("mint.example:80", &*listens), ("shop.onion:80", &*listens)]);
        let dir = tempfile::tempdir().unwrap();
        let hidden = Self { server, proxy, dir };
        let url = hidden.proxy.url.clone();
        for arguments in [
            &["init", "--proxy", &url][..],
            &["mint", "add", MINT, "--token", API_TOKEN],
            &["withdraw", "100"],
        ] {
            hidden.ok(arguments);
        }
        hidden
    }

    fn wallet(&self) -> PathBuf {
        self.dir.path().join("wallet")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        farthing(&self.wallet(), arguments, "")
    }

    /// Runs a command that must succeed; gives what it printed.
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = text(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        text(&output.stdout).trim().to_owned()
    }

    /// Runs a command that must succeed; gives what the proxy was asked for.
    fn seen(&self, arguments: &[&str]) -> Vec<Seen> {
        self.proxy.take_seen();
        self.ok(arguments);
        self.proxy.take_seen()
    }

    fn balance(&self) -> Value {
        json(&self.run(&["balance", "--json"]))["balances"][0].clone()
    }
}

/// Requests by the name they came under, each as `METHOD target/path`.
fn by_name(seen: &[Seen]) -> Vec<Vec<String>> {
    let mut order: Vec<&str> = Vec::new();
    let mut requests: HashMap<&str, Vec<String>> = HashMap::new();
    for seen in seen {
        if !order.contains(&seen.name.as_str()) {
            order.push(&seen.name);
        }
        let (method, path) = seen.request.split_once(' ').unwrap();
        let host = seen.target.trim_end_matches(":80");
        let here = requests.entry(&seen.name).or_default();
        here.push(format!("{method} {host}{path}"));
    }
    order.iter().map(|name| requests[name].clone()).collect()
}

#[test]
fn every_request_comes_by_the_proxy_under_a_name_for_its_purpose() {
    let hidden = Hidden::new();
    let before = hidden.proxy.take_seen();
    let keys =
        ["/v1/info", "/v1/keysets", "/v1/keys"].map(|path| format!("GET mint.example{path}"));
    let mut by = by_name(&before);
    by[0].sort();
    let mut keys = keys.to_vec();
    keys.sort();
    let withdraw = vec!["POST mint.example/v1/withdraw".to_owned()];
    // The API token is asked about apart from what everybody asks.
    let account = vec!["GET mint.example/v1/account".to_owned()];
    assert_eq!(by, [keys, account, withdraw.clone()]);

    let mut all = before;
    let key = hidden.ok(&["key"]);
    let mut count = |arguments: &[&str], expected: &[&[&str]]| {
        let seen = hidden.seen(arguments);
        let expected: Vec<Vec<String>> = expected
            .iter()
            .map(|requests| requests.iter().map(|r| (*r).to_owned()).collect())
            .collect();
        assert_eq!(by_name(&seen), expected, "{arguments:?}");
        all.extend(seen);
    };
    let swap: &[&str] = &["POST mint.example/v1/swap"];
    count(&["withdraw", "5"], &[&["POST mint.example/v1/withdraw"]]);
    count(&["redeem", "5"], &[&["POST mint.example/v1/redeem"]]);
    count(&["send", "5", "--lock", &key], &[swap]);
    let token = hidden.ok(&["sent", "4"]);
    count(&["receive", &token], &[swap]);
    // Two requests to the site are one visit.
    let page = format!("{SITE}/article");
    let visit: &[&str] = &["GET shop.onion/article", "GET shop.onion/article"];
    count(&["get", &page, "--yes", "--max", "3"], &[visit]);
    count(&["history"], &[]);

    let names: HashSet<&str> = all.iter().map(|seen| seen.name.as_str()).collect();
    assert_eq!(names.len(), 3 + 5, "no command has a name of another");
    for name in names {
        let (user, password) = name.split_once(':').unwrap();
        assert!(user.len() == 32 && password.len() == 32 && user != password);
    }
    assert_eq!(
        hidden.server.connections(),
        all.len(),
        "none came otherwise"
    );
}

#[test]
fn one_command_with_several_purposes_has_several_names() {
    let hidden = Hidden::new();
    // The site does not charge the page: the token is kept aside, and the mint is not asked now.
    hidden.server.with(|site| site.upstream = 404);
    hidden.proxy.take_seen();
    let page = format!("{SITE}/article");
    assert_eq!(
        hidden
            .run(&["get", &page, "--yes", "--max", "3"])
            .status
            .code(),
        Some(8)
    );
    let visit = vec!["GET shop.onion/article".to_owned(); 2];
    let swap = vec!["POST mint.example/v1/swap".to_owned()];
    assert_eq!(by_name(&hidden.proxy.take_seen()), [visit]);

    // A withdrawal that was left open is settled by the command that receives a token.
    let token = hidden.ok(&["send", "4"]);
    hidden.proxy.lead("mint.example:80", None);
    let output = hidden.run(&["withdraw", "5", "--json"]);
    assert_eq!(output.status.code(), Some(6));
    let error = &json(&output)["error"];
    let what = format!(
        "no usable answer from the mint {MINT}: the proxy {} could not reach it: host unreachable",
        hidden.proxy.url
    );
    assert_eq!(error["what"], what);
    assert_eq!(error["open_operation"], 4);
    hidden
        .proxy
        .lead("mint.example:80", Some(&hidden.server.listens));
    let withdraw = vec!["POST mint.example/v1/withdraw".to_owned()];
    let seen = hidden.seen(&["receive", &token]);
    assert_eq!(by_name(&seen), [withdraw, swap]);
    // 3 are aside.
    assert_eq!(hidden.balance()["available"], 102);
}

#[test]
fn a_restore_asks_for_signatures_under_one_name_and_for_states_under_others() {
    let hidden = Hidden::new();
    let lost = hidden.dir.path().join("lost");
    let again = hidden.dir.path().join("again");
    let run = |wallet: &PathBuf, arguments: &[&str], input: &str| {
        let output = farthing(
            wallet,
            &[arguments, &["--proxy", &hidden.proxy.url]].concat(),
            input,
        );
        assert!(output.status.success(), "{}", text(&output.stderr));
    };
    run(&lost, &["init", "--restore"], PHRASE);
    run(&lost, &["mint", "add", MINT, "--token", API_TOKEN], "");
    run(&lost, &["restore"], "");
    run(&lost, &["withdraw", "7"], "");
    run(&again, &["init", "--restore"], PHRASE);
    run(&again, &["mint", "add", MINT], "");
    hidden.proxy.take_seen();
    run(&again, &["restore"], "");
    let by = by_name(&hidden.proxy.take_seen());
    let only = |requests: &[String], path: &str| requests.iter().all(|r| r.ends_with(path));
    let kinds: Vec<(usize, usize, usize)> = by
        .iter()
        .map(|requests| {
            let all = |path| usize::from(only(requests, path)) * requests.len();
            let public = requests.iter().all(|r| r.starts_with("GET "));
            (
                usize::from(public) * requests.len(),
                all("/v1/restore"),
                all("/v1/checkstate"),
            )
        })
        .collect();
    let of = |kind: fn(&(usize, usize, usize)) -> usize| {
        kinds
            .iter()
            .map(kind)
            .filter(|n| *n > 0)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(|k| k.0).len(), 1, "{by:?}");
    let restores = of(|k| k.1);
    assert!(restores.len() == 1 && restores[0] > 1, "{by:?}");
    assert_eq!(of(|k| k.2), [1], "{by:?}");
    assert_eq!(by.len(), 3, "no name has requests of two kinds: {by:?}");
}

#[test]
fn a_proxy_that_is_down_is_told_and_nothing_is_begun() {
    let hidden = Hidden::new();
    let (before, connections) = (hidden.balance(), hidden.server.connections());
    hidden.proxy.take_seen();
    // Nothing listens on the discard port.
    let down = "socks5h://127.0.0.1:9";
    let page = format!("{SITE}/article");
    for arguments in [
        &["withdraw", "5"][..],
        &["send", "4"],
        &["receive", "cashuBo2"],
        &["redeem", "--all"],
        &["restore"],
        &["mint", "add", MINT],
        &["get", &page, "--yes", "--max", "3"],
    ] {
        let arguments = [arguments, &["--proxy", down]].concat();
        let output = hidden.run(&arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(6), 0));
        let said = text(&output.stderr);
        let what =
            format!("error: the proxy {down} cannot be used: Connection refused (os error 111)\n");
        assert!(
            cfg!(not(target_os = "linux")) || said.starts_with(&what),
            "{said}"
        );
        assert!(said.contains("\n  money: Nothing was moved, and no request was made.\n"));
    }
    let output = hidden.run(&["withdraw", "5", "--json", "--proxy", down]);
    assert_eq!(json(&output)["error"]["code"], "proxy_unusable");
    // What needs no mint works all the same.
    for command in ["balance", "history", "key", "sent"] {
        hidden.ok(&[command, "--proxy", down]);
    }
    assert_eq!(hidden.balance(), before);
    assert_eq!(before["pending"], 0);
    assert!(hidden.proxy.take_seen().is_empty());
    assert_eq!(hidden.server.connections(), connections);
}

#[test]
fn a_proxy_that_cannot_keep_requests_apart_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let wallet = dir.path().join("wallet");
    assert!(farthing(&wallet, &["init"], "").status.success());
    for (manners, why) in [
        (
            Manners::NoNames,
            "takes no names and passwords, so it cannot keep requests apart",
        ),
        (Manners::Http, "does not speak SOCKS5"),
    ] {
        let proxy = Proxy::with(manners, []);
        let output = farthing(&wallet, &["mint", "add", MINT, "--proxy", &proxy.url], "");
        assert_eq!(output.status.code(), Some(6));
        let expected = format!("error: the proxy {} {why}\n", proxy.url);
        assert!(text(&output.stderr).starts_with(&expected));
        assert!(proxy.take_seen().is_empty());
    }
}

#[test]
fn what_is_kept_holds_until_something_else_is_said() {
    let hidden = Hidden::new();
    let url = hidden.proxy.url.clone();
    assert_eq!(hidden.ok(&["proxy", "show"]), url);
    assert_eq!(
        json(&hidden.run(&["proxy", "show", "--json"]))["proxy"],
        url
    );
    let info = |arguments: &[&str]| hidden.run(&[&["mint", "add", MINT], arguments].concat());
    hidden.proxy.take_seen();
    // Around the proxy the name leads nowhere.
    assert_eq!(info(&["--proxy", "direct"]).status.code(), Some(6));
    assert!(hidden.proxy.take_seen().is_empty());
    assert!(info(&[]).status.success());
    assert_eq!(hidden.proxy.take_seen().len(), 3);

    let gone = json(&hidden.run(&["proxy", "remove", "--json"]));
    assert_eq!(gone["proxy"], Value::Null);
    assert_eq!(info(&[]).status.code(), Some(6));
    assert!(hidden.proxy.take_seen().is_empty());
    let mut by_environment = crate::program::command(&hidden.wallet(), &["mint", "add", MINT]);
    assert!(
        by_environment
            .env("FARTHING_PROXY", &url)
            .output()
            .unwrap()
            .status
            .success()
    );
    assert_eq!(hidden.proxy.take_seen().len(), 3);
    assert_eq!(hidden.ok(&["proxy", "set", &url]), url);
    assert!(info(&[]).status.success());
    assert_eq!(hidden.proxy.take_seen().len(), 3);
}

#[test]
fn an_address_that_would_leak_or_is_none_is_refused_by_name() {
    let hidden = Hidden::new();
    hidden.proxy.take_seen();
    for (url, why) in [
        ("socks5://127.0.0.1:9050", "write socks5h://"),
        ("http://127.0.0.1:8118", "only SOCKS5 proxies"),
        (
            "socks5h://me:secret@127.0.0.1:9050",
            "leave name and password out",
        ),
        ("none", "this is not the address of a proxy"),
        ("", "this is not the address of a proxy"),
    ] {
        let output = hidden.run(&["withdraw", "5", "--proxy", url]);
        assert_eq!(output.status.code(), Some(2), "{url}");
        let said = text(&output.stderr);
        assert!(
            said.starts_with("error: --proxy: ") && said.contains(why),
            "{said}"
        );
        assert!(!said.contains("secret"), "{said}");
        assert_eq!(hidden.run(&["proxy", "set", url]).status.code(), Some(2));
    }
    // A file that somebody spoiled is no reason to go without.
    std::fs::write(hidden.wallet().join("proxy"), "nonsense\n").unwrap();
    let output = hidden.run(&["withdraw", "5"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(hidden.proxy.take_seen().is_empty());
    let none = farthing(&hidden.dir.path().join("none"), &["proxy", "show"], "");
    assert_eq!(none.status.code(), Some(7));
}
