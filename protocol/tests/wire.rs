//! Byte-exact snapshots of everything that travels, read and written.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::fmt::Debug;

use farthing_protocol::api::*;
use farthing_protocol::error_code::ErrorBody;
use farthing_protocol::{
    BlindSignature, BlindedMessage, Bundle, Dleq, EncodedPoint, EncodedScalar, ErrorCode, KeysetId,
    KeysetInfo, Proof, Reference, Secret,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

const ID: &str = "522fa4cdcb81e9f67f67ead8f589fa3cc2b52becc01ce688838918dbfb44d93f76";
const ID_2: &str = "52d300388e382acbddf338452f31b8697e4203bfbf2e38160c802ea48d57aef54b";
const POINT: &str = "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e";
const POINT_33: &str = "02c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e";

fn id(hex: &str) -> KeysetId {
    KeysetId::from_hex(hex).unwrap()
}

fn point(hex: &str) -> EncodedPoint {
    EncodedPoint::from_hex(hex).unwrap()
}

fn proof(amount: u64, witness: Option<&str>) -> Proof {
    Proof {
        amount,
        id: id(ID),
        secret: Secret::new("se\"cret".to_owned()),
        c: point(POINT),
        witness: witness.map(str::to_owned),
    }
}

fn output(amount: u64) -> BlindedMessage {
    BlindedMessage {
        amount,
        id: id(ID),
        b: point(POINT),
    }
}

fn signature(amount: u64) -> BlindSignature {
    BlindSignature {
        amount,
        id: id(ID),
        c: point(POINT),
        dleq: Dleq {
            e: EncodedScalar([1; 32]),
            s: EncodedScalar([0xab; 32]),
        },
    }
}

/// The value is written as `text` to the byte, and `text` is read as the value.
fn is_written_as<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, text: &str) {
    assert_eq!(serde_json::to_string(value).unwrap(), text);
    assert_eq!(&serde_json::from_str::<T>(text).unwrap(), value);
}

const PROOF_JSON: &str = concat!(
    r#"{"amount":4,"id":"522fa4cdcb81e9f67f67ead8f589fa3cc2b52becc01ce688838918dbfb44d93f76","#,
    r#""secret":"se\"cret","#,
    r#""C":"c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e"}"#
);
const OUTPUT_JSON: &str = concat!(
    r#"{"amount":4,"id":"522fa4cdcb81e9f67f67ead8f589fa3cc2b52becc01ce688838918dbfb44d93f76","#,
    r#""B_":"c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e"}"#
);
const SIGNATURE_JSON: &str = concat!(
    r#"{"amount":4,"id":"522fa4cdcb81e9f67f67ead8f589fa3cc2b52becc01ce688838918dbfb44d93f76","#,
    r#""C_":"c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e","#,
    r#""dleq":{"e":"0101010101010101010101010101010101010101010101010101010101010101","#,
    r#""s":"abababababababababababababababababababababababababababababababab"}}"#
);

