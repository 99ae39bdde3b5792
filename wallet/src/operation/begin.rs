//! The one shape of everything that moves value: inputs and outputs, one request, one answer.
//!
//! An operation is written with its exact request before the request is sent, and is ended by facts
//! alone: an answer whose signatures verify, or a definite refusal after which the mint says that it
//! signed nothing and spent nothing. Until then it stays open, and [`Wallet::recover`] sends the same
//! bytes again, which the mint answers the same way (`replay_days`). What follows a
//! refusal is in the module `refusal`, what is done at each start in [`crate::ops::recover`].

use farthing_protocol::api::{
    RedeemRequest, Redeemed, Signatures, SwapRequest, WithdrawRequest, path,
};
use farthing_protocol::payment::change::encode_outputs;
use farthing_protocol::{BlindedMessage, Proof, Secret, TokenProof, amount};

use crate::api::json;
use crate::error::{Error, Lie, UsageError};
use crate::http::Http;
use crate::operation::refusal::Next;
use crate::ops::pay::settle::shown_token;
use crate::purse::coins::Stock;
use crate::purse::outputs;
use crate::purse::tables::Batch;
use crate::records::{
    Coin, Entry, Keyset, Kind, Mint, Operation, Outcome, PlannedOutput, Purchase, Purpose, Sent,
    Stage, Want,
};
use crate::store::Store;
use crate::wallet::Wallet;

/// After how many refusals in a row an operation is not planned anew any more.
const REPLANS_MAX: usize = 4;

/// An operation before it has a number, places and a request.
pub(crate) struct Draft {
    pub(crate) kind: Kind,
    pub(crate) inputs: Vec<Coin>,
    pub(crate) wants: Vec<Want>,
    pub(crate) amount: u64,
    pub(crate) fee: u64,
    pub(crate) memo: Option<String>,
    pub(crate) purchase: Option<Purchase>,
}

impl Draft {
    /// The tokens that it would hand out, as far as amounts and keysets go.
    pub(crate) fn handed_out(&self) -> Vec<Coin> {
        let handed = self.wants.iter().filter(|w| w.purpose == Purpose::Send);
        let coin = |want: &Want| Coin {
            mint: String::new(),
            token: TokenProof {
                proof: Proof {
                    amount: want.amount,
                    id: want.keyset,
                    secret: Secret::new(String::new()),
                    c: [0; 32].into(),
                    witness: None,
                },
                dleq: None,
            },
        };
        handed.map(coin).collect()
    }
}

/// An operation that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its line in the history.
    pub entry: Entry,
    /// The token it handed out, if that is what it did.
    pub sent: Option<Sent>,
}

