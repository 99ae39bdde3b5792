//! The layer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Request, Response};
use farthing_protocol::{Proof, Unit};
use tower::{Layer, Service};

use crate::error::Error;
use crate::keys::{self, Keys};
use crate::lock_key;
use crate::locked::Redeemer;
use crate::mint::Mint;
use crate::records::{RECORDS_FILE, Records, Store};
use crate::settings::{Accept, Settings};
use crate::shared::{Price, Shared};
use crate::{own, private};

/// A paywall: a tower [`Layer`] for axum's services.
#[derive(Clone)]
pub struct Paywall(Arc<Shared>);

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
        let (key, record) = (dir.join(keys::FILE), dir.join(RECORDS_FILE));
        private::make_folder(dir, &key)?;
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
        Box::pin(async move { own::answer(&shared, inner, request).await })
    }
}
