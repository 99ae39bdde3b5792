//! Inputs of both suites in one transaction, and keys of the second suite.

use super::*;
use crate::suite::secp256k1::SigningKey as CashuKey;

const ALL: &str = r#"["sigflag","SIG_ALL"]"#;

fn cashu_key(n: u8) -> CashuKey {
    CashuKey::from_bytes(&[n; 32]).unwrap()
}

fn cashu_public(n: u8) -> String {
    cashu_key(n).public_key().to_hex()
}

/// The same x coordinate under the other prefix.
fn other_parity(key: &str) -> String {
    let parity = if key.starts_with("02") { "03" } else { "02" };
    format!("{parity}{}", &key[2..])
}

fn cashu_sign(n: u8, message: &str) -> String {
    hex::encode(cashu_key(n).sign(message.as_bytes()))
}

fn cashu_input(secret: &str, witness: Option<Witness>) -> Proof {
    Proof {
        id: KeysetId::from_bytes(&[0x01; 33]).unwrap(),
        c: EncodedPoint::from([2; 33]),
        ..input(secret, witness)
    }
}

fn cashu_lock(tags: &str) -> String {
    lock("P2PK", &cashu_public(1), tags)
}

fn check(inputs: &[Proof]) -> Result<(), LockError> {
    check_all(inputs, &[], Aggregation::Swap, NOW).map(drop)
}

fn signed(secret: &str, n: u8) -> Proof {
    input(secret, signatures(&[sign(n, secret)]))
}

fn cashu_signed(secret: &str, n: u8) -> Proof {
    cashu_input(secret, signatures(&[cashu_sign(n, secret)]))
}

#[test]
fn each_input_is_opened_by_a_key_of_its_own_suite() {
    let (native, cashu) = (p2pk(""), cashu_lock(""));
    let inputs = [signed(&native, 1), cashu_signed(&cashu, 1)];
    assert_eq!(check(&inputs), Ok(()));
    assert_eq!(
        check(&[signed(&native, 2), inputs[1].clone()]),
        Err(LockError::Signatures)
    );
    assert_eq!(
        check(&[inputs[0].clone(), cashu_signed(&cashu, 2)]),
        Err(LockError::Signatures)
    );
    let old = Proof {
        id: KeysetId::from_bytes(&[0x00; 8]).unwrap(),
        ..cashu_signed(&cashu, 1)
    };
    assert_eq!(check(&[old]), Ok(()));
}

#[test]
fn a_key_of_one_suite_is_no_key_of_the_other() {
    let malformed = Err(LockError::Malformed("a public key"));
    assert_eq!(check(&[signed(&cashu_lock(""), 1)]), malformed);
    assert_eq!(check(&[cashu_signed(&p2pk(""), 1)]), malformed);
    let secret = cashu_lock(&format!(r#"["pubkeys","{}"]"#, key(2)));
    assert_eq!(check(&[cashu_signed(&secret, 1)]), malformed);
}

#[test]
fn a_signature_of_one_suite_opens_no_lock_of_the_other() {
    let secret = cashu_lock("");
    let other = cashu_input(&secret, signatures(&[sign(1, &secret)]));
    assert_eq!(check(&[other]), Err(LockError::Signatures));
}

#[test]
fn keysets_of_no_known_suite_are_refused_also_for_plain_secrets() {
    let mut unknown = input("plain", None);
    assert_eq!(check(std::slice::from_ref(&unknown)), Ok(()));
    unknown.id = KeysetId::from_bytes(&[0x53; 33]).unwrap();
    assert_eq!(check(&[unknown]), Err(LockError::Suite));
}

#[test]
fn sig_all_is_for_one_suite() {
    let cashu = cashu_lock(ALL);
    let message = |inputs: &[Proof]| Aggregation::Swap.message(inputs, &[]);
    let of_one = [cashu_input(&cashu, None), cashu_input(&cashu, None)];
    let mut good = of_one.clone();
    good[0].witness = signatures(&[cashu_sign(1, &message(&of_one))]).map(|w| w.to_json());
    assert_eq!(check(&good), Ok(()));
    // Of an HTLC without keys, kind, data and tags can be the same in both suites.
    let htlc = lock("HTLC", HASH, ALL);
    let preimage = Witness {
        preimage: Some(hex::encode(PREIMAGE)),
        signatures: Vec::new(),
    };
    let native = input(&htlc, Some(preimage.clone()));
    let cashu = cashu_input(&htlc, Some(preimage));
    assert_eq!(check(&[native.clone(), native.clone()]), Ok(()));
    assert_eq!(check(&[cashu.clone(), cashu.clone()]), Ok(()));
    for mixed in [
        [native.clone(), cashu.clone()],
        [cashu.clone(), native.clone()],
    ] {
        assert_eq!(check(&mixed), Err(LockError::Mixed));
    }
    let plain = cashu_input("plain", None);
    assert_eq!(check(&[native, plain]), Err(LockError::Mixed));
}

/// NUT-11, "Public Key Canonicalisation".
#[test]
fn keys_are_compared_by_their_x_coordinate() {
    let (one, two) = (cashu_public(1), cashu_public(2));
    for same in [&one, &other_parity(&one), &one.to_uppercase()] {
        let twice = cashu_lock(&format!(r#"["pubkeys","{two}","{same}"]"#));
        let malformed = Err(LockError::Malformed("a key appears twice"));
        assert_eq!(check(&[cashu_signed(&twice, 2)]), malformed, "{same}");
        // In the other pathway it may be.
        let refund = cashu_lock(&format!(r#"["locktime","{LOCKTIME}"],["refund","{same}"]"#));
        assert_eq!(check(&[cashu_signed(&refund, 1)]), Ok(()), "{same}");
        // And whoever has the key signs for both of its points.
        let locked = lock("P2PK", same, "");
        assert_eq!(check(&[cashu_signed(&locked, 1)]), Ok(()), "{same}");
        assert_eq!(
            check(&[cashu_signed(&locked, 2)]),
            Err(LockError::Signatures)
        );
    }
}

#[test]
fn keys_that_are_no_compressed_points_are_malformed() {
    let key = cashu_public(1);
    let x_alone = key[2..].to_owned();
    let uncompressed = format!("04{}{}", &key[2..], "00".repeat(32));
    let prefix = format!("05{}", &key[2..]);
    // 5 is no x coordinate of a point.
    let no_point = format!("02{}05", "00".repeat(31));
    for bad in [x_alone, uncompressed, prefix, no_point, String::new()] {
        let secret = lock("P2PK", &bad, "");
        let malformed = Err(LockError::Malformed("a public key"));
        assert_eq!(check(&[cashu_signed(&secret, 1)]), malformed, "{bad}");
    }
}
