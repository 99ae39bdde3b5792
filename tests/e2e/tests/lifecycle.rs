//! A mint's files and settings, its start and its end.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use farthing_protocol::api::{Signatures, path};
use farthing_testkit::client::{Blanks, Client, proofs, swap_body, withdraw_body};
use farthing_testkit::process::{Mint, Program};
use farthing_testkit::programs::AS_MINT;
use farthing_testkit::raw::Connection;
use farthing_testkit::scene::Scene;
use serde_json::Value;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const FILES: [&str; 3] = ["mint.toml", "seed", "mint.sqlite"];

fn mint() -> (TempDir, Mint) {
    let folder = TempDir::new().unwrap();
    let mint = Mint::init(BINARY, &folder.path().join("mint"), &["--amounts", "4"]).unwrap();
    (folder, mint)
}

fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Program::new(BINARY, AS_MINT).command();
    command.args(arguments).arg("--data").arg(dir);
    command
}

/// Returns what a command that must fail says, with the exit status for errors.
fn error(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    text
}

#[test]
fn init_never_overwrites() {
    let (folder, mint) = mint();
    let before = FILES.map(|file| std::fs::read(mint.dir().join(file)).unwrap());
    let said = error(&mint.output(&["init"]).unwrap());
    assert!(said.contains("mint.toml"), "{said}");
    assert_eq!(
        FILES.map(|file| std::fs::read(mint.dir().join(file)).unwrap()),
        before
    );
    // Each of the files alone is enough, and nothing is put beside it.
    for file in FILES {
        let dir = folder.path().join(format!("only {file}"));
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join(file), "precious").unwrap();
        let said = error(&command(&dir, &["init"]).output().unwrap());
        assert!(said.contains(file), "{file}: {said}");
        assert_eq!(std::fs::read_to_string(dir.join(file)).unwrap(), "precious");
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1, "{file}");
    }
}

#[test]
fn init_checks_what_it_is_given() {
    let folder = TempDir::new().unwrap();
    for (place, (arguments, named)) in [
        (["--unit", "Sat"], "unit"),
        (["--unit", ""], "unit"),
        (["--amounts", "0"], "amounts"),
        (["--amounts", "49"], "amounts"),
        (["--amounts", "-1"], "-1"),
    ]
    .into_iter()
    .enumerate()
    {
        let dir = folder.path().join(place.to_string());
        let said = error(
            &command(&dir, &[&["init"], &arguments[..]].concat())
                .output()
                .unwrap(),
        );
        assert!(said.contains(named), "{arguments:?}: {said}");
        assert!(
            !dir.join("seed").exists() && !dir.join("mint.toml").exists(),
            "{arguments:?}"
        );
    }
    let dir = folder.path().join("deep/er");
    let made = command(
        &dir,
        &["init", "--unit", "usd", "--amounts", "48", "--json"],
    )
    .output()
    .unwrap();
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(made["unit"], "usd");
}

#[test]
fn the_files_are_the_owners_alone() {
    let (_folder, mint) = mint();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&mint.dir().join("seed")), 0o600);
    assert_eq!(mode(&mint.dir().join("mint.sqlite")), 0o600);
    assert_eq!(mode(mint.dir()), 0o700);
    let seed = mint.dir().join("seed");
    for bad in [0o640, 0o604, 0o644, 0o620, 0o660, 0o601] {
        std::fs::set_permissions(&seed, std::fs::Permissions::from_mode(bad)).unwrap();
        let said = error(&mint.output(&["run"]).unwrap());
        assert!(
            said.contains("seed") && said.contains("chmod 600"),
            "{bad:o}: {said}"
        );
        let said = error(&mint.output(&["keyset", "rotate"]).unwrap());
        assert!(said.contains("chmod 600"), "{bad:o}: {said}");
    }
    std::fs::set_permissions(&seed, std::fs::Permissions::from_mode(0o400)).unwrap();
    mint.run(&["keyset", "rotate"]).unwrap();
}

