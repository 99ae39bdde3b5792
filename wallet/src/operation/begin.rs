//! Beginning an operation: it is written down with the exact bytes of its request.

use farthing_client::json;
use farthing_protocol::api::{RedeemRequest, SwapRequest, WithdrawRequest, path};
use farthing_protocol::payment::change::encode_outputs;
use farthing_protocol::{BlindedMessage, Proof, Secret};

use crate::error::{Error, UsageError};
use crate::operation::record::Draft;
use crate::purse::Purse;
use crate::purse::outputs;
use crate::purse::tables::Batch;
use crate::records::{Coin, Detail, Kind, Mint, Operation, OutputRequest, PlannedOutput, Stage};
use crate::store::Store;

impl<S: Store> Purse<S> {
    /// Writes operations with their requests, all or none, and takes their inputs out of the balance. The
    /// mint's record is as it is now: [`Wallet::holdings`] read it.
    pub(crate) async fn begin(
        &self,
        mint: &Mint,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Operation>, Error> {
        let not_restored = || UsageError::NotRestored(mint.url.clone());
        let lane = mint.lane.ok_or_else(not_restored)?;
        let requests: Vec<OutputRequest> = drafts.iter().flat_map(|d| d.requests.clone()).collect();
        let mut counters = self.tables.counters(&requests, lane).await?;
        let mut id = self.tables.next_id().await?;
        let mut batch = Batch::default();
        let mut operations = Vec::new();
        for draft in drafts {
            draft.assert_balanced();
            let (outputs, messages) = outputs::plan(&self.seed, &mut counters, &draft.requests);
            if outputs.len() > mint.limits.outputs_max {
                return Err(UsageError::AmountUnpayable {
                    amount: draft.amount,
                }
                .into());
            }
            let operation = self.operation(id, mint, draft, outputs, messages)?;
            id += 1;
            batch = batch.delete_all(operation.own_inputs()).put(&operation);
            operations.push(operation);
        }
        let batch = counters.put(batch).put_next_id(id);
        self.tables.apply(batch).await?;
        Ok(operations)
    }

    /// Begins one operation.
    pub(crate) async fn begin_one(&self, mint: &Mint, draft: Draft) -> Result<Operation, Error> {
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
    ) -> Result<Operation, UsageError> {
        let mut purchase = draft.purchase;
        let (path, body) = match &mut purchase {
            Some(purchase) if purchase.stage == Stage::Present => {
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
            begun: self.now(),
            path,
            body,
            inputs: draft.inputs,
            outputs,
            amount: draft.amount,
            fee: draft.fee,
            memo: draft.memo,
            detail: purchase.map_or(Detail::Nothing, Detail::Payment),
        })
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
