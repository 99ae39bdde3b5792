//! What a site asks for: its payment request, read and checked before anything is paid.

use farthing_protocol::Unit;
use farthing_protocol::payment::{LockOption, PaymentRequest, change, header};
use farthing_protocol::suite::{Ristretto255, Suite};
use farthing_protocol::text::printable;
use url::{Host, Url};

use super::Payments;
use crate::error::payment::{RequestFault, Unpayable};
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::records::{Coin, Item, Mint, site_of, worth};
use crate::store::Store;
use crate::web::{Head, PageRequest};

/// The only tag of a `nut10` option that a plain lock to a key has anyway.
const TAG_SIGFLAG: [&str; 2] = ["sigflag", "SIG_INPUTS"];

/// Something that can be bought, and how it would be paid.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The request that buys it.
    pub(crate) request: PageRequest,
    /// The mint whose tokens would pay.
    pub(crate) mint: Box<Mint>,
    /// What is bought.
    pub item: Item,
    /// The site: scheme, host, and port if it is not the scheme's own.
    pub site: String,
    /// What is bought, in the site's words.
    pub description: Option<String>,
    /// The price.
    pub amount: u64,
    /// The public key that the tokens are to be locked to, 64 hex digits.
    pub lock: Option<String>,
    /// Whether the site gives change in the same round trip. One that does not say so may keep what it
    /// is paid too much.
    pub gives_change: bool,
    /// The digest of the keysets that the mint signs with, as the site knows them.
    pub(crate) keysets: Option<String>,
    /// What the wallet can pay with at the mint.
    pub available: u64,
    /// Whether it was paid for before, which the site was shown, and asks for money all the same.
    pub paid_before: bool,
    /// Whether the site's budget covers it.
    pub within_budget: bool,
}

impl Offer {
    /// The address of the mint whose tokens would pay.
    #[must_use]
    pub fn mint(&self) -> &str {
        &self.mint.url
    }

    /// The unit of the price.
    #[must_use]
    pub fn unit(&self) -> &str {
        &self.mint.unit
    }

    /// Returns what to show the price in.
    #[must_use]
    pub fn shown_in(&self) -> Unit {
        self.mint.shown_in()
    }
}

/// What the caller decides about payments in general.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PayOptions {
    /// The mint to pay from; any that the site takes when none is named.
    pub mint: Option<String>,
    /// Pay over connections that others can read.
    pub insecure_http: bool,
}

/// Returns whether an answer with status 402 says that change is given (`docs/reference/protocol.md`, section 12.1).
pub(crate) fn gives_change(head: &Head) -> bool {
    let mut forms = head.all(header::OUTPUTS).flat_map(|line| line.split(','));
    forms.any(|form| form.trim() == change::OUTPUTS_PREFIX)
}

/// The digest of the mint's keysets that an answer with status 402 names (`docs/reference/protocol.md`, section
/// 12.1). What is none is no reason not to pay.
pub(crate) fn named_keysets(head: &Head) -> Option<String> {
    let is_digest = |text: &&str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let named = head.first(header::KEYSETS).filter(is_digest);
    named.map(str::to_ascii_lowercase)
}

/// The payment request of an answer with status 402; `None` when it has none.
///
/// # Errors
/// [`Unpayable::Request`].
pub(crate) fn read_request(site: &str, head: &Head) -> Result<Option<PaymentRequest>, Unpayable> {
    let fault = |reason| Unpayable::Request {
        site: site.to_owned(),
        reason,
    };
    let mut values = head.all(header::CASHU);
    let Some(text) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(fault(RequestFault::Twice));
    }
    if text.len() > header::BYTES_MAX {
        return Err(fault(RequestFault::TooLong));
    }
    let request = PaymentRequest::decode(text);
    let request = request.map_err(|error| fault(RequestFault::Malformed(error)))?;
    Ok(Some(request))
}

