//! NUT-14.

use super::*;

fn htlc(tags: &str) -> String {
    lock("HTLC", HASH, tags)
}

/// Gives the preimage that the spend reveals.
fn open_at(
    now: u64,
    secret: &str,
    preimage: Option<&str>,
    signers: &[u8],
) -> Result<Option<[u8; 32]>, LockError> {
    let witness = Witness {
        preimage: preimage.map(str::to_owned),
        signatures: signers.iter().map(|n| sign(*n, secret)).collect(),
    };
    let spends = check_all(&[input(secret, Some(witness))], &[], Aggregation::Swap, now)?;
    assert_eq!(spends.len(), 1);
    Ok(spends[0].preimage)
}

fn right() -> String {
    hex::encode(PREIMAGE)
}

fn open(secret: &str, preimage: Option<&str>, signers: &[u8]) -> Result<(), LockError> {
    open_at(NOW, secret, preimage, signers).map(drop)
}

#[test]
fn without_keys_the_preimage_alone_opens_it_and_is_handed_on() {
    let opened = open_at(NOW, &htlc(""), Some(&right()), &[]);
    assert_eq!(opened, Ok(Some(PREIMAGE)));
    let upper = lock("HTLC", &HASH.to_uppercase(), "");
    assert_eq!(open(&upper, Some(&right().to_uppercase()), &[]), Ok(()));
}

#[test]
fn a_missing_or_wrong_preimage_does_not() {
    let missing = open(&htlc(""), None, &[1]);
    assert_eq!(missing, Err(LockError::Witness));
    let wrong = open(&htlc(""), Some(&"00".repeat(32)), &[1]);
    assert_eq!(wrong, Err(LockError::Preimage));
    let hash_itself = open(&htlc(""), Some(HASH), &[]);
    assert_eq!(hash_itself, Err(LockError::Preimage));
    assert_eq!(spend_with(&htlc(""), None), Err(LockError::Witness));
}

#[test]
fn a_preimage_has_32_bytes_of_hex() {
    for bad in ["", "01", &right()[2..], &right()[1..], &"zz".repeat(32)] {
        let refused = open(&htlc(""), Some(bad), &[]);
        assert_eq!(refused, Err(LockError::Witness), "{bad}");
    }
    let long = format!("{}00", right());
    assert_eq!(open(&htlc(""), Some(&long), &[]), Err(LockError::Witness));
}

#[test]
fn with_keys_it_takes_the_preimage_and_the_signatures() {
    let keys = format!(r#"["pubkeys","{}","{}"]"#, key(1), key(2));
    let one = htlc(&keys);
    let two = htlc(&format!(r#"{keys},["n_sigs","2"]"#));
    assert_eq!(open(&one, Some(&right()), &[2]), Ok(()));
    assert_eq!(open(&two, Some(&right()), &[2, 1]), Ok(()));
    let signatures = Err(LockError::Signatures);
    assert_eq!(open(&one, Some(&right()), &[]), signatures);
    assert_eq!(open(&one, Some(&right()), &[3]), signatures);
    assert_eq!(open(&two, Some(&right()), &[1]), signatures);
    assert_eq!(open(&one, None, &[1]), Err(LockError::Witness));
    let wrong = Some("00".repeat(32));
    let refused = open(&one, wrong.as_deref(), &[1]);
    assert_eq!(refused, Err(LockError::Preimage));
}

#[test]
fn the_hash_is_not_a_key_and_has_32_bytes() {
    let holder_of_hash = lock("HTLC", &key(1), "");
    assert_eq!(open(&holder_of_hash, None, &[1]), Err(LockError::Witness));
    for bad in ["", &HASH[2..], &HASH[1..], &format!("{HASH}00"), "zz"] {
        is_malformed(&lock("HTLC", bad, ""));
    }
}

#[test]
fn thresholds_without_keys_are_malformed() {
    is_malformed(&htlc(r#"["n_sigs","1"]"#));
    is_malformed(&htlc(r#"["n_sigs","0"]"#));
}

#[test]
fn after_the_locktime_the_sender_takes_it_back_without_preimage() {
    let refund = format!(r#"["locktime","{LOCKTIME}"],["refund","{}"]"#, key(4));
    let secret = htlc(&format!(r#"{refund},["pubkeys","{}"]"#, key(1)));
    let refused = open_at(LOCKTIME, &secret, None, &[4]);
    assert_eq!(refused, Err(LockError::Witness));
    assert_eq!(open_at(LOCKTIME + 1, &secret, None, &[4]), Ok(None));
    let refused = open_at(LOCKTIME + 1, &secret, None, &[1]);
    assert_eq!(refused, Err(LockError::Signatures));
    let refused = open_at(LOCKTIME + 1, &secret, Some(&right()), &[5]);
    assert_eq!(refused, Err(LockError::Signatures));
}

#[test]
fn after_the_locktime_the_receivers_way_stays_open_and_hands_on_the_preimage() {
    let refund = format!(r#"["locktime","{LOCKTIME}"],["refund","{}"]"#, key(4));
    let secret = htlc(&format!(r#"{refund},["pubkeys","{}"]"#, key(1)));
    let opened = open_at(LOCKTIME + 1, &secret, Some(&right()), &[1]);
    assert_eq!(opened, Ok(Some(PREIMAGE)));
}

#[test]
fn after_the_locktime_without_refund_keys_anyone_takes_it() {
    let secret = htlc(&format!(r#"["locktime","{LOCKTIME}"]"#));
    assert_eq!(
        open_at(LOCKTIME, &secret, None, &[]),
        Err(LockError::Witness)
    );
    assert_eq!(open_at(LOCKTIME + 1, &secret, None, &[]), Ok(None));
    let wrong = "00".repeat(32);
    let opened = open_at(LOCKTIME + 1, &secret, Some(&wrong), &[]);
    assert_eq!(opened, Ok(None), "a wrong preimage is not handed on");
    let opened = open_at(LOCKTIME + 1, &secret, Some(&right()), &[]);
    assert_eq!(opened, Ok(Some(PREIMAGE)));
}

#[test]
fn with_sig_all_one_preimage_opens_all_inputs_of_the_same_lock() {
    let secret = htlc(r#"["sigflag","SIG_ALL"]"#);
    let witness = Witness {
        preimage: Some(right()),
        signatures: vec![],
    };
    let inputs = [input(&secret, Some(witness)), input(&secret, None)];
    let spends = check_all(&inputs, &[], Aggregation::Swap, NOW).unwrap();
    assert_eq!(spends.len(), 2);
    assert!(spends.iter().all(|s| s.preimage == Some(PREIMAGE)));
}

/// As one wallet writes a preimage without signatures.
#[test]
fn signatures_may_be_null() {
    let witness = format!(r#"{{"preimage":"{}","signatures":null}}"#, right());
    assert_eq!(spend_with(&htlc(""), Some(&witness)), Ok(()));
    let p2pk = spend_with(&p2pk(""), Some(r#"{"signatures":null}"#));
    assert_eq!(p2pk, Err(LockError::Signatures));
}
