//! Clear authentication (NUT-21): which access tokens count, and what becomes of the provider.

use farthing_protocol::api::Signatures;
use farthing_testkit::client::Reply;
use farthing_testkit::process::Mint;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::provider::{self, CLIENT, Key, Provider, now};
use super::setting::{AUTH_MINT, Auth, BINARY, Club, MINT_QUOTE};

/// The examples of NUT-21 and NUT-22, word by word, but for the provider's address.
#[tokio::test]
async fn the_information_is_as_in_the_nuts() {
    let club = Club::with(&[
        ("CLEAR_AUTH_PATHS", "POST /v1/auth/blind/mint"),
        ("BLIND_AUTH_PATHS", "GET /v1/mint/*,POST /v1/mint/*"),
    ])
    .await;
    let nuts = club.nuts().await;
    assert_eq!(
        nuts["21"],
        json!({
            "openid_discovery": club.provider.discovery(),
            "client_id": "cashu-client",
            "protected_endpoints": [{"method": "POST", "path": "/v1/auth/blind/mint"}]
        })
    );
    assert_eq!(
        nuts["22"],
        json!({
            "bat_max_mint": 50,
            "protected_endpoints": [
                {"method": "GET", "path": "/v1/mint/*"},
                {"method": "POST", "path": "/v1/mint/*"}
            ]
        })
    );
    let cached = nuts["19"]["cached_endpoints"].as_array().unwrap();
    assert!(cached.contains(&json!({"method": "POST", "path": AUTH_MINT})));
}

#[tokio::test]
async fn without_a_provider_nothing_is_asked_for_and_nothing_is_there() {
    let folder = TempDir::new().unwrap();
    let arguments = ["--unit", "sat", "--cashu", "--amounts", "4"];
    let mut mint = Mint::init(BINARY, &folder.path().join("mint"), &arguments).unwrap();
    mint.start().unwrap();
    let url = mint.url().unwrap();
    let client = farthing_testkit::client::Client::new(&format!("{url}/cashu")).unwrap();
    let info = client.get("/v1/info", None).await.unwrap();
    let nuts = info.body["nuts"].as_object().unwrap();
    assert!(nuts.contains_key("7"));
    assert!(!nuts.contains_key("21") && !nuts.contains_key("22"));
    for path in [
        "/v1/auth/blind/keys",
        "/v1/auth/blind/keys/00ffffffffffffff",
        "/v1/auth/blind/keysets",
    ] {
        let reply = client.get(path, None).await.unwrap();
        assert_eq!(reply.refusal().unwrap(), (404, 40401), "{path}");
    }
    let body = json!({"outputs": []}).to_string();
    let reply = client.post(AUTH_MINT, None, body).await.unwrap();
    assert_eq!(reply.refusal().unwrap(), (404, 40401));
    let books = mint.balanced().unwrap();
    let units = books["keysets"].as_array().unwrap().iter();
    assert!({ units }.all(|line| line["unit"] == "sat"));
}

#[tokio::test]
async fn c30001_endpoint_requires_clear_auth() {
    let club = Club::open().await;
    let body = json!({"outputs": club.auth_blanks(1).await.outputs});
    assert_eq!(
        club.refusal(AUTH_MINT, Auth::None, &body).await,
        (400, 30001)
    );
    // A blind token is another thing, and before the body's form comes who sends it.
    let [pass] = club.passes().await;
    let nonsense = json!("nonsense");
    let wrong = club.refusal(AUTH_MINT, Auth::Blind(&pass), &nonsense);
    assert_eq!(wrong.await, (400, 30001));
    assert_eq!(club.counted(), (1, 0));
}

async fn is_taken(club: &Club, token: &str) -> Result<(), (u16, u32)> {
    let blanks = club.auth_blanks(1).await;
    let body = json!({"outputs": blanks.outputs});
    let reply = club.post(AUTH_MINT, Auth::Clear(token), &body).await;
    if reply.status != 200 {
        return Err(reply.refusal().unwrap());
    }
    let signed: Signatures = reply.ok().unwrap();
    blanks.unblind(&signed.signatures).unwrap();
    Ok(())
}

