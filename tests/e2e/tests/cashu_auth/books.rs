//! What a mint knows and keeps of authentication: its keysets, its books, and nothing of its users.

use farthing_protocol::api::Keysets;
use serde_json::{Value, json};

use super::setting::{Auth, Club, MINT_QUOTE, SWAP};

fn files(folder: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    all
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// Neither on the disk nor in the log, however much is logged and however a user is limited.
#[tokio::test]
async fn nothing_of_a_user_is_kept() {
    const USER: &str = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    let mut club = Club::with(&[
        ("BLIND_AUTH_DAILY_MAX", "10"),
        ("LOG_LEVEL", "trace"),
        ("SPENT_LOG", "spent.log"),
    ])
    .await;
    let token = club.token(USER);
    let blanks = club.auth_blanks(1).await;
    let body = json!({"outputs": blanks.outputs});
    let path = super::setting::AUTH_MINT;
    assert_eq!(
        club.post(path, Auth::Clear(&token), &body).await.status,
        200
    );
    let mut bad = token.clone();
    bad.truncate(bad.len() - 4);
    let refused = club.refusal(path, Auth::Clear(&bad), &body).await;
    assert_eq!(refused, (400, 30002));
    let many = json!({"outputs": club.auth_blanks(10).await.outputs});
    let refused = club.refusal(path, Auth::Clear(&token), &many).await;
    assert_eq!(refused, (400, 31004));
    let [pass] = club.passes().await;
    let swap = club.swap(&club.tokens(3).await);
    assert_eq!(club.post(SWAP, Auth::Blind(&pass), &swap).await.status, 200);
    let look = |club: &Club| {
        let all = files(club.folder.path());
        for name in ["log", "mint.sqlite", "spent.log"] {
            assert!(all.iter().any(|(path, _)| path.ends_with(name)), "{name}");
        }
        for (path, bytes) in all {
            let claims = token.split('.').nth(1).unwrap();
            for text in [USER, claims, &token, &bad, &pass] {
                assert!(!contains(&bytes, text), "{path}");
            }
        }
    };
    look(&club);
    club.mint.stop().unwrap();
    look(&club);
}

/// The log of spent tokens is for money: it does not say which requests of whom came with a token.
#[tokio::test]
async fn the_spent_log_has_nothing_of_authentication() {
    let club = Club::with(&[("SPENT_LOG", "spent.log")]).await;
    let size = || {
        let file = club.mint.dir().join("spent.log");
        std::fs::metadata(file).unwrap().len()
    };
    let passes: [String; 2] = club.passes().await;
    let before = size();
    let quote = json!({"amount": 1, "unit": "sat"});
    let asked = club.post(MINT_QUOTE, Auth::Blind(&passes[0]), &quote).await;
    assert_eq!(asked.status, 200);
    assert_eq!(size(), before, "a used token leaves nothing");
    let money = club.tokens(1).await;
    let swap = club.swap(&money);
    let swapped = club.post(SWAP, Auth::Blind(&passes[1]), &swap);
    assert_eq!(swapped.await.status, 200);
    // A frame of one token: 30 bytes, and 29 for the token (decision 0020).
    assert_eq!(size() - before, 59);
    assert_eq!(club.counted(), (2, 2));
}

async fn keysets(club: &Club) -> Vec<(String, bool)> {
    let reply = club.get("/v1/auth/blind/keysets", Auth::None).await;
    let keysets: Keysets = reply.ok().unwrap();
    let keysets = keysets.keysets.into_iter();
    keysets
        .map(|one| (one.id.to_string(), one.active))
        .collect()
}

#[tokio::test]
async fn its_keyset_is_made_once_rotated_and_frozen_by_command() {
    let mut club = Club::open().await;
    let [old, frozen, spare] = club.passes().await;
    let first = keysets(&club).await;
    assert_eq!(first.len(), 1);
    club.mint.restart().unwrap();
    assert_eq!(keysets(&club).await, first);
    let rotated = club.mint.run(&["keyset", "rotate", "--auth"]).unwrap();
    let second = rotated["id"].as_str().unwrap().to_owned();
    let expected = [(first[0].0.clone(), false), (second.clone(), true)];
    assert_eq!(keysets(&club).await, expected);
    // Money is not touched by that.
    let listed = club.mint.run(&["keyset", "list"]).unwrap();
    let active = listed["keysets"].as_array().unwrap().iter();
    let active: Vec<_> = active.filter(|one| one["state"] == "active").collect();
    let units: Vec<_> = active.iter().map(|one| one["unit"].as_str()).collect();
    assert_eq!(units, [Some("sat"), Some("sat"), Some("auth")]);
    assert_eq!(
        (&active[2]["amounts"], &active[2]["input_fee_ppk"]),
        (&json!(1), &json!(0))
    );
    let quote = json!({"amount": 1, "unit": "sat"});
    let asked = async |pass: &str| club.post(MINT_QUOTE, Auth::Blind(pass), &quote).await;
    assert_eq!(asked(&old).await.status, 200, "retired keys still open");
    let [new] = club.passes().await;
    assert_eq!(asked(&new).await.status, 200);
    club.mint.run(&["keyset", "freeze", &first[0].0]).unwrap();
    assert_eq!(asked(&frozen).await.refusal().unwrap(), (400, 31002));
    let swap = club.swap(&club.tokens(1).await);
    let refused = club.refusal(SWAP, Auth::Blind(&spare), &swap).await;
    assert_eq!(refused, (400, 31002));
    let unfrozen = ["keyset", "unfreeze", &first[0].0, "--reason", "why not"];
    let error = club.mint.run(&unfrozen).unwrap_err().to_string();
    assert!(error.contains("keyset rotate --auth"), "{error}");
    // One that was frozen is not made anew by a restart: that is the operator's to say.
    club.mint.run(&["keyset", "freeze", &second]).unwrap();
    club.mint.restart().unwrap();
    let states: Vec<_> = keysets(&club)
        .await
        .into_iter()
        .map(|(_, active)| active)
        .collect();
    assert_eq!(states, [false, false]);
    assert_eq!(club.counted(), (4, 2));
}

/// It is in the sheet, apart from what is owed.
#[tokio::test]
async fn it_is_owed_to_nobody() {
    let club = Club::open().await;
    let before = club.mint.balanced().unwrap();
    let [pass, ..]: [String; 5] = club.passes().await;
    let quote = json!({"amount": 1, "unit": "sat"});
    club.post(MINT_QUOTE, Auth::Blind(&pass), &quote).await;
    let after = club.mint.balanced().unwrap();
    for sum in ["reserve", "outstanding_total", "accounts_total", "fees"] {
        assert_eq!(before[sum], after[sum], "{sum}");
    }
    assert_eq!(club.counted(), (5, 1));
    let output = club.mint.output(&["audit"]).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.contains("authentication"));
    let line = line.unwrap();
    assert!(line.contains("issued 5, used 1"), "{text}");
    assert!(text.ends_with("The books balance.\n"), "{text}");
}

