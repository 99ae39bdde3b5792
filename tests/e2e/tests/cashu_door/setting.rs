//! A mint with a Cashu API and a fake Lightning node that is told what to do.

use std::time::{Duration, Instant, SystemTime};

use farthing_protocol::api::{ProofState, Signatures, States};
use farthing_protocol::cashu::bolt11::{MeltQuote, MintQuote};
use farthing_protocol::{EncodedPoint, TokenProof};
use farthing_testkit::client::{self, Blanks, Client, Keyset, Reply, proofs};
pub(crate) use farthing_testkit::lightning::{Invoice, Node};
use farthing_testkit::process::Mint;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");

/// How long something that happens in another process may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running mint in satoshis, its Cashu API, and its node.
pub(crate) struct Shop {
    pub(crate) mint: Mint,
    /// Speaks to the Cashu API.
    pub(crate) client: Client,
    pub(crate) keyset: Keyset,
    // After the mint, so that it is removed after the mint was stopped.
    _folder: TempDir,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::with(&[("LIGHTNING_BACKEND", "fake")]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let arguments = ["--unit", "sat", "--cashu", "--amounts", "16"];
        let mut mint = Mint::init(BINARY, &folder.path().join("mint"), &arguments).unwrap();
        for (name, value) in settings {
            mint = mint.with(name, value);
        }
        mint.start().unwrap();
        let client = Client::new(&format!("{}/cashu", mint.url().unwrap())).unwrap();
        Self {
            mint,
            keyset: client.keyset().await.unwrap(),
            client,
            _folder: folder,
        }
    }

    /// Outputs of these amounts.
    pub(crate) fn outputs(&self, amounts: &[u64]) -> Blanks {
        Blanks::of(&self.keyset, amounts).unwrap()
    }

    /// Outputs that add up to this.
    pub(crate) fn worth(&self, total: u64) -> Blanks {
        Blanks::worth(&self.keyset, total).unwrap()
    }

    /// Tells the node what becomes of payments, or of one.
    pub(crate) fn order(&self, which: &str, line: &str) {
        Node::of(&self.mint).order(which, line).unwrap();
    }

    /// How often the node has a record of a payment: 1 or 0.
    pub(crate) fn payments_seen(&self, invoice: &Invoice) -> usize {
        let record = Node::of(&self.mint).payment(invoice).unwrap();
        usize::from(record.is_some())
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.client
            .post(path, None, body.to_string())
            .await
            .unwrap()
    }

    pub(crate) async fn refusal(&self, path: &str, body: &Value) -> (u16, u32) {
        self.post(path, body).await.refusal().unwrap()
    }

    pub(crate) async fn mint_quote(&self, amount: u64) -> MintQuote {
        let body = json!({"amount": amount, "unit": "sat"});
        let reply = self.post("/v1/mint/quote/bolt11", &body).await;
        reply.ok().unwrap()
    }

    /// A mint quote, paid.
    pub(crate) async fn paid_quote(&self, amount: u64) -> MintQuote {
        let quote = self.mint_quote(amount).await;
        let path = format!("/v1/mint/quote/bolt11/{}", quote.quote.as_str());
        let quote: MintQuote = self.client.get(&path, None).await.unwrap().ok().unwrap();
        assert_eq!((quote.amount_paid, quote.amount_issued), (amount, 0));
        quote
    }

    /// Tokens worth `total`, paid for by an invoice.
    pub(crate) async fn tokens(&self, total: u64) -> Vec<TokenProof> {
        let quote = self.paid_quote(total).await;
        let blanks = self.worth(total);
        let body = json!({"quote": quote.quote, "outputs": blanks.outputs});
        let reply = self.post("/v1/mint/bolt11", &body).await;
        let signed: Signatures = reply.ok().unwrap();
        blanks.unblind(&signed.signatures).unwrap()
    }

    pub(crate) async fn melt_quote(&self, invoice: &Invoice) -> MeltQuote {
        let body = json!({"request": invoice.text, "unit": "sat"});
        let reply = self.post("/v1/melt/quote/bolt11", &body).await;
        reply.ok().unwrap()
    }

    pub(crate) async fn read_melt_quote(&self, quote: &MeltQuote) -> MeltQuote {
        let path = format!("/v1/melt/quote/bolt11/{}", quote.quote.as_str());
        self.client.get(&path, None).await.unwrap().ok().unwrap()
    }

    /// Reads a melt quote until it is as wanted.
    pub(crate) async fn wait_for(
        &self,
        quote: &MeltQuote,
        wanted: impl Fn(&MeltQuote) -> bool,
    ) -> MeltQuote {
        let until = Instant::now() + PATIENCE;
        loop {
            let now = self.read_melt_quote(quote).await;
            if wanted(&now) {
                return now;
            }
            assert!(Instant::now() < until, "still {now:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn states(&self, tokens: &[TokenProof]) -> Vec<ProofState> {
        let ys: Vec<_> = tokens.iter().map(y).collect();
        let reply = self.post("/v1/checkstate", &json!({"Ys": ys})).await;
        reply.ok::<States>().unwrap().states
    }

    /// The balance sheet; it balances.
    pub(crate) fn books(&self) -> Value {
        self.mint.balanced().unwrap()
    }

    /// Returns what the mint has taken in, owes on tokens, and keeps as fees.
    pub(crate) fn sums(&self) -> (i64, i64, i64) {
        let books = self.books();
        let sum = |name: &str| books[name].as_i64().unwrap();
        (sum("reserve"), sum("outstanding_total"), sum("fees"))
    }
}

pub(crate) fn y(token: &TokenProof) -> EncodedPoint {
    client::y(&token.proof).unwrap()
}

pub(crate) fn melt_body(quote: &MeltQuote, tokens: &[TokenProof], outputs: &Blanks) -> Value {
    json!({
        "quote": quote.quote,
        "inputs": proofs(tokens),
        "outputs": outputs.outputs,
    })
}

/// An invoice of a node that nobody knows, over that much or over what the payer likes.
pub(crate) fn invoice(amount_msat: Option<u64>) -> Invoice {
    invoice_made(amount_msat, SystemTime::now())
}

/// The same, made at another time; it can be paid for an hour.
pub(crate) fn invoice_made(amount_msat: Option<u64>, time: SystemTime) -> Invoice {
    Invoice::of_others(amount_msat, time).unwrap()
}
