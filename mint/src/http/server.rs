//! Listening, and stopping without dropping anything that was accepted.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;

use super::{App, SharedApp, router};
use crate::config::Config;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::payments::cashier::Cashier;

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
    /// [`Error::Operator`] when an address cannot be had, or a setting makes no sense.
    pub fn bind(
        config: Config,
        engine: Arc<Engine>,
        cashier: Option<Arc<Cashier>>,
    ) -> Result<Self> {
        let listener = bind(config.listen)?;
        let listens = listener.local_addr();
        let listens = listens.map_err(|e| Error::Operator(format!("no address: {e}")))?;
        let metrics = match config.metrics_listen {
            Some(address) => Some(bind(address)?),
            None => None,
        };
        Ok(Self {
            app: Arc::new(App::new(config, listens, engine, cashier)?),
            listener,
            metrics,
        })
    }

    /// Where the API listens; tells the port when the settings left it to the system.
    ///
    /// # Errors
    /// [`Error::Operator`].
    pub fn address(&self) -> Result<SocketAddr> {
        address(&self.listener)
    }

    /// Where the operator's figures are, if anywhere.
    ///
    /// # Errors
    /// [`Error::Operator`].
    pub fn metrics_address(&self) -> Result<Option<SocketAddr>> {
        self.metrics.as_ref().map(address).transpose()
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
            let door = Door {
                connections_max: OPERATOR_CONNECTIONS_MAX,
                read_ms: app.config.read_timeout_ms,
                stop_ms: 0,
            };
            tokio::spawn(async move {
                let never = std::future::pending();
                serve(&listener, router, door, never).await;
            })
        });
        let door = Door {
            connections_max: app.config.connections_max,
            read_ms: app.config.read_timeout_ms,
            stop_ms: app.config.stop_timeout_ms,
        };
        if let Some(guard) = &app.guard {
            tokio::spawn(Arc::clone(&guard.openid).ask_in_turn());
        }
        let router = router::public(Arc::clone(&app));
        let till = app
            .cashier
            .clone()
            .map(|cashier| tokio::spawn(cashier.run()));
        serve(&listener, router, door, stop).await;
        // What is under way at the payment backend goes on when the mint is started again.
        if let Some(till) = till {
            till.abort();
        }
        if let Some(operator) = operator {
            operator.abort();
        }
    }
}

/// How many connections may wait in the system's queue until they are accepted; the system may allow
/// fewer (`net.core.somaxconn`). When it is full the system drops what comes, and callers try again
/// after one second, then three, then seven.
const BACKLOG: u32 = 4096;

fn address(listener: &TcpListener) -> Result<SocketAddr> {
    let address = listener.local_addr();
    address.map_err(|e| Error::Operator(format!("the address is not known: {e}")))
}

fn bind(address: SocketAddr) -> Result<TcpListener> {
    let listen = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        // A mint that is started again takes its address back at once.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|e| Error::Operator(format!("cannot listen on {address}: {e}")))
}

/// Connections to the operator's address at the same time.
const OPERATOR_CONNECTIONS_MAX: usize = 64;

/// What a request's head may have in bytes, and what hyper reads at once of a body.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// How connections are let in and out.
struct Door {
    /// How many there are at the same time.
    connections_max: usize,
    /// How long a request's head may take, and how long a caller may take none of an answer's bytes.
    read_ms: u64,
    /// How long a stop waits for requests under way.
    stop_ms: u64,
}

/// Accepts connections until `stop`, then waits for those under way.
///
/// A connection is accepted only when there is a place for it. Until then it waits in the system's
/// queue, where it costs no memory of this process and none of its files: whatever happens outside,
/// the store can open what it needs.
async fn serve(listener: &TcpListener, router: Router, door: Door, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(door.connections_max));
    let (stopping, stopped) = watch::channel(());
    let mut http = hyper::server::conn::http1::Builder::new();
    let patience = Duration::from_millis(door.read_ms);
    http.timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(HEAD_BYTES_MAX);
    let mut stop = pin!(stop);
    loop {
        let enter = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (stream, place) = tokio::select! {
            () = &mut stop => break,
            entered = enter => match entered {
                (Ok((stream, _)), place) => (stream, place),
                (Err(error), _) => {
                    // Out of file descriptors, most likely: connections will end and free some.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(patience));
        let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), service);
        let mut stopped = stopped.clone();
        tokio::spawn(async move {
            let mut connection = pin!(connection.with_upgrades());
            // A connection that breaks is the caller's affair; what it asked for is not undone.
            tokio::select! {
                _ = connection.as_mut() => return,
                _ = stopped.changed() => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
            drop((stopped, place));
        });
    }
    drop(stopped);
    let _ = stopping.send(());
    let patience = Duration::from_millis(door.stop_ms);
    if tokio::time::timeout(patience, stopping.closed())
        .await
        .is_err()
    {
        tracing::warn!("some connections did not end in time and were closed");
    }
}
