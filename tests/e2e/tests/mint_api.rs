//! The mint's API as its callers see it when all goes well, and the operator's commands beside it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::collections::BTreeSet;

use farthing_protocol::api::{
    Account, CheckStateRequest, Info, Keys, Keysets, PostingKind, Redeemed, RestoreRequest,
    Restored, Signatures, State, Statement, States, path, published_digest,
};
use farthing_protocol::suite::Ristretto255;
use farthing_protocol::{EncodedPoint, KeysetId, Proof};
use farthing_testkit::client::{Blanks, Client, proofs, redeem_body, swap_body, withdraw_body, y};
use farthing_testkit::scene::Scene;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const ALL: &str = "withdraw,redeem,read";

async fn redeem(
    client: &Client,
    token: &str,
    inputs: Vec<Proof>,
    change: Option<&Blanks>,
) -> Redeemed {
    let body = redeem_body(inputs, change);
    client
        .post(path::REDEEM, Some(token), body)
        .await
        .unwrap()
        .ok()
        .unwrap()
}

async fn states(client: &Client, ys: Vec<EncodedPoint>) -> Vec<(State, Option<String>)> {
    let body = serde_json::to_string(&CheckStateRequest { ys: ys.clone() }).unwrap();
    let reply = client.post(path::CHECKSTATE, None, body).await.unwrap();
    let States { states } = reply.ok().unwrap();
    let asked: Vec<_> = states.iter().map(|state| state.y).collect();
    assert_eq!(asked, ys, "in the order asked");
    states
        .into_iter()
        .map(|state| (state.state, state.witness))
        .collect()
}

async fn keysets(client: &Client) -> Vec<(KeysetId, bool)> {
    let Keysets { keysets } = client.get(path::KEYSETS, None).await.unwrap().ok().unwrap();
    keysets
        .iter()
        .map(|keyset| (keyset.id, keyset.active))
        .collect()
}

#[tokio::test]
async fn info_keys_and_keysets_agree() {
    let settings = [
        ("NAME", "Tea & cake"),
        ("CONTACT", "ann@example.org"),
        ("DESCRIPTION", "For the tea house"),
        ("INPUTS_MAX", "100"),
        ("OUTPUTS_MAX", "90"),
        ("SECRET_BYTES_MAX", "500"),
        ("BODY_BYTES_MAX", "70000"),
        ("REPLAY_DAYS", "3"),
        ("DECIMALS", "2"),
    ];
    let scene = Scene::with(BINARY, &settings).await.unwrap();
    let client = &scene.client;
    let info: Info = client.get(path::INFO, None).await.unwrap().ok().unwrap();
    assert_eq!(info.name, "Tea & cake");
    assert_eq!(info.description.as_deref(), Some("For the tea house"));
    assert_eq!(info.contact[0].info, "ann@example.org");
    let wallet = format!("{}/wallet/", scene.mint.url().unwrap());
    assert_eq!(info.wallet, Some(wallet));
    assert_eq!(
        (info.suite.as_str(), info.unit.as_str(), info.decimals),
        ("ristretto255-SHA512", "credit", 2)
    );
    assert!(info.version.starts_with("Farthing/"), "{}", info.version);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!(info.time.abs_diff(now) < 60);
    let limits = serde_json::to_value(&info.limits).unwrap();
    let expected = json!({"inputs_max": 100, "outputs_max": 90, "secret_bytes_max": 500, "body_bytes_max": 70000, "replay_days": 3});
    assert_eq!(limits, expected);
    let old = scene.keyset.id;
    scene.mint.run(&["keyset", "rotate"]).unwrap();
    let new = client.keyset().await.unwrap();
    let listed = keysets(client).await;
    assert_eq!(listed, [(old, false), (new.id, true)], "oldest first");
    let info: Info = client.get(path::INFO, None).await.unwrap().ok().unwrap();
    let bundle = info.bundle.unwrap();
    let usual = "[[1,7],[2,7],[4,7],[8,8],[16,4],[32,2]]";
    assert_eq!(serde_json::to_string(&bundle).unwrap(), usual);
    let digest = published_digest([&new.id, &old], Some(&bundle));
    assert_eq!(info.keysets_digest, digest);
    let active: Keys = client.get(path::KEYS, None).await.unwrap().ok().unwrap();
    assert_eq!(active.keysets.len(), 1);
    for (id, active) in listed {
        let path = format!("{}/{id}", path::KEYS);
        let Keys { keysets } = client.get(&path, None).await.unwrap().ok().unwrap();
        let [keyset] = keysets.as_slice() else {
            panic!("one keyset")
        };
        assert_eq!((keyset.info.id, keyset.info.active), (id, active));
        let amounts: Vec<u64> = (0..16).map(|n| 1 << n).collect();
        assert_eq!(keyset.keys.amounts(), amounts);
        assert_eq!(
            KeysetId::derive::<Ristretto255>(&keyset.keys, "credit", 0, None),
            id
        );
        let distinct: BTreeSet<_> = keyset.keys.iter().map(|(_, key)| *key).collect();
        assert_eq!(distinct.len(), 16);
    }
}

