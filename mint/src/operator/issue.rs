//! `issue`: a voucher, a bearer token that the operator prints against an account's balance.

use clap::Args;
use farthing_protocol::suite::Ristretto255;
use farthing_protocol::{Blank, BlindSignature, Token, TokenProof, amount};
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
            .map(|_| random_blank())
            .collect::<Result<Vec<_>>>()?;
        let outputs = parts.iter().zip(&blanks);
        let outputs = outputs.map(|(amount, blank)| blank.output(*amount, keyset.id));
        let transaction = Transaction::issue(account.id, outputs.collect(), self.note);
        let answer = open::execute(&engine, transaction)?;
        let proofs = answer.signatures.iter().zip(blanks);
        let proofs = proofs.map(|(signature, blank)| unblind(keyset, blank, signature));
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

/// A blank of random bytes: nobody restores a voucher from a phrase.
fn random_blank() -> Result<Blank<Ristretto255>> {
    let mut secret = Zeroizing::new([0; 32]);
    let mut r = Zeroizing::new([0; 64]);
    let filled = getrandom::fill(&mut *secret).and_then(|()| getrandom::fill(&mut *r));
    filled.map_err(|e| Error::Operator(format!("no random numbers from the system: {e}")))?;
    Blank::from_random(&secret, &r).ok_or(Error::Invariant("a blinding factor is zero"))
}

fn unblind(
    keyset: &Keyset,
    blank: Blank<Ristretto255>,
    signature: &BlindSignature,
) -> Result<TokenProof> {
    let public = keyset.keys.get(signature.amount);
    let public = public.ok_or(Error::Invariant("no key for an amount just signed"))?;
    let broken = |_| Error::Invariant("the mint's own signature does not verify");
    blank.unblind(signature, public).map_err(broken)
}
