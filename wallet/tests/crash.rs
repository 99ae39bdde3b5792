//! Kills the wallet at every step of every operation, and again at every step of the recovery, and
//! counts the money afterwards: to the unit, all of it is somewhere.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_protocol::{ErrorCode, Token};
use farthing_wallet::records::{Entry, Kind, Outcome};
use farthing_wallet::{Origin, Redeem, Renew, SendOptions};
use std::rc::Rc;
use support::shop::{article, buy};
use support::*;

/// An operation to be killed in, and what else is there to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Withdraw,
    WithdrawTooMuch,
    SendExact,
    SendWithSwap,
    SendLocked,
    SendSpentElsewhere,
    Receive,
    ReceiveOwn,
    ReceiveInParts,
    Reclaim,
    ReclaimPartly,
    ReclaimTooLate,
    RedeemWithChange,
    RedeemAllInParts,
    WithdrawAfterRotation,
    WithdrawOnTakenLane,
    Renew,
    Restore,
    Pay,
    PayAndPayAgain,
    PayExact,
    PayLocked,
    PayRefused,
    PayRefusedAndPayAgain,
    PayNotCharged,
    PayWithoutReceipt,
    PayAndLoseChange,
    PayInPart,
    PaySpentElsewhere,
}

const ACTS: [Act; 29] = [
    Act::Withdraw,
    Act::WithdrawTooMuch,
    Act::SendExact,
    Act::SendWithSwap,
    Act::SendLocked,
    Act::SendSpentElsewhere,
    Act::Receive,
    Act::ReceiveOwn,
    Act::ReceiveInParts,
    Act::Reclaim,
    Act::ReclaimPartly,
    Act::ReclaimTooLate,
    Act::RedeemWithChange,
    Act::RedeemAllInParts,
    Act::WithdrawAfterRotation,
    Act::WithdrawOnTakenLane,
    Act::Renew,
    Act::Restore,
    Act::Pay,
    Act::PayAndPayAgain,
    Act::PayExact,
    Act::PayLocked,
    Act::PayRefused,
    Act::PayRefusedAndPayAgain,
    Act::PayNotCharged,
    Act::PayWithoutReceipt,
    Act::PayAndLoseChange,
    Act::PayInPart,
    Act::PaySpentElsewhere,
];

impl Act {
    fn pays(self) -> bool {
        matches!(
            self,
            Self::Pay
                | Self::PayAndPayAgain
                | Self::PayExact
                | Self::PayLocked
                | Self::PayRefused
                | Self::PayRefusedAndPayAgain
                | Self::PayNotCharged
                | Self::PayWithoutReceipt
                | Self::PayAndLoseChange
                | Self::PayInPart
                | Self::PaySpentElsewhere
        )
    }
}

const FUNDS: u64 = 1000;

/// A world made ready for an act: what the wallet may receive, and what others hold.
struct Stage {
    world: World,
    /// A token from outside the wallet, or one that it has handed out.
    token: Option<Token>,
    /// The number of the token that it has handed out.
    sent: u64,
    /// Another wallet, that holds money too.
    other: Option<TestWallet>,
}

async fn stage(act: Act) -> Stage {
    let mut mint = FakeMint::new(FUNDS);
    if matches!(act, Act::ReceiveInParts | Act::RedeemAllInParts) {
        mint.limits.inputs_max = 2;
    }
    let world = World::new(mint);
    let mut stage = Stage {
        world: world.clone(),
        token: None,
        sent: 0,
        other: None,
    };
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    if act != Act::WithdrawOnTakenLane {
        hold(&world, &mut wallet, 100).await; // 4 + 32 + 64
    }
    match act {
        Act::Receive | Act::ReceiveInParts => {
            let mut other = world.device().make_stranger().await;
            other.withdraw(&mint, 15).await.unwrap();
            let sent = other.send(&mint, 15, SendOptions::default()).await.unwrap();
            stage.token = Some(sent.token());
        }
        Act::ReceiveOwn | Act::Reclaim | Act::ReclaimPartly | Act::ReclaimTooLate => {
            hand_out(act, &mut stage, &mut wallet).await;
        }
        Act::SendSpentElsewhere | Act::PaySpentElsewhere => {
            // A copy of the wallet's file spends the 4 and goes on with its own life.
            let copy = world.device();
            *copy.rows.borrow_mut() = world.rows.borrow().clone();
            let mut copy = copy.open(&Fuse::none()).await;
            copy.redeem(&mint, Redeem::Amount(4)).await.unwrap();
        }
        Act::WithdrawAfterRotation | Act::Renew => world.mint.borrow_mut().rotate(40, 0),
        Act::WithdrawOnTakenLane => {
            let mut twin = world.device().make(PHRASE, Origin::New).await;
            twin.withdraw(&mint, 7).await.unwrap();
            stage.other = Some(twin);
        }
        Act::Restore => {
            world.rows.borrow_mut().clear();
            world.make(PHRASE, Origin::Restored).await;
        }
        _ => {}
    }
    misbehave(act, &mut world.site.borrow_mut());
    stage
}

