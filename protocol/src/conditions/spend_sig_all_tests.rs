//! NUT-11, "Signature flag `SIG_ALL`".

use super::*;

const ALL: &str = r#"["sigflag","SIG_ALL"]"#;

fn locked(nonce: &str) -> String {
    p2pk(ALL).replace("\"00\"", &format!("\"{nonce}\""))
}

fn outputs() -> Vec<BlindedMessage> {
    [(2, 8), (4, 9)]
        .map(|(amount, byte)| BlindedMessage {
            amount,
            id: KeysetId::from_bytes(&[0x52; 33]).unwrap(),
            b: EncodedPoint::from([byte; 32]),
        })
        .into()
}

/// Two inputs, the first with a witness over `message`.
fn inputs_signed_on(message: &str, signers: &[u8]) -> [Proof; 2] {
    let signed: Vec<String> = signers.iter().map(|n| sign(*n, message)).collect();
    [
        input(&locked("01"), signatures(&signed)),
        input(&locked("02"), None),
    ]
}

/// NUT-11, "Aggregation for `swap`", spelled out.
fn message() -> String {
    let (c, b1, b2) = ("07".repeat(32), "08".repeat(32), "09".repeat(32));
    format!("{}{c}{}{c}2{b1}4{b2}", locked("01"), locked("02"))
}

fn check(inputs: &[Proof], outputs: &[BlindedMessage]) -> Result<(), LockError> {
    check_all(inputs, outputs, Aggregation::Swap, NOW).map(drop)
}

#[test]
fn one_witness_in_the_first_input_covers_everything() {
    let inputs = inputs_signed_on(&message(), &[1]);
    assert_eq!(check(&inputs, &outputs()), Ok(()));
    let stranger = inputs_signed_on(&message(), &[2]);
    assert_eq!(check(&stranger, &outputs()), Err(LockError::Signatures));
}

#[test]
fn a_signature_on_the_secret_alone_is_not_enough() {
    let inputs = inputs_signed_on(&locked("01"), &[1]);
    assert_eq!(check(&inputs, &outputs()), Err(LockError::Signatures));
}

#[test]
fn the_witness_in_another_than_the_first_input_does_not_count() {
    let [first, second] = inputs_signed_on(&message(), &[1]);
    let mut moved = [first, second];
    let [a, b] = &mut moved;
    std::mem::swap(&mut a.witness, &mut b.witness);
    assert_eq!(check(&moved, &outputs()), Err(LockError::Signatures));
}

#[test]
fn nothing_covered_may_change() {
    let inputs = inputs_signed_on(&message(), &[1]);
    let refused = Err(LockError::Signatures);
    let outputs = outputs();
    assert_eq!(check(&inputs, &outputs[..1]), refused, "an output less");
    assert_eq!(check(&inputs, &[]), refused, "no outputs");
    let more = [&outputs[..], &outputs[..1]].concat();
    assert_eq!(check(&inputs, &more), refused, "an output more");
    let mut other = outputs.clone();
    other.swap(0, 1);
    assert_eq!(check(&inputs, &other), refused, "another order");
    let mut other = outputs.clone();
    other[1].amount = 8;
    assert_eq!(check(&inputs, &other), refused, "another amount");
    let mut other = outputs.clone();
    other[0].b = EncodedPoint::from([10; 32]);
    assert_eq!(check(&inputs, &other), refused, "another point");
    assert_eq!(check(&inputs[..1], &outputs), refused, "an input less");
    let mut other = inputs.clone();
    other[1].c = EncodedPoint::from([10; 32]);
    assert_eq!(check(&other, &outputs), refused, "another C");
    let mut other = inputs.clone();
    other[1].secret = Secret::new(locked("03"));
    assert_eq!(check(&other, &outputs), refused, "another secret");
    let mut other = inputs.clone();
    other.swap(0, 1);
    other[0].witness = other[1].witness.take();
    assert_eq!(check(&other, &outputs), refused, "inputs in another order");
}

