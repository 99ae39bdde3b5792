//! The cashier: value comes in and goes out by the payment backend.
//!
//! It makes quotes, asks the backend what became of invoices and payments, and has the engine write down
//! what the backend says. It moves nothing itself: every movement is the engine's, in `engine/quotes.rs`.
//!
//! Payments to outside are made by one process at a time, the one that holds the lock `payments.lock` in
//! the mint's folder: the running mint, or an operator's command while no mint runs. A process
//! that begins a payment without the lock has it made by the one that holds it.

mod asking;
mod drive;
mod offer;
mod rates;

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use farthing_protocol::ErrorCode;
use farthing_protocol::cashu::QuoteId;
use tokio::sync::{Semaphore, broadcast};

use crate::clock;
use crate::config::Config;
use crate::domain::{AccountId, MeltQuote, MeltState, MintQuote};
use crate::engine::{Engine, Event, QuoteChange};
use crate::error::{Error, Result};
use crate::payments::lightning::{Backend, BackendError, Features, Incoming};
use asking::Asking;
use rates::Rates;

pub use offer::MeltAmount;

/// How many questions about invoices the backend is asked at the same time.
const QUESTIONS_MAX: usize = 32;
/// For how many seconds a quote that has expired unpaid is still shown.
const SHOWN_S: u64 = 600;
/// How often a waiting caller looks for itself whether its payment has ended.
const LOOK: Duration = Duration::from_secs(1);

/// Brings value in and out.
pub struct Cashier {
    engine: Arc<Engine>,
    backend: Backend,
    rates: Rates,
    payment_timeout: Duration,
    invoice_expiry_s: u32,
    amount_max: u64,
    /// How many quotes may be open, of each kind: of tokens' holders together, and of each account.
    quotes_max: usize,
    /// When the backend was asked about which invoice.
    asking: Asking,
    /// How many such questions may be open.
    questions: Semaphore,
    /// Locked by the one process that makes payments.
    lock: File,
    /// The mint quotes that were not paid when they were last looked at.
    open: Mutex<HashSet<QuoteId>>,
    /// What this process knows of payments, once it has the lock.
    payments: Mutex<Option<Payments>>,
}

/// The melt quotes whose payment is under way, to the process that makes payments.
struct Payments {
    /// Those that were given to the backend, or may have been before this process had the lock.
    given: HashSet<QuoteId>,
    /// Those that are being worked on.
    driven: HashSet<QuoteId>,
}

