//! The phrase a wallet is made of: everything else can be found again from it.

use std::fmt;

use bip39::Mnemonic;
use farthing_protocol::derive;
use zeroize::Zeroizing;

use crate::error::UsageError;
use crate::lock::LockKey;

/// Where a wallet's phrase comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Just made: it has nothing at any mint yet.
    New,
    /// Written down before: each mint is searched by [`crate::Wallet::restore`] before it is used, because
    /// another device may use the phrase too.
    Restored,
}

/// Words of a new phrase come from this many random bytes: 12 words (BIP-39).
const ENTROPY_BYTES: usize = 16;
/// The number of the one lock key that wallets had for all mints.
const LOCK_KEY_INDEX: u32 = 0;

/// A BIP-39 phrase: it is all the wallet's money. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Phrase(Mnemonic);

impl Phrase {
    /// Makes a new phrase of 12 English words from the system's randomness.
    ///
    /// # Errors
    /// [`UsageError::Randomness`] when the system has none to give.
    pub fn generate() -> Result<Self, UsageError> {
        let mut entropy = Zeroizing::new([0; ENTROPY_BYTES]);
        getrandom::fill(entropy.as_mut_slice()).map_err(|_| UsageError::Randomness)?;
        let mnemonic = Mnemonic::from_entropy(entropy.as_slice());
        mnemonic.map(Self).map_err(|_| UsageError::Randomness)
    }

    /// Reads a phrase of 12 to 24 English words; case and white space do not matter.
    ///
    /// # Errors
    /// [`UsageError::Phrase`] when a word is unknown or the checksum is wrong; it says nothing of the words.
    pub fn parse(text: &str) -> Result<Self, UsageError> {
        let mut normal = Zeroizing::new(String::with_capacity(text.len()));
        for word in text.split_whitespace() {
            if !normal.is_empty() {
                normal.push(' ');
            }
            normal.extend(word.chars().flat_map(char::to_lowercase));
        }
        let language = bip39::Language::English;
        match Mnemonic::parse_in_normalized(language, &normal) {
            Ok(mnemonic) => Ok(Self(mnemonic)),
            Err(bip39::Error::BadWordCount(_)) => {
                Err(UsageError::Phrase("it needs 12 to 24 words"))
            }
            Err(bip39::Error::UnknownWord(_)) => {
                Err(UsageError::Phrase("a word is not in the BIP-39 list"))
            }
            Err(_) => Err(UsageError::Phrase(
                "the checksum is wrong: a word is wrong or out of place",
            )),
        }
    }

    /// The words, to be shown once and kept on paper.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_string())
    }

    /// The 64 bytes that everything is derived from (BIP-39, no passphrase).
    pub(crate) fn seed(&self) -> Seed {
        Seed(Zeroizing::new(self.0.to_seed_normalized("")))
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase(…)")
    }
}

/// The seed of a phrase, wiped when dropped.
pub(crate) struct Seed(Zeroizing<[u8; 64]>);

impl Seed {
    pub(crate) fn bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// The key that tokens of a mint are locked to; `of` is the mint's identity key, or the id of one of
    /// its keysets.
    pub(crate) fn lock_key(&self, of: &[u8]) -> LockKey {
        LockKey::new(&derive::mint_lock_key(&self.0, of))
    }

    /// The one key that tokens of all mints were locked to before.
    pub(crate) fn former_lock_key(&self) -> LockKey {
        LockKey::new(&derive::lock_key(&self.0, LOCK_KEY_INDEX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_protocol::suite::{Ristretto255, Suite};

    const ZEROS: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                         abandon abandon about";

    #[test]
    fn a_phrase_gives_the_seed_of_bip_39() {
        // Computed with Python's hashlib.pbkdf2_hmac("sha512", phrase, b"mnemonic", 2048).
        let expected = "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1\
                        9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4";
        let phrase = Phrase::parse(ZEROS).unwrap();
        assert_eq!(hex::encode(phrase.seed().bytes()), expected);
    }

    #[test]
    fn case_and_white_space_do_not_matter_and_wrong_words_are_refused() {
        let shouted = format!("\n {}\t", ZEROS.to_uppercase().replace(' ', "  "));
        assert_eq!(*Phrase::parse(&shouted).unwrap().expose(), ZEROS);
        for wrong in [
            "",
            "abandon",
            &ZEROS.replace("about", "abandon"),
            &ZEROS.replace("about", "xyz"),
        ] {
            assert!(
                matches!(Phrase::parse(wrong), Err(UsageError::Phrase(_))),
                "{wrong}"
            );
        }
    }

    #[test]
    fn new_phrases_have_12_words_and_differ() {
        let (a, b) = (Phrase::generate().unwrap(), Phrase::generate().unwrap());
        assert_eq!(a.expose().split(' ').count(), 12);
        assert_ne!(*a.expose(), *b.expose());
        assert_eq!(*Phrase::parse(&a.expose()).unwrap().expose(), *a.expose());
    }

    #[test]
    fn the_lock_key_signs_what_the_mint_checks() {
        let seed = Phrase::parse(ZEROS).unwrap().seed();
        let own = seed.lock_key(b"a mint");
        let key = Ristretto255::lock_key(&own.public()).unwrap();
        assert!(Ristretto255::verify_signature(&key, b"message", &own.sign(b"message")).is_ok());
        assert!(Ristretto255::verify_signature(&key, b"other", &own.sign(b"message")).is_err());
        assert_ne!(own.public(), seed.lock_key(b"another mint").public());
        assert_ne!(own.public(), seed.former_lock_key().public());
    }

    #[test]
    fn debug_shows_no_word() {
        assert_eq!(format!("{:?}", Phrase::parse(ZEROS).unwrap()), "Phrase(…)");
    }
}
