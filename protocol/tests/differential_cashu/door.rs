//! What the two send each other at the Cashu API, read and written by one and by the other.

use std::str::FromStr as _;

use cashu::nuts;
use farthing_protocol::api::{self, CheckStateRequest, ProofState, RestoreRequest, SwapRequest};
use farthing_protocol::cashu::bolt11::*;
use farthing_protocol::cashu::info::{self, Info, Nuts, Supported};
use farthing_protocol::cashu::ws::{self, Command, Filters, Kind};
use farthing_protocol::cashu::{Lenient, QuoteId, batch, nut20};
use farthing_protocol::payment::{PaymentRequest, Transport};
use farthing_protocol::suite::secp256k1::SigningKey;
use farthing_protocol::suite::{Secp256k1, Suite as _};
use farthing_protocol::{BlindedMessage, EncodedPoint, KeysetId, KeysetInfo};
use serde_json::{Value, json};

use super::{Pair, ROUNDS, keysets, random, token};

const QUOTE: &str = "019e6d5a-2347-7000-8449-370fefb42fed";
/// BOLT 11, "Examples": 2500 micro-bitcoin for a cup of coffee.
const INVOICE: &str = concat!(
    "lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqq",
    "syqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2",
    "087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh"
);

fn quote_id() -> QuoteId {
    QuoteId::new(QUOTE.to_owned())
}

fn id() -> KeysetId {
    KeysetId::from_bytes(&[1; 33]).unwrap()
}

fn output(amount: u64) -> BlindedMessage {
    BlindedMessage {
        amount,
        id: id(),
        b: Secp256k1::encode_point(&Pair::random().public),
    }
}

