//! Requests to another Cashu mint, on secp256k1 keysets (NUT-00, -03, -04, -12, -23).

use std::collections::BTreeMap;
use std::time::Duration;

use secp256k1::{Parity, PublicKey, Scalar, SecretKey, XOnlyPublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::check::Checker;
use super::fire;
use super::wire::Target;
use super::{Op, Plan, Prepared, parallel};
use crate::Result;

/// Outputs of one request while preparing.
const OUTPUTS_MAX: usize = 500;
/// How often a quote is asked about before the payment backend is given up.
const POLLS_MAX: usize = 200;

#[derive(Deserialize)]
struct Keys {
    keysets: Vec<Keyset>,
}

#[derive(Clone, Deserialize)]
struct Keyset {
    id: String,
    unit: String,
    #[serde(default)]
    input_fee_ppk: u64,
    keys: BTreeMap<u64, String>,
}

#[derive(Clone, Serialize)]
struct Proof {
    amount: u64,
    id: String,
    secret: String,
    #[serde(rename = "C")]
    c: String,
}

#[derive(Clone, Serialize)]
struct Output {
    amount: u64,
    id: String,
    #[serde(rename = "B_")]
    b: String,
}

#[derive(Serialize)]
struct SwapRequest {
    inputs: Vec<Proof>,
    outputs: Vec<Output>,
}

#[derive(Deserialize)]
struct Quote {
    quote: String,
    state: String,
}

#[derive(Deserialize)]
struct Signatures {
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    amount: u64,
    id: String,
    #[serde(rename = "C_")]
    c: String,
    dleq: Option<Dleq>,
}

#[derive(Deserialize)]
struct Dleq {
    e: String,
    s: String,
}

/// The client's side of one output.
struct Blank {
    amount: u64,
    secret: String,
    r: SecretKey,
    b: PublicKey,
}

/// Buys the tokens that the requests spend, and makes all requests.
///
/// # Errors
/// When the mint refuses, or nobody pays its invoices.
pub(super) fn prepare(target: &Target, plan: Plan) -> Result<Prepared> {
    if plan.op != Op::Swap {
        return Err("--cashu knows swaps only".into());
    }
    let keys: Keys = serde_json::from_slice(&fire::ask(target, target.get("/v1/keys"))?)?;
    let keyset = keys.keysets.into_iter().find(|keyset| keyset.unit == "sat");
    let keyset = keyset.ok_or("no keyset in sat")?;
    if keyset.input_fee_ppk > 0 {
        return Err("the keyset has a fee, and these requests pay none".into());
    }
    let points = keyset
        .keys
        .iter()
        .map(|(amount, key)| Ok((*amount, point(key)?)));
    let wallet = Wallet {
        target,
        id: keyset.id,
        keys: points.collect::<Result<_>>()?,
    };
    let amounts: Vec<_> = (0..plan.count).map(|index| plan.amounts(index)).collect();
    let spent = amounts
        .iter()
        .flat_map(|(inputs, _)| inputs.iter().copied());
    let mut tokens = wallet.buy(&spent.collect::<Vec<_>>())?.into_iter();
    let items: Vec<(Vec<Proof>, Vec<u64>)> = amounts
        .into_iter()
        .map(|(inputs, outputs)| (tokens.by_ref().take(inputs.len()).collect(), outputs))
        .collect();
    let made = parallel(items, |(inputs, outputs)| wallet.swap(inputs, &outputs))?;
    let (requests, expected) = made.into_iter().unzip();
    let checker = Box::new(Answers {
        id: wallet.id,
        keys: wallet.keys,
        expected,
    });
    Ok(Prepared { requests, checker })
}

/// Who prepares.
struct Wallet<'a> {
    target: &'a Target,
    id: String,
    keys: BTreeMap<u64, PublicKey>,
}

impl Wallet<'_> {
    /// Pays invoices, many tokens each, and has the tokens minted.
    fn buy(&self, amounts: &[u64]) -> Result<Vec<Proof>> {
        let mut tokens = Vec::new();
        for amounts in amounts.chunks(OUTPUTS_MAX) {
            let total: u64 = amounts.iter().sum();
            let quote = self.paid_quote(total)?;
            let blanks = parallel(amounts.to_vec(), Blank::random)?;
            let outputs: Vec<Output> = blanks.iter().map(|b| b.output(&self.id)).collect();
            let body = serde_json::json!({"quote": quote, "outputs": outputs}).to_string();
            let signed = fire::ask(
                self.target,
                self.target.post("/v1/mint/bolt11", None, &body),
            )?;
            let signed: Signatures = serde_json::from_slice(&signed)?;
            let items = blanks.into_iter().zip(signed.signatures).collect();
            tokens.extend(parallel(
                items,
                |(blank, signature): (Blank, Signature)| {
                    let key = self.keys.get(&blank.amount).ok_or("no such key")?;
                    blank.unblind(&signature, key)
                },
            )?);
        }
        Ok(tokens)
    }

    fn paid_quote(&self, total: u64) -> Result<String> {
        let body = serde_json::json!({"amount": total, "unit": "sat"}).to_string();
        let path = "/v1/mint/quote/bolt11";
        let mut body = fire::ask(self.target, self.target.post(path, None, &body))?;
        for _ in 0..POLLS_MAX {
            let quote: Quote = serde_json::from_slice(&body)?;
            if quote.state == "PAID" {
                return Ok(quote.quote);
            }
            std::thread::sleep(Duration::from_millis(50));
            let path = format!("{path}/{}", quote.quote);
            body = fire::ask(self.target, self.target.get(&path))?;
        }
        Err("the mint's invoice was not paid".into())
    }

    fn swap(&self, inputs: Vec<Proof>, amounts: &[u64]) -> Result<(Vec<u8>, Vec<Expected>)> {
        let blanks = amounts.iter().map(|amount| Blank::random(*amount));
        let blanks = blanks.collect::<Result<Vec<_>>>()?;
        let outputs = blanks.iter().map(|blank| blank.output(&self.id)).collect();
        let body = serde_json::to_string(&SwapRequest { inputs, outputs })?;
        let expected = blanks
            .into_iter()
            .map(|Blank { amount, b, .. }| Expected { amount, b });
        Ok((
            self.target.post("/v1/swap", None, &body),
            expected.collect(),
        ))
    }
}

