//! The class for JavaScript.

use farthing_protocol::{Token, cashu};
use farthing_wallet::error::UsageError;
use farthing_wallet::records::Mint;
use farthing_wallet::store::Table;
use farthing_wallet::tend::Random;
use farthing_wallet::{
    ApiToken, Origin, Passphrase, Phrase, Redeem, Renew, Sealed, SendOptions, Store, Transfer,
    Unit, Wallet, rescue,
};
use js_sys::Function;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

use crate::amount;
use crate::failure::Failure;
use crate::host::{currency_decimals, now};
use crate::http::{Fetch, Patient};
use crate::store::IndexedDb;
use crate::view::{self, Mints};

pub(crate) type Result<T> = std::result::Result<T, Failure>;
type BrowserWallet = Wallet<Sealed<IndexedDb>, Fetch>;

/// A wallet in this browser's storage.
#[wasm_bindgen]
pub struct FarthingWallet {
    db: IndexedDb,
    pub(crate) fetch: Fetch,
    wallet: BrowserWallet,
    /// A file that is looked at, and not imported yet.
    import: Option<Transfer>,
}

/// Makes a new recovery phrase of twelve words.
#[wasm_bindgen(js_name = newPhrase)]
pub fn new_phrase() -> Result<String> {
    Ok(Phrase::generate()?.expose().to_string())
}

/// Returns whether the database `name` has a wallet: `none`, `open`, or `sealed` by a passphrase.
#[wasm_bindgen(js_name = walletState)]
pub async fn wallet_state(name: String) -> Result<String> {
    let db = IndexedDb::open(&name).await?;
    let state = if Sealed::is_sealed(&db).await? {
        "sealed"
    } else if db.scan(Table::Meta).await?.is_empty() {
        "none"
    } else {
        "open"
    };
    Ok(state.to_owned())
}

/// Deletes the database `name` with all that is in it: what the phrase does not find again is lost.
#[wasm_bindgen(js_name = deleteWallet)]
pub async fn delete_wallet(name: String) -> Result<()> {
    Ok(IndexedDb::delete(&name).await?)
}

#[wasm_bindgen]
impl FarthingWallet {
    /// Makes a wallet of a phrase, under a passphrase if one is given. A phrase that is `restored` was written
    /// down before: each mint is searched by it before it is used.
    pub async fn create(
        name: String,
        phrase: String,
        restored: bool,
        passphrase: Option<String>,
    ) -> Result<FarthingWallet> {
        let phrase = Phrase::parse(&phrase)?;
        let origin = match restored {
            true => Origin::Restored,
            false => Origin::New,
        };
        let (db, fetch) = (IndexedDb::open(&name).await?, Fetch::default());
        let mut store = Sealed::open(db.clone(), None).await?;
        if let Some(passphrase) = read_passphrase(passphrase)? {
            // Before anything is in it, so that nothing ever lay there in clear.
            store.set_passphrase(Some(&passphrase)).await?;
        }
        let wallet = Wallet::create(store, fetch.clone(), now, &phrase, origin).await?;
        Ok(Self {
            db,
            fetch,
            wallet,
            import: None,
        })
    }

    /// Opens the wallet that is there. Call `recover` next.
    pub async fn open(name: String, passphrase: Option<String>) -> Result<FarthingWallet> {
        let (db, fetch) = (IndexedDb::open(&name).await?, Fetch::default());
        let passphrase = read_passphrase(passphrase)?;
        let store = Sealed::open(db.clone(), passphrase.as_ref()).await?;
        let wallet = Wallet::open(store, fetch.clone(), now).await?;
        Ok(Self {
            db,
            fetch,
            wallet,
            import: None,
        })
    }

    /// Settles what was left open; with `all` also what takes long and what else waits for a quiet moment.
    /// Returns a list of operations, each with an error if it is not done.
    pub async fn recover(&mut self, all: Option<bool>) -> Result<String> {
        let wallet = self.ready().await?;
        let mut found = match all {
            Some(true) => wallet.recover_all(&mut Patient(None)).await?,
            _ => wallet.recover().await?,
        };
        if all == Some(true) {
            found.extend(wallet.renew(Renew::Retired).await?.swaps);
        }
        let mints = self.known_mints().await?;
        list(found.iter().map(|r| view::recovered(r, &mints)))
    }

    /// Does the one thing of upkeep that is due, if anything is. To be called where the wallet is opened without a
    /// payment and nothing was left open. Returns what it did: `nothing`, `learned`, `swapped` or `withdrew`.
    pub async fn tend(&mut self) -> Result<String> {
        let mut random = Random::of_system()?;
        let tended = self.ready().await?.tend(&mut random).await?;
        Ok(view::tended(&tended).to_owned())
    }

