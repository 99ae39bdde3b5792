//! `run`: the mint itself.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use farthing_service::server::connections_within_files;
use farthing_service::{log, program};
use serde::Serialize;

use super::open;
use super::output::Output;
use crate::config::{Config, DataDir};
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
        let wanted = u32::try_from(config.connections_max).expect("the settings allow a million");
        let possible = connections_within_files(wanted, 1, OTHER_FILES_MAX);
        config.connections_max = possible as usize;
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

/// Files that are not connections, at most: the database's, many times over, and the logs'.
const OTHER_FILES_MAX: u32 = 512;

async fn serve(
    config: Config,
    engine: Arc<Engine>,
    cashier: Option<Arc<Cashier>>,
    output: Output,
) -> Result<()> {
    let stopped = program::stop_signals().map_err(Error::file("SIGTERM"))?;
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
            stopped.await;
            tracing::info!("stopping: finishing what was accepted");
        })
        .await;
    tracing::info!("stopped");
    Ok(())
}

/// Starts the log on standard error.
pub(super) fn start_log(config: &Config) -> Result<()> {
    log::start(config.log_level, config.log_format).map_err(Error::file("the log"))
}