/// Hands a token of 4 + 32 out, of which somebody has claimed nothing yet, the 4, or all.
async fn hand_out(act: Act, stage: &mut Stage, wallet: &mut TestWallet) {
    let (mint, options) = (the_mint(wallet).await, SendOptions::default());
    let sent = wallet.send(&mint, 36, options).await.unwrap();
    stage.sent = sent.id;
    stage.token = Some(sent.token());
    let claimed = match act {
        Act::ReclaimPartly => 4,
        Act::ReclaimTooLate => 36,
        _ => return,
    };
    let mut token = sent.token();
    token.proofs.retain(|p| p.proof.amount <= claimed);
    let mut other = stage.world.device().make_stranger().await;
    other.receive(&token.encode()).await.unwrap();
    assert_eq!(available(&other).await, claimed);
    stage.other = Some(other);
}

/// Makes the site do what an act of paying is about.
fn misbehave(act: Act, site: &mut FakeSite) {
    match act {
        Act::PayExact => site.price = 36,
        Act::PayLocked => site.wants_locked(),
        Act::PayRefusedAndPayAgain => site.deeds.refuses = Some(ErrorCode::KeysetInactive),
        Act::PayRefused => site.deeds.refuses = Some(ErrorCode::TokenBound),
        // Known to be broken only once it is paid for.
        Act::PayNotCharged => site.upstream = 500,
        Act::PayWithoutReceipt => site.deeds.no_receipt = true,
        Act::PayAndLoseChange => site.deeds.keeps_change = true,
        Act::PayInPart => {
            site.price = 35;
            site.deeds.redeems_first_only = true;
        }
        _ => {}
    }
}

/// Does the act; whether it succeeds does not matter, only what becomes of the money.
async fn play(act: Act, stage: &Stage, wallet: &mut TestWallet) {
    let Ok(mint) = wallet.mint(None).await else {
        return;
    };
    let options = SendOptions::default();
    match act {
        Act::Withdraw | Act::WithdrawAfterRotation | Act::WithdrawOnTakenLane => {
            let _ = wallet.withdraw(&mint, 7).await;
        }
        Act::WithdrawTooMuch => {
            let _ = wallet.withdraw(&mint, FUNDS).await;
        }
        Act::SendExact => {
            let _ = wallet.send(&mint, 36, options).await;
        }
        Act::SendWithSwap | Act::SendSpentElsewhere => {
            let _ = wallet.send(&mint, 3, options).await;
        }
        Act::SendLocked => {
            let key = wallet.lock_public_key(&mint).await.unwrap_or_default();
            let lock = Some(hex::encode(key));
            let locked = SendOptions { lock, ..options };
            let _ = wallet.send(&mint, 36, locked).await;
        }
        Act::Receive | Act::ReceiveOwn | Act::ReceiveInParts => {
            let _ = wallet
                .receive(&stage.token.as_ref().unwrap().encode())
                .await;
        }
        Act::Reclaim | Act::ReclaimPartly | Act::ReclaimTooLate => {
            let _ = wallet.reclaim(stage.sent).await;
        }
        Act::RedeemWithChange => {
            let _ = wallet.redeem(&mint, Redeem::Amount(7)).await;
        }
        Act::RedeemAllInParts => {
            let _ = wallet.redeem(&mint, Redeem::All).await;
        }
        Act::Renew => {
            let _ = wallet.renew(Renew::Retired).await;
        }
        Act::Restore => {
            let _ = wallet.restore(&mint, &mut Eager).await;
        }
        Act::Pay
        | Act::PayAndPayAgain
        | Act::PayExact
        | Act::PayLocked
        | Act::PayRefused
        | Act::PayRefusedAndPayAgain
        | Act::PayNotCharged
        | Act::PayWithoutReceipt
        | Act::PayAndLoseChange
        | Act::PayInPart
        | Act::PaySpentElsewhere => {
            let _ = buy(wallet, &article()).await;
        }
    }
    if act == Act::PayRefusedAndPayAgain {
        stage.world.site.borrow_mut().deeds.refuses = None;
        let _ = buy(wallet, &article()).await;
    }
}

