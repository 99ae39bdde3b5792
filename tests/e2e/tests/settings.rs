//! What the programs look at before they start: settings that make no sense, files that others may read,
//! and whether they are alone on their folder. And what `farthing-paywall check --site` finds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use farthing_protocol::{Token, TokenProof};
use farthing_testkit::client::Blanks;
use farthing_testkit::paywall::{PaywallPlan, PaywallProcess};
use farthing_testkit::scene::Scene;
use serde_json::Value;
use tokio::net::TcpListener;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const SITE: &str = "http://127.0.0.1:9";

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Checks that a command ends with 2 and says all of that.
fn refused(command: &mut Command, words: &[&str]) {
    let output = command.output().unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} not in {said}");
    }
}

struct Stage {
    scene: Scene,
    reader: String,
    publisher: String,
}

impl Stage {
    async fn open() -> Self {
        let scene = Scene::start(BINARY).await.unwrap();
        let reader = scene.mint.account("reader", "withdraw,read", 1000).unwrap();
        let publisher = scene.mint.account("gazette", "redeem,read", 0).unwrap();
        Self {
            scene,
            reader,
            publisher,
        }
    }

    fn data(&self) -> PathBuf {
        self.scene.folder().join("paywall")
    }

    fn plan(&self, upstream: &str) -> PaywallPlan {
        let mint = self.scene.mint.url().unwrap();
        PaywallPlan::new(BINARY, &self.data(), upstream, mint, &self.publisher)
    }

    /// A plan with a `paywall.toml` that says this beside what the plan says.
    fn with_file(&self, upstream: &str, toml: &str) -> PaywallPlan {
        let file = self.scene.folder().join("paywall.toml");
        std::fs::write(&file, toml).unwrap();
        self.plan(upstream)
            .with("CONFIG", &file.display().to_string())
    }

    async fn token(&self) -> String {
        let blanks = Blanks::of(&self.scene.keyset, &[1, 2]).unwrap();
        let client = &self.scene.client;
        let proofs = client.withdraw_blanks(&self.reader, blanks).await.unwrap();
        let token = Token {
            mint: self.scene.mint.url().unwrap().to_owned(),
            unit: "credit".to_owned(),
            memo: None,
            proofs: proofs
                .into_iter()
                .map(|token| TokenProof {
                    dleq: None,
                    ..token
                })
                .collect(),
        };
        token.encode().to_string()
    }

    async fn income(&self) -> u64 {
        self.scene.balance(&self.publisher).await.unwrap()
    }
}

fn request(url: &str, path: &str) -> reqwest::RequestBuilder {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    client.build().unwrap().get(format!("{url}{path}"))
}

