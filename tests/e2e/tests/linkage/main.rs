//! The database and the log hold nothing that links a transaction's inputs to its outputs, or tokens
//! to accounts: this reads all of both after a run, as whoever seizes the machine would.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

mod checks;
mod write_ahead;

use std::collections::BTreeSet;
use std::path::Path;

use farthing_mint::keyring::{Keyring, Seed};
use farthing_protocol::api::{Redeemed, Signatures, path};
use farthing_protocol::conditions::Lock;
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{BlindSignature, Secret, TokenProof};
use farthing_testkit::client::{Blanks, proofs, redeem_body, swap_body, withdraw_body, y};
use farthing_testkit::owner::Owner;
use farthing_testkit::raw::Connection;
use farthing_testkit::scene::Scene;
use rusqlite::Connection as Database;
use rusqlite::types::Value;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use checks::{
    RowName, TOKEN_TABLES, cells, found, is_in_order_of_hashes, links, read_all, telling_columns,
};

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
/// Every token's amount, so that amounts tell nothing.
const AMOUNT: u64 = 8;
const ROUNDS: usize = 20;

/// What the run did, as only its callers can know it.
struct Run {
    scene: Scene,
    keyring: Keyring,
    accounts: [(String, i64); 2],
    postings: [i64; 2],
    /// The rows of each transaction.
    transactions: Vec<Vec<RowName>>,
    /// What nobody may find: a name and the bytes.
    needles: Vec<(String, Vec<u8>)>,
}

impl Run {
    async fn new(suite: SuiteId) -> Self {
        // With everything that is written when all is switched on.
        let settings = [("LOG_LEVEL", "trace"), ("SPENT_LOG", "spent.log")];
        let scene = Scene::of_suite(BINARY, suite, &settings).await.unwrap();
        let seed = scene.mint.dir().join("seed");
        let keyring = Keyring::new(Seed::load(&seed).unwrap());
        let names = ["ann", "bob"];
        let tokens = names.map(|name| {
            scene
                .mint
                .account(name, "withdraw,redeem,read", 10_000)
                .unwrap()
        });
        let [ann, bob] = tokens;
        let mut run = Self {
            scene,
            keyring,
            accounts: [(ann, 3), (bob, 4)],
            postings: [1, 1],
            transactions: Vec::new(),
            needles: Vec::new(),
        };
        let seed = std::fs::read_to_string(seed).unwrap();
        run.hide("seed", hex::decode(seed.trim()).unwrap());
        for (token, _) in run.accounts.clone() {
            run.hide("API token", token.into_bytes());
        }
        run
    }

    fn hide(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.needles.push((name.to_owned(), bytes.into()));
    }

    fn blanks(&self, count: usize) -> Blanks {
        Blanks::of(&self.scene.keyset, &vec![AMOUNT; count]).unwrap()
    }

    /// Books a transaction: which rows it made, and what of it must not be found.
    fn book(
        &mut self,
        request: (&str, &str),
        who: Option<usize>,
        inputs: &[TokenProof],
        blanks: Blanks,
        signatures: &[BlindSignature],
    ) -> Vec<TokenProof> {
        let mut rows = Vec::new();
        for token in inputs {
            let y = y(&token.proof).unwrap();
            self.hide("Y", y.as_bytes());
            rows.push((
                "spent",
                vec![Value::Blob(self.keyring.spent_mark(y.as_bytes()).to_vec())],
            ));
        }
        for (output, signature) in blanks.outputs.iter().zip(signatures) {
            self.hide("B_", output.b.as_bytes());
            self.hide("C_", signature.c.as_bytes());
            let mark = self.keyring.signed_mark(output.b.as_bytes());
            rows.push(("signed", vec![Value::Blob(mark.to_vec())]));
        }
        let account = who.map_or(0, |who| self.accounts[who].1);
        let (path, body) = request;
        let digest = self.keyring.request_digest(path, account, body.as_bytes());
        rows.push(("requests", vec![Value::Blob(digest.to_vec())]));
        if let Some(who) = who {
            self.postings[who] += 1;
            let posting = vec![Value::Integer(account), Value::Integer(self.postings[who])];
            rows.push(("postings", posting));
        }
        self.transactions.push(rows);
        let tokens = blanks.unblind(signatures).unwrap();
        for token in &tokens {
            let dleq = token.dleq.as_ref().unwrap();
            self.hide("secret", token.proof.secret.expose());
            self.hide("C", token.proof.c.as_bytes());
            for (name, scalar) in [("r", &dleq.r), ("e", &dleq.e), ("s", &dleq.s)] {
                self.hide(name, scalar_bytes(scalar));
            }
        }
        tokens
    }

