//! What the publisher decides.

use std::path::PathBuf;

use axum::http::{StatusCode, Uri};
use farthing_protocol::Secret;
use url::{Host, Url};

use crate::cors::AllowedOrigins;
use crate::error::Error;

/// Where the page's form sends a pasted token, unless the settings say another path.
pub use farthing_protocol::payment::exchange::PAY_PATH;
/// How long the publisher's name and the mint's address may be, in bytes: both stand in every receipt.
pub(crate) const NAME_BYTES_MAX: usize = 1024;
/// How long the form's path may be, in bytes.
const PAY_PATH_BYTES_MAX: usize = 256;
/// The longest time limit: a year. Beyond some hundred years the clock's arithmetic ends.
pub const TIMEOUT_MS_MAX: u64 = 366 * 24 * 3600 * 1000;

/// The settings of a [`crate::Paywall`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// The publisher's name, for people; it stands in receipts.
    pub name: String,
    /// The address of the mint whose tokens are taken.
    pub mint: String,
    /// The API token of the publisher's account there, with the scope `redeem`.
    pub api_token: Secret,
    /// The folder of the publisher's key and of the record of payments. It is made when it is missing.
    pub data: PathBuf,
    /// Scheme and host that readers use, such as `https://gazette.example`; taken from each request
    /// (`Host`, over http) when there is none.
    pub public_url: Option<String>,
    /// For how long a receipt makes what was bought free, in hours.
    pub receipt_hours: u32,
    /// For how long a payment can be repeated for what it bought, in days. Never less than the mint
    /// repeats its answers.
    pub record_days: u32,
    /// The answers that are charged.
    pub charged: Charged,
    /// The tokens that are taken.
    pub accept: Accept,
    /// Origins whose pages may read the paywall's own answers.
    pub allowed_origins: AllowedOrigins,
    /// The time that the mint may take to answer, in milliseconds.
    pub mint_timeout_ms: u64,
    /// The time that the form with a pasted token may take to arrive, in milliseconds.
    pub read_timeout_ms: u64,
    /// The interval at which the mint is asked for its keysets, in seconds.
    pub keysets_every_s: u32,
    /// The path that the page's form sends a pasted token to. It must reach the paywall.
    pub pay_path: String,
    /// The folder of the wallet that the page's button leads to, such as `https://mint.example/wallet/`;
    /// the one that the mint names when there is none.
    pub wallet_url: Option<String>,
}

impl Settings {
    /// Settings with nothing unusual: any token of the mint, receipts of a day.
    #[must_use]
    pub fn new(name: &str, mint: &str, api_token: Secret, data: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            mint: mint.trim_end_matches('/').to_owned(),
            api_token,
            data,
            public_url: None,
            receipt_hours: 24,
            record_days: 8,
            charged: Charged::default(),
            accept: Accept::default(),
            allowed_origins: AllowedOrigins::default(),
            mint_timeout_ms: 10_000,
            read_timeout_ms: 10_000,
            keysets_every_s: 30,
            pay_path: PAY_PATH.to_owned(),
            wallet_url: None,
        }
    }

    /// Checks whether the settings make sense: above all, whether what they charge for can be opened.
    ///
    /// # Errors
    /// [`Error::Settings`], naming the setting and what to write.
    pub fn check(&self) -> Result<(), Error> {
        self.find_fault().map_err(Error::Settings)
    }

    fn find_fault(&self) -> Result<(), String> {
        is_text("name", &self.name, NAME_BYTES_MAX)?;
        check_url("mint", &self.mint, true)?;
        if let Some(url) = &self.public_url {
            check_url("public_url", url, false)?;
        }
        if self.api_token.expose().trim().is_empty() {
            return Err("the mint's API token is empty".to_owned());
        }
        if self.data.as_os_str().is_empty() {
            return Err("data: is empty: write a folder, as \"paywall-data\"".to_owned());
        }
        if self.receipt_hours == 0 {
            return Err(
                "receipt_hours: at least 1: what is paid for in a browser is opened by its receipt, and \
                 would never open"
                    .to_owned(),
            );
        }
        if self.record_days == 0 {
            return Err("record_days: at least 1".to_owned());
        }
        check_timeout("mint_timeout_ms", self.mint_timeout_ms)?;
        check_timeout("read_timeout_ms", self.read_timeout_ms)?;
        if self.keysets_every_s == 0 {
            return Err("keysets_every_s: at least 1".to_owned());
        }
        if let Some(url) = &self.wallet_url {
            check_wallet_url("wallet_url", url)?;
        }
        self.charged.check()?;
        self.accept.check()?;
        check_pay_path(&self.pay_path)
    }
}

