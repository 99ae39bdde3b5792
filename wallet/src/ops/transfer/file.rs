//! The file with which a wallet moves: its text, and what is sealed inside.
//!
//! The text is one JSON object: `format`, `version`, the seal as a protected store has it, and the content
//! sealed by the file's own key ([`crate::store::seal`]). So a file is opened as a store is, at the same cost
//! for whoever guesses passphrases. `docs/reference/wallet.md`, "The file of an export", specifies it.

use farthing_protocol::json;
use farthing_protocol::{Secret, Token, Unit};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::{Error, StoreError, UsageError};
use crate::http::ApiToken;
use crate::records::{Bought, Budget, Mint, Sent};
use crate::store::Table;
use crate::store::seal::{FileKey, Passphrase, Seal};

const FORMAT: &str = "farthing-export";
const VERSION: u32 = 1;
/// The name under which the content is sealed, among a store's records.
const CONTENT: &str = "export";

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u32,
    seal: Seal,
    /// The content, hex.
    content: String,
}

/// What can be said of a file of any version.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

/// A wallet on its way to another one: what a file holds. `Debug` shows no secret of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Transfer {
    /// Which export it is: 32 hex digits, drawn at random.
    pub(super) id: String,
    pub(super) mints: Vec<MovedMint>,
    /// What may be paid to sites without asking.
    pub budgets: Vec<Budget>,
    /// What was bought, with its receipts.
    pub bought: Vec<Bought>,
}

/// A mint of the wallet that moves, and what the wallet had there.
#[derive(Debug, Serialize, Deserialize)]
pub struct MovedMint {
    /// Its address.
    pub url: String,
    /// Its name, in its own words.
    pub name: String,
    /// The unit of its tokens.
    pub unit: String,
    /// How many decimals people write the unit with.
    pub decimals: u8,
    /// The mint's public key, 64 hex digits; none for a mint that shows no identity.
    pub identity: Option<String>,
    /// The API token of the holder's account there.
    pub(super) api_token: Option<ApiToken>,
    /// The money, as a token.
    pub(super) token: Option<Secret>,
}

impl MovedMint {
    pub(super) fn of(mint: Mint, sent: Option<&Sent>) -> Self {
        Self {
            url: mint.url,
            name: mint.name,
            unit: mint.unit,
            decimals: mint.decimals,
            identity: mint.identity.map(|identity| identity.key),
            api_token: mint.api_token,
            token: sent.map(|sent| Secret::new(sent.token().encode().to_string())),
        }
    }

    /// Returns whether an account at the mint comes with it.
    #[must_use]
    pub fn has_account(&self) -> bool {
        self.api_token.is_some()
    }

    /// Returns the unit, to show amounts in.
    #[must_use]
    pub fn shown_in(&self) -> Unit {
        Unit::new(&self.unit, self.decimals)
    }

    /// Returns what its token is worth, in the unit's smallest part.
    #[must_use]
    pub fn amount(&self) -> u64 {
        let token = self.token.as_ref();
        let token = token.and_then(|token| Token::decode(token.expose()).ok());
        token.and_then(|token| token.amount().ok()).unwrap_or(0)
    }
}

impl Transfer {
    /// Returns the mints of the wallet that moves.
    #[must_use]
    pub fn mints(&self) -> &[MovedMint] {
        &self.mints
    }

    /// Opens the text of a file. Nothing is asked of anybody, and nothing is taken.
    ///
    /// # Errors
    /// [`UsageError::ImportDamaged`] for a text that is none of a whole file, [`UsageError::ImportVersion`] for
    /// one that a later version wrote, [`UsageError::ImportPassphrase`] for another passphrase, or a seal that
    /// was altered: the two cannot be told apart.
    pub fn open(text: &str, passphrase: &Passphrase) -> Result<Self, Error> {
        let damaged = || Error::from(UsageError::ImportDamaged);
        let head: Head = json::from_str(text.trim()).map_err(|_| damaged())?;
        match (head.format.as_str(), head.version) {
            (FORMAT, VERSION) => {}
            (FORMAT, version) if version > VERSION => {
                return Err(UsageError::ImportVersion(version).into());
            }
            _ => return Err(damaged()),
        }
        let file: File = json::from_str(text.trim()).map_err(|_| damaged())?;
        let sealed = hex::decode(&file.content).map_err(|_| damaged())?;
        let key = FileKey::unwrap(&file.seal, passphrase).map_err(|error| match error {
            StoreError::Passphrase => UsageError::ImportPassphrase.into(),
            StoreError::Damaged { .. } | StoreError::Version(_) => damaged(),
            other => Error::from(other),
        })?;
        let name = key.name(Table::Meta, CONTENT);
        let (_, content) = key
            .open(Table::Meta, &name, &sealed)
            .map_err(|_| damaged())?;
        json::from_slice(&content).map_err(|_| damaged())
    }
}

/// A file before it has its content: its key is made first, because that can fail.
pub(super) struct Writer {
    key: FileKey,
    seal: Seal,
}

impl Writer {
    /// Makes the key of a new file.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the system gives no random numbers or too little memory.
    pub(super) fn new(passphrase: &Passphrase) -> Result<Self, StoreError> {
        let (key, seal) = FileKey::generate(passphrase)?;
        Ok(Self { key, seal })
    }

    /// Seals the content; returns the text of the file.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the system gives no random numbers.
    pub(super) fn write(self, transfer: &Transfer) -> Result<String, StoreError> {
        let mut content = Zeroizing::new(Vec::new());
        serde_json::to_writer(&mut *content, transfer)
            .expect("a transfer has no map keys but strings, and memory takes every byte");
        let sealed = self.key.seal(Table::Meta, CONTENT, &content)?;
        let file = File {
            format: FORMAT.to_owned(),
            version: VERSION,
            seal: self.seal,
            content: hex::encode(&*sealed),
        };
        Ok(serde_json::to_string(&file).expect("a file is texts and numbers"))
    }
}
