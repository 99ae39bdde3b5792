//! Random sequences of operations, valid and invalid, against a small independent model of the books:
//! after each step the mint's answer and its balance sheet are what the model says.
//!
//! Each operation draws the suite of the keyset that signs: swaps go from one suite to the other, too.
//!
//! `PROPTEST_CASES` sets how many sequences are tried.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

mod harness;
mod leaked_key;
mod model;

use farthing_protocol::suite::SuiteId;
use farthing_testkit::{Result, tokens};
use proptest::prelude::*;

use model::{Picks, Signer, Step, World};

const NATIVE: Signer = Signer::newest(SuiteId::Ristretto255);
const CASHU: Signer = Signer::newest(SuiteId::Secp256k1);
const OLDER_CASHU: Signer = Signer { age: 1, ..CASHU };
const OLDER_NATIVE: Signer = Signer { age: 1, ..NATIVE };

fn picks() -> impl Strategy<Value = Picks> {
    let places = prop::collection::vec(any::<usize>(), 0..6);
    (places, prop::bool::weighted(0.15)).prop_map(|(places, any)| Picks { places, any })
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..2usize;
    let suite = prop::sample::select(SuiteId::ALL.as_slice());
    let age = prop_oneof![9 => Just(0usize), 1 => Just(1)];
    let signer = (suite.clone(), age).prop_map(|(suite, age)| Signer { suite, age });
    let off = prop_oneof![8 => Just(0i64), 1 => Just(1), 1 => Just(-1)];
    let fee = prop_oneof![Just(0u64), Just(1), Just(250), Just(1000), Just(2500)];
    prop_oneof![
        3 => (who.clone(), 0..600u64).prop_map(|(who, amount)| Step::Credit(who, amount)),
        2 => (who.clone(), 0..600u64).prop_map(|(who, amount)| Step::Debit(who, amount)),
        1 => (who.clone(), 0..100u64, suite.clone()).prop_map(|(who, amount, suite)| Step::Issue(who, amount, suite)),
        6 => (who.clone(), 0..400u64, signer.clone()).prop_map(|(w, amount, by)| Step::Withdraw(w, amount, by)),
        6 => (picks(), off, signer.clone()).prop_map(|(picks, off, by)| Step::Swap(picks, off, by)),
        6 => (who, picks(), 0..200u64, signer).prop_map(|(w, picks, change, by)| Step::Redeem(w, picks, change, by)),
        4 => (any::<usize>(), prop::bool::weighted(0.3)).prop_map(|(which, other)| Step::Again(which, other)),
        1 => (suite, fee).prop_map(|(suite, fee)| Step::Rotate(suite, fee)),
        1 => Just(Step::Restart),
    ]
}

fn cases() -> u32 {
    let set = std::env::var("PROPTEST_CASES").ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_books_are_the_models(steps in prop::collection::vec(step(), 30)) {
        let mut world = World::new();
        // Something to begin with, so that few steps are idle.
        for begin in [
            Step::Credit(0, 500),
            Step::Withdraw(0, 127, NATIVE),
            Step::Withdraw(0, 127, CASHU),
            Step::Credit(1, 100),
        ] {
            world.step(&begin);
        }
        for step in &steps {
            world.step(step);
        }
        world.close();
    }
}

/// The model is hit by what it must be hit by: a sequence with one of everything, each outcome known.
#[test]
fn every_kind_of_outcome_is_reached() {
    let mut world = World::new();
    let all = |places: &[usize]| Picks {
        places: places.to_vec(),
        any: true,
    };
    let some = |places: &[usize]| Picks {
        places: places.to_vec(),
        any: false,
    };
    for step in [
        Step::Credit(0, 100),
        Step::Withdraw(0, 60, NATIVE),
        Step::Withdraw(0, 60, NATIVE),
        Step::Rotate(SuiteId::Ristretto255, 400),
        Step::Swap(some(&[0, 0]), 0, CASHU),
        Step::Swap(some(&[0]), 0, OLDER_NATIVE),
        Step::Swap(some(&[0]), 0, OLDER_CASHU),
        Step::Swap(all(&[0]), 0, NATIVE),
        Step::Swap(all(&[1, 1]), 0, NATIVE),
        Step::Rotate(SuiteId::Secp256k1, 0),
        Step::Swap(some(&[0]), 0, OLDER_CASHU),
        Step::Redeem(1, some(&[0, 1]), 5, NATIVE),
        Step::Again(0, false),
        Step::Again(0, true),
        Step::Again(1, false),
        Step::Again(3, true),
        Step::Restart,
        Step::Again(3, false),
        Step::Issue(0, 3, SuiteId::Secp256k1),
        Step::Debit(0, 1000),
    ] {
        world.step(&step);
    }
    assert_eq!(
        world.answered.len(),
        4,
        "withdrawal, two swaps to the other suite, and redemption"
    );
    let spent = world
        .model
        .tokens
        .iter()
        .filter(|(_, _, spent)| *spent)
        .count();
    assert!(
        spent >= 5 && world.model.postings == [3, 1],
        "{spent} {:?}",
        world.model.postings
    );
    world.close();
}
