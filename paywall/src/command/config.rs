//! The command's settings: `paywall.toml`, over it the environment, over both the command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use farthing_protocol::{AmountText, Secret, Unit};
use farthing_service::log::{Format, Level};
use farthing_service::settings::Given;
use farthing_service::{private, settings};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use toml::Value;
use zeroize::Zeroizing;

use crate::rules::{Rule, Rules};
use farthing_publisher::{Accept, AllowedOrigins, Charged, Error, PAY_PATH, Settings};

mod sense;

/// The prefix of the environment variables of all settings.
pub(super) const PREFIX: &str = "FARTHING_PAYWALL_";
/// The variable that holds the API token. It is no setting: it stands in no file with the others.
pub(super) const TOKEN_VARIABLE: &str = "FARTHING_PAYWALL_API_TOKEN";
/// The variable that `--config` may be given by.
pub(super) const CONFIG_VARIABLE: &str = "FARTHING_PAYWALL_CONFIG";

/// All settings; `docs/how-to/publishing.md` explains them. An unknown one is an error that names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Config {
    /// The site's own server.
    pub(super) upstream: Option<String>,
    /// The mint whose tokens are taken.
    pub(super) mint: Option<String>,
    /// The publisher's name, for people.
    pub(super) name: String,
    /// Scheme and host that readers use.
    pub(super) public_url: Option<String>,
    /// The file that the API token is in.
    pub(super) api_token_file: Option<PathBuf>,
    /// The folder of the publisher's key and of the record of payments.
    pub(super) data: PathBuf,
    /// The address that readers come to.
    pub(super) listen: SocketAddr,
    /// The address of `/metrics` and `/healthz`; none unless set.
    pub(super) metrics_listen: Option<SocketAddr>,
    /// The price rules, in the mint's unit as people write it.
    pub(super) price: Vec<Rule<AmountText>>,
    /// The price of everything else; free unless set.
    pub(super) default_amount: Option<AmountText>,
    /// Whether the server behind takes `/A` for `/a`.
    pub(super) ignore_case: bool,
    /// The answers that are charged, by status.
    pub(super) charged: Vec<String>,
    /// The path that the page's form sends a pasted token to.
    pub(super) pay_path: String,
    /// The folder of the wallet that the page's button leads to; the mint's unless set.
    pub(super) wallet_url: Option<String>,
    /// The tokens that are taken.
    pub(super) accept: Taken,
    /// The interval between redemptions of locked tokens, in seconds.
    pub(super) redeem_every_s: u32,
    /// The least time until a locked token's locktime, in hours.
    pub(super) locktime_hours_min: u32,
    /// The time for which a receipt makes free what was bought, in hours.
    pub(super) receipt_hours: u32,
    /// The time for which a payment can be repeated, in days.
    pub(super) record_days: u32,
    /// Whether the server behind is told the host that the reader asked for, or its own.
    pub(super) keep_host: bool,
    /// Proxies in front, by their networks or addresses.
    #[serde(deserialize_with = "sense::networks")]
    pub(super) trusted_proxies: Vec<IpNet>,
    /// Further headers that they write, and that the server behind is told.
    pub(super) trusted_headers: Vec<String>,
    /// Whether the server behind is told readers' addresses.
    pub(super) forward_client_address: bool,
    /// Origins whose pages may read the paywall's own answers.
    pub(super) allowed_origins: Vec<String>,
    /// The time that the server behind may take to accept a connection, in milliseconds.
    pub(super) connect_timeout_ms: u64,
    /// The time that it may take to begin its answer, in milliseconds.
    pub(super) answer_timeout_ms: u64,
    /// The time for which nothing may come of a body that is awaited, in milliseconds.
    pub(super) stall_timeout_ms: u64,
    /// The least rate of requests' bodies, in bytes per second; 0 for none.
    pub(super) upload_rate_min: u32,
    /// The time that the mint may take to answer, in milliseconds.
    pub(super) mint_timeout_ms: u64,
    /// The interval at which the mint is asked for its keysets, in seconds.
    pub(super) keysets_every_s: u32,
    /// The time that a request's head may take to arrive, in milliseconds.
    pub(super) read_timeout_ms: u64,
    /// The time that a stop waits for answers that have begun, in milliseconds.
    pub(super) stop_timeout_ms: u64,
    /// Connections at the same time. Others wait in the system's queue.
    pub(super) connections_max: u32,
    /// `human` or `json`.
    pub(super) log_format: Format,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub(super) log_level: Level,
}

