//! Reading payment requests in bech32m with TLV fields (NUT-26).

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Bech32m, Checksum, Hrp};

use super::PaymentError;
use super::types::{LockOption, PaymentRequest, Transport};

/// What such a request starts with, in any case.
pub(super) const PREFIX: &str = "creqb1";

/// Reads `CREQB1…`.
pub(super) fn decode(text: &str) -> Result<PaymentRequest, PaymentError> {
    let checked = CheckedHrpstring::new::<LongBech32m>(text).map_err(|_| PaymentError::Damaged)?;
    let bytes: Vec<u8> = checked.byte_iter().collect();
    let mut request = PaymentRequest::default();
    for field in fields(&bytes) {
        let (tag, value) = field?;
        match tag {
            0x01 => request.id = Some(string(value)?),
            0x02 => request.amount = Some(number(value)?),
            0x03 => request.unit = Some(unit(value)?),
            0x04 => request.single_use = Some(flag(value)?),
            0x05 => request.mints.push(string(value)?),
            0x06 => request.description = Some(string(value)?),
            0x07 => request.transports.push(transport(value)?),
            0x08 => request.lock = Some(lock(value)?),
            _ => {}
        }
    }
    Ok(request)
}

/// Bech32m without the 90 characters' limit of BIP-350, which NUT-26 does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LongBech32m {}

impl Checksum for LongBech32m {
    type MidstateRepr = <Bech32m as Checksum>::MidstateRepr;
    type CorrectionField = <Bech32m as Checksum>::CorrectionField;
    const ROOT_GENERATOR: Self::CorrectionField = Bech32m::ROOT_GENERATOR;
    const ROOT_EXPONENTS: std::ops::RangeInclusive<usize> = Bech32m::ROOT_EXPONENTS;
    const CODE_LENGTH: usize = usize::MAX;
    const CHECKSUM_LENGTH: usize = Bech32m::CHECKSUM_LENGTH;
    const GENERATOR_SH: [Self::MidstateRepr; 5] = Bech32m::GENERATOR_SH;
    const TARGET_RESIDUE: Self::MidstateRepr = Bech32m::TARGET_RESIDUE;
}

/// The fields of a TLV sequence: a tag of one byte, a length of two, and the value.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = Result<(u8, &[u8]), PaymentError>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = split_field(rest);
        rest = field.map_or(&[], |(_, _, after)| after);
        let field = field.map(|(tag, value, _)| (tag, value));
        Some(field.ok_or(PaymentError::Damaged))
    })
}

fn split_field(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let ([tag, high, low], rest) = bytes.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let (value, rest) = rest.split_at_checked(length)?;
    Some((*tag, value, rest))
}

fn string(value: &[u8]) -> Result<String, PaymentError> {
    String::from_utf8(value.to_vec()).map_err(|_| PaymentError::Damaged)
}

fn number(value: &[u8]) -> Result<u64, PaymentError> {
    let bytes = value.try_into().map_err(|_| PaymentError::Damaged)?;
    Ok(u64::from_be_bytes(bytes))
}

fn flag(value: &[u8]) -> Result<bool, PaymentError> {
    match value {
        [0] => Ok(false),
        [1] => Ok(true),
        _ => Err(PaymentError::Damaged),
    }
}

/// "Unit Encoding": one zero byte is the satoshi.
fn unit(value: &[u8]) -> Result<String, PaymentError> {
    match value {
        [0] => Ok("sat".to_owned()),
        _ => string(value),
    }
}

/// "Transport Sub-TLV".
fn transport(value: &[u8]) -> Result<Transport, PaymentError> {
    let (mut kind, mut target, mut tags) = (None, None, Vec::new());
    for field in fields(value) {
        match field? {
            (0x01, [number]) => kind = Some(*number),
            (0x02, bytes) => target = Some(bytes),
            (0x03, tuple) => tags.push(tag_tuple(tuple)?),
            _ => {}
        }
    }
    let target = target.ok_or(PaymentError::Damaged)?;
    let (kind, target) = match kind {
        Some(0) => {
            let is_relay = |tag: &Vec<String>| tag.first().is_some_and(|name| name == "r");
            let (relays, others) = tags.into_iter().partition(is_relay);
            tags = others;
            ("nostr", nostr_target(target, &relays)?)
        }
        Some(1) => ("post", string(target)?),
        _ => return Err(PaymentError::Damaged),
    };
    Ok(Transport {
        kind: kind.to_owned(),
        target,
        tags,
    })
}

/// "NUT-10 Sub-TLV".
fn lock(value: &[u8]) -> Result<LockOption, PaymentError> {
    let (mut kind, mut data, mut tags) = (None, None, Vec::new());
    for field in fields(value) {
        match field? {
            (0x01, [number]) => kind = Some(*number),
            (0x02, bytes) => data = Some(string(bytes)?),
            (0x03, tuple) => tags.push(tag_tuple(tuple)?),
            _ => {}
        }
    }
    let kind = match kind {
        Some(0) => "P2PK".to_owned(),
        Some(1) => "HTLC".to_owned(),
        // A kind of a later version: kept, so that whoever pays can say that it is unknown.
        Some(other) => other.to_string(),
        None => return Err(PaymentError::Damaged),
    };
    let data = data.ok_or(PaymentError::Damaged)?;
    Ok(LockOption { kind, data, tags })
}

/// "Tag Tuple Encoding": texts, each behind its length in one byte.
fn tag_tuple(mut rest: &[u8]) -> Result<Vec<String>, PaymentError> {
    let mut texts = Vec::new();
    while let Some((&length, after)) = rest.split_first() {
        let text = after.split_at_checked(usize::from(length));
        let (text, after) = text.ok_or(PaymentError::Damaged)?;
        texts.push(string(text)?);
        rest = after;
    }
    Ok(texts)
}

/// The public key and the relays as an `nprofile` (NIP-19), also without any relay, as NUT-26's vectors
/// have it (its text asks for an `npub` then, which says the same).
fn nostr_target(key: &[u8], relays: &[Vec<String>]) -> Result<String, PaymentError> {
    if key.len() != 32 {
        return Err(PaymentError::Damaged);
    }
    let mut tlv = vec![0, 32];
    tlv.extend_from_slice(key);
    for url in relays.iter().flat_map(|tag| tag.iter().skip(1)) {
        tlv.push(1);
        tlv.push(u8::try_from(url.len()).map_err(|_| PaymentError::Damaged)?);
        tlv.extend_from_slice(url.as_bytes());
    }
    bech32::encode::<Bech32>(Hrp::parse_unchecked("nprofile"), &tlv)
        .map_err(|_| PaymentError::Damaged)
}
