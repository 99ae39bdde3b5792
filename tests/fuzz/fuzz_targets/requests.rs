//! The bodies that a mint reads, in both APIs. What is read can be written, and is the same again; what is
//! read strictly is read leniently as the same.

#![no_main]

use std::fmt::Debug;

use farthing_protocol::api::{
    CheckStateRequest, RedeemRequest, RestoreRequest, SwapRequest, WithdrawRequest,
};
use farthing_protocol::cashu::{Lenient, auth, batch, bolt11, ws};
use farthing_protocol::json;
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn read<T: DeserializeOwned + Serialize + PartialEq + Debug>(body: &[u8]) {
    if let Ok(value) = json::from_slice::<T>(body) {
        let written = serde_json::to_vec(&value).expect("what was read is written");
        let again: T = json::from_slice(&written).expect("what was written is read");
        assert_eq!(again, value);
    }
}

fn both<T: DeserializeOwned + PartialEq + Debug>(body: &[u8])
where
    Lenient<T>: DeserializeOwned,
{
    let lenient = json::from_slice::<Lenient<T>>(body);
    if let Ok(value) = json::from_slice::<T>(body) {
        assert_eq!(lenient.expect("what is read strictly"), Lenient(value));
    }
}

fuzz_target!(|body: &[u8]| {
    read::<SwapRequest>(body);
    read::<WithdrawRequest>(body);
    read::<RedeemRequest>(body);
    read::<CheckStateRequest>(body);
    read::<RestoreRequest>(body);
    both::<SwapRequest>(body);
    both::<CheckStateRequest>(body);
    both::<RestoreRequest>(body);
    read::<bolt11::MintQuoteRequest>(body);
    read::<bolt11::MintRequest>(body);
    read::<bolt11::MeltQuoteRequest>(body);
    read::<bolt11::MeltRequest>(body);
    read::<batch::CheckRequest>(body);
    read::<batch::MintRequest>(body);
    read::<auth::MintRequest>(body);
    read::<auth::AuthProof>(body);
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = ws::Request::parse(text);
        if let Ok(proof) = auth::AuthProof::decode(text) {
            assert_eq!(auth::AuthProof::decode(&proof.encode()), Ok(proof));
        }
    }
});
