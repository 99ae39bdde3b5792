//! The Cashu API's bodies: byte-exact where they are written, lenient where they are read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::fmt::Debug;

use farthing_protocol::api::{
    CheckStateRequest, ProofState, RestoreRequest, Restored, State, SwapRequest,
};
use farthing_protocol::cashu::bolt11::*;
use farthing_protocol::cashu::info::{self, Info, Nuts, Supported};
use farthing_protocol::cashu::ws::{Command, Fault, Filters, Id, Kind, Message, Payload, Request};
use farthing_protocol::cashu::{Lenient, QuoteId, batch};
use farthing_protocol::{
    BlindSignature, BlindedMessage, Dleq, EncodedPoint, EncodedScalar, KeysetId, Proof, Secret,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const ID: &str = "015ba18a8adcd02e715a58358eb618da4a4b3791151a4bee5e968bb88406ccf76a";
const POINT: &str = "02bc9097997d81afb2cc7346b5e4345a9346bd2a506eb7958598a72f0cf85163ea";
const QUOTE: &str = "019e6d5a-2347-7000-8322-05d51d498303";

fn id() -> KeysetId {
    KeysetId::from_hex(ID).unwrap()
}

fn point() -> EncodedPoint {
    EncodedPoint::from_hex(POINT).unwrap()
}

fn quote_id() -> QuoteId {
    QuoteId::new(QUOTE.to_owned())
}

fn proof() -> Proof {
    Proof {
        amount: 2,
        id: id(),
        secret: Secret::new("s".to_owned()),
        c: point(),
        witness: None,
    }
}

fn output(amount: u64) -> BlindedMessage {
    BlindedMessage {
        amount,
        id: id(),
        b: point(),
    }
}

fn signature() -> BlindSignature {
    BlindSignature {
        amount: 2,
        id: id(),
        c: point(),
        dleq: Dleq {
            e: EncodedScalar([1; 32]),
            s: EncodedScalar([2; 32]),
        },
    }
}

fn proof_json() -> Value {
    json!({"amount": 2, "id": ID, "secret": "s", "C": POINT})
}

fn output_json(amount: u64) -> Value {
    json!({"amount": amount, "id": ID, "B_": POINT})
}

fn signature_json() -> Value {
    let dleq = json!({"e": "01".repeat(32), "s": "02".repeat(32)});
    json!({"amount": 2, "id": ID, "C_": POINT, "dleq": dleq})
}

fn is_read_as<T: DeserializeOwned + PartialEq + Debug>(json: Value, value: &T) {
    // Over text, as it comes.
    let read = serde_json::from_str::<T>(&json.to_string()).unwrap();
    assert_eq!(&read, value);
}

/// The value is written as this, no field more or less, and read again.
fn is_written_as<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, json: Value) {
    assert_eq!(serde_json::to_value(value).unwrap(), json);
    is_read_as(json, value);
}

fn refuses<T: DeserializeOwned + Debug>(json: &Value) {
    let read = serde_json::from_str::<T>(&json.to_string());
    assert!(read.is_err(), "{json}: {read:?}");
}

/// Adds fields to an object.
fn with(mut json: Value, more: Value) -> Value {
    let fields = more.as_object().unwrap().clone();
    json.as_object_mut().unwrap().extend(fields);
    json
}

fn mint_quote() -> MintQuote {
    MintQuote {
        quote: quote_id(),
        request: "lnbc100n1pj4apw9".to_owned(),
        amount: 10,
        unit: "sat".to_owned(),
        method: METHOD.to_owned(),
        state: MintQuoteState::Unpaid,
        expiry: Some(1_701_704_757),
        pubkey: None,
        amount_paid: 0,
        amount_issued: 0,
        updated_at: 1_701_701_157,
    }
}

/// NUT-23's example, with the fields of newer wallets.
fn mint_quote_json() -> Value {
    json!({
        "quote": QUOTE, "request": "lnbc100n1pj4apw9", "amount": 10, "unit": "sat",
        "method": "bolt11", "state": "UNPAID", "expiry": 1_701_704_757,
        "amount_paid": 0, "amount_issued": 0, "updated_at": 1_701_701_157
    })
}

