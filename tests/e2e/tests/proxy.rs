//! Real wallets behind a network that loses, cuts, repeats and delays: whatever happens to whichever
//! request, the wallet run again without faults settles everything, and no unit is lost or made.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use farthing_testkit::dice::Dice;
use farthing_testkit::network::{Act, Network};
use farthing_testkit::proxy::Fault;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");

/// What `farthing` exits with when no usable answer came from the mint.
const NO_ANSWER: Option<i32> = Some(6);

/// Does an act whose request `number` meets `fault`, settles and counts. Gives how many requests the
/// act made, and whether the fault was met.
fn meet(network: &Network, act: Act, number: usize, fault: Fault) -> (usize, bool) {
    let case = format!("{act:?}, request {number}, {fault:?}");
    let mut command = network.prepare(act).unwrap();
    network.proxy.script([(number, fault)]);
    let status = network.proxy.run(&mut command).unwrap();
    let (requests, met) = (network.proxy.requests(), network.proxy.faults() == 1);
    // A restore waits a little and asks again.
    let mended = fault.is_unnoticed() || act == Act::Restore;
    let expected = if mended || !met { Some(0) } else { NO_ANSWER };
    assert_eq!(status.code(), expected, "{case}");
    settle(network, act, &case);
    (requests, met)
}

fn settle(network: &Network, act: Act, case: &str) {
    let settled = network.settle(act).and_then(|()| network.add_up());
    settled.unwrap_or_else(|e| panic!("{case}: {e}"));
    assert!(network.proxy.disagreements().is_empty(), "{case}");
}

/// Every fault at every request of an act; how many were met.
fn meet_all(network: &Network, act: Act) -> usize {
    let mut count = 0;
    for fault in Fault::OF_NETWORKS {
        let met = (1..).take_while(|number| meet(network, act, *number, fault).1);
        count += met.count();
    }
    count
}

#[test]
fn every_fault_at_every_request_loses_no_unit() {
    let network = Network::start(BINARY).unwrap();
    for act in [
        Act::MintAdd,
        Act::Withdraw,
        Act::Send,
        Act::Receive,
        Act::Redeem,
    ] {
        let requests = if act == Act::MintAdd { 3 } else { 1 };
        let expected = Fault::OF_NETWORKS.len() * requests;
        assert_eq!(meet_all(&network, act), expected, "{act:?}");
    }
    // Of every fault a send became a token that Bob can take, and once.
    let sends = Fault::OF_NETWORKS.len() as u64 * 2;
    assert_eq!(network.claim_all().unwrap(), sends * 5);
    network.add_up().unwrap();
}

/// A restore asks for place after place in many requests, so each of them meets one fault here, and
/// every fault is met; with `FARTHING_FAULTS=all` each meets each.
#[test]
fn a_restore_that_meets_a_fault_waits_and_asks_again() {
    let network = Network::start(BINARY).unwrap();
    if std::env::var("FARTHING_FAULTS").is_ok_and(|which| which == "all") {
        let met = meet_all(&network, Act::Restore);
        assert!(met >= 10 * Fault::OF_NETWORKS.len(), "{met}");
        return;
    }
    let faults = Fault::OF_NETWORKS.iter().cycle();
    let cases = (1..).zip(faults);
    let met = cases.take_while(|(number, fault)| meet(&network, Act::Restore, *number, **fault).1);
    let met = met.count();
    assert!(met >= Fault::OF_NETWORKS.len(), "{met}");
}

#[test]
fn a_fault_and_another_one_during_recovery_lose_no_unit() {
    let network = Network::start(BINARY).unwrap();
    let noticed = [Fault::DropRequest, Fault::DropAnswer, Fault::Late];
    for act in Act::MOVES {
        for (first, second) in noticed.iter().flat_map(|a| noticed.map(|b| (*a, b))) {
            let case = format!("{act:?}, {first:?}, then {second:?}");
            let mut command = network.prepare(act).unwrap();
            network.proxy.script([(1, first), (2, second)]);
            let status = network.proxy.run(&mut command).unwrap();
            assert_eq!(status.code(), NO_ANSWER, "{case}");
            // The operation stays open, which is no failure of the command after it.
            let wallet = network.actor(act);
            let status = network.proxy.run(&mut wallet.command(&["balance"]));
            assert_eq!(status.unwrap().code(), Some(0), "{case}");
            assert_eq!(network.proxy.faults(), 2, "{case}");
            settle(&network, act, &case);
        }
    }
    network.claim_all().unwrap();
    network.add_up().unwrap();
}

#[test]
fn a_network_that_fails_at_random_loses_no_unit() {
    let network = Network::start(BINARY).unwrap();
    let mut dice = Dice::for_test("a network that fails at random").unwrap();
    let mut faults = 0;
    for round in 0..10 {
        network.proxy.calm();
        let mut acts = Vec::new();
        for _ in 0..4 {
            let act = *dice.pick(&Act::MOVES).unwrap();
            acts.push((act, network.prepare(act).unwrap()));
        }
        network.proxy.random(dice.split(), 2);
        for (act, mut command) in acts {
            let code = network.proxy.run(&mut command).unwrap().code();
            assert!(
                matches!(code, Some(0 | 6)),
                "round {round}, {act:?}: {code:?}"
            );
        }
        faults += network.proxy.faults();
        settle(&network, Act::Withdraw, &format!("round {round}"));
    }
    assert!(faults > 0, "nothing ever failed");
    network.claim_all().unwrap();
    network.add_up().unwrap();
}
