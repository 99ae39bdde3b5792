//! Failures as the terminal shows them: an exit code, and three sentences or one JSON object.

use farthing_wallet::Error;
use farthing_wallet::error::Aftermath;
use farthing_wallet::error::payment::{Fate, Fault, Site};
use serde_json::{Value, json};

use crate::advice;
use crate::screen::{Look, three_sentences};

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
    /// What was asked for does not fit how the wallet is now.
    Unchanged {
        /// The error's name for programs.
        code: &'static str,
        /// What does not fit.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A page broke off while it was read.
    BrokenOff(BrokenOff),
    /// The command was carried out, and its answer could not be written.
    Unwritten(Unwritten),
}

/// An answer that could not be written.
#[derive(Debug)]
pub(crate) struct Unwritten {
    /// Where to, and why not.
    pub(crate) what: String,
    /// What it means for the money.
    pub(crate) money: String,
    /// How to have the answer anyway.
    pub(crate) advice: String,
}

/// What a proxy that is down means for the money.
const PROXY_MONEY: &str = "Nothing was moved, and no request was made.";
/// What an error means that is found before anything is done.
const UNCHANGED_MONEY: &str = "Nothing was moved or changed.";
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

    pub(crate) fn money(&self) -> &'static str {
        match self.paid {
            true => "It is paid, and the wallet keeps the receipt.",
            false => "Nothing was paid for it.",
        }
    }

    pub(crate) fn advice(&self) -> &'static str {
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
            Self::Terminal(_) | Self::Unwritten(_) => 1,
            Self::Usage(_) => 2,
            Self::Wallet(error) => wallet_exit_code(error),
            Self::Unchanged { .. } => 3,
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
                told(
                    &explained.what,
                    &explained.money,
                    &advice::text(&explained.advice),
                )
            }
            Self::Usage(text) => match text.trim().strip_prefix("error:") {
                Some(rest) => format!("{error}{rest}"),
                // Help, for a command line that says nothing.
                None => text.trim_end().to_owned(),
            },
            Self::Terminal(text) => format!("{error} {text}"),
            Self::Proxy(reason) => told(reason, PROXY_MONEY, PROXY_ADVICE),
            Self::Unchanged { what, advice, .. } => told(what, UNCHANGED_MONEY, advice),
            Self::BrokenOff(off) => told(&off.what(), off.money(), off.advice()),
            Self::Unwritten(Unwritten {
                what,
                money,
                advice,
            }) => told(what, money, advice),
        }
    }

    /// `{"error": {"code", "what", "money", "advice", "mint_code", "open_operation", "exit_code"}}`; what
    /// there is nothing to say of is null.
    pub(crate) fn json(&self) -> Value {
        let (code, what, told) = match self {
            Self::Wallet(error) => {
                let told = error.explain();
                let advice = advice::text(&told.advice);
                (error.code(), told.what, Some((told.money, advice)))
            }
            Self::Usage(text) => ("usage", bare(text).to_owned(), None),
            Self::Terminal(text) => ("terminal", text.clone(), None),
            Self::Proxy(reason) => {
                let told = (PROXY_MONEY.to_owned(), PROXY_ADVICE.to_owned());
                ("proxy_unusable", reason.clone(), Some(told))
            }
            Self::Unchanged { code, what, advice } => {
                let told = (UNCHANGED_MONEY.to_owned(), (*advice).to_owned());
                (*code, (*what).to_owned(), Some(told))
            }
            Self::BrokenOff(off) => {
                let told = (off.money().to_owned(), off.advice().to_owned());
                ("page_broke_off", off.what(), Some(told))
            }
            Self::Unwritten(unwritten) => {
                let told = (unwritten.money.clone(), unwritten.advice.clone());
                ("terminal", unwritten.what.clone(), Some(told))
            }
        };
        let wallet = match self {
            Self::Wallet(error) => Some(error),
            Self::Usage(_)
            | Self::Terminal(_)
            | Self::Proxy(_)
            | Self::Unchanged { .. }
            | Self::BrokenOff(_)
            | Self::Unwritten(_) => None,
        };
        json!({"error": {
            "code": code,
            "what": what,
            "money": told.as_ref().map(|(money, _)| money),
            "advice": told.as_ref().map(|(_, advice)| advice).filter(|advice| !advice.is_empty()),
            "mint_code": wallet.and_then(|error| mint_code(error)),
            "open_operation": wallet.and_then(|error| open_operation(error)),
            "exit_code": self.exit_code(),
        }})
    }
}

/// The exit code for what the wallet says.
pub(crate) fn wallet_exit_code(error: &Error) -> u8 {
    match error {
        Error::Usage(_) | Error::Unpayable(_) => 3,
        Error::Refused(_) => 4,
        Error::Misbehaved(_) => 5,
        Error::Network(_) => 6,
        Error::Store(_) => 7,
        Error::Site(site) => match site.fault {
            Fault::Refused { .. } => EXIT_SITE,
            Fault::Silent(_) | Fault::MintUnasked(_) | Fault::Waiting => 6,
        },
    }
}

/// A text about the command line without the word that it begins with on a terminal.
fn bare(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("error:").unwrap_or(text).trim_start()
}

/// The code the mint, or a site, refused with.
fn mint_code(error: &Error) -> Option<u32> {
    match error {
        Error::Refused(refused) => Some(refused.code),
        Error::Site(Site {
            fault: Fault::Refused { code, .. },
            ..
        }) => Some(*code),
        Error::Usage(_)
        | Error::Unpayable(_)
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
            Fate::Open { id, .. } | Fate::Aside { id, .. } => Some(id),
            Fate::Nothing | Fate::TakenBack { .. } | Fate::Taken { .. } | Fate::PaidBefore => None,
        },
        Error::Usage(_) | Error::Unpayable(_) | Error::Store(_) => None,
    }
}
