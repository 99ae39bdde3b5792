//! Listening, and stopping without dropping anything that was accepted.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use super::{App, SharedApp, router};
use crate::config::Config;
use crate::engine::Engine;
use crate::error::{Error, Result};

/// A mint that listens.
pub struct Server {
    app: SharedApp,
    listener: TcpListener,
    metrics: Option<TcpListener>,
}

impl Server {
    /// Starts to listen where the settings say.
    ///
    /// # Errors
    /// [`Error::Operator`] when an address cannot be had.
    pub async fn bind(config: Config, engine: Engine) -> Result<Self> {
        let listener = bind(config.listen).await?;
        let metrics = match config.metrics_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        Ok(Self {
            app: Arc::new(App::new(config, engine)),
            listener,
            metrics,
        })
    }

    /// Where the API listens; tells the port when the settings left it to the system.
    ///
    /// # Errors
    /// [`Error::Operator`].
    pub fn address(&self) -> Result<SocketAddr> {
        let address = self.listener.local_addr();
        address.map_err(|e| Error::Operator(format!("the address is not known: {e}")))
    }

    /// Serves until `stop` resolves, then finishes what is under way and returns. When it returns,
    /// everything that was answered is on disk, and the engine has stopped.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self {
            app,
            listener,
            metrics,
        } = self;
        let operator = metrics.map(|listener| {
            let router = router::operator(Arc::clone(&app));
            let timeout_ms = app.config.read_timeout_ms;
            tokio::spawn(async move {
                let never = std::future::pending();
                serve(&listener, router, timeout_ms, 0, never).await;
            })
        });
        let (read_ms, stop_ms) = (app.config.read_timeout_ms, app.config.stop_timeout_ms);
        let router = router::public(Arc::clone(&app));
        serve(&listener, router, read_ms, stop_ms, stop).await;
        if let Some(operator) = operator {
            operator.abort();
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|e| Error::Operator(format!("cannot listen on {address}: {e}")))
}

/// Accepts connections until `stop`, then waits for those under way, `stop_ms` at the most.
async fn serve(
    listener: &TcpListener,
    router: Router,
    read_ms: u64,
    stop_ms: u64,
    stop: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(read_ms));
    let mut stop = pin!(stop);
    loop {
        let stream = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, most likely: connections will end and free some.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A connection that breaks is the caller's affair; what it asked for is not undone.
            let _ = connection.await;
        });
    }
    let patience = Duration::from_millis(stop_ms);
    if tokio::time::timeout(patience, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some connections did not end in time and were closed");
    }
}
