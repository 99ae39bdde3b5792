//! Failures as the terminal shows them: an exit code, and three sentences or one JSON object.

use farthing_wallet::Error;
use farthing_wallet::error::Aftermath;
use farthing_wallet::pay::error::{Fate, Fault, Site};
use serde_json::{Value, json};

use crate::report::three_sentences;
use crate::screen::Look;

/// The exit code for what sites do wrong.
pub(crate) const EXIT_SITE: u8 = 8;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The wallet says no.
    Wallet(Box<Error>),
    /// The command line is wrong; the text is clap's.
    Usage(String),
    /// Reading standard input or writing standard output failed, or there is no place for the wallet.
    Terminal(String),
    /// The proxy cannot be used, for this reason; nothing was begun.
    Proxy(String),
    /// A page broke off while it was read.
    BrokenOff(BrokenOff),
}

/// What a proxy that is down means for the money.
const PROXY_MONEY: &str = "Nothing was moved, and no request was made.";
/// What to do about it.
const PROXY_ADVICE: &str = "Start it, or give another: --proxy socks5h://HOST:PORT. farthing proxy show says which one is kept.";

/// A page that broke off.
#[derive(Debug)]
pub(crate) struct BrokenOff {
    /// Why.
    pub(crate) reason: String,
    /// How many bytes of it were written.
    pub(crate) bytes: u64,
    /// What was paid for it, if anything was, and whether it can be had again.
    pub(crate) paid: bool,
}

impl BrokenOff {
    fn what(&self) -> String {
        format!(
            "the page broke off after {} bytes: {}",
            self.bytes, self.reason
        )
    }

    fn money(&self) -> &'static str {
        match self.paid {
            true => "It is paid, and the wallet keeps the receipt.",
            false => "Nothing was paid for it.",
        }
    }

    fn advice(&self) -> &'static str {
        match self.paid {
            true => "Run the same command again: it shows the receipt and pays nothing.",
            false => "Run the same command again.",
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Wallet(Box::new(error))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Terminal(error.to_string())
    }
}

impl Failure {
    /// The exit code, as `--help` lists them.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Terminal(_) => 1,
            Self::Usage(_) => 2,
            Self::Wallet(error) => match **error {
                Error::Caller(_) => 3,
                Error::Refused(_) => 4,
                Error::Misbehaved(_) => 5,
                Error::Network(_) => 6,
                Error::Store(_) => 7,
                Error::Site(ref site) => match site.fault {
                    Fault::Refused { .. } => EXIT_SITE,
                    Fault::Silent(_) | Fault::MintUnasked(_) | Fault::Waiting => 6,
                },
            },
            Self::BrokenOff(_) | Self::Proxy(_) => 6,
        }
    }

    /// For standard error.
    pub(crate) fn text(&self) -> String {
        let error = Look::Bad.err("error:");
        let told = |what: &str, money: &str, advice: &str| {
            three_sentences(&format!("{error} {what}"), money, advice)
        };
        match self {
            Self::Wallet(wallet) => {
                let explained = wallet.explain();
                told(&explained.what, &explained.money, &explained.advice)
            }
            Self::Usage(text) => match text.trim_end().strip_prefix("error:") {
                Some(rest) => format!("{error}{rest}"),
                None => text.trim_end().to_owned(),
            },
            Self::Terminal(text) => format!("{error} {text}"),
            Self::Proxy(reason) => told(reason, PROXY_MONEY, PROXY_ADVICE),
            Self::BrokenOff(off) => told(&off.what(), off.money(), off.advice()),
        }
    }

    /// `{"error": {"code", "what", "money", "advice", "mint_code", "open_operation", "exit_code"}}`.
    pub(crate) fn json(&self) -> Value {
        let exit_code = self.exit_code();
        let body = match self {
            Self::Wallet(error) => {
                let told = error.explain();
                json!({
                    "code": error.code(),
                    "what": told.what,
                    "money": told.money,
                    "advice": told.advice,
                    "mint_code": mint_code(error),
                    "open_operation": open_operation(error),
                    "exit_code": exit_code,
                })
            }
            Self::Usage(text) => {
                json!({"code": "usage", "what": text.trim(), "exit_code": exit_code})
            }
            Self::Terminal(text) => {
                json!({"code": "terminal", "what": text, "exit_code": exit_code})
            }
            Self::Proxy(reason) => json!({
                "code": "proxy_unusable",
                "what": reason,
                "money": PROXY_MONEY,
                "advice": PROXY_ADVICE,
                "exit_code": exit_code,
            }),
            Self::BrokenOff(off) => json!({
                "code": "page_broke_off",
                "what": off.what(),
                "money": off.money(),
                "advice": off.advice(),
                "exit_code": exit_code,
            }),
        };
        json!({ "error": body })
    }
}

/// The code the mint, or a site, refused with.
fn mint_code(error: &Error) -> Option<u32> {
    match error {
        Error::Refused(refused) => Some(refused.code),
        Error::Site(Site {
            fault: Fault::Refused { code, .. },
            ..
        }) => Some(*code),
        Error::Caller(_)
        | Error::Misbehaved(_)
        | Error::Network(_)
        | Error::Site(_)
        | Error::Store(_) => None,
    }
}

/// The number of the operation that is kept.
fn open_operation(error: &Error) -> Option<u64> {
    match error {
        Error::Refused(refused) => match refused.aftermath {
            Aftermath::Kept(id) => Some(id),
            Aftermath::Nothing | Aftermath::Undone { .. } => None,
        },
        Error::Misbehaved(misbehaved) => misbehaved.open,
        Error::Network(network) => network.open,
        Error::Site(site) => match site.fate {
            Fate::Open { id, .. } => Some(id),
            Fate::Nothing | Fate::TakenBack { .. } | Fate::Taken { .. } | Fate::PaidBefore => None,
        },
        Error::Caller(_) | Error::Store(_) => None,
    }
}