fn to_value(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn into<T: serde::de::DeserializeOwned>(from: &impl serde::Serialize) -> T {
    serde_json::from_value(to_value(from)).unwrap()
}

#[test]
fn mint_quotes() {
    let key = nuts::SecretKey::generate();
    let request = MintQuoteRequest {
        amount: 10,
        unit: "sat".to_owned(),
        description: Some("tea".to_owned()),
        pubkey: Some(key.public_key().to_hex()),
    };
    let read: nuts::MintQuoteBolt11Request = into(&request);
    assert_eq!(into::<MintQuoteRequest>(&read), request);
    let pubkey = nut20::decode_key(&request.pubkey.unwrap()).unwrap();
    assert_eq!(pubkey.as_bytes(), key.public_key().to_bytes());
    for (state, theirs) in [
        (MintQuoteState::Unpaid, nuts::MintQuoteState::Unpaid),
        (MintQuoteState::Paid, nuts::MintQuoteState::Paid),
        (MintQuoteState::Issued, nuts::MintQuoteState::Issued),
    ] {
        let quote = MintQuote {
            quote: quote_id(),
            request: INVOICE.to_owned(),
            amount: 250_000,
            unit: "sat".to_owned(),
            method: METHOD.to_owned(),
            state,
            expiry: Some(7),
            pubkey: Some(pubkey),
            amount_paid: 250_000,
            amount_issued: 1,
            updated_at: 5,
        };
        let read: nuts::MintQuoteBolt11Response<String> = into(&quote);
        assert_eq!((read.state, read.quote.as_str()), (theirs, QUOTE));
        assert_eq!((read.expiry, read.updated_at), (Some(7), 5));
        assert_eq!(u64::from(read.amount_paid), 250_000);
        assert_eq!(u64::from(read.amount_issued), 1);
        assert_eq!(read.pubkey, Some(key.public_key()));
        assert_eq!(into::<MintQuote>(&read), quote);
    }
}

#[test]
fn melt_quotes() {
    let mut request = MeltQuoteRequest {
        request: INVOICE.to_owned(),
        unit: "sat".to_owned(),
        options: None,
    };
    let read: nuts::MeltQuoteBolt11Request = into(&request);
    // They write null for no options.
    assert!(to_value(&read)["options"].is_null());
    assert_eq!(into::<MeltQuoteRequest>(&read), request);
    for options in [
        nuts::MeltOptions::new_mpp(7),
        nuts::MeltOptions::new_amountless(8),
    ] {
        let theirs = nuts::MeltQuoteBolt11Request {
            options: Some(options),
            ..read.clone()
        };
        request.options = into::<MeltQuoteRequest>(&theirs).options;
        let back: nuts::MeltQuoteBolt11Request = into(&request);
        assert_eq!(back.options, Some(options));
    }
    let mint = Pair::random();
    let b = Pair::random().public;
    let c = Secp256k1::evaluate(&mint.ours, &b);
    let change = farthing_protocol::BlindSignature {
        amount: 2,
        id: id(),
        c: Secp256k1::encode_point(&c),
        dleq: Secp256k1::prove(&mint.ours, &b, &c),
    };
    let unpaid = MeltQuote {
        quote: quote_id(),
        request: INVOICE.to_owned(),
        amount: 250_000,
        unit: "sat".to_owned(),
        method: METHOD.to_owned(),
        fee_reserve: 9,
        state: MeltQuoteState::Unpaid,
        expiry: 7,
        payment_preimage: None,
        change: Vec::new(),
    };
    let paid = MeltQuote {
        state: MeltQuoteState::Paid,
        payment_preimage: Some("ab".repeat(32)),
        change: vec![change],
        ..unpaid.clone()
    };
    for quote in [unpaid, paid] {
        let read: nuts::MeltQuoteBolt11Response<String> = into(&quote);
        assert_eq!(u64::from(read.fee_reserve), 9);
        assert_eq!(
            (read.expiry, &read.payment_preimage),
            (7, &quote.payment_preimage)
        );
        assert_eq!(read.state.to_string(), to_value(&quote)["state"]);
        let given = read.change.as_ref().map_or(0, Vec::len);
        assert_eq!(given, quote.change.len());
        assert_eq!(into::<MeltQuote>(&read), quote);
    }
}

/// Their wallet's requests are read as the same inputs and outputs, and a `dleq` is not.
#[test]
fn requests_with_inputs() {
    let mint = Pair::random();
    let tokens = [token(&mint, id()), token(&mint, id())];
    let plain: Vec<_> = tokens.iter().map(|t| t.proof.clone()).collect();
    let outputs = vec![output(8), output(0)];
    let theirs: Vec<nuts::Proof> = tokens
        .iter()
        .map(|token| {
            let mut json = to_value(&token.proof);
            json["dleq"] = to_value(&token.dleq);
            serde_json::from_value(json).unwrap()
        })
        .collect();
    assert!(theirs.iter().all(|proof| proof.dleq.is_some()));
    let swap = nuts::SwapRequest::new(theirs.clone(), into(&outputs));
    let Lenient(read) = into::<Lenient<SwapRequest>>(&swap);
    assert_eq!((&read.inputs, &read.outputs), (&plain, &outputs));
    let with_dleqs = json!({"inputs": theirs, "outputs": outputs});
    assert!(with_dleqs.to_string().contains("dleq"));
    assert_eq!(into::<Lenient<SwapRequest>>(&with_dleqs), Lenient(read));
    for (outputs, prefer_async) in [(None, false), (Some(&outputs), true)] {
        let their_outputs = outputs.map(|outputs| into(&outputs));
        let melt = nuts::MeltRequest::new(QUOTE.to_owned(), theirs.clone(), their_outputs);
        let read: MeltRequest = into(&melt.prefer_async(prefer_async));
        assert_eq!((read.quote, read.inputs), (quote_id(), plain.clone()));
        assert_eq!(Some(&read.outputs).filter(|o| !o.is_empty()), outputs);
        assert_eq!(read.prefer_async, prefer_async);
    }
    let restore = nuts::RestoreRequest {
        outputs: into(&outputs),
    };
    let Lenient(read) = into::<Lenient<RestoreRequest>>(&restore);
    assert_eq!(read.outputs, outputs);
    let ys = theirs.iter().map(|proof| proof.y().unwrap()).collect();
    let Lenient(read) = into::<Lenient<CheckStateRequest>>(&nuts::CheckStateRequest { ys });
    for (y, token) in read.ys.iter().zip(&tokens) {
        let expected = Secp256k1::hash_to_group(token.proof.secret.expose().as_bytes());
        assert_eq!(*y, Secp256k1::encode_point(&expected));
    }
}

#[test]
fn states_and_keysets() {
    for (state, theirs) in [
        (api::State::Unspent, nuts::State::Unspent),
        (api::State::Pending, nuts::State::Pending),
        (api::State::Spent, nuts::State::Spent),
    ] {
        let states = api::States {
            states: vec![ProofState {
                y: output(1).b,
                state,
                witness: None,
            }],
        };
        let read: nuts::CheckStateResponse = into(&states);
        assert_eq!(read.states[0].state, theirs);
        assert_eq!(read.states[0].y.to_bytes(), states.states[0].y.as_bytes());
    }
    let (keys, _) = keysets(8);
    let info = KeysetInfo {
        id: KeysetId::derive::<Secp256k1>(&keys, "sat", 100, None),
        unit: "sat".to_owned(),
        active: true,
        input_fee_ppk: 100,
        final_expiry: None,
    };
    let listed = api::Keysets {
        keysets: vec![info.clone()],
    };
    let read: nuts::KeysetResponse = into(&listed);
    assert_eq!(into::<api::Keysets>(&read), listed);
    let answer = api::Keys {
        keysets: vec![api::KeysetKeys { info, keys }],
    };
    let read: nuts::KeysResponse = into(&answer);
    read.keysets[0].verify_id().unwrap();
    assert_eq!(into::<api::Keys>(&read), answer);
}

/// NUT-20 and NUT-29: signed by them with either message and checked by us, and the other way.
#[test]
fn signatures_of_mint_quotes() {
    for round in 0..ROUNDS / 10 {
        let (holder, stranger) = (nuts::SecretKey::generate(), nuts::SecretKey::generate());
        let ours = SigningKey::from_bytes(&holder.to_secret_bytes()).unwrap();
        assert_eq!(ours.public_key().as_bytes(), holder.public_key().to_bytes());
        let amounts = [0, 1, 255, 256, 1 << (round % 64), u64::MAX];
        let outputs: Vec<_> = amounts.into_iter().map(output).collect();
        let request = nuts::MintRequest {
            quote: QUOTE.to_owned(),
            outputs: into(&outputs),
            signature: None,
        };
        let framed = nut20::framed_message(&quote_id(), &outputs);
        assert_eq!(request.msg_to_sign(), framed);
        let mut new = request.clone();
        new.sign(&holder).unwrap();
        let mut old = request.clone();
        old.sign_legacy(holder.clone()).unwrap();
        for signed in [new, old] {
            let read: MintRequest = into(&signed);
            assert_eq!(read.outputs, outputs);
            let signature = read.signature.unwrap();
            let by = |key: &nuts::SecretKey, outputs: &[BlindedMessage]| {
                let key = nut20::decode_key(&key.public_key().to_hex()).unwrap();
                nut20::verify(&key, &quote_id(), outputs, &signature).is_ok()
            };
            assert!(by(&holder, &outputs));
            assert!(!by(&stranger, &outputs));
            assert!(!by(&holder, &outputs[1..]));
        }
        let read = nuts::MintRequest {
            signature: Some(nut20::sign(&ours, &quote_id(), &outputs)),
            ..request.clone()
        };
        read.verify_signature(holder.public_key()).unwrap();
        assert!(read.verify_signature(stranger.public_key()).is_err());
        let batch = nuts::BatchMintRequest {
            quotes: vec![QUOTE.to_owned(), "other".to_owned()],
            quote_amounts: None,
            outputs: request.outputs,
            signatures: Some(vec![read.signature.clone(), None]),
        };
        let read: batch::MintRequest = into(&batch);
        assert_eq!(read.quotes[0], quote_id());
        let signature = batch.sign_quote(&batch.quotes[0], &holder).unwrap();
        let key = ours.public_key();
        nut20::verify(&key, &read.quotes[0], &read.outputs, &signature).unwrap();
        let other = nut20::verify(&key, &read.quotes[1], &read.outputs, &signature);
        assert!(other.is_err());
        assert_eq!(into::<batch::MintRequest>(&read), read);
    }
}

fn settings() -> Nuts {
    let yes = Some(Supported { supported: true });
    let methods = |min| info::MethodSetting {
        method: METHOD.to_owned(),
        unit: "sat".to_owned(),
        method_name: None,
        min_amount: Some(min),
        max_amount: Some(1000),
        options: None,
    };
    let commands = Kind::ALL.map(|kind| kind.name().to_owned()).to_vec();
    Nuts {
        mint: Some(info::Methods {
            methods: vec![methods(1)],
            disabled: false,
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
                method: METHOD.to_owned(),
                unit: "sat".to_owned(),
            }],
        }),
        websockets: Some(info::WebSockets {
            supported: vec![info::Subscriptions {
                method: METHOD.to_owned(),
                unit: "sat".to_owned(),
                commands,
            }],
        }),
        cached_answers: Some(info::CachedAnswers {
            ttl: Some(60),
            cached_endpoints: vec![info::Endpoint {
                method: "POST".to_owned(),
                path: "/v1/swap".to_owned(),
            }],
        }),
        quote_signatures: yes,
        batches: Some(info::Batches {
            max_batch_size: Some(100),
            methods: Some(vec![METHOD.to_owned()]),
        }),
        ..Nuts::default()
    }
}