fn melt_quote() -> MeltQuote {
    MeltQuote {
        quote: quote_id(),
        request: "lnbc100n1p3kdrv5sp5".to_owned(),
        amount: 10,
        unit: "sat".to_owned(),
        method: METHOD.to_owned(),
        fee_reserve: 2,
        state: MeltQuoteState::Unpaid,
        expiry: 1_701_704_757,
        payment_preimage: None,
        change: Vec::new(),
    }
}

fn melt_quote_json() -> Value {
    json!({
        "quote": QUOTE, "request": "lnbc100n1p3kdrv5sp5", "amount": 10, "unit": "sat",
        "method": "bolt11", "fee_reserve": 2, "state": "UNPAID", "expiry": 1_701_704_757,
        "payment_preimage": null
    })
}

#[test]
fn a_mint_quote() {
    is_written_as(&mint_quote(), mint_quote_json());
    let locked = MintQuote {
        state: MintQuoteState::Issued,
        pubkey: Some(point()),
        amount_paid: 10,
        amount_issued: 10,
        ..mint_quote()
    };
    let more = json!({"state": "ISSUED", "pubkey": POINT, "amount_paid": 10, "amount_issued": 10});
    is_written_as(&locked, with(mint_quote_json(), more));
    let paid = MintQuote {
        state: MintQuoteState::Paid,
        expiry: None,
        ..mint_quote()
    };
    let more = json!({"state": "PAID", "expiry": null});
    is_written_as(&paid, with(mint_quote_json(), more));
    // As another mint of the NUT alone writes it.
    let old = MintQuote {
        method: String::new(),
        updated_at: 0,
        ..mint_quote()
    };
    let mut json = with(mint_quote_json(), json!({"pubkey": null, "paid": false}));
    for newer in ["method", "amount_paid", "amount_issued", "updated_at"] {
        json.as_object_mut().unwrap().remove(newer);
    }
    is_read_as(json, &old);
}

#[test]
fn a_melt_quote() {
    is_written_as(&melt_quote(), melt_quote_json());
    let paid = MeltQuote {
        state: MeltQuoteState::Paid,
        payment_preimage: Some("c5".repeat(32)),
        change: vec![signature()],
        ..melt_quote()
    };
    let more = json!({
        "state": "PAID", "payment_preimage": "c5".repeat(32), "change": [signature_json()]
    });
    is_written_as(&paid, with(melt_quote_json(), more));
    let pending = MeltQuote {
        state: MeltQuoteState::Pending,
        ..melt_quote()
    };
    let more = json!({"state": "PENDING"});
    is_written_as(&pending, with(melt_quote_json(), more.clone()));
    let more = with(more, json!({"change": null, "paid": null}));
    is_read_as(with(melt_quote_json(), more), &pending);
}

#[test]
fn asking_for_a_mint_quote() {
    let request = MintQuoteRequest {
        amount: 10,
        unit: "sat".to_owned(),
        description: None,
        pubkey: None,
    };
    let json = json!({"amount": 10, "unit": "sat"});
    is_written_as(&request, json.clone());
    let nulls = json!({"description": null, "pubkey": null, "more": [1, {}]});
    is_read_as(with(json.clone(), nulls), &request);
    let full = MintQuoteRequest {
        description: Some("tea".to_owned()),
        pubkey: Some("no key".to_owned()),
        ..request
    };
    let more = json!({"description": "tea", "pubkey": "no key"});
    is_written_as(&full, with(json, more));
    for bad in [
        json!({"unit": "sat"}),
        json!({"amount": null, "unit": "sat"}),
        json!({"amount": -1, "unit": "sat"}),
        json!({"amount": 1.5, "unit": "sat"}),
        json!({"amount": "1", "unit": "sat"}),
        json!({"amount": 1}),
        json!({"amount": 1, "unit": null}),
        json!({"amount": 1, "unit": "sat", "pubkey": 1}),
        json!([]),
    ] {
        refuses::<MintQuoteRequest>(&bad);
    }
}

