//! Values of settings, and what they are where the settings say nothing.

use farthing_protocol::cashu::path;
use serde::{Deserialize, Serialize};

/// The Lightning node behind a mint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LightningBackend {
    /// The mint has no Lightning.
    None,
    /// One that moves no money, for tests and demos.
    Fake,
    /// LND.
    Lnd,
    /// Core Lightning.
    Cln,
}

/// The requests that need the provider's token unless the settings say otherwise.
pub(super) fn clear_default() -> Vec<String> {
    vec![format!("POST {}", path::AUTH_MINT)]
}

/// Returns what needs blind authentication unless the settings say otherwise: what begins something, and what
/// moves value. Not what asks again how it stands, which wallets do often.
pub(super) fn blind_default() -> Vec<String> {
    let paths = [
        path::MINT_QUOTE,
        path::MINT,
        path::MINT_BATCH,
        path::MELT_QUOTE,
        path::MELT,
        path::SWAP,
    ];
    paths.map(|path| format!("POST {path}")).into()
}
