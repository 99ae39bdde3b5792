//! An OpenID provider: its description, its keys, and tokens that it signs, right and wrong. It shares no
//! code with the mint: tokens are put together by hand.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaKeyPair,
};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const CLIENT: &str = "cashu-client";

/// A key of a provider's, by its name.
pub(crate) struct Key {
    pub(crate) kid: String,
    secret: Secret,
}

enum Secret {
    P256(Vec<u8>),
    Rsa,
}

/// One for all tests: making one takes a while.
fn rsa() -> &'static RsaKeyPair {
    static KEY: OnceLock<RsaKeyPair> = OnceLock::new();
    KEY.get_or_init(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
}

impl Key {
    pub(crate) fn es256(kid: &str) -> Self {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self {
            kid: kid.to_owned(),
            secret: Secret::P256(der.as_ref().to_vec()),
        }
    }

    pub(crate) fn rs256(kid: &str) -> Self {
        Self {
            kid: kid.to_owned(),
            secret: Secret::Rsa,
        }
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        match self.secret {
            Secret::P256(_) => "ES256",
            Secret::Rsa => "RS256",
        }
    }

    /// The public key as bytes: what somebody might take for a shared secret.
    pub(crate) fn public(&self) -> Vec<u8> {
        match &self.secret {
            Secret::P256(der) => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der);
                pair.unwrap().public_key().as_ref().to_vec()
            }
            Secret::Rsa => rsa().public_key().as_ref().to_vec(),
        }
    }

    /// The key as the provider lists it (RFC 7517).
    pub(crate) fn jwk(&self) -> Value {
        match &self.secret {
            Secret::P256(_) => {
                let point = self.public();
                let part = |range| URL_SAFE_NO_PAD.encode(&point[range]);
                json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
                    "x": part(1..33), "y": part(33..65)
                })
            }
            Secret::Rsa => {
                let public = rsa().public_key();
                let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
                let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
                json!({
                    "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": n, "e": e
                })
            }
        }
    }

    /// A token that says it is signed with this key, and is.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let head = json!({"typ": "JWT", "alg": self.algorithm(), "kid": self.kid});
        self.sign_with(&head, claims)
    }

    /// A token with any head.
    pub(crate) fn sign_with(&self, head: &Value, claims: &Value) -> String {
        let message = message(head, claims);
        let random = SystemRandom::new();
        let signature = match &self.secret {
            Secret::P256(der) => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der);
                let signed = pair.unwrap().sign(&random, message.as_bytes()).unwrap();
                signed.as_ref().to_vec()
            }
            Secret::Rsa => {
                let mut signature = vec![0; rsa().public_modulus_len()];
                let encoding = match head["alg"].as_str() {
                    Some("RS512") => &RSA_PKCS1_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                rsa()
                    .sign(encoding, &random, message.as_bytes(), &mut signature)
                    .unwrap();
                signature
            }
        };
        signed(&message, &signature)
    }

    /// An ES256 token whose signature is in DER, as JWS does not have it.
    pub(crate) fn sign_in_der(&self, claims: &Value) -> String {
        let Secret::P256(der) = &self.secret else {
            panic!("no key for ES256");
        };
        let message = message(&json!({"alg": "ES256", "kid": self.kid}), claims);
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der).unwrap();
        let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        signed(&message, signature.as_ref())
    }
}

/// An HS256 token of a shared secret.
pub(crate) fn hs256(kid: &str, secret: &[u8], claims: &Value) -> String {
    let message = message(&json!({"typ": "JWT", "alg": "HS256", "kid": kid}), claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    signed(&message, hmac::sign(&key, message.as_bytes()).as_ref())
}

/// A token that is not signed at all.
pub(crate) fn unsigned(head: &Value, claims: &Value) -> String {
    signed(&message(head, claims), b"")
}

fn message(head: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(head), part(claims))
}

fn signed(message: &str, signature: &[u8]) -> String {
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

/// What the provider answers at the moment.
#[derive(Clone)]
struct Answers {
    is_up: bool,
    description: String,
    keys: String,
    asked: u64,
}

/// A provider that listens.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    answers: Arc<Mutex<Answers>>,
}

impl Provider {
    /// Starts one with these keys.
    pub(crate) async fn start(keys: &[&Key]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let issuer = format!("http://{address}/realms/mint");
        let provider = Self {
            answers: Arc::new(Mutex::new(Answers {
                is_up: true,
                description: json!({
                    "issuer": issuer, "jwks_uri": format!("{issuer}/certs"),
                    "authorization_endpoint": format!("{issuer}/auth"),
                    "grant_types_supported": ["authorization_code"]
                })
                .to_string(),
                keys: String::new(),
                asked: 0,
            })),
            issuer,
        };
        provider.list(keys);
        let give = |what: fn(&Answers) -> &String| {
            let answers = Arc::clone(&provider.answers);
            get(move || async move {
                let mut answers = answers.lock().unwrap();
                answers.asked += 1;
                match answers.is_up {
                    true => (StatusCode::OK, what(&answers).clone()),
                    false => (StatusCode::BAD_GATEWAY, String::new()),
                }
            })
        };
        let router = Router::new()
            .route(
                "/realms/mint/.well-known/openid-configuration",
                give(|answers| &answers.description),
            )
            .route("/realms/mint/certs", give(|answers| &answers.keys));
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    pub(crate) fn discovery(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer)
    }

    /// From now on these are its keys.
    pub(crate) fn list(&self, keys: &[&Key]) {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
        self.answers.lock().unwrap().keys = json!({"keys": keys}).to_string();
    }

    /// Returns how many documents it was asked for.
    pub(crate) fn asked(&self) -> u64 {
        self.answers.lock().unwrap().asked
    }

    /// From now on it answers, or not.
    pub(crate) fn set_up(&self, is_up: bool) {
        self.answers.lock().unwrap().is_up = is_up;
    }

    /// From now on this is its list of keys.
    pub(crate) fn list_text(&self, text: String) {
        self.answers.lock().unwrap().keys = text;
    }

    /// From now on it describes itself so.
    pub(crate) fn describe(&self, description: &Value) {
        self.answers.lock().unwrap().description = description.to_string();
    }

    /// Returns what a good token says.
    pub(crate) fn claims(&self, user: &str) -> Value {
        json!({
            "iss": self.issuer, "sub": user, "azp": CLIENT, "aud": "account",
            "iat": now(), "nbf": now(), "exp": now() + 300, "scope": "openid profile",
            "preferred_username": user
        })
    }
}
