//! NUT-11, "Locktime Tag".

use super::*;

fn with_refund(tags: &str) -> String {
    let refund = format!(r#"["refund","{}","{}"]"#, key(4), key(5));
    p2pk(&format!(r#"["locktime","{LOCKTIME}"],{refund}{tags}"#))
}

#[test]
fn until_and_at_the_locktime_only_the_main_keys_spend() {
    for now in [0, NOW, LOCKTIME - 1, LOCKTIME] {
        let secret = with_refund("");
        assert_eq!(spend_at(now, &secret, &[1]), Ok(()), "{now}");
        let refund = spend_at(now, &secret, &[4]);
        assert_eq!(refund, Err(LockError::Signatures), "{now}");
        let open = p2pk(&format!(r#"["locktime","{LOCKTIME}"]"#));
        assert_eq!(spend_at(now, &open, &[]), Err(LockError::Signatures));
    }
}

#[test]
fn after_it_a_refund_key_spends_as_well_and_nobody_else() {
    for now in [LOCKTIME + 1, u64::MAX] {
        let secret = with_refund("");
        for signers in [&[4][..], &[5], &[4, 5], &[1]] {
            assert_eq!(spend_at(now, &secret, signers), Ok(()), "{signers:?}");
        }
        for signers in [&[][..], &[2], &[2, 3]] {
            let refused = spend_at(now, &secret, signers);
            assert_eq!(refused, Err(LockError::Signatures), "{signers:?}");
        }
    }
}

#[test]
fn after_it_without_refund_keys_anyone_spends() {
    let secret = p2pk(&format!(r#"["locktime","{LOCKTIME}"]"#));
    assert_eq!(spend_at(LOCKTIME + 1, &secret, &[]), Ok(()));
    assert_eq!(spend_at(LOCKTIME + 1, &secret, &[2]), Ok(()));
    let bare = [input(&secret, None)];
    let result = check_all(&bare, &[], Aggregation::Swap, LOCKTIME + 1);
    assert_eq!(result, Ok(vec![Spend { preimage: None }]));
}

#[test]
fn the_refund_threshold_counts_different_refund_keys() {
    let secret = with_refund(r#",["n_sigs_refund","2"]"#);
    assert_eq!(spend_at(LOCKTIME + 1, &secret, &[5, 4]), Ok(()));
    assert_eq!(spend_at(LOCKTIME + 1, &secret, &[4, 9, 5]), Ok(()));
    for signers in [&[4][..], &[4, 4], &[4, 4, 4], &[9, 4]] {
        let refused = spend_at(LOCKTIME + 1, &secret, signers);
        assert_eq!(refused, Err(LockError::Signatures), "{signers:?}");
    }
}

#[test]
fn the_pathways_do_not_mix() {
    let pubkeys = format!(r#",["pubkeys","{}"],["n_sigs","2"]"#, key(2));
    let secret = with_refund(&format!(r#"{pubkeys},["n_sigs_refund","2"]"#));
    assert_eq!(spend_at(LOCKTIME + 1, &secret, &[1, 2]), Ok(()));
    assert_eq!(spend_at(LOCKTIME + 1, &secret, &[4, 5]), Ok(()));
    let mixed = spend_at(LOCKTIME + 1, &secret, &[1, 4]);
    assert_eq!(mixed, Err(LockError::Signatures));
}

#[test]
fn a_locktime_that_is_no_time_never_passes() {
    for time in ["never", "-1", "1.5", "1e3", "18446744073709551616"] {
        let refund = format!(r#"["locktime","{time}"],["refund","{}"]"#, key(4));
        for tags in [format!(r#"["locktime","{time}"]"#), refund] {
            let secret = p2pk(&tags);
            assert_eq!(spend_at(u64::MAX, &secret, &[1]), Ok(()), "{time}");
            let refused = spend_at(u64::MAX, &secret, &[4]);
            assert_eq!(refused, Err(LockError::Signatures), "{time}");
        }
    }
}

#[test]
fn refund_keys_without_a_locktime_never_spend() {
    let secret = p2pk(&format!(r#"["refund","{}"]"#, key(4)));
    assert_eq!(spend_at(u64::MAX, &secret, &[1]), Ok(()));
    let refused = spend_at(u64::MAX, &secret, &[4]);
    assert_eq!(refused, Err(LockError::Signatures));
}
