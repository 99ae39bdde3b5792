//! Parsing and writing the secrets that are locks (NUT-10, NUT-11 "Tags", NUT-14).

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::LockError;
use crate::Secret;
use crate::encoding::decode_array;
use crate::suite::SuiteId;

/// Which kind of lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Pay to public key (NUT-11).
    P2pk,
    /// Hashed timelock contract (NUT-14).
    Htlc,
}

/// What the signatures of a witness cover (NUT-11, "Signature flag").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigFlag {
    /// Each input's secret, one by one.
    Inputs,
    /// All inputs and all outputs together.
    All,
}

/// The SHA-256 hash that an HTLC's preimage must have.
pub type HashLock = [u8; 32];

/// A well-formed lock.
///
/// Two locks are equal when their kind, data and tags are, and the suite of their keys: what `SIG_ALL`
/// asks of all inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Whose keys they are: that of the token's keyset.
    pub suite: SuiteId,
    /// The hash to open, for an HTLC.
    pub hash: Option<HashLock>,
    /// What signatures cover.
    pub sigflag: SigFlag,
    /// The keys of the main pathway, canonical and all different.
    pub keys: Vec<[u8; 32]>,
    /// How many of `keys` must sign; 0 for an HTLC without keys.
    pub n_sigs: usize,
    /// After this Unix time the refund pathway is open too; `None` means never.
    pub locktime: Option<u64>,
    /// The keys of the refund pathway, canonical and all different.
    pub refund: Vec<[u8; 32]>,
    /// How many of `refund` must sign; 0 when there are none, and then anyone may spend.
    pub n_sigs_refund: usize,
    /// Data and tags as written, to compare locks by.
    terms: (String, Vec<Vec<String>>),
}

/// The object inside a well-known secret (NUT-10).
#[derive(Serialize, Deserialize)]
struct Body {
    nonce: String,
    data: String,
    #[serde(default)]
    tags: Vec<Vec<String>>,
}

/// Reads the lock of a secret, with the keys of the suite that the token's keyset is of; `None` when it
/// is not a lock of a kind known here.
///
/// # Errors
/// [`LockError::Malformed`] when it says it is such a lock and breaks a rule of NUT-11 or NUT-14.
pub fn parse(suite: SuiteId, secret: &Secret) -> Result<Option<Lock>, LockError> {
    // Every plain secret leaves here, without a parser being started.
    let Some(elements) = secret.expose().trim_start().strip_prefix('[') else {
        return Ok(None);
    };
    // The first string decides. What says it is a lock and does not parse is no plain secret: another
    // parser may well read it, and its owner would believe it locked while anyone could spend it.
    let kind = serde_json::Deserializer::from_str(elements)
        .into_iter::<String>()
        .next();
    let kind = match kind.and_then(Result::ok).as_deref() {
        Some("P2PK") => Kind::P2pk,
        Some("HTLC") => Kind::Htlc,
        Some(_) | None => return Ok(None),
    };
    let (_, body): (IgnoredAny, Body) = crate::json::from_str(secret.expose())
        .map_err(|_| LockError::Malformed("not a lock's fields"))?;
    Lock::from_body(suite, kind, body).map(Some)
}

impl Lock {
    /// The secret of a token that only the holder of `key` can spend (NUT-11, "Basic Case").
    ///
    /// `key` is as the keyset's suite writes it, 32 bytes or 33. `nonce` makes the secret unique: 64 hex
    /// digits that nobody else knows.
    #[must_use]
    pub fn p2pk_secret(key: &[u8], nonce: &Secret) -> Secret {
        let body = Body {
            nonce: nonce.expose().to_owned(),
            data: hex::encode(key),
            tags: vec![vec!["sigflag".to_owned(), "SIG_INPUTS".to_owned()]],
        };
        let text = serde_json::to_string(&("P2PK", body));
        Secret::new(text.expect("strings can always be written as JSON"))
    }

