//! Sending an operation's request to the mint, once.

use farthing_protocol::TokenProof;
use farthing_protocol::api::{Redeemed, Signatures};

use crate::engine::Engine;
use crate::error::{Error, Violation};
use crate::http::Http;
use crate::purse::outputs;
use crate::records::{Kind, Mint, Operation};
use crate::store::Store;

impl<S: Store, H: Http> Engine<S, H> {
    /// Sends an operation's request once; gives the verified tokens in the order of its outputs.
    pub(crate) async fn attempt(
        &self,
        operation: &Operation,
        mint: &Mint,
    ) -> Result<Vec<TokenProof>, Error> {
        let url = &operation.mint;
        let api = self.api(url);
        let body = Some(&operation.body);
        let bearer = match operation.kind {
            Kind::Withdraw | Kind::Redeem => mint.api_token.as_ref(),
            _ => None,
        };
        let signatures = if operation.kind == Kind::Redeem {
            let answer: Redeemed = api.call(&operation.path, bearer, body).await?;
            if answer.credited != operation.amount {
                let (expected, got) = (operation.amount, answer.credited);
                let unit = mint.shown_in();
                let violation = Violation::Credited {
                    expected,
                    got,
                    unit,
                };
                return Err(Error::violation(url, violation));
            }
            answer.signatures
        } else {
            let answer: Signatures = api.call(&operation.path, bearer, body).await?;
            answer.signatures
        };
        let keysets = self.purse.tables.keysets(url).await?;
        outputs::unblind_all(&self.purse.seed, &keysets, &operation.outputs, &signatures)
            .map_err(|violation| Error::violation(url, violation))
    }
}
