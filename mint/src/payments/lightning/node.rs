//! HTTP with a Lightning node.

use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use farthing_protocol::text::printable;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use zeroize::Zeroizing;

use super::payment::{BackendError, PaymentHash, Preimage};
use super::tls;
use crate::config::{DataDir, NodeSettings};
use crate::error::{Error, http_reason};

/// For everything but a payment.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(10);
/// For a payment, beside the time that it was given itself.
const PAY_TIMEOUT: Duration = Duration::from_secs(15);
/// How many connections are kept, and how long, when nothing is asked.
const IDLE_CONNECTIONS_MAX: usize = 8;
const IDLE_MAX: Duration = Duration::from_secs(5);
/// Far above any answer that is asked for.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Characters of a node's message that are repeated.
const MESSAGE_CHARS_MAX: usize = 300;

/// The node's macaroon or rune. Wiped when dropped, never shown.
pub(super) struct Secret(Zeroizing<String>);

impl Secret {
    pub(super) fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The node's HTTP API.
#[derive(Debug)]
pub(super) struct NodeClient {
    /// Keeps connections for a while: invoices are asked about often.
    questions: Client,
    /// Does not, so that a payment never meets a connection that the node is just closing.
    payments: Client,
    url: String,
    header: HeaderName,
    secret: Secret,
    /// How long to wait for an answer.
    pub(super) timeouts: Timeouts,
}

/// What a request is for.
#[derive(Clone, Copy)]
pub(super) enum Call {
    /// Anything that moves nothing.
    Question,
    /// A payment that is given this time itself.
    Payment(Duration),
}

/// How long to wait for a node's answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// For everything but a payment.
    pub(super) question: Duration,
    /// For a payment, beside the time that it was given itself.
    pub(super) pay: Duration,
}

/// A node's answer. An invoice's has its preimage in it, so it is wiped when dropped, never shown.
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    bytes: Zeroizing<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// There was no connection: the node got nothing.
    NotSent(String),
    /// The node may have got the request.
    Lost(String),
}

/// How much of an answer is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// Its first line, of a stream that may go on.
    FirstLine,
}

impl NodeClient {
    /// A client for the node that the settings name.
    pub(super) fn new(
        settings: &NodeSettings,
        dir: &DataDir,
        header: HeaderName,
        secret: Secret,
    ) -> Result<Self, Error> {
        let url = &settings.url;
        let pinned = match &settings.certificate_file {
            None => None,
            Some(file) => {
                let path = dir.path().join(file);
                let pem = std::fs::read(&path).map_err(Error::file(&path))?;
                let tls = tls::pinned(&pem);
                Some(tls.map_err(|e| Error::Operator(format!("{}: {e}", path.display())))?)
            }
        };
        let client = |idle_connections_max| {
            let builder = Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .referer(false)
                .pool_max_idle_per_host(idle_connections_max)
                .pool_idle_timeout(IDLE_MAX)
                .connect_timeout(QUESTION_TIMEOUT);
            let builder = match &pinned {
                Some(tls) => builder.tls_backend_preconfigured(tls.clone()),
                None if url.starts_with("http://") => builder.tls_certs_only([]),
                None => builder,
            };
            let failed =
                |e| Error::Operator(format!("no HTTP client for {url}: {}", http_reason(&e)));
            builder.build().map_err(failed)
        };
        Ok(Self {
            questions: client(IDLE_CONNECTIONS_MAX)?,
            payments: client(0)?,
            url: url.trim_end_matches('/').to_owned(),
            header,
            secret,
            timeouts: Timeouts {
                question: QUESTION_TIMEOUT,
                pay: PAY_TIMEOUT,
            },
        })
    }

    /// Sends one request and returns its answer, whatever its status.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        kind: Call,
        extent: Extent,
    ) -> Result<Answer, NoAnswer> {
        let mut secret = HeaderValue::from_str(&self.secret.0)
            .map_err(|_| NoAnswer::NotSent("the secret does not fit a header".to_owned()))?;
        secret.set_sensitive(true);
        let (client, timeout) = match kind {
            Call::Question => (&self.questions, self.timeouts.question),
            Call::Payment(time) => (&self.payments, time.saturating_add(self.timeouts.pay)),
        };
        let mut request = client
            .request(method, format!("{}{path}", self.url))
            .header(&self.header, secret)
            .timeout(timeout);
        if let Some(body) = body {
            request = request.json(body);
        }
        let mut answer = request.send().await.map_err(|e| {
            if e.is_connect() || e.is_builder() {
                NoAnswer::NotSent(http_reason(&e))
            } else {
                NoAnswer::Lost(http_reason(&e))
            }
        })?;
        let status = answer.status().as_u16();
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|e| NoAnswer::Lost(http_reason(&e)))?
        {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(NoAnswer::Lost("the answer is too large".to_owned()));
            }
            let line_end = chunk.iter().position(|b| *b == b'\n');
            match line_end.filter(|_| extent == Extent::FirstLine) {
                None => bytes.extend_from_slice(&chunk),
                Some(end) => {
                    bytes.extend(chunk.iter().take(end));
                    break;
                }
            }
        }
        Ok(Answer { status, bytes })
    }
}

impl Answer {
    /// The answer as JSON of this form, or `None`.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        farthing_protocol::json::from_slice(&self.bytes).ok()
    }
}

impl From<NoAnswer> for BackendError {
    fn from(no_answer: NoAnswer) -> Self {
        Self::Unreachable(no_answer.into_reason())
    }
}

impl NoAnswer {
    pub(super) fn into_reason(self) -> String {
        match self {
            Self::NotSent(reason) | Self::Lost(reason) => reason,
        }
    }
}

/// A file with a secret in it, which others than its owner and group may not read, and its group not
/// change. (LND writes its macaroons for its group to read.)
pub(super) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let metadata = std::fs::metadata(path).map_err(Error::file(path))?;
    if metadata.permissions().mode() & 0o027 != 0 {
        let shown = path.display();
        return Err(Error::Operator(format!(
            "{shown}: others on this machine may read it, and so pay, or change it; run: chmod g-w,o= {shown}"
        )));
    }
    let bytes = std::fs::read(path).map_err(Error::file(path))?;
    Ok(Zeroizing::new(bytes))
}

/// Returns what of a node's message is fit for a log line.
pub(super) fn message(text: &str) -> String {
    let visible = printable(text);
    visible.chars().take(MESSAGE_CHARS_MAX).collect()
}

/// A preimage in hex, if it is that of the payment hash.
pub(super) fn preimage(text: &str, payment_hash: &PaymentHash) -> Option<Preimage> {
    use sha2::{Digest as _, Sha256};
    let mut preimage = [0; 32];
    hex::decode_to_slice(text, &mut preimage).ok()?;
    let fits = Sha256::digest(preimage).as_slice() == payment_hash;
    fits.then_some(Preimage(preimage))
}

/// Reads a number that LND writes as text, since JSON's numbers lose precision in some languages.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Text(String),
        Number(u64),
    }
    match Form::deserialize(deserializer)? {
        Form::Number(number) => Ok(number),
        Form::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}
