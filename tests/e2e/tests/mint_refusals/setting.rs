//! What the refusals are tried on.

use ed25519_dalek::SigningKey;
use farthing_mint::domain::BalanceSheet;
use farthing_protocol::api::path;
use farthing_protocol::conditions::Lock;
use farthing_protocol::{Proof, Secret};
use farthing_testkit::client::{Blanks, proofs, swap_body};
use farthing_testkit::scene::Scene;
use serde_json::Value;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");

/// Encodings that RFC 9496 (appendix A.3) says must be refused, and the identity.
pub(crate) const BAD_POINTS: [&str; 8] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    // Not below the field's modulus.
    "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    // Negative.
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
    // Not a square.
    "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    // y is zero.
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// A mint, an account, and the parts of a good swap of four tokens worth 8 each.
pub(crate) struct Setting {
    pub(crate) scene: Scene,
    pub(crate) ann: String,
    pub(crate) inputs: Vec<Proof>,
    pub(crate) outputs: Blanks,
    /// A token that was spent, worth 8.
    pub(crate) spent: Proof,
    /// An output that was signed, worth 8.
    pub(crate) signed: Value,
    /// A token worth 8 that [`owner`] alone can spend.
    pub(crate) locked: Proof,
}

pub(crate) fn owner() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

impl Setting {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let scene = Scene::with(BINARY, settings).await.unwrap();
        let ann = scene
            .mint
            .account("ann", "withdraw,redeem,read", 1000)
            .unwrap();
        let (client, keyset) = (&scene.client, &scene.keyset);
        let blanks = Blanks::of(keyset, &[8; 5]).unwrap();
        let mut tokens = client.withdraw_blanks(&ann, blanks).await.unwrap();
        let spent = tokens.pop().unwrap();
        let blanks = Blanks::of(keyset, &[8]).unwrap();
        let signed = serde_json::to_value(&blanks.outputs[0]).unwrap();
        client
            .swap(std::slice::from_ref(&spent), blanks)
            .await
            .unwrap();
        let nonce = Secret::new("ab".repeat(32));
        let secret = Lock::p2pk_secret(&owner().verifying_key().to_bytes(), &nonce);
        let blanks = Blanks::of_secrets(keyset, &[8], &[secret]).unwrap();
        let locked = client.withdraw_blanks(&ann, blanks).await.unwrap();
        Self {
            inputs: proofs(&tokens),
            outputs: Blanks::of(keyset, &[8; 4]).unwrap(),
            spent: spent.proof.clone(),
            signed,
            locked: locked[0].proof.clone(),
            ann,
            scene,
        }
    }

    /// The good swap, to be spoiled.
    pub(crate) fn swap(&self) -> Value {
        serde_json::from_str(&swap_body(self.inputs.clone(), &self.outputs)).unwrap()
    }

    pub(crate) async fn refusal(
        &self,
        path: &str,
        token: Option<&str>,
        body: String,
    ) -> (u16, u32) {
        let reply = self.scene.client.post(path, token, body).await.unwrap();
        reply.refusal().unwrap()
    }

    pub(crate) fn books(&self) -> BalanceSheet {
        self.scene.books().unwrap()
    }

    /// Sends a request, expects this refusal, and that nothing has moved.
    pub(crate) async fn refused(&self, name: &str, path: &str, body: String, expected: (u16, u32)) {
        let before = self.books();
        let token = (path != path::SWAP).then_some(self.ann.as_str());
        assert_eq!(self.refusal(path, token, body).await, expected, "{name}");
        assert_eq!(self.books(), before, "{name}: something moved");
    }

    /// The same with the swap after `spoil`.
    pub(crate) async fn spoiled(&self, name: &str, spoil: impl Fn(&mut Value), code: u32) {
        let mut body = self.swap();
        spoil(&mut body);
        let status = (400, code);
        self.refused(name, path::SWAP, body.to_string(), status)
            .await;
    }

    /// The swap that was spoiled again and again still works.
    pub(crate) async fn still_good(&self) {
        let body = self.swap().to_string();
        let reply = self
            .scene
            .client
            .post(path::SWAP, None, body)
            .await
            .unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        self.books();
    }
}
