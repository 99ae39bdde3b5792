//! What a command of a program does besides its work: results, failures, signals, the runtime.

use std::fmt::Display;
use std::io::{self, Write as _};

use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use crate::say;

/// How results are written to standard output.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// As one line of JSON instead of text.
    pub json: bool,
}

impl Output {
    /// Writes `value` as one line of JSON, or `text`.
    ///
    /// # Errors
    /// When standard output takes nothing.
    pub fn write(self, value: &impl Serialize, text: impl FnOnce() -> String) -> io::Result<()> {
        let line = if self.json {
            serde_json::to_string(value)?
        } else {
            text()
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()
    }

    /// Reports why a command of `program` failed: on standard error, and with JSON on standard output too, as
    /// `{"error"}`.
    pub fn fail(self, program: &str, error: &dyn Display) {
        if self.json {
            let report = serde_json::json!({"error": error.to_string()});
            // When it cannot be written, standard error has it too.
            let _ = writeln!(io::stdout(), "{report}");
        }
        say::line(&format!("{program}: {error}"));
    }
}

/// Runs `future` on a runtime of its own, with a thread for each CPU.
///
/// # Errors
/// When the system has no threads for it.
pub fn block_on<F: Future>(future: F) -> io::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(future))
}

/// Returns a future that resolves on SIGTERM or Ctrl-C. From now on these do not end the process by themselves.
///
/// # Errors
/// When the system does not let signals be handled.
pub fn stop_signals() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The innermost reason of a failure, such as "Connection refused". It names no body and no header.
#[must_use]
pub fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
