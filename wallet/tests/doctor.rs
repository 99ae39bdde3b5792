//! What a wallet that is looked over shows, and that looking changes nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_wallet::store::Table;
use farthing_wallet::{Finding, Origin, Redeem, SendOptions, Severity};
use support::mint::FakeKeyset;
use support::*;

const DAY_S: u64 = 24 * 60 * 60;

async fn wallet() -> (World, TestWallet) {
    let mut mint = FakeMint::new(1000);
    mint.keysets.push(FakeKeyset::cashu(90, 0));
    let world = World::new(mint);
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 127).await.unwrap();
    drop(wallet);
    set_clock(NOW);
    let wallet = world.open_with_clock().await;
    (world, wallet)
}

/// Looks the wallet over; checks that this changed nothing, and that all is said.
async fn look(world: &World, wallet: &TestWallet) -> Vec<Finding> {
    let before = world.rows.borrow().clone();
    world.mint.borrow_mut().requests.clear();
    let findings = wallet.doctor().await;
    assert_eq!(*world.rows.borrow(), before);
    let paths = world.mint.borrow().paths().join(" ");
    assert!(
        !paths.contains("checkstate") && !paths.contains("restore"),
        "{paths}"
    );
    for finding in &findings {
        let told = [&finding.subject, &finding.what, &finding.meaning];
        assert!(told.iter().all(|text| !text.is_empty()), "{finding:?}");
        let fine = finding.severity == Severity::Fine;
        assert!(fine || !finding.advice.is_empty(), "{finding:?}");
    }
    findings
}

fn codes(findings: &[Finding], worse_than: Severity) -> Vec<&'static str> {
    let worse = findings.iter().filter(|f| f.severity > worse_than);
    worse.map(|f| f.code).collect()
}

#[tokio::test]
async fn where_all_is_well_it_says_so() {
    let (world, wallet) = wallet().await;
    let findings = look(&world, &wallet).await;
    let all: Vec<_> = findings.iter().map(|f| (f.severity, f.code)).collect();
    let fine = |code| (Severity::Fine, code);
    assert_eq!(
        all,
        [
            fine("records_readable"),
            fine("mint_reachable"),
            fine("clocks"),
            fine("keysets_true"),
            fine("digest"),
            fine("account"),
        ]
    );
    // The digest is there to be compared.
    let digest = findings.iter().find(|f| f.code == "digest").unwrap();
    let word = digest.what.rsplit(' ').next().unwrap();
    assert_eq!(word.len(), 64);
}

#[tokio::test]
async fn a_mint_that_does_not_answer_is_a_warning_and_a_false_one_trouble() {
    let (world, wallet) = wallet().await;
    world.fault.set(Some(Fault::DropRequest));
    let findings = look(&world, &wallet).await;
    assert_eq!(codes(&findings, Severity::Note), ["mint_unreachable"]);
    world.fault.set(None);

    world.mint.borrow_mut().lies.other_fee = true;
    let findings = look(&world, &wallet).await;
    assert_eq!(codes(&findings, Severity::Warning), ["mint_misbehaved"]);
    world.mint.borrow_mut().lies.other_fee = false;

    world.mint.borrow_mut().lies.digest = true;
    let findings = look(&world, &wallet).await;
    assert_eq!(codes(&findings, Severity::Fine), ["digest_differs"]);
    world.mint.borrow_mut().lies.digest = false;

    let first = world.mint.borrow_mut().keysets.remove(0);
    let findings = look(&world, &wallet).await;
    let expected = ["keysets_gone", "no_active_keyset"];
    assert_eq!(codes(&findings, Severity::Fine), expected);
    world.mint.borrow_mut().keysets.push(first);
}

#[tokio::test]
async fn clocks_that_differ_by_more_than_five_minutes_are_told() {
    let (world, wallet) = wallet().await;
    for (now, expected) in [
        (NOW + 300, None),
        (NOW - 300, None),
        (
            NOW + 301,
            Some("this clock is ahead of the mint's by 5 minutes"),
        ),
        (
            NOW - 3600,
            Some("this clock is behind the mint's by 60 minutes"),
        ),
    ] {
        set_clock(now);
        let findings = look(&world, &wallet).await;
        let differ = findings.iter().find(|f| f.code == "clocks_differ");
        assert_eq!(differ.map(|f| f.what.as_str()), expected);
    }
}

