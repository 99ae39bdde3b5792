//! Reading requests as Cashu's wallets write them, into the types that both APIs share.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::api::{CheckStateRequest, RestoreRequest, SwapRequest};
use crate::conditions::Witness;
use crate::{BlindedMessage, EncodedPoint, KeysetId, Proof, Secret};

/// A value read leniently: fields that are not known are skipped, a witness may be an object.
///
/// What is skipped is not kept anywhere. That goes for the `dleq` of an input above all: the blinding
/// factor in it tells which signature the token came from, and the mint does not want to know.
///
/// It reads into `T` itself, which refuses such fields when it is read directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lenient<T>(pub T);

/// A type read with a definition of the same fields that does not mind others.
macro_rules! lenient {
    ($type:ident, $definition:ident) => {
        impl<'de> Deserialize<'de> for Lenient<$type> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $definition::deserialize(deserializer).map(Self)
            }
        }
    };
}

lenient!(Proof, ProofFields);
lenient!(BlindedMessage, BlindedMessageFields);
lenient!(SwapRequest, SwapFields);
lenient!(CheckStateRequest, CheckStateFields);
lenient!(RestoreRequest, RestoreFields);

#[derive(Deserialize)]
#[serde(remote = "Proof")]
struct ProofFields {
    amount: u64,
    id: KeysetId,
    secret: Secret,
    #[serde(rename = "C")]
    c: EncodedPoint,
    #[serde(default, deserialize_with = "witness")]
    witness: Option<String>,
}

#[derive(Deserialize)]
#[serde(remote = "BlindedMessage")]
struct BlindedMessageFields {
    amount: u64,
    id: KeysetId,
    #[serde(rename = "B_")]
    b: EncodedPoint,
}

#[derive(Deserialize)]
#[serde(remote = "SwapRequest")]
struct SwapFields {
    #[serde(deserialize_with = "list")]
    inputs: Vec<Proof>,
    #[serde(deserialize_with = "list")]
    outputs: Vec<BlindedMessage>,
}

#[derive(Deserialize)]
#[serde(remote = "CheckStateRequest")]
struct CheckStateFields {
    #[serde(rename = "Ys")]
    ys: Vec<EncodedPoint>,
}

#[derive(Deserialize)]
#[serde(remote = "RestoreRequest")]
struct RestoreFields {
    #[serde(deserialize_with = "list")]
    outputs: Vec<BlindedMessage>,
}

/// Reads a list of what can be read leniently.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    Lenient<T>: Deserialize<'de>,
{
    deserializer.deserialize_seq(ListVisitor(PhantomData))
}

/// Reads such a list, or null for an empty one.
pub(crate) fn list_or_null<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    Lenient<T>: Deserialize<'de>,
{
    deserializer.deserialize_option(ListVisitor(PhantomData))
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T> Visitor<'de> for ListVisitor<T>
where
    Lenient<T>: Deserialize<'de>,
{
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_none<E: Error>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(Lenient(element)) = elements.next_element()? {
            list.push(element);
        }
        Ok(list)
    }
}

/// Reads a witness: the string that NUT-11 has, or the object itself.
pub(crate) fn witness<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(WitnessVisitor)
}

struct WitnessVisitor;

impl<'de> Visitor<'de> for WitnessVisitor {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a witness")
    }

    fn visit_unit<E: Error>(self) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<String>, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Option<String>, E> {
        Ok(Some(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Option<String>, A::Error> {
        let witness = Witness::deserialize(MapAccessDeserializer::new(fields))?;
        Ok(Some(witness.to_json()))
    }
}
