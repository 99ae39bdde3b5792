//! Asking a mint for what it shows everybody: bounded answers, and keysets whose ids are those of their keys.

use farthing_protocol::api::{Keys, KeysetKeys, Keysets, path};
use farthing_protocol::cashu::path::PREFIX as CASHU;
use farthing_protocol::suite::{Suite, SuiteId};
use farthing_protocol::{KeysetId, with_suite};
use serde::de::DeserializeOwned;

/// The most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The doors of a mint: what stands before their paths, and the suite of the keysets behind them.
const DOORS: [(&str, SuiteId); 2] = [("", SuiteId::Ristretto255), (CASHU, SuiteId::Secp256k1)];

/// Whether a keyset's id is that of its keys and terms (NUT-02).
pub(crate) fn holds(keyset: &KeysetKeys) -> bool {
    let (keys, terms) = (&keyset.keys, &keyset.info);
    let (fee, expiry) = (terms.input_fee_ppk, terms.final_expiry);
    let derive =
        |suite| with_suite!(suite, S => KeysetId::derive::<S>(keys, &terms.unit, fee, expiry));
    SuiteId::of(&terms.id).map(derive) == Some(terms.id)
}

/// All keysets of the mint. Keys are asked for of those alone that are not `known`: an id is of its keys.
pub(crate) async fn fetch_keysets(
    http: &reqwest::Client,
    url: &str,
    known: &[KeysetKeys],
) -> Result<Vec<KeysetKeys>, String> {
    let mut keysets = Vec::new();
    for (door, suite) in DOORS {
        keysets.extend(fetch_door(http, url, (door, suite), known).await?);
    }
    Ok(keysets)
}

/// The keysets behind one door, each id recomputed from its keys (NUT-02).
async fn fetch_door(
    http: &reqwest::Client,
    url: &str,
    (door, suite): (&str, SuiteId),
    known: &[KeysetKeys],
) -> Result<Vec<KeysetKeys>, String> {
    let listed: Keysets = get(http, url, &format!("{door}{}", path::KEYSETS)).await?;
    let version = with_suite!(suite, S => S::KEYSET_ID_VERSION);
    let ours = listed.keysets.into_iter();
    let ours = ours.filter(|info| info.id.version() == version);
    let mut keysets = Vec::new();
    for info in ours {
        let before = known.iter().find(|k| k.info.id == info.id);
        let keyset = match before {
            Some(KeysetKeys { keys, .. }) => KeysetKeys {
                keys: keys.clone(),
                info,
            },
            None => fetch_one(http, url, door, &info.id).await?,
        };
        if !holds(&keyset) {
            return Err(format!(
                "its keyset {} has other keys than its id says",
                keyset.info.id
            ));
        }
        keysets.push(keyset);
    }
    Ok(keysets)
}

async fn fetch_one(
    http: &reqwest::Client,
    url: &str,
    door: &str,
    id: &KeysetId,
) -> Result<KeysetKeys, String> {
    let path = format!("{door}{}/{id}", path::KEYS);
    let keys: Keys = get(http, url, &path).await?;
    let mut keysets = keys.keysets.into_iter();
    let keyset = keysets.find(|keyset| keyset.info.id == *id);
    keyset.ok_or_else(|| format!("it does not show its keyset {id}"))
}

pub(crate) async fn get<T: DeserializeOwned>(
    http: &reqwest::Client,
    url: &str,
    path: &str,
) -> Result<T, String> {
    let sent = http.get(format!("{url}{path}")).send().await;
    let answer = sent.map_err(|error| reason(&error))?;
    if !answer.status().is_success() {
        return Err(format!("{path} was answered {}", answer.status()));
    }
    let bytes = read(answer).await?;
    farthing_protocol::json::from_slice(&bytes)
        .map_err(|_| format!("{path} is not answered as a mint does"))
}

pub(crate) async fn read(mut answer: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| reason(&error))? {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err("the answer is too large".to_owned());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The innermost reason of a failure, such as "Connection refused": it names no body and no header.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