#[tokio::test]
async fn settings_that_make_no_sense_are_named_at_the_start_with_what_to_write() {
    let stage = Stage::open().await;
    for (setting, value, words) in [
        (
            "CHARGED",
            "",
            &["charged", "[\"2xx\", \"304\", \"101\"]"][..],
        ),
        ("RECEIPT_HOURS", "0", &["receipt_hours", "at least 1"]),
        (
            "PUBLIC_URL",
            "https://u:p@x",
            &["public_url", "write \"https://x\""],
        ),
        ("PRICE", "GTE /articles/*=3", &["GTE", "write GET, POST"]),
        (
            "TRUSTED_PROXIES",
            "here",
            &["FARTHING_PAYWALL_TRUSTED_PROXIES", "127.0.0.1"],
        ),
    ] {
        let plan = stage.plan(SITE).with(setting, value);
        for command in ["run", "check"] {
            refused(&mut plan.command(command), words);
        }
    }
    let twice = stage.with_file(SITE, "name = \"a\"\nname = \"b\"\n");
    refused(
        &mut twice.command("run"),
        &["paywall.toml, line 2, name: duplicate key"],
    );
    // An address is a network of one.
    let plan = stage.plan(SITE).with("TRUSTED_PROXIES", "127.0.0.1,::1");
    plan.start().unwrap().stop().unwrap();

    let file = stage.scene.mint.dir().join("mint.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines = text.lines().count();
    std::fs::write(&file, format!("{text}replay_days = 3\n")).unwrap();
    let words = format!("mint.toml, line {}, replay_days: duplicate key", lines + 1);
    refused(&mut stage.scene.mint.command(&["audit"]), &[&words]);
}

#[tokio::test]
async fn what_others_may_read_is_refused_or_closed() {
    let stage = Stage::open().await;
    let token = stage.scene.folder().join("api-token");
    std::fs::write(&token, format!("{}\n", stage.publisher)).unwrap();
    let plan = stage.plan(SITE);
    let plan = plan.with("API_TOKEN_FILE", &token.display().to_string());
    let command = |name: &str| {
        let mut command = plan.command(name);
        command.env_remove("FARTHING_PAYWALL_API_TOKEN");
        command
    };
    let mend = format!("run: chmod 600 {}", token.display());
    for open in [0o666, 0o644, 0o640] {
        set_mode(&token, open);
        refused(&mut command("run"), &["the mint's API token", &mend]);
        refused(&mut command("check"), &[&mend]);
    }
    set_mode(&token, 0o600);
    assert!(command("check").output().unwrap().status.success());

    // A folder that an earlier version made open is closed, and the log says so.
    let plan = stage.plan(SITE);
    plan.start().unwrap().stop().unwrap();
    let data = stage.data();
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("payments.sqlite")), 0o600);
    set_mode(&data, 0o755);
    let paywall = plan.start().unwrap();
    assert_eq!(mode(&data), 0o700);
    assert!(paywall.log().unwrap().contains("mode 0700"));
    paywall.stop().unwrap();
    // One with other things in it is not ours to close.
    let other = stage.scene.folder().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("index.html"), "").unwrap();
    set_mode(&other, 0o755);
    let mint = stage.scene.mint.url().unwrap();
    let plan = PaywallPlan::new(BINARY, &other, SITE, mint, &stage.publisher);
    let mend = format!("run: chmod 700 {}", other.display());
    refused(&mut plan.command("run"), &[&mend]);
    assert_eq!(mode(&other), 0o755);
}

#[tokio::test]
async fn a_mints_folder_is_closed_to_others() {
    let mut stage = Stage::open().await;
    let dir = stage.scene.mint.dir().to_owned();
    stage.scene.mint.stop().unwrap();
    set_mode(&dir, 0o755);
    stage.scene.mint.start().unwrap();
    assert_eq!(mode(&dir), 0o700);
    assert!(stage.scene.mint.log().unwrap().contains("mode 0700"));

    let other = stage.scene.folder().join("other");
    std::fs::create_dir(&other).unwrap();
    set_mode(&other, 0o755);
    let init = || {
        let mut command =
            farthing_testkit::process::Program::new(BINARY, farthing_testkit::programs::AS_MINT)
                .command();
        command.arg("init").arg("--data").arg(&other);
        command
    };
    std::fs::write(other.join("index.html"), "").unwrap();
    let mend = format!("run: chmod 700 {}", other.display());
    refused(&mut init(), &[&mend]);
    std::fs::remove_file(other.join("index.html")).unwrap();
    assert!(init().output().unwrap().status.success());
    assert_eq!(mode(&other), 0o700);
}

#[tokio::test]
async fn a_folder_has_one_paywall_and_one_mint_at_a_time() {
    let mut stage = Stage::open().await;
    let plan = stage.plan(SITE);
    let mut first = plan.start().unwrap();
    let second = "another paywall is running on this folder";
    refused(&mut plan.command("run"), &[second, "stop it first"]);
    // A command beside it is no second paywall.
    assert!(plan.command("check").output().unwrap().status.success());
    // Nothing stays of a process that was killed.
    first.kill().unwrap();
    plan.start().unwrap().stop().unwrap();

    let mint = &stage.scene.mint;
    let words = [
        "farthing-mint run is running on this folder",
        "stop it first",
    ];
    refused(
        &mut mint.command(&["run", "--listen", "127.0.0.1:0"]),
        &words,
    );
    refused(&mut mint.command(&["spent-log", "renew"]), &words);
    mint.run(&["audit"]).unwrap();
    mint.run(&["account", "credit", "reader", "5"]).unwrap();
    mint.run(&["keyset", "rotate"]).unwrap();
    stage.scene.mint.kill().unwrap();
    stage.scene.mint.start().unwrap();
}