#[test]
fn a_wrong_seed_is_refused_at_the_start() {
    let (_folder, mut mint) = mint();
    mint.account("ann", "read", 5).unwrap();
    let seed = mint.dir().join("seed");
    let right = std::fs::read_to_string(&seed).unwrap();
    std::fs::write(&seed, "00".repeat(32)).unwrap();
    for arguments in [
        &["run"][..],
        &["keyset", "rotate"],
        &["account", "credit", "ann", "1"],
    ] {
        let said = error(&mint.output(arguments).unwrap());
        assert!(said.contains("seed"), "{arguments:?}: {said}");
    }
    for text in ["", "zz", &"0".repeat(63), &"0".repeat(66)] {
        std::fs::write(&seed, text).unwrap();
        let said = error(&mint.output(&["run"]).unwrap());
        assert!(said.contains("64 hex digits"), "{text}: {said}");
    }
    std::fs::remove_file(&seed).unwrap();
    assert!(error(&mint.output(&["run"]).unwrap()).contains("seed"));
    // From the environment instead of the file; never shown.
    let output = mint.output(&["keyset", "list"]).unwrap();
    assert!(output.status.success(), "no seed is needed to look");
    mint = mint.with("SEED", right.trim());
    mint.start().unwrap();
    mint.stop().unwrap();
    assert!(!mint.log().unwrap().contains(right.trim()));
    assert_eq!(mint.balanced().unwrap()["reserve"], 5);
}

#[test]
fn an_unknown_setting_is_named() {
    let (_folder, mint) = mint();
    let file = mint.dir().join("mint.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{good}inputs_maximum = 3\n")).unwrap();
    let said = error(&mint.output(&["run"]).unwrap());
    assert!(
        said.contains("inputs_maximum") && said.contains("mint.toml"),
        "{said}"
    );
    std::fs::write(&file, format!("{good}amounts = 3\n")).unwrap();
    error(&mint.output(&["run"]).unwrap());
    std::fs::write(&file, &good).unwrap();
    let names = [
        "FARTHING_MINT_INPUTS_MAXIMUM",
        "FARTHING_MINT_FARTHING_MINT_NAME",
        "FARTHING_MINT_",
    ];
    for name in names {
        let output = command(mint.dir(), &["account", "list"])
            .env(name, "3")
            .output()
            .unwrap();
        let said = error(&output);
        assert!(said.contains(name), "{name}: {said}");
    }
}

/// Variables of others are none of the mint's business, whatever bytes they hold.
#[test]
fn the_rest_of_the_environment_is_left_alone() {
    use std::os::unix::ffi::OsStrExt as _;
    let (_folder, mint) = mint();
    let bytes = std::ffi::OsStr::from_bytes(b"caf\xe9");
    let output = command(mint.dir(), &["account", "list"])
        .env("GREETING", bytes)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = command(mint.dir(), &["account", "list"])
        .env("FARTHING_MINT_NAME", bytes)
        .output();
    assert!(error(&output.unwrap()).contains("FARTHING_MINT_NAME"));
    let output = command(mint.dir(), &["keyset", "rotate"])
        .env("FARTHING_MINT_SEED", bytes)
        .output();
    assert!(error(&output.unwrap()).contains("FARTHING_MINT_SEED"));
}

#[test]
fn every_setting_can_be_given_by_the_environment() {
    let (_folder, mint) = mint();
    let file = mint.dir().join("mint.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let settings: toml::Table = text.parse().unwrap();
    assert!(
        settings.len() >= 20,
        "all settings are listed: {settings:?}"
    );
    for (name, value) in &settings {
        // The value in the file would be refused, so that only the environment's can be at work.
        let wrong = if value.is_str() { "[]" } else { "\"wrong\"" };
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("{name} = ")))
            .unwrap();
        let given = if let Some(text) = value.as_str() {
            text.to_owned()
        } else if let Some(list) = value.as_array() {
            let list: Vec<&str> = list.iter().filter_map(toml::Value::as_str).collect();
            list.join(",")
        } else {
            value.to_string()
        };
        let variable = format!("FARTHING_MINT_{}", name.to_uppercase());
        let list = |value: &str| {
            command(mint.dir(), &["account", "list"])
                .env(&variable, value)
                .output()
                .unwrap()
        };
        assert!(list(&given).status.success(), "{variable}={given}");
        if !value.is_str() || ["listen", "log_format", "log_level", "unit"].contains(&name.as_str())
        {
            let said = error(&list("no such value"));
            assert!(
                said.contains(&variable) || said.contains(name),
                "{variable}: {said}"
            );
        }
        std::fs::write(&file, text.replace(line, &format!("{name} = {wrong}"))).unwrap();
        let said = error(&command(mint.dir(), &["account", "list"]).output().unwrap());
        assert!(said.contains("mint.toml"), "{name}: {said}");
        std::fs::write(&file, &text).unwrap();
    }
    for (variable, value) in [
        ("METRICS_LISTEN", "127.0.0.1:9"),
        ("NAME", "007"),
        ("INPUTS_MAX", "7"),
    ] {
        let variable = format!("FARTHING_MINT_{variable}");
        let output = command(mint.dir(), &["account", "list"])
            .env(&variable, value)
            .output()
            .unwrap();
        assert!(output.status.success(), "{variable}={value}");
    }
}

