//! What the operator's machines ask.

use axum::extract::State;
use farthing_service::log;

use super::SharedApp;
use crate::error::Result;

/// GET `/healthz`: the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// GET `/readyz`: the store can be read; and whether the log can be written.
pub(super) async fn readyz(State(app): State<SharedApp>) -> Result<&'static str> {
    app.engine.read(|reader| reader.revision())?;
    Ok(log::ready_text())
}

/// GET `/metrics`, on its own address. When the store cannot be read, what is counted in memory is
/// shown all the same.
pub(super) async fn metrics(State(app): State<SharedApp>) -> String {
    let directory = app.engine.read(|reader| app.engine.directory(reader));
    if let Err(error) = &directory {
        tracing::error!(%error, "the keysets cannot be read");
    }
    let directory = directory.ok();
    app.metrics
        .render(app.engine.is_log_behind(), directory.as_deref())
}
