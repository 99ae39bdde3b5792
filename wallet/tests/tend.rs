//! Upkeep: which requests are made, when, and that no money is lost by it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_protocol::Bundle;
use farthing_protocol::api::{WithdrawRequest, path};
use farthing_wallet::error::UsageError;
use farthing_wallet::records::{Kind, Outcome};
use farthing_wallet::tend::Random;
use farthing_wallet::{Error, Origin, Phrase, Tended, Wallet};
use support::shop::{article, buy};
use support::*;

const DAY_S: u64 = 24 * 60 * 60;
const BUNDLE: [u64; 35] = {
    let mut all = [1; 35];
    let mut n = 7;
    while n < 35 {
        all[n] = match n {
            7..14 => 2,
            14..21 => 4,
            21..29 => 8,
            29..33 => 16,
            _ => 32,
        };
        n += 1;
    }
    all
};
const LEARNS: [&str; 3] = [path::INFO, path::KEYSETS, path::KEYS];

fn mint_with_bundle(account: u64) -> FakeMint {
    let mut mint = FakeMint::new(account);
    let amounts: Vec<u64> = (0..8).map(|n| 1 << n).collect();
    mint.bundle = Bundle::usual(&amounts);
    mint
}

/// A new wallet with an account of 10,000 at a mint with a bundle, and a clock that can be set.
async fn new_wallet() -> (World, TestWallet, Random) {
    let world = World::new(mint_with_bundle(10_000));
    set_clock(NOW);
    drop(world.make(PHRASE, Origin::New).await);
    world.mint.borrow_mut().requests.clear();
    let wallet = world.open_with_clock().await;
    (world, wallet, Random::of_seed([9; 32]))
}

fn at(world: &World, time: u64) {
    set_clock(time);
    world.mint.borrow_mut().now = time;
}

/// The paths and bodies that the mint was asked for since the last look.
fn asked(world: &World) -> Vec<(String, String)> {
    std::mem::take(&mut world.mint.borrow_mut().requests)
}

/// Goes from moment to moment until something is done, at most for so many days.
async fn until_done(
    world: &World,
    wallet: &mut TestWallet,
    random: &mut Random,
    days: u64,
) -> Result<Option<Tended>, Error> {
    let end = clock_set() + days * DAY_S;
    loop {
        match wallet.tend(random).await? {
            Tended::Nothing { until } if until > end => return Ok(None),
            Tended::Nothing { until } => {
                assert!(until > clock_set(), "it would never end");
                at(world, until);
            }
            done => return Ok(Some(done)),
        }
    }
}

/// Goes on until a bundle is withdrawn.
async fn until_withdrew(world: &World, wallet: &mut TestWallet, random: &mut Random) {
    loop {
        let done = until_done(world, wallet, random, 5).await.unwrap();
        if matches!(done, Some(Tended::Withdrew { .. })) {
            return;
        }
    }
}

#[tokio::test]
async fn a_new_wallet_withdraws_one_bundle_within_two_days_and_then_no_more() {
    let (world, mut wallet, mut random) = new_wallet().await;
    let Tended::Nothing { until } = wallet.tend(&mut random).await.unwrap() else {
        panic!("nothing is due when a mint has just been added")
    };
    assert!(until >= NOW + 20 * 60, "{until}");
    let mut withdrawals = Vec::new();
    let mut last = 0;
    while let Some(done) = until_done(&world, &mut wallet, &mut random, 60)
        .await
        .unwrap()
    {
        let now = clock_set();
        if now > NOW + 60 * DAY_S {
            break;
        }
        assert!(now >= last + 20 * 60, "one thing at a time");
        last = now;
        let asked = asked(&world);
        let paths: Vec<&str> = asked.iter().map(|(path, _)| path.as_str()).collect();
        match done {
            Tended::Learned { .. } => assert_eq!(paths, LEARNS),
            Tended::Withdrew { done, .. } => {
                assert_eq!(paths, [path::WITHDRAW]);
                let request: WithdrawRequest = serde_json::from_str(&asked[0].1).unwrap();
                let amounts: Vec<u64> = request.outputs.iter().map(|o| o.amount).collect();
                assert_eq!(amounts, BUNDLE);
                assert_eq!(done.finished[0].entry.kind, Kind::Withdraw);
                withdrawals.push(now);
            }
            other => panic!("{other:?}"),
        }
    }
    let [at] = withdrawals.as_slice() else {
        panic!("{withdrawals:?}")
    };
    assert!(*at < NOW + 2 * DAY_S + 60 * 60, "{at}");
    assert_eq!(
        (available(&wallet).await, world.account()),
        (241, 10_000 - 241)
    );
}

