//! Random and nearly right input: decoding answers, whatever comes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use farthing_protocol::api::*;
use farthing_protocol::cashu::{Lenient, batch, bolt11, ws};
use farthing_protocol::conditions::{self, Aggregation, Witness, check_all};
use farthing_protocol::suite::{Ristretto255, Secp256k1, Suite, SuiteId};
use farthing_protocol::{EncodedPoint, EncodedScalar, KeysetId, Proof, Secret, Token, TokenProof};
use proptest::prelude::*;

const POINT: &str = "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e";
const SWAP: &str = concat!(
    r#"{"inputs":[{"amount":4,"id":"00ad268c4d1f5826","secret":"[\"P2PK\",{}]","#,
    r#""C":"c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e","witness":"{}"}],"#,
    r#""outputs":[{"amount":4,"id":"00ad268c4d1f5826","#,
    r#""B_":"c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e"}]}"#
);

fn token() -> Token {
    let proof = |amount| TokenProof {
        proof: Proof {
            amount,
            id: KeysetId::from_bytes(&[0x52; 33]).unwrap(),
            secret: Secret::new("secret".to_owned()),
            c: EncodedPoint::from_hex(POINT).unwrap(),
            witness: None,
        },
        dleq: None,
    };
    Token {
        mint: "https://mint.example".to_owned(),
        unit: "credit".to_owned(),
        memo: None,
        proofs: vec![proof(1), proof(2)],
    }
}

/// The bytes of base64url without padding.
fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn unbase64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    engine.decode(text).expect("base64")
}

/// Reads the text as everything that a mint or a wallet reads; what is read can be written and is
/// then read again as the same.
fn read_as_everything(text: &[u8]) {
    fn read<T>(text: &[u8])
    where
        T: serde::de::DeserializeOwned + serde::Serialize + PartialEq + std::fmt::Debug,
    {
        if let Ok(value) = serde_json::from_slice::<T>(text) {
            let again = serde_json::to_vec(&value).expect("writes");
            assert_eq!(serde_json::from_slice::<T>(&again).expect("reads"), value);
        }
    }
    read::<SwapRequest>(text);
    read::<WithdrawRequest>(text);
    read::<RedeemRequest>(text);
    read::<CheckStateRequest>(text);
    read::<RestoreRequest>(text);
    read::<Keys>(text);
    read::<Keysets>(text);
    read::<Info>(text);
    read::<Signatures>(text);
    read::<Witness>(text);
    read::<bolt11::MintQuoteRequest>(text);
    read::<bolt11::MintRequest>(text);
    read::<bolt11::MeltQuoteRequest>(text);
    read::<bolt11::MeltRequest>(text);
    read::<batch::CheckRequest>(text);
    read::<batch::MintRequest>(text);
    let _ = std::str::from_utf8(text).map(ws::Request::parse);
    // What is read strictly is read leniently as the same.
    fn strictly_and_leniently<T>(text: &[u8])
    where
        T: serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
        Lenient<T>: serde::de::DeserializeOwned,
    {
        let lenient = serde_json::from_slice::<Lenient<T>>(text);
        if let Ok(value) = serde_json::from_slice::<T>(text) {
            assert_eq!(lenient.expect("reads"), Lenient(value));
        }
    }
    strictly_and_leniently::<SwapRequest>(text);
    strictly_and_leniently::<CheckStateRequest>(text);
    strictly_and_leniently::<RestoreRequest>(text);
}

/// Text that looks like a lock more often than chance would have it.
fn lock_like() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("P2PK".to_owned()),
        Just("HTLC".to_owned()),
        Just("sigflag".to_owned()),
        Just("SIG_ALL".to_owned()),
        Just("locktime".to_owned()),
        Just("refund".to_owned()),
        Just("pubkeys".to_owned()),
        Just("n_sigs".to_owned()),
        Just("nonce".to_owned()),
        Just("data".to_owned()),
        Just("tags".to_owned()),
        Just(POINT.to_owned()),
        Just("1".to_owned()),
        any::<String>(),
    ];
    let leaf = word.prop_map(serde_json::Value::from);
    let value = leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::vec(("nonce|data|tags|x", inner), 0..5)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    });
    ("P2PK|HTLC|XYZ", value).prop_map(|(kind, body)| serde_json::json!([kind, body]).to_string())
}

