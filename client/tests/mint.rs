//! The client against a scripted mint: what it asks, and what it makes of each answer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use farthing_client::{
    ApiToken, Error, Http, HttpError, KeysetError, MintClient, Refused, Request, Response,
    Unavailable, Violation,
};
use farthing_protocol::api::KeysetKeys;
use farthing_protocol::identity::keyset_message;
use farthing_protocol::suite::{Suite, SuiteId};
use farthing_protocol::{
    BundleError, EncodedPoint, Identity, KeysetId, KeysetInfo, PublicKeys, with_suite,
};
use serde_json::json;

const MINT: &str = "https://mint.test";

/// Answers by path, and remembers what was asked.
#[derive(Default)]
struct Script {
    answers: BTreeMap<String, (u16, String)>,
    asked: RefCell<Vec<Request>>,
}

impl Script {
    fn new<T: ToString>(answers: impl IntoIterator<Item = (String, u16, T)>) -> Self {
        let answers = answers.into_iter();
        Self {
            answers: answers.map(|(p, s, b)| (p, (s, b.to_string()))).collect(),
            asked: RefCell::default(),
        }
    }

    /// The paths that were asked.
    fn paths(&self) -> Vec<String> {
        let asked = self.asked.borrow();
        let path = |request: &Request| request.url.strip_prefix(MINT).unwrap().to_owned();
        asked.iter().map(path).collect()
    }
}

impl Http for Script {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let path = request.url.strip_prefix(MINT).unwrap().to_owned();
        self.asked.borrow_mut().push(request);
        let Some((status, body)) = self.answers.get(&path) else {
            return Err(HttpError("no route".to_owned()));
        };
        Ok(Response {
            status: *status,
            retry_after_s: Some(3),
            body: body.clone().into_bytes(),
        })
    }
}

fn at<T>(path: &str, status: u16, body: T) -> (String, u16, T) {
    (path.to_owned(), status, body)
}

#[tokio::test]
async fn an_answer_is_an_answer_a_refusal_silence_or_a_violation() {
    let coded = r#"{"detail": "no\u0007pe", "code": 20001}"#;
    let refused = |status| {
        Error::Refused(Refused {
            mint: MINT.to_owned(),
            status,
            code: 20_001,
            detail: "no pe".to_owned(),
        })
    };
    let silent = |reason: &str, retry_after_s| {
        Error::Unavailable(Unavailable {
            mint: MINT.to_owned(),
            reason: reason.to_owned(),
            retry_after_s,
        })
    };
    let violation = |status| Error::Misbehaved {
        mint: MINT.to_owned(),
        violation: Violation::Answer {
            path: "/v1/account".to_owned(),
            status,
        },
    };
    let token = ApiToken::new(" farthing_token\n");
    for (status, body, expected) in [
        (400, coded, refused(400)),
        (401, coded, refused(401)),
        (404, coded, refused(404)),
        (408, coded, silent("status 408 no pe", Some(3))),
        (429, "", silent("status 429", Some(3))),
        (502, "<html>", silent("status 502", Some(3))),
        (503, coded, silent("status 503 no pe", Some(3))),
        (200, "{}", violation(200)),
        (200, coded, violation(200)),
        (302, "", violation(302)),
        (404, "<html>", violation(404)),
    ] {
        let script = Script::new([at("/v1/account", status, body)]);
        let answer = MintClient::new(&script, MINT).account(&token).await;
        assert_eq!(answer.unwrap_err(), expected, "{status} {body}");
        let asked = &script.asked.borrow()[0];
        assert_eq!(asked.bearer.as_ref().unwrap().expose(), "farthing_token");
        assert!(asked.body.is_none());
    }
    let nobody = Script::default();
    let answer = MintClient::new(&nobody, MINT).account(&token).await;
    assert_eq!(answer.unwrap_err(), silent("no route", None));
    let body = r#"{"name": "anna", "balance": 7, "unit": "credit"}"#;
    let script = Script::new([at("/v1/account", 200, body)]);
    let account = MintClient::new(&script, MINT).account(&token).await;
    assert_eq!(account.unwrap().balance, 7);
}

#[tokio::test]
async fn states_are_of_the_tokens_that_were_asked_about_in_their_order() {
    let y = |n: u8| EncodedPoint::from_bytes(&[n; 32]).unwrap();
    let state = |y: EncodedPoint, state: &str| json!({"Y": y, "state": state, "witness": null});
    let states = json!({"states": [state(y(1), "SPENT"), state(y(2), "UNSPENT")]});
    let script = Script::new([at("/v1/checkstate", 200, states)]);
    let client = MintClient::new(&script, MINT);
    let answer = client.states(vec![y(1), y(2)]).await.unwrap();
    assert_eq!(json!(answer), json!(["SPENT", "UNSPENT"]));
    for others in [vec![y(2), y(1)], vec![y(1)], vec![y(1), y(2), y(3)]] {
        let Error::Misbehaved { violation, .. } = client.states(others).await.unwrap_err() else {
            panic!("the states of other tokens were taken");
        };
        assert_eq!(violation, Violation::States);
    }
}

