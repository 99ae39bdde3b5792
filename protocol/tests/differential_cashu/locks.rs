//! Locks made, opened and checked by one and by the other (NUT-11, NUT-14).

use cashu::nuts::nut10::SpendingConditionVerification as _;
use cashu::nuts::{self, Conditions, SpendingConditions};
use farthing_protocol::cashu::QuoteId;
use farthing_protocol::conditions::{Aggregation, Lock, Spend, Witness, check_all, parse};
use farthing_protocol::suite::secp256k1::SigningKey;
use farthing_protocol::suite::{Secp256k1, Suite as _, SuiteId};
use farthing_protocol::{BlindedMessage, KeysetId, Proof, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Pair, ROUNDS, random};

const QUOTE: &str = "019e6d5a-2347-7000-8449-370fefb42fed";
/// Of what has a locktime: one that is over, and one that is not.
const PAST: u64 = 21;
const NOW: u64 = 1_800_000_000;
const FUTURE: u64 = 99_999_999_999;

fn locked(holder: &nuts::SecretKey) -> Proof {
    let nonce = Secret::new(hex::encode(random::<32>()));
    let key = holder.public_key().to_bytes();
    Proof {
        amount: 8,
        id: KeysetId::from_bytes(&[1; 33]).unwrap(),
        secret: Lock::p2pk_secret(&key, &nonce),
        c: Secp256k1::encode_point(&Pair::random().public),
        witness: None,
    }
}

fn opens(proof: &Proof) -> bool {
    check_all(std::slice::from_ref(proof), &[], Aggregation::Swap, 0).is_ok()
}

#[test]
fn p2pk_signatures_are_taken_both_ways() {
    for _ in 0..ROUNDS {
        let (holder, stranger) = (nuts::SecretKey::generate(), nuts::SecretKey::generate());
        let mut proof = locked(&holder);
        assert!(!opens(&proof));
        let json = serde_json::to_value(&proof).unwrap();
        let mut read: nuts::Proof = serde_json::from_value(json).unwrap();
        assert!(read.clone().sign_p2pk(stranger).is_err() || read.verify_p2pk().is_err());
        read.sign_p2pk(holder.clone()).unwrap();
        let witness = serde_json::to_value(&read).unwrap()["witness"].clone();
        proof.witness = Some(witness.as_str().unwrap().to_owned());
        assert!(opens(&proof));
        // Signed by the library of ours.
        let key = secp256k1::SecretKey::from_secret_bytes(holder.to_secret_bytes()).unwrap();
        let digest: [u8; 32] = sha256(proof.secret.expose());
        let signature = key.keypair().sign_schnorr_no_aux_rand(&digest);
        let witness = Witness {
            preimage: None,
            signatures: vec![hex::encode(signature.to_byte_array())],
        };
        proof.witness = Some(witness.to_json());
        assert!(opens(&proof));
        let json = serde_json::to_value(&proof).unwrap();
        let read: nuts::Proof = serde_json::from_value(json).unwrap();
        read.verify_p2pk().unwrap();
    }
}

fn sha256(text: &str) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(text).into()
}

/// The same value, as the other writes it.
fn into<T: DeserializeOwned>(from: &impl Serialize) -> T {
    serde_json::from_value(serde_json::to_value(from).unwrap()).unwrap()
}

fn signing_key(key: &nuts::SecretKey) -> SigningKey {
    SigningKey::from_bytes(&key.to_secret_bytes()).unwrap()
}

/// A token under conditions that they wrote down.
fn under(conditions: SpendingConditions) -> Proof {
    let secret: cashu::secret::Secret = conditions.try_into().unwrap();
    Proof {
        secret: Secret::new(secret.to_string()),
        ..locked(&nuts::SecretKey::generate())
    }
}

fn conditions(sig_flag: nuts::SigFlag) -> Conditions {
    Conditions {
        locktime: None,
        pubkeys: None,
        refund_keys: None,
        num_sigs: None,
        sig_flag,
        num_sigs_refund: None,
    }
}

fn outputs() -> Vec<BlindedMessage> {
    let output = |amount| BlindedMessage {
        amount,
        id: KeysetId::from_bytes(&[1; 33]).unwrap(),
        b: Secp256k1::encode_point(&Pair::random().public),
    };
    [1, 2, 1 << 40].map(output).into()
}