#[test]
fn asking_for_a_melt_quote() {
    let request = |options| MeltQuoteRequest {
        request: "lnbc".to_owned(),
        unit: "sat".to_owned(),
        options,
    };
    let json = json!({"request": "lnbc", "unit": "sat"});
    is_written_as(&request(None), json.clone());
    for more in [
        json!({"options": null, "prefer_async": false}),
        json!({"options": null}),
    ] {
        is_read_as(with(json.clone(), more), &request(None));
    }
    let none = MeltOptions::default();
    for empty in [json!({}), json!({"mpp": null, "amountless": null})] {
        let json = with(json.clone(), json!({"options": empty}));
        is_read_as(json, &request(Some(none.clone())));
    }
    let part = MeltOptions {
        mpp: Some(Multipath { amount: 50_000 }),
        ..none.clone()
    };
    let more = json!({"options": {"mpp": {"amount": 50_000}}});
    is_written_as(&request(Some(part)), with(json.clone(), more));
    let amountless = MeltOptions {
        amountless: Some(Amountless { amount_msat: 7 }),
        ..none
    };
    let more = json!({"options": {"amountless": {"amount_msat": 7}}});
    is_written_as(&request(Some(amountless)), with(json.clone(), more));
    for bad in [
        json!({"options": 1}),
        json!({"options": {"mpp": {}}}),
        json!({"options": {"mpp": {"amount": -1}}}),
        json!({"options": {"amountless": {"amount_msat": "7"}}}),
        json!({"request": null}),
    ] {
        refuses::<MeltQuoteRequest>(&with(json.clone(), bad));
    }
}

#[test]
fn minting() {
    let request = MintRequest {
        quote: quote_id(),
        outputs: vec![output(8), output(2)],
        signature: Some("d9".repeat(64)),
    };
    let outputs = [output_json(8), output_json(2)];
    let json = json!({"quote": QUOTE, "outputs": outputs, "signature": "d9".repeat(64)});
    is_written_as(&request, json.clone());
    let free = MintRequest {
        signature: None,
        ..request
    };
    is_written_as(&free, json!({"quote": QUOTE, "outputs": outputs}));
    is_read_as(with(json.clone(), json!({"signature": null})), &free);
    for bad in [
        json!({"outputs": null}),
        json!({"outputs": {}}),
        json!({"outputs": [null]}),
        json!({"quote": null}),
        json!({"quote": 1}),
        json!({"signature": 1}),
    ] {
        refuses::<MintRequest>(&with(json.clone(), bad));
    }
}

#[test]
fn melting() {
    let request = MeltRequest {
        quote: quote_id(),
        inputs: vec![proof()],
        outputs: vec![output(0), output(1)],
        prefer_async: true,
    };
    let json = json!({
        "quote": QUOTE, "inputs": [proof_json()], "outputs": [output_json(0), output_json(1)],
        "prefer_async": true
    });
    is_written_as(&request, json.clone());
    let plain = MeltRequest {
        outputs: Vec::new(),
        prefer_async: false,
        ..request
    };
    is_written_as(&plain, json!({"quote": QUOTE, "inputs": [proof_json()]}));
    let nulls = json!({"outputs": null, "prefer_async": null, "more": null});
    is_read_as(with(json.clone(), nulls), &plain);
    for bad in [
        json!({"inputs": null}),
        json!({"outputs": {}}),
        json!({"outputs": ""}),
        json!({"prefer_async": "true"}),
    ] {
        refuses::<MeltRequest>(&with(json.clone(), bad));
    }
}

#[test]
fn batches() {
    let check = batch::CheckRequest {
        quotes: vec![quote_id(), QuoteId::new("other".to_owned())],
    };
    is_written_as(&check, json!({"quotes": [QUOTE, "other"]}));
    let request = batch::MintRequest {
        quotes: check.quotes,
        quote_amounts: Some(vec![100, 50]),
        outputs: vec![output(128)],
        signatures: Some(vec![Some("d9".to_owned()), None]),
    };
    let json = json!({
        "quotes": [QUOTE, "other"], "quote_amounts": [100, 50], "outputs": [output_json(128)],
        "signatures": ["d9", null]
    });
    is_written_as(&request, json.clone());
    let free = batch::MintRequest {
        quote_amounts: None,
        signatures: None,
        ..request
    };
    let nulls = json!({"quote_amounts": null, "signatures": null, "more": 1});
    is_read_as(with(json.clone(), nulls), &free);
    let written = json!({"quotes": [QUOTE, "other"], "outputs": [output_json(128)]});
    is_written_as(&free, written);
    for bad in [
        json!({"quotes": QUOTE}),
        json!({"quotes": [1]}),
        json!({"quote_amounts": [null]}),
        json!({"signatures": "d9"}),
    ] {
        refuses::<batch::MintRequest>(&with(json.clone(), bad));
    }
}