#[tokio::test]
async fn withdraw_swap_and_redeem_with_change() {
    let scene = Scene::start(BINARY).await.unwrap();
    let Scene {
        mint,
        client,
        keyset,
        ..
    } = &scene;
    let ann = mint.account("ann", ALL, 100).unwrap();
    let bob = mint.account("bob", ALL, 0).unwrap();
    let tokens = client.withdraw(&ann, keyset, 37).await.unwrap();
    assert_eq!(
        tokens.iter().map(|t| t.proof.amount).collect::<Vec<_>>(),
        [1, 4, 32]
    );
    assert_eq!(scene.balance(&ann).await.unwrap(), 63);
    let tokens = client
        .swap(&tokens, Blanks::of(keyset, &[16, 16, 4, 1]).unwrap())
        .await
        .unwrap();
    let change = Blanks::of(keyset, &[8, 1]).unwrap();
    let Redeemed {
        credited,
        signatures,
    } = redeem(client, &bob, proofs(&tokens[..2]), Some(&change)).await;
    assert_eq!((credited, scene.balance(&bob).await.unwrap()), (23, 23));
    let change = change.unblind(&signatures).unwrap();
    let again = client
        .swap(&change, Blanks::of(keyset, &[2, 4, 2, 1]).unwrap())
        .await
        .unwrap();
    let all_change = Blanks::worth(keyset, 9).unwrap();
    let redeemed = redeem(client, &bob, proofs(&again), Some(&all_change)).await;
    assert_eq!((redeemed.credited, redeemed.signatures.len()), (0, 2));
    let redeemed = redeem(client, &bob, proofs(&tokens[2..]), None).await;
    assert_eq!((redeemed.credited, redeemed.signatures), (5, vec![]));
    assert_eq!(
        (
            scene.balance(&ann).await.unwrap(),
            scene.balance(&bob).await.unwrap()
        ),
        (63, 28)
    );
    let books = scene.books().unwrap();
    assert_eq!(
        (
            books.reserve,
            books.accounts_total(),
            books.outstanding_total(),
            books.fees
        ),
        (100, 91, 9, 0)
    );
    mint.balanced().unwrap();
}

