use super::*;

// RFC 9497, appendix A.1.2.
const SK: &str = "e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909";
const PK: &str = "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e";

struct Vector {
    inputs: &'static [&'static str],
    blinds: &'static [&'static str],
    blinded: &'static [&'static str],
    evaluated: &'static [&'static str],
    proof: &'static str,
    nonce: &'static str,
    outputs: &'static [&'static str],
}

const VECTORS: [Vector; 3] = [
    Vector {
        inputs: &["00"],
        blinds: &["64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706"],
        blinded: &["863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945"],
        evaluated: &["aa8fa048764d5623868679402ff6108d2521884fa138cd7f9c7669a9a014267e"],
        proof: "ddef93772692e535d1a53903db24367355cc2cc78de93b3be5a8ffcc6985dd066d4346421d17bf5117a2a1ff0fcb2a759f58a539dfbe857a40bce4cf49ec600d",
        nonce: "222a5e897cf59db8145db8d16e597e8facb80ae7d4e26d9881aa6f61d645fc0e",
        outputs: &[
            "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7da4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c",
        ],
    },
    Vector {
        inputs: &["5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"],
        blinds: &["64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706"],
        blinded: &["cc0b2a350101881d8a4cba4c80241d74fb7dcbfde4a61fde2f91443c2bf9ef0c"],
        evaluated: &["60a59a57208d48aca71e9e850d22674b611f752bed48b36f7a91b372bd7ad468"],
        proof: "401a0da6264f8cf45bb2f5264bc31e109155600babb3cd4e5af7d181a2c9dc0a67154fabf031fd936051dec80b0b6ae29c9503493dde7393b722eafdf5a50b02",
        nonce: "222a5e897cf59db8145db8d16e597e8facb80ae7d4e26d9881aa6f61d645fc0e",
        outputs: &[
            "8a9a2f3c7f085b65933594309041fc1898d42d0858e59f90814ae90571a6df60356f4610bf816f27afdd84f47719e480906d27ecd994985890e5f539e7ea74b6",
        ],
    },
    Vector {
        inputs: &["00", "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"],
        blinds: &[
            "64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706",
            "222a5e897cf59db8145db8d16e597e8facb80ae7d4e26d9881aa6f61d645fc0e",
        ],
        blinded: &[
            "863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945",
            "90a0145ea9da29254c3a56be4fe185465ebb3bf2a1801f7124bbbadac751e654",
        ],
        evaluated: &[
            "aa8fa048764d5623868679402ff6108d2521884fa138cd7f9c7669a9a014267e",
            "cc5ac221950a49ceaa73c8db41b82c20372a4c8d63e5dded2db920b7eee36a2a",
        ],
        proof: "cc203910175d786927eeb44ea847328047892ddf8590e723c37205cb74600b0a5ab5337c8eb4ceae0494c2cf89529dcf94572ed267473d567aeed6ab873dee08",
        nonce: "419c4f4f5052c53c45f3da494d2b67b220d02118e0857cdbcf037f9ea84bbe0c",
        outputs: &[
            "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7da4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c",
            "8a9a2f3c7f085b65933594309041fc1898d42d0858e59f90814ae90571a6df60356f4610bf816f27afdd84f47719e480906d27ecd994985890e5f539e7ea74b6",
        ],
    },
];

fn scalar(hex: &str) -> Scalar {
    decode_scalar(&EncodedScalar::from_hex(hex).unwrap()).unwrap()
}

fn point(hex: &str) -> RistrettoPoint {
    Ristretto255::decode_point(&EncodedPoint::from_hex(hex).unwrap()).unwrap()
}

fn key() -> SecretKey {
    SecretKey::new(scalar(SK)).unwrap()
}

/// RFC 9497, section 3.3.1, the hash at the end of `Finalize`: not part of a token, but of the vectors.
fn finalize(input: &[u8], unblinded: &RistrettoPoint) -> String {
    let element = unblinded.compress();
    let mut hash = Sha512::new();
    for part in [input, element.as_bytes()] {
        hash.update(length(part));
        hash.update(part);
    }
    hex::encode(hash.chain_update(b"Finalize").finalize())
}

#[test]
fn the_public_key_is_the_vectors() {
    assert_eq!(hex::encode(key().public.compress().as_bytes()), PK);
}

