//! Moving a whole wallet: into a file, and out of it into another wallet.
//!
//! Two wallets never have the same tokens or the same derivation indexes
//! (`docs/decisions/0040-a-wallet-moves-by-handing-its-money-out.md`). So the file has neither the phrase nor
//! records of tokens: its money is sent, as [`crate::Wallet::send`] does it, and the wallet that imports
//! it takes it in like any token.

mod file;

pub use file::{MovedMint, Transfer};

use super::receive::Receive;
use crate::engine::Engine;
use crate::error::{Error, Refused, StoreError, UsageError};
use crate::http::Http;
use crate::mints::Mints;
use crate::operation::record::Batched;
use crate::purse::batches::divide;
use crate::purse::tables::Batch;
use crate::records::{Bought, Budget, Coin, Mint, Operation, Sent};
use crate::store::Store;
use crate::store::seal::Passphrase;
use file::Writer;

/// Bytes of an export's number.
const ID_BYTES: usize = 16;

/// Exporting a wallet, and importing another one's export.
pub struct Transfers<'a, S, H> {
    engine: &'a Engine<S, H>,
}

/// What an export did.
#[derive(Debug)]
pub struct Exported {
    /// The text of the file: sealed, so no secret of its own.
    pub file: String,
    /// How many mints are in it.
    pub mints: usize,
    /// How many budgets.
    pub budgets: usize,
    /// How many receipts.
    pub bought: usize,
    /// The money in it, which is listed as sent from now on.
    pub sent: Vec<Sent>,
    /// How many operations are open, whose money is not in it.
    pub open: usize,
}

/// What an import did.
#[derive(Debug, Default)]
pub struct Imported {
    /// Whether this file was imported into this wallet before.
    pub before: bool,
    /// The mints of the file that the wallet has now.
    pub mints: Vec<Mint>,
    /// What was taken in, with the address of the mint.
    pub received: Vec<(String, Batched)>,
    /// How many budgets the wallet has more.
    pub budgets: usize,
    /// How many receipts it has more.
    pub bought: usize,
    /// What the wallet has otherwise than the file: it stays as it was.
    pub kept: Vec<Kept>,
    /// What of the file could not be taken over, and why.
    pub failures: Vec<Error>,
}

/// What the wallet has otherwise than a file that it imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The API token of the account at this mint.
    ApiToken(String),
    /// The budget of this site.
    Budget(String),
    /// The receipt for this: method and address.
    Receipt(String),
}

impl<'a, S, H> Transfers<'a, S, H> {
    pub(crate) fn of(engine: &'a Engine<S, H>) -> Self {
        Self { engine }
    }
}

