//! What the store calls tokens, outputs and requests: keyed hashes, which only the keyring can make.

/// 16 bytes that stand for a token or an output.
pub type Mark = [u8; 16];

/// 16 bytes that stand for a request.
pub type RequestDigest = [u8; 16];
