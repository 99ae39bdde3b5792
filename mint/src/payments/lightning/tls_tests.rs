//! TLS with a node whose certificate is pinned. The certificates are of LND's form: self-signed,
//! authorities, and not made out to the address that they are met at; and they expired long ago.

use std::sync::Arc;

use reqwest::Method;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use super::super::node::{Call, Extent, NoAnswer, NodeClient, Secret};
use super::super::script::{Answer, Script, get};
use super::*;
use crate::config::{DataDir, NodeSettings};
use crate::error::Error;

const NODE: &str = "\
-----BEGIN CERTIFICATE-----
MIICCDCCAa2gAwIBAgIUaC9OfUSNEZr6kM/KR7oVhTGkZnkwCgYIKoZIzj0EAwIw
NTEfMB0GA1UECgwWbG5kIGF1dG9nZW5lcmF0ZWQgY2VydDESMBAGA1UEAwwJZWxz
ZXdoZXJlMB4XDTI2MTEyNTEwMzYxM1oXDTI2MTEyNjEwMzYxM1owNTEfMB0GA1UE
CgwWbG5kIGF1dG9nZW5lcmF0ZWQgY2VydDESMBAGA1UEAwwJZWxzZXdoZXJlMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsmSt9ai97YOCS2odYYaT/lrH2j/Ugj/7
GydthZt++tR2dXbRkwgNHx2zW6rNwKL/Dffl7YPfJQ385S0qE8CVz6OBmjCBlzAd
BgNVHQ4EFgQUa3ZwmhQQ394I/G+vpYwFuLtKtncwHwYDVR0jBBgwFoAUa3ZwmhQQ
394I/G+vpYwFuLtKtncwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAqQw
EwYDVR0lBAwwCgYIKwYBBQUHAwEwHwYDVR0RBBgwFoIJZWxzZXdoZXJlgglsb2Nh
bGhvc3QwCgYIKoZIzj0EAwIDSQAwRgIhAKnLtdhSTC2wJ+oMH2ar/gZhrdeb+Zhc
qkziLm9xRZm3AiEAtvQWYqaIKsBmSmUbjbvEAXbrXQhwieEbguvgUc2BdAI=
-----END CERTIFICATE-----
";
const NODE_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgr31u2v0TRGCYzyB0
En7qEFRUOl/I53m9zlAYWHDNJOShRANCAASyZK31qL3tg4JLah1hhpP+WsfaP9SC
P/sbJ22Fm3761HZ1dtGTCA0fHbNbqs3Aov8N9+Xtg98lDfzlLSoTwJXP
-----END PRIVATE KEY-----
";
const OTHER: &str = "\
-----BEGIN CERTIFICATE-----
MIICBjCCAa2gAwIBAgIUbEUZto0cIUpeuuFO5rkKJK3nrOgwCgYIKoZIzj0EAwIw
NTEfMB0GA1UECgwWbG5kIGF1dG9nZW5lcmF0ZWQgY2VydDESMBAGA1UEAwwJZWxz
ZXdoZXJlMB4XDTI2MTEyNTEwMzYxM1oXDTI2MTEyNjEwMzYxM1owNTEfMB0GA1UE
CgwWbG5kIGF1dG9nZW5lcmF0ZWQgY2VydDESMBAGA1UEAwwJZWxzZXdoZXJlMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEcGt+VxRNhqEjCghLw0uUjgIFGNzwJ2w/
6gUE5vmiKvNpQZUkKNAQrOJ40Ex4BeKbv4vex5uNHhRtmWHOKed2SqOBmjCBlzAd
BgNVHQ4EFgQU5YA7uhfHaCX/7lNzGkhv5SEkWzwwHwYDVR0jBBgwFoAU5YA7uhfH
aCX/7lNzGkhv5SEkWzwwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAqQw
EwYDVR0lBAwwCgYIKwYBBQUHAwEwHwYDVR0RBBgwFoIJZWxzZXdoZXJlgglsb2Nh
bGhvc3QwCgYIKoZIzj0EAwIDRwAwRAIgaaf//27gryjaBnIljHj1d/9tsFApf87/
ukHXG01u8FICIHq3MCjZLvkVIs2d1I5v3p3KklURcp9NY9h05mnGCIQa
-----END CERTIFICATE-----
";
const OTHER_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmk5y12En+JtPqjQW
pe56gqySZL6XugPgH4KjIYNxEfKhRANCAARwa35XFE2GoSMKCEvDS5SOAgUY3PAn
bD/qBQTm+aIq82lBlSQo0BCs4njQTHgF4pu/i97Hm40eFG2ZYc4p53ZK
-----END PRIVATE KEY-----
";

