//! Faults at the mint's boundary: no room, a file that cannot be written, a damaged file, a file of
//! another version. What cannot be made durable is not answered, nothing moves, and when the cause is
//! gone the mint goes on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use farthing_protocol::api::path;
use farthing_protocol::{ErrorCode, TokenProof};
use farthing_testkit::client::{Blanks, Client, proofs, swap_body};
use farthing_testkit::scene::Scene;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const ALL: &str = "withdraw,redeem,read";
const PAGE_BYTES: u64 = 4096;

/// Sends a swap; gives the status, `Retry-After`, and the body.
async fn swap(scene: &Scene, tokens: &[TokenProof]) -> (String, (u16, bool, Value)) {
    let worth: u64 = tokens.iter().map(|t| t.proof.amount).sum();
    let blanks = Blanks::worth(&scene.keyset, worth).unwrap();
    let body = swap_body(proofs(tokens), &blanks);
    let answer = send(scene, &body).await;
    (body, answer)
}

async fn send(scene: &Scene, body: &str) -> (u16, bool, Value) {
    let url = format!("{}{}", scene.mint.url().unwrap(), path::SWAP);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = http.post(url).body(body.to_owned()).send().await.unwrap();
    let retry = response.headers().contains_key("retry-after");
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, retry, serde_json::from_slice(&body).unwrap())
}

async fn reads_go_on(scene: &Scene, token: &str) {
    scene.balance(token).await.unwrap();
    let reply = scene.client.get(path::KEYS, None).await.unwrap();
    assert_eq!(reply.status, 200);
    let (status, _) = scene.client.get_text("/readyz").await.unwrap();
    assert_eq!(status, 200);
}

/// A file that nobody may change, not even root, until this is dropped.
struct Immutable(PathBuf);

impl Immutable {
    /// `None` where the system has no such thing: another file system than ext4, or no privilege.
    fn new(path: &Path) -> Option<Self> {
        let made = chattr("+i", path);
        if !made {
            eprintln!("NOT TESTED: `chattr +i` does not work here");
        }
        made.then(|| Self(path.to_owned()))
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        chattr("-i", &self.0);
    }
}

fn chattr(change: &str, path: &Path) -> bool {
    let output = Command::new("chattr").arg(change).arg(path).output();
    output.is_ok_and(|output| output.status.success())
}

#[tokio::test]
async fn without_room_nothing_moves_and_with_room_it_goes_on() {
    let mut scene = Scene::start(BINARY).await.unwrap();
    let ann = scene.mint.account("ann", ALL, 10_000).unwrap();
    let blanks = Blanks::of(&scene.keyset, &[1; 250]).unwrap();
    let mut tokens = scene.client.withdraw_blanks(&ann, blanks).await.unwrap();
    scene.mint.stop().unwrap();
    let pages = fs::metadata(scene.database()).unwrap().len() / PAGE_BYTES;
    let settings = scene.mint.dir().join("mint.toml");
    let unlimited = fs::read_to_string(&settings).unwrap();
    let limited = unlimited.replace(
        "database_pages_max = 0",
        &format!("database_pages_max = {}", pages + 2),
    );
    assert_ne!(limited, unlimited);
    fs::write(&settings, limited).unwrap();
    restart(&mut scene).await;

    let refused = loop {
        let (body, (status, retry, answer)) = swap(&scene, &tokens[..1]).await;
        match status {
            200 => tokens.remove(0),
            status => break (body, status, retry, answer),
        };
    };
    let (body, status, retry, answer) = refused;
    assert_eq!((status, retry), (503, true), "{answer}");
    assert_eq!(answer["code"], ErrorCode::Unavailable.number());
    let detail = answer["detail"].as_str().unwrap();
    assert_eq!(detail, "the mint is out of room in its store; try again");
    let log = scene.mint.log().unwrap();
    assert!(log.contains("raise database_pages_max"), "{log}");
    reads_go_on(&scene, &ann).await;
    assert_eq!(scene.books().unwrap().outstanding_total(), 250);
    let state = send(&scene, &body).await;
    assert_eq!(state.0, 503, "sent again, it is not answered either");
    let audit = scene.mint.balanced().unwrap();
    assert_eq!(audit["outstanding_total"], 250);

    fs::write(&settings, unlimited).unwrap();
    scene.mint.stop().unwrap();
    restart(&mut scene).await;
    assert_eq!(send(&scene, &body).await.0, 200);
    let (_, again) = swap(&scene, &tokens[..1]).await;
    assert_eq!(again.0, 400, "it was spent by that request, once");
    assert_eq!(scene.books().unwrap().outstanding_total(), 250);
}

async fn restart(scene: &mut Scene) {
    scene.mint.start().unwrap();
    scene.client = Client::new(scene.mint.url().unwrap()).unwrap();
}

#[tokio::test]
async fn a_database_that_cannot_be_written_is_read_and_written_again_later() {
    let scene = Scene::start(BINARY).await.unwrap();
    let ann = scene.mint.account("ann", ALL, 100).unwrap();
    let keyset = &scene.keyset;
    let tokens = scene.client.withdraw(&ann, keyset, 64).await.unwrap();
    let wal = scene.database().with_extension("sqlite-wal");
    let Some(immutable) = Immutable::new(&wal) else {
        return;
    };
    let (body, (status, retry, answer)) = swap(&scene, &tokens).await;
    assert_eq!((status, retry), (503, true), "{answer}");
    let detail = answer["detail"].as_str().unwrap();
    assert_eq!(
        detail,
        "the mint is unable to write to its store; try again"
    );
    reads_go_on(&scene, &ann).await;
    drop(immutable);
    scene.books().unwrap();
    assert_eq!(send(&scene, &body).await.0, 200, "without a restart");
    assert_eq!(scene.books().unwrap().outstanding_total(), 64);
}