#[test]
fn a_proof() {
    is_written_as(&proof(4, None), PROOF_JSON);
    is_written_as(
        &proof(u64::MAX, Some(r#"{"signatures":[]}"#)),
        concat!(
            r#"{"amount":18446744073709551615,"#,
            r#""id":"522fa4cdcb81e9f67f67ead8f589fa3cc2b52becc01ce688838918dbfb44d93f76","#,
            r#""secret":"se\"cret","#,
            r#""C":"c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e","#,
            r#""witness":"{\"signatures\":[]}"}"#
        ),
    );
}

#[test]
fn points_of_33_bytes_and_ids_of_8() {
    let output = BlindedMessage {
        amount: 0,
        id: id("00ad268c4d1f5826"),
        b: point(POINT_33),
    };
    let text = concat!(
        r#"{"amount":0,"id":"00ad268c4d1f5826","#,
        r#""B_":"02c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e"}"#
    );
    is_written_as(&output, text);
}

#[test]
fn a_swap() {
    let request = SwapRequest {
        inputs: vec![proof(4, None)],
        outputs: vec![output(4), output(4)],
    };
    let text = format!(r#"{{"inputs":[{PROOF_JSON}],"outputs":[{OUTPUT_JSON},{OUTPUT_JSON}]}}"#);
    is_written_as(&request, &text);
    let answer = Signatures {
        signatures: vec![signature(4)],
    };
    is_written_as(&answer, &format!(r#"{{"signatures":[{SIGNATURE_JSON}]}}"#));
}

#[test]
fn a_withdrawal() {
    let request = WithdrawRequest {
        outputs: vec![output(4)],
    };
    is_written_as(&request, &format!(r#"{{"outputs":[{OUTPUT_JSON}]}}"#));
}

#[test]
fn a_redemption_with_and_without_change() {
    let mut request = RedeemRequest {
        inputs: vec![proof(4, None)],
        outputs: vec![output(4)],
        reference: None,
    };
    let text = format!(r#"{{"inputs":[{PROOF_JSON}],"outputs":[{OUTPUT_JSON}]}}"#);
    is_written_as(&request, &text);
    request.outputs.clear();
    is_written_as(&request, &format!(r#"{{"inputs":[{PROOF_JSON}]}}"#));
    request.reference = Some(Reference([0xa7; 32]));
    let reference = "a7".repeat(32);
    let text = format!(r#"{{"inputs":[{PROOF_JSON}],"reference":"{reference}"}}"#);
    is_written_as(&request, &text);
    let answer = Redeemed {
        credited: 3,
        signatures: vec![],
    };
    is_written_as(&answer, r#"{"credited":3,"signatures":[]}"#);
}

#[test]
fn a_check_of_states() {
    let request = CheckStateRequest {
        ys: vec![point(POINT)],
    };
    is_written_as(&request, &format!(r#"{{"Ys":["{POINT}"]}}"#));
    let state = |state, witness: Option<&str>| ProofState {
        y: point(POINT),
        state,
        witness: witness.map(str::to_owned),
    };
    let answer = States {
        states: vec![
            state(State::Unspent, None),
            state(State::Pending, None),
            state(State::Spent, Some("{}")),
        ],
    };
    let text = format!(
        concat!(
            r#"{{"states":[{{"Y":"{p}","state":"UNSPENT","witness":null}},"#,
            r#"{{"Y":"{p}","state":"PENDING","witness":null}},"#,
            r#"{{"Y":"{p}","state":"SPENT","witness":"{{}}"}}]}}"#
        ),
        p = POINT
    );
    is_written_as(&answer, &text);
}

#[test]
fn a_restore() {
    let request = RestoreRequest {
        outputs: vec![output(4)],
    };
    is_written_as(&request, &format!(r#"{{"outputs":[{OUTPUT_JSON}]}}"#));
    let answer = Restored {
        outputs: vec![output(4)],
        signatures: vec![signature(4)],
    };
    let text = format!(r#"{{"outputs":[{OUTPUT_JSON}],"signatures":[{SIGNATURE_JSON}]}}"#);
    is_written_as(&answer, &text);
}

fn keyset_info(input_fee_ppk: u64, final_expiry: Option<u64>) -> KeysetInfo {
    KeysetInfo {
        id: id(ID),
        unit: "credit".to_owned(),
        active: true,
        input_fee_ppk,
        final_expiry,
    }
}

#[test]
fn keysets_and_their_keys() {
    let keysets = Keysets {
        keysets: vec![keyset_info(0, None), keyset_info(100, Some(2059210353))],
    };
    let text = format!(
        concat!(
            r#"{{"keysets":[{{"id":"{id}","unit":"credit","active":true,"input_fee_ppk":0,"#,
            r#""final_expiry":null}},{{"id":"{id}","unit":"credit","active":true,"#,
            r#""input_fee_ppk":100,"final_expiry":2059210353}}]}}"#
        ),
        id = ID
    );
    is_written_as(&keysets, &text);
    let keys = Keys {
        keysets: vec![KeysetKeys {
            info: keyset_info(0, None),
            keys: [(16, POINT), (2, POINT), (1, POINT)]
                .map(|(amount, key)| (amount, point(key)))
                .into_iter()
                .collect(),
        }],
    };
    let text = format!(
        concat!(
            r#"{{"keysets":[{{"id":"{id}","unit":"credit","active":true,"input_fee_ppk":0,"#,
            r#""final_expiry":null,"keys":{{"1":"{p}","2":"{p}","16":"{p}"}}}}]}}"#
        ),
        id = ID,
        p = POINT
    );
    is_written_as(&keys, &text);
}

#[test]
fn terms_that_are_left_out_of_a_keyset_are_none() {
    let text = format!(r#"{{"id":"{ID}","unit":"credit","active":true}}"#);
    let read: KeysetInfo = serde_json::from_str(&text).unwrap();
    assert_eq!(read, keyset_info(0, None));
    let missing = format!(r#"{{"id":"{ID}","unit":"credit"}}"#);
    assert!(serde_json::from_str::<KeysetInfo>(&missing).is_err());
}

#[test]
fn info() {
    let mut info = Info {
        name: "Mint".to_owned(),
        version: "Farthing/0.1.0".to_owned(),
        description: None,
        contact: vec![],
        time: 1,
        suite: "ristretto255-SHA512".to_owned(),
        unit: "credit".to_owned(),
        decimals: 2,
        keysets_digest: "00".to_owned(),
        bundle: None,
        identity: None,
        wallet: None,
        limits: Limits {
            inputs_max: 1,
            outputs_max: 2,
            secret_bytes_max: 3,
            body_bytes_max: 4,
            replay_days: 7,
        },
        nuts: [("7".to_owned(), serde_json::json!({"supported": true}))].into(),
    };
    let text = concat!(
        r#"{"name":"Mint","version":"Farthing/0.1.0","time":1,"suite":"ristretto255-SHA512","#,
        r#""unit":"credit","decimals":2,"keysets_digest":"00","limits":{"inputs_max":1,"#,
        r#""outputs_max":2,"secret_bytes_max":3,"body_bytes_max":4,"replay_days":7},"#,
        r#""nuts":{"7":{"supported":true}}}"#
    );
    is_written_as(&info, text);
    let newer = text.replace(r#"{"name""#, r#"{"new_field":[1],"name""#);
    assert_eq!(
        farthing_protocol::json::from_str::<Info>(&newer).unwrap(),
        info
    );
    let wallet = "https://mint.example/wallet/";
    info.wallet = Some(wallet.to_owned());
    let with_wallet = format!(r#""keysets_digest":"00","wallet":"{wallet}""#);
    is_written_as(
        &info,
        &text.replace(r#""keysets_digest":"00""#, &with_wallet),
    );
    info.wallet = None;
    info.bundle = Some(Bundle::new(vec![(1, 7), (32, 2)]).unwrap());
    let with_bundle = r#""keysets_digest":"00","bundle":[[1,7],[32,2]]"#;
    is_written_as(
        &info,
        &text.replace(r#""keysets_digest":"00""#, with_bundle),
    );
}

#[test]
fn an_account_and_its_statement() {
    let account = Account {
        name: "ada".to_owned(),
        balance: 5,
        unit: "credit".to_owned(),
    };
    let text = r#"{"name":"ada","balance":5,"unit":"credit"}"#;
    is_written_as(&account, text);
    let posting = |kind, amount| Posting {
        number: 1,
        time: 3600,
        kind,
        amount,
        balance: 5,
        note: None,
    };
    let statement = Statement {
        postings: vec![posting(PostingKind::Withdraw, -4)],
        next: Some(1),
    };
    is_written_as(
        &statement,
        concat!(
            r#"{"postings":[{"number":1,"time":3600,"kind":"withdraw","amount":-4,"balance":5,"#,
            r#""note":null}],"next":1}"#
        ),
    );
    for (kind, text) in [
        (PostingKind::Withdraw, r#""withdraw""#),
        (PostingKind::Redeem, r#""redeem""#),
        (PostingKind::Credit, r#""credit""#),
        (PostingKind::Debit, r#""debit""#),
        (PostingKind::Issue, r#""issue""#),
    ] {
        is_written_as(&kind, text);
    }
}

#[test]
fn an_error() {
    let body = ErrorBody {
        detail: "spent".to_owned(),
        code: ErrorCode::AlreadySpent.number(),
    };
    is_written_as(&body, r#"{"detail":"spent","code":11001}"#);
}

#[test]
fn the_digest_of_all_keysets_does_not_depend_on_their_order() {
    // Python: sha256(b"".join(bytes.fromhex(i) for i in sorted(ids))).hexdigest()
    let expected = "bfa0be0ea3a0047980ebd6a2893346e6aa1e5f83c1365430bc2b9e879284e4f8";
    let (one, two) = (id(ID), id(ID_2));
    assert_eq!(keysets_digest([&one, &two]), expected);
    assert_eq!(keysets_digest([&two, &one]), expected);
    assert_ne!(keysets_digest([&one]), expected);
    assert_eq!(published_digest([&two, &one], None), expected);
    // Python: the same, with b"Farthing_bundle_v1" + struct.pack(">QIQI", 1, 7, 32, 2) behind the ids.
    let bundle = Bundle::new(vec![(1, 7), (32, 2)]).unwrap();
    let with_bundle = "55dd9a3ee871b7c4a17bccb8dea197f5437fd78a76fde76b93523719411334bf";
    assert_eq!(published_digest([&two, &one], Some(&bundle)), with_bundle);
    let other = Bundle::new(vec![(1, 7), (32, 3)]).unwrap();
    assert_ne!(published_digest([&two, &one], Some(&other)), with_bundle);
}

#[test]
fn answers_may_grow_fields_and_requests_may_not() {
    let grown = r#"{"credited":3,"signatures":[],"new":1}"#;
    assert_eq!(serde_json::from_str::<Redeemed>(grown).unwrap().credited, 3);
    let grown = r#"{"outputs":[],"new":1}"#;
    assert!(serde_json::from_str::<WithdrawRequest>(grown).is_err());
    assert!(serde_json::from_str::<Restored>(r#"{"outputs":[],"signatures":[],"a":1}"#).is_ok());
}
