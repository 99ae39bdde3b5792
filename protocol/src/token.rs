//! Tokens: proofs written as text that one person hands to another (NUT-00, V4, `cashuB…`; V3, `cashuA…`,
//! is read too).

mod pasted;
mod v3;

use std::fmt;

use base64::Engine as _;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::encoding::BASE64;
use crate::suite::Suite;
use crate::text::printable;
use crate::{Dleq, EncodedPoint, KeysetId, Proof, ProofDleq, Secret, amount};

pub use pasted::{NoToken, find};

/// What every V4 token starts with.
pub const PREFIX: &str = "cashuB";
/// What makes a token clickable; skipped when present.
const SCHEME: &str = "cashu:";

/// Why text is not a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Starts neither with `cashuB` nor with `cashuA`.
    #[error("a token starts with {PREFIX}")]
    Prefix,
    /// Cut off or altered: not base64, or not the CBOR (or JSON) of a token.
    #[error("the token is incomplete or altered")]
    Damaged,
    /// Holds no proofs.
    #[error("the token is empty")]
    Empty,
    /// Holds proofs of several mints, as only the older version can.
    #[error("the token holds money of several mints, which is not supported")]
    Mints,
    /// Its amounts add up to more than `u64::MAX`.
    #[error("the token's amounts are too large")]
    Amount,
}

/// A proof as its holder keeps it: with what others need to check it without the mint (NUT-12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenProof {
    /// The proof.
    pub proof: Proof,
    /// The mint's proof for its signature, and the blinding factor.
    pub dleq: Option<ProofDleq>,
}

/// What is wrong with a token that somebody hands over, as far as its holder can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenFault {
    /// The mint's public key is not a point: no fault of the token's.
    #[error("the mint's key is not a point")]
    Key,
    /// `C` is not a canonical point, or the identity.
    #[error("its signature is not a point")]
    Point,
    /// The blinding factor is not a canonical scalar, or zero.
    #[error("its blinding factor is not a scalar")]
    Blinding,
    /// The proof does not verify.
    #[error("the mint's key did not sign it")]
    Proof,
}

impl TokenProof {
    /// Checks what can be checked without the mint against its public key for the amount (NUT-12,
    /// "Receiver"): that `C` is a point, and the proof that travels with the token. `false` when none
    /// does. A token that passes may be spent all the same.
    ///
    /// # Errors
    /// A [`TokenFault`].
    pub fn verify<S: Suite>(&self, public: &EncodedPoint) -> Result<bool, TokenFault> {
        let public = S::decode_point(public).map_err(|_| TokenFault::Key)?;
        let c = S::decode_point(&self.proof.c).map_err(|_| TokenFault::Point)?;
        let Some(ProofDleq { e, s, r }) = self.dleq.as_ref() else {
            return Ok(false);
        };
        let r = S::decode_blinding(r).map_err(|_| TokenFault::Blinding)?;
        let y = S::hash_to_group(self.proof.secret.expose().as_bytes());
        let b = S::blind(&y, &r);
        let c = S::reblind(&c, &r, &public).ok_or(TokenFault::Proof)?;
        let dleq = Dleq {
            e: e.clone(),
            s: s.clone(),
        };
        let verified = S::verify_proof(&public, &b, &c, &dleq);
        verified.map(|()| true).map_err(|_| TokenFault::Proof)
    }
}

/// Proofs of one mint and one unit, as people send them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The mint's URL, without a slash at its end.
    pub mint: String,
    /// The unit of all its keysets.
    pub unit: String,
    /// A note from the sender.
    pub memo: Option<String>,
    /// The proofs. Ids of keysets may be short: see [`KeysetId::resolve`].
    pub proofs: Vec<TokenProof>,
}

impl Token {
    /// The sum of its proofs.
    ///
    /// # Errors
    /// [`TokenError::Amount`] when it passes `u64::MAX`.
    pub fn amount(&self) -> Result<u64, TokenError> {
        amount::sum(self.proofs.iter().map(|p| p.proof.amount)).ok_or(TokenError::Amount)
    }

