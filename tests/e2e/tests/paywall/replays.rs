//! A payment is a payment once: the mint's repeated answer counts for the purchase that it was given for,
//! whatever became of the paywall's own record; and what was charged is served again, whatever it costs today.

use std::path::Path;
use std::sync::atomic::Ordering;

use farthing_publisher::{Accept, Settings};
use farthing_testkit::scene::Scene;
use tokio::sync::oneshot;

use crate::gate::{Gate, Verdict};
use crate::stage::{PRICE, Stage};

/// The same address for all paywalls of the publisher.
fn public(settings: &mut Settings) {
    settings.public_url = Some("https://gazette.example".to_owned());
}

fn locked(settings: &mut Settings) {
    settings.accept = Accept::Locked {
        redeem_every_s: 1,
        locktime_hours_min: 48,
    };
}

const RECORD: [&str; 3] = [
    "payments.sqlite",
    "payments.sqlite-wal",
    "payments.sqlite-shm",
];

/// Deletes the record in a publisher's folder, and leaves the key.
pub(crate) fn lose_record(data: &Path) {
    for name in RECORD {
        let _ = std::fs::remove_file(data.join(name));
    }
}

/// Copies the record of one folder into another, in place of what is there.
pub(crate) fn copy_record(from: &Path, to: &Path) {
    lose_record(to);
    std::fs::create_dir_all(to).unwrap();
    for name in RECORD {
        let _ = std::fs::copy(from.join(name), to.join(name));
    }
}

#[tokio::test]
async fn a_token_spent_at_one_paywall_buys_nothing_at_another_of_the_same_account() {
    let stage = Stage::with(public).await;
    let second = stage
        .another(|s| s.data = stage.scene.folder().join("second"))
        .await;
    let tokens = stage.tokens(&[4]).await;
    let token = stage.header(&tokens);
    let blanks = stage.blanks(&[1]);
    let first = stage.pay_with_change("/articles/1", &tokens, &blanks).await;
    first.bought("article 1");
    // Neither another page nor the same: the second paywall was not paid.
    for path in ["/articles/2", "/articles/1"] {
        let answer = stage.show(&second.url, path, &token, Some(&blanks)).await;
        assert_eq!(answer.refusal(), (400, 11001), "{path}");
    }
    assert_eq!(stage.income().await, PRICE);
    // A copy of the first one's folder knows its purchases, by the mint's repeated answer, and no others.
    let copy = stage.scene.folder().join("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(
        stage.data().join("publisher.key"),
        copy.join("publisher.key"),
    )
    .unwrap();
    let copy = stage.another(|s| s.data = copy).await;
    let other = stage.show(&copy.url, "/articles/2", &token, Some(&blanks));
    assert_eq!(other.await.refusal(), (400, 11001));
    let same = stage
        .show(&copy.url, "/articles/1", &token, Some(&blanks))
        .await;
    same.bought("article 1");
    assert_eq!(same.signatures(), first.signatures());
    assert_eq!(stage.income().await, PRICE);
    stage.scene.books().unwrap();
}

#[tokio::test]
async fn a_lost_or_older_record_gives_no_page_away_and_refuses_nothing_that_was_charged() {
    let mut stage = Stage::with(public).await;
    let backup = stage.scene.folder().join("backup");
    stage.restart_after(|s| copy_record(&s.data, &backup)).await;
    let tokens = stage.tokens(&[1, 2]).await;
    stage.pay("/articles/1", &tokens).await.bought("article 1");
    for older in [false, true] {
        stage
            .restart_after(|s| match older {
                true => copy_record(&backup, &s.data),
                false => lose_record(&s.data),
            })
            .await;
        let other = stage.pay("/articles/2", &tokens).await;
        assert_eq!(other.refusal(), (400, 11001), "older: {older}");
        // Also when it costs more today, and the record says nothing of what was paid.
        stage.upstream.raised_by.store(2, Ordering::SeqCst);
        let receipt = stage.pay("/articles/1", &tokens).await.bought("article 1");
        assert_eq!(receipt.amount, PRICE, "what was paid, not what it costs");
        let other = stage.pay("/articles/3", &tokens).await;
        assert_eq!(other.refusal(), (400, 40008), "older: {older}");
        stage.upstream.raised_by.store(0, Ordering::SeqCst);
        assert_eq!(stage.income().await, PRICE);
    }
    stage.scene.books().unwrap();
}

