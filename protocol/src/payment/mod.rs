//! Paying over HTTP: what travels in the headers of a request that buys something (NUT-24, and
//! `docs/reference/protocol.md`, section 12).
//!
//! | module | what it holds | source |
//! |---|---|---|
//! | [`request`] | payment requests, `creqA…` and `creqB…` | NUT-18, NUT-26 |
//! | [`change`] | outputs for change, and the signatures on them | section 12.3 |
//! | [`receipt`] | the publisher's receipt, a JWT | RFC 7519, RFC 8037 |
//! | [`exchange`] | the bodies by which a wallet in a browser pays | section 12.7 |

pub mod change;
mod creq_b;
pub mod exchange;
pub mod receipt;
pub mod request;
mod types;

pub use exchange::{OpenRequest, Paid, PayRequest};
pub use receipt::Receipt;
pub use types::{LockOption, PaymentRequest, Transport};

use base64::Engine as _;
use zeroize::Zeroizing;

use crate::encoding::BASE64;

/// The names of the headers, in lower case, as HTTP libraries compare them.
pub mod header {
    /// In answers a [`super::PaymentRequest`], in requests a [`crate::Token`] (NUT-24).
    pub const CASHU: &str = "x-cashu";
    /// In requests: outputs for change ([`super::change::encode_outputs`]). In answers 402 and 400: that
    /// they are taken, by their form ([`super::change::OUTPUTS_PREFIX`]).
    pub const OUTPUTS: &str = "x-cashu-outputs";
    /// In answers: the mint's signatures on them ([`super::change::encode_signatures`]).
    pub const SIGNATURES: &str = "x-cashu-signatures";
    /// In answers 402 and 400: the digest of the keysets that the mint signs with, as the publisher knows
    /// them ([`crate::api::keysets_digest`]).
    pub const KEYSETS: &str = "x-cashu-keysets";
    /// In answers and requests: a [`super::Receipt`].
    pub const RECEIPT: &str = "x-cashu-receipt";

    /// No header of these is longer in a request, in bytes.
    pub const BYTES_MAX: usize = 16 * 1024;
}

/// Why the text of a header is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PaymentError {
    /// Starts with something else than what is named.
    #[error("it does not start with {0}")]
    Prefix(&'static str),
    /// Cut off or altered: not what its prefix promises.
    #[error("it is incomplete or altered")]
    Damaged,
    /// A receipt's signature does not fit.
    #[error("its signature is not valid")]
    Signature,
}

/// Writes CBOR as text behind a prefix.
fn encode(prefix: &str, value: &impl serde::Serialize) -> String {
    let mut cbor = Vec::new();
    ciborium::into_writer(value, &mut cbor).expect("a Vec takes every byte, and no field can fail");
    let mut text = prefix.to_owned();
    BASE64.encode_string(&cbor, &mut text);
    text
}

/// Reads CBOR from text behind a prefix, which it must fill to its end.
fn decode<T: serde::de::DeserializeOwned>(
    prefix: &'static str,
    text: &str,
) -> Result<T, PaymentError> {
    let text = text.strip_prefix(prefix);
    let text = text.ok_or(PaymentError::Prefix(prefix))?;
    from_base64(text)
}

fn from_base64<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, PaymentError> {
    let cbor = Zeroizing::new(BASE64.decode(text).map_err(|_| PaymentError::Damaged)?);
    let mut rest = cbor.as_slice();
    let value = ciborium::from_reader(&mut rest).map_err(|_| PaymentError::Damaged)?;
    rest.is_empty()
        .then_some(value)
        .ok_or(PaymentError::Damaged)
}