impl<S: Store, H: Http> Wallet<S, H> {
    /// Writes operations with their requests, all or none, and takes their inputs out of the balance.
    pub(crate) async fn begin(
        &mut self,
        mint: &Mint,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Operation>, Error> {
        // The caller's record may be older than the last change of lane.
        let mint = self.mint(Some(&mint.url)).await?;
        let not_restored = || UsageError::NotRestored(mint.url.clone());
        let lane = mint.lane.ok_or_else(not_restored)?;
        let wants: Vec<Want> = drafts.iter().flat_map(|d| d.wants.clone()).collect();
        let mut places = self.places(&wants, lane).await?;
        let mut id = self.tables.next_id().await?;
        let mut batch = Batch::default();
        let mut operations = Vec::new();
        for draft in drafts {
            let (outputs, messages) = outputs::plan(&self.seed, &mut places, &draft.wants);
            if outputs.len() > mint.limits.outputs_max {
                return Err(UsageError::AmountUnpayable {
                    amount: draft.amount,
                }
                .into());
            }
            let operation = self.operation(id, &mint, draft, outputs, messages)?;
            id += 1;
            batch = batch.delete_all(operation.own_inputs()).put(&operation);
            operations.push(operation);
        }
        let batch = places.put(batch).put_next_id(id);
        self.tables.apply(batch).await?;
        Ok(operations)
    }

    /// Begins one operation.
    pub(crate) async fn begin_one(
        &mut self,
        mint: &Mint,
        draft: Draft,
    ) -> Result<Operation, Error> {
        let operation = self.begin(mint, vec![draft]).await?.pop();
        Ok(operation.expect("one draft makes one operation"))
    }

    /// An operation with its request: to the mint, or for a payment to a site.
    fn operation(
        &self,
        id: u64,
        mint: &Mint,
        draft: Draft,
        outputs: Vec<PlannedOutput>,
        messages: Vec<BlindedMessage>,
    ) -> Result<Operation, Error> {
        let mut purchase = draft.purchase;
        let (path, body) = match &mut purchase {
            Some(purchase) if purchase.stage == Stage::Present => {
                purchase.token = Some(shown_token(mint, &draft.inputs, false)?);
                purchase.outputs = encode_outputs(&messages);
                (String::new(), Secret::new(String::new()))
            }
            Some(_) | None => (
                request_path(draft.kind).to_owned(),
                request_body(draft.kind, &draft.inputs, messages)?,
            ),
        };
        Ok(Operation {
            id,
            kind: draft.kind,
            mint: mint.url.clone(),
            begun: (self.clock)(),
            path,
            body,
            inputs: draft.inputs,
            outputs,
            amount: draft.amount,
            fee: draft.fee,
            memo: draft.memo,
            purchase,
            search: None,
        })
    }

    /// Sends an operation's request, again if need be, until it is done, undone or left open.
    ///
    /// # Errors
    /// An error that says what became of the operation: undone ([`crate::error::Aftermath`]) or open.
    pub(crate) async fn run(&mut self, mut operation: Operation) -> Result<Finished, Error> {
        let mut replans = 0;
        loop {
            let id = operation.id;
            let refused = match self.attempt(&operation).await {
                Ok(proofs) => return self.settle(&operation, proofs).await,
                Err(Error::Refused(refused)) => refused,
                Err(error) => return Err(error.keeps_open(id)),
            };
            let may_replan = replans < REPLANS_MAX;
            let next = self.after_refusal(operation, refused, may_replan).await;
            match next.map_err(|error| error.keeps_open(id))? {
                Next::Done(finished) => return Ok(finished),
                Next::Ended(refused) => return Err(Error::Refused(refused)),
                Next::Again(replanned) => operation = *replanned,
            }
            replans += 1;
        }
    }

    /// Sends an operation's request once; gives the verified tokens in the order of its outputs.
    async fn attempt(&self, operation: &Operation) -> Result<Vec<TokenProof>, Error> {
        let url = &operation.mint;
        let mint = self.tables.get::<Mint>(url).await?;
        let mint = mint.ok_or_else(|| UsageError::MintUnknown(url.clone()))?;
        let api = self.api(url);
        let body = Some(operation.body.clone());
        let bearer = match operation.kind {
            Kind::Withdraw | Kind::Redeem => mint.api_token.as_ref(),
            Kind::Send
            | Kind::Receive
            | Kind::Pay
            | Kind::Reclaim
            | Kind::Renew
            | Kind::Restore => None,
        };
        let signatures = if operation.kind == Kind::Redeem {
            let answer: Redeemed = api.call(&operation.path, bearer, body).await?;
            if answer.credited != operation.amount {
                let (expected, got) = (operation.amount, answer.credited);
                let unit = mint.shown_in();
                let lie = Lie::Credited {
                    expected,
                    got,
                    unit,
                };
                return Err(Error::lie(url, lie));
            }
            answer.signatures
        } else {
            let answer: Signatures = api.call(&operation.path, bearer, body).await?;
            answer.signatures
        };
        let keysets = self.tables.keysets(url).await?;
        outputs::unblind_all(&self.seed, &keysets, &operation.outputs, &signatures)
            .map_err(|lie| Error::lie(url, lie))
    }

    /// Ends an operation that the mint did: its tokens go where they belong, in one batch.
    pub(crate) async fn settle(
        &mut self,
        operation: &Operation,
        proofs: Vec<TokenProof>,
    ) -> Result<Finished, Error> {
        if let Some(purchase) = &operation.purchase {
            return self.settle_swap(operation, purchase, proofs).await;
        }
        let mint = self.mint(Some(&operation.mint)).await?;
        let (mut kept, mut handed) = (Vec::new(), Vec::new());
        for (output, token) in operation.outputs.iter().zip(proofs) {
            match output.purpose {
                Purpose::Keep => kept.push(Coin {
                    mint: mint.url.clone(),
                    token,
                }),
                Purpose::Send => handed.push(token),
            }
        }
        let entry = self.entry(operation, &mint.unit, Outcome::Done, 0);
        let sent = (operation.kind == Kind::Send).then(|| sent_record(&entry, handed));
        let mut batch = Batch::default()
            .delete(operation)
            // A received token may have been in the balance too, restored by another device.
            .delete_all(&operation.inputs)
            .put_all(&kept)
            .put(&entry);
        batch = self.put_signed(batch, &operation.outputs).await?;
        batch = self.put_taken_back(batch, operation).await?;
        if let Some(sent) = &sent {
            batch = batch.put(sent);
        }
        self.tables.apply(batch).await?;
        Ok(Finished { entry, sent })
    }

    /// Writes down that the mint has signed `outputs`.
    pub(crate) async fn put_signed(
        &self,
        mut batch: Batch,
        outputs: &[PlannedOutput],
    ) -> Result<Batch, Error> {
        for output in signed_last(outputs) {
            let (keyset, lane) = (&output.keyset, output.lane);
            let mut counter = self.tables.counter(keyset, lane).await?;
            counter.signed = counter.signed.max(output.counter + 1);
            batch = batch.put_counter(keyset, lane, &counter);
        }
        Ok(batch)
    }

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
            time: (self.clock)(),
            mint: operation.mint.clone(),
            unit: unit.to_owned(),
            amount: operation.amount,
            fee: operation.fee,
            lost,
            memo: operation.memo.clone(),
            site: operation.purchase.as_ref().map(|p| p.item.site()),
        }
    }
}