    fn from_body(suite: SuiteId, kind: Kind, body: Body) -> Result<Self, LockError> {
        let tags = Tags(&body.tags);
        tags.all_once()?;
        let mut keys = tags.keys(suite, "pubkeys")?;
        let hash = match kind {
            Kind::P2pk => {
                keys.insert(0, decode_key(suite, &body.data)?);
                None
            }
            Kind::Htlc => Some(decode_array(&body.data).ok_or(LockError::Malformed("the hash"))?),
        };
        let refund = tags.keys(suite, "refund")?;
        all_different(&keys)?;
        all_different(&refund)?;
        let sigflag = match tags.value("sigflag") {
            None | Some("SIG_INPUTS") => SigFlag::Inputs,
            Some("SIG_ALL") => SigFlag::All,
            Some(_) => return Err(LockError::Malformed("unknown sigflag")),
        };
        Ok(Self {
            suite,
            hash,
            sigflag,
            n_sigs: tags.threshold("n_sigs", keys.len())?,
            locktime: tags.value("locktime").and_then(|t| t.parse().ok()),
            n_sigs_refund: tags.threshold("n_sigs_refund", refund.len())?,
            keys,
            refund,
            terms: (body.data, body.tags),
        })
    }
}

/// The tags of a lock, `[["key", "value", …], …]`.
struct Tags<'a>(&'a [Vec<String>]);

impl<'a> Tags<'a> {
    const KNOWN: [&'static str; 6] = [
        "sigflag",
        "pubkeys",
        "n_sigs",
        "locktime",
        "refund",
        "n_sigs_refund",
    ];

    /// No tag is empty (NUT-10); each known tag appears once at most, and has at least one value.
    fn all_once(&self) -> Result<(), LockError> {
        let empty = |tag: &Vec<String>| tag.is_empty() || tag.iter().any(String::is_empty);
        if self.0.iter().any(empty) {
            return Err(LockError::Malformed("an empty tag"));
        }
        for known in Self::KNOWN {
            let mut found = self
                .0
                .iter()
                .filter(|t| t.first().is_some_and(|k| k == known));
            if found.next().is_some_and(|t| t.len() < 2) {
                return Err(LockError::Malformed("a tag without a value"));
            }
            if found.next().is_some() {
                return Err(LockError::Malformed("a tag appears twice"));
            }
        }
        Ok(())
    }

    fn values(&self, key: &str) -> &'a [String] {
        let tag = self.0.iter().find(|t| t.first().is_some_and(|k| k == key));
        tag.and_then(|t| t.get(1..)).unwrap_or_default()
    }

    fn value(&self, key: &str) -> Option<&'a str> {
        self.values(key).first().map(String::as_str)
    }

    fn keys(&self, suite: SuiteId, key: &str) -> Result<Vec<[u8; 32]>, LockError> {
        self.values(key)
            .iter()
            .map(|k| decode_key(suite, k))
            .collect()
    }

    /// Returns how many of `total` keys must sign: 1 unless the tag says so, 0 when there are no keys.
    fn threshold(&self, key: &str, total: usize) -> Result<usize, LockError> {
        let Some(value) = self.value(key) else {
            return Ok(total.min(1));
        };
        let n = value.parse().unwrap_or(0);
        if n == 0 || n > total {
            return Err(LockError::Malformed("the number of signatures"));
        }
        Ok(n)
    }
}

fn decode_key(suite: SuiteId, text: &str) -> Result<[u8; 32], LockError> {
    let bytes = hex::decode(text).map_err(|_| LockError::Malformed("a public key"))?;
    suite
        .lock_key(&bytes)
        .map_err(|_| LockError::Malformed("a public key"))
}

fn all_different(keys: &[[u8; 32]]) -> Result<(), LockError> {
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    let twice = sorted
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a == b));
    (!twice)
        .then_some(())
        .ok_or(LockError::Malformed("a key appears twice"))
}
