//! Lines for people on standard error.
//!
//! The standard library's `eprintln!` panics when standard error is full or closed, and the process then
//! exits with a code that says nothing. Here such an error has no effect: there is nowhere left to report
//! it, and the exit code still shows it.

use std::io::Write as _;

/// Writes one line.
pub fn line(text: &str) {
    // One write, so that lines of several processes stay whole.
    let _ = std::io::stderr()
        .lock()
        .write_all(format!("{text}\n").as_bytes());
}

/// Writes a question, without a line's end.
pub fn prompt(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