impl Cashier {
    /// The cashier of a mint with a backend, which makes payments once it has the lock at `lock`. It
    /// tries to get it when something is to be paid, and before, if [`Self::makes_payments`] is called.
    ///
    /// # Errors
    /// [`Error::Operator`] for a unit that the payment network does not know; [`Error::File`].
    pub fn new(
        engine: Arc<Engine>,
        backend: Backend,
        config: &Config,
        lock: &Path,
    ) -> Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true);
        let lock = file.open(lock).map_err(Error::file(lock))?;
        Ok(Self {
            engine,
            backend,
            rates: Rates::new(config)?,
            payment_timeout: Duration::from_millis(config.lightning_timeout_ms),
            invoice_expiry_s: config.lightning_invoice_expiry_s,
            amount_max: config.lightning_amount_max,
            quotes_max: config.lightning_quotes_max,
            asking: Asking::default(),
            questions: Semaphore::new(QUESTIONS_MAX),
            lock,
            open: Mutex::default(),
            payments: Mutex::default(),
        })
    }

    /// Returns what the backend can do.
    #[must_use]
    pub fn features(&self) -> Features {
        self.backend.features()
    }

    /// The greatest amount of one quote.
    #[must_use]
    pub fn amount_max(&self) -> u64 {
        self.amount_max
    }

    /// Tries to take the payment lock; true if this process now makes payments, and no other does. What is
    /// under way then may have been given to the backend by another process, so call this before a payment
    /// is begun.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn makes_payments(&self) -> Result<bool> {
        let mut payments = self.payments.lock().map_err(|_| POISONED)?;
        if payments.is_some() {
            return Ok(true);
        }
        if self.lock.try_lock().is_err() {
            return Ok(false);
        }
        let under_way = self.engine.read(|view| view.pending_melt_quotes())?;
        *payments = Some(Payments {
            given: under_way.into_iter().map(|quote| quote.id).collect(),
            driven: HashSet::new(),
        });
        Ok(true)
    }

    /// A mint quote of `account`'s, or for tokens, as it is now: the backend is asked about one that is
    /// not paid, at most once a second, and other callers wait for that.
    ///
    /// # Errors
    /// [`Error::Request`] with `QuoteUnknown`; [`Error::Busy`]; [`Error::Store`].
    pub async fn mint_quote(&self, id: &QuoteId, account: Option<AccountId>) -> Result<MintQuote> {
        let quote = self.read_mint_quote(id, account)?;
        if quote.paid > 0 {
            return Ok(quote);
        }
        if let Some(_turn) = self.asking.turn(quote.payment_hash).await {
            self.look_for(&quote).await?;
        }
        self.read_mint_quote(id, account)
    }

    /// The same without waiting: when the backend was just asked, the quote is as it was then, and
    /// subscribers are notified of what has changed.
    ///
    /// # Errors
    /// As [`Self::mint_quote`].
    pub(crate) async fn mint_quote_at_once(&self, id: &QuoteId) -> Result<MintQuote> {
        let quote = self.read_mint_quote(id, None)?;
        if quote.paid > 0 {
            return Ok(quote);
        }
        if let Some(_turn) = self.asking.turn_at_once(quote.payment_hash) {
            self.look_for(&quote).await?;
        }
        self.read_mint_quote(id, None)
    }

    pub(crate) fn read_mint_quote(
        &self,
        id: &QuoteId,
        account: Option<AccountId>,
    ) -> Result<MintQuote> {
        let quote = self.engine.read(|view| view.mint_quote(id))?;
        quote.filter(|q| q.account == account).ok_or_else(unknown)
    }

    /// A melt quote of `account`'s, or for tokens, as the store has it.
    ///
    /// # Errors
    /// [`Error::Request`] with `QuoteUnknown`; [`Error::Store`].
    pub fn melt_quote(&self, id: &QuoteId, account: Option<AccountId>) -> Result<MeltQuote> {
        let quote = self.find(id)?;
        (quote.account == account)
            .then_some(quote)
            .ok_or_else(unknown)
    }

    fn find(&self, id: &QuoteId) -> Result<MeltQuote> {
        let quote = self.engine.read(|view| view.melt_quote(id))?;
        quote.ok_or_else(unknown)
    }

    /// Sees to the payment of a melt quote that the engine has begun, now or before, and returns the quote
    /// when it has ended, or after the time that a payment may take. A caller who wants no wait is given it
    /// as it is.
    ///
    /// # Errors
    /// [`Error::Request`] with `PaymentFailed` when it failed for certain, and what was put in is free;
    /// [`Error::Store`].
    pub async fn pay(self: &Arc<Self>, id: &QuoteId, wait: bool) -> Result<MeltQuote> {
        let mut events = self.engine.watch();
        let mut quote = self.find(id)?;
        if quote.state == MeltState::Pending {
            self.drive(quote.clone())?;
            if wait {
                let patience = self.payment_timeout + 2 * LOOK;
                let ended = tokio::time::timeout(patience, self.ended(id, &mut events)).await;
                quote = ended.unwrap_or_else(|_| self.find(id))?;
            }
        }
        if quote.state == MeltState::Unpaid {
            let detail = "the payment failed; what was put in for it is free again";
            return Err(Error::request(ErrorCode::PaymentFailed, detail));
        }
        if quote.is_settled_within() {
            self.take_back(&quote).await;
        }
        Ok(quote)
    }

    /// Has the backend take back an invoice that was settled within the mint: what was paid there too would be
    /// on no account. The invoice is settled even if this fails, and the caller does not wait for long.
    async fn take_back(&self, quote: &MeltQuote) {
        let cancelled = self.backend.cancel_invoice(quote.payment_hash);
        let why = match tokio::time::timeout(LOOK, cancelled).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(
            why,
            invoice = hex::encode(quote.payment_hash),
            "an invoice that was settled within the mint may still be paid at the payment backend: \
             what comes in there is in no account's favour"
        );
    }

    /// The quote, once its payment is no longer under way.
    async fn ended(
        &self,
        id: &QuoteId,
        events: &mut broadcast::Receiver<Arc<[Event]>>,
    ) -> Result<MeltQuote> {
        loop {
            let quote = self.find(id)?;
            if quote.state != MeltState::Pending {
                return Ok(quote);
            }
            // Events of another process do not come here: look now and then.
            let _ = tokio::time::timeout(LOOK, events.recv()).await;
        }
    }

    /// Asks the backend whether a mint quote was paid, and has it written down; so is that it can no longer be
    /// paid, some time after its expiry. Tells whether the backend could be reached.
    async fn look_for(&self, quote: &MintQuote) -> Result<bool> {
        let place = self.questions.acquire().await.map_err(|_| POISONED)?;
        let answer = self.backend.incoming(quote.payment_hash).await;
        drop(place);
        match answer {
            Ok(Incoming::Paid { amount_msat }) => {
                let amount = self.rates.received(amount_msat);
                if amount < quote.amount {
                    tracing::error!(
                        amount,
                        asked = quote.amount,
                        "the payment backend says that less was paid than was asked for"
                    );
                    return Ok(true);
                }
                let step = QuoteChange::Received(quote.id.clone(), amount);
                self.engine.record(step).await.map(|()| true)
            }
            Ok(Incoming::Expired) if quote.expiry < clock::now_s().saturating_sub(SHOWN_S) => {
                let step = QuoteChange::Expired(quote.id.clone());
                self.engine.record(step).await.map(|()| true)
            }
            Ok(Incoming::Unpaid | Incoming::Expired) => Ok(true),
            Err(error) => {
                tracing::warn!(%error, "whether an invoice was paid is not known");
                Ok(!matches!(error, BackendError::Unreachable(_)))
            }
        }
    }
}

/// A backend's failure, as the caller sees it.
fn failed(error: &BackendError) -> Error {
    match error {
        BackendError::Unreachable(detail) => {
            tracing::error!(detail, "the payment backend cannot be reached");
            Error::Busy("unable to reach its payment network")
        }
        BackendError::Refused(detail) => {
            tracing::warn!(detail, "the payment backend refused");
            let detail = "the mint's payment backend refuses this amount, or any";
            Error::request(ErrorCode::AmountOutOfRange, detail)
        }
    }
}

const POISONED: Error = Error::Invariant("a thread died while it held the payments");

fn unknown() -> Error {
    Error::request(ErrorCode::QuoteUnknown, "no such quote at this mint")
}

/// A quote's name, new.
fn new_id() -> Result<QuoteId> {
    let mut random = [0; 10];
    getrandom::fill(&mut random)
        .map_err(|e| Error::Operator(format!("no random numbers from the system: {e}")))?;
    // Of the time, no more than the hour: no finer one is needed.
    let millis = clock::hour_to_s(clock::hour()).saturating_mul(1000);
    Ok(QuoteId::uuid_v7(millis, &random))
}
