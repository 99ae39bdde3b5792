//! The routes that show keysets, the same for each kind of them.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use farthing_protocol::api::{Keys, Keysets};
use farthing_protocol::{ErrorCode, KeysetId};

use super::{App, SharedApp};
use crate::domain::{Directory, KeysetKind};
use crate::error::{Error, Result};

type IdInPath = std::result::Result<Path<String>, PathRejection>;

/// Shows the keysets of a kind: with their keys at `keys` (the active ones, NUT-01) and below it (one by its id,
/// active or not, NUT-02), without them at `keysets` (NUT-02).
pub(super) fn routes(kind: KeysetKind, keys: &str, keysets: &str) -> Router<SharedApp> {
    let active = async move |State(app): State<SharedApp>| {
        let directory = directory(&app, kind)?;
        find(&directory, kind, None)
    };
    let one = async move |State(app): State<SharedApp>, id: IdInPath| {
        let directory = directory(&app, kind)?;
        let Path(id) = id.map_err(|_| unknown())?;
        let id = KeysetId::from_hex(&id).map_err(|_| unknown())?;
        find(&directory, kind, Some(&id))
    };
    let all = async move |State(app): State<SharedApp>| -> Result<Json<Keysets>> {
        Ok(Json(directory(&app, kind)?.to_keysets(kind)))
    };
    Router::new()
        .route(keys, get(active))
        .route(&format!("{keys}/{{id}}"), get(one))
        .route(keysets, get(all))
}

/// Reads the keysets, for kinds that the mint has.
///
/// # Errors
/// [`Error::Request`] with `NotFound` for authentication where nothing asks for it.
fn directory(app: &App, kind: KeysetKind) -> Result<Arc<Directory>> {
    if kind == KeysetKind::Auth {
        app.blind_auth()?;
    }
    app.engine.read(|reader| app.engine.directory(reader))
}

fn find(directory: &Directory, kind: KeysetKind, id: Option<&KeysetId>) -> Result<Json<Keys>> {
    let keys = directory.to_keys(kind, id);
    keys.map(Json).ok_or_else(unknown)
}

fn unknown() -> Error {
    Error::request(ErrorCode::KeysetUnknown, "no such keyset at this mint")
}
