//! Blind authentication (NUT-22): tokens that admit to the mint's API and are worth nothing.

use std::fmt;

use base64::Engine as _;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::lenient::list;
use crate::encoding::BASE64;
use crate::{BlindedMessage, EncodedPoint, KeysetId, Proof, Secret};

/// The unit of the keysets that sign such tokens. Their only amount is 1.
pub const UNIT: &str = "auth";
/// What a token in a header starts with.
pub const PREFIX: &str = "authA";

/// The names of the headers, in lower case, as HTTP libraries compare them.
pub mod header {
    /// The OpenID provider's access token (NUT-21).
    pub const CLEAR: &str = "clear-auth";
    /// An [`super::AuthProof`] (NUT-22).
    pub const BLIND: &str = "blind-auth";
}

/// A blind authentication token: good for one request (NUT-22 `AuthProof`).
///
/// A holder keeps the mint's DLEQ proof beside it, and does not send it: it has no place here. Where
/// somebody sends one all the same it is skipped, and with it the blinding factor, which would tell the
/// mint whom it gave the token to.
///
/// `Debug` does not show the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthProof {
    /// The keyset whose key for 1 signed it.
    pub id: KeysetId,
    /// What was signed.
    pub secret: Secret,
    /// The unblinded signature.
    #[serde(rename = "C")]
    pub c: EncodedPoint,
}

/// The text of a header is no blind authentication token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not {PREFIX} and the base64url of a token")]
pub struct NoAuthProof;

impl AuthProof {
    /// Reads the text of the header; the base64 may have its padding or not.
    ///
    /// # Errors
    /// [`NoAuthProof`]. The signature is not verified.
    pub fn decode(text: &str) -> Result<Self, NoAuthProof> {
        let text = text.strip_prefix(PREFIX).ok_or(NoAuthProof)?;
        let json = BASE64.decode(text).map_err(|_| NoAuthProof)?;
        crate::json::from_slice(&Zeroizing::new(json)).map_err(|_| NoAuthProof)
    }

    /// The text of the header, without padding.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<String> {
        #[expect(
            clippy::expect_used,
            reason = "a Vec takes every byte, and no field can fail"
        )]
        let json = Zeroizing::new(serde_json::to_vec(self).expect("writing JSON to memory"));
        let mut text = Zeroizing::new(PREFIX.to_owned());
        BASE64.encode_string(&*json, &mut text);
        text
    }
}

/// What of a token goes into the header.
impl From<Proof> for AuthProof {
    fn from(proof: Proof) -> Self {
        let Proof { id, secret, c, .. } = proof;
        Self { id, secret, c }
    }
}

impl fmt::Debug for AuthProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthProof")
            .field("id", &self.id)
            .field("c", &self.c)
            .finish_non_exhaustive()
    }
}

/// Asks for blind authentication tokens (NUT-22 `PostAuthBlindMintRequest`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MintRequest {
    /// Outputs of an auth keyset to sign, each of the amount 1.
    #[serde(deserialize_with = "list")]
    pub outputs: Vec<BlindedMessage>,
}
