//! The command's settings: `paywall.toml`, over it the environment, over both the command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use farthing_protocol::{AmountText, Secret, Unit};
use farthing_service::private;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};
use zeroize::Zeroizing;

use crate::rules::{Rule, Rules};
use farthing_publisher::{Accept, AllowedOrigins, Charged, Error, PAY_PATH, Settings};

mod fault;
mod sense;

/// What the environment variables of all settings start with.
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
    /// Where readers come.
    pub(super) listen: SocketAddr,
    /// Where `/metrics` and `/healthz` are; nowhere unless set.
    pub(super) metrics_listen: Option<SocketAddr>,
    /// What costs how much, in the mint's unit as people write it.
    pub(super) price: Vec<Rule<AmountText>>,
    /// What everything else costs; nothing unless set.
    pub(super) default_amount: Option<AmountText>,
    /// Whether the server behind takes `/A` for `/a`.
    pub(super) ignore_case: bool,
    /// Which answers are charged, by status.
    pub(super) charged: Vec<String>,
    /// Where the page's form sends a pasted token.
    pub(super) pay_path: String,
    /// Which tokens are taken.
    pub(super) accept: Taken,
    /// How long locked tokens wait for company, in seconds.
    pub(super) redeem_every_s: u32,
    /// How far a locked token's locktime must lie ahead, in hours.
    pub(super) locktime_hours_min: u32,
    /// For how long a receipt makes free what was bought, in hours.
    pub(super) receipt_hours: u32,
    /// For how long a payment can be repeated, in days.
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
    /// How long the server behind may take to accept a connection, in milliseconds.
    pub(super) connect_timeout_ms: u64,
    /// How long it may take to begin its answer, in milliseconds.
    pub(super) answer_timeout_ms: u64,
    /// How long nothing may come of a body that is awaited, in milliseconds.
    pub(super) stall_timeout_ms: u64,
    /// How slowly requests' bodies may come, in bytes per second; 0 is as slowly as they like.
    pub(super) upload_rate_min: u32,
    /// How long the mint may take to answer, in milliseconds.
    pub(super) mint_timeout_ms: u64,
    /// How often the mint is asked which keysets it has, in seconds.
    pub(super) keysets_every_s: u32,
    /// How long a request's head may take to arrive, in milliseconds.
    pub(super) read_timeout_ms: u64,
    /// How long a stop waits for answers under way, in milliseconds.
    pub(super) stop_timeout_ms: u64,
    /// Connections at the same time; more wait at the door.
    pub(super) connections_max: u32,
    /// `human` or `json`.
    pub(super) log_format: LogFormat,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub(super) log_level: LogLevel,
}

/// Which tokens are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Taken {
    /// Any token of the mint.
    Online,
    /// Tokens locked to the publisher.
    Locked,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LogLevel {
    /// Failures.
    Error,
    /// And what may become one.
    Warn,
    /// And the paywall's own doings.
    Info,
    /// And each request, by method, path and outcome; such a log shows what was read when.
    Debug,
    /// And everything else.
    Trace,
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
            log_format: LogFormat::Human,
            log_level: LogLevel::Info,
        }
    }
}

/// A value for a setting, from outside of the file.
pub(super) struct Given {
    /// The setting's name.
    pub(super) setting: String,
    /// The variable or flag that it was given by.
    pub(super) place: String,
    /// The value as text.
    pub(super) text: String,
}

