//! The paywall's own paths, which the service behind it never sees.

use axum::body::Body;
use axum::http::{Method, Request, Response, header};
use farthing_protocol::payment::exchange::{OPEN_PATH, SCRIPT_PATH};
use tower::Service;

use crate::pay::pay;
use crate::serve::serve;
use crate::settings::{PAY_PATH, Settings};
use crate::shared::{Outcome, Shared, tell};
use crate::{cors, open, script};

/// What the paywall does itself.
enum Own {
    /// Takes a payment for a page.
    Pay,
    /// Says that pages of any origin may send a payment.
    Preflight,
    /// Opens a page with a receipt.
    Open,
    /// Serves the script for publishers' pages.
    Script,
}

impl Own {
    /// Of a request; `None` when it is the site's. Where the form has another path than the usual one, no
    /// wallet finds the paywall, and the other paths are the site's.
    fn of(settings: &Settings, method: &Method, path: &str) -> Option<Self> {
        if path == settings.pay_path {
            return match *method {
                Method::POST => Some(Self::Pay),
                Method::OPTIONS => Some(Self::Preflight),
                _ => None,
            };
        }
        let is_usual = settings.pay_path == PAY_PATH;
        match (method, path) {
            (&Method::POST, OPEN_PATH) if is_usual => Some(Self::Open),
            (&Method::GET | &Method::HEAD, SCRIPT_PATH) if is_usual => Some(Self::Script),
            _ => None,
        }
    }
}

/// Answers a request: for one of the paywall's own paths, or else for something of the site's.
pub(crate) async fn answer<S>(
    shared: &Shared,
    inner: S,
    request: Request<Body>,
) -> Result<Response<Body>, S::Error>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    let origin = request.headers().get(header::ORIGIN).cloned();
    let own = Own::of(&shared.settings, request.method(), request.uri().path());
    let mut answer = match own {
        Some(Own::Pay) => pay(shared, inner, request).await?,
        Some(Own::Preflight) => tell(cors::preflight_for_any_origin(), Outcome::Free),
        Some(Own::Open) => open::open(shared, request).await,
        Some(Own::Script) => script::script(),
        None => serve(shared, inner, request).await?,
    };
    let origins = &shared.settings.allowed_origins;
    origins.share(origin.as_ref(), &mut answer);
    Ok(answer)
}
