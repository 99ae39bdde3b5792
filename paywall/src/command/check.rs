//! `check`: whether the settings, the mint and the API token hold, and what things would cost.

use clap::Args;
use farthing_protocol::Unit;
use farthing_service::program::Output;
use http::Method;
use serde::Serialize;

use super::config::Config;
use super::site::{self, SiteReport};
use super::{Common, block_on, prices, write};
use crate::rules::Rules;
use farthing_publisher::Error;
use farthing_publisher::mint::{AccountStatus, Mint};

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    common: Common,
    /// What to tell the prices of: paths, or methods and paths such as 'POST /api/x'.
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// The site's public address: look there, as a visitor who pays nothing, whether the page's form
    /// reaches the paywall, what of the sitemap costs something, and what is free by another way.
    #[arg(long, value_name = "URL")]
    site: Option<String>,
}

#[derive(Serialize)]
struct Report {
    mint: String,
    /// Its address for Cashu's wallets, where their tokens are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    cashu_url: Option<String>,
    /// The wallet that the page's button leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet_url: Option<String>,
    unit: String,
    decimals: u8,
    api_token: AccountStatus,
    prices: Vec<Priced>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<SiteReport>,
}

#[derive(Serialize)]
struct Priced {
    request: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

impl Check {
    /// Returns whether all is well.
    pub(super) fn execute(self, output: Output) -> Result<bool, Error> {
        let config = self.common.load()?;
        config.check_rules()?;
        let report = block_on(async {
            let (mut report, rules) = ask(&config, &self.paths).await?;
            if let Some(url) = &self.site {
                let unit = Unit::new(&report.unit, report.decimals);
                let terms = (&rules, &unit);
                report.site = Some(site::look(&config, terms, url, &self.paths).await?);
            }
            Ok(report)
        })?;
        write(output, &report, &report.text())?;
        let is_well = report.site.as_ref().is_none_or(SiteReport::is_well);
        Ok(is_well && !matches!(report.api_token, AccountStatus::Refused))
    }
}

fn priced(rules: &Rules, request: &str) -> Result<Priced, Error> {
    let (method, path) = request.split_once(' ').unwrap_or(("GET", request));
    let wrong = |_| Error::Settings(format!("{request:?}: {method:?} is not a method"));
    let method = Method::from_bytes(method.as_bytes()).map_err(wrong)?;
    let path = path.split('?').next().unwrap_or_default();
    let refused = rules.check(&method, path).err().map(|why| why.to_string());
    let amount = rules
        .price_of(&method, path)
        .map_or(0, |price| price.amount);
    Ok(Priced {
        request: request.to_owned(),
        amount: refused.is_none().then_some(amount),
        refused,
    })
}

async fn ask(config: &Config, paths: &[String]) -> Result<(Report, Rules), Error> {
    let settings = config.settings()?;
    let last = prices::last_read(&config.data)?;
    let mint = Mint::open(&settings).await?;
    let unit = mint.money();
    prices::unchanged(config, last, &unit)?;
    let rules = config.rules(&unit)?;
    let prices = paths.iter().map(|request| priced(&rules, request));
    let prices = prices.collect::<Result<Vec<_>, _>>()?;
    let report = Report {
        cashu_url: mint.cashu_url(settings.accept).map(str::to_owned),
        wallet_url: mint.wallet_url(&settings),
        api_token: mint.account_status().await?,
        mint: settings.mint,
        decimals: mint.decimals,
        unit: mint.unit,
        prices,
        site: None,
    };
    Ok((report, rules))
}

impl Report {
    fn text(&self) -> String {
        let unit = Unit::new(&self.unit, self.decimals);
        let mint = format!(
            "The mint {} answers; its unit is {}, and a price of 5 is {}.",
            self.mint,
            unit.name(),
            unit.read("5")
                .map_or_else(|error| error.to_string(), |five| unit.show(five))
        );
        let cashu = self.cashu_url.as_ref();
        let cashu = cashu.map(|url| format!("Cashu wallets pay too; they know it as {url}."));
        let button = match &self.wallet_url {
            Some(url) => format!("The page's button leads to the wallet {url}."),
            None => "The page has no button, because no wallet is known, or pay_path is not the usual one."
                .to_owned(),
        };
        let token = match &self.api_token {
            AccountStatus::Account(name) => format!("The API token is of the account {name}."),
            AccountStatus::Known => "The API token is known to the mint.".to_owned(),
            AccountStatus::Refused => {
                "The mint does not take the API token: nothing can be redeemed.".to_owned()
            }
        };
        let prices = self.prices.iter().map(|priced| {
            let request = &priced.request;
            match (priced.amount, &priced.refused) {
                (_, Some(why)) => format!("{request}: refused, {why}"),
                (Some(0) | None, None) => format!("{request}: free"),
                (Some(amount), None) => format!("{request}: {}", unit.show(amount)),
            }
        });
        std::iter::once(mint)
            .chain(cashu)
            .chain([button, token])
            .chain(prices)
            .chain(self.site.as_ref().map(SiteReport::text))
            .collect::<Vec<_>>()
            .join("\n")
    }
}
