//! An operation before it is written down, and after it is done.

use farthing_protocol::{Proof, Secret, TokenProof};

use crate::error::{Error, StoreError};
use crate::purse::Purse;
use crate::records::{
    Coin, Entry, Kind, Operation, Outcome, OutputRequest, Purchase, Purpose, Sent, Stage, worth,
};
use crate::store::Store;

/// An operation before it has a number, places and a request.
pub(crate) struct Draft {
    pub(crate) kind: Kind,
    pub(crate) inputs: Vec<Coin>,
    pub(crate) requests: Vec<OutputRequest>,
    pub(crate) amount: u64,
    pub(crate) fee: u64,
    pub(crate) memo: Option<String>,
    pub(crate) purchase: Option<Purchase>,
}

impl Draft {
    /// A draft without a note that pays for nothing.
    pub(crate) fn new(
        kind: Kind,
        inputs: Vec<Coin>,
        requests: Vec<OutputRequest>,
        amount: u64,
        fee: u64,
    ) -> Self {
        Self {
            kind,
            inputs,
            requests,
            amount,
            fee,
            memo: None,
            purchase: None,
        }
    }

    /// Makes sure that no unit is lost or made: what goes in is what comes out.
    ///
    /// # Panics
    /// When the plan of an operation is wrong. Nothing is written down or sent then.
    pub(crate) fn assert_balanced(&self) {
        let purchase = self.purchase.as_ref();
        let is_shown = purchase.is_some_and(|purchase| purchase.stage == Stage::Present);
        let (inputs, fee) = (u128::from(worth(&self.inputs)), u128::from(self.fee));
        let outputs: u128 = self.requests.iter().map(|r| u128::from(r.amount)).sum();
        let amount = u128::from(self.amount);
        let (given, taken) = match self.kind {
            Kind::Withdraw => (amount, outputs),
            Kind::Redeem => (inputs, amount + outputs + fee),
            // The site redeems its amount, and pays the fee.
            Kind::Pay if is_shown => (inputs, amount + outputs),
            _ => (inputs, outputs + fee),
        };
        assert_eq!(given, taken, "{:?} {amount}: an unbalanced plan", self.kind);
    }

    /// With a note.
    pub(crate) fn with_memo(mut self, memo: Option<String>) -> Self {
        self.memo = memo;
        self
    }

    /// The tokens that it would hand out, as far as amounts and keysets go.
    pub(crate) fn to_send(&self) -> Vec<Coin> {
        let wanted = self.requests.iter().filter(|w| w.purpose == Purpose::Send);
        let coin = |request: &OutputRequest| Coin {
            mint: String::new(),
            token: TokenProof {
                proof: Proof {
                    amount: request.amount,
                    id: request.keyset,
                    secret: Secret::new(String::new()),
                    c: [0; 32].into(),
                    witness: None,
                },
                dleq: None,
            },
        };
        wanted.map(coin).collect()
    }
}

/// An operation that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its line in the history.
    pub entry: Entry,
    /// The token it sent, if that is what it did.
    pub sent: Option<Sent>,
}

/// What [`Wallet::recover`](crate::Wallet::recover) found out about an operation that was open.
#[derive(Debug)]
pub struct Recovered {
    /// Its number.
    pub id: u64,
    /// What it does.
    pub kind: Kind,
    /// The address of the mint.
    pub mint: String,
    /// When it was begun, Unix seconds.
    pub begun: u64,
    /// What is withdrawn, sent, received, redeemed, paid or taken back.
    pub amount: u64,
    /// Done, or why not: the error says whether it is undone or still open.
    pub result: Result<Finished, Error>,
}

/// Returns what became of an operation; errors of the store are the caller's.
pub(crate) fn recovered(
    operation: &Operation,
    result: Result<Finished, Error>,
) -> Result<Recovered, StoreError> {
    if let Err(Error::Store(error)) = result {
        return Err(error);
    }
    Ok(Recovered {
        id: operation.id,
        kind: operation.kind,
        mint: operation.mint.clone(),
        begun: operation.begun,
        amount: operation.amount,
        result,
    })
}

/// How often the rest is tried again when somebody else has spent a part meanwhile.
pub(crate) const ROUNDS: usize = 3;

/// What came of something that may take several requests.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batched {
    /// The requests that were done; at least one.
    pub finished: Vec<Finished>,
    /// Why others were not. Each error says what became of its request's tokens.
    pub failures: Vec<Error>,
    /// What the tokens are worth that were left, because the mint's fee for them would be as much.
    pub dust: u64,
}

impl Batched {
    /// Returns whether no request was sent at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.finished.is_empty() && self.failures.is_empty()
    }

    /// Returns whether the mint gave no answer to one.
    pub(crate) fn has_silence(&self) -> bool {
        let silent = |error: &Error| matches!(error, Error::Network(_));
        self.failures.iter().any(silent)
    }

    /// Its first failure when nothing was done.
    pub(crate) fn failure(&mut self) -> Option<Error> {
        let failed = self.finished.is_empty() && !self.failures.is_empty();
        failed.then(|| self.failures.swap_remove(0))
    }
}

impl<S: Store> Purse<S> {
    /// An operation's line in the history.
    pub(crate) fn entry(
        &self,
        operation: &Operation,
        unit: &str,
        outcome: Outcome,
        lost: u64,
    ) -> Entry {
        Entry {
            id: operation.id,
            kind: operation.kind,
            outcome,
            time: self.now(),
            mint: operation.mint.clone(),
            unit: unit.to_owned(),
            amount: operation.amount,
            fee: operation.fee,
            lost,
            memo: operation.memo.clone(),
            site: operation.purchase().map(|p| p.item.site()),
        }
    }
}
