//! A load generator that checks every answer.
//!
//! It shares its machine with the mint it measures, so it does as little as it can while the clock
//! runs: all requests are made beforehand, byte for byte; answers are stored as they come, and read
//! when the clock has stopped. It is a closed loop: each connection sends its next request when the
//! answer to the one before is there.

use std::num::NonZero;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use farthing_protocol::suite::SuiteId;
use farthing_service::say;
use serde::Serialize;

use crate::check::Checked;
use crate::fire::Pace;
use crate::funds::Wallet;
use crate::process::Usage;
use crate::report::Report;
use crate::wire::Target;
use farthing_testkit::Result;

/// How many lone requests are sent after a flood, to see whether the mint is itself again.
const AFTERWARDS: usize = 50;

/// What the requests do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Tokens against tokens.
    Swap,
    /// Tokens into the account.
    Redeem,
    /// Out of the account into tokens.
    Withdraw,
    /// A page behind a paywall, paid for exactly (--page).
    Buy,
    /// A page that costs nothing (--page).
    Get,
}

/// Which keysets the requests are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SuiteName {
    /// Farthing's own.
    Ristretto255,
    /// Those of Cashu's wallets: --mint is the URL that they are given.
    Secp256k1,
}

/// Which answers have the mint's proofs verified; all else is checked in every answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Proofs {
    /// Every answer.
    All,
    /// Every 16th answer.
    Sample,
}

/// Sends prepared requests to a mint, checks every answer, and says how fast they came.
///
/// Exits with 1 when an answer is wrong or missing, with 2 when it could not begin.
#[derive(Debug, Parser)]
#[command(name = "farthing-load")]
pub struct Load {
    /// Where the mint listens: http://HOST:PORT, and /cashu for the secp256k1 keysets of a Farthing mint.
    #[arg(long, value_name = "URL")]
    mint: String,
    /// Which keysets the requests are about.
    #[arg(long, value_enum, default_value = "ristretto255")]
    suite: SuiteName,
    /// An API token of an account with enough funds. Without one, secp256k1 tokens are minted for
    /// invoices, which the mint's payment backend must pay by itself.
    #[arg(long, env = "FARTHING_LOAD_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// What the requests do.
    #[arg(long, value_enum, default_value = "swap")]
    op: Op,
    /// The page that is bought, or asked for: http://HOST:PORT/PATH.
    #[arg(long, value_name = "URL")]
    page: Option<String>,
    /// How many connections send at the same time.
    #[arg(long, default_value = "32")]
    connections: NonZero<usize>,
    /// How many requests to send.
    #[arg(long)]
    count: NonZero<usize>,
    /// Inputs of a request.
    #[arg(long, default_value = "2")]
    inputs: NonZero<usize>,
    /// Outputs of a request: 2 unless given, and none for redeem.
    #[arg(long)]
    outputs: Option<usize>,
    /// How many sums the requests take turns at, each twice the one before: with 2 inputs and 2
    /// outputs, this many amounts are in use.
    #[arg(long, default_value = "8", value_name = "N")]
    spread: NonZero<u32>,
    /// Which answers have the mint's proofs verified; all else is checked in every answer.
    #[arg(long, value_enum, default_value = "all")]
    check: Proofs,
    /// Answers of 503 are no errors: they must carry Retry-After, and the request is sent again.
    #[arg(long)]
    overload: bool,
    /// How long a connection waits after a 503, in milliseconds.
    #[arg(long, default_value = "20", value_name = "MS")]
    pause_ms: u64,
    /// When to give up, in seconds after the first request.
    #[arg(long, default_value = "300")]
    seconds: u64,
    /// The mint's process, to tell its use of CPU and memory.
    #[arg(long)]
    pid: Option<u32>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What each request looks like.
#[derive(Clone, Copy, Debug)]
struct Plan {
    op: Op,
    count: usize,
    inputs: usize,
    outputs: usize,
    spread: u32,
}

/// Requests, and what knows the right answers to them.
struct Prepared {
    requests: Vec<Vec<u8>>,
    checker: Box<dyn check::Checker>,
}

impl Load {
    /// Prepares, sends, checks and reports. Gives whether all answers were right.
    ///
    /// # Errors
    /// When the requests cannot be prepared or no connection can be had.
    pub fn run(&self) -> Result<bool> {
        let mint = Target::parse(&self.mint)?;
        let page = self.page.as_deref().map(Target::parse).transpose()?;
        let connections = self.connections.get();
        let wanted = connections as u64 + 64;
        if rlimit::increase_nofile_limit(wanted)? < wanted {
            return Err(
                format!("{connections} connections need a higher limit of open files").into(),
            );
        }
        let plan = self.plan();
        say::line(&format!("preparing {} requests", plan.count));
        let prepared = self.prepare(&mint, page.as_ref(), plan)?;
        let target = page.unwrap_or(mint);
        let (flood, lone) = prepared.requests.split_at(self.count.get());
        let mut pace = Pace {
            connections,
            limit: Duration::from_secs(self.seconds),
            pause: self.overload.then(|| Duration::from_millis(self.pause_ms)),
        };
        say::line("sending");
        let before = Usage::of(self.pid);
        let fired = fire::fire(&target, flood, pace)?;
        let usage = Usage::of(self.pid).since(before);
        say::line("checking");
        let checker = &*prepared.checker;
        let every = self.proofs_every();
        let checked = Checked::of(&fired, 0, checker, every)?;
        let mut report = Report::new(plan, connections, &fired, checked, &usage);
        if !lone.is_empty() {
            (pace.connections, pace.pause) = (1, None);
            let fired = fire::fire(&target, lone, pace)?;
            let checked = Checked::of(&fired, self.count.get(), checker, every)?;
            report.afterwards(&fired, checked);
        }
        report.print(self.json)?;
        Ok(report.is_right())
    }

