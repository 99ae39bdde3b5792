//! What is printed.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::check::Checked;
use crate::fire::Fired;
use crate::plan::{Op, Plan};
use crate::process::Usage;
use farthing_testkit::Result;

/// The result of a run. Times are in microseconds.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    op: Op,
    inputs: usize,
    outputs: usize,
    connections: usize,
    count: usize,
    elapsed_us: u64,
    /// Right answers a second.
    per_second: f64,
    latency: Latency,
    /// Answers that were right in every respect.
    right: usize,
    /// Those whose proofs were verified, too.
    proofs_verified: usize,
    /// Answers of 503 with Retry-After, after which the request was sent again.
    refused: u64,
    /// Anything else, by what it was.
    errors: BTreeMap<String, usize>,
    /// CPU time of the mint for each right answer.
    mint_cpu_us: Option<f64>,
    /// CPU time of this program for each right answer, while the clock ran.
    load_cpu_us: Option<f64>,
    mint_peak_kib: Option<u64>,
    /// Lone requests after a flood.
    afterwards: Option<Latency>,
}

/// Percentiles of the latencies of right answers.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Latency {
    p50_us: u64,
    p99_us: u64,
    max_us: u64,
}

impl Latency {
    /// Of ascending latencies.
    fn of(sorted: &[Duration]) -> Self {
        let at = |percent: usize| {
            let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
            sorted.get(index).map_or(0, micros)
        };
        Self {
            p50_us: at(50),
            p99_us: at(99),
            max_us: at(100),
        }
    }
}

impl Report {
    pub(super) fn new(
        plan: Plan,
        connections: usize,
        fired: &Fired,
        checked: Checked,
        usage: &Usage,
    ) -> Self {
        let right = checked.latencies.len();
        let each = |time: Duration| time.as_secs_f64() * 1e6 / right.max(1) as f64;
        Self {
            op: plan.op,
            inputs: plan.inputs,
            outputs: plan.outputs,
            connections,
            count: fired.outcomes.len(),
            elapsed_us: micros(&fired.elapsed),
            per_second: right as f64 / fired.elapsed.as_secs_f64(),
            latency: Latency::of(&checked.latencies),
            right,
            proofs_verified: checked.proofs,
            refused: fired.refused,
            errors: checked.errors,
            mint_cpu_us: usage.mint.map(each),
            load_cpu_us: usage.own.map(each),
            mint_peak_kib: usage.mint_peak_kib,
            afterwards: None,
        }
    }

    /// Adds the lone requests that were sent after a flood.
    pub(super) fn afterwards(&mut self, fired: &Fired, checked: Checked) {
        self.count += fired.outcomes.len();
        self.right += checked.latencies.len();
        self.proofs_verified += checked.proofs;
        for (what, count) in checked.errors {
            *self.errors.entry(what).or_default() += count;
        }
        self.afterwards = Some(Latency::of(&checked.latencies));
    }

    /// Returns whether every request has a right answer.
    pub(super) fn is_right(&self) -> bool {
        self.errors.is_empty() && self.right == self.count
    }

    pub(super) fn print(&self, json: bool) -> Result<()> {
        if json {
            println!("{}", serde_json::to_string(self)?);
            return Ok(());
        }
        let Self {
            inputs,
            outputs,
            connections,
            count,
            ..
        } = self;
        let op = format!("{:?}", self.op).to_lowercase();
        println!("{op}: {count} requests, {inputs} in, {outputs} out, {connections} connections");
        let seconds = self.elapsed_us as f64 / 1e6;
        println!(
            "  throughput  {:.0} a second ({seconds:.2} s)",
            self.per_second
        );
        println!("  latency     {}", text(self.latency));
        if let Some(afterwards) = self.afterwards {
            println!("  refused     {} times with 503, sent again", self.refused);
            println!("  afterwards  {}, one by one", text(afterwards));
        }
        if let Some(us) = self.mint_cpu_us {
            println!("  mint        {us:.0} µs of CPU a request");
        }
        if let Some(kib) = self.mint_peak_kib {
            println!("  mint        {} MiB of memory at the most", kib / 1024);
        }
        if let Some(us) = self.load_cpu_us {
            println!("  this        {us:.0} µs of CPU a request");
        }
        println!(
            "  right       {} answers, {} with their proofs",
            self.right, self.proofs_verified
        );
        for (what, count) in &self.errors {
            println!("  ERROR       {count} × {what}");
        }
        Ok(())
    }
}

fn text(latency: Latency) -> String {
    let Latency {
        p50_us,
        p99_us,
        max_us,
    } = latency;
    let ms = |us: u64| us as f64 / 1e3;
    format!(
        "p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        ms(p50_us),
        ms(p99_us),
        ms(max_us)
    )
}

fn micros(time: &Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles() {
        let sorted: Vec<_> = (1..=200).map(Duration::from_micros).collect();
        let Latency {
            p50_us,
            p99_us,
            max_us,
        } = Latency::of(&sorted);
        assert_eq!((p50_us, p99_us, max_us), (101, 199, 200));
        assert_eq!(Latency::of(&[]).max_us, 0);
        assert_eq!(Latency::of(&sorted[..1]).p99_us, 1);
    }
}
