//! Whether the settings make sense: what is refused at the start, and what is taken with a warning.

use std::net::SocketAddr;

use axum::http::Uri;

use farthing_service::log::Level;

use super::{Config, LightningBackend, auth, is_secure, url};

/// The longest time that a setting may name: a day.
const TIME_MS_MAX: u64 = 24 * 60 * 60 * 1000;
/// The most connections, and requests that wait.
const COUNT_MAX: usize = 1_000_000;
/// The most that all websockets together subscribe to.
const SUBJECTS_MAX: usize = 100_000_000;
/// The most inputs, or outputs, in one request.
const TOKENS_MAX: usize = 10_000;
/// Bytes that an input and an output take in a body at least, about, with a secret of 64 hex digits.
const INPUT_BYTES: usize = 200;
const OUTPUT_BYTES: usize = 170;
/// The greatest amount of a payment: a 32-bit number of millions.
const PAYMENT_MAX: u64 = u32::MAX as u64 * 1_000_000;
/// A year, in seconds.
const YEAR_S: u64 = 366 * 24 * 60 * 60;

type Checked = Result<(), String>;

impl Config {
    /// Refuses what makes no sense. The error begins with the setting's name and says what it may be.
    pub(crate) fn check(&self) -> Checked {
        self.check_tokens()?;
        self.check_addresses()?;
        self.check_requests()?;
        self.check_times()?;
        self.check_payments()?;
        self.lightning().and(self.auth().map(|_| ()))
    }

    fn check_tokens(&self) -> Checked {
        if self.name.trim().is_empty() || self.name.chars().any(char::is_control) {
            return Err("name: one line of text".to_owned());
        }
        if self.unit == auth::UNIT {
            return Err("unit: \"auth\" is reserved for authentication tokens".to_owned());
        }
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        if !self.unit.bytes().all(is_plain) || self.unit.is_empty() || self.unit.len() > 16 {
            return Err("unit: 1 to 16 lower-case letters and digits".to_owned());
        }
        between("amounts", self.amounts.into(), 1, 48)?;
        self.check_bundle()?;
        between("decimals", self.decimals.into(), 0, 8)?;
        between("store_cache_mib", self.store_cache_mib.into(), 0, 1 << 20)?;
        let replayed = between("replay_days", self.replay_days.into(), 1, 366);
        replayed
            .map_err(|e| format!("{e}: what is sent again after a lost answer is known by it"))?;
        let fee = between("input_fee_ppk", self.input_fee_ppk, 0, 1000);
        fee.map_err(|e| format!("{e}, which is 1 for each token: more than the smallest is worth"))
    }

    fn check_addresses(&self) -> Checked {
        if !url::is_base(&self.url) {
            // The value is not shown: there may be a password in it.
            let detail = "url: not an address that wallets can use; write https://mint.example, with a port or \
                          a path if there is one, and no user, query or fragment";
            return Err(detail.to_owned());
        }
        self.check_urls()?;
        if self.metrics_listen.is_some_and(|m| is_same(m, self.listen)) {
            return Err("metrics_listen: not the address of listen; take another port".to_owned());
        }
        Ok(())
    }

    fn check_requests(&self) -> Checked {
        count("inputs_max", self.inputs_max, 2, TOKENS_MAX)?;
        count("outputs_max", self.outputs_max, 2, TOKENS_MAX)?;
        count("secret_bytes_max", self.secret_bytes_max, 64, 1 << 20)?;
        count("witness_bytes_max", self.witness_bytes_max, 160, 1 << 20)?;
        let body = self.inputs_max * INPUT_BYTES + self.outputs_max * OUTPUT_BYTES;
        let fits = count("body_bytes_max", self.body_bytes_max, body, usize::MAX);
        fits.map_err(|e| format!("{e}, which inputs_max and outputs_max take"))?;
        if self.bodies_bytes_max() < self.body_bytes_max {
            return Err("bodies_mib_max: at least one body of body_bytes_max".to_owned());
        }
        count("queue_max", self.queue_max, 1, COUNT_MAX)?;
        count(
            "lightning_quotes_max",
            self.lightning_quotes_max,
            1,
            COUNT_MAX,
        )?;
        count("connections_max", self.connections_max, 1, COUNT_MAX)?;
        count("websockets_max", self.websockets_max, 0, COUNT_MAX)?;
        let subjects = self.websocket_subjects_max;
        count("websocket_subjects_max", subjects, 0, SUBJECTS_MAX)?;
        count("blind_auth_max", self.blind_auth_max, 1, TOKENS_MAX)
    }

