//! Keyset ids, against values computed elsewhere.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use farthing_protocol::suite::{Ristretto255, Suite, VerifyError};
use farthing_protocol::{
    DecodeError, Dleq, EncodedPoint, EncodedScalar, KeysetId, KeysetInfo, PublicKeys,
};

fn keys(keys: &[(u64, &str)]) -> PublicKeys {
    let decode = |&(amount, key): &(u64, &str)| (amount, EncodedPoint::from_hex(key).unwrap());
    keys.iter().map(decode).collect()
}

/// Not in the order of amounts, and 16 comes before 2 as text.
fn ristretto_keys() -> PublicKeys {
    keys(&[
        (
            16,
            "cc0b2a350101881d8a4cba4c80241d74fb7dcbfde4a61fde2f91443c2bf9ef0c",
        ),
        (
            1,
            "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e",
        ),
        (
            2,
            "863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945",
        ),
    ])
}

fn derive(unit: &str, fee: u64, expiry: Option<u64>) -> String {
    KeysetId::derive::<Ristretto255>(&ristretto_keys(), unit, fee, expiry).to_string()
}

/// Expected values by Python: `"52" + sha256(preimage).hexdigest()`, the preimage being the amounts in
/// numeric order as `1:c803…,2:863f…,16:cc0b…`, then `|unit:credit`, then where given
/// `|input_fee_ppk:100` and `|final_expiry:2059210353`, then `|suite:ristretto255-SHA512`.
#[test]
fn a_native_id_commits_to_keys_and_terms() {
    assert_eq!(
        derive("credit", 0, None),
        "522fa4cdcb81e9f67f67ead8f589fa3cc2b52becc01ce688838918dbfb44d93f76"
    );
    assert_eq!(
        derive("credit", 100, None),
        "52d300388e382acbddf338452f31b8697e4203bfbf2e38160c802ea48d57aef54b"
    );
    assert_eq!(
        derive("credit", 0, Some(2059210353)),
        "52cf5107abe0dab7021877df536295e96590e735d817f1471455cf4eea88fc53ef"
    );
    assert_eq!(
        derive("credit", 100, Some(2059210353)),
        "52f75772d289a7fc65f3d1c127ed2367fa79ac1437156be13a7dc320ce6f3e9402"
    );
}

#[test]
fn units_differ_by_their_letters_and_not_by_their_case() {
    assert_eq!(derive("Credit", 0, None), derive("credit", 0, None));
    assert_ne!(derive("sat", 0, None), derive("credit", 0, None));
}

#[test]
fn a_changed_or_missing_key_changes_the_id() {
    let full = derive("credit", 0, None);
    let fewer: PublicKeys = ristretto_keys()
        .iter()
        .filter(|(amount, _)| *amount != 16)
        .map(|(amount, key)| (amount, *key))
        .collect();
    let moved: PublicKeys = ristretto_keys()
        .iter()
        .map(|(amount, key)| (amount * 2, *key))
        .collect();
    for other in [fewer, moved] {
        let other = KeysetId::derive::<Ristretto255>(&other, "credit", 0, None);
        assert_ne!(other.to_string(), full);
    }
}

#[test]
fn ids_are_read_in_either_case_and_written_in_lower() {
    let id = derive("credit", 0, None);
    let text = format!(
        r#"{{"id":"{}","unit":"credit","active":true}}"#,
        id.to_uppercase()
    );
    let read: KeysetInfo = serde_json::from_str(&text).unwrap();
    assert_eq!(read.id.to_string(), id);
    assert_eq!(read.id.version(), 0x52);
    assert_eq!(read.id.short().to_string(), id[..16]);
}

/// NUT-02's own vectors (test vectors, "Version 2", vector 1): the same derivation without a suffix.
#[test]
fn without_the_suites_name_the_derivation_is_nut_02s() {
    let keys = keys(&[
        (
            1,
            "03a40f20667ed53513075dc51e715ff2046cad64eb68960632269ba7f0210e38bc",
        ),
        (
            2,
            "03fd4ce5a16b65576145949e6f99f445f8249fee17c606b688b504a849cdc452de",
        ),
        (
            4,
            "02648eccfa4c026960966276fa5a4cae46ce0fd432211a4f449bf84f13aa5f8303",
        ),
        (
            8,
            "02fdfd6796bfeac490cbee12f778f867f0a2c68f6508d17c649759ea0dc3547528",
        ),
    ]);
    let id = KeysetId::derive::<Cashu>(&keys, "sat", 100, Some(2059210353));
    assert_eq!(
        id.to_string(),
        "015ba18a8adcd02e715a58358eb618da4a4b3791151a4bee5e968bb88406ccf76a"
    );
    let native = KeysetId::derive::<Ristretto255>(&keys, "sat", 100, Some(2059210353));
    assert_ne!(native.as_bytes()[1..], id.as_bytes()[1..]);
}

/// The constants of Cashu's keysets, with a group that is never used.
struct Cashu;

impl Suite for Cashu {
    const NAME: &'static str = "secp256k1";
    const KEYSET_ID_VERSION: u8 = 0x01;
    const KEYSET_ID_SUFFIX: &'static str = "";
    const POINT_BYTES: usize = 33;
    type Point = ();
    type SecretKey = ();
    type Blinding = ();

    fn decode_point(_: &EncodedPoint) -> Result<(), DecodeError> {
        unreachable!()
    }
    fn encode_point((): &()) -> EncodedPoint {
        unreachable!()
    }
    fn hash_to_group(_: &[u8]) {}
    fn secret_key(_: &[u8; 64]) -> Option<()> {
        None
    }
    fn public_key((): &()) {}
    fn blinding(_: &[u8; 64]) -> Option<()> {
        None
    }
    fn decode_blinding(_: &EncodedScalar) -> Result<(), DecodeError> {
        unreachable!()
    }
    fn encode_blinding((): &()) -> EncodedScalar {
        unreachable!()
    }
    fn blind((): &(), (): &()) {}
    fn evaluate((): &(), (): &()) {}
    fn unblind((): &(), (): &(), (): &()) {}
    fn reblind((): &(), (): &(), (): &()) {}
    fn prove((): &(), (): &(), (): &()) -> Dleq {
        unreachable!()
    }
    fn verify_proof((): &(), (): &(), (): &(), _: &Dleq) -> Result<(), VerifyError> {
        unreachable!()
    }
    fn verify_token((): &(), (): &(), (): &()) -> bool {
        unreachable!()
    }
    fn lock_key(_: &[u8]) -> Result<[u8; 32], VerifyError> {
        unreachable!()
    }
    fn verify_signature(_: &[u8; 32], _: &[u8], _: &[u8; 64]) -> Result<(), VerifyError> {
        unreachable!()
    }
}
