use super::*;
use crate::suite::{ToSign, ToVerify};

/// NUT-00, test vectors, "Blind signatures".
const B: &str = "02a9acc1e48c25eeeb9289b5031cc57da9fe72f3fe2861d264bdc074209b107ba2";
/// The generator's x coordinate.
const G: &str = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
/// The prime of the field, and the order of the group.
const P: &str = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f";
const N: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

fn bytes(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).unwrap();
    bytes
}

/// A number's 32 bytes.
fn small(n: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[31] = n;
    bytes
}

fn point(text: &str) -> PublicKey {
    Secp256k1::decode_point(&EncodedPoint::from_hex(text).unwrap()).unwrap()
}

fn key(n: u8) -> SecretKey {
    SecretKey::new(SecretScalar::decode(&small(n)).unwrap())
}

fn blinding(n: u8) -> Blinding {
    Secp256k1::decode_blinding(&EncodedScalar(small(n))).unwrap()
}

/// The order minus `n`.
fn minus(n: u8) -> [u8; 32] {
    let mut order = bytes(N);
    order[31] -= n;
    order
}

/// NUT-12, test vectors, "`hash_e` function".
#[test]
fn the_challenge_is_the_vectors() {
    let one = point(&format!("02{}1", "0".repeat(63))).serialize_uncompressed();
    let c = point(B).serialize_uncompressed();
    assert_eq!(
        hex::encode(challenge([&one, &one, &one, &c])),
        "a4dc034b74338c28c6bc3ea49731f2a24440fc7c4affc08b31a93fc9fbe6401e"
    );
}

#[test]
fn a_token_goes_all_the_way_round() {
    let (key, other, r) = (key(7), key(8), blinding(9));
    let public = Secp256k1::public_key(&key);
    let y = Secp256k1::hash_to_group(b"secret");
    let b = Secp256k1::blind(&y, &r);
    let c_ = Secp256k1::evaluate(&key, &b);
    let c = Secp256k1::unblind(&c_, &r, &public).unwrap();
    assert!(Secp256k1::verify_token(&key, &y, &c));
    assert!(!Secp256k1::verify_token(&other, &y, &c));
    assert!(!Secp256k1::verify_token(&key, &b, &c));
    assert!(!Secp256k1::verify_token(&key, &y, &c.negate()));
    assert!(Secp256k1::reblind(&c, &r, &public) == Some(c_));
}

#[test]
fn a_proof_is_refused_for_anything_but_what_it_proves() {
    let (key, b) = (key(7), point(B));
    let public = Secp256k1::public_key(&key);
    let c = Secp256k1::evaluate(&key, &b);
    let Dleq { e, s } = Secp256k1::prove(&key, &b, &c);
    let check = |public: &PublicKey, b: &PublicKey, c: &PublicKey, e: [u8; 32], s: [u8; 32]| {
        let (e, s) = (EncodedScalar(e), EncodedScalar(s));
        Secp256k1::verify_proof(public, b, c, &Dleq { e, s }).is_ok()
    };
    assert!(check(&public, &b, &c, e.0, s.0));
    assert!(!check(&public, &c, &b, e.0, s.0));
    assert!(!check(&b, &b, &c, e.0, s.0));
    assert!(!check(&public, &b, &c.negate(), e.0, s.0));
    assert!(!check(&public, &b, &c, s.0, e.0));
    for hostile in [[0; 32], bytes(N), [255; 32], small(1), minus(1)] {
        assert!(!check(&public, &b, &c, hostile, s.0), "{hostile:?}");
        assert!(!check(&public, &b, &c, e.0, hostile), "{hostile:?}");
        assert!(!check(&public, &b, &c, hostile, hostile), "{hostile:?}");
    }
}

#[test]
fn the_proof_of_an_output_is_always_the_same_and_no_nonce_is_used_twice() {
    let (b1, b2) = (point(B), point(&format!("03{G}")));
    assert!(Secp256k1::prove(&key(7), &b1, &b2) == Secp256k1::prove(&key(7), &b1, &b2));
    // s - e*a is the nonce.
    let nonce = |n: u8, b: &PublicKey, c: &PublicKey| {
        let dleq = Secp256k1::prove(&key(n), b, c);
        let e = Scalar::from_be_bytes(dleq.e.0).unwrap();
        let product = key(n).k.0.mul_tweak(&e).unwrap().negate();
        let s = Scalar::from_be_bytes(dleq.s.0).unwrap();
        product.add_tweak(&s).unwrap().to_secret_bytes()
    };
    let nonces = [
        nonce(7, &b1, &b1),
        nonce(7, &b2, &b1),
        // A wrong C_ must not meet the nonce of the right one.
        nonce(7, &b1, &b2),
        nonce(8, &b1, &b1),
    ];
    for (i, one) in nonces.iter().enumerate() {
        assert!(!nonces[..i].contains(one), "{i}");
    }
}

