//! What a request pays with: its headers, read and checked before anything is asked of anybody
//! (`docs/reference/protocol.md`, sections 12.2, 12.3 and 12.6).

use axum::http::HeaderMap;
use farthing_client::json;
use farthing_protocol::api::RedeemRequest;
use farthing_protocol::payment::{change, header};
use farthing_protocol::{
    BlindedMessage, ErrorCode, Proof, Reference, Secret, Token, TokenProof, amount,
};
use sha2::{Digest as _, Sha256};

use crate::error::Refusal;
use crate::keys::{Keys, Mark};
use crate::locked;
use crate::mint::Mint;
use crate::records::Purpose;

/// A payment as it came: nothing of it is verified.
pub(crate) struct Payment {
    token: Token,
    outputs: Vec<BlindedMessage>,
}

/// The terms of a payment today.
pub(crate) struct Terms<'a> {
    pub(crate) amount: u64,
    pub(crate) mint: &'a Mint,
}

impl Payment {
    /// Reads the payment of a request; `None` when there is none.
    ///
    /// # Errors
    /// [`ErrorCode::Malformed`], [`ErrorCode::DuplicateInputs`].
    pub(crate) fn read(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let outputs = single(headers, header::OUTPUTS)?;
        let Some(token) = single(headers, header::CASHU)? else {
            return match outputs {
                None => Ok(None),
                Some(_) => Err(malformed(
                    "X-Cashu-Outputs comes without a token in X-Cashu",
                )),
            };
        };
        let token = Token::decode(token).map_err(|e| malformed(format!("X-Cashu: {e}")))?;
        let outputs = match outputs {
            None => Vec::new(),
            Some(text) => change::decode_outputs(text)
                .map_err(|e| malformed(format!("X-Cashu-Outputs: {e}")))?,
        };
        let payment = Self { token, outputs };
        payment.check_no_token_twice()?;
        Ok(Some(payment))
    }

    /// Checks that the payment is what is asked for now, and no more.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing was asked of the mint but perhaps its keysets.
    pub(crate) async fn check(&mut self, terms: &Terms<'_>) -> Result<(), Refusal> {
        self.check_unit(terms)?;
        self.check_amount(terms)?;
        self.resolve(terms.mint).await
    }

    /// Puts the keysets' ids in full.
    ///
    /// # Errors
    /// [`ErrorCode::KeysetUnknown`], and [`ErrorCode::MintUnsupported`] when the token names another mint's
    /// address besides.
    pub(crate) async fn resolve(&mut self, mint: &Mint) -> Result<(), Refusal> {
        let is_at = mint.is_at(&self.token.mint);
        for token in &mut self.token.proofs {
            let full = mint.resolve(&token.proof.id).await;
            token.proof.id = full.ok_or_else(|| not_of(mint, is_at))?;
        }
        Ok(())
    }

    /// Returns whether all its tokens are spent, for whatever that was.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] when the mint does not say.
    pub(crate) async fn is_spent(&self, mint: &Mint) -> Result<bool, Refusal> {
        let is_ours = self.token.unit == mint.unit;
        Ok(is_ours && mint.all_spent(self.proofs()).await?)
    }

    fn check_unit(&self, terms: &Terms<'_>) -> Result<(), Refusal> {
        let unit = &terms.mint.unit;
        if self.token.unit != *unit {
            let detail = format!("the token is not in the unit {unit}; nothing was spent");
            return Err(Refusal::new(ErrorCode::UnitUnsupported, detail));
        }
        Ok(())
    }

    /// A token is known by its secret: the same one twice would be counted twice.
    fn check_no_token_twice(&self) -> Result<(), Refusal> {
        let secrets = self.token.proofs.iter().map(|p| p.proof.secret.expose());
        let mut secrets: Vec<&str> = secrets.collect();
        secrets.sort_unstable();
        if secrets.windows(2).any(|pair| pair.first() == pair.last()) {
            let detail = "a token is there twice; nothing was spent";
            return Err(Refusal::new(ErrorCode::DuplicateInputs, detail));
        }
        Ok(())
    }

    fn check_amount(&self, terms: &Terms<'_>) -> Result<(), Refusal> {
        let (price, unit) = (terms.amount, terms.mint.money());
        let mismatch = |detail: String| Err(Refusal::new(ErrorCode::PriceMismatch, detail));
        let Ok(inputs) = self.token.amount() else {
            return mismatch(
                "the tokens add up to more than 64 bits; nothing was spent".to_owned(),
            );
        };
        let Some(change) = amount::sum(self.outputs.iter().map(|o| o.amount)) else {
            return mismatch(
                "the outputs add up to more than 64 bits; nothing was spent".to_owned(),
            );
        };
        match inputs.checked_sub(change) {
            Some(paid) if paid == price => Ok(()),
            Some(paid) if paid > price && self.outputs.is_empty() => mismatch(format!(
                "the token is worth {} and the price is {}: pay exactly, or send outputs for the change \
                 in X-Cashu-Outputs; nothing was spent",
                unit.show(inputs),
                unit.show(price)
            )),
            _ => mismatch(format!(
                "the token is worth {}, less {} of change; the price is {}; nothing was spent",
                unit.show(inputs),
                unit.show(change),
                unit.show(price)
            )),
        }
    }

