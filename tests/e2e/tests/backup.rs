//! Backups, the spent log, and the quarantine of a restored mint: after the disk is lost, nothing that
//! was spent can be spent again unless the operator said so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use farthing_protocol::api::{Redeemed, path};
use farthing_protocol::{ErrorCode, TokenProof};
use farthing_testkit::client::{Blanks, Client, Reply, proofs, redeem_body, swap_body};
use farthing_testkit::scene::Scene;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const ALL: &str = "withdraw,redeem,read";

/// A mint that keeps a spent log beside its folder, and what befalls it.
struct Story {
    scene: Scene,
    ann: String,
    bob: String,
    /// Holds the log and the backups.
    disk: tempfile::TempDir,
}

impl Story {
    /// Ann has 1000, Bob nothing.
    async fn begin(with_log: bool) -> Self {
        let disk = tempfile::tempdir().unwrap();
        let log = disk.path().to_str().unwrap();
        let settings = [("SPENT_LOG", log)];
        let settings = if with_log { &settings[..] } else { &[] };
        let scene = Scene::with(BINARY, settings).await.unwrap();
        let ann = scene.mint.account("ann", ALL, 1000).unwrap();
        let bob = scene.mint.account("bob", ALL, 0).unwrap();
        Self {
            scene,
            ann,
            bob,
            disk,
        }
    }

    fn backup(&self, name: &str) -> Value {
        let path = self.file(name);
        self.run(&["backup", path.to_str().unwrap()]).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.disk.path().join(name)
    }

    fn log(&self) -> PathBuf {
        self.file("spent.log")
    }

    fn run(&self, arguments: &[&str]) -> Result<Value, String> {
        self.scene.mint.run(arguments).map_err(|e| e.to_string())
    }

    /// The database's disk is gone.
    fn lose(&mut self) {
        self.scene.mint.kill().unwrap();
        for suffix in ["", "-wal", "-shm"] {
            let path = self.scene.mint.dir().join(format!("mint.sqlite{suffix}"));
            let _ = fs::remove_file(path);
        }
    }

    fn restore(&self, name: &str, more: &[&str]) -> Result<Value, String> {
        let path = self.file(name);
        self.run(&[&["restore", path.to_str().unwrap()], more].concat())
    }

    fn restore_with_log(&self, name: &str) -> Result<Value, String> {
        let log = self.log();
        self.restore(name, &["--spent-log", log.to_str().unwrap()])
    }

    async fn start(&mut self) {
        self.scene.mint.start().unwrap();
        self.scene.client = Client::new(self.scene.mint.url().unwrap()).unwrap();
        self.scene.keyset = self.scene.client.keyset().await.unwrap();
    }

    /// Returns why it does not start.
    fn start_refused(&mut self) -> String {
        self.scene.mint.start().unwrap_err().to_string()
    }

    async fn withdraw(&self, amount: u64) -> Vec<TokenProof> {
        let Scene { client, keyset, .. } = &self.scene;
        client.withdraw(&self.ann, keyset, amount).await.unwrap()
    }

    async fn redeem(&self, tokens: &[TokenProof]) -> Reply {
        let body = redeem_body(proofs(tokens), None);
        let client = &self.scene.client;
        let token = Some(self.bob.as_str());
        client.post(path::REDEEM, token, body).await.unwrap()
    }

    async fn credited(&self, tokens: &[TokenProof]) -> u64 {
        let redeemed: Redeemed = self.redeem(tokens).await.ok().unwrap();
        redeemed.credited
    }

    async fn refused(&self, tokens: &[TokenProof], code: ErrorCode) {
        // A request of its own: one that was answered before would be answered again.
        let worth = tokens.iter().map(|t| t.proof.amount).sum();
        let blanks = Blanks::worth(&self.scene.keyset, worth).unwrap();
        let body = swap_body(proofs(tokens), &blanks);
        let reply = self.scene.client.post(path::SWAP, None, body).await;
        assert_eq!(reply.unwrap().refusal().unwrap().1, code.number());
    }