/// The claims of a good token, with some of them changed, or taken out by null.
fn claims(club: &Club, changes: Value) -> Value {
    let mut claims = club.provider.claims("ann");
    let claims_map = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims_map.remove(name);
        } else {
            claims_map.insert(name.clone(), value.clone());
        }
    }
    claims
}

#[tokio::test]
async fn tokens_of_both_algorithms_count_whoever_they_say_they_are_for() {
    let (ec, rsa) = (Key::es256("ec"), Key::rs256("rsa"));
    let provider = Provider::start(&[&ec, &rsa]).await;
    let club = Club::of(provider, ec, &[]).await;
    for key in [&club.key, &rsa] {
        let algorithm = key.algorithm();
        let token = key.sign(&club.provider.claims("ann"));
        assert_eq!(is_taken(&club, &token).await, Ok(()), "{algorithm}");
        let nameless = json!({"alg": algorithm, "typ": "at+jwt"});
        let token = key.sign_with(&nameless, &club.provider.claims("ann"));
        assert_eq!(is_taken(&club, &token).await, Ok(()), "{algorithm}");
    }
    for changes in [
        json!({"azp": null, "client_id": CLIENT, "aud": "https://api.example"}),
        json!({"azp": CLIENT, "client_id": CLIENT}),
        json!({"azp": null, "aud": CLIENT}),
        json!({"azp": null, "aud": ["account", CLIENT]}),
        json!({"azp": null, "aud": null}),
        json!({"nbf": null, "iat": null}),
        // The clocks may differ by a minute.
        json!({"exp": now() - 20}),
        json!({"nbf": now() + 20}),
    ] {
        let token = club.key.sign(&claims(&club, changes.clone()));
        assert_eq!(is_taken(&club, &token).await, Ok(()), "{changes}");
    }
}

