//! Connections to the server behind that are read to their end.
//!
//! A server may answer a request before it has read it, and close: then nothing more can be written, and
//! what it has answered still waits to be read. HTTP clients give the connection up at the first write
//! that fails, and the answer with it.

use std::future::Future;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::{BoxError, Service};

/// Makes connections that are [`ReadToTheEnd`].
#[derive(Clone, Debug)]
pub(super) struct Connector(pub(super) HttpsConnector<HttpConnector>);

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

impl Service<Uri> for Connector {
    type Response = ReadToTheEnd<Stream>;
    type Error = BoxError;
    type Future =
        Pin<Box<dyn Future<Output = std::result::Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<std::result::Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move {
            let stream = connecting.await?;
            let is_closed = false;
            Ok(ReadToTheEnd { stream, is_closed })
        })
    }
}

/// A connection. Once the other side takes no more, what is written goes nowhere, and reading tells
/// whether there was an answer.
#[derive(Debug)]
pub(super) struct ReadToTheEnd<S> {
    stream: S,
    is_closed: bool,
}

impl<S> ReadToTheEnd<S> {
    /// Returns the result of a write of `length` bytes.
    fn written(&mut self, written: Poll<Result<usize>>, length: usize) -> Poll<Result<usize>> {
        if matches!(&written, Poll::Ready(Err(error)) if is_closed(error)) {
            self.is_closed = true;
            return Poll::Ready(Ok(length));
        }
        written
    }

    fn done(&mut self, done: Poll<Result<()>>) -> Poll<Result<()>> {
        self.written(done.map_ok(|()| 0), 0).map_ok(|_| ())
    }
}

fn is_closed(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted
    )
}

impl<S: Write + Unpin> Write for ReadToTheEnd<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        if self.is_closed {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(written, bytes.len())
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        if self.is_closed {
            return Poll::Ready(Ok(()));
        }
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.done(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let length = parts.iter().map(|part| part.len()).sum();
        if self.is_closed {
            return Poll::Ready(Ok(length));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.written(written, length)
    }
}

impl<S: Read + Unpin> Read for ReadToTheEnd<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Connection> Connection for ReadToTheEnd<S> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}
