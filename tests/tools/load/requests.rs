//! Requests to a mint that move tokens, and the right answers to them.

use farthing_protocol::api::{RedeemRequest, Redeemed, Signatures, SwapRequest, path};
use farthing_protocol::{BlindedMessage, Proof};

use crate::check::Checker;
use crate::check::Prepared;
use crate::funds::Wallet;
use crate::plan::{Op, Plan, parallel};
use farthing_testkit::Result;
use farthing_testkit::client::{Blanks, Keyset, proofs, withdraw_body};

/// Gets the tokens that the requests spend, and makes all requests.
///
/// # Errors
/// When the mint refuses, or an account is needed and there is none.
pub(super) fn prepare(wallet: Wallet<'_>, plan: Plan) -> Result<Prepared> {
    let amounts: Vec<_> = (0..plan.count).map(|index| plan.amounts(index)).collect();
    let inputs = amounts.iter().map(|(inputs, _)| inputs.as_slice());
    let spent = inputs.collect::<Vec<_>>().concat();
    let mut tokens = proofs(&wallet.tokens(&spent, Blanks::of)?).into_iter();
    let items: Vec<(Vec<Proof>, Vec<u64>)> = amounts
        .into_iter()
        .map(|(inputs, outputs)| (tokens.by_ref().take(inputs.len()).collect(), outputs))
        .collect();
    let made = parallel(items, |(inputs, outputs)| {
        request(&wallet, plan.op, inputs, &outputs)
    })?;
    let (requests, expected) = made.into_iter().unzip();
    let keyset = wallet.keyset;
    let checker = Box::new(Answers { keyset, expected });
    Ok(Prepared { requests, checker })
}

/// A request, and the answer that it must have. Nobody will need its outputs' tokens.
fn request(
    wallet: &Wallet<'_>,
    op: Op,
    inputs: Vec<Proof>,
    amounts: &[u64],
) -> Result<(Vec<u8>, Expected)> {
    let blanks = Blanks::of(&wallet.keyset, amounts)?;
    let outputs = blanks.outputs.clone();
    let spent: u64 = inputs.iter().map(|input| input.amount).sum();
    let expected = Expected {
        outputs: outputs.clone(),
        credited: (op == Op::Redeem).then(|| spent - amounts.iter().sum::<u64>()),
    };
    let of_account = |path, body: &str| -> Result<_> {
        let account = wallet.account()?;
        Ok(account.door.post(path, Some(account.token), body))
    };
    let request = match op {
        Op::Buy | Op::Get => return Err("not a request to a mint".into()),
        Op::Swap => {
            let body = serde_json::to_string(&SwapRequest { inputs, outputs })?;
            wallet.door.post(path::SWAP, None, &body)
        }
        Op::Redeem => {
            let body = serde_json::to_string(&RedeemRequest {
                inputs,
                outputs,
                reference: None,
            })?;
            of_account(path::REDEEM, &body)?
        }
        Op::Withdraw => of_account(path::WITHDRAW, &withdraw_body(&blanks))?,
    };
    Ok((request, expected))
}

/// What an answer must say.
struct Expected {
    outputs: Vec<BlindedMessage>,
    /// What a redemption credits.
    credited: Option<u64>,
}

/// The right answers.
struct Answers {
    keyset: Keyset,
    expected: Vec<Expected>,
}

impl Checker for Answers {
    fn check(&self, index: usize, body: &[u8], proofs: bool) -> Result<()> {
        let expected = self.expected.get(index).ok_or("no such request")?;
        let signatures = match expected.credited {
            None => serde_json::from_slice::<Signatures>(body)?.signatures,
            Some(credited) => {
                let redeemed: Redeemed = serde_json::from_slice(body)?;
                if redeemed.credited != credited {
                    return Err("another sum was credited".into());
                }
                redeemed.signatures
            }
        };
        if signatures.len() != expected.outputs.len() {
            return Err("not one signature for each output".into());
        }
        for (output, signature) in expected.outputs.iter().zip(&signatures) {
            if (signature.amount, signature.id) != (output.amount, output.id) {
                return Err("a signature is for something else than its output".into());
            }
            if proofs {
                self.keyset.verify(output, signature)?;
            }
        }
        Ok(())
    }
}