#[tokio::test]
async fn what_was_charged_is_served_again_whatever_is_asked_for_today() {
    let mut stage = Stage::with(public).await;
    let (exact, more) = (stage.tokens(&[1, 2]).await, stage.tokens(&[4]).await);
    let blanks = stage.blanks(&[1]);
    stage.pay("/articles/1", &exact).await.bought("article 1");
    let first = stage.pay_with_change("/articles/2", &more, &blanks).await;
    first.bought("article 2");
    let asked = stage.upstream.asked();
    // Another price: the old token buys what it bought, and a new one must be worth it.
    stage.upstream.raised_by.store(2, Ordering::SeqCst);
    let receipt = stage.pay("/articles/1", &exact).await.bought("article 1");
    assert_eq!(receipt.amount, PRICE);
    let again = stage.pay_with_change("/articles/2", &more, &blanks).await;
    again.bought("article 2");
    assert_eq!(again.signatures(), first.signatures());
    let other = stage.pay("/articles/3", &exact).await;
    assert_eq!(other.refusal(), (400, 40008));
    let small = stage.tokens(&[1, 2]).await;
    let refused = stage.pay("/articles/3", &small).await;
    assert_eq!(refused.refusal(), (400, 40007));
    assert_eq!(
        stage.upstream.asked(),
        asked + 2,
        "what is refused goes no further"
    );
    stage.upstream.raised_by.store(0, Ordering::SeqCst);
    stage.assert_unspent(&small).await;

    // Other tokens than are taken today.
    stage.restart_after(locked).await;
    let unlocked = stage.pay("/articles/3", &stage.tokens(&[1, 2]).await).await;
    assert_eq!(unlocked.refusal(), (400, 40009));
    stage.pay("/articles/1", &exact).await.bought("article 1");
    let again = stage.pay_with_change("/articles/2", &more, &blanks).await;
    assert_eq!(again.signatures(), first.signatures());
    assert_eq!(stage.income().await, 2 * PRICE);
    stage.scene.books().unwrap();
}

#[tokio::test]
async fn what_was_charged_is_served_while_the_mint_is_away_also_with_change() {
    let mut stage = Stage::with(public).await;
    let tokens = stage.tokens(&[4]).await;
    let blanks = stage.blanks(&[1]);
    let first = stage.pay_with_change("/articles/1", &tokens, &blanks).await;
    first.bought("article 1");
    let address = stage.scene.mint.url().unwrap().to_owned();
    stage.scene.rotate().await.unwrap();
    stage.scene.mint.stop().unwrap();
    stage.restart().await;
    stage.upstream.raised_by.store(1, Ordering::SeqCst);
    let away = stage.pay_with_change("/articles/1", &tokens, &blanks).await;
    away.bought("article 1");
    assert_eq!(
        away.header("x-cashu-signatures"),
        None,
        "only the mint has them"
    );
    let listen = address.trim_start_matches("http://");
    stage.scene.mint.start_at(listen).unwrap();
    let back = stage.pay_with_change("/articles/1", &tokens, &blanks).await;
    assert_eq!(back.signatures(), first.signatures());
    assert_eq!(stage.income().await, PRICE);
}

/// A stage whose paywall reaches the mint through a gate.
pub(crate) async fn gated(change: impl FnOnce(&mut Settings)) -> (Stage, Gate) {
    let scene = Scene::start(crate::BINARY).await.unwrap();
    let gate = Gate::before(scene.mint.url().unwrap()).await;
    let url = gate.url.clone();
    (Stage::on(scene, &url, change).await, gate)
}

#[tokio::test]
async fn a_refusal_forgets_nothing_that_an_identical_request_in_flight_relies_on() {
    let (stage, gate) = gated(public).await;
    let tokens = stage.tokens(&[1, 2]).await;
    let (open, held) = oneshot::channel();
    gate.decide([Verdict::Hold(held), Verdict::Refuse, Verdict::Refuse]);
    let first = stage.pay("/articles/1", &tokens);
    let rest = async {
        gate.arrival().await;
        for _ in 0..2 {
            let refused = stage.pay("/articles/1", &tokens).await;
            assert_eq!(refused.refusal(), (400, 10001));
        }
        // The first may yet be carried out: until then the token buys nothing else.
        let other = stage.pay("/articles/2", &tokens).await;
        assert_eq!(other.refusal(), (400, 40008));
        open.send(()).unwrap();
    };
    let (first, ()) = tokio::join!(first, rest);
    first.bought("article 1");
    let other = stage.pay("/articles/2", &tokens).await;
    assert_eq!(other.refusal(), (400, 40008));
    stage.pay("/articles/1", &tokens).await.bought("article 1");
    assert_eq!(stage.income().await, PRICE);

    // When all of them are refused, the token is free for anything.
    let tokens = stage.tokens(&[1, 2]).await;
    gate.decide([Verdict::Refuse, Verdict::Refuse]);
    let (one, two) = tokio::join!(
        stage.pay("/articles/1", &tokens),
        stage.pay("/articles/1", &tokens)
    );
    assert_eq!((one.refusal(), two.refusal()), ((400, 10001), (400, 10001)));
    stage.pay("/articles/2", &tokens).await.bought("article 2");
    assert_eq!(stage.income().await, 2 * PRICE);
}

#[tokio::test]
async fn what_the_mint_is_sent_names_no_page_and_tells_no_two_purchases_alike() {
    let (stage, gate) = gated(public).await;
    for _ in 0..2 {
        let tokens = stage.tokens(&[1, 2]).await;
        stage.pay("/articles/1", &tokens).await.bought("article 1");
    }
    let references = gate.references();
    assert_eq!(references.len(), 2);
    assert!(references.iter().all(|reference| reference.len() == 64));
    assert_ne!(
        references[0], references[1],
        "the same page, and nobody can tell"
    );
}