/// Two inputs of the same lock, with different nonces.
fn two(conditions: &SpendingConditions) -> [Proof; 2] {
    [under(conditions.clone()), under(conditions.clone())]
}

fn ours(inputs: &[Proof], outputs: &[BlindedMessage], aggregation: Aggregation<'_>) -> bool {
    check_all(inputs, outputs, aggregation, NOW).is_ok()
}

fn p2pk(key: &nuts::SecretKey, conditions: Conditions) -> SpendingConditions {
    SpendingConditions::new_p2pk(key.public_key(), Some(conditions))
}

/// What they hold for opened, we do.
fn is_opened_by_both(proof: &Proof, opened: bool) {
    let mut inputs = [proof.clone()];
    assert_eq!(ours(&inputs, &[], Aggregation::Swap), opened);
    let read: nuts::Proof = into(&inputs[0]);
    let theirs = if proof.secret.expose().starts_with("[\"P2PK\"") {
        read.verify_p2pk().is_ok()
    } else {
        read.verify_htlc().is_ok()
    };
    assert_eq!(theirs, opened, "{}", proof.secret.expose());
    inputs[0].witness = None;
    assert!(!ours(&inputs, &[], Aggregation::Swap));
}

/// The proof with their signatures by these keys beside what its witness holds.
fn signed_by(proof: &Proof, keys: &[&nuts::SecretKey]) -> Proof {
    let mut theirs: nuts::Proof = into(proof);
    for key in keys {
        theirs.sign_p2pk((*key).clone()).unwrap();
    }
    into(&theirs)
}

#[test]
fn multisignatures_and_refunds() {
    for _ in 0..ROUNDS / 10 {
        let [a, b, c, r, s] = std::array::from_fn(|_| nuts::SecretKey::generate());
        let lock = |locktime| {
            let conditions = Conditions {
                locktime: Some(locktime),
                pubkeys: Some(vec![b.public_key(), c.public_key()]),
                refund_keys: Some(vec![r.public_key(), s.public_key()]),
                num_sigs: Some(2),
                num_sigs_refund: Some(2),
                ..conditions(nuts::SigFlag::SigInputs)
            };
            under(p2pk(&a, conditions))
        };
        let (active, expired) = (lock(FUTURE), lock(PAST));
        for (signers, before, after) in [
            (&[&a, &b][..], true, true),
            (&[&c, &b], true, true),
            (&[&a], false, false),
            (&[&r, &s], false, true),
            (&[&s, &r], false, true),
            (&[&a, &r], false, false),
            (&[&r], false, false),
        ] {
            is_opened_by_both(&signed_by(&active, signers), before);
            is_opened_by_both(&signed_by(&expired, signers), after);
        }
        let parsed = parse(SuiteId::Secp256k1, &active.secret).unwrap().unwrap();
        assert_eq!((parsed.keys.len(), parsed.n_sigs), (3, 2));
        assert_eq!((parsed.refund.len(), parsed.n_sigs_refund), (2, 2));
        assert_eq!(parsed.locktime, Some(FUTURE));
    }
}

#[test]
fn hash_locks() {
    for _ in 0..ROUNDS / 10 {
        let (holder, stranger) = (nuts::SecretKey::generate(), nuts::SecretKey::generate());
        let preimage = random::<32>();
        let keyed = Conditions {
            pubkeys: Some(vec![holder.public_key()]),
            ..conditions(nuts::SigFlag::SigInputs)
        };
        for (conditions, signers) in [(None, &[][..]), (Some(keyed), &[&holder])] {
            let lock = SpendingConditions::new_htlc(hex::encode(preimage), conditions).unwrap();
            let with = |preimage: [u8; 32], signers: &[&nuts::SecretKey]| {
                let mut theirs: nuts::Proof = into(&under(lock.clone()));
                theirs.add_preimage(hex::encode(preimage));
                signed_by(&into(&theirs), signers)
            };
            let good = with(preimage, signers);
            is_opened_by_both(&good, true);
            let spend = check_all(&[good], &[], Aggregation::Swap, NOW).unwrap();
            let handed_on = Some(preimage);
            assert!(
                spend
                    == [Spend {
                        preimage: handed_on
                    }]
            );
            is_opened_by_both(&with(random(), signers), false);
            if !signers.is_empty() {
                is_opened_by_both(&with(preimage, &[&stranger]), false);
            }
        }
        // Opened by a witness of ours.
        let lock = SpendingConditions::new_htlc(hex::encode(preimage), None);
        let mut proof = under(lock.unwrap());
        let witness = Witness {
            preimage: Some(hex::encode(preimage)),
            signatures: Vec::new(),
        };
        proof.witness = Some(witness.to_json());
        is_opened_by_both(&proof, true);
    }
}

