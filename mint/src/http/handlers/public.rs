//! What the mint says of itself.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use farthing_protocol::api::{Contact, Info, Keys, Keysets, Limits};
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{ErrorCode, KeysetId};
use serde_json::json;

use super::super::{App, SharedApp};
use crate::clock;
use crate::config::Config;
use crate::domain::KeysetKind;
use crate::error::{Error, Result};

/// What Farthing's own door shows.
const NATIVE: KeysetKind = KeysetKind::Money(SuiteId::Ristretto255);

/// GET `/v1/info` (NUT-06).
pub(in crate::http) async fn info(State(app): State<SharedApp>) -> Result<Json<Info>> {
    let directory = app.engine.read(|reader| app.engine.directory(reader))?;
    let config = &app.config;
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    let supported = || json!({"supported": true});
    let nuts = ["7", "9", "10", "11", "12", "14"];
    let nuts: BTreeMap<_, _> = nuts.map(|n| (n.to_owned(), supported())).into();
    Ok(Json(Info {
        name: config.name.clone(),
        version: version(),
        description: some(&config.description),
        contact: contact(config),
        time: clock::now_s(),
        suite: SuiteId::Ristretto255.name().to_owned(),
        unit: config.unit.clone(),
        decimals: config.decimals,
        keysets_digest: directory.digest(),
        identity: Some(app.identity(&directory)?),
        limits: Limits {
            inputs_max: config.inputs_max,
            outputs_max: config.outputs_max,
            secret_bytes_max: config.secret_bytes_max,
            body_bytes_max: config.body_bytes_max,
            replay_days: config.replay_days,
        },
        nuts,
    }))
}

/// The software, as NUT-06 has it: a name, a slash, a version.
pub(super) fn version() -> String {
    concat!("Farthing/", env!("CARGO_PKG_VERSION")).to_owned()
}

/// How to reach the operator.
pub(super) fn contact(config: &Config) -> Vec<Contact> {
    let contact = Some(&config.contact).filter(|contact| !contact.is_empty());
    let contact = contact.map(|info| Contact {
        method: "operator".to_owned(),
        info: info.clone(),
    });
    contact.into_iter().collect()
}

/// GET `/v1/keys` (NUT-01).
pub(in crate::http) async fn keys(State(app): State<SharedApp>) -> Result<Json<Keys>> {
    keys_of(&app, NATIVE)
}

/// GET `/v1/keys/{id}` (NUT-02), active or not.
pub(in crate::http) async fn keyset_keys(
    State(app): State<SharedApp>,
    id: std::result::Result<Path<String>, PathRejection>,
) -> Result<Json<Keys>> {
    keyset_keys_of(&app, NATIVE, id)
}

/// GET `/v1/keysets` (NUT-02).
pub(in crate::http) async fn keysets(State(app): State<SharedApp>) -> Result<Json<Keysets>> {
    keysets_of(&app, NATIVE)
}

/// The keys of a kind's active keysets.
pub(super) fn keys_of(app: &App, kind: KeysetKind) -> Result<Json<Keys>> {
    find_keys(app, kind, None)
}

/// The keys of a kind's keyset with the id that the path names, active or not.
pub(super) fn keyset_keys_of(
    app: &App,
    kind: KeysetKind,
    id: std::result::Result<Path<String>, PathRejection>,
) -> Result<Json<Keys>> {
    let Path(id) = id.map_err(|_| unknown_keyset())?;
    let id = KeysetId::from_hex(&id).map_err(|_| unknown_keyset())?;
    find_keys(app, kind, Some(&id))
}

fn find_keys(app: &App, kind: KeysetKind, id: Option<&KeysetId>) -> Result<Json<Keys>> {
    let directory = app.engine.read(|reader| app.engine.directory(reader))?;
    let keys = directory.to_keys(kind, id);
    keys.map(Json).ok_or_else(unknown_keyset)
}

/// The keysets of a kind.
pub(super) fn keysets_of(app: &App, kind: KeysetKind) -> Result<Json<Keysets>> {
    let directory = app.engine.read(|reader| app.engine.directory(reader))?;
    Ok(Json(directory.to_keysets(kind)))
}

fn unknown_keyset() -> Error {
    Error::request(ErrorCode::KeysetUnknown, "no such keyset at this mint")
}
