//! Following a mint's keysets: rotation and expiry.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use std::collections::BTreeMap;

use farthing_protocol::KeysetId;
use farthing_protocol::api::{SwapRequest, path};
use farthing_wallet::error::UsageError;
use farthing_wallet::records::{Coin, Kind, Outcome};
use farthing_wallet::store::Table;
use farthing_wallet::{Error, Origin, Redeem, Renew, SendOptions};
use support::mint::FakeKeyset;
use support::*;

const DAY_S: u64 = 24 * 60 * 60;

/// A wallet with a clock that can be set, and `amount` of the mint's first keyset.
async fn wallet(mint: FakeMint, amount: u64) -> (World, TestWallet) {
    let world = World::new(mint);
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, amount).await.unwrap();
    drop(wallet);
    set_clock(NOW);
    let wallet = world.open_with_clock().await;
    (world, wallet)
}

/// A mint whose first keyset expires.
fn expiring_mint(fee: u64, expiry: u64) -> FakeMint {
    let mut mint = FakeMint::new(10_000);
    mint.keysets = vec![FakeKeyset::expiring(1, fee, 8, Some(expiry))];
    mint
}

fn later(world: &World, time: u64) {
    set_clock(time);
    world.mint.borrow_mut().now = time;
}

/// Returns how many tokens the wallet holds of each keyset, by the number of the keyset at the mint.
fn tokens(world: &World) -> BTreeMap<usize, usize> {
    let ids: Vec<KeysetId> = world
        .mint
        .borrow()
        .keysets
        .iter()
        .map(|k| k.info.id)
        .collect();
    let mut counts = BTreeMap::new();
    for ((table, _), value) in world.rows.borrow().iter() {
        if *table == Table::Proofs {
            let coin: Coin = serde_json::from_slice(value).unwrap();
            let number = ids.iter().position(|id| *id == coin.keyset()).unwrap();
            *counts.entry(number).or_default() += 1;
        }
    }
    counts
}

/// The swaps that the mint was asked for since the last look: how many inputs of which keysets.
fn swaps(world: &World) -> Vec<(usize, Vec<KeysetId>)> {
    let requests = std::mem::take(&mut world.mint.borrow_mut().requests);
    let swaps = requests.iter().filter(|(path, _)| path == path::SWAP);
    swaps
        .map(|(_, body)| {
            let swap: SwapRequest = serde_json::from_str(body).unwrap();
            let mut ids: Vec<_> = swap.inputs.iter().map(|i| i.id).collect();
            ids.dedup();
            (swap.inputs.len(), ids)
        })
        .collect()
}

#[tokio::test]
async fn a_rotation_is_followed_a_few_tokens_a_day() {
    let (world, mut wallet) = wallet(FakeMint::new(10_000), 2000).await;
    world.mint.borrow_mut().rotate(40, 0);
    let all = tokens(&world)[&0];
    assert_eq!(all, 24);
    swaps(&world);
    // Keysets were asked for today.
    wallet.renew(Renew::Retired).await.unwrap();
    assert!(world.mint.borrow().requests.is_empty());

    later(&world, NOW + DAY_S);
    let renewed = wallet.renew(Renew::Retired).await.unwrap();
    assert!(renewed.failures.is_empty());
    assert_eq!(renewed.swaps.len(), 1);
    let entry = &renewed.swaps[0].result.as_ref().unwrap().entry;
    assert_eq!((entry.kind, entry.outcome), (Kind::Renew, Outcome::Done));
    let first = world.mint.borrow().keysets[0].info.id;
    assert_eq!(swaps(&world), [(8, vec![first])]);
    assert_eq!(tokens(&world)[&0], 16);
    assert_eq!(available(&wallet).await, 2000);
    // Not twice on one day.
    wallet.renew(Renew::Retired).await.unwrap();
    assert!(world.mint.borrow().requests.is_empty());
    for (day, left) in [(2, Some(&8)), (3, None)] {
        later(&world, NOW + day * DAY_S);
        wallet.renew(Renew::Retired).await.unwrap();
        assert_eq!(tokens(&world).get(&0), left);
    }
    assert_eq!(available(&wallet).await, 2000);
    later(&world, NOW + 4 * DAY_S);
    swaps(&world);
    assert!(wallet.renew(Renew::Retired).await.unwrap().swaps.is_empty());
    assert!(swaps(&world).is_empty());
}

#[tokio::test]
async fn each_keyset_has_a_swap_of_its_own() {
    let (world, mut wallet) = wallet(FakeMint::new(10_000), 3).await;
    let mint = the_mint(&wallet).await;
    world.mint.borrow_mut().rotate(40, 0);
    wallet.withdraw(&mint, 12).await.unwrap();
    world.mint.borrow_mut().rotate(80, 0);
    let ids: Vec<_> = world
        .mint
        .borrow()
        .keysets
        .iter()
        .map(|k| k.info.id)
        .collect();
    later(&world, NOW + DAY_S);
    swaps(&world);
    wallet.renew(Renew::Retired).await.unwrap();
    let mut made = swaps(&world);
    made.sort();
    let mut expected = vec![(2, vec![ids[0]]), (2, vec![ids[1]])];
    expected.sort();
    assert_eq!(made, expected);
    assert_eq!(tokens(&world).keys().collect::<Vec<_>>(), [&2]);
    assert_eq!(available(&wallet).await, 15);
}

