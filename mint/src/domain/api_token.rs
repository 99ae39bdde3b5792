//! API tokens: what one may be used for, its text, and what is stored of it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::{Error, Result};

/// What an API token starts with, so that people and scanners recognise one.
const PREFIX: &str = "farthing_";

/// What an API token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Out of the account into tokens.
    Withdraw,
    /// Out of tokens into the account.
    Redeem,
    /// Balance and statement.
    Read,
}

impl Scope {
    const ALL: [Self; 3] = [Self::Withdraw, Self::Redeem, Self::Read];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Withdraw => "withdraw",
            Self::Redeem => "redeem",
            Self::Read => "read",
        }
    }
}

/// A set of scopes, written as words with commas between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// All there are.
    #[must_use]
    pub fn all() -> Self {
        Self(Scope::ALL.to_vec())
    }

    /// Reads words with commas between.
    ///
    /// # Errors
    /// [`Error::Operator`] that names an unknown word.
    pub fn parse(text: &str) -> Result<Self> {
        let parse = |word: &str| {
            let found = Scope::ALL.into_iter().find(|scope| scope.as_str() == word);
            found.ok_or_else(|| {
                Error::Operator(format!("unknown scope {word:?}: withdraw, redeem or read"))
            })
        };
        text.split(',')
            .map(str::trim)
            .map(parse)
            .collect::<Result<_>>()
            .map(Self)
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> Vec<&'static str> {
        self.0.iter().map(|scope| scope.as_str()).collect()
    }

    /// Returns whether `scope` is among them.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
}

/// The text of an API token, 256 random bits. Wiped when dropped, never shown by `Debug`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ApiTokenText(String);

impl ApiTokenText {
    /// Draws a new one.
    ///
    /// # Errors
    /// [`Error::Operator`] when the system gives no random numbers.
    pub fn generate() -> Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes)
            .map_err(|e| Error::Operator(format!("no random numbers from the system: {e}")))?;
        let mut text = PREFIX.to_owned();
        URL_SAFE_NO_PAD.encode_string(*bytes, &mut text);
        Ok(Self(text))
    }

    /// The text, to show once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns what is stored of it. A plain hash is enough for 256 random bits.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        hash_api_token(&self.0)
    }
}

impl fmt::Debug for ApiTokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiTokenText(…)")
    }
}

/// Returns what is stored of an API token's text.
#[must_use]
pub fn hash_api_token(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