    /// The tokens.
    pub(crate) fn proofs(&self) -> &[TokenProof] {
        &self.token.proofs
    }

    /// Returns the amount that is paid: the tokens less the change.
    pub(crate) fn amount(&self) -> u64 {
        let change = amount::sum(self.outputs.iter().map(|o| o.amount));
        let inputs = self.token.amount().unwrap_or_default();
        inputs.saturating_sub(change.unwrap_or(u64::MAX))
    }

    /// Returns whether change is asked for.
    pub(crate) fn has_outputs(&self) -> bool {
        !self.outputs.is_empty()
    }

    /// By what the tokens are known again.
    pub(crate) fn marks(&self, keys: &Keys) -> Vec<Mark> {
        let tokens = self.proofs().iter();
        tokens.map(|token| keys.mark(&token.proof)).collect()
    }

    /// Returns what these tokens are presented for: a keyed digest of the request and of the whole payment. It
    /// does not depend on what is known of the mint.
    pub(crate) fn purpose(&self, keys: &Keys, binding: &[u8; 32]) -> Purpose {
        let short = |token: &Proof| Proof {
            id: token.id.short(),
            ..token.clone()
        };
        let content = self.redemption(short, None);
        keys.purpose(binding, content.expose().as_bytes())
    }

    /// The same as records of version 1 have it, of payments that were redeemed without a reference.
    pub(crate) fn purpose_v1(&self, binding: &[u8; 32]) -> Purpose {
        let mut hash = Sha256::new();
        hash.update(binding);
        hash.update(self.body_v1().expose().as_bytes());
        hash.finalize().into()
    }

    /// The body of the redemption: always the same for the same purpose. It is signed for what is
    /// locked to the publisher.
    pub(crate) fn body(&self, keys: &Keys, purpose: &Purpose) -> Secret {
        let signed = |token: &Proof| locked::sign(keys, token.clone());
        self.redemption(signed, Some(keys.reference(purpose)))
    }

    /// The body of a redemption that was first sent by a version that knew no references.
    pub(crate) fn body_v1(&self) -> Secret {
        self.redemption(Proof::clone, None)
    }

    fn redemption(&self, input: impl Fn(&Proof) -> Proof, reference: Option<Reference>) -> Secret {
        let inputs = self.proofs().iter().map(|token| input(&token.proof));
        json(&RedeemRequest {
            inputs: inputs.collect(),
            outputs: self.outputs.clone(),
            reference,
        })
    }
}

/// Returns why a token is refused whose keyset the mint does not have. The address that it names decides nothing
/// else: a mint is its keysets, and has several addresses.
fn not_of(mint: &Mint, is_at: bool) -> Refusal {
    if is_at {
        let detail = "the token is of a keyset that the mint does not have; nothing was spent";
        return Refusal::new(ErrorCode::KeysetUnknown, detail);
    }
    let wanted = mint.url();
    let detail = format!("the token is not of the mint {wanted}; nothing was spent");
    Refusal::new(ErrorCode::MintUnsupported, detail)
}

/// A header that may come once, as text.
///
/// # Errors
/// [`ErrorCode::Malformed`] when it comes twice, is too long or is not text.
pub(crate) fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(malformed(format!("the header {name} comes more than once")));
    }
    if value.len() > header::BYTES_MAX {
        let max = header::BYTES_MAX;
        return Err(malformed(format!(
            "the header {name} is longer than {max} bytes"
        )));
    }
    let text = value.to_str();
    text.map(Some)
        .map_err(|_| malformed(format!("the header {name} is not text")))
}

fn malformed(what: impl std::fmt::Display) -> Refusal {
    Refusal::new(ErrorCode::Malformed, format!("{what}; nothing was spent"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn headers(of: &[(&'static str, String)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, String)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        };
        of.iter().map(pair).collect()
    }

    fn refused(of: &[(&'static str, String)]) -> String {
        let refusal = Payment::read(&headers(of)).err().unwrap();
        assert_eq!((refusal.status, refusal.code), (400, 40001));
        refusal.detail.into_owned()
    }

    #[test]
    fn no_headers_are_no_payment() {
        assert!(Payment::read(&HeaderMap::new()).unwrap().is_none());
    }

    #[test]
    fn garbage_twice_too_long_and_outputs_alone_are_refused_and_not_echoed() {
        let garbage = "cashuBs3cret".to_owned();
        let detail = refused(&[("x-cashu", garbage.clone())]);
        assert_eq!(
            detail,
            "X-Cashu: the token is incomplete or altered; nothing was spent"
        );
        let twice = [("x-cashu", garbage.clone()), ("x-cashu", garbage)];
        assert!(refused(&twice).contains("comes more than once"));
        let long = refused(&[("x-cashu", "a".repeat(64 * 1024))]);
        assert!(long.contains("is longer than 16384 bytes"), "{long}");
        let alone = refused(&[("x-cashu-outputs", "outAoA".to_owned())]);
        assert!(alone.contains("without a token"), "{alone}");
    }
}
