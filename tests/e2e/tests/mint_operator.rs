//! The operator's commands beside a running mint, what becomes of keysets, and the audit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::time::Duration;

use farthing_protocol::api::{Redeemed, path};
use farthing_protocol::{KeysetId, Proof, Token, TokenProof};
use farthing_testkit::Result;
use farthing_testkit::client::{
    Blanks, Client, Keyset, proofs, redeem_body, swap_body, withdraw_body,
};
use farthing_testkit::dice::Dice;
use farthing_testkit::process::Program;
use farthing_testkit::programs::AS_MINT;
use farthing_testkit::scene::Scene;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const ALL: &str = "withdraw,redeem,read";

async fn redeem(client: &Client, token: &str, inputs: Vec<Proof>) -> u64 {
    let body = redeem_body(inputs, None);
    let reply = client.post(path::REDEEM, Some(token), body).await.unwrap();
    reply.ok::<Redeemed>().unwrap().credited
}

async fn withdraw_code(client: &Client, token: &str, keyset: &Keyset) -> Result<u32> {
    let body = withdraw_body(&Blanks::of(keyset, &[1])?);
    let reply = client.post(path::WITHDRAW, Some(token), body).await?;
    Ok(if reply.status == 200 {
        0
    } else {
        reply.refusal()?.1
    })
}

#[tokio::test]
async fn rotation_while_the_mint_runs() {
    let scene = Scene::start(BINARY).await.unwrap();
    let Scene {
        mint,
        client,
        keyset: old,
        ..
    } = &scene;
    let ann = mint.account("ann", ALL, 100).unwrap();
    let tokens = client.withdraw(&ann, old, 10).await.unwrap();
    // Only posted requests from here on: nothing but the refusal itself may make the mint look.
    let rotated = mint.run(&["keyset", "rotate"]).unwrap();
    assert_eq!(withdraw_code(client, &ann, old).await.unwrap(), 12002);
    let new = client.keyset().await.unwrap();
    assert_eq!(rotated["id"], json!(new.id));
    let unseen = mint.run(&["keyset", "rotate"]).unwrap();
    let newest = KeysetId::from_hex(unseen["id"].as_str().unwrap()).unwrap();
    let newest = Keyset {
        id: newest,
        keys: new.keys.clone(),
    };
    assert_eq!(
        withdraw_code(client, &ann, &newest).await.unwrap(),
        0,
        "seen at the next request"
    );
    assert_eq!(withdraw_code(client, &ann, &new).await.unwrap(), 12002);
    let newest = client.keyset().await.unwrap();
    let refused = swap_body(proofs(&tokens), &Blanks::worth(old, 10).unwrap());
    let reply = client.post(path::SWAP, None, refused).await.unwrap();
    assert_eq!(reply.refusal().unwrap(), (400, 12002));
    let tokens = client
        .swap(&tokens, Blanks::worth(&newest, 10).unwrap())
        .await
        .unwrap();
    assert_eq!(redeem(client, &ann, proofs(&tokens)).await, 10);
    let listed = mint.run(&["keyset", "list"]).unwrap();
    let states: Vec<_> = listed["keysets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|k| k["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["retired", "retired", "active"]);
    let books = scene.books().unwrap();
    let counters: Vec<_> = books
        .keysets
        .iter()
        .map(|k| (k.issued, k.redeemed))
        .collect();
    assert_eq!(counters, [(10, 10), (0, 0), (11, 10)]);
}

