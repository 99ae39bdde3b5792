//! The middle stage: signatures and locks of the inputs, and the signing of the outputs. All of the
//! curve arithmetic is here, on the CPU pool's threads.

use farthing_protocol::conditions::{self, Spend};
use farthing_protocol::suite::{Ristretto255, Suite};
use farthing_protocol::{BlindSignature, BlindedMessage, ErrorCode};

use crate::error::{Error, Result};
use crate::keyring::{Keyring, Mark, Point, RequestDigest};
use crate::ledger::{Admitted, Entry};
use crate::store::Reader;

/// A transaction whose signatures and locks were checked and whose outputs are signed, as the store
/// will remember it: without secrets, and with nothing that would name its parts to each other once
/// it is written.
///
/// Only [`verify`] makes one, and only the engine's writer takes one.
#[derive(Debug)]
pub(super) struct VerifiedTransaction {
    pub(super) spends: Vec<TokenRow>,
    pub(super) issues: Vec<TokenRow>,
    pub(super) entries: Vec<Entry>,
    pub(super) digest: Option<RequestDigest>,
}

/// A token as the store remembers it, spent or signed.
#[derive(Debug)]
pub(super) struct TokenRow {
    pub(super) mark: Mark,
    pub(super) keyset: u32,
    pub(super) amount: u64,
    /// For spent HTLCs.
    pub(super) preimage: Option<[u8; 32]>,
}

/// What the inputs and outputs are called in the store, before anything about them is verified.
pub(super) struct Marks {
    ys: Vec<Point>,
    spent: Vec<Mark>,
    signed: Vec<Mark>,
}

impl Marks {
    /// Hashes the inputs' secrets to the group, and marks inputs and outputs.
    pub(super) fn new(admitted: &Admitted<'_>, keyring: &Keyring) -> Self {
        let transaction = admitted.transaction();
        let hash = |secret: &str| Ristretto255::hash_to_group(secret.as_bytes());
        let inputs = transaction.inputs.iter();
        let ys: Vec<Point> = inputs.map(|i| hash(i.secret.expose())).collect();
        let encoded = ys.iter().map(Ristretto255::encode_point);
        let outputs = transaction.outputs.iter();
        Self {
            spent: encoded.map(|y| keyring.spent_mark(y.as_bytes())).collect(),
            signed: outputs
                .map(|o| keyring.signed_mark(o.b.as_bytes()))
                .collect(),
            ys,
        }
    }

    /// What in the store stands against the transaction, if anything: a token spent, an output signed.
    pub(super) fn conflict(&self, reader: &Reader) -> Result<Option<Error>> {
        for mark in &self.spent {
            if reader.spent(mark)?.is_some() {
                return Ok(Some(already_spent()));
            }
        }
        for mark in &self.signed {
            if reader.signed(mark)?.is_some() {
                return Ok(Some(already_signed()));
            }
        }
        Ok(None)
    }
}

/// An admitted transaction whose signatures and locks were found good.
pub(super) struct Checked {
    spends: Vec<Spend>,
    points: Vec<Point>,
}

/// Checks the tokens, then the outputs' points, then the locks, at Unix time `now`.
///
/// # Errors
/// [`Error::Request`] with `ProofInvalid` or `OutputPointInvalid`.
pub(super) fn check(
    admitted: &Admitted<'_>,
    marks: &Marks,
    keyring: &Keyring,
    now: u64,
) -> Result<Checked> {
    let transaction = admitted.transaction();
    for (input, y) in transaction.inputs.iter().zip(&marks.ys) {
        let c = Ristretto255::decode_point(&input.c)
            .map_err(|e| Error::request(ErrorCode::ProofInvalid, e.to_string()))?;
        if !keyring.verify(&input.id, input.amount, y, &c)? {
            let detail = "a token is not this mint's: its signature does not verify";
            return Err(Error::request(ErrorCode::ProofInvalid, detail));
        }
    }
    let points = decode_outputs(&transaction.outputs)?;
    let spends =
        conditions::check_all::<Ristretto255>(&transaction.inputs, &transaction.outputs, now)
            .map_err(|e| Error::request(ErrorCode::ProofInvalid, e.to_string()))?;
    Ok(Checked { spends, points })
}

/// Signs the outputs, and puts down what the store will remember.
pub(super) fn verify(
    admitted: &Admitted<'_>,
    marks: Marks,
    checked: Checked,
    digest: Option<RequestDigest>,
    keyring: &Keyring,
) -> Result<(VerifiedTransaction, Vec<BlindSignature>)> {
    let transaction = admitted.transaction();
    let signatures = sign(&transaction.outputs, &checked.points, keyring)?;
    let inputs = transaction.inputs.iter().zip(admitted.input_keysets());
    let spends = inputs.zip(&marks.spent).zip(&checked.spends);
    let spends = spends.map(|(((input, keyset), mark), spend)| TokenRow {
        mark: *mark,
        keyset: keyset.terms.index,
        amount: input.amount,
        preimage: spend.preimage,
    });
    let outputs = transaction.outputs.iter().zip(admitted.output_keysets());
    let issues = outputs
        .zip(&marks.signed)
        .map(|((output, keyset), mark)| TokenRow {
            mark: *mark,
            keyset: keyset.terms.index,
            amount: output.amount,
            preimage: None,
        });
    let verified = VerifiedTransaction {
        spends: spends.collect(),
        issues: issues.collect(),
        entries: admitted.entries().to_vec(),
        digest,
    };
    Ok((verified, signatures))
}

/// Decodes the outputs' points.
///
/// # Errors
/// [`Error::Request`] with `OutputPointInvalid`.
pub(super) fn decode_outputs(outputs: &[BlindedMessage]) -> Result<Vec<Point>> {
    let decode = |output: &BlindedMessage| {
        Ristretto255::decode_point(&output.b)
            .map_err(|e| Error::request(ErrorCode::OutputPointInvalid, format!("B_: {e}")))
    };
    outputs.iter().map(decode).collect()
}

/// Signs outputs whose points were decoded.
pub(super) fn sign(
    outputs: &[BlindedMessage],
    points: &[Point],
    keyring: &Keyring,
) -> Result<Vec<BlindSignature>> {
    let pairs = outputs.iter().zip(points);
    pairs
        .map(|(output, point)| keyring.sign(output, point))
        .collect()
}

pub(super) fn already_spent() -> Error {
    Error::request(ErrorCode::AlreadySpent, "a token was spent before")
}

pub(super) fn already_signed() -> Error {
    Error::request(ErrorCode::AlreadySigned, "an output was signed before")
}
