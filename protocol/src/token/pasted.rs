//! Tokens as people paste them: in a sentence, a link or a message, broken into lines, quoted.
//!
//! A token says itself where it ends (CBOR and JSON both do), so lines can be joined without guessing, and
//! what follows a token is never taken for a part of it.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::{Body, PREFIX, Token, TokenError, v3};
use crate::text::is_invisible;

/// base64url of which only the beginning may be a token's.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// So many beginnings of tokens are looked at, so that a long text costs little.
const BEGINNINGS_MAX: usize = 16;
/// What is shorter than this after a token's prefix is a mention of tokens, not one that was damaged.
const MENTION_CHARS_MAX: usize = 20;
/// Numbers of words that BIP-39 phrases have.
const PHRASE_WORDS: [usize; 5] = [12, 15, 18, 21, 24];

/// Why there is no token in a text, or none that can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoToken {
    /// No text.
    #[error("there is no text; a token starts with {PREFIX}")]
    Empty,
    /// Nothing that looks like a token.
    #[error("there is no token in this text; a token starts with {PREFIX}")]
    Absent,
    /// The end of the token is missing.
    #[error("the token is cut off: its end is missing")]
    CutOff,
    /// Something in the token is not as it was made.
    #[error("the token was altered: characters of it are missing, changed or added")]
    Altered,
    /// Capital and small letters were changed.
    #[error("the token's capital and small letters were changed, so it cannot be read")]
    Case,
    /// A version that is not known.
    #[error("this is a token of a version that is not known here")]
    Version,
    /// More than one.
    #[error("there is more than one token in this text")]
    Several,
    /// A payment request.
    #[error("this is a payment request: it asks for money and holds none")]
    Request,
    /// An invoice or another request of the Lightning network.
    #[error("this is a Lightning invoice or address: it asks for money and holds none")]
    Invoice,
    /// What looks like a recovery phrase.
    #[error(
        "this looks like a recovery phrase, which is not a token and is for nobody else's eyes"
    )]
    Phrase,
    /// It is whole, and cannot be taken.
    #[error("{0}")]
    Token(#[from] TokenError),
}

/// Finds the one token in a text, and gives it without anything around or between.
///
/// Lines are joined, with what mail puts at their beginnings and ends. Schemes (`cashu:`, `web+cashu:`),
/// links, quotes and sentences around the token are left out. The same token twice is one.
///
/// # Errors
/// A [`NoToken`].
pub fn find(text: &str) -> Result<Zeroizing<String>, NoToken> {
    if text.trim().is_empty() {
        return Err(NoToken::Empty);
    }
    let compact = Compact::of(text);
    let mut found: Option<Zeroizing<String>> = None;
    let mut damaged = None;
    let mut start = 0;
    for _ in 0..BEGINNINGS_MAX {
        let Some(at) = compact.next_beginning(start) else {
            break;
        };
        match compact.token_at(at) {
            Ok(token) => {
                start = at + token.len();
                match &found {
                    Some(first) if **first != *token => return Err(NoToken::Several),
                    Some(_) | None => found = Some(token),
                }
            }
            Err(fault) => {
                start = at + PREFIX.len();
                if compact.run(start).len() >= MENTION_CHARS_MAX || damaged.is_none() {
                    let is_mention = compact.word(start) < MENTION_CHARS_MAX;
                    damaged = Some((fault, is_mention));
                }
            }
        }
    }
    match (found, damaged) {
        (Some(token), None | Some((_, true))) => Ok(token),
        (Some(_), Some((_, false))) => Err(NoToken::Several),
        (None, Some((fault, _))) => Err(fault),
        (None, None) => Err(what_else(text, &compact)),
    }
}

impl Token {
    /// Reads the one token in a text as people paste it.
    ///
    /// # Errors
    /// A [`NoToken`].
    pub fn find(text: &str) -> Result<Self, NoToken> {
        Ok(Self::decode(&find(text)?)?)
    }
}

/// A text without white space and what else may stand where a line was broken.
struct Compact {
    /// Its ASCII characters; 0 stands for any other.
    chars: Zeroizing<Vec<u8>>,
    /// Whether something was left out before a character.
    gap_before: Vec<bool>,
}

