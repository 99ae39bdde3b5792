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

use crate::check::{Checked, Prepared};
use crate::fire::Pace;
use crate::funds::Wallet;
use crate::plan::{Op, Plan};
use crate::process::Usage;
use crate::report::Report;
use crate::wire::Target;
use crate::{fire, pages, requests};
use farthing_testkit::Result;

/// How many lone requests are sent after a flood, to see whether the mint is itself again.
const AFTERWARDS: usize = 50;

/// Which keysets the requests are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SuiteName {
    /// Farthing's own.
    Ristretto255,
    /// Those of Cashu's wallets: --mint is the URL that they are given.
    Secp256k1,
}

/// Which answers have the mint's proofs verified; all else is checked in every answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Proofs {
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
pub(crate) struct Load {
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

impl Load {
    /// Prepares, sends, checks and reports. Gives whether all answers were right.
    ///
    /// # Errors
    /// When the requests cannot be prepared or no connection can be had.
    pub(crate) fn run(&self) -> Result<bool> {
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