#[tokio::test]
async fn a_wallet_without_an_account_or_a_bundle_or_a_mint_withdraws_nothing() {
    let (world, wallet, mut random) = new_wallet().await;
    drop(wallet);
    let stranger = world.device();
    let (store, http) = stranger.parts(&Fuse::none());
    let phrase = Phrase::generate().unwrap();
    let mut wallet = Wallet::create(store, http, clock_set, &phrase, Origin::New)
        .await
        .unwrap();
    let none = wallet.tend(&mut random).await.unwrap_err();
    assert_eq!(none, Error::Usage(UsageError::NoMint));
    wallet.mints().add(URL, None).await.unwrap();
    for _ in 0..30 {
        let done = until_done(&stranger, &mut wallet, &mut random, 30)
            .await
            .unwrap();
        assert!(matches!(done, Some(Tended::Learned { .. })), "{done:?}");
    }
    world.mint.borrow_mut().bundle = None;
    let mut wallet = world.open_with_clock().await;
    let mut learned = 0;
    while let Some(done) = until_done(&world, &mut wallet, &mut random, 3)
        .await
        .unwrap()
    {
        learned += u64::from(matches!(done, Tended::Learned { .. }));
        if learned == 30 {
            break;
        }
    }
    // What the mint said when it was added holds until it is asked again.
    assert!(available(&wallet).await <= 241);
}

#[tokio::test]
async fn a_rotation_is_learned_and_renewed_in_runs_of_their_own() {
    let (world, mut wallet, mut random) = new_wallet().await;
    until_withdrew(&world, &mut wallet, &mut random).await;
    world.mint.borrow_mut().rotate(40, 0);
    asked(&world);
    let (mut swapped, mut runs) = (0, 0);
    while swapped < 35 {
        let done = until_done(&world, &mut wallet, &mut random, 9)
            .await
            .unwrap();
        let asked = asked(&world);
        let paths: Vec<&str> = asked.iter().map(|(path, _)| path.as_str()).collect();
        match done.unwrap() {
            Tended::Learned { .. } => assert_eq!(paths, LEARNS),
            Tended::Swapped(swaps) => {
                assert_eq!(paths, [path::SWAP]);
                let entry = &swaps[0].result.as_ref().unwrap().entry;
                assert_eq!((entry.kind, entry.outcome), (Kind::Renew, Outcome::Done));
                swapped += 8.min(35 - swapped);
                runs += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((runs, available(&wallet).await), (5, 241));
}

#[tokio::test]
async fn nothing_is_asked_for_after_a_payment_and_what_a_site_has_seen_is_swapped_then() {
    let (world, mut wallet, mut random) = new_wallet().await;
    until_withdrew(&world, &mut wallet, &mut random).await;
    at(&world, NOW + 9 * DAY_S);
    world.site.borrow_mut().upstream = 404;
    buy(&mut wallet, &article()).await.unwrap();
    asked(&world);
    assert_eq!(pending(&wallet).await, 3);
    let paid = clock_set();
    let Tended::Nothing { until } = wallet.tend(&mut random).await.unwrap() else {
        panic!("within the quiet")
    };
    assert!(
        (paid + 20 * 60..=paid + 40 * 60).contains(&until),
        "{until}"
    );
    let mut swapped = false;
    while !swapped {
        let done = until_done(&world, &mut wallet, &mut random, 9)
            .await
            .unwrap();
        assert!(clock_set() >= paid + 20 * 60);
        let asked = asked(&world);
        if let Some(Tended::Swapped(swaps)) = done {
            assert_eq!(asked.len(), 1, "{asked:?}");
            assert_eq!(swaps[0].kind, Kind::Pay);
            swapped = true;
        }
    }
    assert_eq!((available(&wallet).await, pending(&wallet).await), (241, 0));
}

#[tokio::test]
async fn what_is_not_answered_stays_due_and_moves_nothing_twice() {
    for fault in [Fault::DropRequest, Fault::DropAnswer] {
        let (world, mut wallet, mut random) = new_wallet().await;
        world.fault.set(Some(fault));
        let error = loop {
            match until_done(&world, &mut wallet, &mut random, 5).await {
                Err(Error::Network(network)) if network.open.is_some() => break network,
                Err(Error::Network(_)) => {}
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(pending(&wallet).await, 241);
        world.fault.set(None);
        let recovered = wallet.recover().await.unwrap();
        assert_eq!(Some(recovered[0].id), error.open);
        assert_eq!(
            (available(&wallet).await, world.account()),
            (241, 10_000 - 241)
        );
        for _ in 0..20 {
            let done = until_done(&world, &mut wallet, &mut random, 9)
                .await
                .unwrap();
            assert!(matches!(done, Some(Tended::Learned { .. })), "{done:?}");
        }
        assert_eq!(world.account(), 10_000 - 241);
    }
}

#[tokio::test]
async fn an_account_that_holds_less_than_a_bundle_is_left_alone_for_a_week() {
    let world = World::new(mint_with_bundle(100));
    set_clock(NOW);
    drop(world.make(PHRASE, Origin::New).await);
    let mut wallet = world.open_with_clock().await;
    let mut random = Random::of_seed([3; 32]);
    let mut refused = Vec::new();
    while clock_set() < NOW + 28 * DAY_S {
        match until_done(&world, &mut wallet, &mut random, 9).await {
            Ok(Some(Tended::Learned { .. })) => {}
            Err(Error::Refused(_)) => refused.push(clock_set()),
            other => panic!("{other:?}"),
        }
    }
    assert!((4..=5).contains(&refused.len()), "{refused:?}");
    assert_eq!((available(&wallet).await, pending(&wallet).await), (0, 0));
    assert_eq!(world.account(), 100);
}
