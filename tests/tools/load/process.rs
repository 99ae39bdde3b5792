//! What processes use, by Linux's `/proc`.

use std::fs;
use std::time::Duration;

/// What this process and the mint have used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// CPU time of this process.
    pub(super) own: Option<Duration>,
    /// CPU time of the mint.
    pub(super) mint: Option<Duration>,
    /// The most memory the mint ever had, in KiB.
    pub(super) mint_peak_kib: Option<u64>,
}

impl Usage {
    /// Returns what they have used until now.
    pub(super) fn of(mint: Option<u32>) -> Self {
        Self {
            own: cpu("self"),
            mint: mint.and_then(|pid| cpu(&pid.to_string())),
            mint_peak_kib: mint.and_then(peak_kib),
        }
    }

    /// Returns what they have used since `before`.
    pub(super) fn since(self, before: Self) -> Self {
        let difference = |a: Option<Duration>, b: Option<Duration>| a?.checked_sub(b?);
        Self {
            own: difference(self.own, before.own),
            mint: difference(self.mint, before.mint),
            ..self
        }
    }
}

/// The CPU time of a process's threads.
fn cpu(pid: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let path = thread.ok()?.path().join("schedstat");
        let Ok(text) = fs::read_to_string(path) else {
            continue;
        };
        let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
        total += Duration::from_nanos(nanoseconds);
    }
    Some(total)
}

fn peak_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
