//! The schedule against a small model of a wallet, with a virtual clock, over years.

use proptest::prelude::*;

use super::*;
use crate::time::DAY_S;

const HOUR_S: u64 = 60 * 60;
const WEEK_S: u64 = 7 * DAY_S;
const BUNDLE: u64 = 241;
const BEGIN: u64 = 20_000 * DAY_S;
/// Nothing is asked for so soon after a payment, or after something else.
const APART_S: u64 = 20 * 60;

/// How somebody reads and is online.
#[derive(Clone, Copy, Debug)]
struct Habits {
    /// Payments in ten days.
    payments: u64,
    /// What a payment costs at the most.
    price_max: u64,
    /// The most time between two looks at the clock.
    looks_s: u64,
    /// Whether the clock is looked at only within minutes after a payment.
    only_after_paying: bool,
}

/// What was done: when it was due, when it was done, and what.
#[derive(Clone, Copy, Debug)]
struct Did {
    since: u64,
    at: u64,
    purpose: Purpose,
}

impl Habits {
    /// Whether somebody pays when so much time has passed. By night nobody does: payments have an hour of the day.
    fn pays(self, now: u64, passed: u64, world: &mut World) -> bool {
        let awake = now % DAY_S > 6 * HOUR_S;
        awake && world.below(10 * DAY_S) < self.payments * passed * 4 / 3
    }
}

#[derive(Default)]
struct Story {
    paid: Vec<Payment>,
    did: Vec<Did>,
    /// Payments that the wallet had not enough for, after its first four weeks: until then it does not know yet
    /// how much it spends.
    lacked: u64,
    /// What was held, over all looks.
    held: Vec<u64>,
}

impl Story {
    fn withdrawals(&self) -> impl Iterator<Item = &Did> {
        let withdraws = |did: &&Did| matches!(did.purpose, Purpose::Withdraw { .. });
        self.did.iter().filter(withdraws)
    }

    fn since_last_payment(&self, at: u64) -> u64 {
        let before = self.paid.partition_point(|p| p.time <= at);
        let last = before.checked_sub(1).map(|n| self.paid[n].time);
        last.map_or(u64::MAX, |last| at - last)
    }
}

/// Chance outside of the wallet: SplitMix64, which is faster than [`Random`] without optimisation.
struct World(u64);

impl World {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % n
    }
}

/// A wallet of such habits for so many days.
fn live(seed: u8, days: u64, habits: Habits) -> Story {
    let (mut world, mut own) = (World(seed.into()), Random::of_seed([!seed; 32]));
    let mut schedule = Schedule::new(BEGIN, &mut own);
    let mut story = Story::default();
    let (mut held, mut now, mut retiring) = (0_u64, BEGIN, 0_u64);
    let mut shown: Option<u64> = None;
    while now < BEGIN + days * DAY_S {
        let passed = 1 + world.below(habits.looks_s);
        let rotates = now / (30 * DAY_S) != (now + passed) / (30 * DAY_S);
        retiring = if rotates { 5 } else { retiring };
        now += passed;
        if habits.pays(now, passed, &mut world) {
            let amount = 1 + world.below(habits.price_max);
            if held < amount {
                story.lacked += u64::from(now > BEGIN + 28 * DAY_S);
            } else {
                schedule.paid(now, &mut own);
                held -= amount;
                story.paid.push(Payment { time: now, amount });
                if world.below(50) == 0 {
                    shown = shown.or(Some(now + APART_S));
                }
            }
            now += world.below(60);
        } else if habits.only_after_paying && story.since_last_payment(now) > HOUR_S {
            continue;
        }
        story.held.push(held);
        let recent = story.paid.partition_point(|p| p.time + 29 * DAY_S < now);
        let need = Need::of(story.paid[recent..].iter().copied(), BEGIN, now);
        let bundles = need.bundles(held, BUNDLE);
        let seen = Seen {
            bundles,
            retiring: retiring > 0,
            shown,
            quiet: None,
        };
        let Decision::Do { purpose, since } = schedule.decide(&seen, now, &mut own) else {
            continue;
        };
        match purpose {
            Purpose::Withdraw { bundles: more } => {
                assert_eq!(more, bundles);
                assert!(more > 0 && held + more * BUNDLE >= need.amount());
                assert!(
                    held + (more - 1) * BUNDLE < need.amount(),
                    "no more than it takes"
                );
                held += more * BUNDLE;
            }
            Purpose::Renew => {
                retiring = retiring
                    .checked_sub(1)
                    .expect("there was something to renew")
            }
            Purpose::SwapShown => {
                assert!(shown.take().is_some_and(|from| from <= now));
            }
            Purpose::Learn => {}
        }
        story.did.push(Did {
            since,
            at: now,
            purpose,
        });
        schedule.done(purpose, now, &mut own);
    }
    story
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn upkeep_keeps_its_rules_whatever_the_habits(
        seed: u8,
        payments in 0..60_u64,
        price_max in 1..60_u64,
        looks_s in 600..6 * HOUR_S,
        only_after_paying: bool,
    ) {
        let habits = Habits { payments, price_max, looks_s, only_after_paying };
        let story = live(seed, 400, habits);
        for pair in story.did.windows(2) {
            prop_assert!(pair[1].at - pair[0].at >= APART_S, "one thing at a time: {pair:?}");
        }
        for did in &story.did {
            prop_assert!(did.since <= did.at, "{did:?}");
            prop_assert!(story.since_last_payment(did.at) >= APART_S, "{did:?}");
        }
        let weeks: Vec<u64> = story.withdrawals().map(|did| did.since / WEEK_S).collect();
        prop_assert!(weeks.is_sorted_by(|a, b| a < b), "one moment a week: {weeks:?}");
        let learned: Vec<u64> = story.did.iter().filter(|did| did.purpose == Purpose::Learn)
            .map(|did| did.since / DAY_S).collect();
        prop_assert!(learned.is_sorted_by(|a, b| a < b), "one moment a day");
    }
}