#[tokio::test]
async fn a_setting_of_the_environment_is_at_work() {
    let scene = Scene::with(BINARY, &[("INPUTS_MAX", "7"), ("NAME", "007")])
        .await
        .unwrap();
    let info = scene.client.get(path::INFO, None).await.unwrap().body;
    assert_eq!(
        (info["name"].as_str(), info["limits"]["inputs_max"].as_u64()),
        (Some("007"), Some(7))
    );
}

#[test]
fn a_folder_without_a_mint_is_told() {
    let folder = TempDir::new().unwrap();
    for arguments in [
        &["run"][..],
        &["audit"],
        &["account", "list"],
        &["issue", "1", "--account", "a"],
    ] {
        let said = error(&command(folder.path(), arguments).output().unwrap());
        assert!(said.contains("no mint here"), "{arguments:?}: {said}");
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing was made"
    );
    let output = Program::new(BINARY, AS_MINT)
        .command()
        .arg("audit")
        .output()
        .unwrap();
    assert!(error(&output).contains("--data"));
}

#[test]
fn a_taken_port_is_told() {
    let (_folder, mint) = mint();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = error(&mint.output(&["run", "--listen", &address]).unwrap());
    assert!(
        said.contains("cannot listen on") && said.contains(&address),
        "{said}"
    );
    let mint = mint.with("METRICS_LISTEN", &address);
    let said = error(&mint.output(&["run", "--listen", "127.0.0.1:0"]).unwrap());
    assert!(said.contains(&address), "{said}");
}

#[tokio::test]
async fn the_log_as_json() {
    let settings = [("LOG_FORMAT", "json"), ("LOG_LEVEL", "debug")];
    let mut scene = Scene::with(BINARY, &settings).await.unwrap();
    scene.client.post(path::SWAP, None, "{").await.unwrap();
    scene.mint.stop().unwrap();
    let log = scene.mint.log().unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let messages: Vec<_> = lines
        .iter()
        .filter_map(|line| line["fields"]["message"].as_str())
        .collect();
    for message in ["the mint is up", "answered", "stopped"] {
        assert!(messages.contains(&message), "{message} in {messages:?}");
    }
    let refused = lines
        .iter()
        .find(|line| line["fields"]["path"] == "/v1/swap")
        .unwrap();
    assert_eq!(
        (&refused["fields"]["status"], &refused["fields"]["code"]),
        (&400.into(), &40001.into())
    );
}

#[tokio::test]
async fn the_log_at_its_usual_level_says_nothing_of_requests() {
    let mut scene = Scene::start(BINARY).await.unwrap();
    let ann = scene.mint.account("ann", "withdraw", 100).unwrap();
    scene
        .client
        .withdraw(&ann, &scene.keyset, 10)
        .await
        .unwrap();
    scene.client.post(path::SWAP, None, "{").await.unwrap();
    scene.mint.stop().unwrap();
    let log = scene.mint.log().unwrap();
    assert!(
        log.contains("the mint is up") && !log.contains("/v1"),
        "{log}"
    );
}

/// One swap under load: what was sent, and what came back, if anything did.
struct Sent {
    body: String,
    answer: Option<String>,
}

