//! The provider's keys (RFC 7517).

use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// A list of keys. Those of an unknown kind do not spoil the others.
#[derive(Deserialize)]
pub(super) struct Listed {
    keys: Vec<Value>,
}

/// Which key a token says it is signed with.
pub(super) struct Head {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
}

/// A key that tokens can be signed with.
pub(super) struct Key {
    kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// The keys for ES256 and RS256, NUT-21's algorithms.
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// Those of the list that are for signatures of these two algorithms.
    pub(super) fn read(listed: Listed) -> Self {
        let keys = listed.keys.into_iter();
        let keys = keys.filter_map(|key| serde_json::from_value(key).ok());
        Self(keys.filter_map(|key| Key::read(&key)).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that a token names. One that names none is of the only key there is for its algorithm, or
    /// of none.
    pub(super) fn find(&self, head: &Head) -> Option<&Key> {
        let is_meant = |key: &&Key| {
            let named = head.kid.is_none() || key.kid == head.kid;
            key.algorithm == head.algorithm && named
        };
        let mut meant = self.0.iter().filter(is_meant);
        let first = meant.next()?;
        meant.next().is_none().then_some(first)
    }
}

impl Key {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "another crate's enum, which may grow"
    )]
    fn read(jwk: &Jwk) -> Option<Self> {
        let (algorithm, name) = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
            _ => return None,
        };
        let of = &jwk.common;
        let for_signatures = matches!(of.public_key_use, None | Some(PublicKeyUse::Signature));
        let operations = of.key_operations.as_ref();
        let verifies = operations.is_none_or(|all| all.contains(&KeyOperations::Verify));
        let for_this = of.key_algorithm.is_none_or(|named| named == name);
        if !(for_signatures && verifies && for_this) {
            return None;
        }
        Some(Self {
            kid: of.key_id.clone(),
            algorithm,
            key: DecodingKey::from_jwk(jwk).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    const X: &str = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    const Y: &str = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";

    fn rsa(more: Value) -> Value {
        with(json!({"kty": "RSA", "n": N, "e": "AQAB"}), more)
    }

    fn ec(more: Value) -> Value {
        with(json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y}), more)
    }

    fn with(mut key: Value, more: Value) -> Value {
        let more = more.as_object().unwrap().clone();
        key.as_object_mut().unwrap().extend(more);
        key
    }

    fn read(keys: &[Value]) -> Keys {
        Keys::read(serde_json::from_value(json!({"keys": keys})).unwrap())
    }

    fn found(keys: &Keys, algorithm: Algorithm, kid: Option<&str>) -> bool {
        let kid = kid.map(str::to_owned);
        keys.find(&Head { algorithm, kid }).is_some()
    }

    #[test]
    fn a_key_is_found_by_its_name_and_its_algorithm() {
        let keys = read(&[rsa(json!({"kid": "r"})), ec(json!({"kid": "e"}))]);
        assert!(found(&keys, Algorithm::RS256, Some("r")));
        assert!(found(&keys, Algorithm::ES256, Some("e")));
        assert!(!found(&keys, Algorithm::RS256, Some("e")));
        assert!(!found(&keys, Algorithm::ES256, Some("r")));
        assert!(!found(&keys, Algorithm::RS256, Some("other")));
        for algorithm in [Algorithm::HS256, Algorithm::RS512, Algorithm::PS256] {
            assert!(!found(&keys, algorithm, Some("r")), "{algorithm:?}");
        }
    }

    #[test]
    fn without_a_name_it_has_to_be_the_only_one() {
        let one = read(&[rsa(json!({"kid": "r"})), ec(json!({"kid": "e"}))]);
        assert!(found(&one, Algorithm::RS256, None));
        assert!(found(&one, Algorithm::ES256, None));
        let two = read(&[ec(json!({"kid": "a"})), ec(json!({"kid": "b"}))]);
        assert!(!found(&two, Algorithm::ES256, None));
        assert!(found(&two, Algorithm::ES256, Some("a")));
        let nameless = read(&[ec(json!({}))]);
        assert!(found(&nameless, Algorithm::ES256, None));
        assert!(!found(&nameless, Algorithm::ES256, Some("a")));
    }

    #[test]
    fn only_keys_for_signatures_of_the_two_algorithms_count() {
        for good in [
            ec(json!({"use": "sig", "alg": "ES256", "key_ops": ["verify"]})),
            rsa(json!({"use": "sig", "alg": "RS256", "x5c": ["MII"], "x5t": "x"})),
        ] {
            assert!(!read(&[good]).is_empty());
        }
        for bad in [
            rsa(json!({"use": "enc"})),
            rsa(json!({"alg": "RSA-OAEP"})),
            rsa(json!({"alg": "PS256"})),
            rsa(json!({"alg": "HS256"})),
            rsa(json!({"alg": "unheard of"})),
            rsa(json!({"key_ops": ["encrypt"]})),
            ec(json!({"alg": "ES384"})),
            ec(json!({"crv": "P-384"})),
            ec(json!({"crv": "secp256k1"})),
            json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": X}),
            json!({"kty": "unheard of"}),
            json!({"kty": "RSA", "e": "AQAB"}),
            json!("nonsense"),
            json!(null),
        ] {
            assert!(read(std::slice::from_ref(&bad)).is_empty(), "{bad}");
            // And it spoils no other.
            assert!(!read(&[bad, ec(json!({}))]).is_empty());
        }
    }
}