/// Opens the wallet, settles what is open, and counts.
async fn count(act: Act, stage: &Stage, at: (usize, usize)) {
    let world = &stage.world;
    let mut wallet = open(act, world, &Fuse::none()).await;
    wallet.recover_all(&mut Eager).await.unwrap();
    assert!(
        wallet.open_operations().await.unwrap().is_empty(),
        "{act:?} {at:?}: still open"
    );
    if act == Act::Restore {
        let mint = the_mint(&wallet).await;
        wallet.restore(&mint, &mut Eager).await.unwrap();
        assert_eq!(available(&wallet).await, 100, "{act:?} {at:?}");
        assert_eq!(the_mint(&wallet).await.lane, Some(1), "{act:?} {at:?}");
    }
    let mut outside = match &stage.token {
        // A token of this wallet is counted where the wallet has recorded that it sent it.
        Some(token) if stage.sent == 0 => world.unclaimed(&token.proofs),
        Some(_) | None => 0,
    };
    if let Some(other) = &stage.other {
        outside += available(other).await;
    }
    let history = wallet.history().await.unwrap();
    let paid = |e: &&Entry| (e.kind, e.outcome) == (Kind::Pay, Outcome::Done);
    let payments: Vec<&Entry> = history.iter().filter(paid).collect();
    assert!(payments.len() <= 1, "{act:?} {at:?}: paid twice");
    let paid: u64 = payments.iter().map(|e| e.amount + e.lost).sum();
    if act == Act::PayLocked {
        // The site has yet to redeem it.
        outside += paid;
    } else if act.pays() {
        let before = if act == Act::PaySpentElsewhere { 4 } else { 0 };
        let credited = world.account() - (FUNDS - 100) - before;
        let spent_elsewhere = if paid == credited + before { before } else { 0 };
        assert_eq!(paid, credited + spent_elsewhere, "{act:?} {at:?}");
    }
    let (have, sent) = (available(&wallet).await, handed_out(world, &wallet).await);
    let outstanding = world.mint.borrow().outstanding();
    // Until a spent token is tried, the wallet cannot know that a copy of it has spent it.
    let unknown = if have + sent + outside == outstanding + 4 {
        4
    } else {
        0
    };
    assert!(
        unknown == 0 || matches!(act, Act::SendSpentElsewhere | Act::PaySpentElsewhere),
        "{act:?} {at:?}"
    );
    let held = have + sent + outside - unknown;
    assert_eq!(
        held, outstanding,
        "{act:?} {at:?}: {have} here, {sent} sent, {outside} outside"
    );
    assert_eq!(held + world.account(), FUNDS, "{act:?} {at:?}");
}

/// Opens the wallet; when it was to pay, so late that open payments are not left open any more.
async fn open(act: Act, world: &World, fuse: &Rc<Fuse>) -> TestWallet {
    match act.pays() {
        true => world.open_later_with(fuse).await,
        false => world.open(fuse).await,
    }
}

/// Kills `act` at `first`, then the recovery at `second`; `None` when the act was over before.
async fn kill_twice(act: Act, first: usize, second: usize) -> Option<bool> {
    let stage = stage(act).await;
    let fuse = Fuse::at(first);
    let mut wallet = match act {
        // Keysets are asked for once a day.
        Act::Renew => stage.world.open_later_with(&fuse).await,
        _ => stage.world.open(&fuse).await,
    };
    play(act, &stage, &mut wallet).await;
    let died = fuse.blown();
    drop(wallet);
    let fuse = Fuse::at(second);
    let mut wallet;
    if act == Act::PayAndPayAgain {
        wallet = stage.world.open(&fuse).await;
        play(act, &stage, &mut wallet).await;
    } else {
        wallet = open(act, &stage.world, &fuse).await;
        let _ = wallet.recover_all(&mut Eager).await;
    }
    let died_again = fuse.blown();
    drop(wallet);
    count(act, &stage, (first, second)).await;
    (died || first == 0).then_some(died_again)
}

