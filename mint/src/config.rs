//! The operator's settings: `mint.toml`, and for every setting an environment variable that wins over
//! it: `FARTHING_MINT_` and the setting's name in capitals.

mod auth;
mod bundle;
mod dir;
mod lightning;
mod sense;
mod unit;
mod url;
mod values;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use farthing_protocol::api::path;
use farthing_protocol::identity::URLS_MAX;
use farthing_service::log::{Format, Level};
use farthing_service::settings;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::keyring::SEED_VARIABLE;

pub(crate) use auth::{AuthSettings, BlindSettings, Protected};
pub use dir::{DataDir, spent_log_file};
pub(crate) use lightning::{LightningSettings, NodeSettings};
pub(crate) use unit::known_decimals;
pub(crate) use url::is_secure;
pub use values::LightningBackend;

/// The prefix of the environment variables of all settings.
pub const PREFIX: &str = "FARTHING_MINT_";
/// The variable that `--data` may be given by.
pub const DATA_VARIABLE: &str = "FARTHING_MINT_DATA";

/// The settings of a mint. An unknown one is an error that names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The mint's name, for people.
    pub name: String,
    /// A sentence about the mint.
    pub description: String,
    /// How to reach the operator, for example an e-mail address.
    pub contact: String,
    /// The address that wallets and publishers use; it stands in vouchers.
    pub url: String,
    /// Other addresses at which the mint is reached, such as an onion service, or the one that it is
    /// moving to. The mint signs them and `url`; wallets follow it to them.
    pub urls: Vec<String>,
    /// Whether the mint serves the wallet for browsers.
    pub wallet: bool,
    /// The unit of all accounts and tokens; fixed when the mint is made.
    pub unit: String,
    /// The unit's decimals as people write it: 2 for `usd` in cents.
    pub decimals: u8,
    /// The number of amounts of a new keyset: 2^0 to 2^(amounts − 1).
    pub amounts: u8,
    /// What wallets withdraw at a time, the same for all, in parts like `7x1`: seven tokens of 1. The usual
    /// bundle unless set; none when empty.
    pub bundle: Option<Vec<String>>,
    /// The fee for each input of a new keyset, in thousandths of the unit.
    pub input_fee_ppk: u64,
    /// The address of the API.
    pub listen: SocketAddr,
    /// Where `/metrics` listens; nowhere unless set. Keep it from the public: it tells how busy the
    /// mint is, and when.
    pub metrics_listen: Option<SocketAddr>,
    /// Where every spent token is recorded a second time, best on another disk; nowhere unless set. A
    /// file, or a folder that is there already; a relative path begins in the mint's folder.
    pub spent_log: Option<PathBuf>,
    /// The most pages of 4,096 bytes that the database may have; 0 for as many as the disk holds.
    pub database_pages_max: u32,
    /// The memory for the database's pages, in MiB.
    pub store_cache_mib: u32,
    /// `human` or `json`.
    pub log_format: Format,
    /// How much is logged: `error`, `warn`, `info`, `debug` or `trace`.
    pub log_level: Level,
    /// The days for which a request that is sent again gets the same answer.
    pub replay_days: u32,
    /// Inputs in one request.
    pub inputs_max: usize,
    /// Outputs in one request.
    pub outputs_max: usize,
    /// A secret's length in bytes.
    pub secret_bytes_max: usize,
    /// A witness's length in bytes.
    pub witness_bytes_max: usize,
    /// A request's body in bytes.
    pub body_bytes_max: usize,
    /// The bodies of all requests together in memory, in MiB. When more arrives, the body that has held the
    /// most for the longest is given up and answered 503.
    pub bodies_mib_max: u32,
    /// How long a request's head, and then its body, may take to arrive, in milliseconds; and how long a
    /// caller may take none of an answer's bytes.
    pub read_timeout_ms: u64,
    /// The time that a stop waits for requests that have begun, in milliseconds.
    pub stop_timeout_ms: u64,
    /// Requests that may wait for a CPU; more are answered 503.
    pub queue_max: usize,
    /// The time that a request may wait for a CPU, in milliseconds; after that it is answered 503.
    pub queue_timeout_ms: u64,
    /// How long an answer of 503 is held back, in milliseconds, so that callers who do not heed its
    /// Retry-After cost the mint a few refusals a second and not thousands.
    pub refusal_delay_ms: u64,
    /// Connections at the same time. Others wait in the system's queue, which costs the mint nothing.
    /// Each may cost a request's bytes in memory, and a file: the mint asks the system for that many
    /// files at its start, and takes fewer connections where it gets fewer.
    pub connections_max: usize,
    /// Websockets of Cashu's wallets that may be open at the same time; more are answered 503.
    pub websockets_max: usize,
    /// Quotes and tokens that all websockets together may subscribe to.
    pub websocket_subjects_max: usize,
    /// How long nothing may come over a websocket, in milliseconds, until it is closed. Wallets are pinged
    /// meanwhile, and answer by themselves.
    pub websocket_idle_ms: u64,
    /// How long a payment over Lightning may try ways, in milliseconds; a caller waits about that long.
    pub lightning_timeout_ms: u64,
    /// The time for which an invoice of the mint's can be paid, in seconds.
    pub lightning_invoice_expiry_s: u32,
    /// The greatest amount of one payment in or out, in the mint's unit.
    pub lightning_amount_max: u64,
    /// Invoices of the mint's that wait to be paid, and quotes for payments that nobody has begun: as many
    /// of each for tokens, and as many of each for every account; more are answered 503.
    pub lightning_quotes_max: usize,
    /// The fee that a payment may cost, in millionths of its amount.
    pub lightning_fee_ppm: u64,
    /// The fee that any payment may cost, in the mint's unit.
    pub lightning_fee_min: u64,
    /// The kind of the Lightning node, if any.
    pub lightning_backend: LightningBackend,
    /// The address of LND's REST interface: `https://…`, or `http://…` on this machine.
    pub lnd_url: Option<String>,
    /// The file with the macaroon for LND, as LND writes it or in hex; a relative path begins in the
    /// mint's folder, as for the other files here.
    pub lnd_macaroon_file: Option<PathBuf>,
    /// The file with the certificate that LND shows, its `tls.cert`. Unless it is set, the certificate
    /// has to be one that this system trusts.
    pub lnd_cert_file: Option<PathBuf>,
    /// The address of Core Lightning's REST interface: `https://…`, or `http://…` on this machine.
    pub cln_url: Option<String>,
    /// The file with the rune for Core Lightning.
    pub cln_rune_file: Option<PathBuf>,
    /// The file with the certificate that Core Lightning shows, its `server.pem`. Unless it is set, the
    /// certificate has to be one that this system trusts.
    pub cln_cert_file: Option<PathBuf>,
    /// Where the fake backend takes its orders and keeps its state: a folder, `fake` unless set.
    pub fake_control: Option<PathBuf>,
    /// How long after it was made the fake backend pays an invoice of its own, in milliseconds; at once
    /// unless set.
    pub fake_delay_ms: Option<u64>,
    /// Where the OpenID provider describes itself, whose users may use the Cashu API; empty when
    /// everybody may.
    pub openid_discovery: String,
    /// The client id of wallets at that provider.
    pub openid_client_id: String,
    /// What at the Cashu API needs the provider's token, as `POST /v1/…`; a `*` at the end stands for
    /// anything.
    pub clear_auth_paths: Vec<String>,
    /// What at the Cashu API needs a blind authentication token.
    pub blind_auth_paths: Vec<String>,
    /// Blind authentication tokens in one request.
    pub blind_auth_max: usize,
    /// Blind authentication tokens for one user on one day (UTC); 0 for as many as they want.
    pub blind_auth_daily_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 3338));
        Self {
            name: "A Farthing mint".to_owned(),
            description: String::new(),
            contact: String::new(),
            url: format!("http://{listen}"),
            urls: Vec::new(),
            wallet: true,
            unit: "credit".to_owned(),
            decimals: 0,
            amounts: 21,
            bundle: None,
            input_fee_ppk: 0,
            listen,
            metrics_listen: None,
            spent_log: None,
            database_pages_max: 0,
            store_cache_mib: 16,
            log_format: Format::Human,
            log_level: Level::Info,
            replay_days: 7,
            inputs_max: 256,
            outputs_max: 256,
            secret_bytes_max: 1024,
            witness_bytes_max: 4096,
            body_bytes_max: 1024 * 1024,
            bodies_mib_max: 64,
            read_timeout_ms: 10_000,
            stop_timeout_ms: 10_000,
            queue_max: 256,
            queue_timeout_ms: 250,
            refusal_delay_ms: 500,
            connections_max: 4096,
            websockets_max: 1024,
            websocket_subjects_max: 65_536,
            websocket_idle_ms: 60_000,
            lightning_timeout_ms: 60_000,
            lightning_invoice_expiry_s: 3600,
            lightning_amount_max: 1_000_000,
            lightning_quotes_max: 10_000,
            lightning_fee_ppm: 10_000,
            lightning_fee_min: 2,
            lightning_backend: LightningBackend::None,
            lnd_url: None,
            lnd_macaroon_file: None,
            lnd_cert_file: None,
            cln_url: None,
            cln_rune_file: None,
            cln_cert_file: None,
            fake_control: None,
            fake_delay_ms: None,
            openid_discovery: String::new(),
            openid_client_id: String::new(),
            clear_auth_paths: values::clear_default(),
            blind_auth_paths: values::blind_default(),
            blind_auth_max: 50,
            blind_auth_daily_max: 0,
        }
    }
}

