//! `account deposit` and `account pay`: an account and Lightning, at the operator's hand.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use farthing_protocol::cashu::QuoteId;
use farthing_protocol::{AmountText, Unit};
use farthing_service::say;
use serde::Serialize;
use tokio::time::Instant;

use super::open;
use super::output::{Outcome, Output};
use super::run::start_log;
use crate::clock;
use crate::config::{Config, DataDir};
use crate::domain::{AccountId, MeltQuote, MeltState, MintQuote, Payment, Purpose, Transaction};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::payments::cashier::{Cashier, MeltAmount};

/// How often it is asked whether an invoice was paid.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(super) struct Deposit {
    /// The account.
    name: String,
    /// How much, in the mint's unit.
    amount: AmountText,
    /// Wait for that long until it is paid, and say so.
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct Pay {
    /// The account.
    name: String,
    /// The Lightning invoice to pay.
    invoice: String,
    /// How much to pay of an invoice that names no amount, in thousandths of a satoshi.
    #[arg(long, value_name = "N")]
    amount_msat: Option<u64>,
    /// The most that it may cost in fees, in the mint's unit; by default what the settings say.
    #[arg(long, value_name = "AMOUNT")]
    max_fee: Option<AmountText>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Deposited<'a> {
    quote: &'a QuoteId,
    account: &'a str,
    amount: u64,
    unit: &'a str,
    invoice: &'a str,
    expiry: u64,
    state: &'static str,
    balance: i64,
}

#[derive(Serialize)]
struct Paid<'a> {
    quote: &'a QuoteId,
    account: &'a str,
    amount: u64,
    unit: &'a str,
    state: &'static str,
    /// What it has cost in fees.
    fee: u64,
    /// The proof of payment.
    preimage: Option<String>,
    balance: i64,
}

impl Deposit {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<Outcome> {
        let payments = AccountPayments::open(dir, self.name)?;
        let amount = output.amount(&self.amount, &payments.unit)?;
        open::block_on(payments.deposit(amount, self.wait, output))
    }
}

impl Pay {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<Outcome> {
        if !self.yes && !std::io::stdin().is_terminal() {
            let detail = "there is no terminal to ask on whether to pay: say --yes";
            return Err(Error::Operator(detail.to_owned()));
        }
        let payments = AccountPayments::open(dir, self.name)?;
        let how_much = self
            .amount_msat
            .map_or(MeltAmount::Whole, MeltAmount::Amountless);
        let max_fee = self.max_fee.map(|fee| output.amount(&fee, &payments.unit));
        let max_fee = max_fee.transpose()?;
        open::block_on(async {
            let (cashier, account) = (&payments.cashier, Some(payments.account));
            let quote = cashier.quote_payment(&self.invoice, how_much, account, max_fee);
            let quote = quote.await?;
            payments.tell_cost(&quote)?;
            if !self.yes && !says_yes()? {
                return Err(Error::Operator("nothing was paid".to_owned()));
            }
            payments.pay(&quote, output).await
        })
    }
}

/// A mint with Lightning, and the account that is to be funded or to pay.
struct AccountPayments {
    config: Config,
    /// The mint's unit, as people read and write it.
    unit: Unit,
    engine: Arc<Engine>,
    cashier: Arc<Cashier>,
    account: AccountId,
    name: String,
}

impl AccountPayments {
    fn open(dir: &DataDir, name: String) -> Result<Self> {
        let (config, engine) = open::engine(dir)?;
        let engine = Arc::new(engine);
        let account = open::account(&engine.store().reader()?, &name)?.id;
        let cashier = open::cashier(dir, &config, &engine)?.ok_or_else(|| {
            Error::Operator("this mint has no Lightning: set lightning_backend".to_owned())
        })?;
        // Why a node refuses is in the log.
        start_log(&config)?;
        Ok(Self {
            unit: config.money(),
            config,
            engine,
            cashier,
            account,
            name,
        })
    }

    fn balance(&self) -> Result<i64> {
        Ok(open::account(&self.engine.store().reader()?, &self.name)?.balance)
    }