#[test]
fn hostile_encodings_of_points_are_refused() {
    let decode = |text: &str| {
        let encoded = EncodedPoint::from_hex(text).unwrap();
        Secp256k1::decode_point(&encoded).err()
    };
    assert_eq!(decode(&format!("02{G}")), None);
    assert_eq!(decode(&format!("03{G}")), None);
    // No other first byte: not the identity's, not the uncompressed and the hybrid form's, not x-only's.
    for first in (0..=255u8).filter(|first| !matches!(first, 2 | 3)) {
        let text = format!("{first:02x}{G}");
        assert_eq!(decode(&text), Some(DecodeError::Point), "{text}");
    }
    // x = 0 and x = 5 are on no point.
    for x in [0, 5] {
        let text = format!("02{}", hex::encode(small(x)));
        assert_eq!(decode(&text), Some(DecodeError::Point), "{x}");
    }
    // The prime, the prime and 1 (x = 1 is on a point), the largest number: not canonical.
    let mut one_more = bytes(P);
    assert_eq!(decode(&format!("02{P}")), Some(DecodeError::Point));
    one_more[31] += 1;
    let one_more = format!("02{}", hex::encode(one_more));
    assert_eq!(decode(&one_more), Some(DecodeError::Point));
    let largest = format!("02{}", "ff".repeat(32));
    assert_eq!(decode(&largest), Some(DecodeError::Point));
    // A native point's length.
    let short = decode(G);
    assert!(matches!(short, Some(DecodeError::Length { got: 32, .. })));
}

#[test]
fn blinding_factors_are_canonical_and_not_zero() {
    let decode = |bytes| Secp256k1::decode_blinding(&EncodedScalar(bytes)).err();
    for good in [small(1), minus(1)] {
        assert_eq!(decode(good), None);
        let r = Secp256k1::decode_blinding(&EncodedScalar(good)).unwrap();
        assert_eq!(Secp256k1::encode_blinding(&r).0, good);
    }
    let mut above = bytes(N);
    above[31] += 1;
    for bad in [[0; 32], bytes(N), above, [255; 32]] {
        assert_eq!(decode(bad), Some(DecodeError::Scalar));
    }
    assert!(Secp256k1::blinding(&[0; 64]).is_none());
    assert!(Secp256k1::secret_key(&[0; 64]).is_none());
}

#[test]
fn wide_numbers_are_reduced() {
    let wide = |high: [u8; 32], low: [u8; 32]| {
        let uniform = [high, low].concat().try_into().unwrap();
        let r = Secp256k1::blinding(&uniform);
        r.map(|r| hex::encode(Secp256k1::encode_blinding(&r).0))
    };
    let one = hex::encode(small(1));
    assert_eq!(wide([0; 32], small(1)), Some(one.clone()));
    assert_eq!(wide(small(1), [0; 32]), Some(hex::encode(TWO_POW_256)));
    assert_eq!(wide(bytes(N), small(1)), Some(one));
    assert_eq!(wide(bytes(N), bytes(N)), None);
    assert_eq!(wide([0; 32], minus(1)), Some(hex::encode(minus(1))));
    // 2^512 - 1 modulo the order, by Python.
    assert_eq!(
        wide([255; 32], [255; 32]).as_deref(),
        Some("9d671cd581c69bc5e697f5e45bcd07c6741496c20e7cf878896cf21467d7d13f")
    );
    // (order - 1)·2^256 + (order - 1), by Python.
    assert_eq!(
        wide(minus(1), minus(1)).as_deref(),
        Some("fffffffffffffffffffffffffffffffd755db9cd5e9140777fa4bd19a06c8281")
    );
}

