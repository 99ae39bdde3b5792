//! `issue`: a voucher, a bearer token that the operator prints against an account's balance.

use clap::Args;
use farthing_protocol::suite::{Ristretto255, Suite};
use farthing_protocol::{BlindedMessage, Proof, ProofDleq, Secret, Token, TokenProof, amount};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Output, open};
use crate::config::DataDir;
use crate::error::{Error, Result};
use crate::ledger::{Keyset, Transaction};

#[derive(Debug, Args)]
pub(super) struct Issue {
    /// How much, in the mint's unit.
    amount: u64,
    /// The account that pays for it.
    #[arg(long, value_name = "NAME")]
    account: String,
    /// What the account's statement shall say.
    #[arg(long)]
    note: Option<String>,
    /// What the token shall say to whoever receives it.
    #[arg(long)]
    memo: Option<String>,
}

#[derive(Serialize)]
struct Issued<'a> {
    amount: u64,
    unit: &'a str,
    token: &'a str,
}

/// What turns the mint's signature on one output into a proof.
struct Blank {
    secret: Secret,
    r: <Ristretto255 as Suite>::Blinding,
}

impl Issue {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<()> {
        let (config, engine) = open::engine(dir)?;
        let reader = engine.store().reader()?;
        let account = open::account(&reader, &self.account)?;
        let directory = engine.directory(&reader)?;
        let keyset = directory.active().ok_or_else(|| {
            Error::Operator("no keyset signs; run: farthing-mint keyset rotate".to_owned())
        })?;
        let parts = amount::split(self.amount, &keyset.keys.amounts());
        let parts = parts
            .filter(|p| !p.is_empty())
            .ok_or_else(|| Error::Operator("a voucher is worth at least 1".to_owned()))?;
        if parts.len() > engine.settings().limits.outputs_max {
            let detail = "the amount is too large for one token with this keyset's amounts";
            return Err(Error::Operator(detail.to_owned()));
        }
        let blanks = parts
            .iter()
            .map(|_| Blank::new())
            .collect::<Result<Vec<_>>>()?;
        let outputs = parts.iter().zip(&blanks);
        let outputs = outputs.map(|(amount, blank)| blank.output(keyset, *amount));
        let transaction = Transaction::issue(account.id, outputs.collect(), self.note);
        let answer = open::execute(&engine, transaction)?;
        let proofs = answer.signatures.iter().zip(blanks);
        let proofs = proofs.map(|(signature, blank)| blank.proof(keyset, signature));
        let token = Token {
            mint: config.url,
            unit: config.unit.clone(),
            memo: self.memo,
            proofs: proofs.collect::<Result<_>>()?,
        };
        let text = token.encode();
        let issued = Issued {
            amount: self.amount,
            unit: &config.unit,
            token: &text,
        };
        output.write(&issued, || text.to_string())
    }
}

impl Blank {
    fn new() -> Result<Self> {
        let mut secret = Zeroizing::new([0; 32]);
        let mut wide = Zeroizing::new([0; 64]);
        let filled = getrandom::fill(&mut *secret).and_then(|()| getrandom::fill(&mut *wide));
        filled.map_err(|e| Error::Operator(format!("no random numbers from the system: {e}")))?;
        let r = Ristretto255::blinding(&wide);
        Ok(Self {
            secret: Secret::new(hex::encode(*secret)),
            r: r.ok_or(Error::Invariant("a blinding factor is zero"))?,
        })
    }

    fn output(&self, keyset: &Keyset, amount: u64) -> BlindedMessage {
        let y = Ristretto255::hash_to_group(self.secret.expose().as_bytes());
        BlindedMessage {
            amount,
            id: keyset.id,
            b: Ristretto255::encode_point(&Ristretto255::blind(&y, &self.r)),
        }
    }

    fn proof(
        self,
        keyset: &Keyset,
        signature: &farthing_protocol::BlindSignature,
    ) -> Result<TokenProof> {
        let broken = |_| Error::Invariant("the mint's own signature does not decode");
        let public = keyset.keys.get(signature.amount);
        let public = public.ok_or(Error::Invariant("no key for an amount just signed"))?;
        let public = Ristretto255::decode_point(public).map_err(broken)?;
        let c = Ristretto255::decode_point(&signature.c).map_err(broken)?;
        let c = Ristretto255::unblind(&c, &self.r, &public);
        Ok(TokenProof {
            proof: Proof {
                amount: signature.amount,
                id: keyset.id,
                secret: self.secret,
                c: Ristretto255::encode_point(&c),
                witness: None,
            },
            dleq: Some(ProofDleq {
                e: signature.dleq.e.clone(),
                s: signature.dleq.s.clone(),
                r: Ristretto255::encode_blinding(&self.r),
            }),
        })
    }
}