    async fn swap(&self, tokens: &[TokenProof]) -> Vec<TokenProof> {
        let worth = tokens.iter().map(|t| t.proof.amount).sum();
        let blanks = Blanks::worth(&self.scene.keyset, worth).unwrap();
        self.scene.client.swap(tokens, blanks).await.unwrap()
    }
}

async fn rotate(story: &mut Story) {
    story.run(&["keyset", "rotate"]).unwrap();
    story.scene.keyset = story.scene.client.keyset().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_the_mint_works_is_whole() {
    let story = Story::begin(true).await;
    let tokens = story.withdraw(500).await;
    let Scene { client, keyset, .. } = &story.scene;
    let (client, keyset) = (client.clone(), keyset.clone());
    let busy = tokio::spawn(async move {
        let mut tokens = tokens;
        for _ in 0..100 {
            let blanks = Blanks::worth(&keyset, 500).unwrap();
            tokens = client.swap(&tokens, blanks).await.unwrap();
        }
    });
    let mut report = Value::Null;
    for n in 0..5 {
        report = tokio::task::block_in_place(|| story.backup(&format!("copy-{n}")));
    }
    busy.await.unwrap();
    assert_eq!(report["spent_log"], true);
    assert_eq!(report["copied"].as_i64().unwrap() % 60, 0, "to the minute");
    let mode = fs::metadata(story.file("copy-4")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let path = story.file("copy-4");
    let again = story.run(&["backup", path.to_str().unwrap()]).unwrap_err();
    assert!(again.contains("exists"), "{again}");

    let mut story = story;
    for n in 0..5 {
        story.lose_or_discard();
        let report = story.restore_with_log(&format!("copy-{n}")).unwrap();
        assert_eq!(report["quarantine"], false);
        let books = story.scene.books().unwrap();
        assert_eq!(books.reserve, 1000);
        // Whatever of the 500 was swapped after the copy is in suspense; the rest is known.
        let known = books.outstanding_total() + books.suspense.balance;
        assert_eq!((books.accounts_total(), known), (500, 500));
    }
}

impl Story {
    fn lose_or_discard(&mut self) {
        if self.scene.mint.url().is_ok() {
            self.scene.mint.stop().unwrap();
        }
        fs::remove_file(self.scene.database()).unwrap();
    }
}

/// The whole story: what was spent stays spent, what was not is good, new keysets or old, and every
/// unit is accounted for.
#[tokio::test]
async fn with_the_spent_log_nothing_is_lost_and_nothing_is_spent_twice() {
    let mut story = Story::begin(true).await;
    let (spent_before, kept) = (story.withdraw(8).await, story.withdraw(64).await);
    let swapped = story.withdraw(32).await;
    let early = story.swap(&spent_before).await;
    story.backup("copy");

    let fruit = story.swap(&swapped).await;
    let redeemed = story.withdraw(16).await;
    assert_eq!(story.credited(&redeemed).await, 16);
    rotate(&mut story).await;
    let lost_keyset = story.scene.keyset.clone();
    let newer = story.withdraw(128).await;
    let newest = story.swap(&newer).await;
    story.lose();
    let report = story.restore_with_log("copy").unwrap();
    assert_eq!(report["quarantine"], false);
    assert_eq!(report["replay"]["keysets"], 1, "the one made since");
    assert_eq!(report["replay"]["amount"], 32 + 16 + 128);
    story.scene.books().unwrap();
    story.start().await;
    assert_ne!(story.scene.keyset.id, lost_keyset.id, "a new one signs");

    for spent in [&spent_before, &swapped, &redeemed, &newer] {
        story.refused(spent, ErrorCode::AlreadySpent).await;
    }
    for good in [&early, &kept, &fruit, &newest] {
        let worth: u64 = good.iter().map(|t| t.proof.amount).sum();
        assert_eq!(story.credited(good).await, worth);
        story.refused(good, ErrorCode::AlreadySpent).await;
    }
    let books = story.scene.books().unwrap();
    assert!(books.keysets.iter().all(|k| k.state != "frozen"));
    // 176 came in since the copy, and 32 + 128 of it came back. What is left is Bob's 16, which the
    // copy did not know, less what Ann withdrew and has back on her account: 16 + 128.
    assert_eq!(books.suspense.balance, 16 - (16 + 128));
    story
        .run(&["suspense", "credit", "bob", "16", "--note", "redeemed"])
        .unwrap();
    story.run(&["suspense", "debit", "ann", "144"]).unwrap();
    let books = story.scene.books().unwrap();
    assert_eq!(books.suspense.balance, 0, "every unit has its place again");
    story.scene.mint.balanced().unwrap();
}

#[tokio::test]
async fn a_restored_mint_goes_on_with_its_log() {
    let mut story = Story::begin(true).await;
    let first = story.withdraw(4).await;
    story.backup("copy");
    story.swap(&first).await;
    for round in 0..2 {
        story.lose();
        let report = story.restore_with_log("copy").unwrap();
        assert_eq!(report["replay"]["tokens"], 1 + round * 2);
        story.start().await;
        // Spent after the restore, and so by the next one, too, with a keyset of its own.
        let more = story.withdraw(3).await;
        story.credited(&more).await;
        story.refused(&more, ErrorCode::AlreadySpent).await;
        story.refused(&first, ErrorCode::AlreadySpent).await;
    }
    story.scene.books().unwrap();
    let keysets = story.run(&["keyset", "list"]).unwrap();
    let ids = keysets["keysets"].as_array().unwrap().iter();
    let mut ids: Vec<_> = ids.map(|k| k["id"].to_string()).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[tokio::test]
async fn without_a_log_the_old_tokens_wait_and_the_rest_goes_on() {
    let mut story = Story::begin(false).await;
    let (spent, kept) = (story.withdraw(8).await, story.withdraw(4).await);
    let report = story.backup("copy");
    assert_eq!(report["spent_log"], false);
    let fruit = story.swap(&spent).await;
    story.lose();
    assert_eq!(story.restore("copy", &[]).unwrap()["quarantine"], true);
    story.scene.books().unwrap();
    story.start().await;
    assert!(story.scene.mint.log().unwrap().contains("quarantine"));
    for old in [&spent, &kept, &fruit] {
        let reply = story.redeem(old).await;
        let code = ErrorCode::KeysetInactive.number();
        assert_eq!(reply.refusal().unwrap(), (400, code));
        let detail = reply.body["detail"].as_str().unwrap();
        assert!(detail.contains("in quarantine after a restore"), "{detail}");
    }
    let new = story.withdraw(2).await;
    assert_eq!(story.credited(&story.swap(&new).await).await, 2);
    let file = story.file("another");
    let backup = story.run(&["backup", file.to_str().unwrap()]);
    assert!(backup.unwrap_err().contains("in quarantine"));

    let status = story.run(&["quarantine", "status"]).unwrap();
    assert_eq!(status["quarantine"], true);
    assert_eq!(status["keysets"].as_array().unwrap().len(), 1);
    assert_eq!(status["copied"], report["copied"]);
    let sentence = status["sentence"].as_str().unwrap();
    let wrong = story.run(&["quarantine", "accept-loss", "yes"]);
    assert!(wrong.unwrap_err().contains(sentence));
    let log = story.file("none");
    let replay = ["quarantine", "replay", "--spent-log", log.to_str().unwrap()];
    let replay = story.run(&replay).unwrap_err();
    assert!(replay.contains("no spent log was kept"), "{replay}");

    story.run(&["quarantine", "accept-loss", sentence]).unwrap();
    assert_eq!(story.credited(&kept).await, 4, "without a restart");
    assert_eq!(story.credited(&fruit).await, 8, "it is as good as any");
    assert_eq!(
        story.credited(&spent).await,
        8,
        "the loss that was accepted"
    );
    story.refused(&spent, ErrorCode::AlreadySpent).await;
    let books = story.scene.books().unwrap();
    assert_eq!(books.suspense.balance, -8, "and what it came to");
    let status = story.run(&["quarantine", "status"]).unwrap();
    assert_eq!(status["quarantine"], false);
}

#[tokio::test]
async fn the_loss_can_be_accepted_and_the_log_supplied_later() {
    let mut story = Story::begin(true).await;
    let spent = story.withdraw(8).await;
    story.backup("copy");
    let fruit = story.swap(&spent).await;
    story.lose();
    let refused = story
        .restore("copy", &["--accept-loss", "yes"])
        .unwrap_err();
    assert!(refused.contains("say exactly"), "{refused}");
    assert!(!story.scene.database().exists(), "nothing was restored");
    let sentence = refused.rsplit('"').nth(1).unwrap();
    let report = story.restore("copy", &["--accept-loss", sentence]);
    assert_eq!(report.unwrap()["quarantine"], false);

    story.lose_or_discard();
    assert_eq!(story.restore("copy", &[]).unwrap()["quarantine"], true);
    let started = story.start_refused();
    assert!(
        started.contains("quarantine replay"),
        "a log that is not this store's is not overwritten: {started}"
    );
    let old_log = story.file("old.log");
    fs::rename(story.log(), &old_log).unwrap();
    story.start().await;
    story.refused(&fruit, ErrorCode::KeysetInactive).await;
    let replay = [
        "quarantine",
        "replay",
        "--spent-log",
        old_log.to_str().unwrap(),
    ];
    assert_eq!(story.run(&replay).unwrap()["lifted"], true);
    story.refused(&spent, ErrorCode::AlreadySpent).await;
    assert_eq!(story.credited(&fruit).await, 8);
    assert_eq!(story.scene.books().unwrap().suspense.balance, 0);
    let again = story.run(&replay).unwrap_err();
    assert!(again.contains("not in quarantine"), "{again}");
}

#[tokio::test]
async fn a_damaged_log_does_not_end_the_quarantine() {
    let mut story = Story::begin(true).await;
    let tokens = [story.withdraw(1).await, story.withdraw(2).await];
    let third = story.withdraw(4).await;
    story.backup("copy");
    for tokens in tokens.iter().chain([&third]) {
        story.swap(tokens).await;
    }
    story.lose();
    let whole = fs::read(story.log()).unwrap();
    let frame = 16 + 6 + 29 + 8;
    let mut damaged = whole.clone();
    damaged[whole.len() - frame - 20] ^= 1;
    fs::write(story.log(), &damaged).unwrap();
    let report = story.restore_with_log("copy").unwrap();
    assert_eq!(report["quarantine"], true);
    assert_eq!(report["replay"]["damaged_at"], whole.len() - 2 * frame);
    assert_eq!(report["replay"]["tokens"], 1, "what could be read");
    story.scene.books().unwrap();

    // Another copy of the log ends it; its last frame may be torn.
    fs::write(story.log(), &whole[..whole.len() - 1]).unwrap();
    let log = story.log();
    let replay = ["quarantine", "replay", "--spent-log", log.to_str().unwrap()];
    let report = story.run(&replay).unwrap();
    assert_eq!(
        (&report["tokens"], &report["lifted"]),
        (&1.into(), &true.into())
    );
    assert_eq!(report["torn_bytes"], frame - 1);
    story.scene.books().unwrap();
}

#[tokio::test]
async fn what_is_not_this_mints_backup_is_not_restored() {
    let mut story = Story::begin(false).await;
    story.withdraw(8).await;
    story.backup("copy");
    let there = story.restore("copy", &[]).unwrap_err();
    assert!(there.contains("never overwrites"), "{there}");
    story.scene.mint.stop().unwrap();
    fs::copy(story.scene.database(), story.file("raw")).unwrap();
    fs::write(story.file("noise"), [7; 8192]).unwrap();
    let other = Story::begin(false).await;
    other.backup("copy");
    fs::copy(other.file("copy"), story.file("other")).unwrap();
    let mut damaged = fs::read(story.file("copy")).unwrap();
    for byte in damaged.iter_mut().skip(3 * 4096).take(4 * 4096) {
        *byte = 0xa5;
    }
    fs::write(story.file("damaged"), damaged).unwrap();

    let wal = story.scene.mint.dir().join("mint.sqlite-wal");
    fs::write(&wal, "left over").unwrap();
    fs::remove_file(story.scene.database()).unwrap();
    let left = story.restore("copy", &[]).unwrap_err();
    assert!(left.contains("mint.sqlite-wal is there"), "{left}");
    fs::remove_file(&wal).unwrap();
    for (name, why) in [
        ("nothing", "No such file"),
        ("raw", "not a backup made by farthing-mint backup"),
        ("noise", "file is not a database"),
        ("other", "the seed is not the one"),
        ("damaged", "damaged"),
    ] {
        let refused = story.restore(name, &[]).unwrap_err();
        assert!(refused.contains(why), "{name}: {refused}");
        let left: Vec<_> = fs::read_dir(story.scene.mint.dir()).unwrap().collect();
        let names = left.iter().map(|e| e.as_ref().unwrap().file_name());
        let database = |n: &std::ffi::OsString| n.to_string_lossy().starts_with("mint.sqlite");
        assert_eq!(names.filter(database).count(), 0, "{name} left something");
    }
    story.restore("copy", &[]).unwrap();
}

/// The log also tells when somebody puts an old file in the database's place by hand.
#[tokio::test]
async fn an_old_database_put_in_place_by_hand_is_noticed() {
    let mut story = Story::begin(true).await;
    let tokens = story.withdraw(8).await;
    story.swap(&tokens).await;
    let more = story.withdraw(4).await;
    story.scene.mint.stop().unwrap();
    let old = fs::read(story.scene.database()).unwrap();
    story.start().await;
    story.swap(&more).await;
    story.scene.mint.stop().unwrap();
    let newest = fs::read(story.scene.database()).unwrap();
    fs::write(story.scene.database(), old).unwrap();
    let started = story.start_refused();
    assert!(started.contains("the store is an old copy"), "{started}");
    fs::write(story.scene.database(), newest).unwrap();
    story.start().await;
    story.refused(&more, ErrorCode::AlreadySpent).await;
}

/// Between a batch's commit and its frame in the log, the machine may stop.
#[tokio::test]
async fn what_a_crash_kept_from_the_log_is_there_after_the_next_start() {
    let mut story = Story::begin(true).await;
    for amount in [1, 2, 4] {
        let tokens = story.withdraw(amount).await;
        story.swap(&tokens).await;
    }
    story.scene.mint.kill().unwrap();
    let whole = fs::read(story.log()).unwrap();
    let frame = 16 + 6 + 29 + 8;
    for missing in [frame, 30, 1] {
        fs::write(story.log(), &whole[..whole.len() - missing]).unwrap();
        story.start().await;
        story.scene.mint.kill().unwrap();
        assert_eq!(fs::read(story.log()).unwrap(), whole);
    }
    // More than the last frame is not for the mint to make up.
    fs::write(story.log(), &whole[..whole.len() - frame - 1]).unwrap();
    let started = story.start_refused();
    assert!(started.contains("ends before the store says"), "{started}");
    fs::remove_file(story.log()).unwrap();
    let started = story.start_refused();
    assert!(started.contains("spent-log renew"), "{started}");
    story.run(&["spent-log", "renew"]).unwrap();
    story.start().await;
    let status = story.run(&["spent-log", "status"]).unwrap();
    assert_eq!(
        (&status["kept"], &status["bytes"]),
        (&true.into(), &32.into())
    );
    let tokens = story.withdraw(1).await;
    story.swap(&tokens).await;
    let status = story.run(&["spent-log", "status"]).unwrap();
    let length = fs::metadata(story.log()).unwrap().len();
    assert_eq!(status["bytes"], length);
}

/// What is spent while no log is kept is missing in it: it must not be continued.
#[tokio::test]
async fn a_log_that_was_interrupted_is_not_continued() {
    let mut story = Story::begin(false).await;
    let settings = story.scene.mint.dir().join("mint.toml");
    let without = fs::read_to_string(&settings).unwrap();
    assert!(!without.contains("spent_log"), "none unless asked for");
    let with = format!("{without}\nspent_log = \"here.log\"\n");
    for settings_now in [&with, &without] {
        fs::write(&settings, settings_now).unwrap();
        story.scene.mint.stop().unwrap();
        story.start().await;
        let tokens = story.withdraw(1).await;
        story.swap(&tokens).await;
    }
    let log = story.scene.mint.log().unwrap();
    assert!(log.contains("make a backup now"), "{log}");
    assert!(log.contains("the spent log ends here"), "{log}");
    let here = story.scene.mint.dir().join("here.log");
    assert_eq!(
        fs::metadata(here).unwrap().permissions().mode() & 0o777,
        0o600
    );
    fs::write(&settings, &with).unwrap();
    story.scene.mint.stop().unwrap();
    let started = story.start_refused();
    assert!(
        started.contains("this store does not write it"),
        "{started}"
    );
}

/// Mark, keyset and amount.
type SpentRow = (Vec<u8>, i64, i64);

/// All that a database knows of spent tokens, and what its keysets redeemed.
fn spent_set(database: &Path) -> (Vec<SpentRow>, Vec<(i64, i64)>) {
    let connection = rusqlite::Connection::open(database).unwrap();
    let mut statement = connection
        .prepare("SELECT mark, keyset, amount FROM spent ORDER BY mark")
        .unwrap();
    let spent = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let spent = spent.unwrap().collect::<Result<_, _>>().unwrap();
    let mut statement = connection
        .prepare("SELECT idx, redeemed FROM keysets WHERE redeemed > 0 ORDER BY idx")
        .unwrap();
    let redeemed = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    (spent, redeemed.unwrap().collect::<Result<_, _>>().unwrap())
}

/// Killed under load again and again, the log stays what the database says; and with a copy from
/// before all of it, it makes the very spent set that was lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_kills_the_log_makes_the_very_spent_set_that_was_lost() {
    let mut story = Story::begin(true).await;
    let blanks = Blanks::of(&story.scene.keyset, &[1; 200]).unwrap();
    let Scene { client, .. } = &story.scene;
    let mut tokens = client.withdraw_blanks(&story.ann, blanks).await.unwrap();
    story.backup("copy");
    for _ in 0..8 {
        let mut tasks = tokio::task::JoinSet::new();
        for token in tokens.drain(tokens.len() - 25..) {
            let (client, keyset) = (story.scene.client.clone(), story.scene.keyset.clone());
            tasks.spawn(async move {
                let blanks = Blanks::of(&keyset, &[1]).unwrap();
                // Until the mint is killed.
                let _ = client.swap(&[token], blanks).await;
            });
        }
        // After any one of them was answered: the others are somewhere on their way.
        tasks.join_next().await;
        story.scene.mint.kill().unwrap();
        while tasks.join_next().await.is_some() {}
        story.start().await;
        story.scene.books().unwrap();
    }
    story.scene.mint.stop().unwrap();
    let lost = spent_set(&story.scene.database());
    assert!(lost.0.len() >= 8, "one for each round was answered");
    fs::remove_file(story.scene.database()).unwrap();
    let report = story.restore_with_log("copy").unwrap();
    assert_eq!(report["replay"]["torn_bytes"], 0);
    assert_eq!(spent_set(&story.scene.database()), lost);
}
