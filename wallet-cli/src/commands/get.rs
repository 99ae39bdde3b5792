//! `farthing get`: fetches a page, asks before it pays, and writes the body as it comes.

use std::io::{self, BufRead, IsTerminal as _, Read as _, Write};
use std::path::Path;

use farthing_wallet::error::payment::Unpayable;
use farthing_wallet::native::ReqwestPage;
use farthing_wallet::pay::offer::{Offer, PayOptions};
use farthing_wallet::pay::{Answer, Payment, Visit};
use farthing_wallet::web::Head;
use farthing_wallet::{Error, PageRequest, Secret, printable};
use indicatif::ProgressBar;

use crate::args::Get;
use crate::context::{self, Context};
use crate::failure::{BrokenOff, Failure, Unwritten};
use crate::file::NewFile;
use crate::progress::{self, waiting};
use crate::report::{self, Fetched, Report, Units};
use crate::screen::{Look, can_ask};

/// Answers from this size on are shown with a progress bar.
const PROGRESS_BYTES_MIN: u64 = 1024 * 1024;
/// How often in a row a download is continued without a byte of progress.
const RETRIES_MAX: u32 = 3;

/// Carries the command out.
///
/// The wallet is closed while the body comes, which may take long. What was left open before is
/// settled afterwards: asked earlier, the mint would learn that a payment may follow.
pub(crate) async fn get(context: &Context, get: Get) -> Result<Report, Failure> {
    if context.json && get.output.is_none() {
        let text = "error: with --json the page needs a file: -o FILE";
        return Err(Failure::Usage(text.to_owned()));
    }
    let request = page_request(&get)?;
    let options = PayOptions {
        mint: context.mint.clone(),
        insecure_http: get.insecure_http,
    };
    let mut wallet = context.open().await?;
    context.transport.check().await?;
    let units = Units::of(&wallet.mints().all().await?);
    let payments = wallet.payments();
    let visited = waiting("asking the site", payments.visit(&request, &options)).await?;
    if let Visit::Priced(offer) = &visited {
        agree(offer, &get, context)?;
    }
    // Before anything is paid it is known that a page could be written there.
    let file = get.output.as_deref().map(NewFile::begin).transpose()?;
    let answer = match visited {
        Visit::Answer(answer) => answer,
        Visit::Priced(offer) => waiting("paying", payments.pay(&offer)).await?,
    };
    drop(wallet);
    let (url, status) = (answer.url.clone(), answer.head().status);
    let payment = answer.payment.clone();
    let mut download = Download {
        context,
        request: PageRequest {
            url: url.clone(),
            ..request
        },
        options,
        written: 0,
        bar: progress_bar(answer.head()),
    };
    let (bytes, kept) = match file {
        None => (download.save(answer, &mut io::stdout()).await?, false),
        // What the site says instead of a page is not the page.
        Some(_) if status >= 400 => (0, false),
        Some(mut file) => {
            let bytes = download.save(answer, &mut file).await?;
            let paid = is_paid(&payment);
            file.keep().map_err(|error| unwritten(&error, paid))?;
            (bytes, true)
        }
    };
    // Another command may have the wallet by now; then that one settles it.
    if let Ok(mut wallet) = context.open().await {
        context::recover(&mut wallet, None).await?;
    }
    let file = get.output.as_deref().filter(|_| kept);
    let file = file.map(Path::to_string_lossy);
    let fetched = Fetched {
        url: &url,
        status,
        bytes,
        file: file.as_deref(),
        asked_file: get.output.is_some(),
        payment: &payment,
    };
    Ok(report::fetched(&fetched, &units))
}

/// The request that the arguments ask for.
fn page_request(get: &Get) -> Result<PageRequest, Failure> {
    let mut headers = Vec::new();
    for header in &get.headers {
        let pair = header.split_once(':');
        let (name, value) = pair.ok_or_else(|| {
            let text = "error: a header is given as 'Name: value'";
            Failure::Usage(text.to_owned())
        })?;
        let value = Secret::new(value.trim().to_owned());
        headers.push((name.trim().to_owned(), value));
    }
    let body = get.data.as_deref().map(data).transpose()?;
    let typed = |(name, _): &(String, Secret)| name.eq_ignore_ascii_case("content-type");
    if body.is_some() && !headers.iter().any(typed) {
        let form = Secret::new("application/x-www-form-urlencoded".to_owned());
        headers.push(("Content-Type".to_owned(), form));
    }
    let default = if body.is_some() { "POST" } else { "GET" };
    Ok(PageRequest {
        method: get.method.clone().unwrap_or_else(|| default.to_owned()),
        url: get.url.clone(),
        headers,
        body,
    })
}

/// The body: the argument itself, or what a file or standard input holds.
fn data(argument: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match argument.strip_prefix('@') {
        None => bytes.extend_from_slice(argument.as_bytes()),
        Some("-") => {
            io::stdin().read_to_end(&mut bytes)?;
        }
        Some(path) => bytes = std::fs::read(path)?,
    }
    Ok(bytes)
}

