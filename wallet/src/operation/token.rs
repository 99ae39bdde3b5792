//! The token of a payment.

use farthing_protocol::payment::header;
use farthing_protocol::{Secret, Token, TokenProof};

use crate::error::payment::Unpayable;
use crate::records::{Coin, Mint};

/// The text of the token that is shown to a site: with the mint's proofs and `r` only where the site
/// checks a locked token by itself, since `r` links a token to the request it was made in.
///
/// # Errors
/// [`Unpayable::TokenTooLong`].
pub(crate) fn shown_token(
    mint: &Mint,
    inputs: &[Coin],
    with_dleq: bool,
) -> Result<Secret, Unpayable> {
    let proof = |coin: &Coin| TokenProof {
        dleq: coin.token.dleq.clone().filter(|_| with_dleq),
        ..coin.token.clone()
    };
    let token = Token {
        mint: mint.url.clone(),
        unit: mint.unit.clone(),
        memo: None,
        proofs: inputs.iter().map(proof).collect(),
    };
    let text = token.encode();
    if text.len() > header::BYTES_MAX {
        return Err(Unpayable::TokenTooLong {
            bytes: text.len(),
            max: header::BYTES_MAX,
        });
    }
    Ok(Secret::new(text.to_string()))
}