#[tokio::test]
async fn what_expires_is_warned_of_rescued_a_few_at_a_time_and_at_the_end_whole() {
    let expiry = NOW + 100 * DAY_S;
    let (world, mut wallet) = wallet(expiring_mint(0, expiry), 2000).await;
    world.mint.borrow_mut().rotate(40, 0);
    world.mint.borrow_mut().keysets[0].info.active = true;
    swaps(&world);
    // In good time nothing is said, and nothing asked.
    later(&world, expiry - 31 * DAY_S);
    assert!(wallet.expiring().await.unwrap().is_empty());
    wallet.renew(Renew::Expiring).await.unwrap();
    assert!(world.mint.borrow().requests.is_empty());

    later(&world, expiry - 29 * DAY_S);
    let expiring = wallet.expiring().await.unwrap();
    assert_eq!(expiring.len(), 1);
    assert_eq!((expiring[0].amount, expiring[0].expires), (2000, expiry));
    let renewed = wallet.renew(Renew::Expiring).await.unwrap();
    assert_eq!(renewed.swaps.len(), 1);
    assert_eq!(tokens(&world)[&0], 16);

    later(&world, expiry - 6 * DAY_S);
    wallet.renew(Renew::Expiring).await.unwrap();
    assert_eq!(tokens(&world).get(&0), None);
    assert!(wallet.expiring().await.unwrap().is_empty());
    later(&world, expiry + 1);
    assert_eq!(available(&wallet).await, 2000);
    let mint = the_mint(&wallet).await;
    wallet.redeem(&mint, Redeem::All).await.unwrap();
    assert_eq!(world.account(), 10_000);
}

#[tokio::test]
async fn what_has_expired_is_shown_apart_and_never_spent() {
    let expiry = NOW + 10 * DAY_S;
    let (world, mut wallet) = wallet(expiring_mint(0, expiry), 100).await;
    world.mint.borrow_mut().rotate(40, 0);
    // It is valid in the second of its expiry, and not in the next.
    later(&world, expiry);
    assert_eq!(available(&wallet).await, 100);
    let mint = the_mint(&wallet).await;
    wallet.redeem(&mint, Redeem::Amount(60)).await.unwrap();
    wallet.withdraw(&mint, 5).await.unwrap();
    later(&world, expiry + 1);
    let balance = wallet.balance().await.unwrap();
    assert_eq!(balance[0].available + balance[0].expired, 45);
    assert!(balance[0].expired > 0 && balance[0].available >= 5);
    swaps(&world);
    let sent = wallet.send(&mint, 5, SendOptions::default()).await.unwrap();
    let ids = sent.proofs.iter().map(|p| p.proof.id);
    let second = world.mint.borrow().keysets[1].info.id;
    assert!(ids.into_iter().all(|id| id == second));
    let error = wallet.send(&mint, 41, SendOptions::default()).await;
    assert!(matches!(
        error.unwrap_err(),
        Error::Usage(UsageError::Insufficient { needed: 41, .. })
    ));
    assert!(wallet.renew(Renew::Retired).await.unwrap().swaps.is_empty());
}

#[tokio::test]
async fn a_fee_is_paid_for_a_renewal_only_when_the_tokens_would_be_lost() {
    let expiry = NOW + 100 * DAY_S;
    let (world, mut wallet) = wallet(expiring_mint(100, expiry), 15).await;
    world.mint.borrow_mut().rotate(40, 100);
    later(&world, NOW + DAY_S);
    assert!(wallet.renew(Renew::Retired).await.unwrap().swaps.is_empty());
    assert_eq!(available(&wallet).await, 15);
    later(&world, expiry - 3 * DAY_S);
    wallet.renew(Renew::Retired).await.unwrap();
    assert_eq!(tokens(&world).get(&0), None);
    assert_eq!(available(&wallet).await, 14);
}

#[tokio::test]
async fn new_tokens_are_not_made_of_a_keyset_that_expires_soon_if_there_is_another() {
    let expiry = NOW + 20 * DAY_S;
    let (world, mut wallet) = wallet(expiring_mint(0, expiry), 1).await;
    let mint = the_mint(&wallet).await;
    // The only one there is: it is used, and warned of, and its tokens are not moved about.
    assert_eq!(wallet.expiring().await.unwrap()[0].amount, 1);
    later(&world, NOW + DAY_S);
    assert!(
        wallet
            .renew(Renew::Expiring)
            .await
            .unwrap()
            .swaps
            .is_empty()
    );
    // One that costs a fee and lasts is better than one that costs nothing and doesn't.
    let lasting = FakeKeyset::new(40, 100, 8);
    world.mint.borrow_mut().keysets.push(lasting);
    wallet.mints().add(URL, None).await.unwrap();
    wallet.withdraw(&mint, 6).await.unwrap();
    assert_eq!(tokens(&world)[&1], 2);
}

#[tokio::test]
async fn a_mint_that_cannot_be_asked_is_asked_again_the_same_day() {
    let (world, mut wallet) = wallet(FakeMint::new(10_000), 7).await;
    world.mint.borrow_mut().rotate(40, 0);
    later(&world, NOW + DAY_S);
    world.fault.set(Some(Fault::DropRequest));
    let renewed = wallet.renew(Renew::Retired).await.unwrap();
    assert!(matches!(renewed.failures.as_slice(), [Error::Network(_)]));
    world.fault.set(None);
    let renewed = wallet.renew(Renew::Retired).await.unwrap();
    assert_eq!(renewed.swaps.len(), 1);
    assert_eq!(tokens(&world).keys().collect::<Vec<_>>(), [&1]);
}
