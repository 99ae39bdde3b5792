//! Failures as the terminal shows them: an exit code, and three sentences or one JSON object.

use farthing_wallet::Error;
use farthing_wallet::error::Aftermath;
use serde_json::{Value, json};

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The wallet says no.
    Wallet(Box<Error>),
    /// The command line is wrong; the text is clap's.
    Usage(String),
    /// Reading standard input or writing standard output failed, or there is no place for the wallet.
    Terminal(String),
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
            },
        }
    }

    /// For standard error.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Wallet(error) => {
                let told = error.explain();
                format!(
                    "error: {}\n  money: {}\n  to do: {}",
                    told.what, told.money, told.advice
                )
            }
            Self::Usage(text) => text.trim_end().to_owned(),
            Self::Terminal(text) => format!("error: {text}"),
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
        };
        json!({ "error": body })
    }
}

/// The code the mint refused with.
fn mint_code(error: &Error) -> Option<u32> {
    match error {
        Error::Refused(refused) => Some(refused.code),
        Error::Caller(_) | Error::Misbehaved(_) | Error::Network(_) | Error::Store(_) => None,
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
        Error::Caller(_) | Error::Store(_) => None,
    }
}