impl<S: Store, H: Http> Transfers<'_, S, H> {
    /// Writes the whole wallet into a file under a passphrase: its mints with the API tokens of accounts, its
    /// budgets, its receipts, and its money. No mint is asked.
    ///
    /// The money is listed as sent from then on, a token for each mint, with `memo` as its note, and can be
    /// taken back until it is claimed. What the mint's fee would eat stays in the wallet, and so does what open
    /// operations hold.
    ///
    /// # Errors
    /// [`Error::Store`]; then nothing was sent.
    pub async fn export(
        &self,
        passphrase: &Passphrase,
        memo: Option<&str>,
    ) -> Result<Exported, Error> {
        let tables = &self.engine.purse.tables;
        let writer = Writer::new(passphrase)?;
        let (mut batch, mut next) = (Batch::default(), tables.next_id().await?);
        let (mut mints, mut all_sent) = (Vec::new(), Vec::new());
        for mint in tables.all::<Mint>().await? {
            let coins = self.movable(&mint).await?;
            let mut sent = None;
            if !coins.is_empty() {
                let memo = memo.map(str::to_owned);
                let (with, token) = self.engine.purse.hand_out(batch, next, &mint, &coins, memo);
                (batch, next) = (with, next + 1);
                sent = Some(token);
            }
            mints.push(MovedMint::of(mint, sent.as_ref()));
            all_sent.extend(sent);
        }
        let transfer = Transfer {
            id: number()?,
            mints,
            budgets: tables.all::<Budget>().await?,
            bought: tables.all::<Bought>().await?,
        };
        let file = writer.write(&transfer)?;
        tables.apply(batch.put_next_id(next)).await?;
        Ok(Exported {
            file,
            mints: transfer.mints.len(),
            budgets: transfer.budgets.len(),
            bought: transfer.bought.len(),
            sent: all_sent,
            open: tables.all::<Operation>().await?.len(),
        })
    }

    /// The tokens at a mint that another wallet can take in: all but those that the fee would eat.
    async fn movable(&self, mint: &Mint) -> Result<Vec<Coin>, Error> {
        let held = self.engine.purse.holdings(mint).await?;
        let division = divide(&held.coins, mint.limits.inputs_max, &held.terms);
        Ok(division.batches.concat())
    }

    /// Takes over what a file has: budgets and receipts that the wallet has none of, the mints with their
    /// accounts, and the money. What the wallet has otherwise stays as it was. To import a file again does no
    /// harm, and takes over what could not be taken over before.
    ///
    /// # Errors
    /// [`UsageError::ImportClaimed`] when all money of a file that this wallet never imported is gone;
    /// [`Error::Store`]. What else goes wrong is in the result.
    pub async fn import(&self, transfer: &Transfer) -> Result<Imported, Error> {
        let mut done = Imported {
            before: self.engine.purse.tables.was_imported(&transfer.id).await?,
            ..Imported::default()
        };
        self.take_over_records(transfer, &mut done).await?;
        let mut gone = false;
        for moved in &transfer.mints {
            match self.take_over_mint(moved, &mut done).await {
                Ok(()) => {}
                Err(Error::Store(error)) => return Err(error.into()),
                // Of a file that was imported before nothing else is to be expected.
                Err(Error::Refused(refused)) if refused.already_spent() => gone = !done.before,
                Err(error) => done.failures.push(error),
            }
        }
        if gone {
            let claimed = Error::from(UsageError::ImportClaimed);
            if done.received.is_empty() && done.failures.is_empty() {
                return Err(claimed);
            }
            done.failures.push(claimed);
        }
        Ok(done)
    }

    /// Budgets and receipts, and that this file was imported: all in one batch.
    async fn take_over_records(
        &self,
        transfer: &Transfer,
        done: &mut Imported,
    ) -> Result<(), Error> {
        let purse = &self.engine.purse;
        let mut batch = Batch::default().put_imported(&transfer.id);
        for budget in &transfer.budgets {
            match purse.tables.get::<Budget>(&budget.site).await? {
                None => {
                    batch = batch.put(budget);
                    done.budgets += 1;
                }
                Some(own) if own != *budget => done.kept.push(Kept::Budget(own.site)),
                Some(_) => {}
            }
        }
        for bought in transfer.bought.iter().filter(|b| b.until > purse.now()) {
            let own = purse.tables.get::<Bought>(&bought.item.key()).await?;
            match own {
                None => {
                    // No operation of this wallet paid for it.
                    batch = batch.put(&Bought {
                        id: 0,
                        ..bought.clone()
                    });
                    done.bought += 1;
                }
                Some(own) if own.proof != bought.proof => {
                    done.kept.push(Kept::Receipt(own.item.subject()));
                }
                Some(_) => {}
            }
        }
        Ok(purse.tables.apply(batch).await?)
    }

    /// A mint, its account, and its money.
    async fn take_over_mint(&self, moved: &MovedMint, done: &mut Imported) -> Result<(), Error> {
        let mint = self.follow(moved, done).await?;
        done.mints.push(mint.clone());
        if let Some(token) = &moved.token {
            let receive = Receive::read(self.engine, token.expose()).await?;
            let received = receive.run(self.engine).await?;
            done.received.push((mint.url, received));
        }
        Ok(())
    }

    /// Adds the mint of a file, or learns anew about it, and gives it the account's API token if it has none.
    async fn follow(&self, moved: &MovedMint, done: &mut Imported) -> Result<Mint, Error> {
        let known = self.engine.purse.tables.all::<Mint>().await?;
        let is_it = |mint: &&Mint| {
            let key = mint.identity.as_ref().map(|identity| &identity.key);
            (key.is_some() && key == moved.identity.as_ref()) || mint.is_at(&moved.url)
        };
        let known = known.iter().find(is_it);
        let url = known.map_or(&moved.url, |mint| &mint.url);
        let info = self.engine.info(url).await?;
        let shown = info.identity.as_ref().map(|identity| &identity.key);
        // Before anything of the file is shown to it.
        if moved.identity.is_some() && shown != moved.identity.as_ref() {
            return Err(UsageError::ImportOtherMint(moved.url.clone()).into());
        }
        let own = known.and_then(|mint| mint.api_token.as_ref());
        let given = moved.api_token.as_ref().filter(|_| own.is_none());
        if own.is_some() && moved.api_token.is_some() && own != moved.api_token.as_ref() {
            done.kept.push(Kept::ApiToken(url.clone()));
        }
        let engine = self.engine;
        let mints = Mints { engine };
        match mints.add(url, given.cloned()).await {
            // An account that is closed does not keep the money from coming in.
            Err(refusal @ Error::Refused(Refused { status: 401, .. })) if given.is_some() => {
                done.failures.push(refusal);
                mints.add(url, None).await
            }
            added => added,
        }
    }
}

/// The number of an export, drawn at random.
fn number() -> Result<String, StoreError> {
    let mut bytes = [0; ID_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|_| StoreError::Failed("the system gave no random numbers".to_owned()))?;
    Ok(hex::encode(bytes))
}