#[test]
fn every_step_of_the_vectors_is_byte_exact() {
    let key = key();
    for vector in &VECTORS {
        let mut pairs = Vec::new();
        for i in 0..vector.inputs.len() {
            let input = hex::decode(vector.inputs[i]).unwrap();
            let r = Blinding(scalar(vector.blinds[i]));
            let y = Ristretto255::hash_to_group(&input);
            let b = Ristretto255::blind(&y, &r);
            let c = Ristretto255::evaluate(&key, &b);
            assert_eq!(Ristretto255::encode_point(&b).to_hex(), vector.blinded[i]);
            assert_eq!(Ristretto255::encode_point(&c).to_hex(), vector.evaluated[i]);
            let unblinded = Ristretto255::unblind(&c, &r, &key.public).unwrap();
            assert_eq!(finalize(&input, &unblinded), vector.outputs[i]);
            assert!(Ristretto255::verify_token(&key, &y, &unblinded));
            assert!(Ristretto255::reblind(&unblinded, &r, &key.public) == Some(c));
            pairs.push((b, c));
        }
        let dleq = generate_proof(&key, &pairs, &scalar(vector.nonce));
        assert_eq!(hex::encode([dleq.e.0, dleq.s.0].concat()), vector.proof);
        assert_eq!(verify_proof(&key.public, &pairs, &dleq), Ok(()));
    }
}

#[test]
fn a_proof_is_refused_for_anything_but_what_it_proves() {
    let key = key();
    let b = point(VECTORS[0].blinded[0]);
    let c = point(VECTORS[0].evaluated[0]);
    let dleq = Ristretto255::prove(&key, &b, &c);
    let check = |public, b, c, dleq| Ristretto255::verify_proof(public, b, c, dleq);
    assert_eq!(check(&key.public, &b, &c, &dleq), Ok(()));
    assert_eq!(check(&key.public, &c, &b, &dleq), Err(VerifyError::Proof));
    assert_eq!(check(&b, &b, &c, &dleq), Err(VerifyError::Proof));
    let (e, s) = (dleq.e.clone(), dleq.s.clone());
    let swapped = Dleq {
        e: s.clone(),
        s: e.clone(),
    };
    assert_eq!(
        check(&key.public, &b, &c, &swapped),
        Err(VerifyError::Proof)
    );
    let uncanonical = Dleq {
        e: EncodedScalar([255; 32]),
        s,
    };
    assert_eq!(
        check(&key.public, &b, &c, &uncanonical),
        Err(VerifyError::Proof)
    );
    let uncanonical = Dleq {
        e,
        s: EncodedScalar([255; 32]),
    };
    assert_eq!(
        check(&key.public, &b, &c, &uncanonical),
        Err(VerifyError::Proof)
    );
}

#[test]
fn the_proof_of_an_output_is_always_the_same_and_differs_between_outputs_and_keys() {
    let other = SecretKey::new(scalar(VECTORS[0].nonce)).unwrap();
    let (b1, b2) = (point(VECTORS[0].blinded[0]), point(VECTORS[1].blinded[0]));
    let prove = |key: &SecretKey, b| Ristretto255::prove(key, b, &Ristretto255::evaluate(key, b));
    assert_eq!(prove(&key(), &b1), prove(&key(), &b1));
    let nonce = |key: &SecretKey, b: &RistrettoPoint, c: &RistrettoPoint| {
        key.proof_nonce(b.compress().as_bytes(), c.compress().as_bytes())
    };
    assert_ne!(nonce(&key(), &b1, &b1), nonce(&key(), &b2, &b1));
    assert_ne!(nonce(&key(), &b1, &b1), nonce(&other, &b1, &b1));
    // A wrong C_ must not meet the nonce of the right one.
    assert_ne!(nonce(&key(), &b1, &b1), nonce(&key(), &b1, &b2));
}

