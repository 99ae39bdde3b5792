//! A token as text, from anybody who sends one. What is read can be written, and is the same again.

#![no_main]

use farthing_protocol::Token;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(token) = Token::decode(text) {
        assert!(
            token.amount().is_ok(),
            "a sum that does not fit was accepted"
        );
        let again = Token::decode(&token.encode()).expect("what was written is read");
        assert_eq!(again, token);
    }
});