proptest! {
    #[test]
    fn tokens_of_any_text(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        let _ = Token::decode(&text);
        let _ = Token::decode(&format!("cashuB{text}"));
        let _ = Token::decode(&format!("cashuB{}", base64(&bytes)));
        let _ = Token::decode(&format!("cashuA{}", base64(text.as_bytes())));
    }

    #[test]
    fn tokens_with_bytes_changed(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..5)) {
        let text = token().encode();
        let mut cbor = unbase64(&text["cashuB".len()..]);
        for (at, byte) in changes {
            let at = at % cbor.len();
            cbor[at] = byte;
        }
        if let Ok(read) = Token::decode(&format!("cashuB{}", base64(&cbor))) {
            let again = Token::decode(&read.encode());
            prop_assert_eq!(again.map(|t| t.proofs.len()), Ok(read.proofs.len()));
            let _ = (read.to_string(), format!("{read:?}"));
        }
    }

    #[test]
    fn bodies_of_any_bytes(bytes in any::<Vec<u8>>(), text in any::<String>()) {
        read_as_everything(&bytes);
        read_as_everything(text.as_bytes());
    }

    #[test]
    fn bodies_with_bytes_changed(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..5)) {
        let mut text = SWAP.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at % text.len();
            text[at] = byte;
        }
        read_as_everything(&text);
    }

    #[test]
    fn locks_of_any_text(text in any::<String>(), witness in any::<Option<String>>(), now in any::<u64>()) {
        for text in [text.clone(), format!("[{text}"), format!("[\"P2PK\",{text}")] {
            let secret = Secret::new(text);
            let _ = conditions::parse(SuiteId::Ristretto255, &secret);
            let _ = Witness::parse(witness.as_deref());
            let mut proof = token().proofs.remove(0).proof;
            proof.secret = secret;
            proof.witness = witness.clone();
            let _ = check_all(&[proof.clone(), proof], &[], Aggregation::Swap, now);
        }
    }

    #[test]
    fn locks_that_look_like_locks(text in lock_like(), now in any::<u64>()) {
        let lock = conditions::parse(SuiteId::Ristretto255, &Secret::new(text.clone()));
        // What says it is a lock is one, or nobody can spend it: it never passes for plain.
        if text.starts_with("[\"XYZ\"") {
            prop_assert_eq!(lock, Ok(None));
        } else {
            prop_assert_ne!(lock, Ok(None));
        }
        let mut proof = token().proofs.remove(0).proof;
        proof.secret = Secret::new(text);
        let _ = check_all(&[proof], &[], Aggregation::Swap, now);
    }

    #[test]
    fn points_and_scalars_of_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
        have_one_encoding::<Ristretto255>(&bytes);
        have_one_encoding::<Secp256k1>(&bytes);
        let _ = KeysetId::from_bytes(&bytes);
    }

    #[test]
    fn points_of_any_x(x in any::<[u8; 32]>(), first in 2u8..4) {
        let bytes = [&[first][..], &x].concat();
        have_one_encoding::<Secp256k1>(&bytes);
        let taken = Secp256k1::lock_key(&bytes);
        prop_assert!(taken.is_err() || taken == Ok(x));
    }

    #[test]
    fn tokens_are_read_as_they_were_written(
        amounts in prop::collection::vec(0u64..1 << 50, 1..8),
        secret in any::<String>(),
        memo in any::<Option<String>>(),
        unit in any::<String>(),
    ) {
        let mut written = token();
        let template = written.proofs[0].clone();
        written.memo = memo;
        written.unit = unit;
        written.proofs = amounts.iter().map(|&amount| {
            let mut entry = template.clone();
            entry.proof.amount = amount;
            entry.proof.secret = Secret::new(secret.clone());
            entry.proof.id = entry.proof.id.short();
            entry
        }).collect();
        prop_assert_eq!(Token::decode(&written.encode()), Ok(written));
    }
}

/// A point or scalar that decodes has one encoding alone.
fn have_one_encoding<S: Suite>(bytes: &[u8]) {
    if let Ok(encoded) = EncodedPoint::from_bytes(bytes)
        && let Ok(point) = S::decode_point(&encoded)
    {
        assert_eq!(S::encode_point(&point), encoded);
    }
    if let Ok(encoded) = EncodedScalar::from_bytes(bytes)
        && let Ok(r) = S::decode_blinding(&encoded)
    {
        assert!(S::encode_blinding(&r) == encoded);
    }
    let _ = S::lock_key(bytes);
}