#[tokio::test]
async fn fees_are_charged_per_request_and_kept() {
    let scene = Scene::start(BINARY).await.unwrap();
    let Scene { mint, client, .. } = &scene;
    // Fees are a term of the keyset: they come with the next one.
    mint.output(&["audit"]).unwrap();
    let dear = farthing_testkit::process::Program::new(BINARY, farthing_testkit::programs::AS_MINT);
    let rotated = dear
        .command()
        .args(["keyset", "rotate", "--data"])
        .arg(mint.dir())
        .env("FARTHING_MINT_INPUT_FEE_PPK", "300")
        .output()
        .unwrap();
    assert!(rotated.status.success());
    let ann = mint.account("ann", ALL, 1000).unwrap();
    let keyset = client.keyset().await.unwrap();
    let info = client.get(path::KEYSETS, None).await.unwrap().body;
    assert_eq!(info["keysets"][1]["input_fee_ppk"], 300);
    let blanks = Blanks::of(&keyset, &[8; 12]).unwrap();
    let tokens = client.withdraw_blanks(&ann, blanks).await.unwrap();
    assert_eq!(
        scene.balance(&ann).await.unwrap(),
        904,
        "withdrawals cost nothing"
    );
    // One input 0.3 → 1, three 0.9 → 1, four 1.2 → 2.
    let try_swap = |range: std::ops::Range<usize>, total| {
        let body = swap_body(
            proofs(&tokens[range]),
            &Blanks::worth(&keyset, total).unwrap(),
        );
        client.post(path::SWAP, None, body)
    };
    for (range, total) in [(0..1, 8), (0..1, 6), (1..4, 24), (4..8, 31), (4..8, 29)] {
        let refusal = try_swap(range.clone(), total)
            .await
            .unwrap()
            .refusal()
            .unwrap();
        assert_eq!(refusal, (400, 11005), "{range:?} for {total}");
    }
    for (range, total) in [(0..1, 7), (1..4, 23), (4..8, 30)] {
        let reply = try_swap(range.clone(), total).await.unwrap();
        assert_eq!(reply.status, 200, "{range:?} for {total}: {}", reply.body);
    }
    let change = Blanks::of(&keyset, &[4]).unwrap();
    let redeemed = redeem(client, &ann, proofs(&tokens[8..]), Some(&change)).await;
    assert_eq!(redeemed.credited, 32 - 2 - 4);
    let audit = mint.balanced().unwrap();
    assert_eq!(
        (&audit["fees"], &audit["reserve"]),
        (&json!(6), &json!(1000))
    );
    assert_eq!(audit["outstanding_total"], 7 + 23 + 30 + 4);
    assert_eq!(audit["accounts_total"], 904 + 26);
}

#[tokio::test]
async fn the_state_of_tokens() {
    let scene = Scene::start(BINARY).await.unwrap();
    let Scene {
        mint,
        client,
        keyset,
        ..
    } = &scene;
    let ann = mint.account("ann", ALL, 100).unwrap();
    let blanks = Blanks::of(keyset, &[4; 2]).unwrap();
    let tokens = client.withdraw_blanks(&ann, blanks).await.unwrap();
    let ys = [0, 1].map(|at| y(&tokens[at].proof).unwrap()).to_vec();
    let (spent, unspent) = ((State::Spent, None), (State::Unspent, None));
    assert_eq!(
        states(client, ys.clone()).await,
        [unspent.clone(), unspent.clone()]
    );
    redeem(client, &ann, proofs(&tokens[..1]), None).await;
    let mixed = vec![ys[0], ys[1], ys[0]];
    assert_eq!(states(client, mixed).await, [spent.clone(), unspent, spent]);
    assert_eq!(states(client, vec![]).await, []);
}

#[tokio::test]
async fn an_htlc_shows_its_preimage_once_it_is_spent() {
    use sha2::Digest as _;
    let scene = Scene::start(BINARY).await.unwrap();
    let Scene {
        mint,
        client,
        keyset,
        ..
    } = &scene;
    let ann = mint.account("ann", ALL, 100).unwrap();
    let preimage = [5; 32];
    let hash = hex::encode(sha2::Sha256::digest(preimage));
    let lock =
        |nonce: &str| json!(["HTLC", {"nonce": nonce, "data": hash, "tags": []}]).to_string();
    let secrets = ["a", "b"].map(|nonce| farthing_protocol::Secret::new(lock(nonce)));
    let blanks = Blanks::of_secrets(keyset, &vec![4; secrets.len()], &secrets).unwrap();
    let tokens = client.withdraw_blanks(&ann, blanks).await.unwrap();
    let mut inputs = proofs(&tokens);
    let ys: Vec<_> = inputs.iter().map(|input| y(input).unwrap()).collect();
    for wrong in [None, Some([6; 32])] {
        inputs[0].witness =
            wrong.map(|p: [u8; 32]| json!({"preimage": hex::encode(p)}).to_string());
        let body = redeem_body(inputs[..1].to_vec(), None);
        let reply = client.post(path::REDEEM, Some(&ann), body).await.unwrap();
        assert_eq!(reply.refusal().unwrap(), (400, 10001));
    }
    inputs[0].witness = Some(json!({"preimage": hex::encode(preimage)}).to_string());
    redeem(client, &ann, inputs[..1].to_vec(), None).await;
    let found = states(client, ys).await;
    assert_eq!(found[0].0, State::Spent);
    let witness: Value = serde_json::from_str(found[0].1.as_deref().unwrap()).unwrap();
    assert_eq!(witness["preimage"], hex::encode(preimage));
    assert_eq!(found[1], (State::Unspent, None));
}