/// Swaps and melts of two inputs with SIG_ALL: signed by them and checked by us, and the other way.
#[test]
fn sig_all() {
    for round in 0..ROUNDS / 10 {
        let (holder, stranger) = (nuts::SecretKey::generate(), nuts::SecretKey::generate());
        let preimage = random::<32>();
        let all = conditions(nuts::SigFlag::SigAll);
        let lock = if round % 2 == 0 {
            p2pk(&holder, all)
        } else {
            let keyed = Conditions {
                pubkeys: Some(vec![holder.public_key()]),
                ..all
            };
            SpendingConditions::new_htlc(hex::encode(preimage), Some(keyed)).unwrap()
        };
        let mut inputs = two(&lock);
        if round % 2 == 1 {
            let mut first: nuts::Proof = into(&inputs[0]);
            first.add_preimage(hex::encode(preimage));
            inputs[0] = into(&first);
        }
        let (inputs, outputs) = (inputs, outputs());
        swap_with_sig_all(&inputs, &outputs, &holder, &stranger);
        melt_with_sig_all(&inputs, &outputs, &holder, &stranger);
    }
}

/// The first input's witness with our signature beside what it holds.
fn sign(inputs: &mut [Proof], key: &nuts::SecretKey, message: &str) {
    let mut witness = Witness::parse(inputs[0].witness.as_deref()).unwrap();
    let signature = signing_key(key).sign(message.as_bytes());
    witness.signatures.push(hex::encode(signature));
    inputs[0].witness = Some(witness.to_json());
}

fn swap_with_sig_all(
    inputs: &[Proof],
    outputs: &[BlindedMessage],
    holder: &nuts::SecretKey,
    stranger: &nuts::SecretKey,
) {
    let request = nuts::SwapRequest::new(into(&inputs), into(&outputs));
    let message = Aggregation::Swap.message(inputs, outputs);
    assert_eq!(request.sig_all_msg_to_sign(), *message);
    for (key, opens) in [(holder, true), (stranger, false)] {
        let mut theirs = request.clone();
        theirs.sign_sig_all(key.clone()).unwrap();
        let read: Vec<Proof> = into(theirs.inputs());
        assert_eq!(ours(&read, outputs, Aggregation::Swap), opens);
        let quote = QuoteId::new(QUOTE.to_owned());
        assert!(!ours(&read, outputs, Aggregation::Melt(&quote)));
        let mut signed = inputs.to_vec();
        sign(&mut signed, key, &message);
        assert_eq!(ours(&signed, outputs, Aggregation::Swap), opens);
        let read = nuts::SwapRequest::new(into(&signed), into(&outputs));
        assert_eq!(read.verify_spending_conditions().is_ok(), opens);
    }
}

fn melt_with_sig_all(
    inputs: &[Proof],
    outputs: &[BlindedMessage],
    holder: &nuts::SecretKey,
    stranger: &nuts::SecretKey,
) {
    let quote = QuoteId::new(QUOTE.to_owned());
    let melt = |inputs: &[Proof]| {
        nuts::MeltRequest::new(QUOTE.to_owned(), into(&inputs), Some(into(&outputs)))
    };
    let message = Aggregation::Melt(&quote).message(inputs, outputs);
    assert_eq!(melt(inputs).sig_all_msg_to_sign(), *message);
    for (key, opens) in [(holder, true), (stranger, false)] {
        let mut theirs = melt(inputs);
        theirs.sign_sig_all(key.clone()).unwrap();
        let read: Vec<Proof> = into(theirs.inputs());
        assert_eq!(ours(&read, outputs, Aggregation::Melt(&quote)), opens);
        assert!(!ours(&read, outputs, Aggregation::Swap));
        let mut signed = inputs.to_vec();
        sign(&mut signed, key, &message);
        assert_eq!(ours(&signed, outputs, Aggregation::Melt(&quote)), opens);
        assert_eq!(melt(&signed).verify_spending_conditions().is_ok(), opens);
    }
}