/// A blog whose articles have more than one address.
async fn blog() -> String {
    let page = |text: &'static str| get(move || async move { text });
    let router = Router::new()
        .route("/", get(|request: Request| async move {
            match request.uri().query() {
                Some("p=1") => "An article, whole.",
                _ => "The Gazette",
            }
        }))
        .route("/robots.txt", page("User-agent: *\nSitemap: /sitemap.xml\n"))
        .route(
            "/sitemap.xml",
            page(
                "<urlset><url><loc>/articles/one</loc></url><url><loc>/articles/two?a=1&amp;b=2</loc></url>\
                 <url><loc>/about</loc></url><url><loc>https://elsewhere.example/x</loc></url></urlset>",
            ),
        )
        .route("/about", page("About us."))
        .route("/feed/", page("<rss/>"))
        .route("/articles/{n}", any(|request: Request| async move {
            format!("An article: {}", request.uri())
        }))
        .route("/index.php/articles/one", page("An article, whole."));
    serve(router).await
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// A server in front that sends what begins with one of `walled` through the paywall, and nothing else.
async fn front(paywall: &str, site: &str, walled: &'static [&'static str]) -> String {
    let to = (paywall.to_owned(), site.to_owned(), walled);
    serve(Router::new().fallback(pass_on).with_state(to)).await
}

type To = (String, String, &'static [&'static str]);

async fn pass_on(State((paywall, site, walled)): State<To>, request: Request) -> Response {
    let path = request.uri().path();
    let is_walled = walled.iter().any(|start| path.starts_with(start));
    let url = format!(
        "{}{}",
        if is_walled { paywall } else { site },
        request.uri()
    );
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    let asked = client.build().unwrap().request(parts.method, url);
    let answer = asked
        .headers(parts.headers)
        .body(body)
        .send()
        .await
        .unwrap();
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
    let headers = answer.headers().clone();
    let body = Body::from(answer.bytes().await.unwrap());
    (status, headers, body).into_response()
}

fn look(plan: &PaywallPlan, site: &str) -> (Option<i32>, Value) {
    let mut command = plan.command("check");
    let output = command.args(["--site", site]).output().unwrap();
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    (output.status.code(), report["site"].clone())
}

