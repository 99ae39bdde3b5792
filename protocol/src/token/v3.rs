//! Tokens of the older version, `cashuA…`: JSON, read and never written (NUT-00, "V3 tokens").

use serde::Deserialize;

use super::{Token, TokenError, TokenProof};
use crate::cashu::lenient;
use crate::{EncodedPoint, KeysetId, Proof, ProofDleq, Secret};

/// What every V3 token starts with.
pub(super) const PREFIX: &str = "cashuA";
/// The unit of a token that names none: there was no other when the format was made.
const UNIT: &str = "sat";

/// `TokenV3`, in which the proofs of each mint stand apart.
#[derive(Deserialize)]
struct Body {
    token: Vec<Entry>,
    unit: Option<String>,
    memo: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    mint: String,
    proofs: Vec<EntryProof>,
}

#[derive(Deserialize)]
struct EntryProof {
    amount: u64,
    id: KeysetId,
    secret: Secret,
    #[serde(rename = "C")]
    c: EncodedPoint,
    #[serde(default, deserialize_with = "lenient::witness")]
    witness: Option<String>,
    dleq: Option<ProofDleq>,
}

/// Reads what base64 held.
///
/// # Errors
/// [`TokenError::Damaged`], or [`TokenError::Mints`] when the proofs are not of one mint.
pub(super) fn decode(json: &[u8]) -> Result<Token, TokenError> {
    let Body { token, unit, memo } =
        crate::json::from_slice(json).map_err(|_| TokenError::Damaged)?;
    let mint = token.first().ok_or(TokenError::Empty)?.mint.clone();
    let mint = mint.trim_end_matches('/').to_owned();
    if token.iter().any(|e| e.mint.trim_end_matches('/') != mint) {
        return Err(TokenError::Mints);
    }
    let proofs = token.into_iter().flat_map(|entry| entry.proofs);
    Ok(Token {
        mint,
        unit: unit.unwrap_or_else(|| UNIT.to_owned()),
        memo,
        proofs: proofs.map(EntryProof::into_proof).collect(),
    })
}

impl EntryProof {
    fn into_proof(self) -> TokenProof {
        TokenProof {
            proof: Proof {
                amount: self.amount,
                id: self.id,
                secret: self.secret,
                c: self.c,
                witness: self.witness,
            },
            dleq: self.dleq,
        }
    }
}