/// The record of what is handed out, from the line in the history that goes with it.
pub(crate) fn sent_record(entry: &Entry, proofs: Vec<TokenProof>) -> Sent {
    Sent {
        id: entry.id,
        mint: entry.mint.clone(),
        unit: entry.unit.clone(),
        time: entry.time,
        memo: entry.memo.clone(),
        proofs,
        claimed: 0,
        taken_back: 0,
        settled: None,
    }
}

pub(crate) fn request_path(kind: Kind) -> &'static str {
    match kind {
        Kind::Withdraw => path::WITHDRAW,
        Kind::Redeem => path::REDEEM,
        Kind::Restore => path::RESTORE,
        Kind::Send | Kind::Receive | Kind::Pay | Kind::Reclaim | Kind::Renew => path::SWAP,
    }
}

/// The bytes of a request. Inputs travel without their DLEQ proofs: [`Proof`] has no place for them.
///
/// The bytes end in random white space. Two devices on one seed that took the same lane at the same
/// time derive the same outputs, and would send the same bytes for the same amount; the mint would
/// take the second for a repetition and give both devices the same tokens. So it sees two requests,
/// refuses the second ([`farthing_protocol::ErrorCode::AlreadySigned`]), and that device changes lane.
///
/// # Errors
/// [`UsageError::Randomness`].
pub(crate) fn request_body(
    kind: Kind,
    inputs: &[Coin],
    outputs: Vec<BlindedMessage>,
) -> Result<Secret, UsageError> {
    let inputs: Vec<Proof> = inputs.iter().map(|coin| coin.token.proof.clone()).collect();
    let body = match kind {
        Kind::Withdraw => json(&WithdrawRequest { outputs }),
        Kind::Redeem => json(&RedeemRequest {
            inputs,
            outputs,
            reference: None,
        }),
        Kind::Send | Kind::Receive | Kind::Pay | Kind::Reclaim | Kind::Renew | Kind::Restore => {
            json(&SwapRequest { inputs, outputs })
        }
    };
    let salt = getrandom::u64().map_err(|_| UsageError::Randomness)?;
    let mut salted = String::with_capacity(body.expose().len() + SALT_BITS);
    salted.push_str(body.expose());
    salted.extend((0..SALT_BITS).map(|bit| if salt >> bit & 1 == 0 { ' ' } else { '\t' }));
    Ok(Secret::new(salted))
}