#[test]
fn hostile_encodings_of_points_are_refused() {
    let decode = |bytes: [u8; 32]| Ristretto255::decode_point(&bytes.into()).err();
    let identity = [0; 32];
    assert_eq!(decode(identity), Some(DecodeError::Point));
    // p = 2^255 - 19, a non-canonical zero; p + 1 and 2^255 - 1, non-canonical too.
    let mut p = [255; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    assert_eq!(decode(p), Some(DecodeError::Point));
    p[0] = 0xee;
    assert_eq!(decode(p), Some(DecodeError::Point));
    assert_eq!(decode([255; 32]), Some(DecodeError::Point));
    // 1 is negative in the sense of RFC 9496, 2 is on no curve point.
    let mut odd = [0; 32];
    odd[0] = 1;
    assert_eq!(decode(odd), Some(DecodeError::Point));
    // The high bit set on an otherwise good encoding.
    let mut good = point(PK).compress().to_bytes();
    good[31] |= 0x80;
    assert_eq!(decode(good), Some(DecodeError::Point));
    let long = EncodedPoint::from_bytes(&[2; 33]).unwrap();
    let error = Ristretto255::decode_point(&long).err();
    assert!(matches!(error, Some(DecodeError::Length { got: 33, .. })));
}

#[test]
fn blinding_factors_are_canonical_and_not_zero() {
    let decode = |bytes| Ristretto255::decode_blinding(&EncodedScalar(bytes)).err();
    assert_eq!(decode([0; 32]), Some(DecodeError::Scalar));
    // The group's order, and one more: zero and one, not canonical.
    let mut order = (-Scalar::ONE).to_bytes();
    assert_eq!(decode(order), None);
    order[0] += 1;
    assert_eq!(decode(order), Some(DecodeError::Scalar));
    order[0] += 1;
    assert_eq!(decode(order), Some(DecodeError::Scalar));
    assert!(Ristretto255::blinding(&[0; 64]).is_none());
    assert!(Ristretto255::secret_key(&[0; 64]).is_none());
}

#[test]
fn debug_shows_no_secret() {
    let shown = format!("{:?} {:?}", key(), Blinding(scalar(SK)));
    assert_eq!(shown, "SecretKey(…) Blinding(…)");
}

#[test]
fn a_batch_of_outputs_is_signed_as_each_alone() {
    let keys = [key(), SecretKey::new(scalar(VECTORS[0].nonce)).unwrap()];
    for count in 0u8..10 {
        let points: Vec<_> = (0..count)
            .map(|i| Ristretto255::hash_to_group(&[i]))
            .collect();
        let outputs: Vec<_> = points
            .iter()
            .zip(keys.iter().cycle())
            .map(|(b, key)| ToSign {
                key,
                b: *b,
                encoded: Ristretto255::encode_point(b),
            })
            .collect();
        let signed = Ristretto255::sign_all(&outputs);
        assert_eq!(signed.len(), outputs.len());
        for (output, (c, dleq)) in outputs.iter().zip(signed) {
            let alone = Ristretto255::evaluate(output.key, &output.b);
            assert_eq!(c, Ristretto255::encode_point(&alone));
            assert_eq!(dleq, Ristretto255::prove(output.key, &output.b, &alone));
        }
    }
}

#[test]
fn a_batch_of_tokens_is_good_only_when_each_is() {
    let keys = [key(), SecretKey::new(scalar(VECTORS[0].nonce)).unwrap()];
    let tokens = |count: u8| -> Vec<ToVerify<'_, Ristretto255>> {
        let token = |(i, key): (u8, _)| {
            let y = Ristretto255::hash_to_group(&[i]);
            let c = Ristretto255::evaluate(key, &y);
            let weight = u128::from(i) << 100 | 0x5eed;
            ToVerify { key, y, c, weight }
        };
        (0..count).zip(keys.iter().cycle()).map(token).collect()
    };
    let g = keys[0].public;
    for count in 0..12 {
        assert!(Ristretto255::verify_all(&tokens(count)), "{count}");
        for bad in 0..usize::from(count) {
            let mut some = tokens(count);
            some[bad].c += g;
            assert!(!Ristretto255::verify_all(&some), "{bad} of {count}");
            // A good signature of the other key.
            let mut some = tokens(count);
            some[bad].key = &keys[1 - bad % 2];
            assert!(!Ristretto255::verify_all(&some), "{bad} of {count}");
        }
    }
    // Two errors that cancel without weights do not cancel with them.
    let mut some = tokens(6);
    some[1].c += g;
    some[4].c -= g;
    assert!(!Ristretto255::verify_all(&some));
}