    /// Makes an invoice, shows it, and waits for its payment if that is wanted.
    async fn deposit(&self, amount: u64, wait: Option<u32>, output: Output) -> Result<Outcome> {
        let account = Some(self.account);
        let quote = self.cashier.offer(amount, None, account, None).await?;
        let (name, unit) = (&self.name, &self.unit);
        let amount = unit.show(amount);
        self.show_deposit(output, &quote, |_| {
            let until = clock::to_text(quote.expiry.cast_signed());
            let invoice = &quote.request;
            format!("Paid until {until}, this invoice funds {name} with {amount}:\n{invoice}")
        })?;
        let Some(wait) = wait else {
            return Ok(Outcome::Done);
        };
        let until = Instant::now() + Duration::from_secs(wait.into());
        loop {
            let now = self.cashier.mint_quote(&quote.id, account).await?;
            if now.paid > 0 {
                let text =
                    |balance| format!("It is paid: {name} holds {}.", unit.show_signed(balance));
                self.show_deposit(output, &now, text)?;
                return Ok(Outcome::Done);
            }
            if Instant::now() >= until {
                let text =
                    |_| "It is not paid yet; a mint that runs notices when it is.".to_owned();
                self.show_deposit(output, &now, text)?;
                return Ok(Outcome::Open);
            }
            tokio::time::sleep(LOOK.min(until - Instant::now())).await;
        }
    }

    fn show_deposit(
        &self,
        output: Output,
        quote: &MintQuote,
        text: impl FnOnce(i64) -> String,
    ) -> Result<()> {
        let deposited = Deposited {
            quote: &quote.id,
            account: &self.name,
            amount: quote.amount,
            unit: &self.config.unit,
            invoice: &quote.request,
            expiry: quote.expiry,
            state: if quote.paid > 0 { "paid" } else { "unpaid" },
            balance: self.balance()?,
        };
        output.write(&deposited, || text(deposited.balance))
    }

    /// Says on standard error what a payment costs.
    fn tell_cost(&self, quote: &MeltQuote) -> Result<()> {
        let (name, unit) = (&self.name, &self.unit);
        let (amount, fee) = (unit.show(quote.amount), unit.show(quote.fee_reserve));
        let balance = unit.show_signed(self.balance()?);
        say::line(&format!(
            "Pays {amount} from {name}, and up to {fee} in fees; {name} holds {balance}."
        ));
        Ok(())
    }

    /// Pays a quote's invoice from the account. While a mint runs, that makes the payment.
    async fn pay(&self, quote: &MeltQuote, output: Output) -> Result<Outcome> {
        self.cashier.makes_payments()?;
        let payment = Payment {
            quote: quote.id.clone(),
            due: quote.due(),
        };
        let transaction = Transaction::postings(Purpose::Payout(self.account, payment));
        self.engine.execute(transaction, None).await?;
        let paid = tokio::select! {
            paid = self.cashier.pay(&quote.id, true) => paid?,
            never = self.cashier.follow(&quote.id) => match never {},
        };
        let (name, unit) = (&self.name, &self.unit);
        let shown = Paid {
            quote: &paid.id,
            account: name,
            amount: paid.amount,
            unit: &self.config.unit,
            state: paid.state.as_str(),
            fee: paid.fee_paid,
            preimage: paid.preimage.map(hex::encode),
            balance: self.balance()?,
        };
        output.write(&shown, || match paid.state {
            MeltState::Paid => format!(
                "Paid {} from {name}, and {} in fees; {name} holds {}.",
                unit.show(paid.amount),
                unit.show(paid.fee_paid),
                unit.show_signed(shown.balance)
            ),
            MeltState::Pending | MeltState::Unpaid => format!(
                "The payment is under way, and what was put in for it is held. A mint that runs sees it \
                 through; `farthing-mint payment list` has it until then, as {}.",
                paid.id.as_str()
            ),
        })?;
        Ok(match paid.state {
            MeltState::Paid => Outcome::Done,
            MeltState::Pending | MeltState::Unpaid => Outcome::Open,
        })
    }
}

/// Asks on the terminal whether to go on.
fn says_yes() -> Result<bool> {
    let terminal = || Error::file("the terminal");
    say::prompt("Pay? [y/N] ");
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(terminal())?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
