//! The layer, and the way of a request through it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request, Response, header};
use farthing_protocol::{ErrorCode, Proof, Unit};
use tower::{Layer, Service, ServiceExt as _};

use crate::admit::{Admission, Admitted};
use crate::binding::{DigestWatch, Digested, Target};
use crate::error::{Error, Refusal};
use crate::keys::{self, Keys};
use crate::lock_key;
use crate::locked::{self, Redeemer};
use crate::mint::Mint;
use crate::offer::Offer;
use crate::page::Asked;
use crate::query::IgnoredQuery;
use crate::records::{Records, Store};
use crate::settings::{Accept, Settings};
use crate::settle::Settlement;
use crate::{clock, cors, form, headers, private, receipts};

/// Where the page's form sends a pasted token, unless the settings say another path.
pub const PAY_PATH: &str = "/.well-known/farthing/pay";
/// The name of the record's file in the publisher's folder.
pub const RECORDS_FILE: &str = "payments.sqlite";

/// What a request costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// How much, in the mint's smallest unit; 0 is free.
    pub amount: u64,
    /// What is bought, for people.
    pub description: Option<String>,
    /// Parameters of the query that make no difference to what is bought.
    pub ignore_query: IgnoredQuery,
}

/// What became of a request; in the extensions of every answer, for logs and counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has no price.
    Free,
    /// It was asked to pay.
    Asked,
    /// It was charged this much.
    Charged(u64),
    /// It was charged before, and served again.
    Repeated,
    /// It showed a receipt.
    Receipt,
    /// What is behind the paywall answered something that is not charged.
    NotCharged,
    /// Its payment was refused, with this code.
    Refused(u32),
}

/// Decides what a request costs; `None` is free.
type PriceOf = dyn Fn(&Parts) -> Option<Price> + Send + Sync;

/// A paywall: a tower [`Layer`] for axum's services.
#[derive(Clone)]
pub struct Paywall(Arc<Shared>);

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    price: Box<PriceOf>,
    pub(crate) mint: Arc<Mint>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) records: Arc<Records>,
    /// Whether locked tokens are redeemed before they are served for, since the record has a gap.
    pub(crate) redeems_locked: bool,
    redeemer: tokio::task::JoinHandle<()>,
    follower: tokio::task::JoinHandle<()>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.redeemer.abort();
        self.follower.abort();
    }
}

impl Paywall {
    /// Opens the publisher's folder, asks the mint what it is, and starts to redeem what was left.
    ///
    /// `price` decides what each request costs; `None` is free.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn open<P>(settings: Settings, price: P) -> Result<Self, Error>
    where
        P: Fn(&Parts) -> Option<Price> + Send + Sync + 'static,
    {
        Self::open_with(settings, |_| Ok(price)).await
    }

    /// [`Self::open`] with prices that are read once the mint's unit is known.
    ///
    /// # Errors
    /// [`Error`], also that of `prices`.
    pub async fn open_with<P>(
        mut settings: Settings,
        prices: impl FnOnce(&Unit) -> Result<P, Error>,
    ) -> Result<Self, Error>
    where
        P: Fn(&Parts) -> Option<Price> + Send + Sync + 'static,
    {
        settings.check()?;
        let dir = &settings.data;
        private::make_folder(dir)?;
        let (key, record) = (dir.join(keys::FILE), dir.join(RECORDS_FILE));
        let mut keys = Keys::load_or_create(&key)?;
        let store = Store::open(&record, !keys.is_new)?;
        let redeems_locked = store.has_gap()?;
        let mint = Mint::open(&settings).await?;
        let price = prices(&mint.money())?;
        let (now, had) = (&mint.id, mint.had.as_ref());
        let lock = lock_key::choose(&dir.join(lock_key::FILE), now, had, keys.is_new)?;
        keys.lock_with(&lock, mint.id.labels());
        let (keys, mint) = (Arc::new(keys), Arc::new(mint));
        // While the mint would repeat its answer, a token must not buy anything else.
        settings.record_days = settings.record_days.max(mint.replay_days + 1);
        let records = Arc::new(Records::start(store, &record, settings.record_days)?);
        check_unredeemed(&records, &mint).await?;
        let every = match settings.accept {
            Accept::Online => 60,
            Accept::Locked { redeem_every_s, .. } => redeem_every_s,
        };
        let redeemer = Redeemer {
            keys: Arc::clone(&keys),
            mint: Arc::clone(&mint),
            records: Arc::clone(&records),
            every: Duration::from_secs(every.max(1).into()),
        };
        let every = Duration::from_secs(settings.keysets_every_s.max(1).into());
        Ok(Self(Arc::new(Shared {
            follower: tokio::spawn(Arc::clone(&mint).follow(every)),
            settings,
            price: Box::new(price),
            mint,
            keys,
            records,
            redeems_locked,
            redeemer: tokio::spawn(redeemer.run()),
        })))
    }
}