/// The tokens that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Taken {
    /// Any token of the mint.
    Online,
    /// Tokens locked to the publisher.
    Locked,
}

impl Default for Config {
    fn default() -> Self {
        let charged = ["2xx", "304", "101"];
        Self {
            upstream: None,
            mint: None,
            name: "This site".to_owned(),
            public_url: None,
            api_token_file: None,
            data: PathBuf::from("paywall-data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8402)),
            metrics_listen: None,
            price: Vec::new(),
            default_amount: None,
            ignore_case: false,
            charged: charged.map(str::to_owned).to_vec(),
            pay_path: PAY_PATH.to_owned(),
            wallet_url: None,
            accept: Taken::Online,
            redeem_every_s: 60,
            locktime_hours_min: 24,
            receipt_hours: 24,
            record_days: 8,
            keep_host: true,
            trusted_proxies: Vec::new(),
            trusted_headers: Vec::new(),
            forward_client_address: false,
            allowed_origins: vec!["*".to_owned()],
            connect_timeout_ms: 5_000,
            answer_timeout_ms: 60_000,
            stall_timeout_ms: 60_000,
            upload_rate_min: 500,
            mint_timeout_ms: 10_000,
            keysets_every_s: 30,
            read_timeout_ms: 10_000,
            stop_timeout_ms: 10_000,
            connections_max: 4096,
            log_format: Format::Human,
            log_level: Level::Info,
        }
    }
}

/// Returns the settings that the environment gives.
///
/// # Errors
/// [`Error::Settings`] for a variable that is not UTF-8.
pub(super) fn from_environment() -> Result<Vec<Given>, Error> {
    let others = [TOKEN_VARIABLE, CONFIG_VARIABLE];
    settings::of_variables(PREFIX, &others, std::env::vars_os()).map_err(Error::Settings)
}

impl Config {
    /// Reads the file, if there is one, and puts what else was `given` over it, each over those before.
    /// Relative paths in the file begin in its folder.
    ///
    /// # Errors
    /// [`Error::File`], and [`Error::Settings`] for an unknown setting or a value that makes no sense;
    /// both name it.
    pub(super) fn load(path: Option<&Path>, given: &[Given]) -> Result<Self, Error> {
        let Some(path) = path else {
            return Self::parse("the settings", "", None, given);
        };
        let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
        Self::parse(&path.display().to_string(), &text, path.parent(), given)
    }

    fn parse(
        shown: &str,
        text: &str,
        folder: Option<&Path>,
        given: &[Given],
    ) -> Result<Self, Error> {
        let mut config: Self =
            settings::load(shown, text, given, readings).map_err(Error::Settings)?;
        if let Some(folder) = folder {
            let is_given = |setting| given.iter().any(|given| given.setting == setting);
            if !is_given("data") {
                config.data = folder.join(&config.data);
            }
            if !is_given("api_token_file") {
                config.api_token_file = config.api_token_file.map(|file| folder.join(file));
            }
        }
        let checked = config.check();
        checked.map_err(|why| Error::Settings(format!("{shown}: {why}")))?;
        Ok(config)
    }

    /// The price rules, their amounts read in the mint's unit.
    ///
    /// # Errors
    /// [`Error::Settings`] for a rule that makes no sense.
    pub(super) fn rules(&self, unit: &Unit) -> Result<Rules, Error> {
        let rules = self
            .price
            .iter()
            .map(|rule| rule.in_unit(unit))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| Error::Settings(e.to_string()))?;
        let default = self
            .default_amount
            .as_ref()
            .map_or(Ok(0), |amount| amount.read(unit))
            .map_err(|e| Error::Settings(format!("default_amount: {e}")))?;
        self.rules_of(&rules, default)
    }

    fn rules_of(&self, rules: &[Rule], default: u64) -> Result<Rules, Error> {
        let rules = Rules::new(rules, default, self.ignore_case);
        rules.map_err(|e| Error::Settings(e.to_string()))
    }