    fn plan(&self) -> Plan {
        let afterwards = if self.overload { AFTERWARDS } else { 0 };
        Plan {
            op: self.op,
            count: self.count.get() + afterwards,
            inputs: match self.op {
                Op::Withdraw | Op::Get => 0,
                Op::Swap | Op::Redeem | Op::Buy => self.inputs.get(),
            },
            outputs: match self.op {
                Op::Redeem => self.outputs.unwrap_or(0),
                Op::Swap | Op::Withdraw => self.outputs.unwrap_or(2),
                Op::Buy | Op::Get => 0,
            },
            spread: self.spread.get(),
        }
    }

    fn proofs_every(&self) -> usize {
        match self.check {
            Proofs::All => 1,
            Proofs::Sample => 16,
        }
    }

    fn prepare(&self, mint: &Target, page: Option<&Target>, plan: Plan) -> Result<Prepared> {
        let open = |suite| Wallet::open(mint, suite, self.token.as_deref());
        match (plan.op, page) {
            (Op::Get, Some(page)) => Ok(pages::free(page, plan)),
            (Op::Buy, Some(page)) => pages::paid(&open(SuiteId::Ristretto255)?, page, plan),
            (Op::Get | Op::Buy, None) => Err("--page is needed".into()),
            (Op::Swap | Op::Redeem | Op::Withdraw, Some(_)) => {
                Err("--page is for buy and get".into())
            }
            (Op::Swap | Op::Withdraw, None) if plan.outputs == 0 => {
                Err("--outputs: at least 1, but for redeem".into())
            }
            (Op::Swap | Op::Redeem | Op::Withdraw, None) => {
                requests::prepare(open(self.suite.id())?, plan)
            }
        }
    }
}

impl SuiteName {
    fn id(self) -> SuiteId {
        match self {
            Self::Ristretto255 => SuiteId::Ristretto255,
            Self::Secp256k1 => SuiteId::Secp256k1,
        }
    }
}

impl Plan {
    /// The amounts of the inputs and outputs of request number `index`.
    fn amounts(&self, index: usize) -> (Vec<u64>, Vec<u64>) {
        // Half of what is redeemed comes back, when anything does.
        let share = if self.op == Op::Redeem { 2 } else { 1 };
        let most = self.inputs.max(share * self.outputs).max(1);
        let turn = u32::try_from(index).unwrap_or(0) % self.spread;
        let total = (most.next_power_of_two() as u64) << turn;
        (
            parts(total, self.inputs),
            parts(total / share as u64, self.outputs),
        )
    }
}

/// Splits a power of two into `count` powers of two, as even as can be.
fn parts(total: u64, count: usize) -> Vec<u64> {
    let mut parts = std::collections::VecDeque::from([total]);
    while parts.len() < count {
        let largest = parts.pop_front().unwrap_or(0);
        parts.extend([largest / 2; 2]);
    }
    parts.truncate(count);
    parts.into()
}

/// Applies `work` to all items, on as many threads as there are CPUs.
fn parallel<T: Send, U: Send>(
    mut items: Vec<T>,
    work: impl Fn(T) -> Result<U> + Sync,
) -> Result<Vec<U>> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(threads).max(1);
    let work = &work;
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        while !items.is_empty() {
            let rest = items.split_off(share.min(items.len()));
            let mine = std::mem::replace(&mut items, rest);
            running
                .push(scope.spawn(move || mine.into_iter().map(work).collect::<Result<Vec<U>>>()));
        }
        let mut results = Vec::new();
        for thread in running {
            results.extend(thread.join().map_err(|_| "a thread failed")??);
        }
        Ok(results)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_balance_and_are_powers_of_two() {
        for (op, inputs, outputs) in [(Op::Swap, 2, 2), (Op::Swap, 3, 7), (Op::Redeem, 2, 3)] {
            let plan = Plan {
                op,
                count: 9,
                inputs,
                outputs,
                spread: 4,
            };
            for index in 0..9 {
                let (spent, signed) = plan.amounts(index);
                assert_eq!((spent.len(), signed.len()), (inputs, outputs));
                assert!(spent.iter().chain(&signed).all(|a| a.is_power_of_two()));
                let (spent, signed): (u64, u64) = (spent.iter().sum(), signed.iter().sum());
                let share = if op == Op::Redeem { 2 } else { 1 };
                assert_eq!(spent, share * signed);
            }
        }
    }

    #[test]
    fn work_in_parallel_keeps_its_order() {
        let doubled = parallel((0..1001).collect(), |n: u32| Ok(2 * n)).unwrap();
        assert_eq!(doubled, (0..1001).map(|n| 2 * n).collect::<Vec<_>>());
        assert!(parallel(vec![1], |_| -> Result<()> { Err("no".into()) }).is_err());
    }
}