impl Compact {
    fn of(text: &str) -> Self {
        // With this capacity no copy of a token is left behind by growth.
        let mut chars = Zeroizing::new(Vec::with_capacity(text.len()));
        let mut gap_before = Vec::with_capacity(text.len());
        let (mut gap, mut line_begins) = (true, true);
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            let ends_line = matches!(rest.peek(), None | Some('\n' | '\r'));
            let quotes_line = line_begins && matches!(c, '>' | '|');
            // Mail in "quoted-printable" ends a broken line with an equals sign.
            if c.is_whitespace() || is_invisible(c) || quotes_line || (c == '=' && ends_line) {
                gap = true;
                line_begins = c == '\n' || (line_begins && c != '=');
                continue;
            }
            chars.push(if c.is_ascii() { c as u8 } else { 0 });
            gap_before.push(gap);
            (gap, line_begins) = (false, false);
        }
        Self { chars, gap_before }
    }

    /// The next place from `start` on where a token may begin.
    fn next_beginning(&self, start: usize) -> Option<usize> {
        (start..self.chars.len()).find(|&at| {
            let here = self.chars.get(at..).unwrap_or_default();
            let begins =
                here.starts_with(PREFIX.as_bytes()) || here.starts_with(v3::PREFIX.as_bytes());
            begins && self.is_start_of_word(at)
        })
    }

    /// Returns whether a word begins at `at`: after a gap, a sign, or a percent-encoded sign.
    fn is_start_of_word(&self, at: usize) -> bool {
        let before = self.chars.get(..at).unwrap_or_default();
        let encoded = |tail: &[u8]| matches!(tail, [b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
        before.last().is_none_or(|c| !c.is_ascii_alphanumeric())
            || self.gap_before.get(at) == Some(&true)
            || before.last_chunk::<3>().is_some_and(|tail| encoded(tail))
    }

    /// The characters of base64url from `start` on, over gaps.
    fn run(&self, start: usize) -> &[u8] {
        let rest = self.chars.get(start..).unwrap_or_default();
        let end = rest.iter().position(|&c| !is_base64(c));
        rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
    }

    /// Returns how many characters of base64url there are from `start` on, up to the next gap.
    fn word(&self, start: usize) -> usize {
        let chars = self.chars.iter().zip(&self.gap_before).skip(start);
        let here = chars.enumerate();
        here.take_while(|(i, (c, gap))| is_base64(**c) && (*i == 0 || !**gap))
            .count()
    }

    /// The token that begins at `at`.
    fn token_at(&self, at: usize) -> Result<Zeroizing<String>, NoToken> {
        let start = at + PREFIX.len();
        let run = self.run(start);
        let json = self.chars.get(at..start) == Some(v3::PREFIX.as_bytes());
        let length = if json {
            json_length(run)
        } else {
            cbor_length(run)
        }?;
        let end = start + length;
        // What follows within the same word is a part that does not belong, but for a sign.
        let tail = self
            .chars
            .get(end..end + self.word(end))
            .unwrap_or_default();
        let is_apart = self.gap_before.get(end).is_none_or(|gap| *gap);
        if !is_apart && tail.iter().any(u8::is_ascii_alphanumeric) {
            return Err(NoToken::Altered);
        }
        let token = self.chars.get(at..end).unwrap_or_default();
        let token = std::str::from_utf8(token).map_err(|_| NoToken::Altered)?;
        let token = Zeroizing::new(token.to_owned());
        match Token::decode(&token) {
            Ok(_) => Ok(token),
            Err(TokenError::Damaged | TokenError::Prefix) => Err(NoToken::Altered),
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns how many characters the CBOR takes that begins in `base64`.
fn cbor_length(base64: &[u8]) -> Result<usize, NoToken> {
    let bytes = bytes_of(base64)?;
    let mut rest = bytes.as_slice();
    match ciborium::from_reader::<Body, _>(&mut rest) {
        Ok(_) => Ok(chars_of(bytes.len() - rest.len())),
        Err(ciborium::de::Error::Io(_)) => Err(NoToken::CutOff),
        Err(_) => Err(NoToken::Altered),
    }
}

/// Returns how many characters the JSON takes that begins in `base64`.
fn json_length(base64: &[u8]) -> Result<usize, NoToken> {
    let bytes = bytes_of(base64)?;
    let mut values = serde_json::Deserializer::from_slice(&bytes).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => Ok(chars_of(values.byte_offset())),
        Some(Err(error)) if !error.is_eof() => Err(NoToken::Altered),
        Some(Err(_)) | None => Err(NoToken::CutOff),
    }
}

fn bytes_of(base64: &[u8]) -> Result<Zeroizing<Vec<u8>>, NoToken> {
    // One character alone holds no byte.
    let whole = base64.len() - usize::from(base64.len() % 4 == 1);
    let bytes = LENIENT.decode(base64.get(..whole).unwrap_or_default());
    bytes.map(Zeroizing::new).map_err(|_| NoToken::Altered)
}

/// Returns how many characters of base64 without padding so many bytes are.
fn chars_of(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

fn is_base64(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_')
}

/// Returns what a text is that holds no token.
fn what_else(text: &str, compact: &Compact) -> NoToken {
    let lower: Zeroizing<Vec<u8>> = Zeroizing::new(compact.chars.to_ascii_lowercase());
    for at in 0..lower.len() {
        let here = lower.get(at..).unwrap_or_default();
        if !compact.is_start_of_word(at) {
            continue;
        }
        let is_long = compact.word(at) >= MENTION_CHARS_MAX;
        let begins = |with: &[&str]| is_long && with.iter().any(|w| here.starts_with(w.as_bytes()));
        if begins(&["cashua", "cashub"]) {
            return NoToken::Case;
        }
        if begins(&["creqa", "creqb1"]) {
            return NoToken::Request;
        }
        if begins(&["lnbc", "lntb", "lno1", "lnurl1"]) {
            return NoToken::Invoice;
        }
        let version = compact.chars.get(at + "cashu".len());
        if begins(&["cashu"]) && version.is_some_and(u8::is_ascii_uppercase) {
            return NoToken::Version;
        }
    }
    let mut words = text.split_whitespace();
    let of_a_phrase =
        |word: &str| (3..=8).contains(&word.len()) && word.bytes().all(|c| c.is_ascii_alphabetic());
    match words.all(of_a_phrase) && PHRASE_WORDS.contains(&text.split_whitespace().count()) {
        true => NoToken::Phrase,
        false => NoToken::Absent,
    }
}

#[cfg(test)]
#[path = "../token_pasted_tests.rs"]
mod tests;
