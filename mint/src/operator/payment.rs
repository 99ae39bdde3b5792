//! `payment`: payments to outside that are under way, and the last resort when nothing can say any more
//! what became of one.

use std::fs::OpenOptions;

use clap::{ArgGroup, Subcommand};
use farthing_protocol::AmountText;
use farthing_protocol::cashu::QuoteId;
use serde::Serialize;

use super::open;
use super::output::Output;
use crate::clock;
use crate::config::DataDir;
use crate::domain::{MeltQuote, MeltState};
use crate::engine::recovery::post_suspense;
use crate::engine::{Engine, QuoteChange};
use crate::error::{Error, Result};

#[derive(Debug, Subcommand)]
pub(super) enum PaymentCommand {
    /// List the payments still in flight.
    List,
    /// End a payment by your word, when the node is lost and can no longer answer. If your word is
    /// wrong, the mint or a member loses the money. The mint must not be running.
    #[command(group(ArgGroup::new("end").required(true).args(["paid", "failed"])))]
    End {
        /// The payment's quote.
        quote: String,
        /// It has arrived: what was put in for it is spent.
        #[arg(long)]
        paid: bool,
        /// It has failed: what was put in for it is free again.
        #[arg(long)]
        failed: bool,
        /// What it cost beyond its amount, if it has arrived.
        #[arg(
            long,
            default_value = "0",
            value_name = "AMOUNT",
            conflicts_with = "failed"
        )]
        fee: AmountText,
        /// How you know, for the books.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Serialize)]
struct Line {
    quote: QuoteId,
    payment_hash: String,
    amount: u64,
    fee_reserve: u64,
    held: u64,
    /// From tokens, or the account that pays.
    account: Option<String>,
    started: u64,
}

#[derive(Serialize)]
struct Lines {
    payments: Vec<Line>,
}

#[derive(Serialize)]
struct Ended {
    quote: QuoteId,
    state: &'static str,
}

impl PaymentCommand {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<()> {
        match self {
            Self::List => list(dir, output),
            Self::End {
                quote,
                paid,
                failed: _,
                fee,
                reason,
            } => end(
                dir,
                output,
                &QuoteId::new(quote),
                paid.then_some(&fee),
                &reason,
            ),
        }
    }
}

fn list(dir: &DataDir, output: Output) -> Result<()> {
    let (config, store) = open::store(dir)?;
    let reader = store.reader()?;
    let line = |quote: MeltQuote| {
        let account = quote.account.map(|id| reader.account(id)).transpose()?;
        Ok(Line {
            quote: quote.id,
            payment_hash: hex::encode(quote.payment_hash),
            amount: quote.amount,
            fee_reserve: quote.fee_reserve,
            held: quote.held,
            account: account.flatten().map(|row| row.name),
            started: quote.started,
        })
    };
    let payments = reader.pending_melt_quotes()?.into_iter().map(line);
    let lines = Lines {
        payments: payments.collect::<Result<_>>()?,
    };
    output.write(&lines, || {
        if lines.payments.is_empty() {
            return "No payment is under way.".to_owned();
        }
        let unit = config.money();
        let text = lines.payments.iter().map(|line| {
            let from = line.account.as_deref().unwrap_or("tokens");
            format!(
                "{} since {}: {} and up to {} for fees, {} held from {from}; payment hash {}",
                line.quote.as_str(),
                clock::to_text(line.started.cast_signed()),
                unit.show(line.amount),
                unit.show(line.fee_reserve),
                unit.show(line.held),
                line.payment_hash,
            )
        });
        text.collect::<Vec<_>>().join("\n")
    })
}

fn end(
    dir: &DataDir,
    output: Output,
    id: &QuoteId,
    fee: Option<&AmountText>,
    reason: &str,
) -> Result<()> {
    let lock = dir.payments_lock();
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock);
    let file = file.map_err(Error::file(&lock))?;
    file.try_lock().map_err(|_| {
        Error::Operator("the mint is running, and asks the node itself: stop it first".to_owned())
    })?;
    let (config, store) = open::store(dir)?;
    let fee = fee.map(|fee| output.amount(fee, &config.money()));
    let fee = fee.transpose()?;
    // With the spent log: an end by `--paid` spends tokens.
    let engine = open::serving_engine(dir, &config, store)?;
    let quote = engine.store().reader()?.melt_quote(id)?;
    if quote.is_none_or(|quote| quote.state != MeltState::Pending) {
        let what = "no payment with this quote is under way; run: farthing-mint payment list";
        return Err(Error::Operator(what.to_owned()));
    }
    let (step, state) = match fee {
        Some(fee) => {
            let (quote, preimage) = (id.clone(), [0; 32]);
            let step = QuoteChange::Arrived {
                quote,
                fee,
                preimage,
            };
            (step, "paid")
        }
        None => (QuoteChange::Failed(id.clone()), "failed"),
    };
    open::wait(engine.record(step))?;
    note(
        &engine,
        format!(
            "payment {} ended as {state} by the operator: {reason}",
            id.as_str()
        ),
    )?;
    let ended = Ended {
        quote: id.clone(),
        state,
    };
    output.write(&ended, || {
        format!("The payment is {state} from here on, by your word.")
    })
}

/// Writes the operator's word into the books.
fn note(engine: &Engine, text: String) -> Result<()> {
    let mut writer = engine.store().writer()?;
    let batch = writer.begin()?;
    post_suspense(&batch, 0, text)?;
    batch.commit()
}
