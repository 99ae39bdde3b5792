//! The log, on standard error.
//!
//! A disk that is full, a reader that went away or one that stopped reading must not stop the service: a
//! line is put into a bounded queue, one thread writes what is in it, and lines that cannot be written are
//! counted. The count is for `/metrics`, and whether the log fails now for `/readyz`.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::os::fd::AsFd as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::queue::Queue;

/// The name of the counter of [`lines_lost`] behind the program's, for Prometheus.
pub const LINES_LOST: &str = "log_lines_lost";
/// What that counter counts.
pub const LINES_LOST_HELP: &str = "Lines of the log that could not be written";

static QUEUE: Queue = Queue::new();

/// How long the end of the process waits for lines that are not written yet.
const PATIENCE: Duration = Duration::from_secs(1);

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Failures.
    Error,
    /// And what may become one.
    Warn,
    /// And what the program does by itself: starts, stops, keysets.
    Info,
    /// And each request with its path and outcome; such a log shows when tokens moved and what was read.
    Debug,
    /// And everything else.
    Trace,
}

impl From<Level> for tracing::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

/// Starts the log of this process. Panics are logged too, and
/// not written to standard error past the queue.
///
/// # Errors
/// When the system has no thread for it, or the process has no standard error.
pub fn start(level: Level, format: Format) -> io::Result<()> {
    // Not through `io::stderr`, whose lock a reader that stopped reading would hold for ever.
    let mut out = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    let writer = move || loop {
        QUEUE.write_one(&mut out);
    };
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(writer)?;
    let builder = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::from(level))
        .with_ansi(io::stderr().is_terminal())
        // The subscriber's own complaints go by `eprintln!`, which panics.
        .log_internal_errors(false)
        .with_writer(|| Lines);
    if format == Format::Json {
        builder.json().init();
    } else {
        builder.with_target(false).init();
    }
    std::panic::set_hook(Box::new(|panic| {
        let trace = Backtrace::capture();
        let trace = (trace.status() == BacktraceStatus::Captured).then(|| trace.to_string());
        let place = panic.location().map(ToString::to_string);
        let reason = panic.payload_as_str();
        tracing::error!(place, reason, trace, "a thread panicked");
    }));
    Ok(())
}

/// Waits until what was logged is written, for a second at most. To be called before the process
/// ends.
pub fn finish() {
    QUEUE.finish(PATIENCE);
}

/// Returns how many lines could not be written since the start.
#[must_use]
pub fn lines_lost() -> u64 {
    QUEUE.lost()
}

/// Returns whether the last line could not be written.
#[must_use]
pub fn is_failing() -> bool {
    QUEUE.is_failing()
}

/// Returns what `/readyz` says while everything else is ready. A log that cannot be written is no reason to take
/// the service away, so the status is 200 in either case.
#[must_use]
pub fn ready_text() -> &'static str {
    if is_failing() {
        "ready, but the log cannot be written: lines are lost\n"
    } else {
        "ready\n"
    }
}

/// Takes whole lines, as the subscriber writes them.
struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        QUEUE.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