    async fn withdraw(&mut self, who: usize, blanks: Blanks) -> Vec<TokenProof> {
        let (client, token) = (self.scene.client.clone(), self.accounts[who].0.clone());
        let body = withdraw_body(&blanks);
        let reply = client
            .post(path::WITHDRAW, Some(&token), body.clone())
            .await
            .unwrap();
        let signed: Signatures = reply.ok().unwrap();
        self.book(
            (path::WITHDRAW, &body),
            Some(who),
            &[],
            blanks,
            &signed.signatures,
        )
    }

    async fn swap(&mut self, tokens: Vec<TokenProof>) -> Vec<TokenProof> {
        let blanks = self.blanks(tokens.len());
        let body = swap_body(proofs(&tokens), &blanks);
        let client = &self.scene.client;
        let swap = client.door.swap;
        let reply = client.post(swap, None, body.clone()).await.unwrap();
        let signed: Signatures = reply.ok().unwrap();
        self.book((swap, &body), None, &tokens, blanks, &signed.signatures)
    }

    async fn redeem(
        &mut self,
        who: usize,
        tokens: Vec<TokenProof>,
        change: usize,
    ) -> Vec<TokenProof> {
        let blanks = self.blanks(change);
        let body = redeem_body(proofs(&tokens), Some(&blanks));
        let token = Some(self.accounts[who].0.as_str());
        let reply = self
            .scene
            .client
            .post(path::REDEEM, token, body.clone())
            .await
            .unwrap();
        let redeemed: Redeemed = reply.ok().unwrap();
        assert_eq!(redeemed.credited, (tokens.len() - change) as u64 * AMOUNT);
        self.book(
            (path::REDEEM, &body),
            Some(who),
            &tokens,
            blanks,
            &redeemed.signatures,
        )
    }

    /// A token locked to a key, spent with its witness.
    async fn locked(&mut self, round: usize) {
        let owner = Owner::of_suite(self.scene.suite, &[round as u8 + 1; 32]).unwrap();
        let nonce = Secret::new(hex::encode(Sha256::digest(round.to_be_bytes())));
        let secret = Lock::p2pk_secret(&owner.public_key(), &nonce);
        let message = secret.expose().as_bytes().to_vec();
        let blanks = Blanks::of_secrets(&self.scene.keyset, &[AMOUNT], &[secret]).unwrap();
        let mut tokens = self.withdraw(round % 2, blanks).await;
        let witness = owner.witness(&message);
        tokens[0].proof.witness = Some(witness.clone());
        self.hide("witness", owner.sign(&message));
        self.hide("witness's text", witness);
        self.hide("key", owner.public_key());
        self.redeem((round + 1) % 2, tokens, 0).await;
    }

    /// Requests that are refused or move nothing, with things in them that must not be kept.
    async fn noise(&mut self) {
        let client = self.scene.client.clone();
        let unknown = self.scene.keyset.id.to_string()[..2].to_owned() + &"c5".repeat(32);
        client
            .get(&format!("{}/{unknown}", client.door.keys), None)
            .await
            .unwrap();
        let statement = format!("{}?before=987654321", path::STATEMENT);
        client
            .get(&statement, Some(&self.accounts[0].0))
            .await
            .unwrap();
        client.get("/v1/secret-path-of-mine", None).await.unwrap();
        client
            .get(path::ACCOUNT, Some("farthing_wrong_token_text"))
            .await
            .unwrap();
        client
            .post(client.door.swap, None, "{\"inputs\": \"my-secret-body\"}")
            .await
            .unwrap();
        let [signed, asked] = [self.blanks(1), self.blanks(1)].map(|blanks| blanks.outputs);
        client.restore(&signed).await.unwrap();
        self.hide("B_", signed[0].b.as_bytes());
        client.states(&[asked[0].b]).await.unwrap();
        self.hide("Y", asked[0].b.as_bytes());
        let mut connection = Connection::open(self.scene.mint.url().unwrap()).unwrap();
        let head = "GET /v1/info?who=query-of-mine HTTP/1.1\r\nhost: my-host.example\r\n\
                    user-agent: my-agent/1\r\nx-forwarded-for: 203.0.113.77\r\n\r\n";
        connection.send(head).unwrap();
        assert_eq!(connection.answer().unwrap().0.status, 200);
        for text in [
            unknown.as_str(),
            "987654321",
            "secret-path-of-mine",
            "wrong_token_text",
            "my-secret-body",
            "query-of-mine",
            "my-host",
            "my-agent",
            "203.0.113.77",
        ] {
            self.hide(text, text);
        }
    }