/// Checks that what waits to be redeemed is of this mint: another would be shown the tokens, and refuse
/// them.
async fn check_unredeemed(records: &Records, mint: &Mint) -> Result<(), Error> {
    let inputs = records.run(|store| store.unredeemed()).await;
    let inputs =
        inputs.map_err(|_| Error::Settings("the record of payments cannot be read".to_owned()))?;
    let keysets = mint.keysets();
    for input in inputs {
        let proof: Result<Proof, _> = farthing_protocol::json::from_str(input.expose());
        let Ok(proof) = proof else { continue };
        if keysets.iter().all(|keyset| keyset.info.id != proof.id) {
            return Err(Error::Settings(format!(
                "tokens of keyset {} wait to be redeemed, which the mint {} does not have: start the \
                 paywall with its former mint until they are redeemed",
                proof.id,
                mint.url()
            )));
        }
    }
    Ok(())
}

impl<S> Layer<S> for Paywall {
    type Service = Walled<S>;

    fn layer(&self, inner: S) -> Walled<S> {
        Walled {
            paywall: Arc::clone(&self.0),
            inner,
        }
    }
}

/// A service behind a [`Paywall`].
#[derive(Clone)]
pub struct Walled<S> {
    paywall: Arc<Shared>,
    inner: S,
}

impl<S> Service<Request<Body>> for Walled<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The one that is ready serves this request, its copy the next.
        let copy = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, copy);
        let shared = Arc::clone(&self.paywall);
        Box::pin(async move {
            let origin = request.headers().get(header::ORIGIN).cloned();
            let pay_path = shared.settings.pay_path.as_str();
            let is_form = *request.method() == Method::POST && request.uri().path() == pay_path;
            let mut answer = match is_form {
                true => form::pay(&shared, inner, request).await?,
                false => serve(&shared, inner, request).await?,
            };
            let origins = &shared.settings.allowed_origins;
            origins.share(origin.as_ref(), &mut answer);
            Ok(answer)
        })
    }
}

/// Serves a request: free, for a receipt, for a payment, or not.
pub(crate) async fn serve<S>(
    shared: &Shared,
    inner: S,
    request: Request<Body>,
) -> Result<Response<Body>, S::Error>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    let (mut parts, body) = request.into_parts();
    if is_free_question(shared, &parts) {
        let answer = cors::ask(&shared.settings.allowed_origins, inner, parts).await?;
        return Ok(tell(answer, Outcome::Free));
    }
    let Some(price) = price_of(shared, &parts) else {
        headers::strip_request(&mut parts.headers);
        let mut answer = inner.oneshot(Request::from_parts(parts, body)).await?;
        headers::strip_answer(answer.headers_mut());
        return Ok(tell(answer, Outcome::Free));
    };
    let visit = Visit::new(shared, &parts, price, !body.is_end_stream());
    let admitted = match visit.admit().await {
        Ok(admitted) => admitted,
        Err(refused) => return Ok(*refused),
    };
    let (body, watch) = Digested::new(body);
    headers::strip_request(&mut parts.headers);
    let request = Request::from_parts(parts, Body::new(body));
    let mut answer = inner.oneshot(request).await?;
    headers::strip_answer(answer.headers_mut());
    Ok(visit.let_through(answer, admitted, &watch).await)
}

/// What a request costs, unless it is free.
pub(crate) fn price_of(shared: &Shared, parts: &Parts) -> Option<Price> {
    (shared.price)(parts).filter(|price| price.amount > 0)
}

/// Whether a request only asks how something with a price may be asked for: a browser's preflight, or
/// `OPTIONS *`.
fn is_free_question(shared: &Shared, parts: &Parts) -> bool {
    let Some(method) = cors::preflight(parts) else {
        let is_for_all = parts.method == Method::OPTIONS && parts.uri.path() == "*";
        return is_for_all && price_of(shared, parts).is_some();
    };
    let is_priced = |method: Method| {
        let mut parts = parts.clone();
        parts.method = method;
        price_of(shared, &parts).is_some()
    };
    is_priced(Method::OPTIONS) || is_priced(method)
}

/// A request for something that has a price.
pub(crate) struct Visit<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) price: Price,
    pub(crate) target: Target,
    pub(crate) headers: HeaderMap,
    pub(crate) has_body: bool,
}

