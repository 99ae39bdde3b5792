//! Paying for pages over HTTP (`docs/reference/protocol.md`, section 12).
//!
//! [`Payments::visit`] asks for a page. When it is free, or was paid for before, its answer comes; when the site
//! asks for money, an [`Offer`]. [`Payments::pay`] takes the offer.
//!
//! A payment is an operation like all others (see the module `operation`), but its request goes to a
//! site, and so its stages differ ([`Stage`]):
//!
//! ```text
//! Prepare ──► Present ──► paid: a receipt and the change's signatures verify
//!   │         │
//!   │         ├─ no answer, or the site could not ask the mint: open; the next visit shows the
//!   │         │  same token again
//!   ▼         ▼
//! refused  Aside ──► shown to the site again: Present
//!            │
//!            ▼
//!          TakeBack ──► the mint swaps the token: not charged
//!                  └──► the mint says that it is spent: paid, and the change is restored (NUT-09)
//! ```
//!
//! `Prepare` is there only when the site asks for tokens locked to its key, which cannot be taken back, or
//! gives no change and the wallet has no exact tokens. Whatever a site says, a payment that is not answered with a receipt that verifies is settled
//! by what the mint says of its inputs.

mod answer;
mod aside;
pub mod budget;
mod follow;
pub mod offer;
mod outcome;
mod present;
mod take_back;

use farthing_protocol::payment::header;
use url::Url;

use crate::engine::Engine;
use crate::error::{Error, UsageError};
use crate::http::{Http, HttpError};
use crate::operation::record::Draft;
use crate::operation::settle::shown_token;
use crate::purse::coins::{self, Asked, Plan};
use crate::purse::holdings::Holdings;
use crate::purse::plan::plan_send;
use crate::records::{Bought, Item, Kind, Mint, Operation, PaymentProof, Purchase, Stage, worth};
use crate::store::Store;
use crate::web::{Head, Page, PageRequest, Web};

use crate::error::payment::{Fate, Fault, Site, Unpayable};
use budget::Budgets;
pub use outcome::{Answer, Payment, Visit};

use offer::{Offer, PayOptions, gives_change, named_keysets, page_url, read_request};

/// How many redirects are followed.
const REDIRECTS_MAX: usize = 10;
/// How many tokens fit into a header, locked, with the mint's proofs and their blinding factors.
const PREPARED_MAX: usize = 30;
/// How many outputs for change are asked for in a payment, unless the fewest are more: the signatures
/// on them travel in a header, and servers in between take 4 kB of headers at the least.
const CHANGE_MAX: usize = 20;
/// Headers that a redirect to another site does not take along.
const PRIVATE_HEADERS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];
/// What the names of the headers begin with that the wallet alone writes.
const OWN_HEADERS: &str = "x-cashu";

/// Paying for pages with what a wallet holds.
pub struct Payments<'a, S, H> {
    engine: &'a Engine<S, H>,
}

impl<'a, S, H> Payments<'a, S, H> {
    pub(crate) fn of(engine: &'a Engine<S, H>) -> Self {
        Self { engine }
    }
}

/// A payment that is shown to its site, with the mint as it is now.
struct Shown {
    operation: Operation,
    purchase: Purchase,
    mint: Mint,
}