/// Whoever makes a token chooses `C` and `r`.
#[test]
fn a_sum_that_is_the_identity_is_refused() {
    let (key, r) = (key(7), blinding(9));
    let public = Secp256k1::public_key(&key);
    let rk = r.0.times(&public);
    assert!(Secp256k1::unblind(&rk, &r, &public).is_none());
    assert!(Secp256k1::reblind(&rk.negate(), &r, &public).is_none());
    assert!(Secp256k1::reblind(&rk, &r, &public).is_some());
}

#[test]
fn locks_take_compressed_keys_and_compare_them_by_x() {
    let lock_key = |text: String| Secp256k1::lock_key(&hex::decode(text).unwrap());
    assert_eq!(lock_key(format!("02{G}")), Ok(bytes(G)));
    assert_eq!(lock_key(format!("03{G}")), Ok(bytes(G)));
    let uncompressed = hex::encode(point(&format!("02{G}")).serialize_uncompressed());
    for bad in [
        G.to_owned(),
        format!("04{G}"),
        format!("00{G}"),
        format!("02{G}00"),
        format!("02{P}"),
        format!("02{}", hex::encode(small(5))),
        uncompressed,
        String::new(),
    ] {
        assert_eq!(lock_key(bad.clone()), Err(VerifyError::Key), "{bad}");
    }
}

#[test]
fn signatures_are_bip_340s_on_the_messages_hash() {
    let keypair = key(7).k.0.keypair();
    let x = keypair.x_only_public_key().0.to_byte_array();
    let sign = |message: &[u8]| keypair.sign_schnorr_no_aux_rand(message).to_byte_array();
    let good = sign(&Sha256::digest(b"message"));
    let verify = |key: &[u8; 32], message: &[u8], signature: &[u8; 64]| {
        Secp256k1::verify_signature(key, message, signature)
    };
    assert_eq!(verify(&x, b"message", &good), Ok(()));
    assert_eq!(verify(&x, b"another", &good), Err(VerifyError::Signature));
    let unhashed = sign(b"message");
    assert_eq!(
        verify(&x, b"message", &unhashed),
        Err(VerifyError::Signature)
    );
    assert_eq!(
        verify(&bytes(G), b"message", &good),
        Err(VerifyError::Signature)
    );
    assert_eq!(verify(&small(5), b"message", &good), Err(VerifyError::Key));
    // s and the order: another number with the same remainder. Neither half may be out of range.
    let (r, s) = good.split_at(32);
    for (r, s) in [
        (r.to_vec(), bytes(N).to_vec()),
        (bytes(P).to_vec(), s.to_vec()),
        (vec![255; 32], s.to_vec()),
        (r.to_vec(), vec![0; 32]),
    ] {
        let bad = [r, s].concat().try_into().unwrap();
        assert_eq!(verify(&x, b"message", &bad), Err(VerifyError::Signature));
    }
}

#[test]
fn debug_shows_no_secret() {
    let shown = format!("{:?} {:?}", key(7), blinding(9));
    assert_eq!(shown, "SecretKey(…) Blinding(…)");
}

#[test]
fn many_at_once_are_as_each_alone() {
    let keys = [key(7), key(8)];
    let points: Vec<_> = (0..5u8).map(|i| Secp256k1::hash_to_group(&[i])).collect();
    let outputs: Vec<_> = points
        .iter()
        .zip(keys.iter().cycle())
        .map(|(b, key)| ToSign::<Secp256k1> {
            key,
            b: *b,
            encoded: Secp256k1::encode_point(b),
        })
        .collect();
    for (output, (c, dleq)) in outputs.iter().zip(Secp256k1::sign_all(&outputs)) {
        let alone = Secp256k1::evaluate(output.key, &output.b);
        assert_eq!(c, Secp256k1::encode_point(&alone));
        assert!(dleq == Secp256k1::prove(output.key, &output.b, &alone));
    }
    let tokens = |bad: Option<usize>| -> Vec<ToVerify<'_, Secp256k1>> {
        let token = |(i, y): (usize, &PublicKey)| ToVerify {
            key: &keys[0],
            y: *y,
            c: Secp256k1::evaluate(&keys[usize::from(bad == Some(i))], y),
            weight: 1,
        };
        points.iter().enumerate().map(token).collect()
    };
    assert!(Secp256k1::verify_all(&tokens(None)));
    for bad in 0..points.len() {
        assert!(!Secp256k1::verify_all(&tokens(Some(bad))), "{bad}");
    }
}
