//! Points, scalars and keyset ids in hex. There is one text for each: what is read is written as it
//! was, and what is not the one encoding of a point or a scalar is refused.

#![no_main]

use farthing_protocol::suite::{Ristretto255, Suite};
use farthing_protocol::{EncodedPoint, EncodedScalar, KeysetId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(id) = KeysetId::from_hex(text) {
        assert!(id.to_string().eq_ignore_ascii_case(text));
        let _ = id.resolve([&id.short(), &id]);
    }
    if let Ok(encoded) = EncodedPoint::from_hex(text) {
        assert!(encoded.to_hex().eq_ignore_ascii_case(text));
        if let Ok(point) = Ristretto255::decode_point(&encoded) {
            assert_eq!(Ristretto255::encode_point(&point), encoded);
        }
    }
    if let Ok(encoded) = EncodedScalar::from_hex(text) {
        let _ = Ristretto255::decode_blinding(&encoded);
    }
});