/// Shows any certificate with any key.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

fn server(certificate: &str, key: &str) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let key = provider.key_provider.load_private_key(key).unwrap();
    let shows = Shows(Arc::new(CertifiedKey::new(vec![certificate], key)));
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shows));
    Arc::new(config).into()
}

fn client(port: u16, pem: Option<&str>) -> Result<NodeClient, Error> {
    let dir: TempDir = tempfile::tempdir().unwrap();
    if let Some(pem) = pem {
        std::fs::write(dir.path().join("tls.cert"), pem).unwrap();
    }
    let settings = NodeSettings {
        url: format!("https://127.0.0.1:{port}/"),
        secret_file: "unused".into(),
        certificate_file: pem.map(|_| "tls.cert".into()),
    };
    let secret = Secret::new(Zeroizing::new("00ff".to_owned()));
    let header = reqwest::header::HeaderName::from_static("macaroon");
    NodeClient::new(
        &settings,
        &DataDir::new(dir.path().to_owned()),
        header,
        secret,
    )
}

async fn call(client: &NodeClient) -> Result<Value, NoAnswer> {
    let answer = client.call(Method::GET, "/v1/x", None, Call::Question, Extent::Whole);
    Ok(answer.await?.read().unwrap())
}

#[tokio::test]
async fn the_nodes_own_certificate_opens_a_connection() {
    for pem in [NODE.to_owned(), format!("{OTHER}{NODE}")] {
        let steps = vec![get("GET /v1/x", Answer::Json(200, json!("here")))];
        let script = Script::start_tls("macaroon: 00ff", steps, server(NODE, NODE_KEY)).await;
        let client = client(script.port(), Some(&pem)).unwrap();
        assert_eq!(call(&client).await.unwrap(), json!("here"));
        script.done().await;
    }
}

#[tokio::test]
async fn nobody_else_gets_a_request() {
    let cases = [
        ("another certificate", server(OTHER, OTHER_KEY), Some(NODE)),
        ("another key", server(NODE, OTHER_KEY), Some(NODE)),
        ("no pin", server(NODE, NODE_KEY), None),
    ];
    for (case, server, pem) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = client(listener.local_addr().unwrap().port(), pem).unwrap();
        let shaking_hands = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            server.accept(stream).await.map(|_| ())
        });
        let refused = call(&client).await.unwrap_err();
        assert!(
            matches!(refused, NoAnswer::NotSent(_)),
            "{case}: {refused:?}"
        );
        // So there was a server to talk with, and nothing was said.
        assert!(shaking_hands.await.unwrap().is_err(), "{case}");
    }
}

#[test]
fn a_file_without_a_certificate_is_refused() {
    for (pem, complaint) in [
        ("", "no certificate in it"),
        (NODE_KEY, "no certificate in it"),
    ] {
        let error = client(1, Some(pem)).unwrap_err().to_string();
        assert!(
            error.contains("tls.cert") && error.contains(complaint),
            "{error}"
        );
    }
    let broken = NODE.replace("END CERTIFICATE", "END");
    client(1, Some(&broken)).unwrap_err();
}
