//! Blind authentication (NUT-22): whether a token of it is this mint's, and that it is used once.
//!
//! A request is authenticated before anything of it is done, and its token is used up with what it does:
//! it is one row more in the same batch. So a request that is refused costs no token, and of two requests
//! with one token, one is carried out. A payment to outside holds it with its other tokens until it is
//! known what became of that.

use std::sync::Arc;

use farthing_protocol::Proof;
use farthing_protocol::cashu::auth::AuthProof;
use farthing_protocol::conditions::{self, Aggregation};
use farthing_protocol::suite::SuiteId;

use super::api::Engine;
use super::conflict::{auth_conflict, auth_failed};
use super::shared::Shared;
use crate::clock;
use crate::domain::{AuthToken, KeysetKind, KeysetState};
use crate::error::Result;
use crate::keyring::{Point, Token};
use crate::store::View;

impl Engine {
    /// Returns whether a token is one of this mint's for authentication. Whether it was used before is looked at
    /// when it is used, since the request may be one that was answered before; see also
    /// [`Self::check_unused`].
    ///
    /// # Errors
    /// [`crate::Error::Request`] with `BlindAuthFailed`; [`crate::Error::Busy`]; [`crate::Error::Store`].
    pub async fn authenticate(&self, proof: AuthProof) -> Result<AuthToken> {
        let shared = Arc::clone(&self.shared);
        self.ask(move |view| shared.authenticate(view, proof)).await
    }

    /// Checks whether a token was used before, at this moment.
    ///
    /// # Errors
    /// [`crate::Error::Request`] with `BlindAuthFailed` when it was, or is being used; [`crate::Error::Store`].
    pub fn check_unused(&self, view: &View, token: &AuthToken) -> Result<()> {
        auth_conflict(view, &token.mark)?.map_or(Ok(()), Err)
    }
}

impl Shared {
    fn authenticate(&self, view: &View, proof: AuthProof) -> Result<AuthToken> {
        let AuthProof { id, secret, c } = proof;
        let directory = self.fresh_directory(view)?;
        let keyset = directory.get(&id);
        let keyset = keyset.filter(|keyset| keyset.terms.kind() == KeysetKind::Auth);
        let keyset = keyset.ok_or_else(|| {
            auth_failed("its keyset is not one of this mint's authentication keysets")
        })?;
        let now = clock::now_s();
        let redeems = match keyset.state {
            KeysetState::Active | KeysetState::Retired => !keyset.is_expired(now),
            KeysetState::Frozen | KeysetState::Quarantined => false,
        };
        if !redeems {
            return Err(auth_failed(
                "its keyset is no longer accepted; request new tokens",
            ));
        }
        if secret.expose().len() > self.settings.limits.secret_bytes_max {
            return Err(auth_failed("its secret is too long"));
        }
        let y = Point::hash(SuiteId::Secp256k1, secret.expose().as_bytes());
        let forged = || auth_failed("it is not signed by this mint");
        let c_point = Point::decode(SuiteId::Secp256k1, &c).map_err(|_| forged())?;
        let token = Token {
            id,
            amount: AuthToken::AMOUNT,
            y,
            c: c_point,
        };
        if self.keyring.verify_all(&[token])? != [true] {
            return Err(forged());
        }
        let input = Proof {
            amount: AuthToken::AMOUNT,
            id,
            secret,
            c,
            witness: None,
        };
        // A header has no place for what opens a lock.
        conditions::check_all(&[input], &[], Aggregation::Swap, now)
            .map_err(|_| auth_failed("it is locked"))?;
        Ok(AuthToken {
            mark: self.keyring.spent_mark(y.encode().as_bytes()),
            keyset: keyset.terms.index,
        })
    }
}
