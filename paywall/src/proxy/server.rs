//! Listening, and stopping without dropping an answer that is under way.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tower::{Service, ServiceExt as _};

use super::body::{Pace, Paced};
use super::{HEADERS_MAX, KEEPALIVE};

/// What one request's head may have in bytes: four times a header of the paywall at its longest.
const HEAD_BYTES_MAX: usize = 128 * 1024;

/// How connections are let in and out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many there are at the same time; more wait at the door.
    pub(crate) connections_max: u32,
    /// How long a request's head may take to arrive.
    pub(crate) read: Duration,
    /// How slowly its body may come.
    pub(crate) body: Pace,
    /// How long a stop waits for answers under way.
    pub(crate) stop: Duration,
}

/// A socket that listens.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    limits: Limits,
}

/// One connection's place among those that there may be, for as long as anything holds it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
    stop: watch::Receiver<bool>,
}

impl Place {
    /// Resolves when the server stops.
    pub(super) async fn stopped(&mut self) {
        // An error means that the server is gone.
        let _ = self.stop.wait_for(|stop| *stop).await;
    }
}

impl Listener {
    /// Starts to listen.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub(crate) async fn bind(address: SocketAddr, limits: Limits) -> std::io::Result<Self> {
        Ok(Self {
            socket: TcpListener::bind(address).await?,
            limits,
        })
    }

    /// Where it listens; tells the port when that was left to the system.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop` resolves; then accepts nothing more, and returns when all answers under way
    /// are finished, or their time is up.
    ///
    /// A connection is accepted only when there is a place for it. Until then it waits in the system's
    /// queue, where it costs this process nothing.
    pub(crate) async fn serve<S>(self, service: S, stop: impl Future<Output = ()>)
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
    {
        let Self { socket, limits } = self;
        let permits = limits.connections_max.max(1);
        let places = Arc::new(Semaphore::new(permits as usize));
        let (stopping, stopped) = watch::channel(false);
        let mut stop = pin!(stop);
        loop {
            let enter = async {
                let permit = Arc::clone(&places).acquire_owned().await;
                (permit, socket.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                () = &mut stop => break,
                entered = enter => entered,
            };
            match (permit, accepted) {
                (Ok(permit), Ok((stream, peer))) => {
                    let place = Place {
                        _permit: Arc::new(permit),
                        stop: stopped.clone(),
                    };
                    tokio::spawn(connection(stream, peer, place, service.clone(), limits));
                }
                (_, Err(error)) => {
                    // Out of file descriptors, most likely: connections will end and free some.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                (Err(_), _) => break,
            }
        }
        drop(socket);
        let _ = stopping.send(true);
        if tokio::time::timeout(limits.stop, places.acquire_many(permits))
            .await
            .is_err()
        {
            tracing::warn!("some answers did not end in time and were cut off");
        }
    }
}

async fn connection<S>(
    stream: TcpStream,
    peer: SocketAddr,
    mut place: Place,
    service: S,
    limits: Limits,
) where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    let _ = stream.set_nodelay(true);
    // A reader who vanished during a stream of events or a websocket would keep the place for ever.
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
    let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
    let held = place.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(|body| Body::new(Paced::new(Body::new(body), limits.body)));
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(held.clone());
        service.clone().oneshot(request)
    });
    // A client who takes none of an answer's bytes would otherwise hold the connection for ever.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.body.stall));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.read)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    // A connection that breaks is the client's affair.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = place.stopped() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