    async fn go(&mut self) {
        for round in 0..ROUNDS {
            let who = round % 2;
            let blanks = self.blanks(4);
            let mut tokens = self.withdraw(who, blanks).await;
            let kept = tokens.split_off(2);
            let tokens = self.swap(tokens).await;
            let change = self.redeem(1 - who, tokens, 1).await;
            self.swap([kept, change].concat()).await;
            self.locked(round).await;
        }
        self.noise().await;
    }
}

fn scalar_bytes(scalar: &farthing_protocol::EncodedScalar) -> Vec<u8> {
    hex::decode(json!(scalar).as_str().unwrap()).unwrap()
}

/// All tables of the store.
const TABLES: [&str; 12] = [
    "accounts",
    "api_tokens",
    "blanks",
    "held",
    "keysets",
    "melt_quotes",
    "meta",
    "mint_quotes",
    "postings",
    "requests",
    "signed",
    "spent",
];

#[tokio::test]
async fn nothing_in_the_database_links() {
    look_at_database(SuiteId::Ristretto255).await;
}

#[tokio::test]
async fn nothing_in_the_database_links_cashu_tokens() {
    look_at_database(SuiteId::Secp256k1).await;
}

async fn look_at_database(suite: SuiteId) {
    let mut run = Run::new(suite).await;
    run.go().await;
    let database = Database::open(run.scene.database()).unwrap();
    let tables = read_all(&database);
    assert_eq!(tables.keys().collect::<Vec<_>>(), TABLES);
    let columns = |table: &str| tables[table].columns.join(" ");
    assert_eq!(columns("spent"), "mark keyset amount preimage");
    assert_eq!(columns("signed"), "mark keyset amount");
    assert_eq!(columns("requests"), "day digest");
    // What says which tokens pay for what is gone with the payment.
    assert_eq!(columns("held"), "mark quote keyset amount preimage");
    assert_eq!(tables["held"].rows.len(), 0);
    assert_eq!(tables["spent"].rows.len(), ROUNDS * (2 + 2 + 3 + 1));
    assert_eq!(tables["signed"].rows.len(), ROUNDS * (4 + 2 + 1 + 3 + 1));
    assert_eq!(tables["requests"].rows.len(), ROUNDS * 6);
    assert_eq!(
        found(&run.needles, &cells(&tables)),
        BTreeSet::new(),
        "in cells"
    );
    // Also where no table shows it: in free pages, and in the log that SQLite writes ahead.
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(run.scene.mint.dir()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if !["seed", "log"].contains(&name.as_str()) {
            let bytes = std::fs::read(entry.path()).unwrap();
            let found = found(&run.needles, &bytes);
            assert_eq!(found, BTreeSet::new(), "in {name}");
            files.insert(name);
        }
    }
    for file in ["mint.sqlite", "mint.sqlite-wal", "spent.log"] {
        assert!(files.contains(file), "{file} is not among {files:?}");
    }
    assert_eq!(links(&tables, &run.transactions), BTreeSet::new());
    assert_eq!(telling_columns(&tables), BTreeSet::new());
    for table in TOKEN_TABLES {
        assert!(is_in_order_of_hashes(&tables[table]), "{table}");
        let rowid = database.prepare(&format!("SELECT rowid FROM {table}"));
        assert!(rowid.is_err(), "{table} has row ids");
    }
    let hour = tables["postings"]
        .columns
        .iter()
        .position(|c| c == "hour")
        .unwrap();
    let hours: BTreeSet<_> = tables["postings"]
        .rows
        .iter()
        .map(|row| format!("{:?}", row[hour]))
        .collect();
    assert!(hours.len() <= 2, "times in postings are hours: {hours:?}");
    run.scene.books().unwrap();
    drop(database);
    the_checks_find_what_is_planted(
        &run,
        &run.scene.database(),
        &run.scene.folder().join("planted"),
    );
}