#[tokio::test]
async fn restore_gives_what_was_signed_and_nothing_else() {
    let scene = Scene::start(BINARY).await.unwrap();
    let Scene {
        mint,
        client,
        keyset,
        ..
    } = &scene;
    let ann = mint.account("ann", ALL, 100).unwrap();
    let signed = Blanks::of(keyset, &[8, 2]).unwrap();
    let reply = client
        .post(path::WITHDRAW, Some(&ann), withdraw_body(&signed))
        .await
        .unwrap();
    let Signatures { signatures } = reply.ok().unwrap();
    mint.run(&["keyset", "rotate"]).unwrap();
    let new = client.keyset().await.unwrap();
    let unsigned = Blanks::of(keyset, &[8]).unwrap();
    let restore = |mut outputs: Vec<_>, id: Option<KeysetId>| async move {
        for output in &mut outputs {
            let output: &mut farthing_protocol::BlindedMessage = output;
            output.amount = 1;
            output.id = id.unwrap_or(output.id);
        }
        let body = serde_json::to_string(&RestoreRequest { outputs }).unwrap();
        let reply = client.post(path::RESTORE, None, body).await.unwrap();
        reply.ok::<Restored>().unwrap()
    };
    let asked = vec![
        signed.outputs[1].clone(),
        unsigned.outputs[0].clone(),
        signed.outputs[0].clone(),
    ];
    let restored = restore(asked.clone(), None).await;
    assert_eq!(
        restored.outputs,
        [signed.outputs[1].clone(), signed.outputs[0].clone()]
    );
    assert_eq!(
        restored.signatures,
        [signatures[1].clone(), signatures[0].clone()]
    );
    // With another keyset's key it would be a new token.
    for id in [
        new.id,
        keyset.id.short(),
        KeysetId::from_bytes(&[0x52; 33]).unwrap(),
    ] {
        let restored = restore(asked.clone(), Some(id)).await;
        assert_eq!(
            (restored.outputs.len(), restored.signatures.len()),
            (0, 0),
            "{id}"
        );
    }
    let tokens = signed.unblind(&signatures).unwrap();
    assert_eq!(
        redeem(client, &ann, proofs(&tokens), None).await.credited,
        10
    );
    scene.books().unwrap();
}

