//! An axum service whose articles cost 3 each, and its front page nothing.
//!
//!     FARTHING_PAYWALL_API_TOKEN=… cargo run -p farthing-publisher --example articles http://127.0.0.1:3338
//!
//! The token is one of an account at that mint with the scope `redeem`. Then, as a reader:
//!
//!     farthing get http://127.0.0.1:8080/articles/1

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::Request;
use axum::http::request::Parts;
use axum::routing::get;
use farthing_protocol::Secret;
use farthing_publisher::{Paywall, Price, Settings};
use tower::Layer as _;

/// Returns what a request costs: a closure over its head decides.
fn price(request: &Parts) -> Option<Price> {
    let article = request.uri.path().strip_prefix("/articles/")?;
    Some(Price {
        amount: 3,
        description: Some(format!("Article {article}")),
        ..Price::default()
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mint = std::env::args().nth(1).ok_or("name the mint's address")?;
    let token = Secret::new(std::env::var("FARTHING_PAYWALL_API_TOKEN")?);
    let settings = Settings::new("The Gazette", &mint, token, "gazette-data".into());

    let articles = Router::new()
        .route("/", get(|| async { "Read our articles: /articles/1\n" }))
        .route("/articles/{n}", get(article));
    let service = Paywall::open(settings, price).await?.layer(articles);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    let service = axum::ServiceExt::<Request<Body>>::into_make_service(service);
    Ok(axum::serve(listener, service).await?)
}

async fn article(Path(n): Path<String>) -> String {
    format!("This is article {n}.\n")
}
