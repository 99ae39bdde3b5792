//! What a caller knows a redemption by.

use std::fmt;

use crate::encoding::{DecodeError, wire_form};

/// The reference of a redemption: 32 bytes that the caller chooses, 64 hexadecimal digits in JSON.
///
/// A mint does nothing with it. But it is part of the request's bytes, and a mint repeats its answer
/// to the same bytes alone: whoever makes the reference depend on what is sold can tell a repeated
/// answer from a payment for something else (`docs/reference/protocol.md`, section 12.4).
///
/// `Debug` shows nothing: a reference is the caller's own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reference(pub [u8; 32]);

wire_form!(Reference, "reference", "32", 32);

impl Reference {
    /// Takes 32 bytes.
    ///
    /// # Errors
    /// [`DecodeError::Length`] for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let array = bytes.try_into();
        array.map(Self).map_err(|_| Self::wrong_length(bytes.len()))
    }

    fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reference(…)")
    }
}