impl<S: Store, H: Http + Web> Payments<'_, S, H> {
    /// Asks for a page. Redirects are followed as long as nothing is paid; what was paid for before
    /// is asked for with its receipt, and a payment that is still open is shown again.
    ///
    /// # Errors
    /// [`Error::Site`] when no page comes; an [`Unpayable`] for a price that cannot be paid.
    pub async fn visit(
        &self,
        request: &PageRequest,
        options: &PayOptions,
    ) -> Result<Visit<H::Page>, Error> {
        let mut request = checked(request)?;
        for _ in 0..=REDIRECTS_MAX {
            let item = Item::of(&request);
            if let Some(open) = self.open_payment(&item).await?
                && let Some(answer) = self.resume(open, &request).await?
            {
                return Ok(Visit::Answer(answer));
            }
            let bought = self.bought(&item).await?;
            if let Some(bought) = &bought
                && let Some(answer) = self.show_again(bought, &request).await?
            {
                return Ok(Visit::Answer(answer));
            }
            let page = self.ask(&item, &request, bought.as_ref()).await?;
            let head = page.head();
            if let Some(next) = redirected(&request, head)? {
                request = next;
                continue;
            }
            if head.status == 402
                && let Some(wanted) = read_request(&item.site(), head)?
            {
                let (gives_change, keysets) = (gives_change(head), named_keysets(head));
                let mut offer = self.offer(request, wanted, options).await?;
                offer.gives_change = gives_change;
                offer.keysets = keysets;
                offer.paid_before = bought.is_some();
                let purse = &self.engine.purse;
                let budgets = Budgets { purse };
                offer.within_budget = !offer.paid_before && budgets.cover(&offer).await?;
                return Ok(Visit::Priced(offer));
            }
            let payment = bought.map_or(Payment::Free, Payment::Before);
            return Ok(Visit::Answer(Answer::new(&request, payment, page)));
        }
        Err(Unpayable::Redirects(Item::of(&request).site()).into())
    }

    /// Asks for a page without paying, with the receipt if there is one.
    async fn ask(
        &self,
        item: &Item,
        request: &PageRequest,
        bought: Option<&Bought>,
    ) -> Result<H::Page, Error> {
        let mut request = request.clone();
        if let Some(PaymentProof::Receipt(receipt)) = bought.map(|bought| &bought.proof) {
            request = request.with(header::RECEIPT, receipt.clone());
        }
        let page = self.engine.http.open(&request).await;
        page.map_err(|error| silent(item.site(), error, Fate::Nothing))
    }

    /// Pays what an offer asks, and returns the page.
    ///
    /// No request is made before the payment: what is too much comes back as change with the answer. But
    /// where tokens have to be locked, or the site gives no change, a swap at the mint makes them first; and
    /// where the site knows other keysets than the wallet, the mint is asked for them.
    ///
    /// # Errors
    /// Any [`Error`]; it says whether the payment is open, taken back or taken.
    pub async fn pay(&self, offer: &Offer) -> Result<Answer<H::Page>, Error> {
        let (mut mint, mut draft, mut aside) = self.payment_draft(offer).await?;
        if !draft.requests.is_empty() && self.follow_keysets(offer).await? {
            (mint, draft, aside) = self.payment_draft(offer).await?;
        }
        let mut operation = match aside {
            Some(aside) => self.show_aside(aside, draft).await?,
            None => self.engine.purse.begin_one(&mint, draft).await?,
        };
        if stage(&operation) == Some(Stage::Prepare) {
            operation = self.run_prepare(operation).await?;
        }
        self.present(operation, &offer.request).await
    }

    /// Goes on with a payment that is open; `None` when it was taken back, and all can begin anew.
    async fn resume(
        &self,
        mut operation: Operation,
        request: &PageRequest,
    ) -> Result<Option<Answer<H::Page>>, Error> {
        if stage(&operation) == Some(Stage::TakeBack) {
            self.engine.run(operation).await?;
            return Ok(None);
        }
        if stage(&operation) == Some(Stage::Prepare) {
            operation = self.run_prepare(operation).await?;
        }
        self.present(operation, request).await.map(Some)
    }
}

impl<S: Store, H: Http> Payments<'_, S, H> {
    /// The open payment for `item` whose end is not known.
    pub(crate) async fn open_payment(&self, item: &Item) -> Result<Option<Operation>, Error> {
        let operations = self.engine.purse.tables.all::<Operation>().await?;
        let of = |o: &Operation| {
            let purchase = o.purchase();
            purchase.is_some_and(|p| p.item == *item && p.stage != Stage::Aside)
        };
        Ok(operations.into_iter().find(of))
    }

    /// Returns what shows that `item` was paid for, as long as it counts.
    pub(crate) async fn bought(&self, item: &Item) -> Result<Option<Bought>, Error> {
        let bought = self.engine.purse.tables.get::<Bought>(&item.key()).await?;
        Ok(bought.filter(|bought| self.engine.purse.now() < bought.until))
    }

    /// The mint as it is now, inputs and outputs of the payment that takes `offer`, and the payment that is kept aside whose token
    /// it shows, if it does that.
    async fn payment_draft(
        &self,
        offer: &Offer,
    ) -> Result<(Mint, Draft, Option<Operation>), Error> {
        let amount = offer.amount;
        let held = self.engine.purse.holdings(&offer.mint).await?;
        let mut stage = Stage::Present;
        let (plan, aside) = self.payment_plan(offer, &held).await?;
        let (inputs, fee, mut requests) = match plan {
            None => return Err(held.insufficient(amount).into()),
            Some(Plan::AsTheyAre(shown)) => {
                let fee = held.terms.fee(&shown);
                if fee > amount {
                    let unit = held.mint.shown_in();
                    return Err(UsageError::FeeEatsAll { amount, fee, unit }.into());
                }
                // The fee for redeeming is the site's.
                (shown, 0, Vec::new())
            }
            Some(Plan::Swap(inputs)) => {
                stage = Stage::Prepare;
                let requests = plan_send(held.active()?, amount, offer.lock.as_ref())?;
                if requests.len() > PREPARED_MAX {
                    return Err(UsageError::AmountUnpayable { amount }.into());
                }
                let fee = held.terms.fee(&inputs);
                (inputs, fee, requests)
            }
        };
        held.not_too_many(&inputs)?;
        let rest = worth(&inputs)
            .checked_sub(amount)
            .and_then(|rest| rest.checked_sub(fee))
            .expect("inputs are chosen to cover the amount and the fee");
        requests.extend(held.change(rest, &inputs, CHANGE_MAX)?);
        let mut purchase = purchase(stage, offer);
        if stage == Stage::Present {
            purchase.token = Some(shown_token(&held.mint, &inputs, false)?);
        }
        let draft = Draft {
            memo: offer.description.clone(),
            purchase: Some(purchase),
            ..Draft::new(Kind::Pay, inputs, requests, amount, fee)
        };
        Ok((held.mint, draft, aside))
    }

    /// Returns what to show for an offer: the token that was shown for the same before, else what the wallet has,
    /// and last what the site has seen for something else.
    async fn payment_plan(
        &self,
        offer: &Offer,
        held: &Holdings,
    ) -> Result<(Option<Plan>, Option<Operation>), Error> {
        let mut seen = self
            .aside_for(&offer.item, &offer.mint.url)
            .await?
            .into_iter();
        let seen = seen.find(|aside| aside::pays(aside, offer));
        let for_this = |o: &Operation| o.purchase().is_some_and(|p| p.item == offer.item);
        let asked = Asked {
            made_anew: offer.lock.is_some(),
            gives_change: offer.gives_change,
        };
        let plan = match &seen {
            Some(seen) if for_this(seen) => None,
            Some(_) | None => coins::plan(&held.coins, offer.amount, asked, &held.terms),
        };
        Ok(match (plan, seen) {
            (None, Some(seen)) => (Some(Plan::AsTheyAre(seen.inputs.clone())), Some(seen)),
            (plan, _) => (plan, None),
        })
    }
}

