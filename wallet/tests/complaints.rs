//! What people complain of with other wallets, each under its own name: here it does not happen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use farthing_protocol::ErrorCode;
use farthing_protocol::api::path;
use farthing_wallet::error::Aftermath;
use farthing_wallet::records::Kind;
use farthing_wallet::{Error, Observer, Origin, Pause, Progress, Redeem, SendOptions};
use support::mint::RETRY_AFTER_S;
use support::*;

#[tokio::test]
async fn tokens_stuck_in_pending_come_back_by_themselves() {
    let world = World::new(FakeMint::new(1000));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 100).await.unwrap();

    // A redemption that the mint never got, and that it refuses later: the API token is gone.
    world.fault.set(Some(Fault::DropRequest));
    wallet.redeem(&mint, Redeem::All).await.unwrap_err();
    assert_eq!((available(&wallet).await, pending(&wallet).await), (0, 100));
    drop(wallet);
    world.fault.set(None);
    let mut wallet = world.open(&Fuse::none()).await;
    world.mint.borrow_mut().lies.revoked = true;
    let recovered = wallet.recover().await.unwrap();
    let Err(Error::Refused(refused)) = &recovered[0].result else {
        panic!("{recovered:?}");
    };
    assert_eq!(refused.known_code(), Some(ErrorCode::Unauthorized));
    let undone = Aftermath::Undone {
        returned: 100,
        lost: 0,
        unit: farthing_wallet::Unit::new("credit", 0),
    };
    assert_eq!(refused.aftermath, undone);
    assert_eq!((available(&wallet).await, pending(&wallet).await), (100, 0));

    // A token that was being made when the connection broke is made, and can be taken back.
    let lock = Some(hex::encode(wallet.lock_public_key(&mint).await.unwrap()));
    world.fault.set(Some(Fault::DropAnswer));
    let options = SendOptions {
        lock,
        ..SendOptions::default()
    };
    wallet.send(&mint, 30, options).await.unwrap_err();
    world.fault.set(None);
    let recovered = wallet.recover().await.unwrap();
    let sent = recovered[0].result.as_ref().unwrap().sent.clone().unwrap();
    wallet.reclaim(sent.id).await.unwrap();
    assert_eq!((available(&wallet).await, pending(&wallet).await), (100, 0));
    assert!(wallet.open_operations().await.unwrap().is_empty());
    assert_eq!(world.mint.borrow().outstanding(), 100);
}

/// The output of a command lost, the terminal closed, the page reloaded: the token is still there.
#[tokio::test]
async fn a_token_that_vanished_with_a_refresh_is_shown_again() {
    for step in 0.. {
        let world = World::new(FakeMint::new(1000));
        let mut wallet = world.make(PHRASE, Origin::New).await;
        let mint = the_mint(&wallet).await;
        wallet.withdraw(&mint, 32).await.unwrap();
        drop(wallet);
        let fuse = Fuse::at(step);
        let mut wallet = world.open(&fuse).await;
        let lock = Some(hex::encode(wallet.lock_public_key(&mint).await.unwrap()));
        let options = SendOptions {
            lock,
            ..SendOptions::default()
        };
        let sent = wallet.send(&mint, 5, options).await;
        let died = fuse.blown();
        drop(wallet);

        let mut wallet = world.open(&Fuse::none()).await;
        wallet.recover().await.unwrap();
        let all = wallet.sent_tokens().all().await.unwrap();
        match (all.as_slice(), died) {
            // Killed before the operation was written: nothing happened.
            ([], true) => assert_eq!(available(&wallet).await, 32, "{step}"),
            ([token], _) => {
                assert_eq!(
                    (token.amount(), available(&wallet).await),
                    (5, 27),
                    "{step}"
                );
                let text = token.token().encode();
                if let Ok(sent) = &sent {
                    assert_eq!(text, sent.token().encode(), "{step}");
                }
                wallet.receive(&text).await.unwrap();
                assert_eq!(available(&wallet).await, 32, "{step}");
            }
            (other, _) => panic!("{step}: {other:?}"),
        }
        if !died {
            assert!(step > 3 && sent.is_ok());
            return;
        }
    }
}

