//! What the client of a mint's API reports, as the wallet's errors.

use farthing_client::KeysetError;
use farthing_protocol::api::path;

use crate::error::{Aftermath, Error, Network, Refused, Violation};

impl From<farthing_client::Error> for Error {
    fn from(error: farthing_client::Error) -> Self {
        match error {
            farthing_client::Error::Refused(refused) => Self::Refused(Refused {
                mint: refused.mint,
                status: refused.status,
                code: refused.code,
                detail: refused.detail,
                aftermath: Aftermath::Nothing,
            }),
            farthing_client::Error::Unavailable(unavailable) => Self::Network(Network {
                mint: unavailable.mint,
                reason: unavailable.reason,
                retry_after_s: unavailable.retry_after_s,
                open: None,
            }),
            farthing_client::Error::Misbehaved { mint, violation } => {
                Self::violation(&mint, violation.into())
            }
        }
    }
}

impl From<farthing_client::Violation> for Violation {
    fn from(violation: farthing_client::Violation) -> Self {
        match violation {
            farthing_client::Violation::Answer { path, .. } => Self::Answer(path),
            farthing_client::Violation::Keyset { keyset, error } => match error {
                KeysetError::Id { computed } => Self::KeysetId {
                    shown: keyset,
                    computed,
                },
                KeysetError::Key { amount } => Self::Key { keyset, amount },
                KeysetError::Version => Self::Answer(path::KEYS.to_owned()),
            },
            farthing_client::Violation::KeysetMissing(id) => {
                Self::Answer(format!("{}/{id}", path::KEYS))
            }
            farthing_client::Violation::KeysetNotOwned(id) => Self::KeysetNotOwned(id),
            farthing_client::Violation::Identity(error) => Self::Identity(error),
            farthing_client::Violation::Decimals(decimals) => Self::Decimals(decimals),
            farthing_client::Violation::States => Self::States,
            farthing_client::Violation::Restored => Self::Restored,
        }
    }
}
