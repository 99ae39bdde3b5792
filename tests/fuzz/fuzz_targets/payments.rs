//! What travels in the headers of a paid request: payment requests in both forms, outputs, signatures,
//! receipts. What is read can be written, and is the same again.

#![no_main]

use farthing_protocol::payment::{PaymentRequest, Receipt, change};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(request) = PaymentRequest::decode(text) {
        assert_eq!(PaymentRequest::decode(&request.encode()), Ok(request));
    }
    if let Ok(outputs) = change::decode_outputs(text) {
        let written = change::encode_outputs(&outputs).expect("outputs of one keyset");
        assert_eq!(change::decode_outputs(&written), Ok(outputs));
    }
    if let Ok(signatures) = change::decode_signatures(text)
        && let Some(written) = change::encode_signatures(&signatures)
    {
        assert_eq!(change::decode_signatures(&written), Ok(signatures));
    }
    // Nobody forges a receipt by chance; it must not panic.
    let _ = Receipt::verify(text);
});
