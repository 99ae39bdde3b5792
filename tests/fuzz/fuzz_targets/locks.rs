//! Locks and what is brought to open them: a secret, a line feed, a witness. Nobody has a key here, so
//! a lock that asks for a signature stays shut.

#![no_main]

use farthing_protocol::conditions::{Aggregation, Witness, check_all, parse};
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{EncodedPoint, KeysetId, Proof, Secret};
use libfuzzer_sys::fuzz_target;

/// Before every lock time, so that no refund is open to all.
const NOW: u64 = 0;

fuzz_target!(|text: &str| {
    let (secret, witness) = match text.split_once('\n') {
        Some((secret, witness)) => (secret, Some(witness)),
        None => (text, None),
    };
    if let Ok(witness) = Witness::parse(witness) {
        let again = Witness::parse(Some(&witness.to_json())).expect("what was written is read");
        assert_eq!(again, witness);
        let _ = (witness.decode_signatures(), witness.decode_preimage());
    }
    let secret = Secret::new(secret.to_owned());
    let lock = parse(SuiteId::Ristretto255, &secret);
    let proof = Proof {
        amount: 1,
        id: KeysetId::from_bytes(&[0x52; 33]).expect("33 bytes"),
        secret,
        c: EncodedPoint::from_bytes(&[0; 32]).expect("32 bytes"),
        witness: witness.map(str::to_owned),
    };
    let opened = check_all(&[proof], &[], Aggregation::Swap, NOW);
    match lock {
        Ok(Some(lock)) if lock.n_sigs > 0 => assert!(opened.is_err(), "opened without a key"),
        Ok(_) => {}
        Err(_) => assert!(opened.is_err(), "what is no proper lock was opened"),
    }
});
