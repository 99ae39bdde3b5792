//! Reading and writing what travels: JSON of requests and answers, and the text of tokens.

#![allow(clippy::unwrap_used, reason = "benchmarks, with inputs of their own")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use farthing_protocol::api::{Signatures, SwapRequest};
use farthing_protocol::suite::{Ristretto255, Suite};
use farthing_protocol::{Blank, BlindSignature, KeysetId, Proof, Token, TokenProof};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    json(&mut criterion);
    token(&mut criterion);
    criterion.final_summary();
}

/// A swap of 2 inputs for 2 outputs, and its answer.
fn json(criterion: &mut Criterion) {
    let (inputs, signatures): (Vec<Proof>, Vec<_>) = (0..2)
        .map(|number| {
            let (token, signature) = token_proof(number);
            (token.proof, signature)
        })
        .unzip();
    let outputs = (2..4).map(|number| blank(number).output(8, id())).collect();
    let request = SwapRequest { inputs, outputs };
    let request_text = serde_json::to_vec(&request).unwrap();
    let answer = Signatures { signatures };
    let answer_text = serde_json::to_vec(&answer).unwrap();

    let mut group = criterion.benchmark_group("swap request");
    group.throughput(Throughput::Bytes(request_text.len() as u64));
    group.bench_function("parse", |b| {
        b.iter(|| serde_json::from_slice::<SwapRequest>(black_box(&request_text)).unwrap())
    });
    group.bench_function("write", |b| {
        b.iter(|| serde_json::to_vec(black_box(&request)).unwrap())
    });
    group.bench_function("floor: find its structure", |b| {
        b.iter(|| {
            serde_json::from_slice::<serde::de::IgnoredAny>(black_box(&request_text)).unwrap()
        })
    });
    group.finish();
    let mut group = criterion.benchmark_group("swap answer");
    group.throughput(Throughput::Bytes(answer_text.len() as u64));
    group.bench_function("parse", |b| {
        b.iter(|| serde_json::from_slice::<Signatures>(black_box(&answer_text)).unwrap())
    });
    group.bench_function("write", |b| {
        b.iter(|| serde_json::to_vec(black_box(&answer)).unwrap())
    });
    group.finish();
}

/// A token of 8 proofs as text.
fn token(criterion: &mut Criterion) {
    let token = Token {
        mint: "https://mint.example".to_owned(),
        unit: "credit".to_owned(),
        memo: None,
        proofs: (0..8).map(|number| token_proof(number).0).collect(),
    };
    let text = token.encode();
    let mut group = criterion.benchmark_group("token of 8 proofs");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("encode", |b| b.iter(|| black_box(&token).encode()));
    group.bench_function("decode", |b| {
        b.iter(|| Token::decode(black_box(&text)).unwrap())
    });
    group.finish();
}

fn id() -> KeysetId {
    KeysetId::from_bytes(&[0x52; 33]).unwrap()
}

fn blank(number: u8) -> Blank<Ristretto255> {
    Blank::from_random(&[number; 32], &[number + 1; 64]).unwrap()
}

/// A token, and the signature that it was made of.
fn token_proof(number: u8) -> (TokenProof, BlindSignature) {
    let key = Ristretto255::secret_key(&[99; 64]).unwrap();
    let blank = blank(number);
    let b = Ristretto255::decode_point(&blank.output(8, id()).b).unwrap();
    let c = Ristretto255::evaluate(&key, &b);
    let signature = BlindSignature {
        amount: 8,
        id: id(),
        c: Ristretto255::encode_point(&c),
        dleq: Ristretto255::prove(&key, &b, &c),
    };
    let public = Ristretto255::encode_point(&Ristretto255::public_key(&key));
    (blank.unblind(&signature, &public).unwrap(), signature)
}
