//! Restoring from the phrase, and several devices on one phrase.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_wallet::error::UsageError;
use farthing_wallet::store::Table;
use farthing_wallet::{Error, Origin, Redeem, SendOptions};
use support::*;

#[tokio::test]
async fn a_restore_gives_the_same_balance_and_takes_the_next_lane() {
    let world = World::new(FakeMint::new(1000));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    assert_eq!(mint.lane, Some(0));
    wallet.withdraw(&mint, 100).await.unwrap();
    wallet.redeem(&mint, Redeem::Amount(29)).await.unwrap();
    assert_eq!(available(&wallet).await, 71);
    drop(wallet);

    let lost = world.device();
    let mut restored = lost.make(PHRASE, Origin::Restored).await;
    let mint = the_mint(&restored).await;
    assert_eq!(mint.lane, None);
    let error = restored.withdraw(&mint, 1).await.unwrap_err();
    assert_eq!(error, Error::Usage(UsageError::NotRestored(URL.into())));

    let found = restored.restore(&mint, &mut ()).await.unwrap();
    assert_eq!((found.amount, found.lane), (71, 1));
    assert_eq!(available(&restored).await, 71);
    // Again finds nothing more.
    let again = restored.restore(&mint, &mut ()).await.unwrap();
    assert_eq!((again.amount, again.tokens, again.lane), (0, 0, 1));
    assert_eq!(again.signed, found.signed);

    let mint = the_mint(&restored).await;
    restored.withdraw(&mint, 5).await.unwrap();
    restored.redeem(&mint, Redeem::All).await.unwrap();
    assert_eq!((available(&restored).await, world.account()), (0, 1000));
    // The third device finds two lanes used.
    let mut third = world.device().make(PHRASE, Origin::Restored).await;
    let found = third
        .restore(&the_mint(&third).await, &mut ())
        .await
        .unwrap();
    assert_eq!((found.amount, found.lane), (0, 2));
}

/// The counter to be used next, of the wallet's one keyset and lane.
fn next_counter(world: &World) -> u64 {
    let rows = world.rows.borrow();
    let counter = rows
        .iter()
        .find(|((table, _), _)| *table == Table::Counters);
    let text = std::str::from_utf8(counter.unwrap().1).unwrap();
    let next = text.split_once("\"next\":").unwrap().1;
    next.split([',', '}']).next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn refused_operations_never_leave_a_hole_that_a_restore_gives_up_in() {
    let world = World::new(FakeMint::new(1000));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 1).await.unwrap();
    // Each takes 21 places at the most.
    for _ in 0..55 {
        wallet.withdraw(&mint, 1512).await.unwrap_err();
        assert!(next_counter(&world) < 1 + 300 + 21);
    }
    wallet.withdraw(&mint, 9).await.unwrap();
    assert!(
        next_counter(&world) > 100,
        "places are not used again without need"
    );
    let mut restored = world.device().make(PHRASE, Origin::Restored).await;
    let found = restored.restore(&mint, &mut ()).await.unwrap();
    assert_eq!((found.amount, found.lane), (10, 1));
}

#[tokio::test]
async fn tokens_locked_to_others_leave_no_hole_at_all() {
    let world = World::new(FakeMint::new(100_000));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    let friend = world.device().make_stranger().await;
    for _ in 0..30 {
        wallet.withdraw(&mint, 1512).await.unwrap();
        let lock = Some(hex::encode(friend.lock_public_key(&mint).await.unwrap()));
        wallet
            .send(
                &mint,
                1512,
                SendOptions {
                    lock,
                    ..SendOptions::default()
                },
            )
            .await
            .unwrap();
    }
    let mut restored = world.device().make(PHRASE, Origin::Restored).await;
    let found = restored.restore(&mint, &mut ()).await.unwrap();
    assert_eq!((found.amount, found.signed), (0, 30 * 21));
}

