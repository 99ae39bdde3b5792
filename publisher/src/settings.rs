//! What the publisher decides.

use std::path::PathBuf;

use axum::http::StatusCode;
use farthing_protocol::Secret;

use crate::cors::AllowedOrigins;
use crate::error::Error;

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
    /// Which answers are charged.
    pub charged: Charged,
    /// Which tokens are taken.
    pub accept: Accept,
    /// Origins whose pages may read the paywall's own answers.
    pub allowed_origins: AllowedOrigins,
    /// How long the mint may take to answer, in milliseconds.
    pub mint_timeout_ms: u64,
    /// How long the form with a pasted token may take to arrive, in milliseconds.
    pub read_timeout_ms: u64,
    /// How often the mint is asked which keysets it has, in seconds: wallets are told which sign now.
    pub keysets_every_s: u32,
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
        }
    }
}

/// Which tokens are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accept {
    /// Any token of the mint; each is redeemed before it is served.
    #[default]
    Online,
    /// Only tokens locked to the publisher's key: checked here, served at once, redeemed later in
    /// batches. `docs/threat-model.md` says what that costs.
    Locked {
        /// How long tokens wait for company, in seconds.
        redeem_every_s: u32,
        /// How far a token's locktime must lie ahead, if it has one, in hours.
        locktime_hours_min: u32,
    },
}

/// Which answers of what is behind the paywall are charged, by status. All others are free.
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
                .and_then(|digit| digit.parse::<u16>().ok());
            let range = match hundreds {
                Some(digit @ 1..=5) => Some((digit * 100, digit * 100 + 99)),
                Some(_) => None,
                None => text.parse().ok().map(|status| (status, status)),
            };
            range
                .filter(|(from, _)| (100..600).contains(from))
                .ok_or_else(|| Error::Settings(format!("charged: {text:?} is no HTTP status")))
        };
        statuses
            .iter()
            .map(range)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn includes(&self, status: StatusCode) -> bool {
        let status = status.as_u16();
        self.0
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for wrong in ["", "xx", "9xx", "0xx", "20x", "99", "600", "ok"] {
            let error = Charged::parse(&[wrong]).unwrap_err().to_string();
            assert_eq!(error, format!("charged: {wrong:?} is no HTTP status"));
        }
    }
}
