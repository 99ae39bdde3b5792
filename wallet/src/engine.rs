//! A purse and the way to its mints: what every operation is run with.

use farthing_client::MintClient;

use crate::http::Http;
use crate::purse::Purse;

/// What a wallet holds, and how it reaches its mints.
pub(crate) struct Engine<S, H> {
    pub(crate) purse: Purse<S>,
    pub(crate) http: H,
}

impl<S, H: Http> Engine<S, H> {
    /// The API of the mint at an address.
    pub(crate) fn api<'a>(&'a self, mint: &'a str) -> MintClient<'a, H> {
        MintClient::new(&self.http, mint)
    }
}
