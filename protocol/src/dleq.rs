//! Proofs that a signature was made with the published key (NUT-12).

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::EncodedScalar;

/// A proof that two pairs of points have the same discrete logarithm: RFC 9497's `GenerateProof`
/// for a batch of one on ristretto255 keysets, with `e` its challenge and `s` its response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dleq {
    /// The challenge.
    pub e: EncodedScalar,
    /// The response.
    pub s: EncodedScalar,
}

/// A [`Dleq`] with the blinding factor, so that whoever receives the token can check it (NUT-12).
///
/// Who holds `r` can tell the mint which signature became this token. Wiped when dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct ProofDleq {
    /// The challenge.
    pub e: EncodedScalar,
    /// The response.
    pub s: EncodedScalar,
    /// The blinding factor.
    pub r: EncodedScalar,
}
