use super::*;
use farthing_protocol::{EncodedPoint, KeysetInfo, Proof, PublicKeys, Secret, TokenProof};
use proptest::prelude::*;

const MINT: &str = "https://mint.test";

fn id(inactive: bool) -> KeysetId {
    KeysetId::from_bytes(&[if inactive { 1 } else { 2 }; 33]).unwrap()
}

fn terms(input_fee_ppk: u64) -> Terms {
    let keyset = |inactive| Keyset {
        mint: MINT.into(),
        info: KeysetInfo {
            id: id(inactive),
            unit: "credit".into(),
            active: !inactive,
            input_fee_ppk,
            final_expiry: None,
        },
        keys: PublicKeys::default(),
    };
    Terms::of(&[keyset(true), keyset(false)])
}

/// Coins of `2^bit`, each of the inactive keyset or the active one.
fn coins(of: &[(u32, bool)]) -> Vec<Coin> {
    let coin = |(number, &(bit, inactive)): (usize, &(u32, bool))| {
        let proof = Proof {
            amount: 1 << bit,
            id: id(inactive),
            secret: Secret::new(number.to_string()),
            c: EncodedPoint::from([0; 32]),
            witness: None,
        };
        Coin {
            mint: MINT.into(),
            token: TokenProof { proof, dleq: None },
        }
    };
    of.iter().enumerate().map(coin).collect()
}

fn amounts(coins: &[Coin]) -> Vec<u64> {
    let mut amounts: Vec<u64> = coins.iter().map(Coin::amount).collect();
    amounts.sort_unstable();
    amounts
}

/// The sums of all subsets, found by trying each.
fn sums(coins: &[Coin]) -> Vec<u64> {
    let subset = |mask: u32| (0..).zip(coins).filter(move |(i, _)| mask >> i & 1 == 1);
    (0..1 << coins.len())
        .map(|mask| subset(mask).map(|(_, c)| c.amount()).sum())
        .collect()
}

fn is_subset(chosen: &[Coin], coins: &[Coin]) -> bool {
    let mut left = coins.to_vec();
    chosen.iter().all(|coin| {
        let found = left.iter().position(|c| c == coin);
        found.map(|i| left.swap_remove(i)).is_some()
    })
}

proptest! {
    #[test]
    fn an_exact_set_is_found_whenever_there_is_one(
        of in prop::collection::vec((0u32..5, any::<bool>()), 0..9),
        target in 1u64..60,
    ) {
        let coins = coins(&of);
        let chosen = exact(&coins, target, &terms(0));
        prop_assert_eq!(chosen.is_some(), sums(&coins).contains(&target));
        if let Some(chosen) = chosen {
            prop_assert_eq!(worth(&chosen), target);
            prop_assert!(is_subset(&chosen, &coins));
        }
    }

    #[test]
    fn without_a_fee_no_subset_gives_less_change(
        of in prop::collection::vec((0u32..5, any::<bool>()), 0..9),
        target in 1u64..60,
    ) {
        let coins = coins(&of);
        let chosen = at_least(&coins, target, &terms(0));
        let best = sums(&coins).into_iter().filter(|sum| *sum >= target).min();
        prop_assert_eq!(chosen.as_deref().map(worth), best);
        prop_assert!(chosen.is_none_or(|chosen| is_subset(&chosen, &coins)));
    }

    #[test]
    fn the_fee_of_the_choice_is_covered_by_the_choice_whenever_it_can_be(
        of in prop::collection::vec((0u32..8, any::<bool>()), 0..9),
        target in 1u64..400,
        ppk in 0u64..2500,
    ) {
        let (coins, terms) = (coins(&of), terms(ppk));
        let chosen = at_least(&coins, target, &terms);
        let pays = |(number, sum): (usize, &u64)| {
            *sum >= target + keyset::fee(u64::from((number as u32).count_ones()) * ppk)
        };
        prop_assert_eq!(chosen.is_some(), sums(&coins).iter().enumerate().any(pays));
        if let Some(chosen) = chosen {
            prop_assert!(worth(&chosen) >= target + terms.fee(&chosen));
            prop_assert!(is_subset(&chosen, &coins));
        }
    }
}

#[test]
fn inactive_keysets_are_spent_first_where_it_costs_no_exactness() {
    let held = coins(&[(1, false), (0, true), (0, true)]);
    let chosen = exact(&held, 2, &terms(0)).unwrap();
    assert!(chosen.iter().all(|coin| coin.keyset() == id(true)));
    // 2 inactive and 1 active would leave 2 of 5 open: exactness comes first.
    let held = coins(&[(1, true), (2, false), (0, false)]);
    assert_eq!(amounts(&exact(&held, 5, &terms(0)).unwrap()), [1, 4]);
}

#[test]
fn few_and_large_tokens_come_before_many_and_small() {
    let held = coins(&[(0, false), (0, false), (0, false), (0, false), (2, false)]);
    assert_eq!(amounts(&exact(&held, 4, &terms(0)).unwrap()), [4]);
}

#[test]
fn the_least_change_is_chosen_by_example() {
    let held = coins(&[(2, false), (5, false), (6, false)]);
    assert_eq!(amounts(&at_least(&held, 3, &terms(0)).unwrap()), [4]);
    assert_eq!(amounts(&at_least(&held, 5, &terms(0)).unwrap()), [32]);
    assert_eq!(amounts(&at_least(&held, 33, &terms(0)).unwrap()), [4, 32]);
    assert_eq!(
        amounts(&at_least(&held, 100, &terms(0)).unwrap()),
        [4, 32, 64]
    );
    assert!(at_least(&held, 101, &terms(0)).is_none());
}

#[test]
fn a_fee_counts_once_for_the_whole_request_and_is_rounded_up() {
    let held = coins(&[(2, false), (3, false)]);
    // Two inputs at 300 thousandths: a fee of 1.
    assert_eq!(amounts(&at_least(&held, 11, &terms(300)).unwrap()), [4, 8]);
    assert!(at_least(&held, 12, &terms(300)).is_none());
}