impl<'a> Visit<'a> {
    pub(crate) fn new(shared: &'a Shared, parts: &Parts, price: Price, has_body: bool) -> Self {
        Self {
            shared,
            target: Target::of(
                parts,
                shared.settings.public_url.as_deref(),
                &price.ignore_query,
            ),
            price,
            headers: parts.headers.clone(),
            has_body,
        }
    }

    /// Settles what the answer costs, and lets it through.
    async fn let_through(
        &self,
        answer: Response<Body>,
        admitted: Admission,
        watch: &DigestWatch,
    ) -> Response<Body> {
        let patience = Duration::from_millis(self.shared.settings.read_timeout_ms);
        if !admitted.receipts.is_empty()
            && let Ok(body) = watch.digest(patience).await
            && receipts::covers(&admitted.receipts, body.as_ref())
        {
            let answer = self.drop_surplus(headers::keep_private(answer));
            return tell(answer, Outcome::Receipt);
        }
        let admitted = match admitted.payment {
            Ok(payment) => *payment,
            Err(refusal) => return self.refuse(&refusal),
        };
        if !self.shared.settings.charged.includes(answer.status()) {
            return tell(headers::keep_private(answer), Outcome::NotCharged);
        }
        let body = match watch.digest(patience).await {
            Ok(body) => body,
            Err(unread) => {
                let detail = format!(
                    "the request was answered before it was read, and {unread}; nothing was spent"
                );
                return self.refuse(&Refusal::new(ErrorCode::BadGateway, detail));
            }
        };
        let Admitted {
            payment,
            locked,
            fault,
        } = admitted;
        let settlement = Settlement {
            shared: self.shared,
            binding: self.target.bind(body.as_ref()),
            payment: &payment,
            locked,
            fault,
        };
        match settlement.settle().await {
            Err(refusal) => {
                self.shared.mint.learn(&refusal).await;
                self.refuse(&refusal)
            }
            Ok(settled) => {
                // What was paid, which was the price then.
                let amount = payment.amount();
                let receipt = self.receipt(body.as_ref(), amount);
                let answer = headers::paid(answer, receipt, settled.signatures);
                let answer = self.drop_surplus(answer);
                let outcome = if settled.is_repeated {
                    Outcome::Repeated
                } else {
                    Outcome::Charged(amount)
                };
                tell(answer, outcome)
            }
        }
    }

    fn receipt(&self, body: Option<&[u8; 32]>, amount: u64) -> Option<receipts::Issued> {
        let settings = &self.shared.settings;
        let terms = receipts::Terms {
            issuer: &settings.name,
            mint: &settings.mint,
            unit: &self.shared.mint.unit,
            hours: settings.receipt_hours,
        };
        let keys = &self.shared.keys;
        receipts::issue(keys, &terms, &self.target, body, amount, clock::now_s())
    }

    /// Keeps the reader's cookies for this page within what servers in front take.
    fn drop_surplus(&self, mut answer: Response<Body>) -> Response<Body> {
        receipts::drop_surplus(&self.headers, &self.target, answer.headers_mut());
        answer
    }

    /// Why a request is not served that pays nothing.
    pub(crate) fn price_asked(&self) -> Refusal {
        self.offer().price_asked()
    }

    /// The answer to a payment that opens nothing.
    pub(crate) fn refuse(&self, refusal: &Refusal) -> Response<Body> {
        let answer = self.offer().refuse(&self.headers, refusal);
        let asked = refusal.code == ErrorCode::PaymentRequired.number();
        let outcome = if asked {
            Outcome::Asked
        } else {
            Outcome::Refused(refusal.code)
        };
        tell(answer, outcome)
    }

    fn offer(&self) -> Offer<'_> {
        let (settings, mint) = (&self.shared.settings, &self.shared.mint);
        let lock = match settings.accept {
            Accept::Online => None,
            Accept::Locked { .. } => Some(locked::option(&self.shared.keys)),
        };
        let content_type = self.headers.get(header::CONTENT_TYPE);
        Offer {
            site: &settings.name,
            mint: mint.url(),
            cashu_url: mint.cashu_url(settings.accept),
            keysets: mint.active_digest(),
            unit: &mint.unit,
            decimals: mint.decimals,
            amount: self.price.amount,
            description: self.price.description.as_deref(),
            lock,
            url: &self.target.url,
            asked: Asked {
                method: self.target.method.as_str(),
                has_body: self.has_body,
                content_type: content_type.and_then(|kind| kind.to_str().ok()),
            },
            pay_path: &settings.pay_path,
        }
    }
}

fn tell(mut answer: Response<Body>, outcome: Outcome) -> Response<Body> {
    answer.extensions_mut().insert(outcome);
    answer
}
