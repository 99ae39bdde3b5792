//! Tokens and payment requests in which an array stands where a map belongs: each is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value;
use farthing_protocol::Token;
use farthing_protocol::payment::PaymentRequest;

/// `value` with its map number `index`, counted from outside in, as an array of the map's values in their order.
fn with_array(value: &Value, index: &mut usize) -> Value {
    match value {
        Value::Map(entries) if *index == 0 => {
            *index = usize::MAX;
            Value::Array(entries.iter().map(|(_, value)| value.clone()).collect())
        }
        Value::Map(entries) => {
            *index -= 1;
            let entries = entries.iter();
            Value::Map(
                entries
                    .map(|(key, value)| (key.clone(), with_array(value, index)))
                    .collect(),
            )
        }
        Value::Array(values) => Value::Array(
            values
                .iter()
                .map(|value| with_array(value, index))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Returns how many maps there are in a value.
fn maps(value: &Value) -> usize {
    match value {
        Value::Map(entries) => 1 + entries.iter().map(|(_, value)| maps(value)).sum::<usize>(),
        Value::Array(values) => values.iter().map(maps).sum(),
        _ => 0,
    }
}

/// Asserts that `reads` takes `text`, and refuses it with any of its maps as an array. Returns the number of maps.
fn is_strict(text: &str, prefix: &str, reads: impl Fn(&str) -> bool) -> usize {
    // The vectors are in either alphabet.
    let base64 = text.strip_prefix(prefix).unwrap().trim_end_matches('=');
    let base64 = base64.replace('+', "-").replace('/', "_");
    let cbor = URL_SAFE_NO_PAD.decode(base64).unwrap();
    let value: Value = ciborium::from_reader(cbor.as_slice()).unwrap();
    let encoded = |value: &Value| {
        let mut cbor = Vec::new();
        ciborium::into_writer(value, &mut cbor).unwrap();
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(cbor))
    };
    assert!(reads(&encoded(&value)), "{value:?}");
    let maps = maps(&value);
    for index in 0..maps {
        let changed = with_array(&value, &mut { index });
        assert_ne!(changed, value);
        assert!(!reads(&encoded(&changed)), "{changed:?}");
    }
    maps
}

#[test]
fn a_tokens_maps_are_no_arrays() {
    // NUT-00's token of two keysets and three proofs.
    let text = "cashuBo2F0gqJhaUgA_9SLj17PgGFwgaNhYQFhc3hAYWNjMTI0MzVlN2I4NDg0YzNjZjE4NTAxNDkyMThhZjkwZjcxNmE1MmJmNGE1ZWQzNDdlNDhlY2MxM2Y3NzM4OGFjWCECRFODGd5IXVW-07KaZCvuWHk3WrnnpiDhHki6SCQh88-iYWlIAK0mjE0fWCZhcIKjYWECYXN4QDEzMjNkM2Q0NzA3YTU4YWQyZTIzYWRhNGU5ZjFmNDlmNWE1YjRhYzdiNzA4ZWIwZDYxZjczOGY0ODMwN2U4ZWVhY1ghAjRWqhENhLSsdHrr2Cw7AFrKUL9Ffr1XN6RBT6w659lNo2FhAWFzeEA1NmJjYmNiYjdjYzY0MDZiM2ZhNWQ1N2QyMTc0ZjRlZmY4YjQ0MDJiMTc2OTI2ZDNhNTdkM2MzZGNiYjU5ZDU3YWNYIQJzEpxXGeWZN5qXSmJjY8MzxWyvwObQGr5G1YCCgHicY2FtdWh0dHA6Ly9sb2NhbGhvc3Q6MzMzOGF1Y3NhdA==";
    let maps = is_strict(text, "cashuB", |text| Token::decode(text).is_ok());
    assert_eq!(maps, 6, "the token, two keysets, three proofs");
}

#[test]
fn a_payment_requests_maps_are_no_arrays() {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("vectors/payment_requests.json")).unwrap();
    let texts = all["NUT-18"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vector| vector["text"].as_str().unwrap());
    let maps =
        texts.map(|text| is_strict(text, "creqA", |text| PaymentRequest::decode(text).is_ok()));
    assert!(maps.sum::<usize>() > 6);
}