#[tokio::test]
async fn account_and_statement() {
    let scene = Scene::start(BINARY).await.unwrap();
    let Scene {
        mint,
        client,
        keyset,
        ..
    } = &scene;
    let ann = mint.account("ann", ALL, 0).unwrap();
    let other = mint.account("other", ALL, 50).unwrap();
    mint.run(&["account", "credit", "ann", "100", "--note", "paid in cash"])
        .unwrap();
    let tokens = client.withdraw(&ann, keyset, 30).await.unwrap();
    client.withdraw(&other, keyset, 3).await.unwrap();
    redeem(client, &ann, proofs(&tokens), None).await;
    mint.run(&["account", "debit", "ann", "25"]).unwrap();
    mint.run(&["issue", "5", "--account", "ann", "--note", "voucher"])
        .unwrap();
    let reply = client.get(path::ACCOUNT, Some(&ann)).await.unwrap();
    let account: Account = reply.ok().unwrap();
    assert_eq!(
        (
            account.name.as_str(),
            account.balance,
            account.unit.as_str()
        ),
        ("ann", 70, "credit")
    );
    let reply = client.get(path::STATEMENT, Some(&ann)).await.unwrap();
    let whole: Statement = reply.ok().unwrap();
    let lines: Vec<_> = whole
        .postings
        .iter()
        .map(|p| (p.number, p.kind, p.amount, p.balance))
        .collect();
    let expected = [
        (5, PostingKind::Issue, -5, 70),
        (4, PostingKind::Debit, -25, 75),
        (3, PostingKind::Redeem, 30, 100),
        (2, PostingKind::Withdraw, -30, 70),
        (1, PostingKind::Credit, 100, 100),
    ];
    assert_eq!((lines.as_slice(), whole.next), (&expected[..], None));
    assert!(
        whole.postings.iter().all(|p| p.time % 3600 == 0),
        "times are whole hours"
    );
    let notes: Vec<_> = whole.postings.iter().map(|p| p.note.as_deref()).collect();
    assert_eq!(
        notes,
        [Some("voucher"), None, None, None, Some("paid in cash")]
    );
    let printed: Statement =
        serde_json::from_value(mint.run(&["account", "statement", "ann"]).unwrap()).unwrap();
    assert_eq!(printed, whole);
}

#[tokio::test]
async fn pages_of_a_statement() {
    let scene = Scene::start(BINARY).await.unwrap();
    let client = &scene.client;
    let ann = scene.mint.account("ann", ALL, 10).unwrap();
    for _ in 0..4 {
        client.withdraw(&ann, &scene.keyset, 1).await.unwrap();
    }
    for (query, numbers, next) in [
        ("?limit=2", vec![5, 4], Some(4)),
        ("?limit=2&before=4", vec![3, 2], Some(2)),
        ("?limit=2&before=2", vec![1], None),
        ("?limit=5", vec![5, 4, 3, 2, 1], None),
        ("?before=1", vec![], None),
        ("?limit=0", vec![5], Some(5)),
        ("?limit=4000000000", vec![5, 4, 3, 2, 1], None),
    ] {
        let path = format!("{}{query}", path::STATEMENT);
        let reply = client.get(&path, Some(&ann)).await.unwrap();
        let page: Statement = reply.ok().unwrap();
        let found: Vec<_> = page.postings.iter().map(|p| p.number).collect();
        assert_eq!((found, page.next), (numbers, next), "{query}");
    }
    for query in [
        "?limit=-1",
        "?limit=x",
        "?before=1.5",
        "?page=2",
        "?limit=1&limit=2",
        "?before=%ff",
    ] {
        let path = format!("{}{query}", path::STATEMENT);
        let reply = client.get(&path, Some(&ann)).await.unwrap();
        assert_eq!(reply.refusal().unwrap(), (400, 40001), "{query}");
    }
}

#[tokio::test]
async fn scopes_and_revocation() {
    let scene = Scene::start(BINARY).await.unwrap();
    let Scene {
        mint,
        client,
        keyset,
        ..
    } = &scene;
    mint.account("ann", ALL, 100).unwrap();
    let token = |scopes: &str| {
        let printed = mint
            .run(&["account", "token", "ann", "--scopes", scopes])
            .unwrap();
        assert_eq!(
            (
                &printed["name"],
                printed["scopes"].as_array().unwrap().len()
            ),
            (&json!("ann"), scopes.split(',').count())
        );
        printed["token"].as_str().unwrap().to_owned()
    };
    let attempt = |token: String| async move {
        let body = withdraw_body(&Blanks::of(keyset, &[1]).unwrap());
        let withdrawn = client
            .post(path::WITHDRAW, Some(&token), body)
            .await
            .unwrap();
        let redeemed = client.post(path::REDEEM, Some(&token), "{}").await.unwrap();
        let read = client.get(path::ACCOUNT, Some(&token)).await.unwrap();
        let statement = client.get(path::STATEMENT, Some(&token)).await.unwrap();
        [
            withdrawn.status,
            redeemed.status,
            read.status,
            statement.status,
        ]
    };
    for (scopes, expected) in [
        ("withdraw", [200, 403, 403, 403]),
        ("redeem", [403, 400, 403, 403]),
        ("read", [403, 403, 200, 200]),
        ("redeem,read", [403, 400, 200, 200]),
        ("withdraw,redeem,read", [200, 400, 200, 200]),
    ] {
        assert_eq!(attempt(token(scopes)).await, expected, "{scopes}");
    }
    let doomed = token(ALL);
    assert_eq!(attempt(doomed.clone()).await, [200, 400, 200, 200]);
    let revoked = mint.run(&["account", "token", "ann", "--revoke"]).unwrap();
    assert_eq!(revoked, json!({"name": "ann", "revoked": 7}));
    assert_eq!(attempt(doomed).await, [401; 4], "at once");
    assert_eq!(attempt(token(ALL)).await, [200, 400, 200, 200]);
    for scopes in ["", "all", "read,write", "Read"] {
        let output = mint
            .output(&["account", "token", "ann", "--scopes", scopes])
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{scopes:?}");
    }
}

