//! The mint's write-ahead log, which holds transactions in their order, is emptied while the mint runs.

use std::path::Path;
use std::time::Duration;

use farthing_mint::keyring::{Keyring, Seed};
use farthing_testkit::client::Blanks;
use farthing_testkit::scene::Scene;

use super::BINARY;

/// Waits until the write-ahead log in `dir` is empty; fails after a minute.
async fn until_empty(dir: &Path) {
    let log = dir.join("mint.sqlite-wal");
    for _ in 0..1200 {
        if std::fs::metadata(&log).unwrap().len() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the write-ahead log was not emptied");
}

fn has(dir: &Path, file: &str, mark: &[u8]) -> bool {
    let bytes = std::fs::read(dir.join(file)).unwrap();
    bytes.windows(mark.len()).any(|window| window == mark)
}

#[tokio::test]
async fn a_quiet_mint_has_an_empty_write_ahead_log() {
    let mut scene = Scene::start(BINARY).await.unwrap();
    let dir = scene.mint.dir().to_owned();
    let token = scene.mint.account("ann", "withdraw", 100).unwrap();
    let keyring = Keyring::new(Seed::load(&dir.join("seed")).unwrap());
    // The second time the mint finds the log of one that was killed.
    for is_killed in [false, true] {
        let blanks = Blanks::of(&scene.keyset, &[8]).unwrap();
        let mark = keyring.signed_mark(blanks.outputs[0].b.as_bytes());
        scene.client.withdraw_blanks(&token, blanks).await.unwrap();
        // The log first: what is no longer in it is in the file.
        let is_written = has(&dir, "mint.sqlite-wal", &mark) || has(&dir, "mint.sqlite", &mark);
        assert!(is_written, "the test would see the mark in the files");
        if is_killed {
            scene.mint.kill().unwrap();
            scene.mint.start().unwrap();
        }
        until_empty(&dir).await;
        assert!(has(&dir, "mint.sqlite", &mark), "nothing is lost by it");
    }
    scene.books().unwrap();
}
