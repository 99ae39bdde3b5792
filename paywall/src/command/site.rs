//! `check --site`: what a visitor who pays nothing finds at the site's public address: whether the page's
//! form reaches the paywall, whether what costs something is asked for, and what is free by another way.

use std::time::Duration;

use farthing_protocol::Unit;
use farthing_protocol::payment::exchange::OPEN_PATH;
use farthing_service::program::innermost;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response, Url};
use serde::Serialize;

use super::config::Config;
use crate::rules::Rules;
use farthing_publisher::settings::check_url;
use farthing_publisher::{Error, NO_PAGE, PAY_PATH};

/// The time that the site may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes that are read of an answer.
const ANSWER_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Sitemaps that are read.
const SITEMAPS_MAX: usize = 10;
/// Addresses of sitemaps that are looked at.
const ADDRESSES_MAX: usize = 10_000;
/// Of those that cost something, addresses that are asked for.
const ASKED_MAX: usize = 20;
/// Of those, addresses for which detours are tried.
const DETOURED_MAX: usize = 3;
/// Of those that are free, addresses that are named.
const NAMED_MAX: usize = 10;

/// Paths that programs ask for which cannot pay, and what comes of it.
const NEEDED: [(&str, &str); 5] = [
    (
        "/.well-known/acme-challenge/check",
        "certificates cannot be renewed",
    ),
    ("/robots.txt", "search engines cannot read it"),
    ("/sitemap.xml", "search engines cannot read it"),
    ("/favicon.ico", "browsers cannot show it"),
    ("/.well-known/security.txt", "nobody finds whom to warn"),
];
/// Ways to what many sites have under another address too.
const DETOURS: [&str; 8] = [
    "/feed/",
    "/rss.xml",
    "/atom.xml",
    "/feed.xml",
    "/index.xml",
    "/?p=1",
    "/?feed=rss2",
    "/wp-json/wp/v2/posts",
];
/// A path that no site has. A site that answers it answers everything, and a detour says nothing.
const NOTHING: &str = "/farthing-paywall-check/there-is-nothing-here";

/// The findings.
#[derive(Serialize)]
pub(super) struct SiteReport {
    site: String,
    /// Addresses in its sitemaps.
    addresses: usize,
    /// Those of them that cost something.
    priced: usize,
    /// Some of those that are free.
    free: Vec<String>,
    /// Faults.
    faults: Vec<String>,
    /// Things that may not be meant.
    warnings: Vec<String>,
}

struct Site<'a> {
    http: Client,
    url: Url,
    rules: &'a Rules,
    unit: &'a Unit,
    report: SiteReport,
}

/// Looks at the site at `url`; `asked` are paths whose prices were asked for.
///
/// # Errors
/// [`Error::Settings`] for a URL that is none.
pub(super) async fn look(
    config: &Config,
    (rules, unit): (&Rules, &Unit),
    url: &str,
    asked: &[String],
) -> Result<SiteReport, Error> {
    check_url("--site", url, false).map_err(Error::Settings)?;
    let wrong = |error: &dyn std::fmt::Display| Error::Settings(format!("--site: {error}"));
    let url = Url::parse(url).map_err(|e| wrong(&e))?;
    let http = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT);
    let http = http.build().map_err(|e| wrong(&e))?;
    let report = SiteReport {
        site: url.origin().ascii_serialization(),
        addresses: 0,
        priced: 0,
        free: Vec::new(),
        faults: Vec::new(),
        warnings: Vec::new(),
    };
    let mut site = Site {
        http,
        url,
        rules,
        unit,
        report,
    };
    let paths = if config.pay_path == PAY_PATH {
        vec![PAY_PATH, OPEN_PATH]
    } else {
        vec![config.pay_path.as_str()]
    };
    for path in paths {
        if !site.try_form(path).await {
            break;
        }
    }
    let sitemap = site.addresses().await;
    site.report.addresses = sitemap.len();
    let (priced, free): (Vec<String>, Vec<String>) =
        sitemap.into_iter().partition(|path| site.costs(path) > 0);
    site.report.priced = priced.len();
    site.report.free = free.into_iter().take(NAMED_MAX).collect();
    let named = asked.iter().filter(|path| path.starts_with('/'));
    let named = named.filter(|path| site.costs(path) > 0).cloned();
    let priced: Vec<String> = named.chain(priced).collect();
    site.ask_for(&priced).await;
    site.look_for_needed();
    site.try_detours(&priced).await;
    Ok(site.report)
}

