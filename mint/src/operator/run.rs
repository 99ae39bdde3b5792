//! `run`: the mint itself.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use farthing_service::log;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::open;
use super::output::Output;
use crate::config::{Config, DataDir, LogFormat, LogLevel};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::http::Server;
use crate::payments::cashier::Cashier;

#[derive(Debug, Args)]
pub(super) struct Run {
    /// Where the API listens; port 0 lets the system choose one.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

#[derive(Serialize)]
struct Listening {
    listening: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<String>,
}

impl Run {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<()> {
        let (mut config, store) = open::store(dir)?;
        let otherwise = "stop it first, or make another mint with --data";
        let _owner = open::own(dir, otherwise)?;
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        start_log(&config)?;
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        if dir.close_to_others()? {
            let folder = dir.path().display();
            tracing::warn!(
                %folder,
                "others than its owner could use the mint's folder; it was closed to them (mode 0700)"
            );
        }
        config.connections_max = connections_within_files(config.connections_max);
        if store.reader()?.quarantine()?.is_some() {
            tracing::warn!(
                "in quarantine after a restore: tokens from before it are refused; run \
                 `farthing-mint quarantine status`"
            );
        }
        open::auth_keyset(dir, &config, &store)?;
        let engine = Arc::new(open::serving_engine(dir, &config, store)?);
        let cashier = open::cashier(dir, &config, &engine)?;
        if let Some(cashier) = &cashier {
            cashier.makes_payments()?;
        }
        open::block_on(serve(config, engine, cashier, output))
    }
}

/// Files that are not connections, at the most: the database's, many times over, and the logs'.
const OTHER_FILES_MAX: usize = 512;

/// Asks the system for the files that `wanted` connections take; gives how many connections there can
/// be with the files that it gives.
fn connections_within_files(wanted: usize) -> usize {
    let files = wanted.saturating_add(OTHER_FILES_MAX);
    let Ok(given) = rlimit::increase_nofile_limit(files as u64) else {
        return wanted;
    };
    let given = usize::try_from(given).unwrap_or(usize::MAX);
    let possible = given.saturating_sub(OTHER_FILES_MAX).max(given / 2);
    if possible < wanted {
        tracing::warn!(
            connections_max = wanted,
            possible,
            "the system allows too few open files for that many connections; raise its limit"
        );
    }
    possible.min(wanted)
}

async fn serve(
    config: Config,
    engine: Arc<Engine>,
    cashier: Option<Arc<Cashier>>,
    output: Output,
) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::file("SIGTERM"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::file("SIGINT"))?;
    let name = config.name.clone();
    let server = Server::bind(config, engine, cashier)?;
    let address = server.address()?;
    let listening = Listening {
        listening: format!("http://{address}"),
        metrics: server
            .metrics_address()?
            .map(|address| format!("http://{address}")),
    };
    let text = || format!("{name} listens on http://{address}");
    if let Err(error) = output.write(&listening, text) {
        tracing::warn!(%error, "the address could not be announced");
    }
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "the mint is up");
    server
        .run(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping: finishing what was accepted");
        })
        .await;
    tracing::info!("stopped");
    Ok(())
}

/// Starts the log on standard error.
pub(super) fn start_log(config: &Config) -> Result<()> {
    let level = match config.log_level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    };
    let json = config.log_format == LogFormat::Json;
    log::start(level, json).map_err(Error::file("the log"))
}
