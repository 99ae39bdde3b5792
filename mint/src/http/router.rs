//! The table of the API.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use farthing_protocol::ErrorCode;
use farthing_protocol::api::path;
use farthing_protocol::cashu::path as cashu_path;
use farthing_protocol::suite::SuiteId;
use tower_http::cors::{AllowHeaders, Any, CorsLayer, Vary};

use super::{App, SharedApp, guard, keysets, operator, wallet};
use crate::domain::KeysetKind;
use crate::error::Error;

/// The kinds of keysets that the two APIs show.
const NATIVE: KeysetKind = KeysetKind::Money(SuiteId::Ristretto255);
const CASHU: KeysetKind = KeysetKind::Money(SuiteId::Secp256k1);

/// For how long a browser may remember that it may ask.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns what everybody may ask: the two APIs, and the wallet for browsers, which pages of other origins do not read.
pub(super) fn public(app: SharedApp) -> Router {
    let wallet = match app.config.wallet {
        true => wallet::routes().method_not_allowed_fallback(method_not_allowed),
        false => Router::new(),
    };
    api(&app)
        .layer(any_origin())
        .merge(wallet)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), observe))
        .with_state(app)
}

/// Farthing's own API, and Cashu's.
fn api(app: &SharedApp) -> Router<SharedApp> {
    let protection = middleware::from_fn_with_state(Arc::clone(app), guard::protect);
    Router::new()
        .merge(native())
        .nest(cashu_path::PREFIX, cashu().layer(protection.clone()))
        // Some wallets drop the path of the mint's address here.
        .route(
            cashu_path::WS,
            get(super::cashu::socket::open).layer(protection),
        )
        .route("/healthz", get(operator::healthz))
        .route("/readyz", get(operator::readyz))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

/// Farthing's own API: ristretto255 keysets, and accounts.
fn native() -> Router<SharedApp> {
    use super::native::{account, payments, public, tokens};
    Router::new()
        .route(path::INFO, get(public::info))
        .merge(keysets::routes(NATIVE, path::KEYS, path::KEYSETS))
        .route(path::SWAP, post(tokens::swap))
        .route(path::WITHDRAW, post(tokens::withdraw))
        .route(path::REDEEM, post(tokens::redeem))
        .route(path::CHECKSTATE, post(tokens::check_state))
        .route(path::RESTORE, post(tokens::restore))
        .route(path::ACCOUNT, get(account::account))
        .route(path::STATEMENT, get(account::statement))
        .route(path::DEPOSIT, post(payments::deposit))
        .route("/v1/account/deposit/{quote}", get(payments::read_deposit))
        .route(path::PAYOUT_QUOTE, post(payments::payout_quote))
        .route(path::PAYOUT, post(payments::payout))
        .route("/v1/account/payout/{quote}", get(payments::read_payout))
}

/// Cashu's API: secp256k1 keysets, for Cashu's wallets as they are.
fn cashu() -> Router<SharedApp> {
    use super::cashu::{auth, payments, public, socket, tokens};
    use cashu_path as path;
    Router::new()
        .route(path::INFO, get(public::info))
        .merge(keysets::routes(CASHU, path::KEYS, path::KEYSETS))
        .route(path::SWAP, post(tokens::swap))
        .route(path::CHECKSTATE, post(tokens::check_state))
        .route(path::RESTORE, post(tokens::restore))
        .route(path::MINT_QUOTE, post(payments::mint_quote))
        .route(
            "/v1/mint/quote/bolt11/{quote}",
            get(payments::read_mint_quote),
        )
        .route(path::MINT_QUOTE_CHECK, post(payments::check_mint_quotes))
        .route(path::MINT, post(payments::mint))
        .route(path::MINT_BATCH, post(payments::mint_batch))
        .route(path::MELT_QUOTE, post(payments::melt_quote))
        .route(
            "/v1/melt/quote/bolt11/{quote}",
            get(payments::read_melt_quote),
        )
        .route(path::MELT, post(payments::melt))
        .route(path::WS, get(socket::open))
        .merge(keysets::routes(
            KeysetKind::Auth,
            path::AUTH_KEYS,
            path::AUTH_KEYSETS,
        ))
        .route(path::AUTH_MINT, post(auth::mint))
}

/// Returns the routes that only the operator may ask, on an address of its own.
pub(super) fn operator(app: SharedApp) -> Router {
    Router::new()
        .route("/metrics", get(operator::metrics))
        .route("/healthz", get(operator::healthz))
        .route("/readyz", get(operator::readyz))
        .fallback(not_found)
        .with_state(app)
}

/// Counts each answer, and logs it at debug level: method, path of this table, status, code. Never an
/// address, a query, a header or a body. A 503 is held back for a while.
async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    let path = wallet::label(matched.map_or("none", MatchedPath::as_str)).to_owned();
    let method = request.method().clone();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    app.metrics.count(&path, status);
    let code = response.extensions().get::<ErrorCode>();
    tracing::debug!(%method, path, status, code = code.map(|c| c.number()), "answered");
    if code == Some(&ErrorCode::Unavailable) {
        tokio::time::sleep(Duration::from_millis(app.config.refusal_delay_ms)).await;
    }
    response
}

/// Wallets in browsers come from any origin. Nothing here goes by cookies or by a browser's own
/// credentials: an API token, or a token for the Cashu API, is a header that the page itself writes.
fn any_origin() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        // A star would not allow `Authorization`.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([header::DATE, header::RETRY_AFTER, header::WWW_AUTHENTICATE])
        .max_age(PREFLIGHT_MAX_AGE)
        // The answers are the same for all origins.
        .vary(Vary::list([]))
}

async fn not_found() -> Error {
    Error::request(
        ErrorCode::NotFound,
        "no such path; the API is under /v1, and Cashu's under /cashu/v1",
    )
}

async fn method_not_allowed() -> Error {
    Error::request(
        ErrorCode::MethodNotAllowed,
        "method not allowed for this path",
    )
}