#[tokio::test]
async fn a_seed_that_restores_nothing_finds_all_of_it_here() {
    let world = World::new(FakeMint::new(2000));
    let mut first = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&first).await;
    first.withdraw(&mint, 1000).await.unwrap();
    // Refusals leave holes in the sequence, and a rotation leaves tokens of an older keyset.
    for _ in 0..15 {
        first.withdraw(&mint, 1512).await.unwrap_err();
    }
    first.withdraw(&mint, 21).await.unwrap();
    world.mint.borrow_mut().rotate(40, 0);
    first.redeem(&mint, Redeem::Amount(600)).await.unwrap();
    first.withdraw(&mint, 50).await.unwrap();
    // A second device on a lane of its own.
    let mut second = world.device().make(PHRASE, Origin::Restored).await;
    second.restore(&mint, &mut ()).await.unwrap();
    let lane = the_mint(&second).await.lane;
    assert_eq!(lane, Some(1));
    let mint = the_mint(&second).await;
    second.withdraw(&mint, 77).await.unwrap();

    let unspent = world.mint.borrow().outstanding();
    assert_eq!(unspent, 1000 + 21 - 600 + 50 + 77);
    let mut found = world.device().make(PHRASE, Origin::Restored).await;
    let mint = the_mint(&found).await;
    let restored = found.restore(&mint, &mut ()).await.unwrap();
    assert_eq!((restored.amount, restored.lane), (unspent, 2));
    assert_eq!(available(&found).await, unspent);
    // And it is real money.
    let mint = the_mint(&found).await;
    found.redeem(&mint, Redeem::All).await.unwrap();
    assert_eq!(world.account(), 2000);
}

#[tokio::test]
async fn two_phones_on_one_seed_that_spoil_each_others_counters_part_ways_and_lose_nothing() {
    let world = World::new(FakeMint::new(10_000));
    let mut phones = Vec::new();
    for _ in 0..3 {
        // Each believes itself the first: copies of one fresh wallet, the worst case.
        phones.push(world.device().make(PHRASE, Origin::New).await);
    }
    let mint = the_mint(&phones[0]).await;
    let mut held = [0, 0, 0];
    for round in 1..6 {
        for (phone, held) in phones.iter_mut().zip(&mut held) {
            phone.withdraw(&mint, 10 + round).await.unwrap();
            phone.redeem(&mint, Redeem::Amount(3)).await.unwrap();
            *held += 7 + round;
            assert_eq!(available(phone).await, *held);
        }
    }
    let mut lanes = Vec::new();
    for phone in &phones {
        lanes.push(the_mint(phone).await.lane.unwrap());
    }
    lanes.sort_unstable();
    assert_eq!(lanes, [0, 1, 2]);
    assert_eq!(world.mint.borrow().outstanding(), held.iter().sum::<u64>());
    for phone in &mut phones {
        phone.redeem(&mint, Redeem::All).await.unwrap();
    }
    assert_eq!(world.account(), 10_000);
}

/// Notes what it is told; while it "waits", the mint's limit is lifted a little.
struct Patient {
    mint: Rc<RefCell<FakeMint>>,
    pauses: Vec<Pause>,
    progress: Vec<Progress>,
    /// Gives up at this wait.
    gives_up_at: usize,
}

impl Observer for Patient {
    fn progress(&mut self, progress: &Progress) {
        self.progress.push(progress.clone());
    }

    async fn wait(&mut self, pause: &Pause) -> bool {
        self.pauses.push(pause.clone());
        self.mint.borrow_mut().allowance = Some(2);
        self.pauses.len() < self.gives_up_at
    }
}

fn patient(world: &World, gives_up_at: usize) -> Patient {
    world.mint.borrow_mut().allowance = Some(2);
    Patient {
        mint: Rc::clone(&world.mint),
        pauses: Vec::new(),
        progress: Vec::new(),
        gives_up_at,
    }
}