fn mentions(list: &Value, what: &str) -> bool {
    let mut texts = list.as_array().unwrap().iter();
    texts.any(|text| text.as_str().unwrap().contains(what))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_site_is_looked_at_as_a_visitor_who_pays_nothing_sees_it() {
    let stage = Stage::open().await;
    let site = blog().await;
    let plan = stage.plan(&site).price("/articles/*=3");
    let paywall = plan.start().unwrap();
    let (code, report) = look(&plan, &paywall.url);
    assert_eq!(
        (code, &report["faults"]),
        (Some(0), &Value::Array(Vec::new())),
        "{report}"
    );
    assert_eq!(
        (&report["addresses"], &report["priced"]),
        (&3.into(), &2.into())
    );
    assert_eq!(report["free"], serde_json::json!(["/about"]));
    let warnings = &report["warnings"];
    for detour in [
        "/feed/ is free",
        "/?p=1 is free",
        "/index.php/articles/one is free",
    ] {
        assert!(mentions(warnings, detour), "{detour}: {warnings}");
    }
    for nothing in ["/rss.xml", "/?feed=rss2", "acme", "/articles/one/feed/"] {
        assert!(!mentions(warnings, nothing), "{nothing}: {warnings}");
    }
    // Around the paywall nothing is asked for, and the form would give tokens away.
    let (code, report) = look(&plan, &site);
    assert_eq!(code, Some(1));
    let faults = &report["faults"];
    assert!(
        mentions(
            faults,
            "POST /.well-known/farthing/pay does not reach the paywall"
        ),
        "{faults}"
    );
    assert!(
        mentions(
            faults,
            "/articles/one costs 3 credit by the rules, and is answered 200"
        ),
        "{faults}"
    );
    drop(paywall);
    // Everything has a price: so has what programs need that cannot pay.
    let plan = stage.plan(&site).price("/*=3");
    let paywall = plan.start().unwrap();
    let (_, report) = look(&plan, &paywall.url);
    for needed in ["acme-challenge", "/robots.txt", "/favicon.ico"] {
        assert!(mentions(&report["warnings"], needed), "{needed}: {report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_does_not_reach_the_paywall_is_found_and_pay_path_mends_it() {
    let stage = Stage::open().await;
    let site = blog().await;
    let plan = stage.plan(&site).price("/articles/*=3");
    let paywall = plan.start().unwrap();
    let (code, report) = look(&plan, &front(&paywall.url, &site, &["/articles/"]).await);
    assert_eq!(code, Some(1));
    let faults = &report["faults"];
    assert!(
        mentions(faults, "does not reach the paywall (404 Not Found)"),
        "{faults}"
    );
    assert!(mentions(faults, "\"/articles/farthing-pay\""), "{faults}");
    // With the form's path alone, readers pay by the button and do not get to the page.
    const PAY: &[&str] = &["/articles/", "/.well-known/farthing/pay"];
    let (code, report) = look(&plan, &front(&paywall.url, &site, PAY).await);
    assert_eq!(code, Some(1));
    let faults = report["faults"].as_array().unwrap();
    let open = "POST /.well-known/farthing/open does not reach the paywall (404 Not Found)";
    assert_eq!(faults.len(), 1);
    assert!(mentions(&report["faults"], open), "{report}");
    const ALL: &[&str] = &["/articles/", "/.well-known/farthing/"];
    let (code, report) = look(&plan, &front(&paywall.url, &site, ALL).await);
    assert_eq!(code, Some(0), "{report}");
    paywall.stop().unwrap();

    let plan = plan.with("PAY_PATH", "/articles/farthing-pay");
    let paywall = plan.start().unwrap();
    let front = front(&paywall.url, &site, &["/articles/"]).await;
    let (code, report) = look(&plan, &front);
    assert_eq!(code, Some(0), "{report}");
    let page = request(&front, "/articles/one").header("accept", "text/html");
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("action=\"/articles/farthing-pay\""), "{page}");
    let form = [
        ("token", stage.token().await),
        ("url", "/articles/one".to_owned()),
    ];
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    let paid = client
        .build()
        .unwrap()
        .post(format!("{front}/articles/farthing-pay"));
    assert_eq!(paid.form(&form).send().await.unwrap().status(), 303);
    assert_eq!(stage.income().await, 3);
}

#[tokio::test]
async fn parameters_that_are_ignored_are_passed_on_and_make_no_other_purchase() {
    let stage = Stage::open().await;
    let site = blog().await;
    let rule =
        "[[price]]\npath = \"/articles/*\"\namount = 3\nignore_query = [\"fbclid\", \"utm_*\"]\n";
    let paywall: PaywallProcess = stage.with_file(&site, rule).start().unwrap();
    let token = stage.token().await;
    let came = "/articles/one?fbclid=abc&page=2";
    let ask = async |path: &str, name: &str, value: &str| {
        let answer = request(&paywall.url, path)
            .header(name, value)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        (status, headers, answer.text().await.unwrap())
    };
    let (status, headers, text) = ask(came, "x-cashu", &token).await;
    assert_eq!(
        (status, text.as_str()),
        (200, "An article: /articles/one?fbclid=abc&page=2")
    );
    let receipt = headers["x-cashu-receipt"].to_str().unwrap();
    let cookie = headers["set-cookie"]
        .to_str()
        .unwrap()
        .split("; ")
        .next()
        .unwrap();
    for path in [
        "/articles/one?page=2",
        "/articles/one?utm_source=x&page=2&fbclid=y",
        came,
    ] {
        let shown = format!("An article: {path}");
        for (name, value) in [
            ("x-cashu-receipt", receipt),
            ("cookie", cookie),
            ("x-cashu", &token),
        ] {
            let (status, _, text) = ask(path, name, value).await;
            assert_eq!((status, text.as_str()), (200, shown.as_str()), "{name}");
        }
    }
    for path in [
        "/articles/one",
        "/articles/one?page=3",
        "/articles/one?utm_x=1;page=3&page=2",
    ] {
        for (name, value) in [("x-cashu-receipt", receipt), ("cookie", cookie)] {
            assert_eq!(ask(path, name, value).await.0, 402, "{path}");
        }
        assert_eq!(ask(path, "x-cashu", &token).await.0, 400, "{path}");
    }
    assert_eq!(stage.income().await, 3);
}