/// The tokens that are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accept {
    /// Any token of the mint; each is redeemed before it is served.
    #[default]
    Online,
    /// Only tokens locked to the publisher's key: checked here, served at once, redeemed later in
    /// batches. `docs/explanation/threat-model.md` says what that costs.
    Locked {
        /// The interval between redemptions, in seconds.
        redeem_every_s: u32,
        /// How far a token's locktime must lie ahead, if it has one, in hours.
        locktime_hours_min: u32,
    },
}

impl Accept {
    fn check(self) -> Result<(), String> {
        let Self::Locked {
            redeem_every_s,
            locktime_hours_min,
        } = self
        else {
            return Ok(());
        };
        if redeem_every_s == 0 {
            return Err("redeem_every_s: at least 1".to_owned());
        }
        if locktime_hours_min == 0 {
            return Err(
                "locktime_hours_min: at least 1: with 0 readers could take back what they paid with"
                    .to_owned(),
            );
        }
        let half = u64::from(locktime_hours_min) * 3600 / 2;
        if u64::from(redeem_every_s) > half {
            return Err(format!(
                "redeem_every_s: at most half of locktime_hours_min, here {half}: later, readers could \
                 take back what they paid with"
            ));
        }
        Ok(())
    }
}

/// Checks whether an address has nothing in it that is not used: no user, no query, no fragment; and no path
/// unless `with_path`. The error says what to write, and repeats no password.
pub fn check_url(name: &str, url: &str, with_path: bool) -> Result<(), String> {
    let no_url = || format!("{name}: is not a URL: write one as \"https://gazette.example\"");
    if url.len() > NAME_BYTES_MAX {
        return Err(format!("{name}: is longer than {NAME_BYTES_MAX} bytes"));
    }
    let parsed: Uri = url.parse().map_err(|_| no_url())?;
    let host = parsed.host().filter(|host| !host.is_empty());
    let host = host.ok_or_else(no_url)?;
    let host = match parsed.port_u16() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let scheme = match parsed.scheme_str() {
        Some(scheme @ ("http" | "https")) => scheme,
        Some(_) | None => {
            return Err(format!(
                "{name}: begins with http:// or https://: write \"https://{host}\""
            ));
        }
    };
    let path = if with_path {
        parsed.path().trim_end_matches('/')
    } else {
        ""
    };
    let write = format!("write \"{scheme}://{host}{path}\"");
    if url.contains(['?', '#']) {
        return Err(format!("{name}: no query and no fragment: {write}"));
    }
    if parsed.authority().is_some_and(|a| a.as_str().contains('@')) {
        return Err(format!("{name}: no user and no password: {write}"));
    }
    if !with_path && !matches!(parsed.path(), "" | "/") {
        return Err(format!("{name}: scheme and host alone: {write}"));
    }
    Ok(())
}

/// Checks whether an address is that of a wallet's folder to which a reader may be sent: nobody on the way may
/// change that page. The error says what to write.
pub fn check_wallet_url(name: &str, url: &str) -> Result<(), String> {
    check_url(name, url, true)?;
    if !url.ends_with('/') {
        return Err(format!(
            "{name}: is no folder: write it with a / at its end, as \"https://mint.example/wallet/\""
        ));
    }
    let parsed = Url::parse(url).map_err(|error| format!("{name}: {error}"))?;
    let is_near = match parsed.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(host)) => host == "localhost" || host.ends_with(".onion"),
        None => false,
    };
    if parsed.scheme() == "https" || is_near {
        return Ok(());
    }
    Err(format!(
        "{name}: begins with https://: over http anybody on the way could change the wallet, and take what \
         readers have in it"
    ))
}

/// Checks whether a text for people is one line that fits where it is shown; the error names `what`.
pub fn is_text(what: &str, text: &str, bytes_max: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("{what}: is empty: write it out, or leave it out"));
    }
    if text.len() > bytes_max {
        return Err(format!("{what}: is longer than {bytes_max} bytes"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!(
            "{what}: has a line break or another control character"
        ));
    }
    Ok(())
}

/// Checks whether a time limit is one.
pub fn check_timeout(name: &str, milliseconds: u64) -> Result<(), String> {
    match milliseconds {
        0 => Err(format!("{name}: at least 1")),
        1..=TIMEOUT_MS_MAX => Ok(()),
        _ => Err(format!("{name}: at most {TIMEOUT_MS_MAX}")),
    }
}

/// Checks whether a path is written in the one way that everybody reads alike.
fn check_pay_path(path: &str) -> Result<(), String> {
    let is_plain = |segment: &str| {
        let chars = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        !matches!(segment, "" | "." | "..") && segment.bytes().all(chars)
    };
    let segments = path.strip_prefix('/');
    if path.len() <= PAY_PATH_BYTES_MAX
        && segments.is_some_and(|path| path.split('/').all(is_plain))
    {
        return Ok(());
    }
    Err(format!(
        "pay_path: {path:?} is not a plain path: write one as \"{PAY_PATH}\", of letters, digits and - . _ ~ \
         between slashes"
    ))
}

