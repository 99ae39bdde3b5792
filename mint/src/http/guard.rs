//! Who may use the Cashu API: clear authentication (NUT-21) and blind (NUT-22), where the settings ask for
//! them.
//!
//! Both are looked at before the request's body. A blind token is used up only by a request that succeeds.
//! Where the request is a transaction of the engine's, the token is part of it ([`Blind`]); otherwise it is
//! used up when the answer is there, and before it is sent.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use farthing_protocol::ErrorCode;
use farthing_protocol::cashu::auth::{AuthProof, header};
use farthing_protocol::cashu::path;
use farthing_protocol::suite::SuiteId;

use super::{App, SharedApp};
use crate::config::{AuthSettings, BlindSettings, Protected};
use crate::domain::Mark;
use crate::domain::{AuthToken, Transaction};
use crate::error::{Error, Result};
use crate::openid::{OpenId, Quotas, Subject};

/// What may be sent again and is answered as before (NUT-19). Its blind authentication (NUT-22) is part of
/// the transaction that it is.
pub(super) const REPEATABLE: [&str; 4] = [path::SWAP, path::MINT, path::MINT_BATCH, path::MELT];

/// What the settings protect, and who knows who may pass.
pub(super) struct Guard {
    pub(super) settings: AuthSettings,
    pub(super) openid: Arc<OpenId>,
    pub(super) quotas: Quotas,
    /// The tokens of requests that are being answered, and use them up afterwards.
    in_use: Mutex<HashSet<Mark>>,
}

impl Guard {
    /// A guard as the settings want it.
    ///
    /// # Errors
    /// As [`OpenId::new`].
    pub(super) fn new(settings: AuthSettings) -> Result<Self> {
        let daily_max = settings.blind.as_ref().map_or(0, |blind| blind.daily_max);
        Ok(Self {
            openid: Arc::new(OpenId::new(settings.clone())?),
            quotas: Quotas::new(daily_max),
            settings,
            in_use: Mutex::default(),
        })
    }

    fn wants_clear(&self, method: &Method, path: &str) -> bool {
        is_among(&self.settings.clear, method, path)
    }

    fn wants_blind(&self, method: &Method, path: &str) -> bool {
        let blind = self.settings.blind.as_ref();
        blind.is_some_and(|blind| is_among(&blind.paths, method, path))
    }

    fn in_use(&self) -> MutexGuard<'_, HashSet<Mark>> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_among(all: &[Protected], method: &Method, path: &str) -> bool {
    all.iter().any(|protected| protected.covers(method, path))
}

impl App {
    /// The settings of blind authentication, where something needs it.
    ///
    /// # Errors
    /// [`Error::Request`] with `NotFound`.
    pub(super) fn blind_auth(&self) -> Result<(&Guard, &BlindSettings)> {
        let guard = self.guard.as_ref();
        let blind = guard.and_then(|guard| Some((guard, guard.settings.blind.as_ref()?)));
        let detail = "this mint asks for no blind authentication";
        blind.ok_or_else(|| Error::request(ErrorCode::NotFound, detail))
    }

    /// Checks whether a swap may come in by Farthing's own API, which asks nobody who they are: not with tokens
    /// of the Cashu API's, when that asks for who swaps them.
    ///
    /// # Errors
    /// [`Error::Request`] with `ClearAuthRequired` or `BlindAuthRequired`.
    pub(super) fn check_open_swap(&self, transaction: &Transaction) -> Result<()> {
        let Some(guard) = &self.guard else {
            return Ok(());
        };
        let inputs = transaction.inputs.iter().map(|input| &input.id);
        let mut ids = inputs.chain(transaction.outputs.iter().map(|output| &output.id));
        if !ids.any(|id| SuiteId::of(id) == Some(SuiteId::Secp256k1)) {
            return Ok(());
        }
        let code = if guard.wants_clear(&Method::POST, path::SWAP) {
            ErrorCode::ClearAuthRequired
        } else if guard.wants_blind(&Method::POST, path::SWAP) {
            ErrorCode::BlindAuthRequired
        } else {
            return Ok(());
        };
        let detail = "tokens of a secp256k1 keyset are swapped at /cashu, with authentication";
        Err(Error::request(code, detail))
    }
}