async fn kill_everywhere(act: Act) {
    let mut kills = 0;
    for first in 0.. {
        // A restore has many steps, and most are alike: some of the second kills, other ones each time.
        let (begin, stride) = match act {
            Act::Restore => (first % 19, 19),
            _ => (0, 1),
        };
        for second in (begin..).step_by(stride) {
            let Some(died_again) = kill_twice(act, first, second).await else {
                assert!(kills > 0, "{act:?} was never killed");
                return;
            };
            kills += 1;
            if !died_again {
                break;
            }
        }
    }
}

#[tokio::test]
async fn killed_at_every_step_and_again_in_recovery_no_unit_is_lost() {
    for act in ACTS {
        kill_everywhere(act).await;
    }
}

/// Lets a fault swallow every request or answer of an act, then has the network back.
async fn with_fault(act: Act, fault: Fault) {
    let stage = stage(act).await;
    let mut wallet = stage.world.open(&Fuse::none()).await;
    stage.world.fault.set(Some(fault));
    play(act, &stage, &mut wallet).await;
    let _ = wallet.recover().await;
    stage.world.fault.set(None);
    drop(wallet);
    count(act, &stage, (0, 0)).await;
}

#[tokio::test]
async fn lost_requests_and_lost_answers_lose_no_unit() {
    for act in ACTS {
        with_fault(act, Fault::DropRequest).await;
        with_fault(act, Fault::DropAnswer).await;
        let stage = stage(act).await;
        let mut wallet = stage.world.open(&Fuse::none()).await;
        for fault in [Fault::DropRequest, Fault::DropAnswer] {
            stage.world.site_fault.set(Some(fault));
            play(act, &stage, &mut wallet).await;
        }
        drop(wallet);
        count(act, &stage, (0, 0)).await;
    }
}

#[tokio::test]
async fn an_operation_with_a_lost_answer_sends_the_same_bytes_again_and_moves_value_once() {
    let world = World::new(FakeMint::new(FUNDS));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    world.fault.set(Some(Fault::DropAnswer));
    let error = wallet.withdraw(&mint, 21).await.unwrap_err();
    assert!(
        matches!(&error, farthing_wallet::Error::Network(n) if n.open == Some(1)),
        "{error:?}"
    );
    assert_eq!((available(&wallet).await, pending(&wallet).await), (0, 21));
    world.fault.set(None);
    drop(wallet);

    let mut wallet = world.open(&Fuse::none()).await;
    let recovered = wallet.recover().await.unwrap();
    assert_eq!(recovered.len(), 1);
    assert_eq!(recovered[0].result.as_ref().unwrap().entry.amount, 21);
    let requests = world.mint.borrow().requests.clone();
    let sent: Vec<_> = requests
        .iter()
        .filter(|(path, _)| path == "/v1/withdraw")
        .collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
    assert_eq!(
        (available(&wallet).await, world.account()),
        (21, FUNDS - 21)
    );
    assert!(wallet.recover().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_that_the_mint_has_forgotten_is_found_by_restore() {
    for act in [Act::Withdraw, Act::SendWithSwap, Act::RedeemWithChange] {
        let stage = stage(act).await;
        let world = &stage.world;
        let mut wallet = world.open(&Fuse::none()).await;
        world.fault.set(Some(Fault::DropAnswer));
        play(act, &stage, &mut wallet).await;
        world.fault.set(None);
        world.mint.borrow_mut().forget_replays();
        drop(wallet);
        let mut wallet = world.open_later().await;
        let recovered = wallet.recover().await.unwrap();
        assert!(recovered[0].result.is_ok(), "{act:?} {recovered:?}");
        drop(wallet);
        count(act, &stage, (0, 0)).await;
    }
}

#[tokio::test]
async fn a_wallet_that_cannot_reach_its_mint_still_shows_what_it_has() {
    let stage = stage(Act::SendWithSwap).await;
    let mut wallet = stage.world.open(&Fuse::none()).await;
    stage.world.fault.set(Some(Fault::DropRequest));
    play(Act::SendWithSwap, &stage, &mut wallet).await;
    let recovered = wallet.recover().await.unwrap();
    assert!(recovered[0].result.is_err());
    let balance = wallet.balance().await.unwrap();
    assert_eq!((balance[0].available, balance[0].pending), (96, 4));
}