/// After a restore its old tokens are refused, since some were used since, and there are new keys.
#[tokio::test]
async fn a_restored_mint_makes_it_anew() {
    let mut club = Club::with(&[("SPENT_LOG", "spent.log")]).await;
    let [used, kept] = club.passes().await;
    let money = club.tokens(3).await;
    let backup = club.folder.path().join("copy.sqlite");
    let path = backup.to_str().unwrap();
    club.mint.run(&["backup", path]).unwrap();
    let before = keysets(&club).await;
    // One more is made after the copy, and the log of spent tokens knows it.
    let rotated = club.mint.run(&["keyset", "rotate", "--auth"]).unwrap();
    let rotated = rotated["id"].as_str().unwrap().to_owned();
    let [later] = club.passes().await;
    let swap = club.swap(&money);
    assert_eq!(club.post(SWAP, Auth::Blind(&used), &swap).await.status, 200);
    club.mint.kill().unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(club.mint.dir().join(format!("mint.sqlite{suffix}")));
    }
    let log = club.mint.dir().join("spent.log");
    let restored = ["restore", path, "--spent-log", log.to_str().unwrap()];
    let restored = club.mint.run(&restored).unwrap();
    assert_eq!(restored["keysets"].as_array().map(Vec::len), Some(3));
    club.mint.start().unwrap();
    let after = keysets(&club).await;
    assert_eq!(after.len(), 3);
    assert_eq!(after[0], (before[0].0.clone(), false));
    assert_eq!(after[1], (rotated, false));
    assert!(after[2].1);
    let quote = json!({"amount": 1, "unit": "sat"});
    for pass in [&used, &kept, &later] {
        let refused = club.refusal(MINT_QUOTE, Auth::Blind(pass), &quote).await;
        assert_eq!(refused, (400, 31002));
    }
    let [new] = club.passes().await;
    let asked = club.post(MINT_QUOTE, Auth::Blind(&new), &quote).await;
    assert_eq!(asked.status, 200);
    // What was spent of money since the copy is in suspense, and nothing of authentication is.
    let books: Value = club.mint.balanced().unwrap();
    assert_eq!(books["suspense"]["balance"], 3);
    assert_eq!(club.counted(), (3, 1));
}
