//! Kills the real wallet before, during and after every request it makes, and at random moments; then
//! it is run once more, and every unit is somewhere.
//!
//! `FARTHING_CRASH_KILLS` says how many kills at random moments there are. What happens between any
//! two writes of the wallet is tested in the wallet's own package, with a store that fails on demand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

use farthing_testkit::dice::Dice;
use farthing_testkit::network::{Act, Network};
use farthing_testkit::proxy::{Fault, Moment};
use farthing_testkit::victim::Victim;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");

const SIGKILL: Option<i32> = Some(9);

fn settle(network: &Network, act: Act, case: &str) {
    let settled = network.settle(act).and_then(|()| network.add_up());
    settled.unwrap_or_else(|e| panic!("{case}: {e}"));
}

/// Does an act in which the wallet is killed at `moment` of its request `number`, runs the wallet
/// again and counts. Gives whether there was such a request.
fn kill_at(network: &Network, act: Act, number: usize, moment: Moment) -> bool {
    let case = format!("{act:?}, request {number}, {moment:?}");
    let mut command = network.prepare(act).unwrap();
    network.proxy.script([(number, Fault::Kill(moment))]);
    let status = network.proxy.run(&mut command).unwrap();
    let met = network.proxy.faults() == 1;
    if !met {
        assert_eq!(status.code(), Some(0), "{case}");
    } else if moment == Moment::AfterAnswer {
        // It may have been faster than its murderer.
        let ended = (status.code(), status.signal());
        assert!(matches!(ended, (Some(0), None) | (None, SIGKILL)), "{case}");
    } else {
        assert_eq!(status.signal(), SIGKILL, "{case}");
    }
    settle(network, act, &case);
    met
}

/// Kills an act at each of its requests, at each moment; how many kills that were.
fn kill_everywhere(network: &Network, act: Act) -> usize {
    let mut kills = 0;
    for moment in Moment::ALL {
        let met = (1..).take_while(|number| kill_at(network, act, *number, moment));
        kills += met.count();
    }
    kills
}

#[test]
fn killed_at_every_request_no_unit_is_lost() {
    let network = Network::start(BINARY).unwrap();
    for act in [
        Act::MintAdd,
        Act::Withdraw,
        Act::Send,
        Act::Receive,
        Act::Redeem,
    ] {
        let requests = if act == Act::MintAdd { 3 } else { 1 };
        let expected = Moment::ALL.len() * requests;
        assert_eq!(kill_everywhere(&network, act), expected, "{act:?}");
    }
    // A send that was begun becomes a token that Bob can take: one for each moment, and one for the
    // run of each that was not killed.
    assert_eq!(
        network.claim_all().unwrap(),
        Moment::ALL.len() as u64 * 2 * 5
    );
    network.add_up().unwrap();
}

/// A token taken back takes two requests, the second of them a swap; one for Cashu's wallets takes one
/// when their keysets are known.
#[test]
fn killed_at_every_request_of_a_reclaim_and_of_cashus_tokens_no_unit_is_lost() {
    let network = Network::start(BINARY).unwrap();
    network.alice.run(&["send", "1", "--cashu"]).unwrap();
    let cashu = network.prepare(Act::ReceiveCashu).unwrap().status();
    assert!(
        cashu.unwrap().success(),
        "Bob knows the other door's keysets"
    );
    for (act, requests) in [
        (Act::Reclaim, 2),
        (Act::SendCashu, 1),
        (Act::ReceiveCashu, 1),
    ] {
        let expected = Moment::ALL.len() * requests;
        assert_eq!(kill_everywhere(&network, act), expected, "{act:?}");
    }
    // What was sent and what was killed before it was sent: all of it can be taken, and once.
    network.claim_all().unwrap();
    network.add_up().unwrap();
    assert_eq!(network.claim_all().unwrap(), 0);
}

/// A restore makes many requests: each of them has one moment here, and with `FARTHING_FAULTS=all`
/// every one.
#[test]
fn killed_at_every_request_of_a_restore_it_finds_everything_when_run_again() {
    let network = Network::start(BINARY).unwrap();
    if std::env::var("FARTHING_FAULTS").is_ok_and(|which| which == "all") {
        let kills = kill_everywhere(&network, Act::Restore);
        assert!(kills >= 10 * Moment::ALL.len(), "{kills}");
        return;
    }
    let cases = (1..).zip(Moment::ALL.iter().cycle());
    let met = cases.take_while(|(number, at)| kill_at(&network, Act::Restore, *number, **at));
    let kills = met.count();
    assert!(kills >= 10, "{kills}");
}

#[test]
fn killed_again_during_recovery_no_unit_is_lost() {
    let network = Network::start(BINARY).unwrap();
    for act in Act::MOVES {
        for (first, second) in [
            (Moment::BeforeMint, Moment::BeforeMint),
            (Moment::BeforeMint, Moment::AfterMint),
            (Moment::AfterMint, Moment::AfterMint),
            (Moment::AfterMint, Moment::AfterAnswer),
        ] {
            let case = format!("{act:?}, {first:?}, then {second:?}");
            let mut command = network.prepare(act).unwrap();
            let wallet = network.actor(act);
            let script = [(1, Fault::Kill(first)), (2, Fault::Kill(second))];
            network.proxy.script(script);
            let status = network.proxy.run(&mut command).unwrap();
            assert_eq!(status.signal(), SIGKILL, "{case}");
            network
                .proxy
                .run(&mut wallet.command(&["balance"]))
                .unwrap();
            assert_eq!(network.proxy.faults(), 2, "{case}");
            settle(&network, act, &case);
        }
    }
    network.claim_all().unwrap();
    network.add_up().unwrap();
}

#[test]
fn killed_at_random_moments_no_unit_is_lost() {
    let network = Network::start(BINARY).unwrap();
    let mut dice = Dice::for_test("wallets killed at random").unwrap();
    let kills = std::env::var("FARTHING_CRASH_KILLS").map_or(16, |text| text.parse().unwrap());
    let acts = [Act::MOVES.as_slice(), &[Act::Restore]].concat();
    let mut hit = 0;
    for kill in 0..kills {
        let act = *dice.pick(&acts).unwrap();
        // How long it takes by itself, for a moment somewhere in it.
        let mut command = network.prepare(act).unwrap();
        let started = Instant::now();
        assert!(
            network.proxy.run(&mut command).unwrap().success(),
            "{act:?}"
        );
        let usual_us = u64::try_from(started.elapsed().as_micros()).unwrap();

        let victim = Victim::spawn(&mut network.prepare(act).unwrap()).unwrap();
        std::thread::sleep(Duration::from_micros(dice.below(usual_us)));
        victim.kill().unwrap();
        hit += usize::from(victim.wait().unwrap().signal() == SIGKILL);
        settle(&network, act, &format!("kill {kill}, {act:?}"));
    }
    println!("{hit} of {kills} were killed before their end");
    network.claim_all().unwrap();
    network.add_up().unwrap();
}
