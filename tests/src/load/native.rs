//! Requests to a Farthing mint, on ristretto255 keysets.

use std::collections::BTreeMap;
use std::time::Duration;

use farthing_protocol::api::{
    Info, Keys, RedeemRequest, Redeemed, Signatures, SwapRequest, WithdrawRequest, path,
};
use farthing_protocol::suite::{Ristretto255, Suite};
use farthing_protocol::{Blank, BlindSignature, BlindedMessage, Proof, TokenProof};

use super::check::Checker;
use super::fire::{self, Pace};
use super::wire::Target;
use super::{Op, Plan, Prepared, parallel};
use crate::Result;
use crate::client::{Blanks, Keyset, proofs, withdraw_body};

type Point = <Ristretto255 as Suite>::Point;

/// Withdraws the tokens that the requests spend, and makes all requests.
///
/// # Errors
/// When the mint refuses, for example because the account holds too little.
pub(super) fn prepare(target: &Target, token: &str, plan: Plan) -> Result<Prepared> {
    let keyset = keyset(target)?;
    let wallet = Wallet {
        target,
        token,
        keyset: &keyset,
    };
    let amounts: Vec<_> = (0..plan.count).map(|index| plan.amounts(index)).collect();
    let spent = amounts
        .iter()
        .flat_map(|(inputs, _)| inputs.iter().copied());
    let mut tokens = proofs(&wallet.withdraw(spent.collect(), Blanks::of)?).into_iter();
    let items: Vec<(Vec<Proof>, Vec<u64>)> = amounts
        .into_iter()
        .map(|(inputs, outputs)| (tokens.by_ref().take(inputs.len()).collect(), outputs))
        .collect();
    let made = parallel(items, |(inputs, outputs)| {
        wallet.request(plan.op, inputs, &outputs)
    })?;
    let (requests, expected) = made.into_iter().unzip();
    let checker = Box::new(Answers::new(&keyset, expected)?);
    Ok(Prepared { requests, checker })
}

/// The mint's active keyset.
///
/// # Errors
/// When it takes a fee.
pub(super) fn keyset(target: &Target) -> Result<Keyset> {
    let keys: Keys = get(target, path::KEYS)?;
    let keyset = keys.keysets.into_iter().next().ok_or("no active keyset")?;
    if keyset.info.input_fee_ppk > 0 {
        return Err("the keyset has a fee, and these requests pay none".into());
    }
    Ok(Keyset {
        id: keyset.info.id,
        keys: keyset.keys,
    })
}

fn get<T: serde::de::DeserializeOwned>(target: &Target, path: &str) -> Result<T> {
    let body = fire::ask(target, target.get(path))?;
    Ok(serde_json::from_slice(&body)?)
}

/// Who prepares.
pub(super) struct Wallet<'a> {
    pub(super) target: &'a Target,
    pub(super) token: &'a str,
    pub(super) keyset: &'a Keyset,
}

impl Wallet<'_> {
    /// Withdraws tokens of these amounts, many in a request, with the outputs that `make` makes.
    pub(super) fn withdraw(
        &self,
        amounts: Vec<u64>,
        make: impl Fn(&Keyset, &[u64]) -> Result<Blanks> + Sync,
    ) -> Result<Vec<TokenProof>> {
        let info: Info = get(self.target, path::INFO)?;
        let chunks = amounts.chunks(info.limits.outputs_max.min(256));
        let chunks = chunks.map(<[u64]>::to_vec).collect();
        let blanks = parallel(chunks, |amounts| make(self.keyset, &amounts))?;
        let request = |blanks: &Blanks| {
            let body = withdraw_body(blanks);
            self.target.post(path::WITHDRAW, Some(self.token), &body)
        };
        let requests: Vec<_> = blanks.iter().map(request).collect();
        let pace = Pace {
            connections: 4,
            limit: Duration::from_secs(600),
            pause: Some(Duration::from_millis(100)),
        };
        let bodies = fire::ask_all(self.target, &requests, pace)?;
        let items = blanks.into_iter().zip(bodies).collect();
        let tokens = parallel(items, |(blanks, body): (Blanks, Vec<u8>)| {
            let signed: Signatures = serde_json::from_slice(&body)?;
            blanks.unblind(&signed.signatures)
        });
        Ok(tokens?.into_iter().flatten().collect())
    }

    /// A request, and the answer that it must have.
    fn request(&self, op: Op, inputs: Vec<Proof>, amounts: &[u64]) -> Result<(Vec<u8>, Expected)> {
        let outputs = amounts.iter().map(|amount| self.output(*amount));
        let outputs = outputs.collect::<Result<Vec<_>>>()?;
        let spent: u64 = inputs.iter().map(|input| input.amount).sum();
        let expected = Expected {
            outputs: outputs.clone(),
            credited: (op == Op::Redeem).then(|| spent - amounts.iter().sum::<u64>()),
        };
        let (path, body) = match op {
            Op::Buy | Op::Get => return Err("not a request to a mint".into()),
            Op::Swap => (
                path::SWAP,
                serde_json::to_string(&SwapRequest { inputs, outputs }),
            ),
            Op::Redeem => (
                path::REDEEM,
                serde_json::to_string(&RedeemRequest { inputs, outputs }),
            ),
            Op::Withdraw => (
                path::WITHDRAW,
                serde_json::to_string(&WithdrawRequest { outputs }),
            ),
        };
        let token = (op != Op::Swap).then_some(self.token);
        Ok((self.target.post(path, token, &body?), expected))
    }

    /// An output whose token nobody will need.
    fn output(&self, amount: u64) -> Result<BlindedMessage> {
        let (mut secret, mut r) = ([0; 32], [0; 64]);
        getrandom::fill(&mut secret)?;
        getrandom::fill(&mut r)?;
        let blank = Blank::<Ristretto255>::from_random(&secret, &r);
        Ok(blank
            .ok_or("a zero blinding factor")?
            .output(amount, self.keyset.id))
    }
}

/// What an answer must say.
struct Expected {
    outputs: Vec<BlindedMessage>,
    /// What a redemption credits.
    credited: Option<u64>,
}

/// The right answers.
struct Answers {
    keys: BTreeMap<u64, Point>,
    expected: Vec<Expected>,
}

impl Answers {
    fn new(keyset: &Keyset, expected: Vec<Expected>) -> Result<Self> {
        let keys = keyset.keys.iter();
        let keys = keys.map(|(amount, key)| Ok((amount, Ristretto255::decode_point(key)?)));
        Ok(Self {
            keys: keys.collect::<Result<_>>()?,
            expected,
        })
    }

    fn verify(&self, output: &BlindedMessage, signature: &BlindSignature) -> Result<()> {
        let key = self.keys.get(&output.amount).ok_or("no such key")?;
        let b = Ristretto255::decode_point(&output.b)?;
        let c = Ristretto255::decode_point(&signature.c)?;
        Ok(Ristretto255::verify_proof(key, &b, &c, &signature.dleq)?)
    }
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
                self.verify(output, signature)?;
            }
        }
        Ok(())
    }
}
