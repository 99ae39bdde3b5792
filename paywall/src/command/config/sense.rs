//! Whether the settings make sense, each by itself and all together. Found at the start, since a reader
//! would be charged before it shows.

use std::net::{IpAddr, SocketAddr};

use farthing_protocol::Secret;
use http::Uri;
use ipnet::IpNet;
use serde::{Deserialize as _, Deserializer};

use super::Config;
use farthing_publisher::settings::{check_timeout, check_url};

impl Config {
    /// Looks for a setting that makes no sense.
    ///
    /// # Errors
    /// Its name, what is wrong, and what to write.
    pub(super) fn check(&self) -> Result<(), String> {
        let upstream = self.upstream.as_deref();
        let upstream = upstream.ok_or("upstream: is not set: write your own server's address")?;
        check_url("upstream", upstream, false)?;
        if self.mint.is_none() {
            return Err("mint: is not set: write the address of the mint".to_owned());
        }
        if is_at(upstream, self.listen) {
            let listen = self.listen;
            return Err(format!(
                "upstream: is {listen}, where the paywall itself listens: write your own server's address"
            ));
        }
        if self.metrics_listen == Some(self.listen) && self.listen.port() != 0 {
            let what = "metrics_listen: is the address that readers come to: write another port";
            return Err(what.to_owned());
        }
        for (name, milliseconds) in [
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("answer_timeout_ms", self.answer_timeout_ms),
            ("stall_timeout_ms", self.stall_timeout_ms),
            ("read_timeout_ms", self.read_timeout_ms),
            // A stop may be at once.
            ("stop_timeout_ms", self.stop_timeout_ms.max(1)),
        ] {
            check_timeout(name, milliseconds)?;
        }
        if self.connections_max == 0 {
            return Err("connections_max: at least 1".to_owned());
        }
        self.check_rules().map_err(|error| error.to_string())?;
        // Where the API token comes from is looked at when it is needed.
        let settings = self.settings_with(Secret::new("unknown".to_owned()));
        let checked = settings.and_then(|settings| settings.check());
        checked.map_err(|error| error.to_string())
    }
}

/// Returns whether a URL leads to what listens on an address.
fn is_at(url: &str, listen: SocketAddr) -> bool {
    let Ok(url) = url.parse::<Uri>() else {
        return false;
    };
    let default = if url.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    let host = url.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_same_host = match host.parse::<IpAddr>() {
        Ok(ip) => ip == listen.ip() || (listen.ip().is_unspecified() && ip.is_loopback()),
        Err(_) => {
            host == "localhost" && (listen.ip().is_loopback() || listen.ip().is_unspecified())
        }
    };
    is_same_host && url.port_u16().unwrap_or(default) == listen.port()
}

/// Networks, and addresses as networks of one.
pub(super) fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let network = |text: String| {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        address.or_else(|_| text.parse::<IpNet>()).map_err(|_| {
            serde::de::Error::custom(format!(
                "{text:?} is neither an address nor a network: write one as \"127.0.0.1\" or \"10.0.0.0/8\""
            ))
        })
    };
    let texts = Vec::<String>::deserialize(from)?;
    texts.into_iter().map(network).collect()
}
