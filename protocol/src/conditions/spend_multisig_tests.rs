//! NUT-11, "Multisig".

use super::*;

fn two_of_three() -> String {
    let (two, three) = (key(2), key(3));
    p2pk(&format!(r#"["pubkeys","{two}","{three}"],["n_sigs","2"]"#))
}

#[test]
fn any_two_of_three_keys_spend_in_any_order() {
    for signers in [[1, 2], [2, 1], [1, 3], [3, 2]] {
        assert_eq!(spend(&two_of_three(), &signers), Ok(()), "{signers:?}");
    }
    assert_eq!(spend(&two_of_three(), &[1, 2, 3]), Ok(()));
}

#[test]
fn one_key_or_strangers_are_too_few() {
    for signers in [&[][..], &[1], &[3], &[1, 4], &[4, 5], &[4, 5, 1]] {
        let result = spend(&two_of_three(), signers);
        assert_eq!(result, Err(LockError::Signatures), "{signers:?}");
    }
}

#[test]
fn a_stranger_among_enough_signers_does_no_harm() {
    assert_eq!(spend(&two_of_three(), &[4, 1, 2]), Ok(()));
    assert_eq!(spend(&two_of_three(), &[1, 4, 2]), Ok(()));
}

#[test]
fn two_signatures_by_one_key_count_once() {
    assert_eq!(
        spend(&two_of_three(), &[1, 1]),
        Err(LockError::Signatures),
        "the same signature twice"
    );
    assert_eq!(
        spend(&two_of_three(), &[1, 1, 1]),
        Err(LockError::Signatures)
    );
    assert_eq!(spend(&two_of_three(), &[1, 1, 2]), Ok(()));
}

/// Ed25519 signers are deterministic by custom only: the same key can make other signatures.
#[test]
fn two_different_signatures_by_one_key_count_once() {
    let secret = two_of_three();
    let other = other_signature(1, &secret);
    let first = sign(1, &secret);
    assert_ne!(first, other);
    let check = |signed: &[String]| {
        check_all(
            &[input(&secret, signatures(signed))],
            &[],
            Aggregation::Swap,
            NOW,
        )
        .map(drop)
    };
    assert_eq!(check(&[other.clone(), sign(2, &secret)]), Ok(()));
    assert_eq!(check(&[first, other]), Err(LockError::Signatures));
}

/// A valid signature (RFC 8032, section 5.1.6) with another nonce than the customary one.
fn other_signature(n: u8, message: &str) -> String {
    use curve25519_dalek::{EdwardsPoint, Scalar};
    let nonce = Scalar::from(7u8);
    let point = EdwardsPoint::mul_base(&nonce).compress();
    let hash = sha2::Sha512::new()
        .chain_update(point.as_bytes())
        .chain_update(signer(n).verifying_key().as_bytes())
        .chain_update(Sha256::digest(message));
    let challenge = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    let s = nonce + challenge * signer(n).to_scalar();
    hex::encode([point.to_bytes(), s.to_bytes()].concat())
}

#[test]
fn more_than_two_signatures_a_key_are_refused_unseen() {
    let secret = two_of_three();
    assert_eq!(spend(&secret, &[4, 4, 4, 4, 1, 2]), Ok(()));
    let more = [1, 2, 4, 4, 4, 4, 4];
    assert_eq!(spend(&secret, &more), Err(LockError::Signatures));
    assert_eq!(spend(&p2pk(""), &[2, 1]), Ok(()));
    assert_eq!(spend(&p2pk(""), &[1, 2, 2]), Err(LockError::Signatures));
}

#[test]
fn one_signature_is_enough_unless_the_lock_says_otherwise() {
    let secret = p2pk(&format!(r#"["pubkeys","{}"]"#, key(2)));
    assert_eq!(spend(&secret, &[1]), Ok(()));
    assert_eq!(spend(&secret, &[2]), Ok(()));
    assert_eq!(spend(&secret, &[3]), Err(LockError::Signatures));
}

#[test]
fn all_keys_may_be_needed() {
    let secret = p2pk(&format!(r#"["n_sigs","2"],["pubkeys","{}"]"#, key(2)));
    assert_eq!(spend(&secret, &[2, 1]), Ok(()));
    assert_eq!(spend(&secret, &[1]), Err(LockError::Signatures));
    assert_eq!(spend(&secret, &[2]), Err(LockError::Signatures));
}

#[test]
fn a_threshold_that_no_keys_can_meet_or_that_is_no_number_is_malformed() {
    let pubkeys = format!(r#"["pubkeys","{}"]"#, key(2));
    for n in ["0", "3", "-1", "x", "1.0", " 1", "18446744073709551616"] {
        is_malformed(&p2pk(&format!(r#"{pubkeys},["n_sigs","{n}"]"#)));
        let refund = format!(r#"["refund","{}","{}"]"#, key(2), key(3));
        is_malformed(&p2pk(&format!(r#"{refund},["n_sigs_refund","{n}"]"#)));
    }
    // As a number of JSON: tags are texts.
    is_malformed(&p2pk(&format!(r#"{pubkeys},["n_sigs",1]"#)));
    is_malformed(&p2pk(r#"["n_sigs_refund","1"]"#));
}
