//! A small site to put a paywall before.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::Result;

/// Returns what article number `n` says.
#[must_use]
pub fn article_text(n: &str) -> String {
    format!("This is article {n}, and it was worth it.\n")
}

/// Serves articles under `/articles/` as long as the runtime lives; gives its address. The article
/// `broken` fails.
///
/// # Errors
/// When no port is to be had.
pub async fn serve() -> Result<String> {
    let router = Router::new()
        .route("/", get(|| async { "Read our articles.\n" }))
        .route("/articles/{n}", get(article));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

async fn article(Path(n): Path<String>) -> Response {
    if n == "broken" {
        return (StatusCode::INTERNAL_SERVER_ERROR, "out of order\n").into_response();
    }
    article_text(&n).into_response()
}