#[tokio::test]
async fn a_restore_that_trips_the_mints_rate_limit_waits_and_finds_everything() {
    let world = World::new(FakeMint::new(100_000));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    for _ in 0..20 {
        wallet.withdraw(&mint, 1500).await.unwrap();
    }
    let mut lost = world.device().make(PHRASE, Origin::Restored).await;
    let mut patient = patient(&world, usize::MAX);
    let restored = lost.restore(&mint, &mut patient).await.unwrap();
    assert_eq!((restored.amount, available(&lost).await), (30_000, 30_000));
    // Two requests, a refusal, a wait, again and again.
    assert!(patient.pauses.len() >= 4, "{}", patient.pauses.len());
    for pause in &patient.pauses {
        assert_eq!((pause.seconds, pause.asked), (RETRY_AFTER_S, true));
        assert_eq!(pause.mint, URL);
    }
    // What is told on the way only grows, and ends with the truth.
    assert!(
        patient
            .progress
            .is_sorted_by_key(|p| (p.lane, p.places, p.amount))
    );
    let last = patient.progress.last().unwrap();
    let told = (last.amount, last.tokens, last.signed);
    assert_eq!(told, (restored.amount, restored.tokens, restored.signed));
    assert_eq!(last.places, patient.progress.len() as u64 * 100);
    // Every request was answered once: none was sent in vain but those that were refused.
    world.mint.borrow_mut().allowance = None;
    let requests = world.mint.borrow().requests.clone();
    let restores = requests.iter().filter(|(path, _)| path == path::RESTORE);
    assert!(restores.count() <= patient.progress.len() + patient.pauses.len());
}

#[tokio::test]
async fn a_restore_that_is_broken_off_keeps_what_it_found_and_goes_on_from_there() {
    let world = World::new(FakeMint::new(100_000));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    for _ in 0..20 {
        wallet.withdraw(&mint, 1500).await.unwrap();
    }
    let lost = world.device();
    let mut found = lost.make(PHRASE, Origin::Restored).await;
    let mut breaks = patient(&world, 4);
    let error = found.restore(&mint, &mut breaks).await.unwrap_err();
    assert!(matches!(&error, Error::Network(n) if n.retry_after_s == Some(RETRY_AFTER_S)));
    world.mint.borrow_mut().allowance = None;
    let half = available(&found).await;
    assert!(half > 0 && half < 30_000, "{half}");
    let open = found.open_operations().await.unwrap();
    assert_eq!((open.len(), open[0].kind), (1, Kind::Restore));
    assert_eq!(
        pending(&found).await,
        0,
        "what was found is not counted twice"
    );
    drop(found);

    // At the next start it is named, and nothing else is done about it.
    let mut found = lost.open(&Fuse::none()).await;
    world.mint.borrow_mut().requests.clear();
    let named = found.recover().await.unwrap();
    assert_eq!(named[0].result.as_ref().unwrap_err().code(), "restore_open");
    assert!(world.mint.borrow().requests.is_empty());
    let recovered = found.recover_all(&mut Eager).await.unwrap();
    assert_eq!(recovered.len(), 1);
    let entry = &recovered[0].result.as_ref().unwrap().entry;
    assert_eq!((entry.kind, entry.amount), (Kind::Restore, 30_000));
    assert_eq!(available(&found).await, 30_000);
    assert_eq!(the_mint(&found).await.lane, Some(1));
    assert!(found.open_operations().await.unwrap().is_empty());
    // The first places were not asked about again.
    let requests = world.mint.borrow().requests.clone();
    let asked = requests
        .iter()
        .filter(|(path, _)| path == path::RESTORE)
        .count();
    let mut whole = world.device().make(PHRASE, Origin::Restored).await;
    world.mint.borrow_mut().requests.clear();
    whole.restore(&mint, &mut ()).await.unwrap();
    let requests = world.mint.borrow().requests.clone();
    let all = requests
        .iter()
        .filter(|(path, _)| path == path::RESTORE)
        .count();
    assert!(asked < all, "{asked} of {all}");
}