/// A keyset of a suite that is the identity's, and its identity.
fn keyset(suite: SuiteId, identity: &mut Identity) -> KeysetKeys {
    with_suite!(suite, S => {
        let key = S::secret_key(&[7; 64]).unwrap();
        let keys = PublicKeys::from_iter([(1, S::encode_point(&S::public_key(&key)))]);
        let id = KeysetId::derive::<S>(&keys, "credit", 100, None);
        let message = keyset_message(&identity.verify().unwrap(), &id);
        let signed = hex(&S::sign_message(&key, &message));
        identity.keysets.insert(id.to_string(), signed);
        let info = KeysetInfo {
            id,
            unit: "credit".to_owned(),
            active: true,
            input_fee_ppk: 100,
            final_expiry: None,
        };
        KeysetKeys { info, keys }
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A mint that shows these keysets, the second at Cashu's paths.
fn showing(native: &KeysetKeys, cashu: &KeysetKeys) -> Script {
    let routes = [("", native), ("/cashu", cashu)].into_iter();
    Script::new(routes.flat_map(|(prefix, shown)| {
        let id = shown.info.id;
        [
            at(
                &format!("{prefix}/v1/keysets"),
                200,
                json!({"keysets": [shown.info]}),
            ),
            at(
                &format!("{prefix}/v1/keys/{id}"),
                200,
                json!({"keysets": [shown]}),
            ),
        ]
    }))
}

#[tokio::test]
async fn keysets_are_taken_when_their_id_their_keys_and_their_identity_hold() {
    let mut identity = Identity::sign(&SigningKey::from_bytes(&[1; 32]), Vec::new(), 1);
    let native = keyset(SuiteId::Ristretto255, &mut identity);
    let cashu = keyset(SuiteId::Secp256k1, &mut identity);
    let script = showing(&native, &cashu);
    let client = MintClient::new(&script, MINT);
    let both = vec![native.clone(), cashu.clone()];
    let found = client.verified_keysets(&[], Some(&identity)).await;
    assert_eq!(found.unwrap(), both);
    assert_eq!(script.paths().len(), 4);

    // The keys of known keysets are not asked for again, and the list says what signs.
    let mut retired = native.clone();
    retired.info.active = false;
    let script = showing(&retired, &cashu);
    let client = MintClient::new(&script, MINT);
    let found = client.verified_keysets(&both, Some(&identity)).await;
    assert_eq!(found.unwrap(), [retired, cashu.clone()]);
    assert_eq!(script.paths(), ["/v1/keysets", "/cashu/v1/keysets"]);

    // What was not signed by the keyset's key for this identity is another mint's.
    let stranger = Identity::sign(&SigningKey::from_bytes(&[2; 32]), Vec::new(), 1);
    let id = native.info.id;
    let refused = |error| match error {
        Error::Misbehaved { violation, .. } => violation,
        other => panic!("{other:?}"),
    };
    let found = client.verified_keysets(&both, Some(&stranger)).await;
    assert_eq!(refused(found.unwrap_err()), Violation::KeysetNotOwned(id));

    // Other terms make another id.
    let mut dearer = native.clone();
    dearer.info.input_fee_ppk = 200;
    let script = showing(&dearer, &cashu);
    let found = MintClient::new(&script, MINT)
        .verified_keysets(&[], None)
        .await;
    let Violation::Keyset { keyset, error } = refused(found.unwrap_err()) else {
        panic!("another violation");
    };
    assert_eq!(keyset, id);
    assert!(matches!(error, KeysetError::Id { computed } if computed != id));

    // A keyset that is listed and not shown.
    let mut script = showing(&native, &cashu);
    let none = json!({"keysets": [cashu]}).to_string();
    script.answers.insert(format!("/v1/keys/{id}"), (200, none));
    let found = MintClient::new(&script, MINT)
        .verified_keysets(&[], None)
        .await;
    assert_eq!(refused(found.unwrap_err()), Violation::KeysetMissing(id));
}

#[tokio::test]
async fn a_mint_without_cashus_api_has_no_keysets_there() {
    let refusal = r#"{"detail": "no such path", "code": 10004}"#;
    let script = Script::new([at("/cashu/v1/keysets", 404, refusal)]);
    let client = MintClient::new(&script, MINT);
    assert_eq!(client.keysets(SuiteId::Secp256k1).await.unwrap(), []);
    let script = Script::new([at("/v1/keysets", 404, refusal)]);
    let client = MintClient::new(&script, MINT);
    assert!(client.keysets(SuiteId::Ristretto255).await.is_err());
}

#[test]
fn a_bundle_that_does_not_hold_is_not_believed() {
    let said = |bundle: serde_json::Value| {
        let info = json!({
            "name": "A mint", "version": "Farthing/0.1.0", "time": 1, "unit": "credit", "decimals": 0,
            "suite": "ristretto255-SHA512", "keysets_digest": "", "bundle": bundle, "nuts": {},
            "limits": {"inputs_max": 256, "outputs_max": 35, "secret_bytes_max": 1024,
                "body_bytes_max": 1_048_576, "replay_days": 7},
        });
        farthing_client::verify::info(&serde_json::from_value(info).unwrap())
    };
    let usual = json!([[1, 7], [2, 7], [4, 7], [8, 8], [16, 4], [32, 2]]);
    assert_eq!(said(usual), Ok(()));
    assert_eq!(said(json!(null)), Ok(()), "a mint of an earlier version");
    for (bundle, wrong) in [
        (json!([[1, 36]]), BundleError::Parts(35)),
        (json!([[1, 1], [3, 1]]), BundleError::Amounts),
        (json!([]), BundleError::Empty),
        (json!([[1_u64 << 33, 1]]), BundleError::Total),
    ] {
        assert_eq!(said(bundle), Err(Violation::Bundle(wrong)));
    }
}