#[test]
fn information() {
    let ours = Info {
        name: Some("Corner shop".to_owned()),
        version: Some("Farthing/0.1.0".to_owned()),
        time: Some(9),
        nuts: settings(),
        ..Info::default()
    };
    let read: nuts::MintInfo = into(&ours);
    assert_eq!(read.name.as_deref(), Some("Corner shop"));
    assert_eq!(read.version.as_ref().unwrap().to_string(), "Farthing/0.1.0");
    let theirs = &read.nuts;
    let method = &theirs.nut04.methods[0];
    assert_eq!(method.min_amount.map(u64::from), Some(1));
    for supported in [
        &theirs.nut07,
        &theirs.nut08,
        &theirs.nut09,
        &theirs.nut10,
        &theirs.nut11,
        &theirs.nut12,
        &theirs.nut14,
        &theirs.nut20,
    ] {
        assert!(supported.supported);
    }
    assert_eq!(theirs.nut17.supported[0].commands.len(), 3);
    assert_eq!(theirs.nut19.ttl, Some(60));
    assert_eq!(theirs.nut29.max_batch_size, Some(100));
    let back: Info = into(&read);
    assert_eq!(back.nuts.websockets, ours.nuts.websockets);
    assert_eq!(back.nuts.cached_answers, ours.nuts.cached_answers);
    assert_eq!(back.nuts.multipath, ours.nuts.multipath);
    assert_eq!(back.nuts.batches, ours.nuts.batches);
}