    /// Returns the prices as people read them.
    pub(super) fn shown_prices(&self, unit: &Unit) -> Vec<String> {
        let show = |what: &str, amount: &AmountText| match amount.read(unit) {
            Ok(0) => format!("{what}: free"),
            Ok(amount) => format!("{what}: {}", unit.show(amount)),
            Err(error) => format!("{what}: {error}"),
        };
        let rules = self.price.iter().map(|rule| match &rule.method {
            Some(method) => show(&format!("{method} {}", rule.path), &rule.amount),
            None => show(&rule.path, &rule.amount),
        });
        let default = self.default_amount.iter();
        rules
            .chain(default.map(|amount| show("everything else", amount)))
            .collect()
    }

    /// Checks whether the price rules make sense, whatever the mint's unit is.
    ///
    /// # Errors
    /// [`Error::Settings`] for one that does not.
    pub(super) fn check_rules(&self) -> Result<(), Error> {
        let rules: Vec<_> = self.price.iter().map(|rule| rule.costing(0)).collect();
        self.rules_of(&rules, 0).map(|_| ())
    }

    /// The API token, from the environment or the file.
    ///
    /// # Errors
    /// [`Error::Settings`] when there is none, [`Error::File`].
    pub(super) fn api_token(&self) -> Result<Secret, Error> {
        if let Some(token) = std::env::var_os(TOKEN_VARIABLE) {
            let token = token
                .into_string()
                .map_err(|_| Error::Settings(format!("{TOKEN_VARIABLE}: not UTF-8")))?;
            return Ok(trimmed(&Zeroizing::new(token)));
        }
        let Some(path) = &self.api_token_file else {
            return Err(Error::Settings(format!(
                "the mint's API token is needed: in {TOKEN_VARIABLE}, or in a file that \
                 api_token_file names"
            )));
        };
        let text = private::read_secret(path, "the mint's API token")?;
        Ok(trimmed(&text))
    }

    /// Returns the settings of the layer.
    ///
    /// # Errors
    /// [`Error::Settings`], [`Error::File`].
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        let settings = self.settings_with(self.api_token()?)?;
        settings.check()?;
        Ok(settings)
    }

    fn settings_with(&self, api_token: Secret) -> Result<Settings, Error> {
        let mint = self.mint.as_deref().unwrap_or_default();
        Ok(Settings {
            public_url: self.public_url.clone(),
            receipt_hours: self.receipt_hours,
            record_days: self.record_days,
            charged: Charged::parse(&self.charged)?,
            accept: match self.accept {
                Taken::Online => Accept::Online,
                Taken::Locked => Accept::Locked {
                    redeem_every_s: self.redeem_every_s,
                    locktime_hours_min: self.locktime_hours_min,
                },
            },
            allowed_origins: AllowedOrigins::parse(&self.allowed_origins)?,
            mint_timeout_ms: self.mint_timeout_ms,
            read_timeout_ms: self.read_timeout_ms,
            keysets_every_s: self.keysets_every_s,
            pay_path: self.pay_path.clone(),
            wallet_url: self.wallet_url.clone(),
            ..Settings::new(&self.name, mint, api_token, self.data.clone())
        })
    }
}

fn trimmed(token: &str) -> Secret {
    Secret::new(token.trim().to_owned())
}

/// The values that a text may stand for. Prices are rules with commas between them.
fn readings(setting: &str, text: &str) -> Result<Vec<Value>, String> {
    if setting != "price" {
        return Ok(settings::readings(text));
    }
    let rules = settings::items(text)
        .map(|item| Value::try_from(rule(item)?).map_err(|e| e.to_string()))
        .collect::<Result<_, _>>()?;
    Ok(vec![Value::Array(rules)])
}

/// A rule in one line: `/articles/*=3`, or `POST /api/*=2`.
fn rule(text: &str) -> Result<Rule<AmountText>, String> {
    let wrong = || format!("{text:?} is no price: write /articles/*=3, or POST /api/*=0.05 eur");
    let (what, amount) = text.rsplit_once('=').ok_or_else(wrong)?;
    let (method, path) = match what.trim().split_once(' ') {
        Some((method, path)) => (Some(method.to_owned()), path.trim()),
        None => (None, what.trim()),
    };
    Ok(Rule {
        path: path.to_owned(),
        amount: amount.parse().map_err(|_| wrong())?,
        method,
        description: None,
        ignore_query: None,
    })
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
