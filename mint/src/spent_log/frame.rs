//! One frame of the log: what one batch spent.
//!
//! ```text
//! frame    length u32 | number u64 | check 4 | body | check 8
//! body     newest u32 | count u16 | keyset… | spend…
//! keyset   index u32 | id 33 | amounts u8 | fee u64 | expiry u64, 0 for none | length u8 | unit
//! spend    mark 16 | keyset u32 | amount u64 | 0, or 1 and the preimage 32
//! ```
//!
//! Numbers are big-endian. `length` is the body's; a check is the beginning of the SHA-256 of the log's
//! id and of all of the frame before it, so a frame of another log, or one torn or damaged, is none.
//! The head has a check of its own, so that a damaged length is not taken for a torn end.

use farthing_protocol::KeysetId;
use farthing_protocol::suite::SuiteId;
use sha2::{Digest as _, Sha256};

use crate::domain::{KeysetState, KeysetTerms, Mark};
use crate::store::KeysetRow;

pub(super) const HEAD_BYTES: usize = 16;
pub(super) const CHECK_BYTES: usize = 8;
const KEYSET_ID_BYTES: usize = 33;

/// What one batch spent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// 1 for the log's first frame, and 1 more for each that follows.
    pub number: u64,
    /// The highest index of a keyset in this frame or one before it.
    pub newest: u32,
    /// Keysets that no frame before it has.
    pub keysets: Vec<KeysetRow>,
    /// Tokens spent, in the order of their marks, which is not the order of time.
    pub spends: Vec<Spend>,
}

/// A spent token, as the store remembers it too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spend {
    /// Its mark.
    pub mark: Mark,
    /// Its keyset's index.
    pub keyset: u32,
    /// Its amount.
    pub amount: u64,
    /// The preimage that opened it, for an HTLC.
    pub preimage: Option<[u8; 32]>,
}

impl Frame {
    pub(super) fn encode(&self, log: &[u8; 16]) -> Vec<u8> {
        let mut body = Vec::with_capacity(6 + self.spends.len() * 29);
        body.extend(self.newest.to_be_bytes());
        body.extend(field::<u16>(self.keysets.len()).to_be_bytes());
        for keyset in &self.keysets {
            let terms = &keyset.terms;
            body.extend(terms.index.to_be_bytes());
            body.extend(keyset.id.as_bytes());
            body.push(terms.amounts);
            body.extend(terms.input_fee_ppk.to_be_bytes());
            body.extend(terms.final_expiry.unwrap_or(0).to_be_bytes());
            // The settings allow 16 bytes.
            body.push(field(terms.unit.len()));
            body.extend(terms.unit.as_bytes());
        }
        for spend in &self.spends {
            body.extend(spend.mark);
            body.extend(spend.keyset.to_be_bytes());
            body.extend(spend.amount.to_be_bytes());
            match &spend.preimage {
                None => body.push(0),
                Some(preimage) => {
                    body.push(1);
                    body.extend(preimage);
                }
            }
        }
        let mut bytes = Vec::with_capacity(HEAD_BYTES + body.len() + CHECK_BYTES);
        bytes.extend(field::<u32>(body.len()).to_be_bytes());
        bytes.extend(self.number.to_be_bytes());
        bytes.extend(check::<4>(log, &bytes));
        bytes.extend(body);
        bytes.extend(check::<CHECK_BYTES>(log, &bytes));
        bytes
    }

    /// The number and the body's length, from a head that is whole.
    pub(super) fn decode_head(log: &[u8; 16], head: &[u8; HEAD_BYTES]) -> Option<(u64, u32)> {
        let (checked, found) = head.split_last_chunk::<4>()?;
        let mut rest = checked;
        let length = u32::from_be_bytes(take(&mut rest)?);
        let number = u64::from_be_bytes(take(&mut rest)?);
        (check::<4>(log, checked) == *found).then_some((number, length))
    }

    /// Reads a frame; `None` when any bit of it is wrong.
    pub(super) fn decode(log: &[u8; 16], bytes: &[u8]) -> Option<Self> {
        let (checked, found) = bytes.split_last_chunk::<CHECK_BYTES>()?;
        let (head, mut rest) = checked.split_first_chunk::<HEAD_BYTES>()?;
        let (number, length) = Self::decode_head(log, head)?;
        if rest.len() != length as usize || check::<CHECK_BYTES>(log, checked) != *found {
            return None;
        }
        let newest = u32::from_be_bytes(take(&mut rest)?);
        let count = u16::from_be_bytes(take(&mut rest)?);
        let keysets = (0..count).map(|_| decode_keyset(&mut rest));
        let keysets = keysets.collect::<Option<_>>()?;
        let mut spends = Vec::new();
        while !rest.is_empty() {
            spends.push(decode_spend(&mut rest)?);
        }
        Some(Self {
            number,
            newest,
            keysets,
            spends,
        })
    }
}

/// A count or a length, in as many bytes as its field has.
#[expect(
    clippy::expect_used,
    reason = "a frame with a false length would make the rest of the log unreadable"
)]
fn field<T: TryFrom<usize, Error: std::fmt::Debug>>(number: usize) -> T {
    T::try_from(number).expect("a batch is within its limits, and so within the frame's fields")
}

fn decode_keyset(rest: &mut &[u8]) -> Option<KeysetRow> {
    let index = u32::from_be_bytes(take(rest)?);
    let id = take::<KEYSET_ID_BYTES>(rest)?;
    let [amounts] = take(rest)?;
    let input_fee_ppk = u64::from_be_bytes(take(rest)?);
    let expiry = u64::from_be_bytes(take(rest)?);
    let [length] = take(rest)?;
    let (unit, after) = rest.split_at_checked(length.into())?;
    *rest = after;
    let id = KeysetId::from_bytes(&id).ok()?;
    Some(KeysetRow {
        id,
        terms: KeysetTerms {
            index,
            suite: SuiteId::of(&id)?,
            unit: String::from_utf8(unit.to_vec()).ok()?,
            amounts,
            input_fee_ppk,
            final_expiry: (expiry != 0).then_some(expiry),
        },
        // What it could be used for is not the log's to say.
        state: KeysetState::Quarantined,
    })
}

fn decode_spend(rest: &mut &[u8]) -> Option<Spend> {
    Some(Spend {
        mark: take(rest)?,
        keyset: u32::from_be_bytes(take(rest)?),
        amount: u64::from_be_bytes(take(rest)?),
        preimage: match take(rest)? {
            [0] => None,
            [1] => Some(take(rest)?),
            [_] => return None,
        },
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

fn check<const N: usize>(log: &[u8; 16], bytes: &[u8]) -> [u8; N] {
    let digest = Sha256::new().chain_update(log).chain_update(bytes);
    let digest: [u8; 32] = digest.finalize().into();
    digest.first_chunk().copied().unwrap_or([0; N])
}
