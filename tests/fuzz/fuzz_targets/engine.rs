//! The engine against the model of the books: the bytes are a sequence of steps, right and wrong, and
//! after each of them the mint's answer and its balance sheet are what the model says.

#![no_main]

use arbitrary::Unstructured;
use farthing_protocol::suite::SuiteId;
use libfuzzer_sys::fuzz_target;
use model::{Picks, Signer, Step, World};

#[path = "../../e2e/tests/books_model/harness.rs"]
mod harness;
#[path = "../../e2e/tests/books_model/model.rs"]
mod model;
#[path = "../../testkit/src/tokens.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod tokens;

/// As the tests have it, for what is shared with them.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// More than this tells nothing new, and takes long.
const STEPS_MAX: usize = 24;

fn picks(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Picks> {
    let count = bytes.int_in_range(0..=5u8)?;
    let place = |_| bytes.arbitrary::<u8>().map(usize::from);
    let places = (0..count).map(place).collect::<arbitrary::Result<_>>()?;
    // Spent ones and repeats are among them now and then.
    let any = bytes.ratio(1u8, 6u8)?;
    Ok(Picks { places, any })
}

fn step(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Step> {
    let kind = bytes.int_in_range(0..=8u8)?;
    let who = usize::from(bytes.arbitrary::<bool>()?);
    let age = usize::from(bytes.ratio(1u8, 10u8)?);
    let suite = *bytes.choose(&SuiteId::ALL)?;
    let by = Signer { suite, age };
    Ok(match kind {
        0 => Step::Credit(who, bytes.int_in_range(0..=600)?),
        1 => Step::Debit(who, bytes.int_in_range(0..=600)?),
        2 => Step::Issue(who, bytes.int_in_range(0..=100)?, suite),
        3 => Step::Withdraw(who, bytes.int_in_range(0..=400)?, by),
        4 => Step::Swap(picks(bytes)?, bytes.int_in_range(-1..=1)?, by),
        5 => Step::Redeem(who, picks(bytes)?, bytes.int_in_range(0..=200)?, by),
        6 => Step::Again(
            usize::from(bytes.arbitrary::<u8>()?),
            bytes.ratio(1u8, 3u8)?,
        ),
        7 => Step::Rotate(suite, *bytes.choose(&[0, 1, 250, 1000, 2500])?),
        _ => Step::Restart,
    })
}

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = Unstructured::new(bytes);
    let mut world = World::new();
    // Something to begin with, so that few steps are idle.
    for begin in [
        Step::Credit(0, 500),
        Step::Withdraw(0, 127, Signer::newest(SuiteId::Ristretto255)),
        Step::Withdraw(0, 127, Signer::newest(SuiteId::Secp256k1)),
        Step::Credit(1, 100),
    ] {
        world.step(&begin);
    }
    for _ in 0..STEPS_MAX {
        if bytes.is_empty() {
            break;
        }
        let Ok(step) = step(&mut bytes) else { break };
        world.step(&step);
    }
    world.close();
});
