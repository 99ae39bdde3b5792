//! What each operation does when nothing goes wrong.

mod support;

use farthing_wallet::{Origin, Redeem, SendOptions};
use support::*;

#[tokio::test]
async fn money_goes_round_and_adds_up() {
    let world = World::new(FakeMint::new(100));
    let mut alice = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&alice).await;

    alice.withdraw(&mint, 60).await.unwrap();
    assert_eq!((available(&alice).await, world.account()), (60, 40));

    let options = SendOptions {
        memo: Some("thanks".into()),
        lock: None,
    };
    let sent = alice.send(&mint, 13, options).await.unwrap();
    assert_eq!((sent.amount(), available(&alice).await), (13, 47));
    assert_eq!(alice.sent(sent.id).await.unwrap(), sent);

    let mut bob = world.device().make_stranger().await;
    let received = bob.receive(&sent.token().encode()).await.unwrap();
    assert_eq!(received[0].entry.amount, 13);
    assert_eq!(received[0].entry.memo.as_deref(), Some("thanks"));
    assert_eq!(available(&bob).await, 13);

    bob.redeem(&mint, Redeem::Amount(10)).await.unwrap();
    assert_eq!((available(&bob).await, world.account()), (3, 50));
    bob.redeem(&mint, Redeem::All).await.unwrap();
    assert_eq!((available(&bob).await, world.account()), (0, 53));
    assert_eq!(world.mint.borrow().outstanding(), 47);
}
