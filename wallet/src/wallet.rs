//! The wallet as its users see it: each method is one call of what does the work.

use farthing_protocol::Secret;

use crate::account::MintAccount;
use crate::doctor::{Checkup, Finding};
use crate::engine::Engine;
use crate::error::{Error, StoreError};
use crate::http::Http;
use crate::mints::Mints;
use crate::operation::record::Batched;
use crate::operation::record::{Finished, Recovered};
use crate::ops::pay::Payments;
use crate::ops::pay::budget::Budgets;
use crate::ops::receive::Receive;
use crate::ops::recover::Recovery;
use crate::ops::redeem::Redeem;
use crate::ops::renew::{Renew, Renewed};
use crate::ops::restore::Restore;
use crate::ops::send::{Send, SendOptions};
use crate::ops::sent::SentTokens;
use crate::ops::tend::{Tended, tend};
use crate::ops::transfer::Transfers;
use crate::ops::withdraw::Withdraw;
use crate::purse::Purse;
use crate::purse::holdings::Balance;
use crate::purse::holdings::Expiring;
use crate::purse::tables::{Batch, StoredPhrase, Tables};
use crate::records::{Entry, Mint, Operation, Restored, Sent};
use crate::retry::Observer;
use crate::seed::{Origin, Phrase};
use crate::store::Store;
use crate::store::seal::Passphrase;
use crate::store::sealed::Sealed;
use crate::tend::Random;
use crate::time::Clock;

/// A wallet over a store of type `S` that reaches its mints by `H`.
///
/// What moves value takes `&mut self`: one thing at a time. A store is used by one wallet at a time.
pub struct Wallet<S, H> {
    engine: Engine<S, H>,
}

impl<S: Store, H: Http> Wallet<S, H> {
    /// Makes a wallet of a phrase in an empty store.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the store has a wallet already.
    pub async fn create(
        store: S,
        http: H,
        clock: Clock,
        phrase: &Phrase,
        origin: Origin,
    ) -> Result<Self, Error> {
        let tables = Tables(store);
        if tables.phrase().await?.is_some() {
            return Err(StoreError::Exists("this store".to_owned()).into());
        }
        let stored = StoredPhrase {
            words: Secret::new(phrase.expose().to_string()),
            new: origin == Origin::New,
        };
        let batch = Batch::default().put_phrase(&stored);
        tables.apply(batch.put_mints_have_identities()).await?;
        Ok(Self::over(tables, http, clock, phrase, stored.new))
    }

    /// Opens the wallet in a store. Call [`Wallet::recover`] next.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none.
    pub async fn open(store: S, http: H, clock: Clock) -> Result<Self, Error> {
        let tables = Tables(store);
        let stored = tables.phrase().await?;
        let stored = stored.ok_or_else(|| StoreError::Missing("this store".to_owned()))?;
        let phrase = Phrase::parse(stored.words.expose())?;
        tables.upgrade().await?;
        Ok(Self::over(tables, http, clock, &phrase, stored.new))
    }

    fn over(
        tables: Tables<S>,
        http: H,
        clock: Clock,
        phrase: &Phrase,
        phrase_is_new: bool,
    ) -> Self {
        let purse = Purse {
            tables,
            seed: phrase.seed(),
            clock,
            phrase_is_new,
        };
        Self {
            engine: Engine { purse, http },
        }
    }