#[tokio::test]
async fn an_expired_keyset_is_worth_nothing_any_more() {
    let scene = Scene::start(BINARY).await.unwrap();
    let Scene { mint, client, .. } = &scene;
    let ann = mint.account("ann", ALL, 100).unwrap();
    let now = || std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    // Long enough to withdraw before it has expired, also on a busy machine.
    let mut patience_s = 2;
    let (keyset, expiry, tokens) = loop {
        let expiry = now() + patience_s;
        mint.run(&["keyset", "rotate", "--expiry", &expiry.to_string()])
            .unwrap();
        let keyset = client.keyset().await.unwrap();
        match client.withdraw(&ann, &keyset, 5).await {
            Ok(tokens) => break (keyset, expiry, tokens),
            Err(_) if patience_s < 60 => patience_s *= 2,
            Err(error) => panic!("{error}"),
        }
    };
    while now() <= expiry {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(withdraw_code(client, &ann, &keyset).await.unwrap(), 12003);
    let reply = client
        .post(path::REDEEM, Some(&ann), redeem_body(proofs(&tokens), None))
        .await
        .unwrap();
    assert_eq!(reply.refusal().unwrap(), (400, 12003));
    assert_eq!(scene.books().unwrap().outstanding_total(), 5);
}

#[tokio::test]
async fn health_and_metrics() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let scene = Scene::with(BINARY, &[("METRICS_LISTEN", &address)])
        .await
        .unwrap();
    let client = &scene.client;
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        assert_eq!(client.get_text(path).await.unwrap(), (200, text.to_owned()));
    }
    assert_eq!(client.get_text("/metrics").await.unwrap().0, 404);
    client.post(path::SWAP, None, "{").await.unwrap();
    client.get("/v1/keys/52", None).await.unwrap();
    let operator = Client::new(&format!("http://{address}")).unwrap();
    let (status, text) = operator.get_text("/metrics").await.unwrap();
    assert_eq!(status, 200);
    for line in [
        "{path=\"/v1/swap\",status=\"400\"} 1",
        "{path=\"/v1/keys/{id}\",status=\"400\"} 1",
        "{path=\"/healthz\",status=\"200\"} 1",
        "{path=\"none\",status=\"404\"} 1",
    ] {
        assert!(text.contains(line), "{line} in:\n{text}");
    }
    assert_eq!(operator.get_text("/healthz").await.unwrap().0, 200);
    assert_eq!(operator.get_text(path::INFO).await.unwrap().0, 404);
}

fn voucher(printed: &Value, keyset: &Keyset) -> Vec<TokenProof> {
    let mut token = Token::decode(printed["token"].as_str().unwrap()).unwrap();
    assert_eq!(printed["amount"], token.amount().unwrap());
    for proof in &mut token.proofs {
        proof.proof.id = proof.proof.id.resolve([&keyset.id]).unwrap();
        assert!(proof.dleq.is_some());
    }
    token.proofs
}

#[tokio::test]
async fn the_operators_commands_with_and_without_a_running_mint() {
    let mut scene = Scene::start(BINARY).await.unwrap();
    let ann = scene.mint.account("ann", ALL, 0).unwrap();
    let mut held = 0;
    let mut vouchers = Vec::new();
    for running in [true, false] {
        if !running {
            scene.mint.stop().unwrap();
        }
        let mint = &scene.mint;
        let credited = mint.run(&["account", "credit", "ann", "100"]).unwrap();
        held += 100;
        assert_eq!(
            credited,
            json!({"name": "ann", "balance": held, "unit": "credit"})
        );
        held -= 30;
        assert_eq!(
            mint.run(&["account", "debit", "ann", "30"]).unwrap()["balance"],
            held
        );
        held -= 21;
        let issued = mint
            .run(&["issue", "21", "--account", "ann", "--memo", "hello"])
            .unwrap();
        vouchers.push(voucher(&issued, &scene.keyset));
        let listed = mint.run(&["account", "list"]).unwrap();
        assert_eq!(
            listed["accounts"],
            json!([{"name": "ann", "balance": held, "unit": "credit"}])
        );
        let over = (held + 1).to_string();
        for refused in [
            &["account", "debit", "ann", &over][..],
            &["issue", &over, "--account", "ann"],
            &["issue", "0", "--account", "ann"],
            &["account", "credit", "ann", "0"],
            &["account", "credit", "ann", "-5"],
            &["account", "credit", "nobody", "5"],
            &["account", "credit", "reserve", "5"],
            &["account", "credit", "fees", "5"],
            &["account", "create", "ann"],
            &["account", "create", "fees"],
            &["account", "create", "Ann"],
            &["account", "create", ""],
        ] {
            let output = mint.output(refused).unwrap();
            assert_eq!(output.status.code(), Some(2), "{refused:?}");
            assert!(!output.stderr.is_empty(), "{refused:?}");
        }
        assert_eq!(mint.balanced().unwrap()["accounts_total"], held);
    }
    scene.mint.start().unwrap();
    let client = Client::new(scene.mint.url().unwrap()).unwrap();
    for voucher in vouchers {
        assert_eq!(redeem(&client, &ann, proofs(&voucher)).await, 21);
    }
    assert_eq!(scene.mint.balanced().unwrap()["outstanding_total"], 0);
}

