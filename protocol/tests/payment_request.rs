//! Payment requests against the vectors of NUT-18 and NUT-26 (`tests/18-tests.md` and
//! `tests/26-test.md` there; the first of NUT-18 encodes the example of its text, and not the one
//! printed beside it).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use farthing_protocol::payment::{LockOption, PaymentError, PaymentRequest};
use serde_json::Value;

/// The vectors of one document: name, request, text.
fn vectors(nut: &str) -> Vec<(String, PaymentRequest, String)> {
    let all: Value = serde_json::from_str(include_str!("vectors/payment_requests.json")).unwrap();
    let of = |vector: &Value| {
        let text = |field: &str| vector[field].as_str().unwrap().to_owned();
        let request = serde_json::from_value(vector["request"].clone()).unwrap();
        (text("name"), request, text("text"))
    };
    all[nut].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn every_vector_of_nut_18_is_read() {
    let vectors = vectors("NUT-18");
    assert_eq!(vectors.len(), 6);
    for (name, request, text) in vectors {
        assert_eq!(PaymentRequest::decode(&text), Ok(request.clone()), "{name}");
        let written = request.encode();
        assert!(!written.contains(['+', '/', '=']), "{name}");
        assert_eq!(PaymentRequest::decode(&written), Ok(request), "{name}");
    }
}

#[test]
fn every_vector_of_nut_26_is_read_in_either_case() {
    let vectors = vectors("NUT-26");
    assert_eq!(vectors.len(), 16);
    for (name, request, text) in vectors {
        assert_eq!(PaymentRequest::decode(&text), Ok(request.clone()), "{name}");
        let lower = text.to_ascii_lowercase();
        assert_eq!(PaymentRequest::decode(&lower), Ok(request), "{name}");
    }
}

#[test]
fn the_prefix_counts_in_any_case_and_another_text_is_no_request() {
    let request = PaymentRequest {
        amount: Some(3),
        unit: Some("credit".to_owned()),
        mints: vec!["https://mint.example".to_owned()],
        lock: Some(LockOption {
            kind: "P2PK".to_owned(),
            data: "ab".repeat(32),
            tags: vec![],
        }),
        ..PaymentRequest::default()
    };
    let text = request.encode();
    assert!(text.starts_with("creqA"));
    let shouted = text.replacen("creqA", "CREQa", 1);
    assert_eq!(PaymentRequest::decode(&shouted), Ok(request));
    for other in ["", "creq", "creqC", "cashuBo2FteA", "lnbc1"] {
        let refused = PaymentRequest::decode(other);
        assert_eq!(refused, Err(PaymentError::Prefix("creqA")), "{other}");
    }
}

/// What a publisher asks whose mint has two APIs.
#[test]
fn several_mints_are_kept_in_their_order_and_no_transport_stays_none() {
    let mints = ["https://mint.example", "https://mint.example/cashu"];
    let request = PaymentRequest {
        amount: Some(3),
        unit: Some("sat".to_owned()),
        mints: mints.map(str::to_owned).to_vec(),
        ..PaymentRequest::default()
    };
    let read = PaymentRequest::decode(&request.encode()).unwrap();
    assert_eq!(read.mints, mints);
    assert_eq!(read.transports, []);
    assert_eq!(read, request);
}

#[test]
fn damaged_requests_are_refused() {
    let (_, _, a) = vectors("NUT-18").remove(2);
    let (_, _, b) = vectors("NUT-26").remove(2);
    let without_unit = PaymentRequest {
        amount: Some(1),
        ..PaymentRequest::default()
    };
    let cases = [
        a[..a.len() - 9].to_owned(),
        format!("{a}AAAA"),
        "creqA".to_owned(),
        without_unit.encode(),
        b[..b.len() - 1].to_owned(),
        b.replacen("QYQQ", "QYQP", 1),
        // One half in each case (BIP-173).
        b.replacen("CREQB", "creqb", 1),
        "CREQB1".to_owned(),
    ];
    for damaged in cases {
        let refused = PaymentRequest::decode(&damaged);
        assert_eq!(refused, Err(PaymentError::Damaged), "{damaged}");
    }
}