/// Swaps 4 tokens again and again until the mint is gone.
async fn swap_until_the_end(
    client: Client,
    scene: Arc<(farthing_testkit::client::Keyset, String)>,
    done: Arc<AtomicUsize>,
) -> Vec<Sent> {
    let (keyset, token) = scene.as_ref();
    let blanks = Blanks::of(keyset, &[1; 4]).unwrap();
    let body = withdraw_body(&blanks);
    let (mut path, mut bearer) = (path::WITHDRAW, Some(token.as_str()));
    let (mut body, mut blanks) = (body, blanks);
    let mut sent = Vec::new();
    loop {
        let answer = client.post_text(path, bearer, body.clone()).await;
        let Ok((200, answer)) = answer else {
            // Cut off, or refused because the mint is stopping: never half an answer.
            if let Ok((status, text)) = answer {
                assert_eq!(status, 503, "{text}");
            }
            sent.push(Sent { body, answer: None });
            return sent;
        };
        done.fetch_add(1, Ordering::Relaxed);
        let signed: Signatures = serde_json::from_str(&answer).unwrap();
        sent.push(Sent {
            body,
            answer: Some(answer),
        });
        let tokens = blanks.unblind(&signed.signatures).unwrap();
        blanks = Blanks::of(keyset, &[1; 4]).unwrap();
        body = swap_body(proofs(&tokens), &blanks);
        (path, bearer) = (path::SWAP, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_loses_nothing() {
    let mut scene = Scene::start(BINARY).await.unwrap();
    let ann = scene
        .mint
        .account("ann", "withdraw,redeem,read", 64)
        .unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    let shared = Arc::new((scene.keyset.clone(), ann.clone()));
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let client = Client::new(scene.mint.url().unwrap()).unwrap();
            tokio::spawn(swap_until_the_end(
                client,
                Arc::clone(&shared),
                Arc::clone(&done),
            ))
        })
        .collect();
    while done.load(Ordering::Relaxed) < 400 {
        tokio::task::yield_now().await;
    }
    tokio::task::block_in_place(|| scene.mint.stop()).unwrap();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    scene.mint.start().unwrap();
    let client = Client::new(scene.mint.url().unwrap()).unwrap();
    for sent in &all {
        for (place, Sent { body, answer }) in sent.iter().enumerate() {
            let (path, token) = if place == 0 {
                (path::WITHDRAW, Some(ann.as_str()))
            } else {
                (path::SWAP, None)
            };
            let again = client.post_text(path, token, body.clone()).await.unwrap();
            assert_eq!(
                again.0, 200,
                "an answered one is durable, any other can be sent again: {}",
                again.1
            );
            if let Some(answer) = answer {
                assert_eq!(&again.1, answer);
            }
        }
    }
    let books = scene.books().unwrap();
    assert_eq!((books.accounts_total(), books.outstanding_total()), (0, 64));
}

#[tokio::test]
async fn a_stop_waits_for_a_request_under_way() {
    let mut scene = Scene::start(BINARY).await.unwrap();
    let ann = scene
        .mint
        .account("ann", "withdraw,redeem,read", 64)
        .unwrap();
    let tokens = scene.client.withdraw(&ann, &scene.keyset, 8).await.unwrap();
    let blanks = Blanks::of(&scene.keyset, &[8]).unwrap();
    let body = swap_body(proofs(&tokens), &blanks);
    let (start, end) = body.split_at(body.len() / 2);
    let mut connection = Connection::open(scene.mint.url().unwrap()).unwrap();
    connection
        .send(farthing_testkit::raw::head(path::SWAP, body.len()))
        .unwrap();
    connection.send(start).unwrap();
    // A second connection's answer shows that the mint has gone on to read the first.
    scene.client.keyset().await.unwrap();
    let pid = scene.mint.pid().unwrap().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    while !scene.mint.log().unwrap().contains("stopping") {
        tokio::task::yield_now().await;
    }
    connection.send(end).unwrap();
    let (reply, _) = connection.answer().unwrap();
    let signed: Signatures = reply.ok().unwrap();
    blanks.unblind(&signed.signatures).unwrap();
    assert!(
        connection.rest().unwrap().is_empty(),
        "and then the connection is closed"
    );
    scene.mint.stop().unwrap();
    assert_eq!(scene.books().unwrap().outstanding_total(), 8);
}