#[tokio::test]
async fn the_operators_commands_never_race_the_mint() {
    let scene = Scene::start(BINARY).await.unwrap();
    let Scene { mint, keyset, .. } = &scene;
    let ann = mint.account("ann", ALL, 1000).unwrap();
    std::thread::scope(|threads| {
        let run = |arguments: &'static [&str]| {
            move || {
                for _ in 0..10 {
                    mint.run(arguments).unwrap();
                }
            }
        };
        let commands = [
            threads.spawn(run(&["account", "credit", "ann", "7"])),
            threads.spawn(run(&["account", "credit", "ann", "11"])),
            threads.spawn(run(&["issue", "3", "--account", "ann"])),
        ];
        let withdrawals = threads.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                // Connections belong to the runtime that opened them.
                let client = Client::new(mint.url().unwrap()).unwrap();
                for _ in 0..60 {
                    client.withdraw(&ann, keyset, 5).await.unwrap();
                }
            });
        });
        commands
            .into_iter()
            .for_each(|command| command.join().unwrap());
        withdrawals.join().unwrap();
    });
    let expected = 1000 + 10 * 7 + 10 * 11 - 10 * 3 - 60 * 5;
    assert_eq!(scene.balance(&ann).await.unwrap(), expected);
    let books = scene.books().unwrap();
    assert_eq!((books.reserve, books.outstanding_total()), (1180, 330));
    let statement = mint
        .run(&["account", "statement", "ann", "--limit", "200"])
        .unwrap();
    assert_eq!(
        statement["postings"].as_array().unwrap().len(),
        1 + 20 + 10 + 60
    );
}

