//! Lines between those who log and the one thread that writes them.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes of lines that wait to be written. What does not fit is dropped and counted.
pub(crate) const BYTES_MAX: usize = 256 * 1024;

/// A bounded queue of lines.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// There is a line to write.
    more: Condvar,
    /// Everything is written, or lost.
    empty: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// A line was taken, and its fate is not known yet.
    is_writing: bool,
    lost: u64,
    is_failing: bool,
}

impl Queue {
    pub(crate) const fn new() -> Self {
        Self {
            state: Mutex::new(State {
                lines: VecDeque::new(),
                bytes: 0,
                is_writing: false,
                lost: 0,
                is_failing: false,
            }),
            more: Condvar::new(),
            empty: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line, or drops and counts it when the queue is full. Never waits for a writer.
    pub(crate) fn put(&self, line: &[u8]) {
        let mut state = self.state();
        if state.bytes.saturating_add(line.len()) > BYTES_MAX {
            state.lost += 1;
            state.is_failing = true;
            return;
        }
        state.bytes += line.len();
        state.lines.push_back(line.to_vec());
        drop(state);
        self.more.notify_one();
    }

    /// Returns how many lines were lost.
    pub(crate) fn lost(&self) -> u64 {
        self.state().lost
    }

    /// Returns whether the last line that was tried was lost.
    pub(crate) fn is_failing(&self) -> bool {
        self.state().is_failing
    }

    /// Writes the next line, waiting for one.
    pub(crate) fn write_one(&self, to: &mut impl Write) {
        let state = self.state();
        let waited = self.more.wait_while(state, |state| state.lines.is_empty());
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let Some(line) = state.lines.pop_front() else {
            return;
        };
        state.bytes -= line.len();
        state.is_writing = true;
        drop(state);
        let written = to.write_all(&line).and_then(|()| to.flush());
        let mut state = self.state();
        state.is_writing = false;
        state.is_failing = written.is_err();
        state.lost += u64::from(written.is_err());
        if state.lines.is_empty() {
            self.empty.notify_all();
        }
    }

    /// Waits until every line is written or lost, at most for `patience`.
    pub(crate) fn finish(&self, patience: Duration) {
        let state = self.state();
        let is_busy = |state: &mut State| !state.lines.is_empty() || state.is_writing;
        drop(self.empty.wait_timeout_while(state, patience, is_busy));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes some lines, then fails.
    struct Disk {
        written: Vec<u8>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if self.room < bytes.len() {
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            self.room -= bytes.len();
            self.written.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_in_order_and_lost_ones_are_counted() {
        let queue = Queue::new();
        let mut disk = Disk {
            written: Vec::new(),
            room: 4,
        };
        for line in ["a\n", "b\n", "c\n"] {
            queue.put(line.as_bytes());
            queue.write_one(&mut disk);
        }
        assert_eq!(disk.written, b"a\nb\n");
        assert_eq!((queue.lost(), queue.is_failing()), (1, true));
        disk.room = 4;
        queue.put(b"d\n");
        queue.write_one(&mut disk);
        assert_eq!(disk.written, b"a\nb\nd\n");
        assert_eq!((queue.lost(), queue.is_failing()), (1, false));
        queue.finish(Duration::MAX);
    }

    #[test]
    fn a_queue_that_nobody_empties_is_bounded() {
        let queue = Queue::new();
        let line = [b'x'; 1024];
        for _ in 0..BYTES_MAX / line.len() {
            queue.put(&line);
        }
        assert_eq!((queue.lost(), queue.is_failing()), (0, false));
        queue.put(&line);
        queue.put(b"\n");
        assert_eq!((queue.lost(), queue.is_failing()), (2, true));
        // What waits is not waited for.
        queue.finish(Duration::ZERO);
        let mut disk = Disk {
            written: Vec::new(),
            room: 1024,
        };
        queue.write_one(&mut disk);
        queue.put(b"\n");
        assert_eq!((queue.lost(), queue.is_failing()), (2, false));
    }
}
