//! Open operations.

use farthing_protocol::Secret;
use serde::{Deserialize, Serialize};

use super::{Record, id_key};
use crate::store::Table;

use super::coin::Coin;
use super::output::PlannedOutput;
use super::payment::Purchase;
use super::search::Search;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// From the account into the wallet.
    Withdraw,
    /// From the wallet into somebody's hands.
    Send,
    /// From somebody's token into the wallet.
    Receive,
    /// From the wallet into the account.
    Redeem,
    /// From the wallet to a site, for a page.
    Pay,
    /// A token that was sent and not claimed, back into the wallet.
    Reclaim,
    /// From tokens of a keyset that retires to new ones.
    Renew,
    /// Found again by the phrase.
    Restore,
}

/// An operation under way: all it takes to finish or undo it, written before the first request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "StoredOperation", into = "StoredOperation")]
pub struct Operation {
    /// Its number.
    pub id: u64,
    /// What it does.
    pub kind: Kind,
    /// The address of the mint.
    pub mint: String,
    /// When it was begun, Unix seconds.
    pub begun: u64,
    /// The path of the request to the mint; empty when the request goes to a site.
    pub path: String,
    /// The exact body of the request: the mint answers the same bytes the same way.
    pub body: Secret,
    /// What is spent: this wallet's own tokens, or those of a token to receive.
    pub inputs: Vec<Coin>,
    /// What the mint shall sign, in the order of the request.
    pub outputs: Vec<PlannedOutput>,
    /// What is withdrawn, sent, received, redeemed or paid.
    pub amount: u64,
    /// What the mint keeps of the inputs.
    pub fee: u64,
    /// A note.
    pub memo: Option<String>,
    /// What goes beyond its request to the mint.
    pub detail: Detail,
}

/// What an operation is beyond a request to the mint.
#[derive(Clone, Debug, Default)]
pub enum Detail {
    /// Nothing more.
    #[default]
    Nothing,
    /// It pays for something.
    Payment(Purchase),
    /// It searches the mint, step by step.
    Search(Search),
}

/// An [`Operation`] as it is stored: its detail is at most one of two fields. All fields stand here and none is
/// flattened, because serde would read the purchase's token through a buffer that is not wiped.
#[derive(Serialize, Deserialize)]
struct StoredOperation {
    id: u64,
    kind: Kind,
    mint: String,
    begun: u64,
    path: String,
    body: Secret,
    inputs: Vec<Coin>,
    outputs: Vec<PlannedOutput>,
    amount: u64,
    fee: u64,
    memo: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purchase: Option<Purchase>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    search: Option<Search>,
}

impl TryFrom<StoredOperation> for Operation {
    type Error = &'static str;

    fn try_from(stored: StoredOperation) -> Result<Self, Self::Error> {
        let detail = match (stored.purchase, stored.search) {
            (None, None) => Detail::Nothing,
            (Some(purchase), None) => Detail::Payment(purchase),
            (None, Some(search)) => Detail::Search(search),
            (Some(_), Some(_)) => return Err("an operation that pays does not search"),
        };
        Ok(Self {
            id: stored.id,
            kind: stored.kind,
            mint: stored.mint,
            begun: stored.begun,
            path: stored.path,
            body: stored.body,
            inputs: stored.inputs,
            outputs: stored.outputs,
            amount: stored.amount,
            fee: stored.fee,
            memo: stored.memo,
            detail,
        })
    }
}

impl From<Operation> for StoredOperation {
    fn from(operation: Operation) -> Self {
        let (purchase, search) = match operation.detail {
            Detail::Nothing => (None, None),
            Detail::Payment(purchase) => (Some(purchase), None),
            Detail::Search(search) => (None, Some(search)),
        };
        Self {
            id: operation.id,
            kind: operation.kind,
            mint: operation.mint,
            begun: operation.begun,
            path: operation.path,
            body: operation.body,
            inputs: operation.inputs,
            outputs: operation.outputs,
            amount: operation.amount,
            fee: operation.fee,
            memo: operation.memo,
            purchase,
            search,
        }
    }
}

impl Operation {
    /// Returns what comes back into the wallet when it is undone: its own inputs, not a stranger's token's.
    #[must_use]
    pub fn own_inputs(&self) -> &[Coin] {
        match self.kind {
            Kind::Withdraw | Kind::Send | Kind::Redeem | Kind::Pay | Kind::Renew => &self.inputs,
            Kind::Receive | Kind::Reclaim | Kind::Restore => &[],
        }
    }

    /// Returns what it pays for, if it is a payment.
    #[must_use]
    pub fn purchase(&self) -> Option<&Purchase> {
        match &self.detail {
            Detail::Payment(purchase) => Some(purchase),
            Detail::Nothing | Detail::Search(_) => None,
        }
    }

    /// Returns whether it takes in a token, which may be one that this wallet has sent.
    pub(crate) fn takes_back(&self) -> bool {
        matches!(self.kind, Kind::Receive | Kind::Reclaim)
    }

    /// All outputs that the mint may have signed for it: those of its request, and those that a site
    /// was given for change.
    pub(crate) fn all_outputs(&self) -> impl Iterator<Item = &PlannedOutput> {
        let change = self.purchase().into_iter().flat_map(|p| &p.change);
        self.outputs.iter().chain(change)
    }
}

impl Record for Operation {
    const TABLE: Table = Table::Operations;

    fn key(&self) -> String {
        id_key(self.id)
    }
}