#[tokio::test]
async fn audit_tells_when_a_number_was_changed() {
    let mut scene = Scene::start(BINARY).await.unwrap();
    let ann = scene.mint.account("ann", ALL, 100).unwrap();
    let tokens = scene
        .client
        .withdraw(&ann, &scene.keyset, 10)
        .await
        .unwrap();
    redeem(&scene.client, &ann, proofs(&tokens[..1])).await;
    scene.mint.stop().unwrap();
    let whole = std::fs::read(scene.database()).unwrap();
    for change in [
        "UPDATE accounts SET balance = balance + 1 WHERE name = 'ann'",
        "UPDATE accounts SET balance = balance - 1 WHERE name = 'reserve'",
        "UPDATE accounts SET balance = 1 WHERE name = 'fees'",
        "UPDATE postings SET amount = amount + 1 WHERE number = 1 AND account > 2",
        "UPDATE keysets SET issued = issued + 2",
        "UPDATE keysets SET redeemed = redeemed - 1",
        "UPDATE keysets SET redeemed = redeemed - 1, issued = issued - 1",
        "UPDATE spent SET amount = amount * 2",
        "DELETE FROM spent",
        "DELETE FROM signed WHERE amount = 8",
        "UPDATE signed SET amount = 1 WHERE amount = 8",
    ] {
        let database = rusqlite::Connection::open(scene.database()).unwrap();
        assert!(database.execute(change, []).unwrap() > 0, "{change}");
        drop(database);
        let output = scene.mint.output(&["audit"]).unwrap();
        assert_eq!(output.status.code(), Some(1), "{change}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("DO NOT BALANCE"), "{change}: {text}");
        let audit = scene.mint.audit().unwrap();
        assert!(!audit["faults"].as_array().unwrap().is_empty(), "{change}");
        std::fs::write(scene.database(), &whole).unwrap();
        scene.mint.balanced().unwrap();
    }
}

#[tokio::test]
async fn amounts_beyond_the_books_are_refused() {
    let scene = Scene::start(BINARY).await.unwrap();
    let mint = &scene.mint;
    for name in ["ann", "bob"] {
        mint.account(name, ALL, 0).unwrap();
    }
    let most = i64::MAX.to_string();
    mint.run(&["account", "credit", "ann", &most]).unwrap();
    let more = "9223372036854775808";
    for (name, amount) in [("ann", "1"), ("bob", "1"), ("bob", &most), ("bob", more)] {
        let output = mint.output(&["account", "credit", name, amount]).unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{name} {amount}: {said}");
        assert!(!said.contains("try again"), "{name} {amount}: {said}");
        assert_eq!(mint.balanced().unwrap()["reserve"], i64::MAX);
    }
    mint.run(&["account", "debit", "ann", &most]).unwrap();
    assert_eq!(mint.balanced().unwrap()["reserve"], 0);
}

#[tokio::test]
async fn a_voucher_whose_printing_was_interrupted_is_printed_later() {
    let scene = Scene::start(BINARY).await.unwrap();
    let ann = scene.mint.account("ann", ALL, 1000).unwrap();
    let issue = || -> Child {
        let arguments = ["issue", "5", "--account", "ann", "--json"];
        let mut command = scene.mint.command(&arguments);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    // Nobody reads what it prints: it was paid for, and the exit code says that it was done.
    let mut child = issue();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(4));
    // Killed at any moment.
    let mut dice = Dice::for_test("vouchers").unwrap();
    let mut tokens = BTreeSet::new();
    let text = |printed: &Value| printed["token"].as_str().unwrap().to_owned();
    for _ in 0..12 {
        let mut child = issue();
        std::thread::sleep(Duration::from_millis(dice.below(120)));
        child.kill().unwrap();
        let printed = child.wait_with_output().unwrap().stdout;
        tokens.extend(serde_json::from_slice(&printed).iter().map(text));
    }
    let unprinted = scene.mint.run(&["issue", "--unprinted"]).unwrap();
    let vouchers = unprinted["vouchers"].as_array().unwrap();
    assert!(!vouchers.is_empty());
    tokens.extend(vouchers.iter().map(text));
    let paid = 5 * tokens.len() as u64;
    assert_eq!(scene.balance(&ann).await.unwrap(), 1000 - paid);
    for token in &tokens {
        let printed = json!({"amount": 5, "token": token});
        let inputs = proofs(&voucher(&printed, &scene.keyset));
        assert_eq!(redeem(&scene.client, &ann, inputs).await, 5);
    }
    let unprinted = scene.mint.run(&["issue", "--unprinted"]).unwrap();
    assert_eq!(unprinted["vouchers"], json!([]));
    let files = std::fs::read_dir(scene.mint.dir()).unwrap();
    let name = |file: std::io::Result<std::fs::DirEntry>| file.unwrap().file_name();
    let mut names = files.map(name);
    assert!(!names.any(|name| name.to_string_lossy().starts_with("voucher")));
    scene.mint.balanced().unwrap();
}

#[test]
fn init_heeds_the_environment_as_other_commands_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("mint");
    let run = |arguments: &[&str], (name, value): (&str, &str)| {
        let mut command = Program::new(BINARY, AS_MINT).command();
        command
            .args(arguments)
            .arg("--json")
            .arg("--data")
            .arg(&data);
        let output = command.env(name, value).output().unwrap();
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), printed)
    };
    let (code, refused) = run(&["init"], ("FARTHING_MINT_NMAE", "x"));
    assert_eq!(code, Some(2));
    assert!(
        refused["error"]
            .as_str()
            .unwrap()
            .contains("FARTHING_MINT_NMAE")
    );
    // Nothing stands in the way of the next try.
    let fee = ("FARTHING_MINT_INPUT_FEE_PPK", "100");
    assert_eq!(run(&["init"], fee).0, Some(0));
    let (_, listed) = run(&["keyset", "list"], fee);
    assert_eq!(listed["keysets"][0]["input_fee_ppk"], 100);
}