#[tokio::test]
async fn a_restore_does_not_take_back_what_this_wallet_has_sent() {
    let world = World::new(FakeMint::new(1000));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 100).await.unwrap();
    wallet
        .send(&mint, 36, SendOptions::default())
        .await
        .unwrap();
    wallet
        .send(&mint, 10, SendOptions::default())
        .await
        .unwrap();
    let found = wallet.restore(&mint, &mut ()).await.unwrap();
    assert_eq!((found.amount, available(&wallet).await), (0, 54));
    // Killed in the middle of a send, too.
    world.fault.set(Some(Fault::DropAnswer));
    wallet
        .send(&mint, 3, SendOptions::default())
        .await
        .unwrap_err();
    world.fault.set(None);
    let held = available(&wallet).await;
    wallet.restore(&mint, &mut ()).await.unwrap();
    assert_eq!(available(&wallet).await, held);
    wallet.recover().await.unwrap();
    assert_eq!(
        (available(&wallet).await, handed_out(&world, &wallet).await),
        (51, 49)
    );
}

#[tokio::test]
async fn two_devices_that_took_the_same_lane_part_and_lose_nothing() {
    let world = World::new(FakeMint::new(1000));
    let phone_world = world.device();
    let laptop_world = world.device();
    let mut phone = phone_world.make(PHRASE, Origin::Restored).await;
    let mut laptop = laptop_world.make(PHRASE, Origin::Restored).await;
    let mint = the_mint(&phone).await;
    // Both restore before either has used its lane.
    assert_eq!(phone.restore(&mint, &mut ()).await.unwrap().lane, 0);
    assert_eq!(laptop.restore(&mint, &mut ()).await.unwrap().lane, 0);
    let mint = the_mint(&phone).await;
    // The very same request, but for the salt.
    phone.withdraw(&mint, 7).await.unwrap();
    laptop.withdraw(&mint, 7).await.unwrap();
    assert_eq!(world.account(), 1000 - 14);
    assert_eq!(the_mint(&phone).await.lane, Some(0));
    assert_eq!(the_mint(&laptop).await.lane, Some(1));
    for _ in 0..3 {
        phone.withdraw(&mint, 20).await.unwrap();
        laptop.withdraw(&the_mint(&laptop).await, 30).await.unwrap();
    }
    assert_eq!(
        (available(&phone).await, available(&laptop).await),
        (67, 97)
    );
    assert_eq!(world.mint.borrow().outstanding(), 67 + 97);
    // A third device finds it all.
    let mut third = world.device().make(PHRASE, Origin::Restored).await;
    let found = third.restore(&mint, &mut ()).await.unwrap();
    assert_eq!((found.amount, found.lane), (67 + 97, 2));
}

#[tokio::test]
async fn a_token_spent_by_another_device_leaves_the_balance_with_an_explanation() {
    let world = World::new(FakeMint::new(1000));
    let mut phone = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&phone).await;
    phone.withdraw(&mint, 12).await.unwrap(); // 4 + 8
    let mut laptop = world.device().make(PHRASE, Origin::Restored).await;
    laptop.restore(&mint, &mut ()).await.unwrap();
    laptop
        .redeem(&the_mint(&laptop).await, Redeem::Amount(4))
        .await
        .unwrap();

    let error = phone.redeem(&mint, Redeem::All).await.unwrap_err();
    let Error::Refused(refused) = &error else {
        panic!("{error:?}")
    };
    let undone = farthing_wallet::error::Aftermath::Undone {
        returned: 8,
        lost: 4,
        unit: farthing_wallet::Unit::new("credit", 0),
    };
    assert_eq!(refused.aftermath, undone);
    assert!(
        error
            .explain()
            .money
            .contains("8 credit went back into the balance. 4 credit had been spent")
    );
    assert_eq!(available(&phone).await, 8);
    assert_eq!(phone.history().await.unwrap().last().unwrap().lost, 4);
    phone.redeem(&mint, Redeem::All).await.unwrap();
    assert_eq!(world.account(), 1000);
}
