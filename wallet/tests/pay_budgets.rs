//! Budgets, and what was spent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_protocol::ErrorCode;
use farthing_wallet::PageRequest;
use farthing_wallet::error::payment::Unpayable;
use farthing_wallet::pay::budget::Spent;
use farthing_wallet::records::Budget;
use support::shop::*;
use support::site::SITE;
use support::*;

const DAY_S: u64 = 24 * 60 * 60;

fn page(number: u32) -> PageRequest {
    PageRequest::get(&format!("https://site.test/{number}"))
}

async fn within_budget(wallet: &mut TestWallet, number: u32) -> bool {
    offer(wallet, &page(number)).await.within_budget
}

#[tokio::test]
async fn a_budget_covers_what_is_within_the_item_and_the_day() {
    let (world, mut wallet) = shop().await;
    let mint = the_mint(&wallet).await;
    assert!(!within_budget(&mut wallet, 1).await);
    wallet
        .budgets()
        .set("https://SITE.test:443/", &mint, 3, 8)
        .await
        .unwrap();
    assert!(within_budget(&mut wallet, 1).await);
    for wrong in [
        "https://site.test:8443",
        "http://site.test",
        "https://a.site.test",
    ] {
        wallet.budgets().set(wrong, &mint, 100, 100).await.unwrap();
    }
    world.site.borrow_mut().price = 4;
    assert!(
        !within_budget(&mut wallet, 1).await,
        "more than an item may cost"
    );
    world.site.borrow_mut().price = 3;

    // What is refused counts until the mint has said that it was not redeemed all the same.
    world.site.borrow_mut().deeds.refuses = Some(ErrorCode::TokenBound);
    for number in [4, 5] {
        assert!(within_budget(&mut wallet, 1).await);
        buy(&mut wallet, &page(number)).await.unwrap_err();
    }
    world.site.borrow_mut().deeds.refuses = None;
    assert!(!within_budget(&mut wallet, 1).await, "3 + 3 + 3 of 8");
    wallet.recover_all(&mut Eager).await.unwrap();
    assert!(within_budget(&mut wallet, 1).await);
    buy(&mut wallet, &page(1)).await.unwrap();
    assert!(within_budget(&mut wallet, 2).await, "3 + 3 of 8");
    // What is open counts: it may be paid.
    world.site_fault.set(Some(Fault::DropAnswer));
    site_error(buy(&mut wallet, &page(2)).await);
    assert!(!within_budget(&mut wallet, 3).await, "3 + 3 + 3 of 8");
    world.site_fault.set(None);
    free(&mut wallet, &page(2)).await;
    assert!(!within_budget(&mut wallet, 3).await);
    drop(wallet);
    let mut wallet = world.open_later().await;
    assert!(within_budget(&mut wallet, 3).await, "another day");
}

#[tokio::test]
async fn budgets_are_listed_replaced_and_removed() {
    let (_world, wallet) = shop().await;
    let mint = the_mint(&wallet).await;
    wallet.budgets().set(SITE, &mint, 1, 2).await.unwrap();
    let set = wallet
        .budgets()
        .set("https://site.test/", &mint, 3, 8)
        .await
        .unwrap();
    let expected = Budget {
        site: SITE.to_owned(),
        unit: "credit".to_owned(),
        per_item: 3,
        per_day: 8,
    };
    assert_eq!(set, expected);
    assert_eq!(
        wallet.budgets().all().await.unwrap(),
        std::slice::from_ref(&expected)
    );
    assert_eq!(wallet.budgets().remove(SITE).await.unwrap(), expected);
    let none = wallet.budgets().remove(SITE).await.unwrap_err();
    assert_eq!(none, Unpayable::NoBudget(SITE.to_owned()).into());
    for wrong in [
        "site.test",
        "https://site.test/a",
        "https://site.test?a",
        "ftp://site.test",
    ] {
        let error = wallet.budgets().set(wrong, &mint, 3, 8).await.unwrap_err();
        assert_eq!(error, Unpayable::SiteUrl(wrong.to_owned()).into());
    }
}

#[tokio::test]
async fn what_was_spent_is_summed_up_by_site_and_day() {
    let (world, mut wallet) = shop().await;
    let spent = |day, amount, payments| Spent {
        day,
        site: SITE.to_owned(),
        unit: "credit".to_owned(),
        amount,
        payments,
    };
    buy(&mut wallet, &page(1)).await.unwrap();
    world.site.borrow_mut().price = 5;
    buy(&mut wallet, &page(2)).await.unwrap();
    world.site.borrow_mut().upstream = 500;
    buy(&mut wallet, &page(3)).await.unwrap();
    world.site.borrow_mut().upstream = 200;
    let (first, later) = (NOW / DAY_S * DAY_S, clock_later() / DAY_S * DAY_S);
    assert_eq!(
        wallet.budgets().spent(None).await.unwrap(),
        [spent(first, 8, 2)]
    );
    drop(wallet);
    let mut wallet = world.open_later().await;
    buy(&mut wallet, &page(4)).await.unwrap();
    let all = [spent(first, 8, 2), spent(later, 5, 1)];
    assert_eq!(wallet.budgets().spent(None).await.unwrap(), all);
    assert_eq!(wallet.budgets().spent(Some(1)).await.unwrap(), all[1..]);
    assert_eq!(wallet.budgets().spent(Some(30)).await.unwrap(), all[1..]);
    assert_eq!(wallet.budgets().spent(Some(31)).await.unwrap(), all);
}