    /// Writes the token as text, keyset ids in their short form. The text is money: it is wiped when
    /// dropped.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<String> {
        let mut groups: Vec<Group> = Vec::new();
        for TokenProof { proof, dleq } in &self.proofs {
            let entry = Entry {
                a: proof.amount,
                s: proof.secret.clone(),
                c: proof.c,
                d: dleq.clone(),
                w: proof.witness.clone(),
            };
            let i = proof.id.short();
            match groups.iter_mut().find(|group| group.i == i) {
                Some(group) => group.p.push(entry),
                None => groups.push(Group { i, p: vec![entry] }),
            }
        }
        let body = Body {
            t: groups,
            d: self.memo.clone(),
            m: self.mint.trim_end_matches('/').to_owned(),
            u: self.unit.clone(),
        };
        let mut cbor = Zeroizing::new(Vec::new());
        ciborium::into_writer(&body, &mut *cbor)
            .expect("a Vec takes every byte, and no field can fail");
        let mut text = Zeroizing::new(PREFIX.to_owned());
        BASE64.encode_string(&*cbor, &mut text);
        text
    }

    /// Reads a token; white space around it and a `cashu:` scheme are skipped.
    ///
    /// # Errors
    /// A [`TokenError`]. That it decodes says nothing about its worth: its proofs are not verified.
    pub fn decode(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let text = text.strip_prefix("cashu://").unwrap_or(text);
        let text = text.strip_prefix(SCHEME).unwrap_or(text);
        let bytes = |text| BASE64.decode(text).map_err(|_| TokenError::Damaged);
        let token = if let Some(text) = text.strip_prefix(v3::PREFIX) {
            v3::decode(&Zeroizing::new(bytes(text)?))?
        } else {
            let text = text.strip_prefix(PREFIX).ok_or(TokenError::Prefix)?;
            Self::decode_cbor(&Zeroizing::new(bytes(text)?))?
        };
        if token.proofs.is_empty() {
            return Err(TokenError::Empty);
        }
        token.amount()?;
        Ok(token)
    }

    fn decode_cbor(mut cbor: &[u8]) -> Result<Self, TokenError> {
        let body: Body = ciborium::from_reader(&mut cbor).map_err(|_| TokenError::Damaged)?;
        if !cbor.is_empty() {
            return Err(TokenError::Damaged);
        }
        let of_group = |Group { i, p }| p.into_iter().map(move |entry: Entry| entry.into_proof(i));
        Ok(Self {
            mint: body.m.trim_end_matches('/').to_owned(),
            unit: body.u,
            memo: body.d,
            proofs: body.t.into_iter().flat_map(of_group).collect(),
        })
    }
}

/// Shows the mint's address and the amount, for messages; never the proofs. Both texts come from
/// whoever made the token.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = self.amount().unwrap_or(u64::MAX);
        let (unit, mint) = (printable(&self.unit), printable(&self.mint));
        write!(f, "{amount} {unit} of {mint}")
    }
}

/// `TokenV4` with the names of its CBOR keys.
#[derive(Serialize, Deserialize)]
struct Body {
    t: Vec<Group>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<String>,
    m: String,
    u: String,
}

/// Proofs of one keyset.
#[derive(Serialize, Deserialize)]
struct Group {
    i: KeysetId,
    p: Vec<Entry>,
}

/// A proof without its keyset id.
#[derive(Serialize, Deserialize)]
struct Entry {
    a: u64,
    s: Secret,
    c: EncodedPoint,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<ProofDleq>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    w: Option<String>,
}

impl Entry {
    fn into_proof(self, id: KeysetId) -> TokenProof {
        TokenProof {
            proof: Proof {
                amount: self.a,
                id,
                secret: self.s,
                c: self.c,
                witness: self.w,
            },
            dleq: self.d,
        }
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
