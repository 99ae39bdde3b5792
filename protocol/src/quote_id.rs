//! The ids of quotes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The id of a quote, any text. Who knows that of a paid quote without a key mints its tokens
/// (NUT-04), so `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuoteId(String);

impl QuoteId {
    /// Wraps an id's text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// A UUID of version 7 ([RFC 9562, section 5.7](https://www.rfc-editor.org/rfc/rfc9562#section-5.7)): the time in milliseconds since 1970, of which 48
    /// bits count, and 74 of the random bits.
    #[must_use]
    pub fn uuid_v7(unix_millis: u64, random: &[u8; 10]) -> Self {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&unix_millis.to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(random);
        bytes[6] = 0x70 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        let hex = hex::encode(bytes);
        let mut text = String::with_capacity(36);
        for (at, digit) in hex.chars().enumerate() {
            if matches!(at, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            text.push(digit);
        }
        Self(text)
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for QuoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QuoteId(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_7() {
        // The time of RFC 9562, appendix A.6, and its random bits under other version and variant.
        let random = [0xfc, 0xc3, 0xd8, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
        let id = QuoteId::uuid_v7(0x017F_22E2_79B0, &random);
        assert_eq!(id.as_str(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
        let last = QuoteId::uuid_v7(u64::MAX, &[0xff; 10]);
        assert_eq!(last.as_str(), "ffffffff-ffff-7fff-bfff-ffffffffffff");
        assert_eq!(format!("{id:?}"), "QuoteId(…)");
    }
}