/// Returns what nutshell keeps with a proof and sends along, a `dleq` with the blinding factor among it.
fn proof_json_with_everything() -> Value {
    let r = "5ec2e7".repeat(11)[..64].to_owned();
    let more = json!({
        "Y": POINT, "dleq": {"e": "01".repeat(32), "s": "02".repeat(32), "r": r},
        "witness": null, "reserved": false, "send_id": "", "time_created": "", "time_reserved": "",
        "derivation_path": "", "mint_id": null, "melt_id": null
    });
    with(proof_json(), more)
}

#[test]
fn swaps_states_and_restoring_are_read_with_what_wallets_send_besides() {
    let swap = SwapRequest {
        inputs: vec![proof()],
        outputs: vec![output(2)],
    };
    let outputs = [with(output_json(2), json!({"C_": null, "witness": null}))];
    let json = json!({
        "inputs": [proof_json_with_everything()], "outputs": outputs, "amount": null
    });
    is_read_as(json.clone(), &Lenient(swap));
    refuses::<SwapRequest>(&json);
    let states = CheckStateRequest { ys: vec![point()] };
    let json = json!({"Ys": [POINT], "secrets": null});
    is_read_as(json.clone(), &Lenient(states));
    refuses::<CheckStateRequest>(&json);
    let restore = RestoreRequest {
        outputs: vec![output(0), output(1)],
    };
    let json =
        json!({"quote": "restore", "outputs": [output_json(0), output_json(1)], "signature": null});
    is_read_as(json.clone(), &Lenient(restore));
    refuses::<RestoreRequest>(&json);
}

/// The blinding factor leaves no trace in what was read, and none in what is shown or written of it.
#[test]
fn a_dleq_is_dropped() {
    let json = json!({"quote": QUOTE, "inputs": [proof_json_with_everything()]});
    let read: MeltRequest = serde_json::from_value(json).unwrap();
    assert_eq!(read.inputs, [proof()]);
    let shown = format!("{read:?} {}", serde_json::to_string(&read).unwrap());
    assert!(
        !shown.contains("5ec2e7") && !shown.contains("dleq"),
        "{shown}"
    );
    // Also one that is none.
    for dleq in [json!(null), json!(""), json!("5ec2e7"), json!([{"r": 1}])] {
        let json = with(proof_json(), json!({"dleq": dleq}));
        is_read_as(json, &Lenient(proof()));
    }
}