impl Blank {
    /// A random one: `B_ = Y + r·G`.
    fn random(amount: u64) -> Result<Self> {
        let (mut secret, mut r) = ([0; 32], [0; 32]);
        getrandom::fill(&mut secret)?;
        getrandom::fill(&mut r)?;
        let secret = hex::encode(secret);
        let r = SecretKey::from_secret_bytes(r)?;
        let b = hash_to_curve(secret.as_bytes())?.combine(&r.public_key())?;
        Ok(Self {
            amount,
            secret,
            r,
            b,
        })
    }

    fn output(&self, id: &str) -> Output {
        Output {
            amount: self.amount,
            id: id.to_owned(),
            b: hex::encode(self.b.serialize()),
        }
    }

    /// `C = C_ − r·K`.
    fn unblind(self, signature: &Signature, key: &PublicKey) -> Result<Proof> {
        let blinding = key.mul_tweak(&scalar(self.r.to_secret_bytes())?)?;
        let c = point(&signature.c)?.combine(&blinding.negate())?;
        Ok(Proof {
            amount: self.amount,
            id: signature.id.clone(),
            secret: self.secret,
            c: hex::encode(c.serialize()),
        })
    }
}

/// What a signature must be for.
struct Expected {
    amount: u64,
    b: PublicKey,
}

/// The right answers.
struct Answers {
    id: String,
    keys: BTreeMap<u64, PublicKey>,
    expected: Vec<Vec<Expected>>,
}

impl Checker for Answers {
    fn check(&self, index: usize, body: &[u8], proofs: bool) -> Result<()> {
        let expected = self.expected.get(index).ok_or("no such request")?;
        let signatures = serde_json::from_slice::<Signatures>(body)?.signatures;
        if signatures.len() != expected.len() {
            return Err("not one signature for each output".into());
        }
        for (output, signature) in expected.iter().zip(&signatures) {
            if (signature.amount, &signature.id) != (output.amount, &self.id) {
                return Err("a signature is for something else than its output".into());
            }
            if proofs {
                let key = self.keys.get(&output.amount).ok_or("no such key")?;
                verify(key, &output.b, signature)?;
            }
        }
        Ok(())
    }
}

/// NUT-12: `R1 = s·G − e·K`, `R2 = s·B_ − e·C_`, and `e` is the hash of `R1`, `R2`, `K` and `C_`.
fn verify(key: &PublicKey, b: &PublicKey, signature: &Signature) -> Result<()> {
    let dleq = signature
        .dleq
        .as_ref()
        .ok_or("a signature without a proof")?;
    let c = point(&signature.c)?;
    let (e, s) = (bytes(&dleq.e)?, bytes(&dleq.s)?);
    let s_g = SecretKey::from_secret_bytes(s)?.public_key();
    let r1 = s_g.combine(&key.mul_tweak(&scalar(e)?)?.negate())?;
    let s_b = b.mul_tweak(&scalar(s)?)?;
    let r2 = s_b.combine(&c.mul_tweak(&scalar(e)?)?.negate())?;
    let mut hash = Sha256::new();
    for point in [&r1, &r2, key, &c] {
        hash.update(hex::encode(point.serialize_uncompressed()));
    }
    let expected: [u8; 32] = hash.finalize().into();
    if expected != e {
        return Err("the mint's proof does not verify".into());
    }
    Ok(())
}

/// NUT-00, `hash_to_curve`.
fn hash_to_curve(message: &[u8]) -> Result<PublicKey> {
    let hash = Sha256::new_with_prefix(b"Secp256k1_HashToCurve_Cashu_").chain_update(message);
    let hash = hash.finalize();
    for counter in 0..u32::from(u16::MAX) {
        let x = Sha256::new_with_prefix(hash).chain_update(counter.to_le_bytes());
        if let Ok(x) = XOnlyPublicKey::from_byte_array(x.finalize().into()) {
            return Ok(x.public_key(Parity::Even));
        }
    }
    Err("no point for this secret".into())
}

fn point(text: &str) -> Result<PublicKey> {
    Ok(PublicKey::from_slice(&hex::decode(text)?)?)
}

fn scalar(bytes: [u8; 32]) -> Result<Scalar> {
    Ok(Scalar::from_be_bytes(bytes)?)
}

fn bytes(text: &str) -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_points_of_nut_00() {
        let message = hex::decode(format!("{:064x}", 0)).unwrap();
        assert_eq!(
            hex::encode(hash_to_curve(&message).unwrap().serialize()),
            "024cce997d3b518f739663b757deaec95bcd9473c30a14ac2fd04023a739d1a725"
        );
    }
}
