//! Keyed marks: how spent tokens, signed outputs and answered requests are remembered.
//!
//! A mark is 16 bytes of HMAC-SHA256 under a key derived from the seed. The database without
//! the seed reveals nothing, not even whether a known token was spent here; and nobody
//! can look for two tokens with the same mark.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::seed::Seed;
use crate::domain::{Mark, RequestDigest};

/// The keys, each already absorbed.
pub(super) struct MarkKeys {
    spent: Hmac<Sha256>,
    signed: Hmac<Sha256>,
    request: Hmac<Sha256>,
}

impl MarkKeys {
    pub(super) fn new(seed: &Seed) -> Self {
        let key = |info: &[u8]| {
            let key = seed.derive::<32>(info);
            #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
            Hmac::new_from_slice(&*key).expect("HMAC takes keys of any length")
        };
        Self {
            spent: key(b"Farthing marks v1|spent"),
            signed: key(b"Farthing marks v1|signed"),
            request: key(b"Farthing marks v1|request"),
        }
    }

    pub(super) fn spent(&self, y: &[u8]) -> Mark {
        finish(self.spent.clone().chain_update(y))
    }

    pub(super) fn signed(&self, b: &[u8]) -> Mark {
        finish(self.signed.clone().chain_update(b))
    }

    pub(super) fn request(&self, path: &str, account: i64, body: &[u8]) -> RequestDigest {
        let mac = self.request.clone().chain_update(path).chain_update([0]);
        finish(mac.chain_update(account.to_be_bytes()).chain_update(body))
    }
}

fn finish(mac: Hmac<Sha256>) -> [u8; 16] {
    let full: [u8; 32] = mac.finalize().into_bytes().into();
    let mut mark = [0; 16];
    mark.copy_from_slice(&full[..16]);
    mark
}
