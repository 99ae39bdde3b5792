//! What the client of a mint's API reports, as the wallet's errors.

use crate::error::{Aftermath, Error, Network, Refused};

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
