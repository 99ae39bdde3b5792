//! Blind authentication (NUT-22): whether a token of it is this mint's, and that it is used once.
//!
//! A request is authenticated before anything of it is done, and its token is used up with what it does:
//! it is one row more in the same batch. So a request that is refused costs no token, and of two requests
//! with one token, one is carried out. A payment to outside holds it with its other tokens until it is
//! known what became of that.

use farthing_protocol::ErrorCode;
use farthing_protocol::Proof;
use farthing_protocol::cashu::auth::AuthProof;
use farthing_protocol::conditions::{self, Aggregation};
use farthing_protocol::suite::SuiteId;

use super::books::Books;
use super::{Engine, Shared};
use crate::clock;
use crate::domain::{KeysetState, Pass};
use crate::error::{Error, Result};
use crate::keyring::{KeysetKind, Point, Token};
use crate::store::{Reader, TokenRow};

/// The one amount of a keyset for authentication.
const AMOUNT: u64 = 1;

impl Engine {
    /// Whether a token is one of this mint's for authentication. Whether it was used before is looked at
    /// when it is used, since the request may be one that was answered before; see also
    /// [`Self::check_unused`].
    ///
    /// # Errors
    /// [`Error::Request`] with `BlindAuthFailed`; [`Error::Busy`]; [`Error::Store`].
    pub async fn authenticate(&self, proof: AuthProof) -> Result<Pass> {
        let shared = std::sync::Arc::clone(&self.shared);
        self.ask(move |reader| shared.authenticate(reader, proof))
            .await
    }

    /// Whether a token was used before, at this moment.
    ///
    /// # Errors
    /// [`Error::Request`] with `BlindAuthFailed` when it was, or is being used; [`Error::Store`].
    pub fn check_unused(&self, reader: &Reader, pass: &Pass) -> Result<()> {
        check_unused(reader, pass)
    }
}

impl Shared {
    fn authenticate(&self, reader: &Reader, proof: AuthProof) -> Result<Pass> {
        let AuthProof { id, secret, c } = proof;
        let directory = self.fresh_directory(reader)?;
        let keyset = directory.get(&id);
        let keyset = keyset.filter(|keyset| keyset.terms.kind() == KeysetKind::Auth);
        let keyset = keyset.ok_or_else(|| failed("its keyset is none of this mint's for it"))?;
        let now = clock::now_s();
        let redeems = match keyset.state {
            KeysetState::Active | KeysetState::Retired => !keyset.is_expired(now),
            KeysetState::Frozen | KeysetState::Quarantined => false,
        };
        if !redeems {
            return Err(failed("its keyset is taken no more: get new ones"));
        }
        if secret.expose().len() > self.settings.limits.secret_bytes_max {
            return Err(failed("its secret is too long"));
        }
        let y = Point::hash(SuiteId::Secp256k1, secret.expose().as_bytes());
        let forged = || failed("it is not signed by this mint");
        let c_point = Point::decode(SuiteId::Secp256k1, &c).map_err(|_| forged())?;
        let token = Token {
            id,
            amount: AMOUNT,
            y,
            c: c_point,
        };
        if self.keyring.verify_all(&[token])? != [true] {
            return Err(forged());
        }
        let input = Proof {
            amount: AMOUNT,
            id,
            secret,
            c,
            witness: None,
        };
        // A header has no place for what opens a lock.
        conditions::check_all(&[input], &[], Aggregation::Swap, now)
            .map_err(|_| failed("it is locked"))?;
        Ok(Pass {
            mark: self.keyring.spent_mark(y.encode().as_bytes()),
            keyset: keyset.terms.index,
        })
    }
}

impl Books<'_> {
    /// Whether an unused token may be used: its keyset never takes back more than it gave.
    pub(super) fn check_auth(&mut self, auth: &TokenRow) -> Result<()> {
        let checked = self.check_solvency(std::slice::from_ref(auth));
        checked.map_err(|error| match error {
            Error::Request { .. } => failed("its keyset is taken no more: get new ones"),
            other @ (Error::Account { .. }
            | Error::Busy(_)
            | Error::Store(_)
            | Error::Invariant(_)
            | Error::Operator(_)
            | Error::Unreported(_)
            | Error::File { .. }) => other,
        })
    }
}

/// Refuses a token that the store knows as used, or as held for a payment.
pub(super) fn check_unused(reader: &Reader, pass: &Pass) -> Result<()> {
    if reader.spent(&pass.mark)?.is_some() || reader.is_held(&pass.mark)? {
        return Err(used_before());
    }
    Ok(())
}

/// A used token as the store remembers it.
pub(super) fn auth_row(pass: Pass) -> TokenRow {
    TokenRow {
        mark: pass.mark,
        keyset: pass.keyset,
        amount: AMOUNT,
        preimage: None,
    }
}

pub(super) fn used_before() -> Error {
    failed("it was used before")
}

fn failed(what: &str) -> Error {
    let detail = format!("this blind authentication does not count: {what}");
    Error::request(ErrorCode::BlindAuthFailed, detail)
}