/// A request that lists several mints and no transport, and one with a transport, both ways.
#[test]
fn payment_requests() {
    let mints = ["https://mint.example", "https://mint.example/cashu"];
    let in_band = PaymentRequest {
        id: Some("b7a90176".to_owned()),
        amount: Some(10),
        unit: Some("sat".to_owned()),
        single_use: Some(true),
        mints: mints.map(str::to_owned).to_vec(),
        description: Some("an article".to_owned()),
        ..PaymentRequest::default()
    };
    let posted = PaymentRequest {
        transports: vec![Transport {
            kind: "post".to_owned(),
            target: "https://shop.example/pay".to_owned(),
            tags: vec![],
        }],
        ..in_band.clone()
    };
    for ours in [in_band, posted] {
        let read = nuts::PaymentRequest::from_str(&ours.encode()).unwrap();
        let listed: Vec<_> = read.mints.iter().map(ToString::to_string).collect();
        assert_eq!(listed, mints);
        assert_eq!(read.amount.map(u64::from), Some(10));
        assert_eq!(read.transports.len(), ours.transports.len());
        assert_eq!(PaymentRequest::decode(&read.to_string()), Ok(ours));
    }
}

#[test]
fn websocket_requests() {
    let (id, sub_id) = (random::<2>()[0], "a subscription");
    let y = output(1).b.to_hex();
    let point = EncodedPoint::from_hex(&y).unwrap();
    let quotes = || vec![quote_id()];
    for (kind, filter, filters) in [
        (
            nuts::nut17::Kind::Bolt11MintQuote,
            QUOTE,
            Filters::MintQuotes(quotes()),
        ),
        (
            nuts::nut17::Kind::Bolt11MeltQuote,
            QUOTE,
            Filters::MeltQuotes(quotes()),
        ),
        (
            nuts::nut17::Kind::ProofState,
            &y,
            Filters::Proofs(vec![point]),
        ),
    ] {
        let params = nuts::nut17::Params::<String> {
            kind,
            filters: vec![filter.to_owned()],
            id: sub_id.to_owned(),
        };
        let request = json!({"jsonrpc": "2.0", "method": "subscribe", "params": params, "id": id});
        let read = ws::Request::parse(&request.to_string()).unwrap();
        assert_eq!(read.id, ws::Id::Number(id.into()));
        let sub_id = sub_id.to_owned();
        assert_eq!(read.command, Command::Subscribe { sub_id, filters });
    }
}
