//! The provider's access tokens: JWTs (RFC 7519), signed with one of its keys (NUT-21, RFC 9068).

use farthing_protocol::ErrorCode;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::keys::{Head, Key};
use crate::error::{Error, Result};

/// How far the provider's clock may be from the mint's.
const LEEWAY_S: u64 = 60;
/// No token is longer.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// Whose a token is, as the provider calls them. Wiped when dropped, never shown.
#[derive(Clone)]
pub(crate) struct Subject(Zeroizing<String>);

impl Subject {
    pub(super) fn new(name: String) -> Self {
        Self(Zeroizing::new(name))
    }

    /// The provider's name for the user.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// Reads which key a token says it is signed with. Nothing is verified yet.
///
/// # Errors
/// [`Error::Request`] with `ClearAuthFailed`, for any algorithm but NUT-21's two as well.
pub(super) fn read_head(token: &str) -> Result<Head> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(failed("it is too long"));
    }
    let head = decode_header(token).map_err(|e| explain(e.kind()))?;
    // RFC 7515, section 4.1.11: what must be understood and is not.
    if head.crit.is_some() {
        return Err(failed("it has extensions"));
    }
    if !matches!(head.alg, Algorithm::ES256 | Algorithm::RS256) {
        return Err(failed("it is signed with neither ES256 nor RS256"));
    }
    Ok(Head {
        algorithm: head.alg,
        kid: head.kid,
    })
}

/// What of a token's claims counts here, beside its times and its issuer.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// One name, and not several: RFC 7519, section 4.1.1.
    #[serde(rename = "iss")]
    _iss: String,
    azp: Option<String>,
    client_id: Option<String>,
    aud: Option<Audience>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Claims {
    /// Returns whether the token was given to the mint's wallets, as far as it says. `azp` (OpenID Connect) and
    /// `client_id` (RFC 9068) name who got it; where neither is there, `aud` has to name them among those
    /// whom it is for. NUT-21 asks for none of the three.
    fn are_for(&self, client_id: &str) -> bool {
        let mut holders = self.azp.iter().chain(&self.client_id).peekable();
        if holders.peek().is_some() {
            return holders.all(|holder| holder == client_id);
        }
        match &self.aud {
            None => true,
            Some(Audience::One(one)) => one == client_id,
            Some(Audience::Many(many)) => many.iter().any(|one| one == client_id),
        }
    }
}

/// Checks a token by the key that it names: its signature, its times, its issuer, and whom it is for.
///
/// # Errors
/// [`Error::Request`] with `ClearAuthFailed`.
pub(super) fn check(token: &str, key: &Key, issuer: &str, client_id: &str) -> Result<Subject> {
    let mut validation = Validation::new(key.algorithm);
    validation.leeway = LEEWAY_S;
    validation.validate_nbf = true;
    // Whom it is for is said in several ways: see `Claims::are_for`.
    validation.validate_aud = false;
    validation.set_issuer(&[issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    let decoded = decode(token, &key.key, &validation);
    let claims: Claims = decoded.map_err(|e| explain(e.kind()))?.claims;
    if !claims.are_for(client_id) {
        return Err(failed("it was given to another client"));
    }
    if claims.sub.is_empty() {
        return Err(failed("it does not say whose it is"));
    }
    Ok(Subject::new(claims.sub))
}

/// What is wrong, without anything of the token.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "another crate's enum, which may grow"
)]
fn explain(kind: &ErrorKind) -> Error {
    failed(match kind {
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "its time has not come",
        ErrorKind::InvalidIssuer => "it is of another issuer",
        ErrorKind::InvalidSignature => "its signature does not verify",
        ErrorKind::MissingRequiredClaim(_) => "a claim is missing",
        _ => "it is not a token of an OpenID provider",
    })
}

pub(super) fn failed(what: &str) -> Error {
    let detail = format!("clear authentication rejected: {what}");
    Error::request(ErrorCode::ClearAuthFailed, detail)
}