/// An answer that asks for another payment is never charged.
const PAYMENT_REQUIRED: u16 = StatusCode::PAYMENT_REQUIRED.as_u16();

/// The answers of the service behind the paywall that are charged, by status. All others are free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charged(Vec<(u16, u16)>);

impl Default for Charged {
    /// 2xx, 304, and 101 for WebSockets.
    fn default() -> Self {
        Self(vec![(200, 299), (304, 304), (101, 101)])
    }
}

impl Charged {
    /// Reads statuses such as `2xx` or `304`.
    ///
    /// # Errors
    /// [`Error::Settings`], naming what is no status.
    pub fn parse<T: AsRef<str>>(statuses: &[T]) -> Result<Self, Error> {
        let range = |text: &T| {
            let text = text.as_ref();
            let hundreds = text
                .strip_suffix("xx")
                .filter(|digit| digit.len() == 1)
                .and_then(|digit| digit.parse::<u16>().ok());
            let range = match hundreds {
                Some(digit @ 1..=5) => Some((digit * 100, digit * 100 + 99)),
                Some(_) => None,
                None if text.bytes().all(|b| b.is_ascii_digit()) => {
                    text.parse().ok().map(|status| (status, status))
                }
                None => None,
            };
            range
                .filter(|(from, _)| (100..600).contains(from))
                .ok_or_else(|| {
                    Error::Settings(format!(
                        "charged: {text:?} is no HTTP status: write one as \"200\", or \"2xx\" for 200 to \
                         299"
                    ))
                })
        };
        statuses
            .iter()
            .map(range)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn check(&self) -> Result<(), String> {
        if self.0.is_empty() {
            let what = "charged: is empty, and nothing would ever be charged: write \
                        [\"2xx\", \"304\", \"101\"]";
            return Err(what.to_owned());
        }
        let alone = |status: u16| self.0.contains(&(status, status));
        // Interim answers: none of them ends a request, but for 101.
        if let Some(status) = [100, 102, 103].into_iter().find(|status| alone(*status)) {
            return Err(format!(
                "charged: {status} is never the answer to a request: leave it out"
            ));
        }
        if alone(PAYMENT_REQUIRED) {
            let what = "charged: 402 asks for payment, and is never charged: leave it out";
            return Err(what.to_owned());
        }
        Ok(())
    }

    pub(crate) fn includes(&self, status: StatusCode) -> bool {
        let status = status.as_u16();
        if status == PAYMENT_REQUIRED {
            return false;
        }
        self.0
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallets_address_is_a_folder_that_nobody_on_the_way_can_change() {
        for url in [
            "https://mint.example/wallet/",
            "https://wallet.example/",
            "http://127.0.0.1:3338/wallet/",
            "http://[::1]/wallet/",
            "http://localhost:8080/",
            "http://abcdef.onion/wallet/",
        ] {
            assert_eq!(check_wallet_url("wallet_url", url), Ok(()), "{url}");
        }
        for (url, why) in [
            ("http://mint.example/wallet/", "begins with https://"),
            ("http://127.0.0.1.example/", "begins with https://"),
            ("https://mint.example/wallet", "with a / at its end"),
            (
                "https://mint.example/wallet/#a/",
                "no query and no fragment",
            ),
            ("https://mint.example/?a/", "no query and no fragment"),
            ("https://u:p@mint.example/", "no user and no password"),
            ("javascript:alert(1)/", "wallet_url"),
            ("/wallet/", "is not a URL"),
            ("", "is not a URL"),
        ] {
            let error = check_wallet_url("wallet_url", url).unwrap_err();
            assert!(
                error.contains(why) && error.starts_with("wallet_url: "),
                "{url}: {error}"
            );
            assert!(!error.contains("u:p"), "{error}");
        }
    }

    #[test]
    fn statuses_are_read_one_by_one_or_by_the_hundred() {
        let charged = Charged::parse(&["2xx", "304", "404"]).unwrap();
        for (status, expected) in [(200, true), (299, true), (304, true), (404, true)] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(charged.includes(status), expected, "{status}");
        }
        for status in [101, 199, 300, 303, 305, 403, 500] {
            assert!(!charged.includes(StatusCode::from_u16(status).unwrap()));
        }
        assert_eq!(
            Charged::parse(&["2xx", "304", "101"]).unwrap(),
            Charged::default()
        );
    }

    #[test]
    fn what_is_no_status_is_named() {
        for wrong in [
            "", "xx", "9xx", "0xx", "20x", "99", "600", "ok", "+2xx", "+200",
        ] {
            let error = Charged::parse(&[wrong]).unwrap_err().to_string();
            let start = format!("charged: {wrong:?} is no HTTP status: write");
            assert!(error.starts_with(&start), "{error}");
        }
    }

    fn fault(change: impl FnOnce(&mut Settings)) -> String {
        let token = Secret::new("token".to_owned());
        let mut settings = Settings::new("The Gazette", "https://mint.example", token, "d".into());
        change(&mut settings);
        match settings.check() {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_usual_settings_make_sense() {
        assert_eq!(fault(|_| {}), "");
        assert_eq!(fault(|s| s.mint = "http://[::1]:3338/mint/".to_owned()), "");
        for url in ["https://gazette.example", "http://127.0.0.1:80/"] {
            assert_eq!(fault(|s| s.public_url = Some(url.to_owned())), "");
        }
        assert_eq!(fault(|s| s.pay_path = "/articles/.pay".to_owned()), "");
        assert_eq!(
            fault(|s| s.charged = Charged::parse(&["1xx", "4xx"]).unwrap()),
            ""
        );
    }

    #[test]
    fn an_address_is_told_as_it_should_be_written_without_its_password() {
        for (url, error) in [
            (
                "gazette.example",
                "begins with http:// or https://: write \"https://gazette.example\"",
            ),
            (
                "ftp://a:21",
                "begins with http:// or https://: write \"https://a:21\"",
            ),
            (
                "https://u:s3cret@x",
                "no user and no password: write \"https://x\"",
            ),
            (
                "https://x?a=b",
                "no query and no fragment: write \"https://x\"",
            ),
            (
                "https://x/#top",
                "no query and no fragment: write \"https://x\"",
            ),
            (
                "https://x:8443/a/",
                "scheme and host alone: write \"https://x:8443\"",
            ),
        ] {
            let told = fault(|s| s.public_url = Some(url.to_owned()));
            assert_eq!(told, format!("public_url: {error}"), "{url}");
        }
        for url in [
            "",
            "https://",
            "https:// x",
            "/a",
            "https://u@",
            &"a".repeat(2000),
        ] {
            let told = fault(|s| s.mint = url.to_owned());
            assert!(told.starts_with("mint: is "), "{url}: {told}");
        }
    }

    #[test]
    fn what_charges_and_never_opens_is_refused() {
        for (told, start) in [
            (fault(|s| s.receipt_hours = 0), "receipt_hours: at least 1"),
            (fault(|s| s.record_days = 0), "record_days: at least 1"),
            (
                fault(|s| s.mint_timeout_ms = 0),
                "mint_timeout_ms: at least 1",
            ),
            (
                fault(|s| s.mint_timeout_ms = u64::MAX),
                "mint_timeout_ms: at most",
            ),
            (
                fault(|s| s.charged = Charged(Vec::new())),
                "charged: is empty",
            ),
            (
                fault(|s| s.charged = Charged::parse(&["402"]).unwrap()),
                "charged: 402 asks",
            ),
            (
                fault(|s| s.charged = Charged::parse(&["103"]).unwrap()),
                "charged: 103 is never",
            ),
            (fault(|s| s.name = " ".to_owned()), "name: is empty"),
            (
                fault(|s| s.name = "a\nb".to_owned()),
                "name: has a line break",
            ),
            (
                fault(|s| s.name = "a".repeat(1025)),
                "name: is longer than 1024 bytes",
            ),
            (
                fault(|s| s.api_token = Secret::new("\n".to_owned())),
                "the mint's API token is empty",
            ),
            (fault(|s| s.data = PathBuf::new()), "data: is empty"),
        ] {
            assert!(told.starts_with(start), "{start}: {told}");
        }
        let any = Charged::parse(&["4xx"]).unwrap();
        assert!(!any.includes(StatusCode::PAYMENT_REQUIRED));
        let locked = |redeem_every_s, locktime_hours_min| {
            fault(|s| {
                s.accept = Accept::Locked {
                    redeem_every_s,
                    locktime_hours_min,
                };
            })
        };
        assert_eq!(locked(1800, 1), "");
        assert!(locked(1801, 1).starts_with("redeem_every_s: at most half"));
        assert!(locked(0, 1).starts_with("redeem_every_s: at least 1"));
        assert!(locked(1, 0).starts_with("locktime_hours_min: at least 1"));
        for path in [
            "", "/", "pay", "/a//b", "/a/", "/a/../b", "/a%2Fb", "/a?b", "/é",
        ] {
            let told = fault(|s| s.pay_path = path.to_owned());
            assert!(told.starts_with("pay_path: "), "{path}: {told}");
        }
    }
}
