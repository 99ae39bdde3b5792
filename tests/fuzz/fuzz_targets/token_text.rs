//! A token as text, from anybody who sends one. What is read can be written, and is
//! read again as what is written the same.

#![no_main]

use farthing_protocol::Token;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(token) = Token::decode(text) {
        assert!(
            token.amount().is_ok(),
            "a sum that does not fit was accepted"
        );
        // Written, keyset ids are short, and the proofs of each stand together.
        let written = token.encode();
        let again = Token::decode(&written).expect("what was written is read");
        assert_eq!(again.amount(), token.amount());
        assert_eq!(again.encode(), written);
    }
});
