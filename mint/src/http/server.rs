//! The mint's two addresses: the API, and the operator's figures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use farthing_service::server::{Limits, Listener};

use super::{App, SharedApp, router};
use crate::config::Config;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::payments::cashier::Cashier;

/// Connections to the operator's address at the same time.
const OPERATOR_CONNECTIONS_MAX: u32 = 64;
/// Bytes of a request's head, and what hyper reads at once of a body.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// A mint that listens.
pub struct Server {
    app: SharedApp,
    listener: Listener,
    metrics: Option<Listener>,
}

impl Server {
    /// Starts to listen where the settings say.
    ///
    /// # Errors
    /// [`Error::Operator`] when an address cannot be had, or a setting makes no sense.
    pub fn bind(
        config: Config,
        engine: Arc<Engine>,
        cashier: Option<Arc<Cashier>>,
    ) -> Result<Self> {
        let patience = Duration::from_millis(config.read_timeout_ms);
        let limits = Limits {
            connections_max: u32::try_from(config.connections_max)
                .expect("the settings allow a million"),
            head: patience,
            write: patience,
            stop: Duration::from_millis(config.stop_timeout_ms),
            head_bytes_max: HEAD_BYTES_MAX,
            headers_max: None,
        };
        let operator = Limits {
            connections_max: OPERATOR_CONNECTIONS_MAX,
            stop: Duration::ZERO,
            ..limits
        };
        let listener = bind(config.listen, limits)?;
        let listens = address(&listener)?;
        let metrics = config.metrics_listen.map(|at| bind(at, operator));
        let metrics = metrics.transpose()?;
        Ok(Self {
            app: Arc::new(App::new(config, listens, engine, cashier)?),
            listener,
            metrics,
        })
    }

    /// Returns where the API listens, with the port that the system chose if the settings left it to it.
    ///
    /// # Errors
    /// [`Error::Operator`].
    pub fn address(&self) -> Result<SocketAddr> {
        address(&self.listener)
    }

    /// Returns where the operator's figures are, if anywhere.
    ///
    /// # Errors
    /// [`Error::Operator`].
    pub fn metrics_address(&self) -> Result<Option<SocketAddr>> {
        self.metrics.as_ref().map(address).transpose()
    }

    /// Serves until `stop` resolves, then finishes the requests that it has accepted and returns. When it returns,
    /// everything that was answered is on disk, and the engine has stopped.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self {
            app,
            listener,
            metrics,
        } = self;
        let operator = metrics.map(|listener| {
            let router = router::operator(Arc::clone(&app));
            tokio::spawn(listener.serve(router, std::future::pending()))
        });
        if let Some(guard) = &app.guard {
            tokio::spawn(Arc::clone(&guard.openid).ask_in_turn());
        }
        let cashier = app.cashier.clone();
        let payments = cashier.map(|cashier| tokio::spawn(cashier.run()));
        let router = router::public(app);
        listener.serve(router, stop).await;
        // Payments that have not ended go on when the mint is started again.
        if let Some(payments) = payments {
            payments.abort();
        }
        if let Some(operator) = operator {
            operator.abort();
        }
    }
}

fn bind(address: SocketAddr, limits: Limits) -> Result<Listener> {
    Listener::bind(address, limits).map_err(|error| Error::Operator(error.to_string()))
}

fn address(listener: &Listener) -> Result<SocketAddr> {
    let address = listener.address();
    address.map_err(|e| Error::Operator(format!("the address is not known: {e}")))
}
