//! What the mint says of itself.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use farthing_protocol::api::{Contact, Info, Limits, published_digest};
use farthing_protocol::suite::SuiteId;
use serde_json::json;

use crate::clock;
use crate::config::Config;
use crate::domain::KeysetKind;
use crate::error::Result;
use crate::http::SharedApp;

/// GET `/v1/info` (NUT-06).
pub(in crate::http) async fn info(State(app): State<SharedApp>) -> Result<Json<Info>> {
    let directory = app.engine.read(|reader| app.engine.directory(reader))?;
    let config = &app.config;
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    let supported = || json!({"supported": true});
    let nuts = ["7", "9", "10", "11", "12", "14"];
    let nuts: BTreeMap<_, _> = nuts.map(|n| (n.to_owned(), supported())).into();
    let signs = directory.active(KeysetKind::Money(SuiteId::Ristretto255));
    let bundle = signs.and_then(|keyset| config.bundle(&keyset.keys.amounts()));
    Ok(Json(Info {
        name: config.name.clone(),
        version: version(),
        description: some(&config.description),
        contact: contact(config),
        time: clock::now_s(),
        suite: SuiteId::Ristretto255.name().to_owned(),
        unit: config.unit.clone(),
        decimals: config.decimals,
        keysets_digest: published_digest(directory.iter().map(|k| &k.id), bundle.as_ref()),
        bundle,
        identity: Some(app.identity(&directory)?),
        wallet: app.wallet.clone(),
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
pub(in crate::http) fn version() -> String {
    concat!("Farthing/", env!("CARGO_PKG_VERSION")).to_owned()
}

/// How to reach the operator.
pub(in crate::http) fn contact(config: &Config) -> Vec<Contact> {
    let contact = Some(&config.contact).filter(|contact| !contact.is_empty());
    let contact = contact.map(|info| Contact {
        method: "operator".to_owned(),
        info: info.clone(),
    });
    contact.into_iter().collect()
}
