//! Receipts: what a publisher signs for a payment (`docs/reference/protocol.md`, section 12.5). A JWT (RFC 7519)
//! in its compact form, with Ed25519 (RFC 8037) and nothing else.

use base64::Engine as _;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::PaymentError;
use crate::encoding::BASE64;

/// What was paid, for what, to whom and when; nothing about who paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The publisher's name (`iss`).
    #[serde(rename = "iss")]
    pub issuer: String,
    /// What was bought: the method, a space, the URL (`sub`).
    #[serde(rename = "sub")]
    pub resource: String,
    /// SHA-256 of the request's body, base64url; none when it had no body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// How much, in `unit`.
    pub amount: u64,
    /// The unit.
    pub unit: String,
    /// The mint whose tokens paid.
    pub mint: String,
    /// When, Unix seconds, rounded down to the minute (`iat`).
    #[serde(rename = "iat")]
    pub issued: u64,
    /// Until when the resource is free to whoever shows the receipt, Unix seconds (`exp`).
    #[serde(rename = "exp")]
    pub expires: u64,
}

/// A JWT's header ([RFC 7515, section 4.1](https://www.rfc-editor.org/rfc/rfc7515#section-4.1)).
#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    typ: String,
    /// The public key, base64url.
    kid: String,
}

impl Receipt {
    /// Signs the receipt; gives it as text.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        let header = Header {
            alg: "EdDSA".to_owned(),
            typ: "JWT".to_owned(),
            kid: BASE64.encode(key.verifying_key().as_bytes()),
        };
        let mut text = format!("{}.{}", part(&header), part(self));
        let signature = key.sign(text.as_bytes());
        text.push('.');
        BASE64.encode_string(signature.to_bytes(), &mut text);
        text
    }

    /// Reads a receipt and verifies it with the key that it names, 32 bytes, and gives both. Whether
    /// that is the publisher's key, and whether the receipt has expired, is for the caller to ask.
    ///
    /// # Errors
    /// [`PaymentError::Damaged`] and [`PaymentError::Signature`].
    pub fn verify(text: &str) -> Result<(Self, [u8; 32]), PaymentError> {
        let (signed, signature) = text.rsplit_once('.').ok_or(PaymentError::Damaged)?;
        let (header, claims) = signed.split_once('.').ok_or(PaymentError::Damaged)?;
        let header: Header = read(header)?;
        if header.alg != "EdDSA" {
            return Err(PaymentError::Damaged);
        }
        let key: [u8; 32] = array(&header.kid)?;
        let signature = Signature::from_bytes(&array(signature)?);
        let verifying = VerifyingKey::from_bytes(&key).map_err(|_| PaymentError::Damaged)?;
        verifying
            .verify_strict(signed.as_bytes(), &signature)
            .map_err(|_| PaymentError::Signature)?;
        Ok((read(claims)?, key))
    }
}

/// SHA-256 of a request's body as the claim `body` has it.
#[must_use]
pub fn body_claim(digest: &[u8; 32]) -> String {
    BASE64.encode(digest)
}

fn part(value: &impl Serialize) -> String {
    #[expect(clippy::expect_used, reason = "texts and numbers are always JSON")]
    let json = serde_json::to_vec(value).expect("writing JSON to memory");
    BASE64.encode(json)
}

fn read<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, PaymentError> {
    let json = BASE64.decode(part).map_err(|_| PaymentError::Damaged)?;
    crate::json::from_slice(&json).map_err(|_| PaymentError::Damaged)
}

fn array<const N: usize>(part: &str) -> Result<[u8; N], PaymentError> {
    let bytes = BASE64.decode(part).map_err(|_| PaymentError::Damaged)?;
    bytes.try_into().map_err(|_| PaymentError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt() -> Receipt {
        Receipt {
            issuer: "The Gazette".to_owned(),
            resource: "GET https://gazette.example/articles/1".to_owned(),
            body: None,
            amount: 3,
            unit: "credit".to_owned(),
            mint: "https://mint.example".to_owned(),
            issued: 1_800_000_000,
            expires: 1_800_086_400,
        }
    }

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes(&[byte; 32])
    }

    #[test]
    fn a_receipt_is_what_was_signed_and_names_its_key() {
        let text = receipt().sign(&key(1));
        let (read, signer) = Receipt::verify(&text).unwrap();
        assert_eq!(read, receipt());
        assert_eq!(&signer, key(1).verifying_key().as_bytes());
        assert_eq!(receipt().sign(&key(1)), text, "the same for all buyers");
    }

    #[test]
    fn altered_claims_another_key_and_no_algorithm_are_refused() {
        let text = receipt().sign(&key(1));
        let parts: Vec<&str> = text.split('.').collect();
        let cheaper = Receipt {
            resource: "GET https://gazette.example/archive".to_owned(),
            ..receipt()
        };
        let altered = format!("{}.{}.{}", parts[0], part(&cheaper), parts[2]);
        assert_eq!(Receipt::verify(&altered), Err(PaymentError::Signature));

        let others = receipt().sign(&key(2));
        let header = others.split('.').next().unwrap();
        let swapped = format!("{header}.{}.{}", parts[1], parts[2]);
        assert_eq!(Receipt::verify(&swapped), Err(PaymentError::Signature));

        let none = Header {
            alg: "none".to_owned(),
            typ: "JWT".to_owned(),
            kid: String::new(),
        };
        let unsigned = format!("{}.{}.", part(&none), parts[1]);
        assert_eq!(Receipt::verify(&unsigned), Err(PaymentError::Damaged));
        for garbage in ["", "a.b", "a.b.c", &text[..text.len() - 1]] {
            assert_eq!(Receipt::verify(garbage), Err(PaymentError::Damaged));
        }
    }

    #[test]
    fn the_claims_are_those_of_the_specification() {
        let text = receipt().sign(&key(1));
        let claims = text.split('.').nth(1).unwrap();
        let claims = BASE64.decode(claims).unwrap();
        assert_eq!(
            String::from_utf8(claims).unwrap(),
            r#"{"iss":"The Gazette","sub":"GET https://gazette.example/articles/1","amount":3,"unit":"credit","mint":"https://mint.example","iat":1800000000,"exp":1800086400}"#
        );
    }
}
