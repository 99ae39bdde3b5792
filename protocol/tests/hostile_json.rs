//! Bodies that are not what they should be: each is refused, and never by a panic.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::fmt::Debug;

use farthing_protocol::api::*;
use farthing_protocol::{
    BlindedMessage, DecodeError, EncodedPoint, EncodedScalar, KeysetId, Proof, PublicKeys,
};
use serde::de::DeserializeOwned;

const ID: &str = "522fa4cdcb81e9f67f67ead8f589fa3cc2b52becc01ce688838918dbfb44d93f76";
const POINT: &str = "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e";

fn proof() -> String {
    format!(r#"{{"amount":4,"id":"{ID}","secret":"s","C":"{POINT}"}}"#)
}

fn output() -> String {
    format!(r#"{{"amount":4,"id":"{ID}","B_":"{POINT}"}}"#)
}

fn swap() -> String {
    format!(r#"{{"inputs":[{}],"outputs":[{}]}}"#, proof(), output())
}

fn accepts<T: DeserializeOwned + Debug>(text: &str) {
    let read = serde_json::from_str::<T>(text);
    assert!(read.is_ok(), "{text}: {read:?}");
}

fn refuses<T: DeserializeOwned + Debug>(text: &str) {
    let read = serde_json::from_str::<T>(text);
    assert!(read.is_err(), "{text}: {read:?}");
}

/// Replaces one field's value; the text must have it.
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} in {text}");
    text.replacen(from, to, 1)
}

#[test]
fn amounts_that_are_no_amounts() {
    for good in ["0", "1", "18446744073709551615"] {
        accepts::<Proof>(&with(&proof(), ":4,", &format!(":{good},")));
        accepts::<BlindedMessage>(&with(&output(), ":4,", &format!(":{good},")));
    }
    for bad in [
        "-1",
        "-0.0",
        "1.0",
        "1.5",
        "1e2",
        "18446744073709551616",
        "1e400",
        "99999999999999999999999999999999999999999",
        "\"4\"",
        "null",
        "true",
        "[4]",
        "{}",
        "04",
        "0x4",
        "+4",
        "NaN",
        "",
    ] {
        refuses::<Proof>(&with(&proof(), ":4,", &format!(":{bad},")));
        refuses::<BlindedMessage>(&with(&output(), ":4,", &format!(":{bad},")));
    }
}

#[test]
fn hex_that_is_odd_or_no_hex() {
    for bad in [
        &POINT[1..],
        &format!("{POINT}0"),
        &with(POINT, "c8", "zz"),
        &with(POINT, "c8", " 8"),
        &with(POINT, "c8", "0x"),
        // One letter of two bytes: as many bytes as the right text.
        &with(POINT, "c8", "é"),
    ] {
        let error = EncodedPoint::from_hex(bad);
        assert_eq!(error, Err(DecodeError::Hex { what: "point" }), "{bad}");
        refuses::<BlindedMessage>(&with(&output(), POINT, bad));
        refuses::<Proof>(&with(&proof(), POINT, bad));
    }
    let error = EncodedScalar::from_hex(&"g0".repeat(32));
    assert_eq!(error, Err(DecodeError::Hex { what: "scalar" }));
}

#[test]
fn points_of_other_lengths() {
    for len in [32, 33] {
        accepts::<BlindedMessage>(&with(&output(), POINT, &"02".repeat(len)));
    }
    for len in [0, 1, 31, 34, 64, 65, 100_000] {
        let hex = "02".repeat(len);
        let error = EncodedPoint::from_hex(&hex);
        assert!(matches!(error, Err(DecodeError::Length { .. })), "{len}");
        refuses::<BlindedMessage>(&with(&output(), POINT, &hex));
    }
    for len in [0, 31, 33] {
        let error = EncodedScalar::from_hex(&"02".repeat(len));
        assert!(matches!(error, Err(DecodeError::Length { .. })), "{len}");
    }
}

#[test]
fn upper_case_hex_is_read_and_written_in_lower_case() {
    let upper = with(&output(), POINT, &POINT.to_uppercase());
    let upper = with(&upper, ID, &ID.to_uppercase());
    let read: BlindedMessage = serde_json::from_str(&upper).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), output());
}