/// Lets a request to the Cashu API pass that brings the authentication that the settings want for it.
pub(super) async fn protect(
    State(app): State<SharedApp>,
    request: Request,
    next: Next,
) -> Response {
    let answer = pass(app, request, next).await;
    answer.unwrap_or_else(Error::into_response)
}

async fn pass(app: SharedApp, mut request: Request, next: Next) -> Result<Response> {
    let Some(guard) = &app.guard else {
        return Ok(next.run(request).await);
    };
    let path = request.uri().path();
    let path = path.strip_prefix(path::PREFIX).unwrap_or(path);
    let method = request.method();
    let wants_blind = guard.wants_blind(method, path);
    let is_transaction = *method == Method::POST && REPEATABLE.contains(&path);
    if guard.wants_clear(method, path) {
        let token = clear_token(request.headers())?;
        let subject = guard.openid.verify(token).await?;
        request.extensions_mut().insert(subject);
    }
    if !wants_blind {
        return Ok(next.run(request).await);
    }
    let proof = blind_token(request.headers())?;
    let pass = app.engine.authenticate(proof).await?;
    if is_transaction {
        request.extensions_mut().insert(pass);
        return Ok(next.run(request).await);
    }
    let place = Place::take(&app, pass)?;
    app.engine
        .read(|reader| app.engine.check_unused(reader, &pass))?;
    // Whoever goes away in the middle has used it all the same: what was done is done.
    let answer = tokio::spawn(async move {
        let answer = next.run(request).await;
        let status = answer.status();
        if !status.is_client_error() && !status.is_server_error() {
            let spent = Transaction::spend_auth(pass);
            place.app.engine.execute(spent, None).await?;
        }
        Ok(answer)
    });
    let died = |_| Error::Invariant("a request died without an answer");
    answer.await.map_err(died)?
}

fn clear_token(headers: &HeaderMap) -> Result<&str> {
    let detail = "this needs an access token of the mint's OpenID provider: Clear-auth: …";
    let missing = || Error::request(ErrorCode::ClearAuthRequired, detail);
    let token = headers.get(header::CLEAR).ok_or_else(missing)?;
    let detail = "invalid Clear-auth header: not text";
    let garbled = |_| Error::request(ErrorCode::ClearAuthFailed, detail);
    token.to_str().map(str::trim).map_err(garbled)
}

fn blind_token(headers: &HeaderMap) -> Result<AuthProof> {
    let detail = "this needs a blind authentication token: Blind-auth: authA…";
    let missing = || Error::request(ErrorCode::BlindAuthRequired, detail);
    let token = headers.get(header::BLIND).ok_or_else(missing)?;
    let token = token.to_str().ok().map(str::trim).map(AuthProof::decode);
    match token {
        Some(Ok(proof)) => Ok(proof),
        Some(Err(_)) | None => {
            let detail = "blind authentication rejected: not an authA… token";
            Err(Error::request(ErrorCode::BlindAuthFailed, detail))
        }
    }
}

/// While it is there, no other request is answered for the same token.
struct Place {
    app: SharedApp,
    mark: Mark,
}

impl Place {
    fn take(app: &SharedApp, token: AuthToken) -> Result<Self> {
        let guard = app.guard.as_ref();
        let is_free = guard.is_some_and(|guard| guard.in_use().insert(token.mark));
        if !is_free {
            let detail = "blind authentication rejected: the token is in use by another request";
            return Err(Error::request(ErrorCode::BlindAuthFailed, detail));
        }
        Ok(Self {
            app: Arc::clone(app),
            mark: token.mark,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(guard) = &self.app.guard {
            guard.in_use().remove(&self.mark);
        }
    }
}

/// The blind authentication of a request that is a transaction, to be used up with it; none where the
/// settings want none.
pub(super) struct Blind(pub(super) Option<AuthToken>);

impl<S: Sync> FromRequestParts<S> for Blind {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        Ok(Self(parts.extensions.remove()))
    }
}

/// Who gets blind authentication tokens, by the clear authentication of the request; refused where nothing needs
/// such tokens. It is looked at before the body.
pub(super) struct AuthTokenUser(pub(super) Subject);

impl FromRequestParts<SharedApp> for AuthTokenUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self> {
        app.blind_auth()?;
        // The settings see to it that there is a user.
        let subject = parts.extensions.remove();
        let nobody = Error::Invariant("blind authentication for nobody");
        subject.map(Self).ok_or(nobody)
    }
}
