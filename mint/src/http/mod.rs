//! The mint's HTTP API. `router` reads as its table.

mod auth;
mod budget;
mod cashu;
mod extract;
mod guard;
mod keysets;
mod metrics;
mod native;
mod operator;
mod quotes;
mod router;
mod server;
mod wallet;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use farthing_protocol::{ErrorCode, Identity};
use tokio::sync::Semaphore;

use crate::clock;
use crate::config::Config;
use crate::domain::Directory;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::payments::cashier::Cashier;
use budget::Budget;
use guard::Guard;
use metrics::Metrics;

pub use server::Server;

/// What handlers share.
struct App {
    config: Config,
    engine: Arc<Engine>,
    /// Where there is a payment backend.
    cashier: Option<Arc<Cashier>>,
    /// Where not everybody may use the Cashu API.
    guard: Option<Guard>,
    /// The memory for the bodies of all requests.
    bodies: Arc<Budget>,
    /// Places for wallets that keep a connection open.
    sockets: Arc<Semaphore>,
    /// Room for what they subscribe to, all together.
    subjects: Arc<Semaphore>,
    metrics: Metrics,
    /// The mint's addresses.
    addresses: Vec<String>,
    /// The address of the browser's wallet, if the mint serves it.
    wallet: Option<String>,
    /// When this process began: the addresses are signed with it.
    started: u64,
    /// The identity as it was last computed, and for which revision of the keysets.
    identity: Mutex<Option<(i64, Identity)>>,
}

type SharedApp = Arc<App>;

impl App {
    /// # Errors
    /// [`Error::Operator`] for settings of authentication that make no sense.
    fn new(
        config: Config,
        listens: SocketAddr,
        engine: Arc<Engine>,
        cashier: Option<Arc<Cashier>>,
    ) -> Result<Self> {
        let auth = config.auth().map_err(Error::Operator)?;
        let bodies = Budget::new(config.bodies_bytes_max());
        let permits = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Ok(Self {
            addresses: config.addresses(listens),
            wallet: config.wallet_url(listens),
            bodies,
            sockets: permits(config.websockets_max),
            subjects: permits(config.websocket_subjects_max),
            config,
            engine,
            cashier,
            guard: auth.map(Guard::new).transpose()?,
            metrics: Metrics::default(),
            started: clock::now_s(),
            identity: Mutex::new(None),
        })
    }

    /// The mint's identity with its keysets, computed again only when these have changed.
    fn identity(&self, directory: &Directory) -> Result<Identity> {
        let poisoned = || Error::Invariant("a thread died while it held the identity");
        let mut last = self.identity.lock().map_err(|_| poisoned())?;
        if let Some((revision, identity)) = &*last
            && *revision == directory.revision
        {
            return Ok(identity.clone());
        }
        let addresses = self.addresses.clone();
        let identity = self.engine.identity(directory, addresses, self.started)?;
        *last = Some((directory.revision, identity.clone()));
        Ok(identity)
    }
}

/// How long a caller is asked to wait when the mint is busy, in seconds.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("1");

/// The one place where errors become answers.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (code, body) = self.to_wire();
        if code == ErrorCode::Internal {
            tracing::error!(error = %self, "a request failed");
        }
        let status = StatusCode::from_u16(code.http_status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        if code == ErrorCode::Unavailable {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, RETRY_AFTER_S);
        }
        if code == ErrorCode::Unauthorized {
            let challenge = HeaderValue::from_static("Bearer");
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if matches!(code, ErrorCode::TooLarge | ErrorCode::Timeout) {
            // The rest of the body is not read, so the connection cannot be used again.
            let headers = response.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(code);
        response
    }
}