impl<S: Store, H: Http> Payments<'_, S, H> {
    /// Makes an offer of a payment request, if this wallet can pay it at all.
    ///
    /// # Errors
    /// An [`Unpayable`], or [`UsageError::Insufficient`].
    pub(crate) async fn offer(
        &self,
        request: PageRequest,
        wanted: PaymentRequest,
        options: &PayOptions,
    ) -> Result<Offer, Error> {
        let item = Item::of(&request);
        let site = item.site();
        if !options.insecure_http && !keeps_secrets(&item.url) {
            return Err(Unpayable::ClearText(site).into());
        }
        let amount = wanted.amount.filter(|&amount| amount > 0);
        let amount = amount.ok_or_else(|| Unpayable::NoAmount(site.clone()))?;
        let lock = wanted.lock.as_ref().map(|lock| plain_lock(&site, lock));
        let lock = lock.transpose()?;
        let (mint, coins) = self.payer(&site, &wanted, amount, options).await?;
        let mut available = worth(&coins);
        if available < amount {
            // What the site has seen already may pay by itself.engine.
            let seen = self.aside_for(&item, &mint.url).await?;
            let most = seen.iter().map(|aside| worth(&aside.inputs)).max();
            available = available.max(most.unwrap_or_default());
        }
        if available < amount {
            let error = UsageError::Insufficient {
                needed: amount,
                available,
                unit: mint.shown_in(),
            };
            return Err(self.engine.or_clock(&mint, error.into()).await);
        }
        Ok(Offer {
            request,
            mint: Box::new(mint),
            item,
            site,
            description: wanted.description.as_deref().map(printable),
            amount,
            lock,
            gives_change: false,
            keysets: None,
            available,
            paid_before: false,
            within_budget: false,
        })
    }

    /// The mint to pay from: of those that the site takes and the wallet has, the one that holds most.
    async fn payer(
        &self,
        site: &str,
        wanted: &PaymentRequest,
        amount: u64,
        options: &PayOptions,
    ) -> Result<(Mint, Vec<Coin>), Error> {
        let mut mints = match &options.mint {
            Some(url) => vec![self.engine.purse.tables.mint(Some(url)).await?],
            None => self.engine.purse.tables.all::<Mint>().await?,
        };
        let taken = |mint: &Mint| wanted.mints.iter().any(|url| mint.is_at(url));
        mints.retain(|mint| wanted.mints.is_empty() || taken(mint));
        let Some(first) = mints.first() else {
            let mints = match wanted.mints.as_slice() {
                [] => "any mint".to_owned(),
                mints => printable(&mints.join(", ")),
            };
            let site = site.to_owned();
            return Err(Unpayable::Mint { site, mints }.into());
        };
        let (mint, has) = (first.url.clone(), first.unit.clone());
        let unit = wanted.unit.clone().unwrap_or_default();
        mints.retain(|mint| mint.unit == unit);
        let mut best: Option<(Mint, Vec<Coin>)> = None;
        let mut holdings = Vec::new();
        for mint in mints {
            let coins = self.engine.purse.holdings(&mint).await?.coins;
            let held = mint.shown_in().show(worth(&coins));
            holdings.push(format!("{} {held}", mint.url));
            let most = best.as_ref().map_or(0, |(_, coins)| worth(coins));
            if best.is_none() || (most < amount && worth(&coins) > most) {
                best = Some((mint, coins));
            }
        }
        let other_unit = || Unpayable::Unit {
            site: site.to_owned(),
            asked: printable(&unit),
            mint,
            has,
        };
        let best = best.ok_or_else(other_unit)?;
        match worth(&best.1) < amount && holdings.len() > 1 {
            true => Err(UsageError::NoMintHolds(holdings.join(", ")).into()),
            false => Ok(best),
        }
    }
}

/// The key of a lock that this wallet makes: `P2PK` and nothing more (NUT-11).
fn plain_lock(site: &str, lock: &LockOption) -> Result<String, Unpayable> {
    let refuse = |what: &str| Unpayable::Lock {
        site: site.to_owned(),
        lock: printable(what),
    };
    if lock.kind != "P2PK" {
        return Err(refuse(&format!("the kind {}", lock.kind)));
    }
    let other = lock.tags.iter().find(|tag| **tag != TAG_SIGFLAG);
    if let Some(tag) = other {
        return Err(refuse(&format!("the tag {}", tag.join(" "))));
    }
    let not_a_key = || refuse(&format!("{} is not a key", lock.data));
    let bytes = hex::decode(lock.data.trim()).map_err(|_| not_a_key())?;
    let key = Ristretto255::lock_key(&bytes).map_err(|_| not_a_key())?;
    Ok(hex::encode(key))
}

/// Returns whether nobody on the way can read a request to this address: TLS, an onion service, or this
/// machine itself.
#[must_use]
pub fn keeps_secrets(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let local = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".onion")
        }
        None => false,
    };
    url.scheme() == "https" || local
}

/// The address of a page in its normal form: `http` or `https`, without user, password and fragment.
///
/// # Errors
/// [`Unpayable::Url`].
pub(crate) fn page_url(text: &str) -> Result<String, Unpayable> {
    let wrong = || Unpayable::Url(printable(text));
    let mut url = Url::parse(text.trim()).map_err(|_| wrong())?;
    let named = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !named || url.host().is_none() {
        return Err(wrong());
    }
    url.set_fragment(None);
    Ok(url.into())
}

/// The address of a site in its normal form: scheme, host, and port if it is not the scheme's own.
///
/// # Errors
/// [`Unpayable::SiteUrl`], also for an address that goes on after the port.
pub(crate) fn site_url(text: &str) -> Result<String, Unpayable> {
    let wrong = || Unpayable::SiteUrl(printable(text));
    let url = Url::parse(&page_url(text).map_err(|_| wrong())?).map_err(|_| wrong())?;
    if url.path() != "/" || url.query().is_some() {
        return Err(wrong());
    }
    Ok(site_of(&url))
}