#[test]
fn other_locks_beside_it_are_refused_in_any_place() {
    let all = locked("01");
    let two = key(2);
    for other in [
        "plain".to_owned(),
        p2pk(""),
        p2pk(r#"["sigflag","SIG_INPUTS"]"#),
        lock("P2PK", &two, ALL),
        lock("P2PK", &key(1).to_uppercase(), ALL),
        p2pk(&format!(r#"{ALL},["locktime","{LOCKTIME}"]"#)),
        p2pk(&format!(r#"{ALL},["memo","x"]"#)),
        lock("HTLC", &key(1), ALL),
    ] {
        for secrets in [[&all, &other], [&other, &all]] {
            let message = format!("{0}{2}{1}{2}", secrets[0], secrets[1], "07".repeat(32));
            let signed = || signatures(&[sign(1, &message)]);
            let inputs = secrets.map(|secret| input(secret, signed()));
            assert_eq!(check(&inputs, &[]), Err(LockError::Mixed), "{other}");
        }
    }
}

#[test]
fn it_counts_signatures_as_any_multisignature() {
    let tags = format!(r#"{ALL},["pubkeys","{}"],["n_sigs","2"]"#, key(2));
    let secret = p2pk(&tags);
    let message = format!("{secret}{}", "07".repeat(32));
    let spend = |signers: &[u8]| {
        let signed: Vec<_> = signers.iter().map(|n| sign(*n, &message)).collect();
        check(&[input(&secret, signatures(&signed))], &[])
    };
    assert_eq!(spend(&[2, 1]), Ok(()));
    assert_eq!(spend(&[1]), Err(LockError::Signatures));
    assert_eq!(spend(&[1, 1]), Err(LockError::Signatures));
}

#[test]
fn after_the_locktime_anyone_spends_and_locks_may_still_not_mix() {
    let expired = p2pk(&format!(r#"{ALL},["locktime","{LOCKTIME}"]"#));
    let check = |inputs: &[Proof], now| {
        check_all(inputs, &outputs(), Aggregation::Swap, now).map(|spends| spends.len())
    };
    let alone = [input(&expired, None), input(&expired, None)];
    assert_eq!(check(&alone, LOCKTIME), Err(LockError::Signatures));
    assert_eq!(check(&alone, LOCKTIME + 1), Ok(2));
    let mixed = [input(&expired, None), input("plain", None)];
    assert_eq!(check(&mixed, LOCKTIME + 1), Err(LockError::Mixed));
}

/// NUT-11, "Aggregation for `melt`".
#[test]
fn melting_signs_the_quotes_id_too() {
    let quote = QuoteId::new("019e6d5a-2347-7000-8449-370fefb42fed".to_owned());
    let other = QuoteId::new("019e6d5a-2347-7000-8449-370fefb42fee".to_owned());
    let melt = |inputs: &[Proof], quote: &QuoteId| {
        check_all(inputs, &outputs(), Aggregation::Melt(quote), NOW).map(drop)
    };
    let full = format!("{}{}", message(), quote.as_str());
    let inputs = inputs_signed_on(&full, &[1]);
    let written = Aggregation::Melt(&quote).message(&inputs, &outputs());
    assert_eq!(*written, full);
    assert_eq!(melt(&inputs, &quote), Ok(()));
    let refused = Err(LockError::Signatures);
    assert_eq!(melt(&inputs, &other), refused, "another quote");
    assert_eq!(check(&inputs, &outputs()), refused, "a swap");
    let swap = inputs_signed_on(&message(), &[1]);
    assert_eq!(check(&swap, &outputs()), Ok(()));
    assert_eq!(melt(&swap, &quote), refused, "a swap's signature");
}

#[test]
fn without_sig_all_the_kind_of_transaction_does_not_matter() {
    let quote = QuoteId::new("quote".to_owned());
    let secret = p2pk("");
    let inputs = [input(&secret, signatures(&[sign(1, &secret)]))];
    for aggregation in [Aggregation::Swap, Aggregation::Melt(&quote)] {
        let spent = check_all(&inputs, &outputs(), aggregation, NOW);
        assert_eq!(spent, Ok(vec![Spend { preimage: None }]));
    }
}

/// Two spellings of the message signed by one key, as some wallets do.
#[test]
fn a_signature_on_another_spelling_beside_it_does_no_harm() {
    let [mut first, second] = inputs_signed_on(&message(), &[1]);
    let both = [sign(1, "another spelling"), sign(1, &message())];
    first.witness = signatures(&both).map(|w| w.to_json());
    assert_eq!(check(&[first, second], &outputs()), Ok(()));
}