#[tokio::test]
async fn c30002_claims_that_do_not_count() {
    let club = Club::open().await;
    let other_issuer = format!("{}2", club.provider.issuer);
    for changes in [
        json!({"exp": now() - 3600}),
        json!({"exp": null}),
        json!({"exp": "tomorrow"}),
        json!({"nbf": now() + 3600}),
        json!({"nbf": "yesterday"}),
        json!({"iss": other_issuer}),
        json!({"iss": format!("{}/", club.provider.issuer)}),
        json!({"iss": [club.provider.issuer]}),
        json!({"iss": null}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": 7}),
        json!({"azp": "another-client"}),
        json!({"azp": CLIENT, "client_id": "another-client"}),
        json!({"azp": null, "client_id": "another-client", "aud": CLIENT}),
        json!({"azp": null}),
        json!({"azp": null, "aud": ["account", "another-client"]}),
        json!({"azp": null, "aud": []}),
        json!({"azp": null, "aud": {"cashu-client": true}}),
    ] {
        let token = club.key.sign(&claims(&club, changes.clone()));
        assert_eq!(
            is_taken(&club, &token).await,
            Err((400, 30002)),
            "{changes}"
        );
    }
    assert_eq!(club.counted(), (0, 0));
}

#[tokio::test]
async fn c30002_signatures_that_do_not_count() {
    let (ec, rsa) = (Key::es256("ec"), Key::rs256("rsa"));
    let provider = Provider::start(&[&ec, &rsa]).await;
    let club = Club::of(provider, ec, &[]).await;
    let good = club.provider.claims("ann");
    let head = |algorithm: &str, kid: &str| json!({"alg": algorithm, "kid": kid, "typ": "JWT"});
    let token = club.token("ann");
    let parts: Vec<_> = token.split('.').collect();
    let other = club.token("bob");
    let others: Vec<_> = other.split('.').collect();
    let stranger = Key::es256("ec");
    let mut bad = vec![
        ("of nobody", provider::unsigned(&head("none", "ec"), &good)),
        ("of nobody", provider::unsigned(&head("None", "ec"), &good)),
        ("of nobody", provider::unsigned(&head("ES256", "ec"), &good)),
        ("of a stranger's key with the name", stranger.sign(&good)),
        ("of a key that is not there", Key::es256("new").sign(&good)),
        (
            "of another key than it says",
            club.key.sign_with(&head("ES256", "rsa"), &good),
        ),
        (
            "of another key than it says",
            rsa.sign_with(&head("RS256", "ec"), &good),
        ),
        (
            "of another algorithm than it says",
            club.key.sign_with(&head("RS256", "rsa"), &good),
        ),
        ("RS512", rsa.sign_with(&head("RS512", "rsa"), &good)),
        ("a signature in DER", club.key.sign_in_der(&good)),
        (
            "with an extension that must be understood",
            club.key.sign_with(
                &json!({"alg": "ES256", "kid": "ec", "crit": ["exp"]}),
                &good,
            ),
        ),
        (
            "with others' claims",
            format!("{}.{}.{}", parts[0], others[1], parts[2]),
        ),
        ("without a signature", format!("{}.{}", parts[0], parts[1])),
        ("with a part too much", format!("{token}.{}", parts[2])),
        ("cut off", token[..token.len() - 2].to_owned()),
        ("with padding", format!("{token}==")),
        ("with a word before it", format!("Bearer {token}")),
        ("nothing", String::new()),
        ("nonsense", "nonsense".to_owned()),
        ("dots", "..".to_owned()),
        ("too long", format!("{token}{}", "A".repeat(20_000))),
    ];
    // What everybody knows, taken for a shared secret.
    for key in [&club.key, &rsa] {
        let jwk = key.jwk().to_string();
        for secret in [key.public().as_slice(), jwk.as_bytes(), b""] {
            bad.push((
                "of a shared secret",
                provider::hs256(&key.kid, secret, &good),
            ));
        }
    }
    for (what, token) in bad {
        let taken = is_taken(&club, &token).await;
        assert_eq!(taken, Err((400, 30002)), "{what}: {token:.60}");
    }
    assert_eq!(is_taken(&club, &token).await, Ok(()));
    assert_eq!(club.counted(), (1, 0));
}

/// Any path may ask for it, and it is asked for nowhere else.
#[tokio::test]
async fn a_mint_may_ask_for_clear_authentication_alone() {
    let club = Club::with(&[
        ("CLEAR_AUTH_PATHS", "POST /v1/mint/*"),
        ("BLIND_AUTH_PATHS", ""),
    ])
    .await;
    let nuts = club.nuts().await;
    assert!(nuts.contains_key("21") && !nuts.contains_key("22"));
    let body = json!({"amount": 1, "unit": "sat"});
    assert_eq!(
        club.refusal(MINT_QUOTE, Auth::None, &body).await,
        (400, 30001)
    );
    assert_eq!(
        club.refusal(MINT_QUOTE, Auth::Clear("nonsense"), &body)
            .await,
        (400, 30002)
    );
    let token = club.token("ann");
    for _ in 0..2 {
        let reply = club.post(MINT_QUOTE, Auth::Clear(&token), &body).await;
        assert_eq!(reply.status, 200, "it is no blind token, and good twice");
    }
    let swap = club.swap(&club.tokens(3).await);
    assert_eq!(club.post("/v1/swap", Auth::None, &swap).await.status, 200);
    let reply = club.get("/v1/auth/blind/keys", Auth::None).await;
    assert_eq!(reply.refusal().unwrap(), (404, 40401));
    let body = json!({"outputs": []});
    let reply = club.post(AUTH_MINT, Auth::Clear(&token), &body);
    assert_eq!(reply.await.refusal().unwrap(), (404, 40401));
}

async fn refused_until_taken(club: &Club, token: &str, refusal: (u16, u32)) {
    let body = json!({"outputs": club.auth_blanks(1).await.outputs});
    let ask = async || club.post(AUTH_MINT, Auth::Clear(token), &body).await;
    assert_eq!(ask().await.refusal().unwrap(), refusal);
    let is_decided = |reply: &Reply| {
        reply.status == 200 || {
            assert_eq!(reply.refusal().unwrap(), refusal);
            false
        }
    };
    club.wait_for(ask, is_decided).await;
}

#[tokio::test]
async fn a_provider_that_is_down_at_the_start_is_asked_until_it_is_up() {
    let key = Key::es256("first");
    let provider = Provider::start(&[&key]).await;
    provider.set_up(false);
    let club = Club::of(provider, key, &[]).await;
    let body = json!({"outputs": club.auth_blanks(1).await.outputs});
    let token = club.token("ann");
    let ask = async || club.post(AUTH_MINT, Auth::Clear(&token), &body).await;
    for _ in 0..2 {
        assert_eq!(ask().await.refusal().unwrap(), (503, 50301));
    }
    // What needs no provider goes on.
    assert_eq!(club.get("/v1/keys", Auth::None).await.status, 200);
    club.provider.set_up(true);
    club.wait_for(ask, |reply| reply.status == 200).await;
    // And once its keys are known, it may be down.
    club.provider.set_up(false);
    assert_eq!(is_taken(&club, &club.token("bob")).await, Ok(()));
    let log = club.mint.log().unwrap();
    assert!(log.contains("the OpenID provider cannot be asked"), "{log}");
    assert!(log.contains("status 502"), "{log}");
}

#[tokio::test]
async fn a_provider_that_says_nothing_that_counts_is_not_believed() {
    let key = Key::es256("first");
    let provider = Provider::start(&[&key]).await;
    let (issuer, good) = (provider.issuer.clone(), key.jwk());
    let description = |issuer: &str, keys: &str| json!({"issuer": issuer, "jwks_uri": keys});
    let certs = format!("{issuer}/certs");
    provider.describe(&description("https://id.example/realms/mint", &certs));
    let club = Club::of(provider, key, &[]).await;
    let body = json!({"outputs": club.auth_blanks(1).await.outputs});
    let token = club.token("ann");
    let ask = async || club.post(AUTH_MINT, Auth::Clear(&token), &body).await;
    assert_eq!(ask().await.refusal().unwrap(), (503, 50301));
    let logged = async |text: &str| {
        let says = |_: &Reply| club.mint.log().unwrap().contains(text);
        let reply = club.wait_for(ask, says).await;
        assert_eq!(reply.refusal().unwrap(), (503, 50301));
    };
    logged("is the description of").await;
    let provider = &club.provider;
    provider.describe(&description(&issuer, "http://id.example/certs"));
    logged("not at an https address").await;
    provider.describe(&description(&issuer, &certs));
    provider.list_text(json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}).to_string());
    logged("no key for ES256 or RS256").await;
    let padding = " ".repeat(300_000);
    provider.list_text(format!("{{\"keys\": [{good}]}}{padding}"));
    logged("too large").await;
    provider.list_text("nonsense".to_owned());
    logged("expected ident").await;
    provider.list_text(json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}, good]}).to_string());
    club.wait_for(ask, |reply| reply.status == 200).await;
}

