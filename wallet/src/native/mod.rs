//! What a wallet on a computer stands on: a SQLite file and an HTTP client.

mod file;
mod salvage;
mod sqlite;
mod web;

pub use farthing_client::native::{ProxyFault, ReqwestHttp, SocksProxy};
pub use salvage::Salvaged;
pub use sqlite::SqliteStore;
pub use web::ReqwestPage;

/// The system's time, Unix seconds: a [`crate::Clock`].
#[must_use]
pub fn system_clock() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