#[test]
fn a_witness_may_be_an_object() {
    let witness = |json: Value| {
        let read: Lenient<Proof> =
            serde_json::from_str(&with(proof_json(), json!({"witness": json})).to_string())
                .unwrap();
        read.0.witness
    };
    let text = r#"{"signatures":["00"]}"#;
    assert_eq!(witness(json!(text)).as_deref(), Some(text));
    assert_eq!(
        witness(json!({"signatures": ["00"]})).as_deref(),
        Some(text)
    );
    let both = witness(json!({"preimage": "01", "signatures": null, "more": {}}));
    assert_eq!(
        both.as_deref(),
        Some(r#"{"preimage":"01","signatures":[]}"#)
    );
    assert_eq!(witness(json!("")).as_deref(), Some(""));
    assert_eq!(witness(json!(null)), None);
    for bad in [json!(1), json!([]), json!(true), json!({"signatures": [1]})] {
        refuses::<Lenient<Proof>>(&with(proof_json(), json!({"witness": bad})));
    }
}

#[test]
fn what_is_needed_is_needed_here_too() {
    for field in ["amount", "id", "secret", "C"] {
        let mut json = proof_json();
        json.as_object_mut().unwrap().remove(field);
        refuses::<Lenient<Proof>>(&json);
        refuses::<Lenient<Proof>>(&with(proof_json(), json!({field: null})));
    }
    for field in ["amount", "id", "B_"] {
        let mut json = output_json(1);
        json.as_object_mut().unwrap().remove(field);
        refuses::<Lenient<BlindedMessage>>(&json);
    }
    for twice in [
        format!(r#"{{"amount":1,"amount":2,"id":"{ID}","B_":"{POINT}"}}"#),
        format!(r#"{{"amount":1,"id":"{ID}","B_":"{POINT}","B_":"{POINT}"}}"#),
    ] {
        assert!(serde_json::from_str::<Lenient<BlindedMessage>>(&twice).is_err());
    }
}

#[test]
fn deep_nesting_in_what_is_skipped_does_not_exhaust_the_stack() {
    for open in ["[", "{\"a\":"] {
        let deep = open.repeat(1 << 20);
        let text = format!(r#"{{"dleq":{deep}"#);
        assert!(serde_json::from_str::<Lenient<Proof>>(&text).is_err());
        assert!(serde_json::from_str::<MeltRequest>(&text).is_err());
        let text = format!(r#"{{"witness":{deep}"#);
        assert!(serde_json::from_str::<Lenient<Proof>>(&text).is_err());
        assert_eq!(Request::parse(&text), Err((Fault::Parse, None)));
    }
}

#[test]
fn restored_signatures() {
    let restored = Restored {
        outputs: vec![output(2)],
        signatures: vec![signature()],
    };
    let json = json!({"outputs": [output_json(2)], "signatures": [signature_json()]});
    is_written_as(&restored, json);
}

fn setting<O>(min: u64, options: O) -> info::MethodSetting<O> {
    info::MethodSetting {
        method: METHOD.to_owned(),
        unit: "sat".to_owned(),
        method_name: None,
        min_amount: Some(min),
        max_amount: Some(10_000),
        options: Some(options),
    }
}

fn endpoint(path: &str) -> info::Endpoint {
    info::Endpoint {
        method: "POST".to_owned(),
        path: path.to_owned(),
    }
}

/// All that there is, with the values of the NUTs' examples.
fn all_nuts() -> Nuts {
    let (method, unit) = (METHOD.to_owned(), "sat".to_owned());
    let yes = Some(Supported { supported: true });
    Nuts {
        mint: Some(info::Methods {
            methods: vec![setting(0, info::MintOptions { description: true })],
            disabled: false,
        }),
        melt: Some(info::Methods {
            methods: vec![setting(100, info::MeltOptions { amountless: true })],
            disabled: true,
        }),
        check_state: yes,
        fee_return: yes,
        restore: yes,
        conditions: yes,
        p2pk: yes,
        dleq: yes,
        htlc: yes,
        multipath: Some(info::Multipath {
            methods: vec![info::MethodUnit {
                method: method.clone(),
                unit: unit.clone(),
            }],
        }),
        websockets: Some(info::WebSockets {
            supported: vec![info::Subscriptions {
                method: method.clone(),
                unit,
                commands: Kind::ALL.map(|kind| kind.name().to_owned()).to_vec(),
            }],
        }),
        cached_answers: Some(info::CachedAnswers {
            ttl: None,
            cached_endpoints: vec![endpoint("/v1/mint/bolt11"), endpoint("/v1/swap")],
        }),
        quote_signatures: yes,
        clear_auth: Some(info::ClearAuth {
            openid_discovery: "https://mint.com/discovery".to_owned(),
            client_id: "cashu-client".to_owned(),
            protected_endpoints: vec![endpoint("/v1/auth/blind/mint")],
        }),
        blind_auth: Some(info::BlindAuth {
            bat_max_mint: 50,
            protected_endpoints: vec![endpoint("/v1/mint/*")],
        }),
        batches: Some(info::Batches {
            max_batch_size: Some(100),
            methods: Some(vec![method]),
        }),
    }
}

fn all_nuts_json() -> Value {
    let yes = json!({"supported": true});
    let post = |path: &str| json!({"method": "POST", "path": path});
    json!({
        "4": {"methods": [{
            "method": "bolt11", "unit": "sat", "min_amount": 0, "max_amount": 10_000,
            "options": {"description": true}
        }], "disabled": false},
        "5": {"methods": [{
            "method": "bolt11", "unit": "sat", "min_amount": 100, "max_amount": 10_000,
            "options": {"amountless": true}
        }], "disabled": true},
        "7": yes, "8": yes, "9": yes, "10": yes, "11": yes, "12": yes, "14": yes,
        "15": {"methods": [{"method": "bolt11", "unit": "sat"}]},
        "17": {"supported": [{
            "method": "bolt11", "unit": "sat",
            "commands": ["bolt11_mint_quote", "bolt11_melt_quote", "proof_state"]
        }]},
        "19": {"ttl": null, "cached_endpoints": [post("/v1/mint/bolt11"), post("/v1/swap")]},
        "20": yes,
        "21": {
            "openid_discovery": "https://mint.com/discovery", "client_id": "cashu-client",
            "protected_endpoints": [post("/v1/auth/blind/mint")]
        },
        "22": {"bat_max_mint": 50, "protected_endpoints": [post("/v1/mint/*")]},
        "29": {"max_batch_size": 100, "methods": ["bolt11"]}
    })
}

/// NUT-06's example, and the examples of the other NUTs' settings.
#[test]
fn the_mints_information() {
    let info = Info {
        name: Some("Bob's Cashu mint".to_owned()),
        version: Some("Farthing/0.1.0".to_owned()),
        time: Some(1_725_304_480),
        nuts: all_nuts(),
        ..Info::default()
    };
    let json = json!({
        "name": "Bob's Cashu mint", "version": "Farthing/0.1.0", "time": 1_725_304_480,
        "nuts": all_nuts_json()
    });
    is_written_as(&info, json);
    // Nothing is null that is not there.
    is_written_as(&Info::default(), json!({"nuts": {}}));
    is_written_as(&info::Batches::default(), json!({}));
}

#[test]
fn information_of_other_mints_is_read() {
    let json = json!({
        "name": "other", "pubkey": POINT, "contact": [{"method": "email", "info": "a@b.c"}],
        "urls": ["https://mint.host"], "motd": null, "more": 1,
        "nuts": {
            "4": {"methods": [{"method": "bolt12", "unit": "sat", "options": null}]},
            "7": {"supported": false}, "99": {"anything": []}
        }
    });
    let info: Info = serde_json::from_value(json).unwrap();
    assert_eq!(info.pubkey, Some(point()));
    assert_eq!(info.contact[0].info, "a@b.c");
    assert_eq!((info.urls.len(), info.motd), (1, None));
    let setting = &info.nuts.mint.unwrap().methods[0];
    assert_eq!((setting.method.as_str(), setting.options), ("bolt12", None));
    let not = Supported { supported: false };
    assert_eq!(info.nuts.check_state, Some(not));
}

const SUB: &str = "019e6d5a-2347-7000-8afa-051ae571f334";

fn request(method: &str, params: Value) -> Result<Request, (Fault, Option<Id>)> {
    let json = json!({"jsonrpc": "2.0", "id": 0, "method": method, "params": params, "more": 1});
    Request::parse(&json.to_string())
}

/// NUT-17's example, and the other kinds.
#[test]
fn websocket_requests() {
    let subscribe = |kind: &str, filters: &[&str]| {
        request(
            "subscribe",
            json!({"kind": kind, "filters": filters, "subId": SUB, "more": null}),
        )
    };
    let expected = |filters| {
        Ok(Request {
            id: Id::Number(0),
            command: Command::Subscribe {
                sub_id: SUB.to_owned(),
                filters,
            },
        })
    };
    let quotes = || vec![quote_id()];
    for (kind, filter, filters) in [
        ("proof_state", POINT, Filters::Proofs(vec![point()])),
        ("bolt11_mint_quote", QUOTE, Filters::MintQuotes(quotes())),
        ("bolt11_melt_quote", QUOTE, Filters::MeltQuotes(quotes())),
    ] {
        assert_eq!(subscribe(kind, &[filter]), expected(filters));
    }
    assert_eq!(
        subscribe("proof_state", &[]),
        expected(Filters::Proofs(vec![]))
    );
    let unsubscribe = Request {
        id: Id::Number(0),
        command: Command::Unsubscribe {
            sub_id: SUB.to_owned(),
        },
    };
    assert_eq!(
        request("unsubscribe", json!({"subId": SUB})),
        Ok(unsubscribe)
    );
    let refused = |fault| Err((fault, Some(Id::Number(0))));
    assert_eq!(
        request("list", json!({"subId": SUB})),
        refused(Fault::Method)
    );
    for (kind, filter) in [
        ("bolt12_mint_quote", QUOTE),
        ("Bolt11MintQuote", QUOTE),
        ("proof_state", QUOTE),
        ("proof_state", ""),
    ] {
        assert_eq!(subscribe(kind, &[filter]), refused(Fault::Params), "{kind}");
    }
    let params = json!({"kind": "proof_state", "filters": [], "subId": SUB});
    for field in ["kind", "filters", "subId"] {
        let mut less = params.clone();
        less.as_object_mut().unwrap().remove(field);
        assert_eq!(
            request("subscribe", less),
            refused(Fault::Params),
            "{field}"
        );
    }
    assert_eq!(request("unsubscribe", json!({})), refused(Fault::Params));
    assert_eq!(request("subscribe", json!(null)), refused(Fault::Params));
}

#[test]
fn websocket_messages_that_are_no_requests() {
    for (text, fault) in [
        ("", Fault::Parse),
        ("{", Fault::Parse),
        ("nonsense", Fault::Parse),
        (r#"{"method":"subscribe"}"#, Fault::Request),
        (r#"{"id":1}"#, Fault::Request),
        (r#"{"id":null,"method":"subscribe"}"#, Fault::Request),
        (r#"{"id":1.5,"method":"subscribe"}"#, Fault::Request),
        (
            r#"{"id":1,"method":"subscribe","params":7}"#,
            Fault::Request,
        ),
        (
            r#"{"id":1,"method":"subscribe","params":{"subId":7}}"#,
            Fault::Request,
        ),
        ("[]", Fault::Request),
    ] {
        assert_eq!(Request::parse(text), Err((fault, None)), "{text}");
    }
    let text = r#"{"id":"seven","method":"unsubscribe","params":{"subId":""}}"#;
    assert_eq!(
        Request::parse(text).unwrap().id,
        Id::Text("seven".to_owned())
    );
}

/// To the byte: clients tell the messages by the fields that are there.
#[test]
fn websocket_messages() {
    let text = |message: Message<'_>| serde_json::to_string(&message).unwrap();
    let (id, sub_id) = (&Id::Number(0), SUB);
    assert_eq!(
        text(Message::Done { id, sub_id }),
        format!(r#"{{"jsonrpc":"2.0","result":{{"status":"OK","subId":"{SUB}"}},"id":0}}"#)
    );
    let state = ProofState {
        y: point(),
        state: State::Unspent,
        witness: None,
    };
    let notice = |payload: Payload<'_>| text(Message::Notice { sub_id, payload });
    assert_eq!(
        notice(Payload::Proof(&state)),
        format!(
            concat!(
                r#"{{"jsonrpc":"2.0","method":"subscribe","params":{{"subId":"{}","#,
                r#""payload":{{"Y":"{}","state":"UNSPENT","witness":null}}}}}}"#
            ),
            SUB, POINT
        )
    );
    let payload = |text: String| {
        let json: Value = serde_json::from_str(&text).unwrap();
        assert!(json.get("id").is_none());
        json["params"]["payload"].clone()
    };
    let mint = payload(notice(Payload::MintQuote(&mint_quote())));
    assert_eq!(mint, mint_quote_json());
    let melt = payload(notice(Payload::MeltQuote(&melt_quote())));
    assert_eq!(melt, melt_quote_json());
    for (fault, code) in [
        (Fault::Parse, -32700),
        (Fault::Request, -32600),
        (Fault::Method, -32601),
        (Fault::Params, -32602),
        (Fault::Internal, -32603),
    ] {
        let message = "no";
        for (id, shown) in [(Some(&Id::Text("1".to_owned())), "\"1\""), (None, "null")] {
            assert_eq!(
                text(Message::Refused { id, fault, message }),
                format!(
                    r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":"no"}},"id":{shown}}}"#
                )
            );
        }
    }
}

#[test]
fn nothing_that_mints_or_was_paid_is_shown() {
    let paid = MeltQuote {
        payment_preimage: Some("c5c5".to_owned()),
        ..melt_quote()
    };
    let request = MeltRequest {
        quote: quote_id(),
        inputs: vec![proof()],
        outputs: Vec::new(),
        prefer_async: false,
    };
    let asked = MeltQuoteRequest {
        request: paid.request.clone(),
        unit: "sat".to_owned(),
        options: None,
    };
    let shown = format!(
        "{:?} {paid:?} {request:?} {asked:?} {:?}",
        mint_quote(),
        quote_id()
    );
    for hidden in [QUOTE, "c5c5", "lnbc100n1p3kdrv5sp5"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}
