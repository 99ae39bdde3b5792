//! Who may use the Cashu API: the OpenID provider, and what is protected (NUT-21, NUT-22).

use axum::http::Method;
use farthing_protocol::cashu::info::Endpoint;
use farthing_protocol::cashu::path;

use super::{Config, is_secure};

pub(super) use farthing_protocol::cashu::auth::UNIT;

/// The path of an OpenID provider's description, behind its name (OpenID Connect Discovery,
/// section 4).
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// The settings of authentication, where there is any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthSettings {
    /// The address of the provider's description.
    pub(crate) discovery: String,
    /// The client id of wallets there.
    pub(crate) client_id: String,
    /// The requests that need the provider's token.
    pub(crate) clear: Vec<Protected>,
    /// Blind authentication, if anything needs it.
    pub(crate) blind: Option<BlindSettings>,
}

/// The settings of blind authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BlindSettings {
    /// The requests that need it.
    pub(crate) paths: Vec<Protected>,
    /// Tokens in one request.
    pub(crate) max: u64,
    /// Tokens for one user on one day; 0 for no limit.
    pub(crate) daily_max: u64,
}

/// Requests that need authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Protected {
    method: Method,
    /// Without the star.
    path: String,
    is_prefix: bool,
}

impl Protected {
    /// Reads `POST /v1/swap`; the error says what it should be.
    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let what = || {
            format!(
                "{name}: {text:?} is not GET or POST and a path under /v1/, with a * at its end or none"
            )
        };
        let (method, path) = text.split_once(' ').ok_or_else(what)?;
        let method = match method {
            "GET" => Method::GET,
            "POST" => Method::POST,
            _ => return Err(what()),
        };
        let (path, is_prefix) = match path.strip_suffix('*') {
            Some(path) => (path, true),
            None => (path, false),
        };
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"*?#%\"\\,".contains(&byte);
        if !path.starts_with("/v1/") || !path.bytes().all(is_plain) {
            return Err(what());
        }
        Ok(Self {
            method,
            path: path.to_owned(),
            is_prefix,
        })
    }

    /// Returns whether a request is among them, by its path at the Cashu API: the path itself, or what begins
    /// with it (NUT-21). Asking for the head alone is asking.
    pub(crate) fn covers(&self, method: &Method, path: &str) -> bool {
        let method = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        *method == self.method
            && if self.is_prefix {
                path.starts_with(&self.path)
            } else {
                path == self.path
            }
    }

    /// As `/v1/info` shows it.
    pub(crate) fn to_endpoint(&self) -> Endpoint {
        let star = if self.is_prefix { "*" } else { "" };
        Endpoint {
            method: self.method.to_string(),
            path: format!("{}{star}", self.path),
        }
    }
}

impl Config {
    /// The settings of authentication; the error names the setting that is missing or wrong.
    pub(crate) fn auth(&self) -> Result<Option<AuthSettings>, String> {
        let clear = all("clear_auth_paths", &self.clear_auth_paths)?;
        let blind = all("blind_auth_paths", &self.blind_auth_paths)?;
        let discovery = self.openid_discovery.as_str();
        if discovery.is_empty() {
            return Ok(None);
        }
        if !is_secure(discovery) || !discovery.ends_with(WELL_KNOWN) {
            return Err(format!(
                "openid_discovery: https://…{WELL_KNOWN}, or http://… on this machine"
            ));
        }
        if self.openid_client_id.is_empty() {
            return Err("openid_client_id: needed with openid_discovery".to_owned());
        }
        check(&clear, &blind)?;
        if self.blind_auth_max > self.outputs_max {
            return Err("blind_auth_max: at most outputs_max".to_owned());
        }
        let blind = (!blind.is_empty()).then_some(BlindSettings {
            paths: blind,
            max: self.blind_auth_max as u64,
            daily_max: self.blind_auth_daily_max,
        });
        Ok(Some(AuthSettings {
            discovery: discovery.to_owned(),
            client_id: self.openid_client_id.clone(),
            clear,
            blind,
        }))
    }
}

impl AuthSettings {
    /// Returns whether this is the name of the provider, which its description must bear.
    pub(crate) fn is_of(&self, issuer: &str) -> bool {
        self.discovery.strip_suffix(WELL_KNOWN) == Some(issuer.trim_end_matches('/'))
    }
}

fn all(name: &str, texts: &[String]) -> Result<Vec<Protected>, String> {
    let parse = |text: &String| Protected::parse(name, text);
    texts.iter().map(parse).collect()
}

/// Checks whether wallets can get what they are asked for, and not everybody can.
fn check(clear: &[Protected], blind: &[Protected]) -> Result<(), String> {
    let covers = |all: &[Protected], method: Method, path| {
        all.iter().any(|protected| protected.covers(&method, path))
    };
    if clear.is_empty() && blind.is_empty() {
        return Err("clear_auth_paths, blind_auth_paths: one of them names something".to_owned());
    }
    for (name, all) in [("clear_auth_paths", clear), ("blind_auth_paths", blind)] {
        if covers(all, Method::GET, path::INFO) {
            let path = path::INFO;
            return Err(format!(
                "{name}: GET {path} is where wallets read what is asked of them"
            ));
        }
    }
    for (method, path) in [
        (Method::GET, path::AUTH_KEYS),
        (Method::GET, path::AUTH_KEYSETS),
        (Method::POST, path::AUTH_MINT),
    ] {
        if covers(blind, method.clone(), path) {
            return Err(format!(
                "blind_auth_paths: {method} {path} is where wallets get what would be asked for"
            ));
        }
    }
    if !blind.is_empty() && !covers(clear, Method::POST, path::AUTH_MINT) {
        return Err(format!(
            "clear_auth_paths: without POST {} anybody gets what blind_auth_paths ask for",
            path::AUTH_MINT
        ));
    }
    Ok(())
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
