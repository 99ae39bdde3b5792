//! What the client of a mint's API reports, as the wallet's errors.

use farthing_client::{KeysetError, Violation};
use farthing_protocol::api::path;

use crate::error::{Aftermath, Error, Lie, Network, Refused};

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
                Self::lie(&mint, violation.into())
            }
        }
    }
}

impl From<Violation> for Lie {
    fn from(violation: Violation) -> Self {
        match violation {
            Violation::Answer { path, .. } => Self::Answer(path),
            Violation::Keyset { keyset, error } => match error {
                KeysetError::Id { computed } => Self::KeysetId {
                    shown: keyset,
                    computed,
                },
                KeysetError::Key { amount } => Self::Key { keyset, amount },
                KeysetError::Version => Self::Answer(path::KEYS.to_owned()),
            },
            Violation::KeysetMissing(id) => Self::Answer(format!("{}/{id}", path::KEYS)),
            Violation::KeysetNotOwned(id) => Self::KeysetNotOwned(id),
            Violation::Identity(error) => Self::Identity(error),
            Violation::Decimals(decimals) => Self::Decimals(decimals),
            Violation::States => Self::States,
            Violation::Restored => Self::Restored,
        }
    }
}