/// The settings that the environment gives.
///
/// # Errors
/// [`Error::Settings`] for a variable that is not UTF-8.
pub(super) fn from_environment() -> Result<Vec<Given>, Error> {
    let mut all = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Some(setting) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
            continue;
        };
        let place = format!("{PREFIX}{setting}");
        if [TOKEN_VARIABLE, CONFIG_VARIABLE].contains(&place.as_str()) {
            continue;
        }
        let text = value.into_string();
        let text = text.map_err(|_| Error::Settings(format!("{place}: not UTF-8")))?;
        all.push(Given {
            setting: setting.to_lowercase(),
            place,
            text,
        });
    }
    Ok(all)
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
        let invalid = |e| Error::Settings(fault::of_file(shown, text, &e));
        // The file by itself first, so that an error names the file and not what is over it.
        let mut config: Self = toml::from_str(text).map_err(invalid)?;
        let mut table: Table = toml::from_str(text).map_err(invalid)?;
        if let Some(folder) = folder {
            let mut place = |setting: &str, path: &Path| {
                let path = folder.join(path).to_string_lossy().into_owned();
                table.insert(setting.to_owned(), Value::String(path));
            };
            place("data", &config.data);
            if let Some(file) = &config.api_token_file {
                place("api_token_file", file);
            }
            config = table.clone().try_into().map_err(invalid)?;
        }
        for given in given {
            (table, config) = given.put_over(&table)?;
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
        let rules = self.price.iter().map(|rule| rule.in_unit(unit));
        let rules: Result<Vec<_>, _> = rules.collect();
        let rules = rules.map_err(|e| Error::Settings(e.to_string()))?;
        let default = self.default_amount.as_ref();
        let default = default.map_or(Ok(0), |amount| amount.read(unit));
        let default = default.map_err(|e| Error::Settings(format!("default_amount: {e}")))?;
        self.rules_of(&rules, default)
    }

    fn rules_of(&self, rules: &[Rule], default: u64) -> Result<Rules, Error> {
        let rules = Rules::new(rules, default, self.ignore_case);
        rules.map_err(|e| Error::Settings(e.to_string()))
    }

    /// What costs how much, as people read it.
    pub(super) fn shown_prices(&self, unit: &Unit) -> Vec<String> {
        let show = |what: &str, amount: &AmountText| match amount.read(unit) {
            Ok(0) => format!("{what}: free"),
            Ok(amount) => format!("{what}: {}", unit.show(amount)),
            Err(error) => format!("{what}: {error}"),
        };
        let rules = self.price.iter();
        let rules = rules.map(|rule| match &rule.method {
            Some(method) => show(&format!("{method} {}", rule.path), &rule.amount),
            None => show(&rule.path, &rule.amount),
        });
        let default = self.default_amount.iter();
        let default = default.map(|amount| show("everything else", amount));
        rules.chain(default).collect()
    }

    /// Whether the price rules make sense, whatever the mint's unit is.
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
            let token = token.into_string();
            let token =
                token.map_err(|_| Error::Settings(format!("{TOKEN_VARIABLE}: not UTF-8")))?;
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

    /// What the paywall is told.
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
            ..Settings::new(&self.name, mint, api_token, self.data.clone())
        })
    }
}

impl Given {
    /// The settings of `table` with this value over them: the first of its readings that fits.
    fn put_over(&self, table: &Table) -> Result<(Table, Config), Error> {
        let Self {
            setting,
            place,
            text,
        } = self;
        let values = values(setting, text);
        let values = values.map_err(|why| Error::Settings(format!("{place}: {why}")))?;
        let mut error: Option<toml::de::Error> = None;
        for value in values {
            let mut table = table.clone();
            table.insert(setting.clone(), value);
            match table.clone().try_into() {
                Ok(config) => return Ok((table, config)),
                // A reading of another type than the setting's says nothing of the value.
                Err(e) => {
                    let says_more = error.as_ref().is_some_and(fault::is_of_type);
                    if error.is_none() || (says_more && !fault::is_of_type(&e)) {
                        error = Some(e);
                    }
                }
            }
        }
        let message = error.as_ref().map_or("is empty", toml::de::Error::message);
        Err(Error::Settings(format!("{place}: {message}")))
    }
}

fn trimmed(token: &str) -> Secret {
    Secret::new(token.trim().to_owned())
}

/// What a text may mean, to be tried in turn: itself, a number, yes or no, a list with commas.
fn values(setting: &str, text: &str) -> Result<Vec<Value>, String> {
    let items = text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty());
    if setting == "price" {
        let rules = items.map(|item| Value::try_from(rule(item)?).map_err(|e| e.to_string()));
        return Ok(vec![Value::Array(rules.collect::<Result<_, _>>()?)]);
    }
    let mut values = vec![Value::String(text.to_owned())];
    values.extend(text.parse().map(Value::Integer));
    values.extend(text.parse().map(Value::Boolean));
    values.push(Value::Array(
        items.map(|item| Value::String(item.to_owned())).collect(),
    ));
    Ok(values)
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