#[tokio::test]
async fn what_the_spent_log_cannot_take_is_not_answered_until_it_can() {
    let disk = tempfile::tempdir().unwrap();
    let log = disk.path().join("spent.log");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let metrics = listener.local_addr().unwrap().to_string();
    drop(listener);
    let settings = [
        ("SPENT_LOG", log.to_str().unwrap()),
        ("METRICS_LISTEN", metrics.as_str()),
    ];
    let scene = Scene::with(BINARY, &settings).await.unwrap();
    let operator = Client::new(&format!("http://{metrics}")).unwrap();
    let ann = scene.mint.account("ann", ALL, 100).unwrap();
    let keyset = &scene.keyset;
    let tokens = scene.client.withdraw(&ann, keyset, 64).await.unwrap();
    let length = || fs::metadata(&log).unwrap().len();
    let before = length();
    let Some(immutable) = Immutable::new(&log) else {
        return;
    };
    let (body, (status, retry, answer)) = swap(&scene, &tokens).await;
    assert_eq!((status, retry), (503, true), "{answer}");
    let detail = answer["detail"].as_str().unwrap();
    assert_eq!(
        detail,
        "the mint is unable to write its spent log; try again"
    );
    // The store knows the request, but the answer waits for the log.
    assert_eq!(send(&scene, &body).await.0, 503);
    reads_go_on(&scene, &ann).await;
    let behind = |value: u8| format!("farthing_mint_spent_log_behind {value}\n");
    let (_, text) = operator.get_text("/metrics").await.unwrap();
    assert!(text.contains(&behind(1)), "{text}");
    assert_eq!(length(), before);
    drop(immutable);

    // It catches up by itself, also when nobody asks for anything new.
    let patience = Instant::now() + Duration::from_secs(60);
    while send(&scene, &body).await.0 != 200 {
        assert!(Instant::now() < patience, "it does not catch up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(length() > before);
    let (_, text) = operator.get_text("/metrics").await.unwrap();
    assert!(text.contains(&behind(0)), "{text}");
    assert_eq!(scene.books().unwrap().outstanding_total(), 64);
}

/// The page that is the root of a table.
fn root_of(database: &Path, table: &str) -> u64 {
    let connection = rusqlite::Connection::open(database).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    connection
        .query_row(sql, [table], |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn a_damaged_file_is_named_and_a_backup_with_the_log_mends_it() {
    let disk = tempfile::tempdir().unwrap();
    let settings = [("SPENT_LOG", disk.path().to_str().unwrap())];
    let mut scene = Scene::with(BINARY, &settings).await.unwrap();
    let ann = scene.mint.account("ann", ALL, 100).unwrap();
    let keyset = scene.keyset.clone();
    let tokens = scene.client.withdraw(&ann, &keyset, 64).await.unwrap();
    let other = scene.client.withdraw(&ann, &keyset, 4).await.unwrap();
    let copy = disk.path().join("copy");
    let copy = copy.to_str().unwrap();
    scene.mint.run(&["backup", copy]).unwrap();
    assert_eq!(swap(&scene, &other).await.1.0, 200);
    assert_eq!(scene.mint.run(&["check"]).unwrap()["sound"], true);
    scene.mint.stop().unwrap();
    let database = scene.database();
    let page = root_of(&database, "spent") - 1;
    let file = fs::File::options().write(true).open(&database).unwrap();
    file.write_all_at(&[0xa5; 1000], page * PAGE_BYTES).unwrap();
    drop(file);

    restart(&mut scene).await;
    let (_, (status, _, answer)) = swap(&scene, &tokens).await;
    assert_eq!(status, 500, "{answer}");
    assert_eq!(answer["code"], ErrorCode::Internal.number());
    let log = scene.mint.log().unwrap();
    assert!(log.contains("the database file is damaged"), "{log}");
    assert!(log.contains("docs/how-to/recovery.md"), "{log}");
    let check = scene.mint.output(&["check", "--json"]).unwrap();
    assert_eq!(check.status.code(), Some(1));
    let check: Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_ne!(check["faults"].as_array().unwrap().len(), 0);
    scene.mint.stop().unwrap();

    fs::rename(&database, disk.path().join("damaged")).unwrap();
    let log = disk.path().to_str().unwrap();
    let restore = ["restore", copy, "--spent-log", log];
    assert_eq!(scene.mint.run(&restore).unwrap()["quarantine"], false);
    restart(&mut scene).await;
    scene.keyset = scene.client.keyset().await.unwrap();
    assert_eq!(swap(&scene, &tokens).await.1.0, 200);
    assert_eq!(swap(&scene, &other).await.1.0, 400, "spent after the copy");
    scene.books().unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_or_of_another_version_is_not_touched() {
    let mut scene = Scene::start(BINARY).await.unwrap();
    scene.mint.stop().unwrap();
    let database = scene.database();
    let good = fs::read(&database).unwrap();
    let of_version = |version: u32| {
        let mut bytes = good.clone();
        // The header's user version (https://www.sqlite.org/fileformat.html, 1.3).
        bytes[60..64].copy_from_slice(&version.to_be_bytes());
        bytes
    };
    for (bytes, why) in [
        (of_version(0), "has schema version 0"),
        (of_version(99), "has schema version 99"),
        (vec![7; 20_000], "the database file is damaged"),
    ] {
        fs::write(&database, &bytes).unwrap();
        for command in [&["audit"][..], &["backup", "/nowhere/at-all"]] {
            let refused = scene.mint.run(command).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
        let refused = scene.mint.start().unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
        assert_eq!(fs::read(&database).unwrap(), bytes, "nothing was changed");
    }
    fs::write(&database, &good).unwrap();
    scene.mint.start().unwrap();
}