#[tokio::test]
async fn a_provider_may_change_its_keys() {
    let club = Club::open().await;
    let old = club.token("ann");
    assert_eq!(is_taken(&club, &old).await, Ok(()));
    let new = Key::rs256("second");
    club.provider.list(&[&new]);
    let token = new.sign(&club.provider.claims("ann"));
    let body = json!({"outputs": club.auth_blanks(1).await.outputs});
    let ask = async || club.post(AUTH_MINT, Auth::Clear(&token), &body).await;
    // Asked for again not at once, but soon.
    let taken = club.wait_for(ask, |reply| reply.status == 200).await;
    assert_eq!(taken.status, 200);
    // What the provider has withdrawn counts no more.
    assert_eq!(is_taken(&club, &old).await, Err((400, 30002)));
    // It comes to the keys that a new one is asked for, while it is refused.
    let third = Key::es256("third");
    club.provider.list(&[&third]);
    let token = third.sign(&club.provider.claims("ann"));
    refused_until_taken(&club, &token, (400, 30002)).await;
}

#[tokio::test]
async fn a_flood_of_unknown_keys_asks_the_provider_once_in_five_seconds() {
    let club = Club::open().await;
    assert_eq!(is_taken(&club, &club.token("ann")).await, Ok(()));
    let (begun, before) = (std::time::Instant::now(), club.provider.asked());
    for number in 0..40 {
        let token = Key::es256(&format!("unknown {number}")).sign(&club.provider.claims("ann"));
        assert_eq!(is_taken(&club, &token).await, Err((400, 30002)));
    }
    // Two documents each time: its description, and its keys.
    let most = 2 * (begun.elapsed().as_secs() / 5 + 1);
    let asked = club.provider.asked() - before;
    assert!(asked <= most, "asked {asked} times");
}