/// Decides whether an offer is taken: by `--max`, the budget, `--yes`, or the person at the terminal.
fn agree(offer: &Offer, get: &Get, context: &Context) -> Result<(), Failure> {
    let (amount, unit) = (offer.amount, offer.shown_in());
    let refuse = |why: Unpayable| Err(Error::from(why).into());
    let max = get.max.as_ref().map(|max| max.read(&unit, context.reading));
    let max = max.transpose()?;
    if let Some(max) = max.filter(|&max| amount > max) {
        return refuse(Unpayable::AboveMax { amount, unit, max });
    }
    if offer.within_budget || (get.yes && !offer.paid_before) {
        return Ok(());
    }
    if can_ask() {
        return match ask(offer, &mut io::stdin().lock(), &mut io::stderr())? {
            true => Ok(()),
            false => refuse(Unpayable::Declined),
        };
    }
    if offer.paid_before {
        let site = offer.site.clone();
        return refuse(Unpayable::PaidBefore { site, amount, unit });
    }
    refuse(Unpayable::NotAgreed { amount, unit })
}

/// Asks a person. What the site says is shown without control characters.
fn ask(offer: &Offer, input: &mut impl BufRead, output: &mut impl Write) -> io::Result<bool> {
    let (site, unit) = (printable(&offer.site), offer.shown_in());
    if offer.paid_before {
        let told = format!("You have paid for this before: {site} was shown that, and asks again.");
        writeln!(output, "{}", Look::Warning.err(&told))?;
    }
    let price = Look::Money.err(&unit.show(offer.amount));
    writeln!(output, "{site} asks for {price}.")?;
    writeln!(output, "  page:    {}", printable(&offer.item.subject()))?;
    if let Some(description) = &offer.description {
        writeln!(output, "  for:     {}", printable(description))?;
    }
    let (available, mint) = (unit.show(offer.available), offer.mint());
    writeln!(output, "  balance: {available} at {mint}")?;
    if offer.lock.is_some() {
        writeln!(
            output,
            "  note:    it is locked to the site's key, and cannot be taken back"
        )?;
    }
    write!(output, "Pay {price}? [y/N] ")?;
    output.flush()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    let line = line.trim();
    Ok(line.eq_ignore_ascii_case("y") || line.eq_ignore_ascii_case("yes"))
}

/// Returns whether something was paid for an answer, which can be had again.
fn is_paid(payment: &Payment) -> bool {
    match payment {
        Payment::Paid { .. } | Payment::Before(_) => true,
        Payment::Free
        | Payment::Taken { .. }
        | Payment::NotCharged { .. }
        | Payment::Aside(_)
        | Payment::Open(_) => false,
    }
}

/// A page that came and could not be written.
fn unwritten(error: &io::Error, paid: bool) -> Failure {
    let off = BrokenOff {
        reason: String::new(),
        bytes: 0,
        paid,
    };
    Failure::Unwritten(Unwritten {
        what: format!("the page could not be written: {error}"),
        money: off.money().to_owned(),
        advice: off.advice().to_owned(),
    })
}

/// A bar on standard error for an answer that is large, when somebody is there to see it.
fn progress_bar(head: &Head) -> Option<ProgressBar> {
    let length: u64 = head.first("content-length")?.parse().ok()?;
    if length < PROGRESS_BYTES_MIN || !io::stderr().is_terminal() {
        return None;
    }
    Some(progress::bytes(length))
}

/// A body on its way from a site to a file.
struct Download<'a> {
    context: &'a Context,
    request: PageRequest,
    options: PayOptions,
    written: u64,
    bar: Option<ProgressBar>,
}

impl Download<'_> {
    /// Writes the body as it comes, and asks for the rest of what was paid for when it breaks off;
    /// gives its length.
    async fn save(
        &mut self,
        mut answer: Answer<ReqwestPage>,
        out: &mut dyn Write,
    ) -> Result<u64, Failure> {
        let first = answer.head().clone();
        let paid = is_paid(&answer.payment);
        let mut retries = 0;
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => {
                    let written = out.write_all(&chunk);
                    written.map_err(|error| unwritten(&error, paid))?;
                    self.written += chunk.len() as u64;
                    retries = 0;
                    if let Some(bar) = &self.bar {
                        bar.set_position(self.written);
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    retries += 1;
                    let rest = match paid && retries <= RETRIES_MAX {
                        true => self.rest(&first).await,
                        false => None,
                    };
                    let bytes = self.written;
                    let reason = error.0;
                    answer = rest.ok_or(Failure::BrokenOff(BrokenOff {
                        reason,
                        bytes,
                        paid,
                    }))?;
                }
            }
        }
        out.flush().map_err(|error| unwritten(&error, paid))?;
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        Ok(self.written)
    }

    /// Asks for what is missing of a page (RFC 9110, section 14), as long as it is the same page.
    /// `None` when the site does not give it.
    async fn rest(&mut self, first: &Head) -> Option<Answer<ReqwestPage>> {
        if self.request.method != "GET" || first.status != 200 {
            return None;
        }
        let tag = first.first("etag").filter(|tag| !tag.starts_with("W/"));
        let same = tag.or_else(|| first.first("last-modified"))?;
        let range = format!("bytes={}-", self.written);
        let request = self.request.clone();
        let request = request.with("Range", Secret::new(range));
        let request = request.with("If-Range", Secret::new(same.to_owned()));
        let mut wallet = self.context.open().await.ok()?;
        let Ok(Visit::Answer(answer)) = wallet.payments().visit(&request, &self.options).await
        else {
            return None;
        };
        let head = answer.head();
        let from = format!("bytes {}-", self.written);
        let fits = head
            .first("content-range")
            .is_some_and(|r| r.starts_with(&from));
        (head.status == 206 && fits).then_some(answer)
    }
}
