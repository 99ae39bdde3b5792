//! Messages of the websocket: JSON-RPC 2.0 (NUT-17).

use serde::{Deserialize, Serialize, Serializer};

use super::bolt11::{MeltQuote, MintQuote};
use crate::EncodedPoint;
use crate::QuoteId;
use crate::api::ProofState;

/// What every message says it is.
const VERSION: &str = "2.0";
const SUBSCRIBE: &str = "subscribe";
const UNSUBSCRIBE: &str = "unsubscribe";

/// The number or text by which a client knows an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// What the NUT has.
    Number(i64),
    /// What JSON-RPC allows beside it.
    Text(String),
}

/// What can be subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Changes of mint quotes: the payload is a [`MintQuote`].
    Bolt11MintQuote,
    /// Changes of melt quotes: the payload is a [`MeltQuote`].
    Bolt11MeltQuote,
    /// Changes of tokens: the payload is a [`ProofState`].
    ProofState,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [
        Self::Bolt11MintQuote,
        Self::Bolt11MeltQuote,
        Self::ProofState,
    ];

    /// The name that travels.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bolt11MintQuote => "bolt11_mint_quote",
            Self::Bolt11MeltQuote => "bolt11_melt_quote",
            Self::ProofState => "proof_state",
        }
    }
}

/// Which quotes or tokens a subscription is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filters {
    /// Mint quotes.
    MintQuotes(Vec<QuoteId>),
    /// Melt quotes.
    MeltQuotes(Vec<QuoteId>),
    /// Tokens, by their `Y`.
    Proofs(Vec<EncodedPoint>),
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// To hear of the present state, and of every change.
    Subscribe {
        /// The subscription's name, chosen by the client.
        sub_id: String,
        /// What it is about.
        filters: Filters,
    },
    /// To hear no more.
    Unsubscribe {
        /// The subscription's name.
        sub_id: String,
    },
}

/// A message from a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// To be repeated in the answer.
    pub id: Id,
    /// What is asked.
    pub command: Command,
}

/// Why a message was not understood, or not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not JSON.
    Parse,
    /// Not a request.
    Request,
    /// Another method than `subscribe` and `unsubscribe`.
    Method,
    /// Parameters that the method does not have, or more than the mint takes.
    Params,
    /// The mint's own.
    Internal,
    /// The mint has as many subscriptions as it takes.
    Busy,
}

impl Fault {
    /// JSON-RPC 2.0, section 5.1; the last is of those that it leaves to servers.
    fn code(self) -> i32 {
        match self {
            Self::Parse => -32700,
            Self::Request => -32600,
            Self::Method => -32601,
            Self::Params => -32602,
            Self::Internal => -32603,
            Self::Busy => -32000,
        }
    }
}

/// A request as it is written, whichever command it is.
#[derive(Deserialize)]
struct Envelope {
    method: String,
    id: Id,
    #[serde(default)]
    params: Option<Params>,
}

#[derive(Deserialize)]
struct Params {
    #[serde(rename = "subId")]
    sub_id: Option<String>,
    kind: Option<String>,
    filters: Option<Vec<String>>,
}

impl Request {
    /// Reads a message; unknown fields are skipped.
    ///
    /// # Errors
    /// What is wrong with it, and the id to answer with if it has one.
    pub fn parse(text: &str) -> Result<Self, (Fault, Option<Id>)> {
        let envelope: Envelope = crate::json::from_str(text).map_err(|error| {
            let fault = if error.is_data() {
                Fault::Request
            } else {
                Fault::Parse
            };
            (fault, None)
        })?;
        let Envelope { method, id, params } = envelope;
        match Command::read(&method, params) {
            Ok(command) => Ok(Self { id, command }),
            Err(fault) => Err((fault, Some(id))),
        }
    }
}

impl Command {
    fn read(method: &str, params: Option<Params>) -> Result<Self, Fault> {
        let subscribe = match method {
            SUBSCRIBE => true,
            UNSUBSCRIBE => false,
            _ => return Err(Fault::Method),
        };
        let params = params.ok_or(Fault::Params)?;
        let sub_id = params.sub_id.ok_or(Fault::Params)?;
        if !subscribe {
            return Ok(Self::Unsubscribe { sub_id });
        }
        let kind = params.kind.ok_or(Fault::Params)?;
        let kind = Kind::ALL.into_iter().find(|known| known.name() == kind);
        let filters = params.filters.ok_or(Fault::Params)?;
        let filters = Filters::read(kind.ok_or(Fault::Params)?, filters)?;
        Ok(Self::Subscribe { sub_id, filters })
    }
}

impl Filters {
    fn read(kind: Kind, filters: Vec<String>) -> Result<Self, Fault> {
        let quotes = |filters: Vec<String>| filters.into_iter().map(QuoteId::new).collect();
        Ok(match kind {
            Kind::Bolt11MintQuote => Self::MintQuotes(quotes(filters)),
            Kind::Bolt11MeltQuote => Self::MeltQuotes(quotes(filters)),
            Kind::ProofState => {
                let points = filters.iter().map(|y| EncodedPoint::from_hex(y));
                Self::Proofs(
                    points
                        .collect::<Result<_, _>>()
                        .map_err(|_| Fault::Params)?,
                )
            }
        })
    }
}

/// A message to a client, to be written as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'m> {
    /// A request was done.
    Done {
        /// The request's.
        id: &'m Id,
        /// The subscription's name.
        sub_id: &'m str,
    },
    /// A request was not done.
    Refused {
        /// The request's, if it had one.
        id: Option<&'m Id>,
        /// Why.
        fault: Fault,
        /// Why, for people.
        message: &'m str,
    },
    /// The present state of something subscribed to.
    Notice {
        /// The subscription's name.
        sub_id: &'m str,
        /// The state.
        payload: Payload<'m>,
    },
}

/// The state of something subscribed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Payload<'m> {
    /// Of a mint quote.
    MintQuote(&'m MintQuote),
    /// Of a melt quote.
    MeltQuote(&'m MeltQuote),
    /// Of a token.
    Proof(&'m ProofState),
}

/// A message as it is written.
#[derive(Serialize)]
struct Written<'m> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<WrittenParams<'m>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<WrittenResult<'m>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<WrittenError<'m>>,
    /// Null in the answer to what had none; left out of notices.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Option<&'m Id>>,
}

#[derive(Serialize)]
struct WrittenParams<'m> {
    #[serde(rename = "subId")]
    sub_id: &'m str,
    payload: &'m Payload<'m>,
}

#[derive(Serialize)]
struct WrittenResult<'m> {
    status: &'static str,
    #[serde(rename = "subId")]
    sub_id: &'m str,
}

#[derive(Serialize)]
struct WrittenError<'m> {
    code: i32,
    message: &'m str,
}

impl Serialize for Message<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = Written {
            jsonrpc: VERSION,
            method: None,
            params: None,
            result: None,
            error: None,
            id: None,
        };
        match *self {
            Self::Done { id, sub_id } => {
                let status = "OK";
                written.result = Some(WrittenResult { status, sub_id });
                written.id = Some(Some(id));
            }
            Self::Refused { id, fault, message } => {
                let code = fault.code();
                written.error = Some(WrittenError { code, message });
                written.id = Some(id);
            }
            Self::Notice {
                sub_id,
                ref payload,
            } => {
                written.method = Some(SUBSCRIBE);
                written.params = Some(WrittenParams { sub_id, payload });
            }
        }
        written.serialize(serializer)
    }
}