const READER: Habits = Habits {
    payments: 20,
    price_max: 14,
    looks_s: 2 * HOUR_S,
    only_after_paying: false,
};

#[test]
fn who_is_online_apart_from_paying_hardly_ever_lacks_money() {
    for payments in [2, 20, 60] {
        let (mut paid, mut lacked, mut held) = (0, 0, Vec::new());
        for seed in 0..8 {
            let story = live(seed, 400, Habits { payments, ..READER });
            paid += story.paid.len() as u64;
            lacked += story.lacked;
            held.extend(story.held);
        }
        assert!(paid > payments * 200, "{paid}");
        assert!(lacked * 200 <= paid, "{lacked} of {paid}");
        let mean = held.iter().sum::<u64>() / held.len() as u64;
        let most = 241 + 55 + 14 * payments * READER.price_max / 10;
        assert!(mean > 55 && mean < most, "{payments}: {mean} held");
    }
}

#[test]
fn the_daily_things_are_done_daily() {
    let story = live(3, 400, READER);
    let count = |purpose| {
        story
            .did
            .iter()
            .filter(|did| did.purpose == purpose)
            .count()
    };
    let learned = count(Purpose::Learn);
    assert!((350..=400).contains(&learned), "{learned}");
    // Five times after each of 13 rotations.
    assert!((60..=70).contains(&count(Purpose::Renew)));
    assert!(count(Purpose::SwapShown) > 5);
}

/// The moments are spread over the week, and come as often after a payment as any moment does.
#[test]
fn withdrawals_come_at_moments_that_have_nothing_to_do_with_payments() {
    let mut days = [0_u64; 7];
    let (mut close, mut close_anyway, mut all) = (0_u64, 0_u64, 0_u64);
    for seed in 0..24 {
        // So much that each week takes bundles: else those weeks take none that begin soon after the last.
        let spends = Habits {
            payments: 60,
            price_max: 59,
            ..READER
        };
        let story = live(seed, 1000, spends);
        for did in story.withdrawals().skip(1) {
            days[usize::try_from(did.since % WEEK_S / DAY_S).unwrap()] += 1;
            all += 1;
            // Compared with the same time of another day: people read at certain hours.
            let other_day = did.since - 3 * DAY_S;
            close += u64::from(story.since_last_payment(did.since) < 2 * HOUR_S);
            close_anyway += u64::from(story.since_last_payment(other_day) < 2 * HOUR_S);
        }
    }
    assert!(all > 2_000, "{all}");
    let expected = all / 7;
    for day in days {
        assert!(day.abs_diff(expected) < expected / 4, "{days:?}");
    }
    assert!(close_anyway > 400, "{close_anyway}");
    assert!(
        close.abs_diff(close_anyway) < close_anyway / 8,
        "{close}, {close_anyway}"
    );
}

#[test]
fn a_clock_that_was_ahead_does_not_stop_upkeep() {
    let mut random = Random::of_seed([7; 32]);
    let mut schedule = Schedule::new(BEGIN + 4000 * DAY_S, &mut random);
    let decision = schedule.decide(&Seen::default(), BEGIN, &mut random);
    let Decision::Nothing { until } = decision else {
        panic!("{decision:?}")
    };
    assert!(until > BEGIN && until < BEGIN + 2 * DAY_S, "{until}");
    let later = schedule.decide(&Seen::default(), BEGIN + 2 * DAY_S, &mut random);
    assert!(matches!(
        later,
        Decision::Do {
            purpose: Purpose::Learn,
            ..
        }
    ));
}

#[test]
fn what_failed_stays_due_and_is_tried_after_the_quiet() {
    let mut random = Random::of_seed([8; 32]);
    let mut schedule = Schedule::new(BEGIN, &mut random);
    let seen = Seen {
        bundles: 2,
        ..Seen::default()
    };
    let mut now = BEGIN + 30 * DAY_S;
    // The moment to withdraw came within two days, and so did the others: the oldest goes first.
    let Decision::Do { purpose, since } = schedule.decide(&seen, now, &mut random) else {
        panic!("due for weeks")
    };
    schedule.failed(now, &mut random);
    let Decision::Nothing { until } = schedule.decide(&seen, now, &mut random) else {
        panic!("it is quiet")
    };
    assert!((APART_S..=2 * APART_S).contains(&(until - now)));
    now = until;
    assert_eq!(
        schedule.decide(&seen, now, &mut random),
        Decision::Do { purpose, since }
    );
    let elsewhere = Seen {
        quiet: Some(now + 5),
        ..seen
    };
    let until = now + 5;
    assert_eq!(
        schedule.decide(&elsewhere, now, &mut random),
        Decision::Nothing { until }
    );
    // What is kept reads back.
    let text = serde_json::to_string(&schedule).unwrap();
    assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
}