impl<S: Store, H: Http> Payments<'_, S, H> {
    /// Makes the tokens of a payment; gives the operation as it goes on.
    pub(crate) async fn run_prepare(&self, operation: Operation) -> Result<Operation, Error> {
        let id = operation.id;
        self.engine.run(operation).await?;
        let operation = self.engine.purse.tables.numbered(id).await?;
        operation.ok_or_else(|| Unpayable::NotOpen(id).into())
    }
}

/// The purchase that takes an offer.
fn purchase(stage: Stage, offer: &Offer) -> Purchase {
    Purchase {
        stage,
        item: offer.item.clone(),
        lock: offer.lock.clone(),
        token: None,
        outputs: None,
        aside: None,
        change: Vec::new(),
        gone: 0,
    }
}

/// How far the payment that `operation` makes has come.
pub(crate) fn stage(operation: &Operation) -> Option<Stage> {
    operation.purchase().map(|purchase| purchase.stage)
}

fn silent(site: String, error: HttpError, fate: Fate) -> Error {
    Error::Site(Site {
        site,
        fault: Fault::Silent(error.0),
        fate,
    })
}

/// A request with its address in normal form and no header that the wallet itself writes.
fn checked(request: &PageRequest) -> Result<PageRequest, Unpayable> {
    let url = page_url(&request.url)?;
    let mut own = request.headers.iter().map(|(name, _)| name);
    if let Some(name) = own.find(|name| name.to_ascii_lowercase().starts_with(OWN_HEADERS)) {
        return Err(Unpayable::Header(farthing_protocol::text::printable(name)));
    }
    Ok(PageRequest {
        url,
        method: request.method.to_ascii_uppercase(),
        ..request.clone()
    })
}

/// The request that a redirect asks for, as browsers do it; `None` when this is no redirect.
fn redirected(request: &PageRequest, head: &Head) -> Result<Option<PageRequest>, Unpayable> {
    let (303 | 301 | 302 | 307 | 308, Some(location)) = (head.status, head.first("location"))
    else {
        return Ok(None);
    };
    let wrong = || Unpayable::Url(farthing_protocol::text::printable(location));
    let base = Url::parse(&request.url).map_err(|_| wrong())?;
    let url = base.join(location).map_err(|_| wrong())?;
    let mut next = PageRequest {
        url: page_url(url.as_str())?,
        ..request.clone()
    };
    if url.origin() != base.origin() {
        let private = |name: &str| PRIVATE_HEADERS.contains(&name.to_ascii_lowercase().as_str());
        next.headers.retain(|(name, _)| !private(name));
    }
    let becomes_get = match head.status {
        303 => request.method != "HEAD",
        301 | 302 => request.method == "POST",
        _ => false,
    };
    if becomes_get {
        next.method = "GET".to_owned();
        next.body = None;
        let of_body = |name: &str| name.eq_ignore_ascii_case("content-type");
        next.headers.retain(|(name, _)| !of_body(name));
    }
    Ok(Some(next))
}