    /// Adds a mint, or learns anew about a known one; an API token that is given replaces the one before.
    #[wasm_bindgen(js_name = addMint)]
    pub async fn add_mint(&mut self, url: String, api_token: Option<String>) -> Result<String> {
        let token = api_token.map(|text| ApiToken::new(&text));
        let mint = self.ready().await?.mints().add(&url, token).await?;
        text(view::mint(&mint))
    }

    /// The mints, in the order of their addresses.
    pub async fn mints(&mut self) -> Result<String> {
        self.ready().await?;
        list(self.known_mints().await?.0.iter().map(view::mint))
    }

    /// What the wallet holds, mint by mint.
    pub async fn balance(&mut self) -> Result<String> {
        let all = self.ready().await?.balance().await?;
        let mints = self.known_mints().await?;
        list(all.iter().map(|balance| view::balance(balance, &mints)))
    }

    /// What the account at a mint holds. The mint is told whose account it is.
    pub async fn account(&mut self, mint: Option<String>) -> Result<String> {
        let wallet = self.ready().await?;
        let mint = wallet.mints().with_account(mint.as_deref()).await?;
        text(view::account(&wallet.account(&mint).get().await?, &mint))
    }

    /// Takes an amount out of the account into the wallet.
    pub async fn withdraw(&mut self, mint: Option<String>, amount: String) -> Result<String> {
        let wallet = self.ready().await?;
        let mint = wallet.mints().with_account(mint.as_deref()).await?;
        let amount = amount::read(&amount, &mint.shown_in())?;
        text(view::finished(wallet.withdraw(&mint, amount).await?, &mint))
    }

    /// Takes an amount, or all the wallet has at a mint, into the account there.
    pub async fn redeem(&mut self, mint: Option<String>, amount: Option<String>) -> Result<String> {
        let wallet = self.ready().await?;
        let mint = wallet.mints().with_account(mint.as_deref()).await?;
        let read = |text: String| amount::read(&text, &mint.shown_in());
        let amount = amount.map(read).transpose()?;
        let what = amount.map_or(Redeem::All, Redeem::Amount);
        text(view::done(&wallet.redeem(&mint, what).await?, &mint))
    }

    /// What the token in a text is worth, and of which mint it is. Nothing is asked of anybody.
    #[wasm_bindgen(js_name = receivePreview)]
    pub async fn receive_preview(&mut self, token: String) -> Result<String> {
        let wallet = self.ready().await?;
        let token = Token::find(&token).map_err(farthing_wallet::Error::from)?;
        let amount = token.amount().expect("a token is found with its sum");
        let known = wallet.mint(Some(mint_of(&token))).await.ok();
        let decimals = Unit::ecash_decimals(&token.unit).or_else(|| currency_decimals(&token.unit));
        text(view::token(&token, amount, known.as_ref(), decimals))
    }

    /// Takes in the token in a text.
    pub async fn receive(&mut self, token: String) -> Result<String> {
        let done = self.ready().await?.receive(&token).await?;
        let first = done
            .finished
            .first()
            .expect("an operation is done, or it fails");
        let mint = self.ready().await?.mint(Some(&first.entry.mint)).await?;
        text(view::done(&done, &mint))
    }

    /// Makes a token to hand over; for Cashu's wallets if `cashu` is true.
    pub async fn send(
        &mut self,
        mint: Option<String>,
        amount: String,
        memo: Option<String>,
        cashu: Option<bool>,
    ) -> Result<String> {
        let wallet = self.ready().await?;
        let mint = wallet.mint(mint.as_deref()).await?;
        let amount = amount::read(&amount, &mint.shown_in())?;
        let options = SendOptions {
            memo,
            cashu: cashu.unwrap_or_default(),
            ..SendOptions::default()
        };
        let sent = wallet.send(&mint, amount, options).await?;
        text(view::sent(&sent, &Mints(vec![mint])))
    }

    /// The tokens that were handed out, oldest first, in the state last known.
    pub async fn sent(&mut self) -> Result<String> {
        let all = self.ready().await?.sent_tokens().all().await?;
        let mints = self.known_mints().await?;
        list(all.iter().map(|sent| view::sent(sent, &mints)))
    }

    /// Asks the mints which of the tokens handed out are claimed. Returns the errors of those that could not
    /// be asked.
    #[wasm_bindgen(js_name = checkSent)]
    pub async fn check_sent(&mut self) -> Result<String> {
        let failures = self.ready().await?.sent_tokens().check().await?;
        list(failures.iter().map(|error| Failure::from(error).json()))
    }

    /// Takes back what nobody has claimed of the token that operation `id` handed out.
    pub async fn reclaim(&mut self, id: u32) -> Result<String> {
        let wallet = self.ready().await?;
        let sent = wallet.sent_tokens().get(id.into()).await?;
        let done = wallet.reclaim(id.into()).await?;
        let mint = wallet.mint(Some(&sent.mint)).await?;
        text(view::done(&done, &mint))
    }

