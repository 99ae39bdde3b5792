//! A mint whose Cashu API is for the users of a provider, and one who speaks to it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use farthing_protocol::api::{Keys, Signatures};
use farthing_protocol::cashu::auth::AuthProof;
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{Proof, TokenProof};
use farthing_testkit::client::{Blanks, Client, Keyset, Reply, proofs};
use farthing_testkit::lightning::{Invoice, Node};
use farthing_testkit::process::Mint;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::provider::{CLIENT, Key, Provider};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
pub(crate) const AUTH_MINT: &str = "/v1/auth/blind/mint";
pub(crate) const SWAP: &str = "/v1/swap";
pub(crate) const MINT_QUOTE: &str = "/v1/mint/quote/bolt11";

/// How long something that happens in another process may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A header of authentication.
#[derive(Clone, Copy)]
pub(crate) enum Auth<'a> {
    None,
    Clear(&'a str),
    Blind(&'a str),
}

/// A running mint, its provider, and a member with an account.
pub(crate) struct Club {
    pub(crate) mint: Mint,
    pub(crate) provider: Provider,
    pub(crate) key: Key,
    http: reqwest::Client,
    member: String,
    /// The keyset of money at the Cashu API.
    pub(crate) money: Keyset,
    // After the mint, so that it is removed after the mint was stopped.
    pub(crate) folder: TempDir,
}

impl Club {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// With further settings.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let key = Key::es256("first");
        let provider = Provider::start(&[&key]).await;
        Self::of(provider, key, settings).await
    }

    pub(crate) async fn of(provider: Provider, key: Key, settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let arguments = ["--unit", "sat", "--cashu", "--amounts", "16"];
        let mut mint = Mint::init(BINARY, &folder.path().join("mint"), &arguments).unwrap();
        let discovery = provider.discovery();
        for (name, value) in [
            ("OPENID_DISCOVERY", discovery.as_str()),
            ("OPENID_CLIENT_ID", CLIENT),
            ("LIGHTNING_BACKEND", "fake"),
        ]
        .iter()
        .chain(settings)
        {
            mint = mint.with(name, value);
        }
        mint.start().unwrap();
        let member = mint.account("ann", "withdraw,redeem,read", 10_000).unwrap();
        let client = Client::of_suite(mint.url().unwrap(), SuiteId::Secp256k1).unwrap();
        // No connection is kept, since the mint may be started again meanwhile.
        let http = reqwest::Client::builder().no_proxy();
        let http = http.pool_max_idle_per_host(0);
        Self {
            money: client.keyset().await.unwrap(),
            http: http.build().unwrap(),
            provider,
            key,
            member,
            mint,
            folder,
        }
    }

    /// One request to the Cashu API.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        auth: Auth<'_>,
        body: Option<&Value>,
    ) -> Reply {
        let path = format!("/cashu{path}");
        self.ask_at(method, &path, auth, body).await
    }

    /// One request to any path.
    pub(crate) async fn ask_at(
        &self,
        method: Method,
        path: &str,
        auth: Auth<'_>,
        body: Option<&Value>,
    ) -> Reply {
        let url = format!("{}{path}", self.mint.url().unwrap());
        let mut request = self.http.request(method, url);
        request = match auth {
            Auth::None => request,
            Auth::Clear(token) => request.header("Clear-auth", token),
            Auth::Blind(token) => request.header("Blind-auth", token),
        };
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        Reply {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        }
    }

    pub(crate) async fn post(&self, path: &str, auth: Auth<'_>, body: &Value) -> Reply {
        self.ask(Method::POST, path, auth, Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str, auth: Auth<'_>) -> Reply {
        self.ask(Method::GET, path, auth, None).await
    }

    pub(crate) async fn refusal(&self, path: &str, auth: Auth<'_>, body: &Value) -> (u16, u32) {
        self.post(path, auth, body).await.refusal().unwrap()
    }

    /// An access token of a user's.
    pub(crate) fn token(&self, user: &str) -> String {
        self.key.sign(&self.provider.claims(user))
    }

    /// The keyset of authentication that signs.
    pub(crate) async fn auth_keyset(&self) -> Keyset {
        let reply = self.get("/v1/auth/blind/keys", Auth::None).await;
        let keys: Keys = reply.ok().unwrap();
        assert_eq!(keys.keysets.len(), 1);
        let keyset = keys.keysets.into_iter().next().unwrap();
        assert_eq!(keyset.info.unit, "auth");
        assert_eq!(keyset.keys.amounts(), [1]);
        Keyset {
            id: keyset.info.id,
            keys: keyset.keys,
        }
    }

    /// Outputs for as many tokens of authentication.
    pub(crate) async fn auth_blanks(&self, count: usize) -> Blanks {
        Blanks::of(&self.auth_keyset().await, &vec![1; count]).unwrap()
    }

    /// Asks for tokens of authentication with a user's access token.
    pub(crate) async fn ask_for(&self, user: &str, blanks: &Blanks) -> Reply {
        let body = json!({"outputs": blanks.outputs});
        self.post(AUTH_MINT, Auth::Clear(&self.token(user)), &body)
            .await
    }

    /// Tokens of authentication, their proofs verified, with what their holder keeps.
    pub(crate) async fn kept_passes(&self, count: usize) -> Vec<TokenProof> {
        let blanks = self.auth_blanks(count).await;
        let reply = self.ask_for("ann", &blanks).await;
        let signed: Signatures = reply.ok().unwrap();
        blanks.unblind(&signed.signatures).unwrap()
    }

    /// Tokens of authentication as they stand in the header.
    pub(crate) async fn passes<const N: usize>(&self) -> [String; N] {
        let tokens = self.kept_passes(N).await;
        let texts: Vec<_> = tokens.iter().map(|token| header(&token.proof)).collect();
        texts.try_into().unwrap()
    }

    /// Money of the Cashu API's, out of the member's account.
    pub(crate) async fn tokens(&self, total: u64) -> Vec<TokenProof> {
        let client = Client::new(self.mint.url().unwrap()).unwrap();
        let tokens = client.withdraw(&self.member, &self.money, total).await;
        tokens.unwrap()
    }

    /// Returns what becomes of tokens that the member redeems, and of outputs that they withdraw.
    pub(crate) async fn redeem_and_withdraw(
        &self,
        inputs: &Value,
        outputs: &Value,
    ) -> (Reply, Reply) {
        let client = Client::new(self.mint.url().unwrap()).unwrap();
        let post = async |path, body: Value| {
            let token = Some(self.member.as_str());
            client.post(path, token, body.to_string()).await.unwrap()
        };
        (
            post("/v1/redeem", json!({"inputs": inputs})).await,
            post("/v1/withdraw", json!({"outputs": outputs})).await,
        )
    }

    /// Tokens of money against new ones of the same worth, as a body.
    pub(crate) fn swap(&self, tokens: &[TokenProof]) -> Value {
        let total = tokens.iter().map(|token| token.proof.amount).sum();
        let blanks = Blanks::worth(&self.money, total).unwrap();
        json!({"inputs": proofs(tokens), "outputs": blanks.outputs})
    }

    /// A melt quote for somebody else's invoice, by a token of authentication.
    pub(crate) async fn melt_quote(&self, amount_msat: u64, pass: &str) -> (Invoice, Value) {
        let invoice = Invoice::of_others(Some(amount_msat), std::time::SystemTime::now()).unwrap();
        let body = json!({"request": invoice.text, "unit": "sat"});
        let reply = self
            .post("/v1/melt/quote/bolt11", Auth::Blind(pass), &body)
            .await;
        (invoice, reply.ok().unwrap())
    }

    pub(crate) fn node(&self) -> Node {
        Node::of(&self.mint)
    }

    /// Asks again and again until the answer is as wanted.
    pub(crate) async fn wait_for(
        &self,
        ask: impl AsyncFn() -> Reply,
        wanted: impl Fn(&Reply) -> bool,
    ) -> Reply {
        let until = Instant::now() + PATIENCE;
        loop {
            let reply = ask().await;
            if wanted(&reply) {
                return reply;
            }
            assert!(Instant::now() < until, "still {reply:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Returns what the books say was given out and used of authentication, over all keysets; they balance.
    pub(crate) fn counted(&self) -> (i64, i64) {
        let books = self.mint.balanced().unwrap();
        let lines = books["keysets"].as_array().unwrap();
        let auth = lines.iter().filter(|line| line["unit"] == "auth");
        auth.fold((0, 0), |(issued, used), line| {
            let of = |name: &str| line[name].as_i64().unwrap();
            (issued + of("issued"), used + of("redeemed"))
        })
    }

    /// Returns what the mint says works there.
    pub(crate) async fn nuts(&self) -> BTreeMap<String, Value> {
        let info = self.get("/v1/info", Auth::None).await;
        serde_json::from_value(info.body["nuts"].clone()).unwrap()
    }
}

/// A token of authentication as it stands in the header.
pub(crate) fn header(proof: &Proof) -> String {
    AuthProof::from(proof.clone()).encode().to_string()
}
