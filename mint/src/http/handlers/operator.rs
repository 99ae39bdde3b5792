//! What the operator's machines ask.

use axum::extract::State;

use super::super::SharedApp;
use crate::error::Result;

/// GET `/healthz`: the process answers.
pub(in crate::http) async fn healthz() -> &'static str {
    "ok\n"
}

/// GET `/readyz`: the store can be read.
pub(in crate::http) async fn readyz(State(app): State<SharedApp>) -> Result<&'static str> {
    app.read(|reader| reader.revision())?;
    Ok("ready\n")
}

/// GET `/metrics`, on its own address.
pub(in crate::http) async fn metrics(State(app): State<SharedApp>) -> String {
    app.metrics.render()
}
