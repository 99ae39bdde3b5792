//! Change in the same round trip: outputs travel with the payment, signatures with the answer
//! (`docs/reference/protocol.md`, section 12.3).

use serde::{Deserialize, Serialize};

use super::{PaymentError, decode, encode};
use crate::{BlindSignature, BlindedMessage, Dleq, EncodedPoint, EncodedScalar, KeysetId};

/// What the text of outputs starts with.
pub const OUTPUTS_PREFIX: &str = "outA";
/// What the text of signatures starts with.
pub const SIGNATURES_PREFIX: &str = "sigA";

/// Writes outputs, all of one keyset, as the text of `X-Cashu-Outputs`; `None` when there are none or
/// they are of several keysets.
#[must_use]
pub fn encode_outputs(outputs: &[BlindedMessage]) -> Option<String> {
    let i = one_keyset(outputs.iter().map(|output| output.id))?;
    let o = outputs.iter().map(|output| Output {
        a: output.amount,
        b: output.b,
    });
    let body = Outputs { i, o: o.collect() };
    Some(encode(OUTPUTS_PREFIX, &body))
}

/// Reads the text of `X-Cashu-Outputs`.
///
/// # Errors
/// A [`PaymentError`]. The points are as they came: the mint says whether they are points.
pub fn decode_outputs(text: &str) -> Result<Vec<BlindedMessage>, PaymentError> {
    let Outputs { i, o } = decode(OUTPUTS_PREFIX, text)?;
    if o.is_empty() {
        return Err(PaymentError::Damaged);
    }
    let message = |output: Output| BlindedMessage {
        amount: output.a,
        id: i,
        b: output.b,
    };
    Ok(o.into_iter().map(message).collect())
}

/// Writes signatures, all of one keyset, as the text of `X-Cashu-Signatures`; `None` when there are
/// none or they are of several keysets.
#[must_use]
pub fn encode_signatures(signatures: &[BlindSignature]) -> Option<String> {
    let i = one_keyset(signatures.iter().map(|signature| signature.id))?;
    let s = signatures.iter().map(|signature| Signature {
        a: signature.amount,
        c: signature.c,
        e: signature.dleq.e.clone(),
        s: signature.dleq.s.clone(),
    });
    let body = Signatures { i, s: s.collect() };
    Some(encode(SIGNATURES_PREFIX, &body))
}

/// Reads the text of `X-Cashu-Signatures`.
///
/// # Errors
/// A [`PaymentError`]. The proofs in it are not verified.
pub fn decode_signatures(text: &str) -> Result<Vec<BlindSignature>, PaymentError> {
    let Signatures { i, s } = decode(SIGNATURES_PREFIX, text)?;
    let signature = |signature: Signature| BlindSignature {
        amount: signature.a,
        id: i,
        c: signature.c,
        dleq: Dleq {
            e: signature.e,
            s: signature.s,
        },
    };
    Ok(s.into_iter().map(signature).collect())
}

fn one_keyset(mut ids: impl Iterator<Item = KeysetId>) -> Option<KeysetId> {
    let first = ids.next()?;
    ids.all(|id| id == first).then_some(first)
}

#[derive(Serialize, Deserialize)]
struct Outputs {
    i: KeysetId,
    o: Vec<Output>,
}

#[derive(Serialize, Deserialize)]
struct Output {
    a: u64,
    b: EncodedPoint,
}

#[derive(Serialize, Deserialize)]
struct Signatures {
    i: KeysetId,
    s: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
struct Signature {
    a: u64,
    c: EncodedPoint,
    e: EncodedScalar,
    s: EncodedScalar,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> KeysetId {
        KeysetId::from_bytes(&[byte; 33]).unwrap()
    }

    fn output(keyset: u8, amount: u64) -> BlindedMessage {
        BlindedMessage {
            amount,
            id: id(keyset),
            b: [amount as u8; 32].into(),
        }
    }

    #[test]
    fn outputs_survive_their_text() {
        let outputs = vec![output(0x52, 1), output(0x52, 4)];
        let text = encode_outputs(&outputs).unwrap();
        assert!(text.starts_with("outA"), "{text}");
        assert_eq!(decode_outputs(&text), Ok(outputs));
    }

    #[test]
    fn no_outputs_and_several_keysets_have_no_text() {
        assert_eq!(encode_outputs(&[]), None);
        assert_eq!(encode_outputs(&[output(1, 1), output(2, 1)]), None);
        let empty = encode(
            OUTPUTS_PREFIX,
            &Outputs {
                i: id(1),
                o: Vec::new(),
            },
        );
        assert_eq!(decode_outputs(&empty), Err(PaymentError::Damaged));
    }

    #[test]
    fn text_of_another_kind_cut_off_or_with_more_behind_it_is_refused() {
        let text = encode_outputs(&[output(0x52, 1)]).unwrap();
        let wrong = Err(PaymentError::Prefix("sigA"));
        assert_eq!(decode_signatures(&text), wrong);
        assert_eq!(decode_outputs(&text[..20]), Err(PaymentError::Damaged));
        assert_eq!(
            decode_outputs(&format!("{text}AAAA")),
            Err(PaymentError::Damaged)
        );
        assert_eq!(decode_outputs("outA!"), Err(PaymentError::Damaged));
        assert_eq!(decode_outputs(""), Err(PaymentError::Prefix("outA")));
    }

    #[test]
    fn signatures_survive_their_text() {
        let scalar = |byte| EncodedScalar([byte; 32]);
        let signature = BlindSignature {
            amount: 8,
            id: id(0x52),
            c: [7; 32].into(),
            dleq: Dleq {
                e: scalar(1),
                s: scalar(2),
            },
        };
        let text = encode_signatures(std::slice::from_ref(&signature)).unwrap();
        assert!(text.starts_with("sigA"), "{text}");
        assert_eq!(decode_signatures(&text), Ok(vec![signature]));
    }
}