#[tokio::test]
async fn a_page_of_any_origin_can_use_the_api() {
    let scene = Scene::with(BINARY, &[("BODY_BYTES_MAX", "100000")])
        .await
        .unwrap();
    let token = scene.mint.account("ann", ALL, 10).unwrap();
    let url = scene.mint.url().unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let from_a_page = |method: &str, path: &str| {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = http.request(method, format!("{url}{path}"));
        request.header("origin", "https://wallet.example")
    };
    let bearer = format!("Bearer {token}");
    let long = " ".repeat(100_001);
    for (method, path, authorization, body, status) in [
        ("GET", path::INFO, None, "", 200),
        ("GET", path::KEYS, None, "", 200),
        ("GET", "/healthz", None, "", 200),
        ("GET", path::ACCOUNT, Some(&bearer), "", 200),
        ("GET", path::ACCOUNT, None, "", 401),
        ("POST", path::REDEEM, Some(&bearer), "{}", 400),
        ("POST", path::REDEEM, None, "{}", 401),
        ("POST", path::SWAP, None, "{", 400),
        ("POST", path::SWAP, None, &long, 413),
        ("PUT", path::SWAP, None, "", 405),
        ("GET", "/v1/none", None, "", 404),
        ("GET", "/cashu/v1/info", None, "", 200),
        ("GET", "/cashu/v1/none", None, "", 404),
    ] {
        let mut request = from_a_page(method, path).body(body.to_owned());
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
        let headers = answer.headers();
        assert_eq!(
            headers["access-control-allow-origin"], "*",
            "{method} {path}"
        );
        let exposed = &headers["access-control-expose-headers"];
        assert_eq!(exposed, "date,retry-after,www-authenticate");
        assert!(!headers.contains_key("access-control-allow-credentials"));
        assert!(!headers.contains_key("vary"));

        let preflight = from_a_page("OPTIONS", path)
            .header("access-control-request-method", method)
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        let answer = preflight.send().await.unwrap();
        assert_eq!(answer.status(), 200, "OPTIONS {path}");
        let headers = answer.headers();
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert_eq!(headers["access-control-allow-methods"], "GET,POST");
        assert_eq!(
            headers["access-control-allow-headers"],
            "authorization,content-type"
        );
        assert_eq!(headers["access-control-max-age"], "86400");
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }
}

#[tokio::test]
async fn a_page_is_told_that_the_mint_is_busy_and_when_to_come_again() {
    let scene = Scene::with(BINARY, &[("WEBSOCKETS_MAX", "0")])
        .await
        .unwrap();
    let url = format!("{}/cashu/v1/ws", scene.mint.url().unwrap());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut busy = http.get(url).header("origin", "https://wallet.example");
    for (name, value) in [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ] {
        busy = busy.header(name, value);
    }
    let busy = busy.send().await.unwrap();
    assert_eq!(busy.status(), 503);
    assert_eq!(busy.headers()["access-control-allow-origin"], "*");
    assert_eq!(busy.headers()["retry-after"], "1");
}