impl Config {
    /// Reads `mint.toml` and puts what the environment says over it.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be read, [`Error::Operator`] for an unknown setting or a
    /// value that makes no sense; both name it.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
        Self::parse(path, &text, std::env::vars_os())
    }

    fn parse(
        path: &Path,
        text: &str,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self> {
        let shown = path.display().to_string();
        let others = [SEED_VARIABLE, DATA_VARIABLE];
        let given = settings::of_variables(PREFIX, &others, variables).map_err(Error::Operator)?;
        let readings = |_: &str, text: &str| Ok(settings::readings(text));
        let config: Self =
            settings::load(&shown, text, &given, readings).map_err(Error::Operator)?;
        config
            .check()
            .map_err(|e| Error::Operator(format!("{shown}: {e}")))?;
        Ok(config)
    }

    /// Writes a new `mint.toml` that lists every setting that has a value.
    ///
    /// # Errors
    /// [`Error::File`] when the file exists or cannot be written, [`Error::Operator`] for a value that
    /// makes no sense.
    pub fn create(&self, path: &Path) -> Result<()> {
        use std::io::Write as _;
        self.check().map_err(Error::Operator)?;
        let body = toml::to_string(self)
            .map_err(|e| Error::Operator(format!("the settings cannot be written: {e}")))?;
        let text = format!(
            "# A Farthing mint. docs/how-to/operating.md explains every setting; each can be given as an\n\
             # environment variable too: {PREFIX} and the name in capitals. Those that have no\n\
             # value by default are not listed here.\n\n{body}"
        );
        let mut file = std::fs::File::create_new(path).map_err(Error::file(path))?;
        file.write_all(text.as_bytes()).map_err(Error::file(path))
    }

    /// The bodies of all requests together, in bytes.
    pub(crate) fn bodies_bytes_max(&self) -> usize {
        usize::try_from(u64::from(self.bodies_mib_max) << 20).unwrap_or(usize::MAX)
    }

    /// All addresses of a mint that `listens`, `url` first. While `url` is of this machine alone, as it
    /// is until the operator sets it, where the mint listens is one of them.
    #[must_use]
    pub fn addresses(&self, listens: SocketAddr) -> Vec<String> {
        let local = url::is_local(&self.url).then(|| format!("http://{listens}"));
        let all = std::iter::once(&self.url).chain(&local).chain(&self.urls);
        let mut addresses = Vec::new();
        for url in all.map(|url| url.trim_end_matches('/').to_owned()) {
            if !addresses.contains(&url) {
                addresses.push(url);
            }
        }
        addresses
    }

    /// The address of the folder of the browser's wallet, of a mint that `listens`; `None` if it serves none. It
    /// stands beside `url`, unless that is of this machine alone and nothing of the mint listens on its port.
    #[must_use]
    pub fn wallet_url(&self, listens: SocketAddr) -> Option<String> {
        let port = url::plain_local_port(&self.url);
        let leads_nowhere = port.is_some_and(|port| port != listens.port());
        let base = match leads_nowhere && !listens.ip().is_unspecified() {
            true => format!("http://{listens}"),
            false => self.url.trim_end_matches('/').to_owned(),
        };
        self.wallet.then(|| base + path::WALLET)
    }

    fn check_urls(&self) -> std::result::Result<(), String> {
        if self.urls.len() > URLS_MAX - 2 {
            return Err(format!("urls: at most {}", URLS_MAX - 2));
        }
        match self.urls.iter().find(|url| !url::is_base(url)) {
            Some(url) => Err(format!(
                "urls: {url} is not an address of a mint: write it like https://mint.example"
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, variables: &[(&str, &str)]) -> Result<Config> {
        let variables = variables.iter().map(|(n, v)| ((*n).into(), (*v).into()));
        Config::parse(Path::new("mint.toml"), text, variables)
    }

    fn message(result: Result<Config>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn a_missing_setting_has_its_default_and_the_environment_wins() {
        assert_eq!(parse("", &[]).unwrap(), Config::default());
        let config = parse(
            "name = \"file\"\nqueue_max = 5",
            &[
                ("FARTHING_MINT_NAME", "2026"),
                ("FARTHING_MINT_LISTEN", "127.0.0.1:9"),
                ("FARTHING_MINT_AMOUNTS", "3"),
                ("FARTHING_MINT_LOG_FORMAT", "json"),
                ("FARTHING_MINT_SEED", "not a setting"),
                ("FARTHING_MINT_DATA", "not a setting"),
            ],
        );
        let config = config.unwrap();
        assert_eq!(config.name, "2026");
        assert_eq!(config.listen.port(), 9);
        assert_eq!(config.amounts, 3);
        assert_eq!(config.queue_max, 5);
        assert_eq!(config.log_format, Format::Json);
    }

    #[test]
    fn the_wallet_stands_where_browsers_reach_it() {
        let address = |text: &str, listens: &str| {
            let config = parse(text, &[]).unwrap();
            config.wallet_url(listens.parse().unwrap())
        };
        for (url, listens, wallet) in [
            (
                "https://mint.example",
                "127.0.0.1:3338",
                "https://mint.example/wallet/",
            ),
            (
                "https://mint.example/shop/",
                "127.0.0.1:3338",
                "https://mint.example/shop/wallet/",
            ),
            (
                "http://localhost:3338",
                "127.0.0.1:3338",
                "http://localhost:3338/wallet/",
            ),
            (
                "http://127.0.0.1:3338",
                "0.0.0.0:80",
                "http://127.0.0.1:3338/wallet/",
            ),
            (
                "http://127.0.0.1:3338",
                "127.0.0.1:4000",
                "http://127.0.0.1:4000/wallet/",
            ),
            ("http://[::1]", "[::1]:4000", "http://[::1]:4000/wallet/"),
            (
                "https://localhost:8443",
                "127.0.0.1:4000",
                "https://localhost:8443/wallet/",
            ),
        ] {
            let address = address(&format!("url = '{url}'"), listens);
            assert_eq!(address.as_deref(), Some(wallet), "{url}, {listens}");
        }
        assert_eq!(address("wallet = false", "127.0.0.1:3338"), None);
    }

    #[test]
    fn an_unknown_setting_is_named() {
        let error = message(parse("nmae = \"x\"", &[]));
        assert!(
            error.contains("mint.toml") && error.contains("nmae"),
            "{error}"
        );
        let error = message(parse("", &[("FARTHING_MINT_NMAE", "x")]));
        assert!(error.contains("FARTHING_MINT_NMAE"), "{error}");
    }

    #[test]
    fn a_value_that_makes_no_sense_is_named() {
        let error = message(parse("", &[("FARTHING_MINT_AMOUNTS", "many")]));
        assert!(error.contains("FARTHING_MINT_AMOUNTS"), "{error}");
        let error = message(parse("amounts = 49", &[]));
        assert!(
            error.contains("mint.toml") && error.contains("amounts"),
            "{error}"
        );
    }

    #[test]
    fn a_list_comes_with_commas_from_the_environment() {
        let paths = |text| {
            let variables = [("FARTHING_MINT_BLIND_AUTH_PATHS", text)];
            parse("", &variables).map(|config| config.blind_auth_paths)
        };
        let both = ["POST /v1/swap", "POST /v1/melt/*"];
        assert_eq!(paths(" POST /v1/swap ,POST /v1/melt/*").unwrap(), both);
        assert_eq!(paths("POST /v1/7").unwrap(), ["POST /v1/7"]);
        let error = paths("7").unwrap_err().to_string();
        assert!(error.contains("blind_auth_paths: \"7\""), "{error}");
        assert_eq!(paths("").unwrap(), Vec::<String>::new());
        let error = message(parse("", &[("FARTHING_MINT_AMOUNTS", "1, 2")]));
        assert!(error.contains("FARTHING_MINT_AMOUNTS"), "{error}");
    }

    #[test]
    fn the_file_that_init_writes_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mint.toml");
        let config = Config {
            name: "Tea \"&\" cake".to_owned(),
            ..Config::default()
        };
        config.create(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(parse(&text, &[]).unwrap(), config);
        assert!(
            config.create(&path).is_err(),
            "a second init must not overwrite"
        );
    }

    #[test]
    fn a_setting_that_is_there_twice_is_named_with_its_line_and_not_repeated() {
        let told = |text| message(parse(text, &[]));
        let error = told("name = \"a\"\n\nqueue_max = 5\nname = \"s3cret\"\n");
        assert_eq!(error, "mint.toml, line 4, name: duplicate key");
        let error = told("# A mint.\nqueue_max = \"s3cret\"");
        let start = "mint.toml, line 2, queue_max: invalid type";
        assert!(error.starts_with(start), "{error}");
        let error = told("seed = \"s3cret\"");
        let start = "mint.toml, line 1, seed: unknown field";
        assert!(error.starts_with(start), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
        let error = told("name = a b");
        assert!(error.starts_with("mint.toml, line 1"), "{error}");
    }
}