    /// The mints of this wallet: listing, adding, following and choosing them.
    pub fn mints(&self) -> Mints<'_, S, H> {
        let engine = &self.engine;
        Mints { engine }
    }

    /// The mint that has the address `url`, or the first one when none is named.
    ///
    /// # Errors
    /// [`crate::error::UsageError::NoMint`], [`crate::error::UsageError::MintUnknown`], [`crate::error::UsageError::MintUrl`].
    pub async fn mint(&self, url: Option<&str>) -> Result<Mint, Error> {
        self.engine.purse.tables.mint(url).await
    }

    /// The account at a mint.
    pub fn account<'a>(&'a self, mint: &'a Mint) -> MintAccount<'a, S, H> {
        let engine = &self.engine;
        MintAccount { engine, mint }
    }

    /// Returns what the wallet holds, mint by mint.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn balance(&self) -> Result<Vec<Balance>, Error> {
        self.engine.purse.balance().await
    }

    /// Returns what happened, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn history(&self) -> Result<Vec<Entry>, Error> {
        Ok(self.engine.purse.tables.all::<Entry>().await?)
    }

    /// The operations that are neither done nor undone yet.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn open_operations(&self) -> Result<Vec<Operation>, Error> {
        Ok(self.engine.purse.tables.all::<Operation>().await?)
    }

    /// Takes `amount` out of the account at `mint` into the wallet.
    ///
    /// # Errors
    /// Any [`Error`]; one that leaves the operation open names its number.
    pub async fn withdraw(&mut self, mint: &Mint, amount: u64) -> Result<Finished, Error> {
        Withdraw::Amount(amount).run(&self.engine, mint).await
    }

    /// Upkeep: does the one thing that is due, if anything is ([`crate::tend`]). To be called often, at any time that
    /// has nothing to do with a payment; it mostly does nothing. [`Random::of_system`] gives the randomness.
    ///
    /// # Errors
    /// [`crate::error::UsageError::NoMint`]; any [`Error`] of what was due. What a mint did not answer stays due.
    pub async fn tend(&mut self, random: &mut Random) -> Result<Tended, Error> {
        tend(&self.engine, random).await
    }

    /// Pays into the account at `mint`; change comes back in the same request.
    ///
    /// [`Redeem::All`] takes several requests when there are more tokens than the mint takes in one;
    /// all are written down before the first is sent. What the fee would eat stays in the wallet
    /// ([`crate::Batched`]).
    ///
    /// # Errors
    /// Any [`Error`] when nothing was redeemed; one that leaves the operation open names its number.
    pub async fn redeem(&mut self, mint: &Mint, what: Redeem) -> Result<Batched, Error> {
        what.run(&self.engine, mint).await
    }

    /// Takes `amount` out of the wallet as a token to hand over. The token is recorded before this
    /// returns: [`SentTokens::get`] shows it again.
    ///
    /// With an exact set of tokens and no lock, no request is made. The fee for taking the token in, if
    /// the mint takes one, is the receiver's: [`Wallet::receiver_gets`] tells what that leaves.
    ///
    /// # Errors
    /// Any [`Error`]; one that leaves the operation open names its number.
    pub async fn send(
        &mut self,
        mint: &Mint,
        amount: u64,
        options: SendOptions,
    ) -> Result<Sent, Error> {
        let options = &options;
        Send { amount, options }.run(&self.engine, mint).await
    }

    /// Returns what the receiver of a token has of it after the mint's fee, if it were made now. Nothing is moved.
    ///
    /// # Errors
    /// Those of [`Wallet::send`], as far as they are known before anything is moved.
    pub async fn receiver_gets(
        &self,
        mint: &Mint,
        amount: u64,
        options: &SendOptions,
    ) -> Result<u64, Error> {
        let send = Send { amount, options };
        send.receiver_gets(&self.engine, mint).await
    }

    /// Takes in the token in a text ([`farthing_protocol::token::find`]), of a mint in this wallet: one of its own, or one of Cashu's
    /// suite that names the mint's address with `/cashu`. Either becomes tokens of its own.
    ///
    /// Its proofs are verified and its locks opened before the mint is asked for anything. More
    /// proofs than the mint takes in one request become several operations, all written down before
    /// the first is sent. What can be taken is taken: what somebody has claimed before is left out, and
    /// so is what the mint's fee would eat ([`crate::Batched`]).
    ///
    /// # Errors
    /// [`crate::error::UsageError`]'s `Token…` for a token that is refused; [`crate::error::UsageError::FeeEatsAll`]; any other [`Error`]
    /// when nothing of it could be swapped.
    pub async fn receive(&mut self, text: &str) -> Result<Batched, Error> {
        Receive::read(&self.engine, text)
            .await?
            .run(&self.engine)
            .await
    }

    /// The tokens that were sent.
    pub fn sent_tokens(&self) -> SentTokens<'_, S, H> {
        SentTokens::of(&self.engine)
    }

    /// Exporting the whole wallet into a file, and importing the file of another one.
    pub fn transfers(&mut self) -> Transfers<'_, S, H> {
        Transfers::of(&self.engine)
    }

    /// Returns what may be paid to sites without asking, and what was paid.
    pub fn budgets(&self) -> Budgets<'_, S> {
        let purse = &self.engine.purse;
        Budgets { purse }
    }

    /// Payments for pages.
    pub fn payments(&mut self) -> Payments<'_, S, H> {
        Payments::of(&self.engine)
    }

    /// Takes back a token that was sent, or what nobody has claimed of it, by a swap to new
    /// secrets. A token larger than one request becomes several operations. What the mint's fee would
    /// eat is left ([`crate::Batched`]): it can still be claimed.
    ///
    /// # Errors
    /// [`crate::error::UsageError::SentUnknown`]; [`crate::error::UsageError::SentClaimed`] when somebody was faster;
    /// [`crate::error::UsageError::TokenLocked`] for one that only its receiver can spend; [`crate::error::UsageError::FeeEatsAll`]; any
    /// other [`Error`] when nothing could be taken back.
    pub async fn reclaim(&mut self, id: u64) -> Result<Batched, Error> {
        self.sent_tokens().reclaim(id).await
    }

    /// Returns what expires within 30 days: keysets whose tokens the wallet holds, soonest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn expiring(&self) -> Result<Vec<Expiring>, Error> {
        self.engine.purse.expiring().await
    }

    /// Asks each mint for its keysets, at most once a day, and swaps a few tokens of those that retire.
    /// Asks nothing of a mint at which there is nothing to renew as far as the wallet knows, when only
    /// what expires is to be renewed.
    ///
    /// # Errors
    /// [`Error::Store`] alone.
    pub async fn renew(&mut self, what: Renew) -> Result<Renewed, Error> {
        what.run(&self.engine).await
    }

    /// Searches a mint for what this wallet's phrase has there, and puts it into the balance.
    ///
    /// The search is an operation: it is written down before the first request, and after each that
    /// found something. Broken off, by an error, by `observer` or by the end of the process, it goes on
    /// where it stopped when this is called again. Where the mint asks for patience, or gives no
    /// answer, `observer` waits.
    ///
    /// A device that has no lane at the mint yet takes the one after the last that was used. Tokens
    /// that were sent and not claimed yet come back as well, unless this wallet knows that it sent them.
    ///
    /// # Errors
    /// [`Error::Network`] and others; what was found until then is kept.
    pub async fn restore(
        &mut self,
        mint: &Mint,
        observer: &mut impl Observer,
    ) -> Result<Restored, Error> {
        let restore = Restore::at(&self.engine, mint).await?;
        restore.run(observer).await
    }

    /// Settles every open operation: finishes it, undoes it, or leaves it open when its mint cannot
    /// be asked. To be called after opening the wallet. A restore that was broken off is named and left
    /// to [`Wallet::recover_all`], since it may take long; what a site has seen and did not charge is left to
    /// [`Payments::swap_shown`]. Forgets receipts that have expired, and
    /// tokens sent that were claimed a while ago.
    ///
    /// # Errors
    /// [`Error::Store`] alone; what the mints say is in the results.
    pub async fn recover(&mut self) -> Result<Vec<Recovered>, Error> {
        Recovery::of(&self.engine).run().await
    }

    /// [`Wallet::recover`], goes on with every restore that was broken off, and swaps at once what sites have
    /// seen and did not charge.
    ///
    /// # Errors
    /// [`Error::Store`] alone.
    pub async fn recover_all(
        &mut self,
        observer: &mut impl Observer,
    ) -> Result<Vec<Recovered>, Error> {
        Recovery::of(&self.engine).run_all(observer).await
    }

    /// Ends an open operation that does not come to an end by itself: it is done if the mint says that
    /// it did it, and undone otherwise. A payment is taken back. Of a search by the phrase what it found
    /// is kept.
    ///
    /// # Errors
    /// [`crate::error::payment::Unpayable::NotOpen`]; [`crate::error::payment::Unpayable::Locked`] for a payment that only the site can spend;
    /// [`crate::error::UsageError::NotEndable`] for a token that is being taken in, whose text the wallet alone may have;
    /// any error of a mint that cannot be asked. Then it stays open.
    pub async fn cancel(&mut self, id: u64) -> Result<Finished, Error> {
        Recovery::of(&self.engine).cancel(id).await
    }

    /// The public key that others lock tokens of `mint` for this wallet to (NUT-11): Ed25519, 32 bytes.
    ///
    /// # Errors
    /// [`crate::error::UsageError::NoActiveKeyset`] for a mint that has neither an identity nor a keyset
    /// that signs.
    pub async fn lock_public_key(&self, mint: &Mint) -> Result<[u8; 32], Error> {
        self.engine.purse.lock_public_key(mint).await
    }

    /// Looks over the wallet's records and its mints. What cannot be looked at is a finding too.
    pub async fn doctor(&self) -> Vec<Finding> {
        Checkup::of(&self.engine).await
    }
}

impl<S: Store, H: Http> Wallet<Sealed<S>, H> {
    /// Protects the wallet with a passphrase, changes it, or takes it away: all at once, or not at all.
    ///
    /// # Errors
    /// [`Error::Store`]; then nothing was changed.
    pub async fn set_passphrase(&mut self, new: Option<&Passphrase>) -> Result<(), Error> {
        Ok(self.engine.purse.tables.0.set_passphrase(new).await?)
    }

    /// Returns whether the wallet is protected by a passphrase.
    #[must_use]
    pub fn has_passphrase(&self) -> bool {
        self.engine.purse.tables.0.has_passphrase()
    }
}