#[test]
fn ids_of_other_lengths() {
    accepts::<BlindedMessage>(&with(&output(), ID, "00ad268c4d1f5826"));
    for bad in ["", "52", &ID[2..], &ID[1..], &format!("{ID}00"), "zz"] {
        assert!(KeysetId::from_hex(bad).is_err(), "{bad}");
        refuses::<BlindedMessage>(&with(&output(), ID, bad));
    }
}

#[test]
fn points_of_other_types() {
    let quoted = format!("\"{POINT}\"");
    for bad in ["null", "1", "[]", "[200,3]", "{}", "true"] {
        refuses::<BlindedMessage>(&with(&output(), &quoted, bad));
        refuses::<CheckStateRequest>(&format!(r#"{{"Ys":[{bad}]}}"#));
    }
}

#[test]
fn secrets_of_other_types() {
    for bad in ["null", "1", "[\"P2PK\",{}]", "{}", "\"\\ud800\"", "\"\n\""] {
        refuses::<Proof>(&with(&proof(), "\"s\"", bad));
    }
}

#[test]
fn missing_fields() {
    accepts::<Proof>(&proof());
    for field in ["amount", "id", "secret", "C"] {
        refuses::<Proof>(&without(&proof(), field));
    }
    for field in ["amount", "id", "B_"] {
        refuses::<BlindedMessage>(&without(&output(), field));
    }
    for field in ["inputs", "outputs"] {
        refuses::<SwapRequest>(&without(&swap(), field));
    }
    refuses::<RedeemRequest>(&without(&swap(), "inputs"));
    refuses::<WithdrawRequest>("{}");
    refuses::<CheckStateRequest>("{}");
    refuses::<CheckStateRequest>(r#"{"ys":[]}"#);
    refuses::<RestoreRequest>("{}");
}

fn without(text: &str, field: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
    let removed = value.as_object_mut().unwrap().remove(field);
    assert!(removed.is_some(), "{field}");
    value.to_string()
}

#[test]
fn references_of_other_forms() {
    let with_reference = |value: &str| with(&swap(), "{", &format!(r#"{{"reference":{value},"#));
    let good = "a7".repeat(32);
    accepts::<RedeemRequest>(&with_reference(&format!("\"{good}\"")));
    accepts::<RedeemRequest>(&with_reference(&format!("\"{}\"", good.to_uppercase())));
    accepts::<RedeemRequest>(&with_reference("null"));
    for bad in [
        "",
        "a7",
        &good[2..],
        &good[1..],
        &format!("{good}a7"),
        "an order",
    ] {
        refuses::<RedeemRequest>(&with_reference(&format!("\"{bad}\"")));
    }
    for bad in ["7", "true", "[]", "{}"] {
        refuses::<RedeemRequest>(&with_reference(bad));
    }
    // Nothing but a redemption has one.
    refuses::<SwapRequest>(&with_reference(&format!("\"{good}\"")));
}

#[test]
fn unknown_fields() {
    let add = |text: &str| with(text, "{", r#"{"more":1,"#);
    refuses::<Proof>(&add(&proof()));
    refuses::<BlindedMessage>(&add(&output()));
    refuses::<SwapRequest>(&add(&swap()));
    refuses::<RedeemRequest>(&add(&swap()));
    refuses::<SwapRequest>(&with(&swap(), "[{", r#"[{"more":1,"#));
    refuses::<WithdrawRequest>(r#"{"outputs":[],"inputs":[]}"#);
    refuses::<CheckStateRequest>(r#"{"Ys":[],"more":1}"#);
    refuses::<RestoreRequest>(r#"{"outputs":[],"more":1}"#);
}

/// A blinding factor tells the mint which signature a token came from: a wallet that sends it by
/// mistake must hear of it.
#[test]
fn a_dleq_in_an_input() {
    let zero = "00".repeat(32);
    let dleq = format!(r#""dleq":{{"e":"{zero}","s":"{zero}","r":"{zero}"}}"#);
    refuses::<Proof>(&with(&proof(), "{", &format!("{{{dleq},")));
    refuses::<SwapRequest>(&with(&swap(), "[{", &format!("[{{{dleq},")));
    refuses::<Proof>(&with(&proof(), "{", r#"{"dleq":null,"#));
}

#[test]
fn the_same_field_twice() {
    refuses::<Proof>(&with(&proof(), "{", r#"{"amount":4,"#));
    refuses::<Proof>(&with(&proof(), "{", r#"{"secret":"s","#));
    refuses::<BlindedMessage>(&with(&output(), "{", r#"{"amount":4,"#));
    refuses::<SwapRequest>(&with(&swap(), "{", r#"{"inputs":[],"#));
    refuses::<RedeemRequest>(&with(&swap(), "{", r#"{"outputs":[],"#));
    refuses::<CheckStateRequest>(r#"{"Ys":[],"Ys":[]}"#);
}

#[test]
fn json_cut_off_anywhere_or_followed_by_more() {
    let text = swap();
    accepts::<SwapRequest>(&text);
    for len in 0..text.len() {
        refuses::<SwapRequest>(&text[..len]);
    }
    for more in ["x", "{}", "\0", ",", &text] {
        refuses::<SwapRequest>(&format!("{text}{more}"));
    }
    accepts::<SwapRequest>(&format!(" {text}\n"));
}

#[test]
fn bytes_that_are_not_utf_8() {
    let text = swap();
    let at = text.find(r#""s""#).unwrap() + 1;
    let mut bytes = text.into_bytes();
    for bad in [0x80, 0xff, 0xc0] {
        bytes[at] = bad;
        assert!(serde_json::from_slice::<SwapRequest>(&bytes).is_err());
    }
}

#[test]
fn deep_nesting() {
    let deep = "[".repeat(1 << 20);
    refuses::<SwapRequest>(&deep);
    refuses::<SwapRequest>(&format!(r#"{{"inputs":{deep}"#));
    refuses::<SwapRequest>(&"{\"inputs\":".repeat(100_000));
}

#[test]
fn a_witness_that_is_no_text() {
    let add = |witness: &str| with(&proof(), "{", &format!(r#"{{"witness":{witness},"#));
    accepts::<Proof>(&add(r#""{}""#));
    accepts::<Proof>(&add("null"));
    for bad in ["1", "{}", "[]", r#"{"signatures":[]}"#] {
        refuses::<Proof>(&add(bad));
    }
}

#[test]
fn keys_under_what_is_no_amount() {
    accepts::<PublicKeys>(&format!(r#"{{"1":"{POINT}"}}"#));
    for bad in ["-1", "1.0", "", "x", "18446744073709551616", " 1", "01"] {
        refuses::<PublicKeys>(&format!(r#"{{"{bad}":"{POINT}"}}"#));
    }
    refuses::<PublicKeys>(r#"{"1":"00"}"#);
    refuses::<PublicKeys>("[]");
}

#[test]
fn errors_of_decoding_repeat_nothing_of_what_was_sent() {
    let marked = "5ec2e75ec2e7";
    for error in [
        EncodedPoint::from_hex(marked).unwrap_err(),
        EncodedPoint::from_hex(&marked.replace('5', "x").repeat(5)).unwrap_err(),
        EncodedScalar::from_hex(marked).unwrap_err(),
        KeysetId::from_hex(marked).unwrap_err(),
    ] {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("ec2e7"), "{shown}");
    }
}