#[tokio::test]
async fn what_waits_or_expires_is_told_with_its_age() {
    let (world, mut wallet) = wallet().await;
    let mint = the_mint(&wallet).await;
    wallet.send(&mint, 5, SendOptions::default()).await.unwrap();
    world.fault.set(Some(Fault::DropAnswer));
    wallet.redeem(&mint, Redeem::Amount(7)).await.unwrap_err();
    world.fault.set(None);
    let findings = look(&world, &wallet).await;
    assert_eq!(codes(&findings, Severity::Fine), ["operation_open"]);
    assert_eq!(codes(&findings, Severity::Note), [""; 0]);

    let later = NOW + 31 * DAY_S;
    set_clock(later);
    world.mint.borrow_mut().now = later;
    let findings = look(&world, &wallet).await;
    let expected = ["operation_open", "sent_unclaimed"];
    assert_eq!(codes(&findings, Severity::Fine), expected);
    let open = findings
        .iter()
        .find(|f| f.code == "operation_open")
        .unwrap();
    assert_eq!(open.severity, Severity::Warning);
    assert!(
        open.what.ends_with("is open for 744 hours"),
        "{}",
        open.what
    );

    wallet.recover().await.unwrap();
    let expiry = later + 10 * DAY_S;
    let expiring = FakeKeyset::expiring(60, 0, 8, Some(expiry));
    world.mint.borrow_mut().rotate(40, 0);
    world.mint.borrow_mut().keysets.pop();
    world.mint.borrow_mut().keysets.push(expiring);
    wallet.mints().add(URL, None).await.unwrap();
    wallet.withdraw(&mint, 3).await.unwrap();
    let findings = look(&world, &wallet).await;
    let expires = findings.iter().find(|f| f.code == "tokens_expire").unwrap();
    assert_eq!(expires.what, "3 credit expire in 10 days");
    set_clock(expiry + 1);
    world.mint.borrow_mut().now = expiry + 1;
    let findings = look(&world, &wallet).await;
    let expired = findings
        .iter()
        .find(|f| f.code == "tokens_expired")
        .unwrap();
    assert_eq!(expired.what, "3 credit have expired");
    assert_eq!(expired.severity, Severity::Trouble);
}

#[tokio::test]
async fn an_account_that_is_refused_and_a_damaged_record_are_told() {
    let (world, wallet) = wallet().await;
    world.mint.borrow_mut().lies.revoked = true;
    let findings = look(&world, &wallet).await;
    assert_eq!(codes(&findings, Severity::Fine), ["account_refused"]);
    let damaged = (Table::History, "x".to_owned());
    world
        .rows
        .borrow_mut()
        .insert(damaged, b"{".to_vec().into());
    let findings = look(&world, &wallet).await;
    let expected = ["record_damaged", "account_refused"];
    assert_eq!(codes(&findings, Severity::Fine), expected);
}

#[cfg(all(unix, feature = "native"))]
#[test]
fn a_file_that_others_can_read_is_trouble() {
    use farthing_wallet::native::SqliteStore;
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let missing = SqliteStore::doctor(dir.path());
    assert_eq!(codes(&missing, Severity::Warning), ["no_wallet"]);
    drop(SqliteStore::create(dir.path()).unwrap());
    let fine = SqliteStore::doctor(dir.path());
    assert_eq!(codes(&fine, Severity::Fine), [""; 0]);
    assert_eq!(fine[0].code, "file_whole");
    let file = dir.path().join("wallet.sqlite");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let found = SqliteStore::doctor(dir.path());
    assert_eq!(codes(&found, Severity::Fine), ["file_mode"]);
    assert!(found[0].what.ends_with("has mode 640"), "{}", found[0].what);
    std::fs::write(&file, "x".repeat(5000)).unwrap();
    let found = SqliteStore::doctor(dir.path());
    assert!(codes(&found, Severity::Warning).contains(&"wallet_version"));
}