/// The checks above can fail: each finds what is planted for it.
fn the_checks_find_what_is_planted(run: &Run, database: &Path, copy: &Path) {
    let source = Database::open(database).unwrap();
    source
        .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
        .unwrap();
    let planted = Database::open(copy).unwrap();
    for table in ["spent", "signed"] {
        planted
            .execute_batch(&format!("ALTER TABLE {table} ADD COLUMN tx_id INTEGER"))
            .unwrap();
    }
    assert_eq!(
        links(&read_all(&planted), &run.transactions),
        BTreeSet::new()
    );
    for (number, rows) in run.transactions.iter().enumerate() {
        for (table, key) in rows
            .iter()
            .filter(|(table, _)| TOKEN_TABLES[..2].contains(table))
        {
            let sql = format!("UPDATE {table} SET tx_id = ?1 WHERE mark = ?2");
            assert_eq!(
                planted
                    .execute(&sql, (number as i64 + 1_000_000, &key[0]))
                    .unwrap(),
                1
            );
        }
    }
    let tables = read_all(&planted);
    let expected = BTreeSet::from(["spent.tx_id = signed.tx_id".to_owned()]);
    assert_eq!(links(&tables, &run.transactions), expected);
    let expected = BTreeSet::from(["signed.tx_id", "spent.tx_id"].map(str::to_owned));
    assert_eq!(telling_columns(&tables), expected);
    for (name, form) in [("secret", 0), ("C_", 1), ("r", 2)] {
        let (_, needle) = run.needles.iter().find(|(n, _)| n == name).unwrap();
        let note = match form {
            0 => Value::Blob(needle.clone()),
            1 => Value::Text(hex::encode(needle)),
            _ => Value::Text(format!("x{}x", hex::encode(needle).to_uppercase())),
        };
        planted
            .execute_batch("CREATE TABLE IF NOT EXISTS extra (cell ANY)")
            .unwrap();
        planted
            .execute("INSERT INTO extra VALUES (?1)", [note])
            .unwrap();
        let found = found(&run.needles, &cells(&read_all(&planted)));
        assert!(found.contains(name), "{name}: {found:?}");
    }
    let by_arrival = "CREATE TABLE arrived AS SELECT mark FROM spent ORDER BY random()";
    planted.execute_batch(by_arrival).unwrap();
    assert!(!is_in_order_of_hashes(&read_all(&planted)["arrived"]));
}

#[tokio::test]
async fn nothing_in_the_log_links() {
    look_at_log(SuiteId::Ristretto255).await;
}

#[tokio::test]
async fn nothing_in_the_log_links_cashu_tokens() {
    look_at_log(SuiteId::Secp256k1).await;
}

async fn look_at_log(suite: SuiteId) {
    let mut run = Run::new(suite).await;
    run.go().await;
    // Amounts that would stand out.
    let client = run.scene.client.clone();
    let ann = run.accounts[0].0.clone();
    let blanks = Blanks::of(&run.scene.keyset, &[4096, 2048]).unwrap();
    let tokens = client.withdraw_blanks(&ann, blanks).await.unwrap();
    let body = redeem_body(proofs(&tokens), None);
    let redeemed: Redeemed = client
        .post(path::REDEEM, Some(&ann), body)
        .await
        .unwrap()
        .ok()
        .unwrap();
    assert_eq!(redeemed.credited, 6144);
    for amount in ["4096", "2048", "6144"] {
        run.hide(amount, amount);
    }
    for (rows, number) in run.transactions.clone().iter().zip(0..) {
        for (table, key) in rows {
            if let Value::Blob(mark) = &key[0] {
                run.hide(
                    &format!("the mark in {table} of transaction {number}"),
                    mark.clone(),
                );
            }
        }
    }
    run.scene.mint.stop().unwrap();
    let log = run.scene.mint.log().unwrap();
    let answered = log
        .lines()
        .filter(|line| line.contains(client.door.swap) && line.contains("200"));
    assert_eq!(
        answered.count(),
        ROUNDS * 2,
        "the log is at trace level, and each answer is in it"
    );
    // The numbers above are no part of a time stamp.
    let untimed: Vec<_> = log
        .lines()
        .map(|line| line.split_once('Z').unwrap().1)
        .collect();
    assert_eq!(
        found(&run.needles, untimed.join("\n").as_bytes()),
        BTreeSet::new()
    );
    for line in untimed {
        let own = line.contains("the mint is up");
        assert!(own || !line.contains("127.0.0.1"), "an address: {line}");
        assert!(!line.contains('?'), "a query: {line}");
        assert!(
            !line.contains(&run.scene.keyset.id.to_string()),
            "a keyset: {line}"
        );
    }
}
