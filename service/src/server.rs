//! One HTTP/1.1 server for both programs: it bounds its connections, and stops without dropping an answer.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tower::{Service, ServiceExt as _};

/// Connections that may wait in the system's queue until they are accepted; the system may allow fewer
/// (`net.core.somaxconn`). When it is full, the system drops new ones, and callers try again after one second, then
/// three, then seven.
const BACKLOG: u32 = 4096;
/// How long a connection is silent before the system asks whether the other side still exists.
pub const KEEPALIVE: Duration = Duration::from_secs(60);
/// The pause after a connection that could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a server's connections may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at the same time. Others wait in the system's queue.
    pub connections_max: u32,
    /// How long a request's head may take to arrive.
    pub head: Duration,
    /// How long a caller may take none of an answer's bytes.
    pub write: Duration,
    /// How long a stop waits for answers that have begun.
    pub stop: Duration,
    /// Bytes of a request's head, and bytes that are read of a body at once.
    pub head_bytes_max: usize,
    /// Lines of a request's head; hyper's own limit unless set.
    pub headers_max: Option<usize>,
}

/// A socket that listens.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    limits: Limits,
}

/// A connection, in the extensions of each request that came by it. It counts as open for as long as a copy of this
/// exists.
#[derive(Clone, Debug)]
pub struct Connection {
    peer: SocketAddr,
    _permit: Arc<OwnedSemaphorePermit>,
    stop: watch::Receiver<bool>,
}

impl Connection {
    /// The address of the other side.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Resolves when the server stops.
    pub async fn stopped(&mut self) {
        // An error means that the server is gone.
        let _ = self.stop.wait_for(|stop| *stop).await;
    }
}

impl Listener {
    /// Starts to listen. Must run within a Tokio runtime.
    ///
    /// # Errors
    /// The system's, with the address in its text.
    pub fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        let listen = || {
            let socket = match address {
                SocketAddr::V4(_) => TcpSocket::new_v4(),
                SocketAddr::V6(_) => TcpSocket::new_v6(),
            }?;
            // A server that is started again takes its address back at once.
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            socket.listen(BACKLOG)
        };
        let socket = listen().map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
        })?;
        Ok(Self { socket, limits })
    }

    /// Returns the address, with the port that the system chose if it was left to it.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop` resolves. Then it accepts no connection, and returns when all answers that have begun are
    /// finished or their time is up.
    ///
    /// A connection is accepted only while there are fewer than [`Limits::connections_max`]. Until then it waits in
    /// the system's queue, where it costs this process neither memory nor a file.
    pub async fn serve<S, B>(self, service: S, stop: impl Future<Output = ()>)
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data: Send, Error: Into<Box<dyn StdError + Send + Sync>>> + Send + 'static,
    {
        let Self { socket, limits } = self;
        let permits = limits.connections_max.max(1);
        let places = Arc::new(Semaphore::new(permits as usize));
        let (stopping, stopped) = watch::channel(false);
        let mut stop = pin!(stop);
        loop {
            let enter = async {
                let permit = Arc::clone(&places).acquire_owned().await;
                let permit = permit.expect("the semaphore is never closed");
                (permit, socket.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                () = &mut stop => break,
                entered = enter => entered,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let connection = Connection {
                        peer,
                        _permit: Arc::new(permit),
                        stop: stopped.clone(),
                    };
                    tokio::spawn(handle(stream, connection, service.clone(), limits));
                }
                Err(error) => {
                    // Out of file descriptors, most likely: connections will end and free some.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(socket);
        let _ = stopping.send(true);
        if tokio::time::timeout(limits.stop, places.acquire_many(permits))
            .await
            .is_err()
        {
            tracing::warn!("some connections did not end in time and were closed");
        }
    }
}

async fn handle<S, B>(stream: TcpStream, mut connection: Connection, service: S, limits: Limits)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data: Send, Error: Into<Box<dyn StdError + Send + Sync>>> + Send + 'static,
{
    let _ = stream.set_nodelay(true);
    // A caller who vanished during a long answer or a websocket would keep the connection for ever.
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
    let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
    let shown = connection.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(shown.clone());
        service.clone().oneshot(request)
    });
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.write));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes_max);
    if let Some(lines) = limits.headers_max {
        http.max_headers(lines);
    }
    let served = http.serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut served = pin!(served.with_upgrades());
    // A connection that breaks is the caller's affair; what it asked for is not undone.
    tokio::select! {
        _ = served.as_mut() => return,
        () = connection.stopped() => {}
    }
    served.as_mut().graceful_shutdown();
    let _ = served.await;
}

/// Asks the system for the files that `wanted` connections take, `files_each` for one, and `other_files` besides.
/// Returns how many connections are possible with the files that it gives, at most `wanted` and at least 1.
#[must_use]
pub fn connections_within_files(wanted: u32, files_each: u32, other_files: u32) -> u32 {
    let (each, other) = (u64::from(files_each), u64::from(other_files));
    let Ok(given) = rlimit::increase_nofile_limit(u64::from(wanted) * each + other) else {
        return wanted;
    };
    // A system that gives hardly any still serves some.
    let possible = given.saturating_sub(other).max(given / 2) / each;
    let possible = u32::try_from(possible)
        .unwrap_or(u32::MAX)
        .min(wanted)
        .max(1);
    if possible < wanted {
        tracing::warn!(
            connections_max = wanted,
            possible,
            "the system allows too few open files for that many connections; raise its limit"
        );
    }
    possible
}
