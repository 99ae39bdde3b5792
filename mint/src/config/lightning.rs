//! The settings of the Lightning node behind the mint.

use std::path::PathBuf;
use std::time::Duration;

use super::{Config, LightningBackend, is_secure};

/// The settings of Lightning. Relative paths begin in the mint's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LightningSettings {
    /// See [`LightningBackend::None`].
    None,
    /// See [`LightningBackend::Fake`].
    Fake {
        /// The folder it takes its orders from.
        control: PathBuf,
        /// The time after which it pays an invoice of its own.
        delay: Duration,
    },
    /// See [`LightningBackend::Lnd`].
    Lnd(NodeSettings),
    /// See [`LightningBackend::Cln`].
    Cln(NodeSettings),
}

/// A node's address and secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeSettings {
    /// `https://…`, or `http://…` on this machine.
    pub(crate) url: String,
    /// The file with the macaroon or rune.
    pub(crate) secret_file: PathBuf,
    /// The file with the certificate that the node shows, unless it is one that this system trusts.
    pub(crate) certificate_file: Option<PathBuf>,
}

impl Config {
    /// The settings of the Lightning node; the error names the setting that is missing or wrong.
    pub(crate) fn lightning(&self) -> Result<LightningSettings, String> {
        Ok(match self.lightning_backend {
            LightningBackend::None => LightningSettings::None,
            LightningBackend::Fake => LightningSettings::Fake {
                control: self.fake_control.clone().unwrap_or_else(|| "fake".into()),
                delay: Duration::from_millis(self.fake_delay_ms.unwrap_or_default()),
            },
            LightningBackend::Lnd => LightningSettings::Lnd(NodeSettings {
                url: url("lnd_url", self.lnd_url.as_deref())?,
                secret_file: needed("lnd_macaroon_file", self.lnd_macaroon_file.as_ref())?,
                certificate_file: self.lnd_cert_file.clone(),
            }),
            LightningBackend::Cln => LightningSettings::Cln(NodeSettings {
                url: url("cln_url", self.cln_url.as_deref())?,
                secret_file: needed("cln_rune_file", self.cln_rune_file.as_ref())?,
                certificate_file: self.cln_cert_file.clone(),
            }),
        })
    }
}

fn needed<T: ToOwned + ?Sized>(name: &str, value: Option<&T>) -> Result<T::Owned, String> {
    let value = value.map(ToOwned::to_owned);
    value.ok_or_else(|| format!("{name}: needed for this lightning_backend"))
}

/// A node's address: over TLS, or on this machine.
fn url(name: &str, value: Option<&str>) -> Result<String, String> {
    let text = needed(name, value)?;
    if is_secure(&text) && !text.contains('?') {
        Ok(text)
    } else {
        Err(format!(
            "{name}: https://HOST:PORT, or http://HOST:PORT on this machine"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lnd(url: &str) -> Config {
        Config {
            lightning_backend: LightningBackend::Lnd,
            lnd_url: Some(url.to_owned()),
            lnd_macaroon_file: Some("farthing.macaroon".into()),
            ..Config::default()
        }
    }

    #[test]
    fn without_lightning_nothing_is_needed() {
        assert_eq!(Config::default().lightning(), Ok(LightningSettings::None));
    }

    #[test]
    fn a_node_needs_an_address_and_a_secret() {
        let node = NodeSettings {
            url: "https://node:8080".to_owned(),
            secret_file: "farthing.macaroon".into(),
            certificate_file: None,
        };
        let good = lnd("https://node:8080");
        assert_eq!(good.lightning(), Ok(LightningSettings::Lnd(node)));
        type Spoil = fn(&mut Config);
        let cases: [(&str, Spoil); 4] = [
            ("lnd_url", |c| c.lnd_url = None),
            ("lnd_macaroon_file", |c| c.lnd_macaroon_file = None),
            ("cln_url", |c| c.lightning_backend = LightningBackend::Cln),
            ("cln_rune_file", |c| {
                c.lightning_backend = LightningBackend::Cln;
                c.cln_url = Some("https://node:3010".to_owned());
            }),
        ];
        for (name, spoil) in cases {
            let mut config = good.clone();
            spoil(&mut config);
            assert_eq!(
                config.lightning(),
                Err(format!("{name}: needed for this lightning_backend"))
            );
        }
    }

    #[test]
    fn a_secret_travels_over_tls_or_not_at_all() {
        for good in [
            "https://node.example:8080",
            "https://node.example/lnd",
            "https://192.0.2.1:8080",
            "http://localhost:8080",
            "http://127.0.0.2:8080",
            "http://[::1]:8080",
        ] {
            assert!(lnd(good).lightning().is_ok(), "{good}");
        }
        for bad in [
            "http://node.example:8080",
            "http://192.0.2.1:8080",
            "http://localhost.example",
            "http://[2001:db8::1]:8080",
            "https://node.example?x=1",
            "ftp://localhost",
            "localhost:8080",
            "/lnd",
            "",
        ] {
            let error = lnd(bad).lightning().unwrap_err();
            assert!(error.starts_with("lnd_url: https://"), "{bad}: {error}");
        }
    }
}
