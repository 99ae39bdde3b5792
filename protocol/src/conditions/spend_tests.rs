//! NUT-11 and NUT-14, rule by rule.

use ed25519_dalek::{Signer, SigningKey};

use super::*;
use crate::{EncodedPoint, KeysetId, Secret};

/// An unimportant time before any locktime here.
const NOW: u64 = 1_000;
const LOCKTIME: u64 = 2_000;
const PREIMAGE: [u8; 32] = {
    let mut preimage = [0; 32];
    preimage[31] = 1;
    preimage
};
/// NUT-14's example: the SHA-256 hash of [`PREIMAGE`].
const HASH: &str = "ec4916dd28fc4c10d78e287ca5d9cc51ee1ae73cbfde08c6b37324cbfaac8bc5";

fn signer(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

fn key(n: u8) -> String {
    hex::encode(signer(n).verifying_key().as_bytes())
}

fn sign(n: u8, message: &str) -> String {
    hex::encode(signer(n).sign(&Sha256::digest(message)).to_bytes())
}

/// A lock's secret; `tags` is the inside of the JSON array.
fn lock(kind: &str, data: &str, tags: &str) -> String {
    format!(r#"["{kind}",{{"nonce":"00","data":"{data}","tags":[{tags}]}}]"#)
}

fn p2pk(tags: &str) -> String {
    lock("P2PK", &key(1), tags)
}

fn input(secret: &str, witness: Option<Witness>) -> Proof {
    Proof {
        amount: 1,
        id: KeysetId::from_bytes(&[0x52; 33]).unwrap(),
        secret: Secret::new(secret.to_owned()),
        c: EncodedPoint::from([7; 32]),
        witness: witness.map(|w| w.to_json()),
    }
}

fn signatures(signatures: &[String]) -> Option<Witness> {
    Some(Witness {
        preimage: None,
        signatures: signatures.to_vec(),
    })
}

/// Spends one input whose witness has signatures by `signers` on its secret.
fn spend_at(now: u64, secret: &str, signers: &[u8]) -> Result<(), LockError> {
    let signed: Vec<String> = signers.iter().map(|n| sign(*n, secret)).collect();
    let inputs = [input(secret, signatures(&signed))];
    check_all(&inputs, &[], Aggregation::Swap, now).map(drop)
}

fn spend(secret: &str, signers: &[u8]) -> Result<(), LockError> {
    spend_at(NOW, secret, signers)
}

/// Spends one input with a witness of any text, or none.
fn spend_with(secret: &str, witness: Option<&str>) -> Result<(), LockError> {
    let mut input = input(secret, None);
    input.witness = witness.map(str::to_owned);
    check_all(&[input], &[], Aggregation::Swap, NOW).map(drop)
}

/// Nobody can spend it: not with every signature there is, and not after the locktime either.
fn is_malformed(secret: &str) {
    for now in [NOW, u64::MAX] {
        let result = spend_at(now, secret, &[1, 2, 3]);
        assert!(
            matches!(result, Err(LockError::Malformed(_))),
            "{secret}: {result:?}"
        );
    }
}

mod plain {
    use super::*;

    #[test]
    fn secrets_that_are_no_locks_need_no_witness() {
        for secret in [
            "",
            &"ab".repeat(32),
            "[",
            "[]",
            "[P2PK",
            "{\"P2PK\":{}}",
            "\"P2PK\"",
            "P2PK",
            r#"[{"P2PK":1}]"#,
            r#"[1,"P2PK"]"#,
        ] {
            assert_eq!(spend_with(secret, None), Ok(()), "{secret}");
            assert_eq!(spend_with(secret, Some("nonsense")), Ok(()), "{secret}");
        }
    }

    #[test]
    fn kinds_that_are_not_known_are_plain() {
        for kind in ["P2PKX", "p2pk", "HTLC2", "DLC", "", "P2SH"] {
            let secret = lock(kind, &key(1), r#"["n_sigs","9"]"#);
            assert_eq!(spend_with(&secret, None), Ok(()), "{kind}");
        }
    }
}

mod basic {
    use super::*;

    #[test]
    fn the_holder_of_the_key_spends_and_nobody_else() {
        let secret = p2pk("");
        assert_eq!(spend(&secret, &[1]), Ok(()));
        assert_eq!(spend(&secret, &[2]), Err(LockError::Signatures));
        assert_eq!(spend(&secret, &[]), Err(LockError::Signatures));
    }

    #[test]
    fn the_secret_that_wallets_write_is_such_a_lock() {
        let holder = signer(1).verifying_key();
        let secret = Lock::p2pk_secret(holder.as_bytes(), &Secret::new("aa".repeat(32)));
        let expected = format!(
            r#"["P2PK",{{"nonce":"{}","data":"{}","tags":[["sigflag","SIG_INPUTS"]]}}]"#,
            "aa".repeat(32),
            key(1)
        );
        assert_eq!(secret.expose(), expected);
        assert_eq!(spend(secret.expose(), &[1]), Ok(()));
        assert_eq!(spend(secret.expose(), &[2]), Err(LockError::Signatures));
    }

    #[test]
    fn tags_may_be_missing() {
        let secret = format!(r#"["P2PK",{{"nonce":"00","data":"{}"}}]"#, key(1));
        assert_eq!(spend(&secret, &[1]), Ok(()));
        assert_eq!(spend(&secret, &[2]), Err(LockError::Signatures));
    }

    #[test]
    fn a_missing_witness_opens_nothing() {
        let secret = p2pk("");
        assert_eq!(spend_with(&secret, None), Err(LockError::Signatures));
        assert_eq!(spend_with(&secret, Some("{}")), Err(LockError::Signatures));
    }

    #[test]
    fn a_witness_that_is_not_one_is_refused() {
        let secret = p2pk("");
        let good = sign(1, &secret);
        let with = |text: &str| spend_with(&secret, Some(text));
        assert_eq!(with(&format!(r#"{{"signatures":["{good}"]}}"#)), Ok(()));
        for witness in [
            String::new(),
            "null".to_owned(),
            "[1]".to_owned(),
            r#"{"signatures":"#.to_owned(),
            format!(r#"{{"signatures":"{good}"}}"#),
            r#"{"signatures":[1]}"#.to_owned(),
            format!(r#"{{"signatures":["{}"]}}"#, &good[1..]),
            format!(r#"{{"signatures":["{}"]}}"#, &good[2..]),
            format!(r#"{{"signatures":["{good}00"]}}"#),
            format!(r#"{{"signatures":["zz{}"]}}"#, &good[2..]),
            format!(r#"{{"signatures":["{good}"],"signatures":["{good}"]}}"#),
        ] {
            assert_eq!(with(&witness), Err(LockError::Witness), "{witness}");
        }
    }

    #[test]
    fn the_signature_is_on_this_secret_and_no_other_text() {
        let secret = p2pk("");
        for message in [
            p2pk(r#"["sigflag","SIG_INPUTS"]"#),
            secret.replace("\"00\"", "\"01\""),
            format!("{secret} "),
            secret.replace('"', "\\\""),
        ] {
            let witness = signatures(&[sign(1, &message)]);
            let result = check_all(&[input(&secret, witness)], &[], Aggregation::Swap, NOW);
            assert_eq!(result, Err(LockError::Signatures), "{message}");
        }
        // Nor on the unhashed text.
        let raw = hex::encode(signer(1).sign(secret.as_bytes()).to_bytes());
        let result = check_all(
            &[input(&secret, signatures(&[raw]))],
            &[],
            Aggregation::Swap,
            NOW,
        );
        assert_eq!(result, Err(LockError::Signatures));
    }

    #[test]
    fn each_input_needs_its_own_witness() {
        let (one, two) = (p2pk(""), lock("P2PK", &key(2), ""));
        let first = input(&one, signatures(&[sign(1, &one)]));
        let second = input(&two, signatures(&[sign(2, &two)]));
        let check = |inputs: &[Proof]| check_all(inputs, &[], Aggregation::Swap, NOW).map(drop);
        assert_eq!(check(&[first.clone(), second]), Ok(()));
        let bare = input(&two, None);
        let both = check(&[first.clone(), bare.clone()]);
        assert_eq!(both, Err(LockError::Signatures));
        assert_eq!(check(&[bare, first.clone()]), Err(LockError::Signatures));
        // A plain secret beside it is no hindrance.
        assert_eq!(check(&[input("plain", None), first]), Ok(()));
        assert_eq!(check(&[]), Ok(()));
    }
}

#[path = "spend_multisig_tests.rs"]
mod multisig;

mod malformed {
    use super::*;

    #[test]
    fn a_lock_that_does_not_parse_is_not_a_plain_secret() {
        let good = p2pk("");
        for secret in [
            r#"["P2PK"]"#.to_owned(),
            r#"["P2PK",null]"#.to_owned(),
            r#"["P2PK","x"]"#.to_owned(),
            r#"["P2PK",{}]"#.to_owned(),
            r#"["HTLC",{}]"#.to_owned(),
            good[..good.len() - 1].to_owned(),
            format!("{good} x"),
            good.replace("]}]", "]},1]"),
            good.replace("]}]", r#"],"tags":[]}]"#),
            good.replace("\"nonce\"", &format!("\"data\":\"{}\",\"nonce\"", key(2))),
            good.replace("\"00\"", "0"),
            good.replace("\"00\"", "\"\\ud800\""),
            good.replace("\"nonce\":\"00\",", ""),
            good.replace("\"tags\":[]", "\"tags\":null"),
            good.replace("\"tags\":[]", "\"tags\":{}"),
            good.replace("\"tags\":[]", "\"tags\":[\"n_sigs\"]"),
            good.replace("\"P2PK\"", "\"P2\\u0050K\"")
                .replace("]}]", "]},1]"),
            format!("\u{a0}{good}"),
        ] {
            is_malformed(&secret);
        }
    }

    #[test]
    fn white_space_escapes_and_unknown_fields_do_not_unlock() {
        let good = p2pk("");
        for secret in [
            format!(" {good}\n"),
            good.replace(',', " , "),
            good.replace("\"P2PK\"", "\"P2\\u0050K\""),
            good.replace("\"nonce\"", "\"more\":[1e999,{}],\"nonce\""),
        ] {
            assert_eq!(spend(&secret, &[1]), Ok(()), "{secret}");
            assert_eq!(spend(&secret, &[2]), Err(LockError::Signatures));
        }
    }

    #[test]
    fn nesting_of_any_depth_neither_unlocks_nor_exhausts_the_stack() {
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        let hidden = p2pk("").replace("\"nonce\"", &format!("\"more\":{deep},\"nonce\""));
        assert_eq!(spend(&hidden, &[1]), Ok(()));
        assert_eq!(spend(&hidden, &[2]), Err(LockError::Signatures));
        is_malformed(&p2pk(&deep));
        assert_eq!(spend_with(&deep, None), Ok(()));
    }

    #[test]
    fn a_known_tag_twice() {
        for tag in [
            r#"["sigflag","SIG_INPUTS"]"#.to_owned(),
            r#"["n_sigs","1"]"#.to_owned(),
            r#"["locktime","1"]"#.to_owned(),
            format!(r#"["pubkeys","{}"]"#, key(2)),
            format!(r#"["refund","{}"]"#, key(2)),
        ] {
            assert_eq!(spend(&p2pk(&tag), &[1]), Ok(()), "{tag}");
            is_malformed(&p2pk(&format!("{tag},{tag}")));
        }
        let refund = format!(r#"["refund","{}"]"#, key(2));
        let threshold = r#"["n_sigs_refund","1"]"#;
        assert_eq!(spend(&p2pk(&format!("{refund},{threshold}")), &[1]), Ok(()));
        is_malformed(&p2pk(&format!("{refund},{threshold},{threshold}")));
    }

    #[test]
    fn unknown_tags_are_skipped_also_twice() {
        let secret = p2pk(r#"["memo","a"],["memo","b"],["flag"]"#);
        assert_eq!(spend(&secret, &[1]), Ok(()));
        assert_eq!(spend(&secret, &[2]), Err(LockError::Signatures));
    }

    #[test]
    fn empty_tags_and_values() {
        is_malformed(&p2pk("[]"));
        is_malformed(&p2pk(r#"["locktime",""]"#));
        is_malformed(&p2pk(r#"["memo",""]"#));
        for tag in ["sigflag", "pubkeys", "n_sigs", "locktime", "refund"] {
            is_malformed(&p2pk(&format!(r#"["{tag}"]"#)));
        }
    }

    #[test]
    fn a_sigflag_that_is_not_known() {
        assert_eq!(spend(&p2pk(r#"["sigflag","SIG_INPUTS"]"#), &[1]), Ok(()));
        for flag in ["SIG_OUTPUTS", "sig_all", "SIG_ALL "] {
            is_malformed(&p2pk(&format!(r#"["sigflag","{flag}"]"#)));
        }
    }

    #[test]
    fn one_malformed_input_refuses_them_all() {
        let good = p2pk("");
        let inputs = [
            input(&good, signatures(&[sign(1, &good)])),
            input(&p2pk("[]"), None),
        ];
        let result = check_all(&inputs, &[], Aggregation::Swap, NOW);
        assert_eq!(result, Err(LockError::Malformed("an empty tag")));
    }
}

#[path = "spend_keys_tests.rs"]
mod keys;

#[path = "spend_locktime_tests.rs"]
mod locktime;

#[path = "spend_sig_all_tests.rs"]
mod sig_all;

#[path = "spend_htlc_tests.rs"]
mod htlc;

#[path = "spend_suites_tests.rs"]
mod suites;

#[test]
fn nothing_of_a_witness_or_a_secret_is_shown() {
    let preimage = hex::encode(PREIMAGE);
    let signature = sign(1, "x");
    let witness = Witness {
        preimage: Some(preimage.clone()),
        signatures: vec![signature.clone()],
    };
    let secret = lock("HTLC", HASH, "").replace("\"00\"", "\"5ec2e7\"");
    let proof = input(&secret, Some(witness.clone()));
    let parsed = parse(SuiteId::Ristretto255, &proof.secret);
    let spend = check_all(std::slice::from_ref(&proof), &[], Aggregation::Swap, NOW);
    let shown = format!("{witness:?} {proof:?} {parsed:?} {spend:?} {:?}", spend);
    for hidden in [&preimage, &signature, "5ec2e7", &format!("{PREIMAGE:?}")] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}
