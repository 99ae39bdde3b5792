//! Random sequences of operations, valid and invalid, against a small independent model of the books:
//! after each step the mint's answer and its balance sheet are what the model says.
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

use farthing_tests::{Result, tokens};
use proptest::prelude::*;

use model::{Picks, Step, World};

fn picks() -> impl Strategy<Value = Picks> {
    let places = prop::collection::vec(any::<usize>(), 0..6);
    (places, prop::bool::weighted(0.15)).prop_map(|(places, any)| Picks { places, any })
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..2usize;
    let age = prop_oneof![9 => Just(0usize), 1 => Just(1)];
    let off = prop_oneof![8 => Just(0i64), 1 => Just(1), 1 => Just(-1)];
    let fee = prop_oneof![Just(0u64), Just(1), Just(250), Just(1000), Just(2500)];
    prop_oneof![
        3 => (who.clone(), 0..600u64).prop_map(|(who, amount)| Step::Credit(who, amount)),
        2 => (who.clone(), 0..600u64).prop_map(|(who, amount)| Step::Debit(who, amount)),
        1 => (who.clone(), 0..100u64).prop_map(|(who, amount)| Step::Issue(who, amount)),
        6 => (who.clone(), 0..400u64, age.clone()).prop_map(|(w, amount, age)| Step::Withdraw(w, amount, age)),
        6 => (picks(), off, age.clone()).prop_map(|(picks, off, age)| Step::Swap(picks, off, age)),
        6 => (who, picks(), 0..200u64, age).prop_map(|(w, picks, change, age)| Step::Redeem(w, picks, change, age)),
        4 => (any::<usize>(), prop::bool::weighted(0.3)).prop_map(|(which, other)| Step::Again(which, other)),
        1 => fee.prop_map(Step::Rotate),
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
        for begin in [Step::Credit(0, 500), Step::Withdraw(0, 255, 0), Step::Credit(1, 100)] {
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
        Step::Withdraw(0, 60, 0),
        Step::Withdraw(0, 60, 0),
        Step::Rotate(400),
        Step::Swap(some(&[0, 0]), 0, 0),
        Step::Swap(some(&[0]), 0, 1),
        Step::Swap(all(&[0]), 0, 0),
        Step::Swap(all(&[1, 1]), 0, 0),
        Step::Redeem(1, some(&[0, 1]), 5, 0),
        Step::Again(0, false),
        Step::Again(0, true),
        Step::Again(1, false),
        Step::Again(2, true),
        Step::Restart,
        Step::Again(2, false),
        Step::Issue(0, 3),
        Step::Debit(0, 1000),
    ] {
        world.step(&step);
    }
    assert_eq!(world.answered.len(), 3, "withdrawal, swap and redemption");
    let spent = world
        .model
        .tokens
        .iter()
        .filter(|(_, _, spent)| *spent)
        .count();
    assert!(
        spent >= 4 && world.model.postings == [3, 1],
        "{spent} {:?}",
        world.model.postings
    );
    world.close();
}
