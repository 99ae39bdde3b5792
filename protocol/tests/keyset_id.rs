//! Keyset ids, against values computed elsewhere.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use farthing_protocol::suite::{Ristretto255, Secp256k1};
use farthing_protocol::{EncodedPoint, KeysetId, KeysetInfo, PublicKeys};

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

#[test]
fn no_keyset_of_one_suite_passes_for_one_of_another() {
    let native = KeysetId::derive::<Ristretto255>(&ristretto_keys(), "credit", 0, None);
    let cashu = KeysetId::derive::<Secp256k1>(&ristretto_keys(), "credit", 0, None);
    assert_eq!((native.version(), cashu.version()), (0x52, 0x01));
    assert_ne!(native.as_bytes()[1..], cashu.as_bytes()[1..]);
}