impl Site<'_> {
    /// Returns the price of a path, with its query or without, by the rules.
    fn costs(&self, path: &str) -> u64 {
        let path = path.split('?').next().unwrap_or_default();
        let price = self.rules.price_of(&Method::GET, path);
        price.map_or(0, |price| price.amount)
    }

    /// Sends a form of the paywall's without a token and without a receipt: only the paywall knows that
    /// answer. Returns whether it came.
    async fn try_form(&mut self, path: &str) -> bool {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        let Some(url) = self.at(path) else {
            return false;
        };
        let request = self.http.post(url).header(CONTENT_TYPE, form);
        let fields = if path == OPEN_PATH {
            "receipt=&url="
        } else {
            "token=&url="
        };
        let answer = match request.body(fields).send().await {
            Ok(answer) => answer,
            Err(error) => {
                let site = &self.report.site;
                let fault = format!("{site} cannot be asked: {}", innermost(&error));
                self.report.faults.push(fault);
                return false;
            }
        };
        let status = answer.status();
        if text(answer).await.contains(NO_PAGE) {
            return true;
        }
        let below = self.rules.priced_folder().unwrap_or_default();
        self.report.faults.push(if path == OPEN_PATH {
            format!(
                "POST {path} does not reach the paywall ({status}): a reader who has paid by the page's button \
                 would not get to the page. Send all of /.well-known/farthing/ to the paywall"
            )
        } else {
            format!(
                "POST {path} does not reach the paywall ({status}): a token that a reader pastes into the \
                 page would go to your server. Send this path to the paywall too, or set pay_path to one that \
                 reaches it, such as \"{below}/farthing-pay\""
            )
        });
        false
    }

    /// The paths in the site's sitemaps.
    async fn addresses(&self) -> Vec<String> {
        let robots = self.get("/robots.txt").await.unwrap_or_default();
        let lines = robots.lines().filter_map(|line| line.split_once(':'));
        let named = lines.filter(|(name, _)| name.trim().eq_ignore_ascii_case("sitemap"));
        let mut sitemaps: Vec<String> =
            named.filter_map(|(_, url)| self.path(url.trim())).collect();
        if sitemaps.is_empty() {
            sitemaps.push("/sitemap.xml".to_owned());
        }
        let mut paths = Vec::new();
        let mut next = 0;
        while let Some(sitemap) = sitemaps.get(next).cloned() {
            next += 1;
            let Some(xml) = self.get(&sitemap).await else {
                continue;
            };
            let found = locations(&xml).filter_map(|url| self.path(&url));
            if xml.contains("<sitemapindex") {
                sitemaps.extend(found);
                sitemaps.truncate(SITEMAPS_MAX);
            } else {
                paths.extend(found.take(ADDRESSES_MAX - paths.len()));
            }
        }
        paths
    }

    /// Asks for what costs something, without paying.
    async fn ask_for(&mut self, priced: &[String]) {
        for path in priced.iter().take(ASKED_MAX) {
            if let Some(status) = self.status(path).await
                && (200..300).contains(&status)
            {
                let price = self.unit.show(self.costs(path));
                self.report.faults.push(format!(
                    "{path} costs {price} by the rules, and is answered {status} to those who pay \
                     nothing: the site is reached around the paywall"
                ));
            }
        }
    }

    fn look_for_needed(&mut self) {
        for (path, comes_of_it) in NEEDED {
            let amount = self.costs(path);
            if amount > 0 {
                let price = self.unit.show(amount);
                self.report.warnings.push(format!(
                    "{path} costs {price}: {comes_of_it}; give it a price rule with amount = 0"
                ));
            }
        }
    }

    /// Tries ways around the rules: other addresses of what they price.
    async fn try_detours(&mut self, priced: &[String]) {
        if matches!(self.status(NOTHING).await, Some(200..300)) {
            let what = "the site answers every path with success, so other ways to what costs something \
                        were not tried";
            self.report.warnings.push(what.to_owned());
            return;
        }
        let home = self.get("/").await;
        let of_pages = priced.iter().take(DETOURED_MAX).flat_map(|path| {
            let path = path.split('?').next().unwrap_or_default();
            let folder = path.trim_end_matches('/');
            [
                format!("/index.php{path}"),
                format!("{folder}/feed/"),
                format!("{folder}/amp/"),
                format!("{folder}/embed/"),
                format!("{folder}.html"),
                format!("/amp{path}"),
                format!("/print{path}"),
            ]
        });
        let detours = DETOURS.iter().map(|path| (*path).to_owned());
        for detour in detours.chain(of_pages) {
            if self.costs(&detour) > 0 {
                continue;
            }
            // A query that the site does not know gives its home page.
            let found = self.get(&detour).await;
            if found.is_some() && !(detour.starts_with("/?") && found == home) {
                self.report.warnings.push(format!(
                    "{detour} is free, and the site answers it: see that it does not hold what is sold \
                     elsewhere, or give it a price"
                ));
            }
        }
    }

    /// The path and query of an address of this site; `None` for another site's.
    fn path(&self, address: &str) -> Option<String> {
        let url = self.url.join(address).ok()?;
        if url.host_str() != self.url.host_str() {
            return None;
        }
        let query = url.query().map(|query| format!("?{query}"));
        Some(format!("{}{}", url.path(), query.unwrap_or_default()))
    }

    fn at(&self, path: &str) -> Option<Url> {
        let url = self.url.join(path).ok()?;
        (url.origin() == self.url.origin()).then_some(url)
    }

    async fn ask(&self, path: &str) -> Option<Response> {
        self.http.get(self.at(path)?).send().await.ok()
    }

    async fn status(&self, path: &str) -> Option<u16> {
        Some(self.ask(path).await?.status().as_u16())
    }

    /// The text of what the site answers with success.
    async fn get(&self, path: &str) -> Option<String> {
        let answer = self.ask(path).await?;
        if !answer.status().is_success() {
            return None;
        }
        Some(text(answer).await)
    }
}

