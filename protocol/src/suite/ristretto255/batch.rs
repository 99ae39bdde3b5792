//! Many signatures at once: the same results as one by one, for less.
//!
//! Encoding a point costs a square root; encoding the *doubles* of many points costs one inversion for
//! all (RFC 9496 allows no such shortcut for the points themselves). So whatever is to be encoded is
//! computed as its half, with a halved scalar, and doubled by the encoding.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{MultiscalarMul, VartimeMultiscalarMul};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::{Ristretto255, SecretKey, challenge_of, composite_weight};
use crate::suite::{ToSign, ToVerify};
use crate::{Dleq, EncodedPoint, EncodedScalar};

/// From how many tokens on a batch costs less than its tokens one by one: two sums against a
/// multiplication each.
pub(super) const BATCH_MIN: usize = 2;

/// What is known of one output between the two encodings.
struct Half<'a> {
    key: &'a SecretKey,
    b: RistrettoPoint,
    /// Half of `C_`.
    c: RistrettoPoint,
    nonce: Scalar,
}

impl Drop for Half<'_> {
    fn drop(&mut self) {
        self.nonce.zeroize();
    }
}

/// Signs outputs: `C_` and its proof for each, as `evaluate` and `prove` give them.
pub(super) fn sign_all(outputs: &[ToSign<'_, Ristretto255>]) -> Vec<(EncodedPoint, Dleq)> {
    let halves = outputs.iter().map(|output| output.key.half * output.b);
    let halves: Vec<RistrettoPoint> = halves.collect();
    let encoded_c = RistrettoPoint::double_and_compress_batch(&halves);

    let mut halves: Vec<Half<'_>> = outputs
        .iter()
        .zip(halves)
        .map(|(&ToSign { key, b, .. }, c)| Half {
            key,
            b,
            c,
            nonce: Scalar::ZERO,
        })
        .collect();
    let mut points = Vec::with_capacity(4 * outputs.len());
    for ((half, output), c) in halves.iter_mut().zip(outputs).zip(&encoded_c) {
        let b = output.encoded.as_bytes();
        half.nonce = half.key.proof_nonce(b, c.as_bytes());
        // M = d·B_ and Z = d·C_ (RFC 9497, section 2.2.1, for a batch of one), t2 = r·G, t3 = r·M.
        // d is public, and yet there is nothing to gain from variable time: in curve25519-dalek it
        // takes as long for one point, and longer with AVX-512.
        let d = composite_weight(&half.key.seed, 0, b, c.as_bytes());
        let m = d.div_by_2() * half.b;
        let mut half_nonce = half.nonce.div_by_2();
        points.extend([
            m,
            d * half.c,
            RistrettoPoint::mul_base(&half_nonce),
            half.nonce * m,
        ]);
        half_nonce.zeroize();
    }
    let transcripts = RistrettoPoint::double_and_compress_batch(&points);
    let (transcripts, _) = transcripts.as_chunks::<4>();
    let signed = halves.iter().zip(&encoded_c).zip(transcripts);
    signed
        .map(|((half, c), transcript)| (c.to_bytes().into(), half.respond(transcript)))
        .collect()
}

impl Half<'_> {
    /// The challenge of the transcript `M, Z, t2, t3`, and the response `s = r − c·k`.
    fn respond(&self, transcript: &[CompressedRistretto; 4]) -> Dleq {
        let [m, z, t2, t3] = transcript.map(|point| point.to_bytes());
        let c = challenge_of(&self.key.encoded, [&m, &z, &t2, &t3]);
        let s = self.nonce - c * self.key.k;
        Dleq {
            e: EncodedScalar(c.to_bytes()),
            s: EncodedScalar(s.to_bytes()),
        }
    }
}

/// Returns whether all tokens are good: `Σ (zᵢ·kᵢ)·Yᵢ = Σ zᵢ·Cᵢ` for random `zᵢ` of 128 bits. A bad token
/// passes with probability 2^-128. The sum with the secret `kᵢ` takes constant time; that on the right
/// is of public values.
pub(super) fn verify_all(tokens: &[ToVerify<'_, Ristretto255>]) -> bool {
    let weights = || tokens.iter().map(|token| Scalar::from(token.weight));
    let weighted = tokens.iter().zip(weights()).map(|(t, z)| z * t.key.k);
    let weighted = Zeroizing::new(weighted.collect::<Vec<Scalar>>());
    let ys = RistrettoPoint::multiscalar_mul(weighted.iter(), tokens.iter().map(|t| t.y));
    let cs = RistrettoPoint::vartime_multiscalar_mul(weights(), tokens.iter().map(|t| t.c));
    ys.ct_eq(&cs).into()
}
