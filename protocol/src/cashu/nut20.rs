//! Locked mint quotes: a key is named with the quote, and its signature mints the tokens (NUT-20).
//!
//! There are two messages to sign, and wallets of both kinds: see [`message`] and [`framed_message`].

use crate::encoding::decode_array;
use crate::suite::secp256k1::SigningKey;
use crate::suite::{Secp256k1, Suite, VerifyError};
use crate::{BlindedMessage, EncodedPoint};

use crate::QuoteId;

/// What [`framed_message`] begins with.
const FRAMED_DOMAIN: &[u8] = b"Cashu_MintQuoteSig_v1";

/// Reads the public key of a mint quote, 33 bytes compressed, in hex.
///
/// # Errors
/// [`VerifyError::Key`].
pub fn decode_key(text: &str) -> Result<EncodedPoint, VerifyError> {
    let key = EncodedPoint::from_hex(text).map_err(|_| VerifyError::Key)?;
    Secp256k1::lock_key(key.as_bytes())?;
    Ok(key)
}

/// The message of NUT-20, "Message aggregation": `quote || B_0 || … || B_(n-1)`, as text.
#[must_use]
pub fn message(quote: &QuoteId, outputs: &[BlindedMessage]) -> Vec<u8> {
    let mut message = quote.as_str().as_bytes().to_vec();
    for output in outputs {
        message.extend_from_slice(output.b.to_hex().as_bytes());
    }
    message
}

/// The message of `cashubtc/nuts`' pull request 375, which covers the amounts too:
/// `"Cashu_MintQuoteSig_v1" || quote || amount_0 || B_0 || …`, where each part after the domain follows
/// its length in 4 bytes, an amount has as few bytes as it needs (none for 0), and points are bytes.
/// All numbers are big-endian.
#[must_use]
pub fn framed_message(quote: &QuoteId, outputs: &[BlindedMessage]) -> Vec<u8> {
    let mut message = FRAMED_DOMAIN.to_vec();
    push_framed(&mut message, quote.as_str().as_bytes());
    for output in outputs {
        let amount = output.amount.to_be_bytes();
        let zeros = output.amount.leading_zeros() as usize / 8;
        push_framed(&mut message, amount.get(zeros..).unwrap_or_default());
        push_framed(&mut message, output.b.as_bytes());
    }
    message
}

fn push_framed(message: &mut Vec<u8>, part: &[u8]) {
    // Longer parts than 4 GiB do not fit into a request.
    message.extend_from_slice(&(part.len() as u32).to_be_bytes());
    message.extend_from_slice(part);
}

/// Checks a signature, 64 bytes of BIP-340 in hex, by the quote's `key` over either message.
///
/// # Errors
/// [`VerifyError::Key`] or [`VerifyError::Signature`].
pub fn verify(
    key: &EncodedPoint,
    quote: &QuoteId,
    outputs: &[BlindedMessage],
    signature: &str,
) -> Result<(), VerifyError> {
    let key = Secp256k1::lock_key(key.as_bytes())?;
    let signature = decode_array(signature).ok_or(VerifyError::Signature)?;
    let verify = |message: Vec<u8>| Secp256k1::verify_signature(&key, &message, &signature);
    verify(message(quote, outputs)).or_else(|_| verify(framed_message(quote, outputs)))
}

/// Signs [`message`], which mints of all ages take; gives hex.
#[must_use]
pub fn sign(key: &SigningKey, quote: &QuoteId, outputs: &[BlindedMessage]) -> String {
    hex::encode(key.sign(&message(quote, outputs)))
}