    fn check_times(&self) -> Checked {
        for (name, time, least) in [
            ("read_timeout_ms", self.read_timeout_ms, 1),
            ("queue_timeout_ms", self.queue_timeout_ms, 1),
            ("websocket_idle_ms", self.websocket_idle_ms, 1),
            ("lightning_timeout_ms", self.lightning_timeout_ms, 1),
            ("stop_timeout_ms", self.stop_timeout_ms, 0),
            ("refusal_delay_ms", self.refusal_delay_ms, 0),
        ] {
            between(name, time, least, TIME_MS_MAX)?;
        }
        Ok(())
    }

    fn check_payments(&self) -> Checked {
        let expiry = self.lightning_invoice_expiry_s.into();
        between("lightning_invoice_expiry_s", expiry, 1, YEAR_S)?;
        between(
            "lightning_amount_max",
            self.lightning_amount_max,
            1,
            PAYMENT_MAX,
        )?;
        between("lightning_fee_ppm", self.lightning_fee_ppm, 0, 1_000_000)?;
        between("lightning_fee_min", self.lightning_fee_min, 0, PAYMENT_MAX)
    }

    /// Returns warnings of settings that are accepted and harmful: one sentence each, beginning with the setting's name.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = self.unit_warning().into_iter().collect();
        let mut warn = |when: bool, text: &str| warnings.extend(when.then(|| text.to_owned()));
        warn(
            !is_secure(&self.url) && !is_onion(&self.url),
            "url: it is not https, so tokens and API tokens travel where others can read and take them",
        );
        let url: Uri = self.url.parse().unwrap_or_default();
        let is_here = url.scheme_str() == Some("http") && is_secure(&self.url);
        let port = url.port_u16().unwrap_or(80);
        warn(
            is_here && ![0, port].contains(&self.listen.port()),
            "url: it is on this machine, and nothing of this mint listens on its port; vouchers with it \
             lead nowhere",
        );
        warn(
            is_here && !self.listen.ip().is_loopback(),
            "url: it is only good on this machine, and listen lets in others; write the address that they use",
        );
        let is_open = |metrics: SocketAddr| !metrics.ip().is_loopback();
        warn(
            self.metrics_listen.is_some_and(is_open),
            "metrics_listen: others than this machine may reach it; it tells how busy the mint is, and when",
        );
        warn(
            self.input_fee_ppk == 1000,
            "input_fee_ppk: a token of 1 costs 1 to spend, so it is worth nothing",
        );
        warn(
            self.outputs_max < usize::from(self.amounts),
            "outputs_max: smaller than amounts, so some sums do not fit into one request",
        );
        warn(
            matches!(self.log_level, Level::Debug | Level::Trace),
            "log_level: the log has the moment of every request; turn it off when the fault is found, and \
             delete what it wrote",
        );
        warn(
            self.lightning_backend == LightningBackend::Fake,
            "lightning_backend: fake reports every invoice as paid and moves no money; for tests and demos only",
        );
        let has_lnd = self.lnd_url.is_some() && self.lightning_backend != LightningBackend::Lnd;
        let has_cln = self.cln_url.is_some() && self.lightning_backend != LightningBackend::Cln;
        warn(
            has_lnd || has_cln,
            "lightning_backend: the settings of another node are there too, and mean nothing",
        );
        warnings
    }
}

fn is_onion(url: &str) -> bool {
    let url: Uri = url.parse().unwrap_or_default();
    url.host().is_some_and(|host| host.ends_with(".onion"))
}

/// Returns whether two sockets cannot be bound both. A port of 0 is another one each time.
fn is_same(a: SocketAddr, b: SocketAddr) -> bool {
    let ips_meet = a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() == b.port() && a.port() != 0 && ips_meet && a.is_ipv4() == b.is_ipv4()
}

fn between(name: &str, value: u64, least: u64, most: u64) -> Checked {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(match (least, most) {
        (least, u64::MAX) => format!("{name}: at least {least}"),
        (0, most) => format!("{name}: at most {most}"),
        (least, most) => format!("{name}: between {least} and {most}"),
    })
}

fn count(name: &str, value: usize, least: usize, most: usize) -> Checked {
    between(name, value as u64, least as u64, most as u64)
}

#[cfg(test)]
#[path = "sense_tests.rs"]
mod tests;