/// One character of white space for each random bit.
const SALT_BITS: usize = 64;

/// Outputs for `amount`, to stay in the wallet beside what is in `stock` ([`crate::purse::coins`]).
///
/// # Errors
/// [`UsageError::AmountUnpayable`].
pub(crate) fn kept(
    keyset: &Keyset,
    amount: u64,
    stock: &mut Stock,
    room: usize,
) -> Result<Vec<Want>, UsageError> {
    let parts = stock.refill(keyset, amount, room);
    let parts = parts.ok_or(UsageError::AmountUnpayable { amount })?;
    let want = |amount| Want {
        keyset: keyset.info.id,
        amount,
        purpose: Purpose::Keep,
        lock: None,
    };
    Ok(parts.into_iter().map(want).collect())
}

/// Splits `amount` into the fewest outputs of a keyset's denominations, to be handed out.
///
/// # Errors
/// [`UsageError::AmountUnpayable`].
pub(crate) fn handed(
    keyset: &Keyset,
    amount: u64,
    lock: Option<&String>,
) -> Result<Vec<Want>, UsageError> {
    let parts = amount::split(amount, &keyset.keys.amounts());
    let parts = parts.ok_or(UsageError::AmountUnpayable { amount })?;
    let want = |amount| Want {
        keyset: keyset.info.id,
        amount,
        purpose: Purpose::Send,
        lock: lock.cloned(),
    };
    Ok(parts.into_iter().map(want).collect())
}

/// The last place of an operation on each of its lanes, of each keyset.
fn signed_last(outputs: &[PlannedOutput]) -> impl Iterator<Item = &PlannedOutput> {
    let later = |a: &PlannedOutput, b: &PlannedOutput| {
        (a.keyset, a.lane) == (b.keyset, b.lane) && a.counter > b.counter
    };
    let last = move |o: &&PlannedOutput| !outputs.iter().any(|other| later(other, o));
    outputs.iter().filter(last)
}

/// What the wants of an operation add up to for one purpose.
pub(crate) fn planned_sum(outputs: &[PlannedOutput], purpose: Purpose) -> u64 {
    let of = outputs.iter().filter(|o| o.purpose == purpose);
    amount::sum(of.map(|o| o.amount)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_protocol::{KeysetId, KeysetInfo, PublicKeys};

    fn keyset(amounts: &[u64]) -> Keyset {
        let keys = amounts.iter().map(|amount| (*amount, [1; 32].into()));
        Keyset {
            mint: String::new(),
            info: KeysetInfo {
                id: KeysetId::from_bytes(&[0x52; 33]).unwrap(),
                unit: String::new(),
                active: true,
                input_fee_ppk: 0,
                final_expiry: None,
            },
            keys: PublicKeys::from_iter(keys),
        }
    }

    #[test]
    fn amounts_become_outputs_and_nothing_becomes_none() {
        let amounts = |keyset: &Keyset, amount| {
            let wants = handed(keyset, amount, None)?;
            Ok(wants.iter().map(|want| want.amount).collect::<Vec<_>>())
        };
        let unpayable = |amount| Err(UsageError::AmountUnpayable { amount });
        assert_eq!(amounts(&keyset(&[1, 2, 4]), 11), Ok(vec![1, 2, 4, 4]));
        assert_eq!(amounts(&keyset(&[2]), 3), unpayable(3));
        assert_eq!(amounts(&keyset(&[1]), 10_001), unpayable(10_001));
        assert_eq!(amounts(&keyset(&[]), 1), unpayable(1));
        assert_eq!(amounts(&keyset(&[]), 0), Ok(vec![]));
    }
}