/// The text of an answer, as much of it as came and is read.
async fn text(mut answer: Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            break;
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns the contents of the `<loc>`s of a sitemap.
fn locations(xml: &str) -> impl Iterator<Item = String> {
    let after = xml.split("<loc>").skip(1);
    after.filter_map(|rest| {
        let (url, _) = rest.split_once("</loc>")?;
        let url = url.trim().trim_start_matches("<![CDATA[");
        Some(url.trim_end_matches("]]>").trim().replace("&amp;", "&"))
    })
}

impl SiteReport {
    /// Returns whether all that must work does.
    pub(super) fn is_well(&self) -> bool {
        self.faults.is_empty()
    }

    pub(super) fn text(&self) -> String {
        let (site, count, priced) = (&self.site, self.addresses, self.priced);
        let mut lines = vec![match count {
            0 => format!("{site} has no sitemap that could be read."),
            _ => format!(
                "{site} has {count} addresses in its sitemap; {priced} of them cost something."
            ),
        }];
        if !self.free.is_empty() {
            lines.push(format!("Free, among others: {}", self.free.join(" ")));
        }
        lines.extend(self.faults.iter().map(|fault| format!("FAULT: {fault}")));
        let warnings = self.warnings.iter();
        lines.extend(warnings.map(|warning| format!("Warning: {warning}")));
        if self.faults.is_empty() && self.warnings.is_empty() {
            lines.push("Nothing was found that is wrong.".to_owned());
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sitemap_is_read_with_what_xml_does_to_addresses() {
        let xml = "<urlset><url><loc> https://a/x?b=1&amp;c=2 </loc></url>\n\
                   <url><loc><![CDATA[https://a/y]]></loc></url><url><loc>broken";
        let found: Vec<String> = locations(xml).collect();
        assert_eq!(found, ["https://a/x?b=1&c=2", "https://a/y"]);
    }
}