    /// What happened, oldest first, and then what is open.
    pub async fn history(&mut self) -> Result<String> {
        let wallet = self.ready().await?;
        let entries = wallet.history().await?;
        let open = wallet.open_operations().await?;
        let mints = self.known_mints().await?;
        let entries = entries.iter().map(|entry| view::entry(entry, &mints));
        let open = open.iter().map(|operation| view::open(operation, &mints));
        list(entries.chain(open))
    }

    /// Ends operation `id`, which is open and does not come to an end by itself.
    pub async fn cancel(&mut self, id: u32) -> Result<String> {
        let wallet = self.ready().await?;
        let finished = wallet.cancel(id.into()).await?;
        let mints = self.known_mints().await?;
        text(view::entry(&finished.entry, &mints))
    }

    /// The recovery phrase; of a wallet with a passphrase only for whoever gives it.
    pub async fn phrase(&mut self, passphrase: Option<String>) -> Result<String> {
        self.ready().await?;
        let passphrase = read_passphrase(passphrase)?;
        let store = Sealed::open(self.db.clone(), passphrase.as_ref()).await?;
        Ok(rescue::phrase(&store).await?.expose().to_string())
    }

    /// Searches a mint for what the phrase has there. `progress` is called with a JSON text after each answer.
    pub async fn restore(
        &mut self,
        mint: Option<String>,
        progress: Option<Function>,
    ) -> Result<String> {
        let wallet = self.ready().await?;
        let mint = wallet.mint(mint.as_deref()).await?;
        let found = wallet
            .restore(&mint, &mut Patient(progress.as_ref()))
            .await?;
        let shown = mint.shown_in().show(found.amount);
        text(json!({"amount": found.amount, "shown": shown, "tokens": found.tokens}))
    }

    /// Writes the whole wallet into a file under a passphrase. Its money is listed as sent from then on, with
    /// `memo` as its note.
    pub async fn export(&mut self, passphrase: String, memo: Option<String>) -> Result<String> {
        let passphrase = Passphrase::new(&passphrase)?;
        let transfers = self.ready().await?.transfers();
        let done = transfers.export(&passphrase, memo.as_deref()).await?;
        let mints = self.known_mints().await?;
        text(view::exported(&done, &mints))
    }

    /// What a file has that another wallet was exported into. Nothing of it is taken yet, and nobody is asked.
    #[wasm_bindgen(js_name = lookAtImport)]
    pub async fn look_at_import(&mut self, file: String, passphrase: String) -> Result<String> {
        self.ready().await?;
        let transfer = Transfer::open(&file, &Passphrase::new(&passphrase)?)?;
        let shown = text(view::transfer(&transfer));
        self.import = Some(transfer);
        shown
    }

    /// Takes over what the file has that was looked at last.
    pub async fn import(&mut self) -> Result<String> {
        self.ready().await?;
        let transfer = self.import.take().ok_or(UsageError::ImportDamaged)?;
        let done = self.wallet.transfers().import(&transfer).await?;
        let mints = self.known_mints().await?;
        text(view::imported(&done, &mints))
    }

    /// Protects the wallet with a passphrase, changes it, or takes it away. Other tabs have to open it again.
    #[wasm_bindgen(js_name = setPassphrase)]
    pub async fn set_passphrase(&mut self, new: Option<String>) -> Result<()> {
        let new = read_passphrase(new)?;
        Ok(self.ready().await?.set_passphrase(new.as_ref()).await?)
    }

    /// Returns whether the wallet has a passphrase.
    #[wasm_bindgen(js_name = hasPassphrase)]
    #[must_use]
    pub fn has_passphrase(&self) -> bool {
        self.wallet.has_passphrase()
    }
}

impl FarthingWallet {
    /// The wallet, if the store is still under the passphrase that it was opened with.
    pub(crate) async fn ready(&mut self) -> Result<&mut BrowserWallet> {
        self.db.check().await?;
        Ok(&mut self.wallet)
    }

    pub(crate) async fn known_mints(&self) -> Result<Mints> {
        Ok(Mints(self.wallet.mints().all().await?))
    }

    /// The record of a mint of this wallet.
    pub(crate) async fn mint(&self, url: &str) -> Result<Mint> {
        Ok(self.wallet.mint(Some(url)).await?)
    }
}

fn read_passphrase(text: Option<String>) -> Result<Option<Passphrase>> {
    Ok(text.map(|text| Passphrase::new(&text)).transpose()?)
}

/// The address of the mint of a token, without the path of its Cashu API.
fn mint_of(token: &Token) -> &str {
    let url = token.mint.trim_end_matches('/');
    url.strip_suffix(cashu::path::PREFIX).unwrap_or(url)
}

/// A value as JSON text.
pub(crate) fn text(value: Value) -> Result<String> {
    Ok(value.to_string())
}

/// Values as the JSON text of a list.
pub(crate) fn list(values: impl Iterator<Item = Value>) -> Result<String> {
    text(values.collect())
}
