//! The bodies that a wallet reads, from a mint that may lie. What is read can be written, and is the
//! same again.

#![no_main]

use std::fmt::Debug;

use farthing_protocol::api::{
    Account, Info, Keys, Keysets, Redeemed, Restored, Signatures, Statement, States,
};
use farthing_protocol::error_code::ErrorBody;
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

fuzz_target!(|body: &[u8]| {
    read::<Info>(body);
    read::<Keys>(body);
    read::<Keysets>(body);
    read::<Signatures>(body);
    read::<Redeemed>(body);
    read::<States>(body);
    read::<Restored>(body);
    read::<Account>(body);
    read::<Statement>(body);
    read::<ErrorBody>(body);
});
