use super::*;
use farthing_protocol::{EncodedPoint, KeysetInfo, Proof, PublicKeys, Secret, TokenProof};
use proptest::prelude::*;

const MINT: &str = "https://mint.test";

fn id(inactive: bool) -> KeysetId {
    let mut bytes = [0x52; 33];
    bytes[1] = u8::from(inactive);
    KeysetId::from_bytes(&bytes).unwrap()
}

pub(crate) fn terms(input_fee_ppk: u64) -> Terms {
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
    Terms::of(&[keyset(true), keyset(false)], 0)
}

/// Coins of `2^bit`, each of the inactive keyset or the active one.
pub(crate) fn coins(of: &[(u32, bool)]) -> Vec<Coin> {
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

/// The largest `n` such that every amount from 1 to `n` is the sum of some of `held`, found by trying.
fn reach(held: &[u64]) -> u64 {
    let mut sums = std::collections::BTreeSet::from([0u64]);
    for amount in held {
        sums.extend(sums.clone().into_iter().map(|sum| sum + amount));
    }
    (1..).find(|n| !sums.contains(n)).unwrap_or(1) - 1
}

/// All ways to split an amount into powers of two of at most `2^(bits-1)`.
fn splits(amount: u64, bits: u32) -> Vec<Vec<u64>> {
    let Some(largest) = bits.checked_sub(1).map(|bit| 1u64 << bit) else {
        return if amount == 0 { vec![vec![]] } else { vec![] };
    };
    let mut all = Vec::new();
    for times in 0..=amount / largest {
        for mut rest in splits(amount - times * largest, bits - 1) {
            rest.extend(std::iter::repeat_n(largest, times as usize));
            all.push(rest);
        }
    }
    all
}

fn keyset_of(bits: u32, input_fee_ppk: u64) -> Keyset {
    let key = |bit: u32| (1u64 << bit, EncodedPoint::from([0; 32]));
    Keyset {
        mint: MINT.into(),
        info: KeysetInfo {
            id: id(false),
            unit: "credit".into(),
            active: true,
            input_fee_ppk,
            final_expiry: None,
        },
        keys: (0..bits).map(key).collect(),
    }
}

fn subsets(coins: &[Coin]) -> impl Iterator<Item = Vec<Coin>> {
    let subset = move |mask: u32| {
        let of = (0..).zip(coins).filter(move |(i, _)| mask >> i & 1 == 1);
        of.map(|(_, coin)| coin.clone()).collect()
    };
    (0..1 << coins.len()).map(subset)
}

fn stock(coins: &[Coin], spent: &[Coin]) -> Stock {
    Stock::without(coins, spent)
}

proptest! {
    #[test]
    fn a_refill_reaches_as_far_as_any_split_does(
        held in prop::collection::vec(0u32..5, 0..7),
        amount in 0u64..24,
        bits in 1u32..5,
    ) {
        let held: Vec<u64> = held.into_iter().map(|bit| 1 << bit).collect();
        let mut refilled = Stock(held.clone());
        let parts = refilled.refill(&keyset_of(bits, 0), amount, usize::MAX).unwrap();
        prop_assert_eq!(parts.iter().sum::<u64>(), amount);
        prop_assert!(parts.is_sorted());
        prop_assert!(parts.iter().all(|part| part.is_power_of_two() && *part < 1 << bits));
        let with = |parts: &[u64]| reach(&[held.as_slice(), parts].concat());
        let best = splits(amount, bits).iter().map(|parts| with(parts)).max();
        prop_assert_eq!(Some(with(&parts)), best);
    }

    #[test]
    fn a_refill_keeps_to_its_room_unless_the_fewest_are_more(
        held in prop::collection::vec(0u32..5, 0..7),
        amount in 0u64..2000,
        bits in 1u32..9,
        room in 0usize..24,
        fee in 0u64..2,
    ) {
        let held: Vec<u64> = held.into_iter().map(|bit| 1 << bit).collect();
        let keyset = keyset_of(bits, fee);
        let fewest = amount::split(amount, &keyset.keys.amounts()).unwrap();
        let parts = Stock(held).refill(&keyset, amount, room).unwrap();
        prop_assert_eq!(parts.iter().sum::<u64>(), amount);
        prop_assert!(parts.len() <= room.max(fewest.len()));
        // Where each token costs a fee, few is better than exact.
        prop_assert!(fee == 0 || parts == fewest);
    }

    #[test]
    fn an_exact_payment_leaves_the_most_useful_stock(
        of in prop::collection::vec(0u32..4, 1..9),
        target in 1u64..30,
    ) {
        let coins = coins(&of.into_iter().map(|bit| (bit, false)).collect::<Vec<_>>());
        let left = |spent: &[Coin]| reach(&stock(&coins, spent).0);
        let best = subsets(&coins).filter(|s| worth(s) == target).map(|s| left(&s)).max();
        let chosen = exact(&coins, target, &terms(0));
        prop_assert_eq!(chosen.map(|chosen| left(&chosen)), best);
    }

    #[test]
    fn a_swap_is_made_only_where_nothing_else_pays(
        of in prop::collection::vec((0u32..5, any::<bool>()), 0..9),
        amount in 1u64..60,
        locked in any::<bool>(),
        gives_change in any::<bool>(),
        ppk in 0u64..1200,
    ) {
        let (coins, terms) = (coins(&of), terms(ppk));
        let asked = Asked {
            made_anew: locked,
            gives_change,
        };
        let sums = sums(&coins);
        match plan(&coins, amount, asked, &terms) {
            Some(Plan::AsTheyAre(chosen)) => {
                prop_assert!(!locked && is_subset(&chosen, &coins));
                let least = sums.iter().copied().filter(|sum| *sum >= amount).min();
                prop_assert_eq!(Some(worth(&chosen)), least);
                prop_assert!(gives_change || worth(&chosen) == amount);
            }
            Some(Plan::Swap(chosen)) => {
                prop_assert!(locked || !(gives_change || sums.contains(&amount)));
                prop_assert!(worth(&chosen) >= amount + terms.fee(&chosen));
                prop_assert!(is_subset(&chosen, &coins));
            }
            None => {
                let pays = |(number, sum): (usize, &u64)| {
                    let inputs = u64::from((number as u32).count_ones());
                    *sum >= amount + keyset::fee(inputs * ppk)
                };
                prop_assert!(!sums.iter().enumerate().any(pays));
                prop_assert!(locked || !sums.contains(&amount));
                prop_assert!(locked || !gives_change || worth(&coins) < amount);
            }
        }
    }

    /// What is left after a payment with change pays every amount that it could pay at all, whatever
    /// was held: when the denominations begin at 1, nothing is worth more in other pieces.
    #[test]
    fn after_change_the_wallet_can_pay_whatever_it_is_worth(
        bits in prop::collection::vec(0u32..5, 1..6),
        amount in 1u64..40,
    ) {
        let coins = coins(&bits.into_iter().map(|bit| (bit, false)).collect::<Vec<_>>());
        let Some(shown) = least_above(&coins, amount, &terms(0)) else {
            return Ok(());
        };
        let change = worth(&shown) - amount;
        let mut stock = stock(&coins, &shown);
        let before = reach(&stock.0);
        stock.refill(&keyset_of(6, 0), change, usize::MAX).unwrap();
        prop_assert!(reach(&stock.0) >= before + change);
    }
}

#[test]
fn a_refill_fills_the_gaps_by_example() {
    let refill = |held: &[u64], amount| {
        let mut stock = Stock(held.to_vec());
        stock.refill(&keyset_of(8, 0), amount, 20).unwrap()
    };
    assert_eq!(refill(&[], 100), [1, 1, 2, 4, 4, 8, 16, 32, 32]);
    assert_eq!(refill(&[4, 32, 64], 25), [1, 2, 2, 4, 8, 8]);
    // Nothing lacks: the fewest that are useful.
    assert_eq!(refill(&[1, 2, 4, 8, 16], 32), [32]);
    assert_eq!(refill(&[1, 2, 4, 8, 16], 0), [0; 0]);
    assert_eq!(refill(&[64], 1), [1]);
    // What was asked for before is not asked for again.
    let mut stock = Stock(vec![]);
    assert_eq!(stock.refill(&keyset_of(8, 0), 7, 20), Some(vec![1, 2, 4]));
    assert_eq!(stock.refill(&keyset_of(8, 0), 8, 20), Some(vec![8]));
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
