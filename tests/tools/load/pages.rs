//! Requests for pages, behind a paywall or not.

use std::sync::OnceLock;
use std::time::Duration;

use farthing_protocol::conditions::Lock;
use farthing_protocol::payment::PaymentRequest;
use farthing_protocol::{Secret, Token, TokenProof};
use serde::Deserialize;

use crate::check::Checker;
use crate::check::Prepared;
use crate::fire::{self, Outcome, Pace};
use crate::funds::Wallet;
use crate::plan::{Plan, parallel, parts};
use crate::wire::Target;
use farthing_testkit::Result;
use farthing_testkit::client::{Blanks, Keyset};
use farthing_testkit::tokens::random_secret;

/// Requests for a page that costs nothing.
pub(super) fn free(page: &Target, plan: Plan) -> Prepared {
    Prepared {
        requests: vec![page.get(""); plan.count],
        checker: Box::new(SamePage::default()),
    }
}

/// Asks the page for its price, gets tokens for it (locked, where the publisher wants that), and
/// makes a paying request for each.
///
/// # Errors
/// When the page has no price, or the mint refuses.
pub(super) fn paid(wallet: &Wallet<'_>, page: &Target, plan: Plan) -> Result<Prepared> {
    let asked = asked(page)?;
    let price = asked.amount.ok_or("a price without an amount")?;
    if !price.is_power_of_two() || price < plan.inputs.next_power_of_two() as u64 {
        return Err("the price must be a power of two, at least the number of inputs".into());
    }
    let each = parts(price, plan.inputs);
    let lock = asked.lock.as_ref().map(|lock| lock_key(&lock.data));
    let lock = lock.transpose()?;
    let amounts = each.repeat(plan.count);
    let tokens = wallet.tokens(&amounts, |keyset, amounts| match &lock {
        None => Blanks::of(keyset, amounts),
        Some(key) => locked(keyset, amounts, key),
    })?;
    let (mint_url, unit) = (
        asked.mints.first().ok_or("a price without a mint")?,
        asked.unit.as_ref().ok_or("a price without a unit")?,
    );
    let payments = tokens.chunks(each.len()).map(<[TokenProof]>::to_vec);
    let requests = parallel(payments.collect(), |mut proofs: Vec<TokenProof>| {
        if lock.is_none() {
            proofs.iter_mut().for_each(|proof| proof.dleq = None);
        }
        let token = Token {
            mint: mint_url.clone(),
            unit: unit.clone(),
            memo: None,
            proofs,
        };
        let header = format!("x-cashu: {}\r\n", *token.encode());
        Ok(page.get_with("", &header))
    })?;
    Ok(Prepared {
        requests,
        checker: Box::new(SamePage::default()),
    })
}

/// The price that the page asks.
fn asked(page: &Target) -> Result<PaymentRequest> {
    #[derive(Deserialize)]
    struct Told {
        request: String,
    }
    let pace = Pace {
        connections: 1,
        limit: Duration::from_secs(60),
        pause: None,
    };
    match fire::fire(page, &[page.get("")], pace)?.outcomes.pop() {
        Some(Outcome::Answered {
            status: 402, body, ..
        }) => {
            let told: Told = serde_json::from_slice(&body)?;
            Ok(PaymentRequest::decode(&told.request)?)
        }
        _ => Err("the page asks for no payment".into()),
    }
}

fn lock_key(data: &str) -> Result<[u8; 32]> {
    let digits = |at: usize| data.get(2 * at..2 * at + 2);
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits(at).ok_or("a short key")?, 16)?;
    }
    Ok(key)
}

/// Outputs whose tokens are locked to `key`.
fn locked(keyset: &Keyset, amounts: &[u64], key: &[u8; 32]) -> Result<Blanks> {
    let secret = |_| Ok(Lock::p2pk_secret(key, &random_secret()?));
    let secrets: Vec<Secret> = amounts.iter().map(secret).collect::<Result<_>>()?;
    Blanks::of_secrets(keyset, amounts, &secrets)
}

/// All answers have the same body as the first, and it is not empty.
#[derive(Default)]
struct SamePage(OnceLock<Vec<u8>>);

impl Checker for SamePage {
    fn check(&self, _: usize, body: &[u8], _: bool) -> Result<()> {
        let page = self.0.get_or_init(|| body.to_vec());
        if page != body || body.is_empty() {
            return Err("another page".into());
        }
        Ok(())
    }
}
