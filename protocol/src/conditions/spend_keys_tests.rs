//! NUT-11, "Public Key Canonicalisation", for Ed25519.

use super::*;

#[test]
fn a_key_twice_in_one_pathway_is_malformed_in_either_case_of_letters() {
    let (one, two) = (key(1), key(2));
    for twice in [&one, &one.to_uppercase()] {
        is_malformed(&p2pk(&format!(r#"["pubkeys","{twice}"]"#)));
    }
    is_malformed(&p2pk(&format!(r#"["pubkeys","{two}","{two}"]"#)));
    let upper = two.to_uppercase();
    is_malformed(&p2pk(&format!(r#"["refund","{two}","{upper}"]"#)));
}

#[test]
fn a_key_may_be_in_both_pathways() {
    let tags = format!(r#"["locktime","{LOCKTIME}"],["refund","{}"]"#, key(1));
    assert_eq!(spend(&p2pk(&tags), &[1]), Ok(()));
    assert_eq!(spend_at(LOCKTIME + 1, &p2pk(&tags), &[1]), Ok(()));
}

#[test]
fn upper_case_hex_is_the_same_key() {
    let secret = lock("P2PK", &key(1).to_uppercase(), "");
    assert_eq!(spend(&secret, &[1]), Ok(()));
    assert_eq!(spend(&secret, &[2]), Err(LockError::Signatures));
}

#[test]
fn what_is_no_key_is_malformed_wherever_it_stands() {
    let short = key(2)[2..].to_owned();
    // Cashu's keys have 33 bytes, on another curve.
    let long = format!("02{}", key(2));
    let odd = key(2)[1..].to_owned();
    let no_hex = format!("zz{}", &key(2)[2..]);
    // y = 2 is on no point of the curve.
    let no_point = format!("02{}", "00".repeat(31));
    for bad in [short, long, odd, no_hex, no_point, String::new()] {
        is_malformed(&lock("P2PK", &bad, ""));
        is_malformed(&p2pk(&format!(r#"["pubkeys","{bad}"]"#)));
        is_malformed(&p2pk(&format!(r#"["refund","{bad}"]"#)));
    }
}

/// Under a point of small order, one signature can verify for many messages and many keys.
#[test]
fn weak_keys_are_malformed() {
    let zeros = "00".repeat(31);
    // In turn: order 4, the identity, order 2 (y = -1), and two of the points of order 8.
    let minus_one = format!("ec{}7f", "ff".repeat(30));
    for weak in [
        format!("00{zeros}"),
        format!("01{zeros}"),
        minus_one,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05".to_owned(),
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a".to_owned(),
    ] {
        is_malformed(&lock("P2PK", &weak, ""));
        is_malformed(&p2pk(&format!(r#"["pubkeys","{weak}"]"#)));
    }
}

/// Two encodings of one key would count as two keys of a multisignature.
#[test]
fn keys_that_are_not_canonical_are_malformed() {
    // Encodings of y ≥ p, from p = 2^255 - 19 up, with either sign.
    for low in 0xed..=0xffu8 {
        for high in [0x7f, 0xff] {
            let text = format!("{low:02x}{}{high:02x}", "ff".repeat(30));
            is_malformed(&lock("P2PK", &text, ""));
        }
    }
    // x = 0 with a negative sign.
    is_malformed(&lock("P2PK", &format!("01{}80", "00".repeat(30)), ""));
}
