//! `check`: whether the settings, the mint and the API token hold, and what things would cost.

use std::time::Duration;

use clap::Args;
use farthing_protocol::Secret;
use farthing_protocol::api::{Account, path};
use http::Method;
use serde::Serialize;

use super::config::Config;
use super::{Common, Output, block_on};
use crate::error::Error;
use crate::mint::Mint;
use crate::rules::Rules;

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    common: Common,
    /// What to tell the prices of: paths, or methods and paths such as 'POST /api/x'.
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
}

#[derive(Serialize)]
struct Report {
    mint: String,
    unit: String,
    api_token: Standing,
    prices: Vec<Priced>,
}

/// What the mint says of the API token.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    /// It is this account's.
    Account(String),
    /// It is known, and may not read the account's name.
    Known,
    /// It is not taken.
    Refused,
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
    /// Gives whether all is well.
    pub(super) fn execute(self, output: Output) -> Result<bool, Error> {
        let config = self.common.load()?;
        let rules = config.rules()?;
        let prices = self.paths.iter().map(|request| priced(&rules, request));
        let prices = prices.collect::<Result<Vec<_>, _>>()?;
        let report = block_on(ask(&config, prices))?;
        output.write(&report, &report.text())?;
        Ok(!matches!(report.api_token, Standing::Refused))
    }
}

fn priced(rules: &Rules, request: &str) -> Result<Priced, Error> {
    let (method, path) = request.split_once(' ').unwrap_or(("GET", request));
    let wrong = |_| Error::Settings(format!("{request:?}: {method:?} is no method"));
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

async fn ask(config: &Config, prices: Vec<Priced>) -> Result<Report, Error> {
    let settings = config.settings()?;
    let mint = Mint::open(&settings).await?;
    let timeout = Duration::from_millis(settings.mint_timeout_ms);
    let standing = standing(&settings.mint, &settings.api_token, timeout).await;
    let api_token = standing.map_err(|error| Error::Mint {
        url: settings.mint.clone(),
        reason: error.without_url().to_string(),
    })?;
    Ok(Report {
        mint: settings.mint,
        unit: mint.unit,
        api_token,
        prices,
    })
}

async fn standing(mint: &str, token: &Secret, timeout: Duration) -> reqwest::Result<Standing> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(timeout)
        .build()?;
    let request = http.get(format!("{mint}{}", path::ACCOUNT));
    let answer = request.bearer_auth(token.expose()).send().await?;
    Ok(match answer.status().as_u16() {
        403 => Standing::Known,
        401 => Standing::Refused,
        _ => Standing::Account(answer.error_for_status()?.json::<Account>().await?.name),
    })
}

impl Report {
    fn text(&self) -> String {
        let mint = format!("The mint {} answers; its unit is {}.", self.mint, self.unit);
        let token = match &self.api_token {
            Standing::Account(name) => format!("The API token is of the account {name}."),
            Standing::Known => "The API token is known to the mint.".to_owned(),
            Standing::Refused => {
                "The mint does not take the API token: nothing can be redeemed.".to_owned()
            }
        };
        let prices = self.prices.iter().map(|priced| {
            let request = &priced.request;
            match (priced.amount, &priced.refused) {
                (_, Some(why)) => format!("{request}: refused, {why}"),
                (Some(0) | None, None) => format!("{request}: free"),
                (Some(amount), None) => format!("{request}: {amount} {}", self.unit),
            }
        });
        [mint, token]
            .into_iter()
            .chain(prices)
            .collect::<Vec<_>>()
            .join("\n")
    }
}
