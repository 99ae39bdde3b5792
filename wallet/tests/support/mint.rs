//! A mint in memory: it signs, checks, replays and keeps accounts, and misbehaves on demand.

use std::collections::{BTreeMap, HashMap, HashSet};

use ed25519_dalek::SigningKey;
use farthing_protocol::api::*;
use farthing_protocol::conditions::{Aggregation, check_all};
use farthing_protocol::error_code::ErrorBody;
use farthing_protocol::identity::keyset_message;
use farthing_protocol::suite::{Suite, SuiteId};
use farthing_protocol::*;
use farthing_wallet::http::{Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The address it answers under.
pub const URL: &str = "https://mint.test";
/// The API token of its one account.
pub const API_TOKEN: &str = "secret-api-token";
/// What it asks for when it is asked too much.
pub const RETRY_AFTER_S: u64 = 7;
/// What every clock in the tests says.
pub const NOW: u64 = 1_800_000_000;

/// What it does wrong, each until taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lies {
    pub dleq: bool,
    pub signed_amount: bool,
    pub signed_keyset: bool,
    pub one_signature_less: bool,
    pub keyset_id: bool,
    pub other_keys: bool,
    pub other_fee: bool,
    pub credited: bool,
    pub states_of_others: bool,
    pub unreadable: bool,
    pub unavailable: bool,
    /// Shows a digest of other keysets than it has.
    pub digest: bool,
    /// Does not know the account's API token.
    pub revoked: bool,
    /// Swaps alone get no answer; the mint does not even look at them.
    pub unavailable_swap: bool,
}

pub struct FakeKeyset {
    pub info: KeysetInfo,
    pub keys: PublicKeys,
    pub suite: SuiteId,
    /// What the private keys are made of.
    secrets: BTreeMap<u64, [u8; 64]>,
}

impl FakeKeyset {
    pub fn new(seed: u8, fee: u64, amounts: u32) -> Self {
        Self::expiring(seed, fee, amounts, None)
    }

    pub fn expiring(seed: u8, fee: u64, amounts: u32, final_expiry: Option<u64>) -> Self {
        Self::of(SuiteId::Ristretto255, seed, fee, amounts, final_expiry)
    }

    /// A keyset of Cashu's suite.
    pub fn cashu(seed: u8, fee: u64) -> Self {
        Self::of(SuiteId::Secp256k1, seed, fee, 8, None)
    }

    fn of(suite: SuiteId, seed: u8, fee: u64, amounts: u32, final_expiry: Option<u64>) -> Self {
        let secret = |bit: u32| (1u64 << bit, [seed.wrapping_add(bit as u8 + 1); 64]);
        let secrets: BTreeMap<u64, [u8; 64]> = (0..amounts).map(secret).collect();
        let (keys, id) = with_suite!(suite, S => {
            let public = |k: &[u8; 64]| S::encode_point(&S::public_key(&S::secret_key(k).unwrap()));
            let keys: PublicKeys = secrets.iter().map(|(a, k)| (*a, public(k))).collect();
            let id = KeysetId::derive::<S>(&keys, "credit", fee, final_expiry);
            (keys, id)
        });
        let info = KeysetInfo {
            id,
            unit: "credit".into(),
            active: true,
            input_fee_ppk: fee,
            final_expiry,
        };
        Self {
            info,
            keys,
            suite,
            secrets,
        }
    }

    /// Returns whether its key signed a token.
    fn signed(&self, proof: &Proof) -> bool {
        with_suite!(self.suite, S => {
            let key = S::secret_key(&self.secrets[&proof.amount]).unwrap();
            let point = S::hash_to_group(proof.secret.expose().as_bytes());
            S::decode_point(&proof.c).is_ok_and(|c| S::verify_token(&key, &point, &c))
        })
    }

    fn sign(&self, output: &BlindedMessage) -> BlindSignature {
        self.sign_with(&self.secrets[&output.amount], output)
    }

    fn sign_with(&self, secret: &[u8; 64], output: &BlindedMessage) -> BlindSignature {
        with_suite!(self.suite, S => {
            let key = S::secret_key(secret).unwrap();
            let b = S::decode_point(&output.b).unwrap();
            let c = S::evaluate(&key, &b);
            BlindSignature {
                amount: output.amount,
                id: output.id,
                c: S::encode_point(&c),
                dleq: S::prove(&key, &b, &c),
            }
        })
    }
}

/// What a mint's identity is made of.
#[derive(Clone)]
pub struct Signs {
    pub seed: u8,
    pub urls: Vec<String>,
    pub issued: u64,
}

pub struct FakeMint {
    pub keysets: Vec<FakeKeyset>,
    pub account: u64,
    pub issued: u64,
    pub redeemed: u64,
    pub fees: u64,
    name: String,
    /// What it says its unit is; its keysets are of `credit`.
    pub unit: String,
    /// With how many decimals its unit is written.
    pub decimals: u8,
    /// What it signs its identity with, if it has one.
    pub identity: Option<Signs>,
    /// What it has wallets withdraw at a time.
    pub bundle: Option<Bundle>,
    pub lies: Lies,
    pub limits: Limits,
    /// What its clock says.
    pub now: u64,
    /// After so many requests it answers 429, and asks for [`RETRY_AFTER_S`] of peace.
    pub allowance: Option<usize>,
    /// Every request that arrived: path and body.
    pub requests: Vec<(String, String)>,
    spent: HashSet<EncodedPoint>,
    signed: HashMap<EncodedPoint, BlindSignature>,
    replays: HashMap<(String, String), Vec<u8>>,
}

type Answer = Result<Vec<u8>, (ErrorCode, String)>;

fn refuse<T>(code: ErrorCode) -> Result<T, (ErrorCode, String)> {
    Err((code, format!("refused: {code:?}")))
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, (ErrorCode, String)> {
    serde_json::from_str(body).or_else(|_| refuse(ErrorCode::Malformed))
}

fn write<T: Serialize>(value: &T) -> Answer {
    Ok(serde_json::to_vec(value).unwrap())
}

impl FakeMint {
    pub fn new(account: u64) -> Self {
        let limits = Limits {
            inputs_max: 100,
            outputs_max: 100,
            secret_bytes_max: 512,
            body_bytes_max: 1 << 20,
            replay_days: 7,
        };
        Self {
            keysets: vec![FakeKeyset::new(1, 0, 8)],
            account,
            issued: 0,
            redeemed: 0,
            fees: 0,
            name: "Test mint".into(),
            unit: "credit".into(),
            decimals: 0,
            identity: None,
            bundle: None,
            lies: Lies::default(),
            limits,
            now: NOW,
            allowance: None,
            requests: Vec::new(),
            spent: HashSet::new(),
            signed: HashMap::new(),
            replays: HashMap::new(),
        }
    }

    /// Forgets all replays, as after `replay_days`.
    pub fn forget_replays(&mut self) {
        self.replays.clear();
    }

    /// Retires all keysets and starts a new one.
    pub fn rotate(&mut self, seed: u8, fee: u64) {
        self.retire(SuiteId::Ristretto255);
        self.keysets.push(FakeKeyset::new(seed, fee, 8));
    }

    /// Retires all keysets of a suite.
    pub fn retire(&mut self, suite: SuiteId) {
        let of = self.keysets.iter_mut().filter(|k| k.suite == suite);
        of.for_each(|k| k.info.active = false);
    }

    /// The digest of the keysets that sign of its own API.
    pub fn active_digest(&self) -> String {
        let native = |k: &&FakeKeyset| k.suite == SuiteId::Ristretto255 && k.info.active;
        keysets_digest(self.keysets.iter().filter(native).map(|k| &k.info.id))
    }

    /// Returns what its unspent tokens are worth.
    pub fn outstanding(&self) -> u64 {
        self.issued - self.redeemed
    }

    pub fn is_spent(&self, proof: &Proof) -> bool {
        self.spent.contains(&y(proof))
    }

    /// Signs an output as if its amount had been paid for by somebody, out of the account.
    pub fn issue(&mut self, output: &BlindedMessage) {
        self.account -= output.amount;
        self.sign(std::slice::from_ref(output));
    }

    /// Takes a token as if somebody had redeemed it.
    pub fn cash_in(&mut self, proof: &Proof) {
        self.spend(std::slice::from_ref(proof), 0);
        self.account += proof.amount;
    }

    pub fn paths(&self) -> Vec<&str> {
        self.requests
            .iter()
            .map(|(path, _)| path.as_str())
            .collect()
    }

    pub fn answer(&mut self, request: &Request) -> Response {
        let path = request
            .url
            .strip_prefix(URL)
            .expect("a request to another mint")
            .to_owned();
        let body = request
            .body
            .as_ref()
            .map(|b| b.expose().to_owned())
            .unwrap_or_default();
        assert!(!body.contains("dleq"), "a request carries a DLEQ proof");
        self.requests.push((path.clone(), body.clone()));
        match &mut self.allowance {
            Some(0) => {
                return Response {
                    retry_after_s: Some(RETRY_AFTER_S),
                    ..error(ErrorCode::TooMany, "slower")
                };
            }
            Some(left) => *left -= 1,
            None => {}
        }
        if self.lies.unreadable {
            return Response {
                status: 200,
                retry_after_s: None,
                body: b"<html>".to_vec(),
            };
        }
        if self.lies.unavailable || (self.lies.unavailable_swap && path == path::SWAP) {
            return error(ErrorCode::Unavailable, "overloaded");
        }
        let account = request
            .bearer
            .as_ref()
            .is_some_and(|t| t.expose() == API_TOKEN && !self.lies.revoked);
        match self.route(&path, &body, account) {
            Ok(body) => Response {
                status: 200,
                retry_after_s: None,
                body,
            },
            Err((code, detail)) => error(code, &detail),
        }
    }

    fn route(&mut self, path: &str, body: &str, account: bool) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let for_holders = [path::WITHDRAW, path::REDEEM, path::ACCOUNT, path::STATEMENT];
        if for_holders.contains(&path) && !account {
            return refuse(ErrorCode::Unauthorized);
        }
        let key = (path.to_owned(), body.to_owned());
        if let Some(again) = self.replays.get(&key) {
            return Ok(again.clone());
        }
        let answer = match path {
            path::INFO => return write(&self.info()),
            path::ACCOUNT => {
                return write(&Account {
                    name: "alice".into(),
                    balance: self.account,
                    unit: "credit".into(),
                });
            }
            path::STATEMENT => return write(&self.statement(query)),
            path::KEYS => return self.shown(SuiteId::Ristretto255, |k| k.info.active),
            path::KEYSETS => return self.listed(SuiteId::Ristretto255),
            "/cashu/v1/keys" => return self.shown(SuiteId::Secp256k1, |k| k.info.active),
            "/cashu/v1/keysets" => return self.listed(SuiteId::Secp256k1),
            path::CHECKSTATE => return self.states(read(body)?),
            path::RESTORE => return self.restore(read(body)?),
            path::SWAP => self.swap(read(body)?),
            path::WITHDRAW => self.withdraw(read(body)?),
            path::REDEEM => self.redeem(read(body)?),
            other => {
                let (suite, path) = match other.strip_prefix("/cashu") {
                    Some(path) => (SuiteId::Secp256k1, path),
                    None => (SuiteId::Ristretto255, other),
                };
                let Some(id) = path.strip_prefix("/v1/keys/") else {
                    return refuse(ErrorCode::NotFound);
                };
                return self.shown(suite, |k| k.info.id.to_string() == id);
            }
        }?;
        self.replays.insert(key, answer.clone());
        Ok(answer)
    }

    /// Returns what it says of itself.
    pub fn public_info(&self) -> Info {
        self.info()
    }

    /// Gives it another name.
    pub fn name_is(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    /// The account's last posting but one, as if a withdrawal of 1 had been the last.
    fn statement(&self, query: &str) -> Statement {
        assert!(query.starts_with("limit="), "{query}");
        let posting = |number, amount, balance| Posting {
            number,
            time: self.now - self.now % 3600,
            kind: if amount < 0 {
                PostingKind::Withdraw
            } else {
                PostingKind::Credit
            },
            amount,
            balance,
            note: None,
        };
        let before = self.account + 1;
        Statement {
            postings: vec![
                posting(2, -1, self.account),
                posting(1, before.cast_signed(), before),
            ],
            next: None,
        }
    }

    fn info(&self) -> Info {
        Info {
            name: self.name.clone(),
            version: "Farthing/test".into(),
            description: None,
            contact: vec![],
            time: self.now,
            suite: SuiteId::Ristretto255.name().into(),
            unit: self.unit.clone(),
            decimals: self.decimals,
            keysets_digest: match self.lies.digest {
                true => keysets_digest(&[]),
                false => published_digest(
                    self.keysets.iter().map(|k| &k.info.id),
                    self.bundle.as_ref(),
                ),
            },
            bundle: self.bundle.clone(),
            limits: self.limits.clone(),
            wallet: None,
            identity: self.identity.as_ref().map(|signs| self.identity_of(signs)),
            nuts: BTreeMap::new(),
        }
    }

    /// Its identity, with all its keysets.
    fn identity_of(&self, signs: &Signs) -> Identity {
        let key = SigningKey::from_bytes(&[signs.seed; 32]);
        let mut identity = Identity::sign(&key, signs.urls.clone(), signs.issued);
        let public = identity.verify().unwrap();
        for keyset in &self.keysets {
            let id = keyset.info.id;
            let message = keyset_message(&public, &id);
            let secret = keyset.secrets.values().next().unwrap();
            let signature = with_suite!(keyset.suite, S => {
                S::sign_message(&S::secret_key(secret).unwrap(), &message)
            });
            let hex = signature.map(|byte| format!("{byte:02x}")).concat();
            identity.keysets.insert(id.to_string(), hex);
        }
        identity
    }

    fn shown(&self, suite: SuiteId, which: impl Fn(&FakeKeyset) -> bool) -> Answer {
        let show = |k: &FakeKeyset| {
            let mut keys = KeysetKeys {
                info: self.info_of(k),
                keys: k.keys.clone(),
            };
            if self.lies.other_keys {
                keys.keys = FakeKeyset::new(99, 0, 8).keys;
            }
            keys
        };
        let here = self.keysets.iter().filter(|k| k.suite == suite && which(k));
        write(&Keys {
            keysets: here.map(show).collect(),
        })
    }

    fn info_of(&self, keyset: &FakeKeyset) -> KeysetInfo {
        let mut info = keyset.info.clone();
        if self.lies.keyset_id {
            info.id = KeysetId::from_bytes(&[0x52; 33]).unwrap();
        }
        if self.lies.other_fee {
            info.input_fee_ppk += 1;
        }
        info
    }

    fn listed(&self, suite: SuiteId) -> Answer {
        let here = self.keysets.iter().filter(|k| k.suite == suite);
        write(&Keysets {
            keysets: here.map(|k| self.info_of(k)).collect(),
        })
    }

    fn states(&self, request: CheckStateRequest) -> Answer {
        let state = |y| {
            let state = if self.spent.contains(&y) {
                State::Spent
            } else {
                State::Unspent
            };
            ProofState {
                y,
                state,
                witness: None,
            }
        };
        let mut states: Vec<_> = request.ys.into_iter().map(state).collect();
        if self.lies.states_of_others {
            states.iter_mut().for_each(|s| s.y = [2; 32].into());
        }
        write(&States { states })
    }

    fn restore(&self, request: RestoreRequest) -> Answer {
        let found = request.outputs.into_iter().filter_map(|output| {
            let signature = self.signed.get(&output.b)?.clone();
            Some((
                BlindedMessage {
                    amount: signature.amount,
                    id: signature.id,
                    b: output.b,
                },
                signature,
            ))
        });
        let (outputs, signatures) = found.unzip();
        write(&Restored {
            outputs,
            signatures,
        })
    }

    fn swap(&mut self, request: SwapRequest) -> Answer {
        let (inputs, fee) = self.check_inputs(&request.inputs, &request.outputs)?;
        if inputs != fee + self.check_outputs(&request.outputs)? {
            return refuse(ErrorCode::Unbalanced);
        }
        self.spend(&request.inputs, fee);
        write(&Signatures {
            signatures: self.sign(&request.outputs),
        })
    }

    fn withdraw(&mut self, request: WithdrawRequest) -> Answer {
        let amount = self.check_outputs(&request.outputs)?;
        if amount > self.account {
            return refuse(ErrorCode::InsufficientFunds);
        }
        self.account -= amount;
        write(&Signatures {
            signatures: self.sign(&request.outputs),
        })
    }

    fn redeem(&mut self, request: RedeemRequest) -> Answer {
        let (inputs, fee) = self.check_inputs(&request.inputs, &request.outputs)?;
        let outputs = self.check_outputs(&request.outputs)?;
        let Some(mut credited) = inputs.checked_sub(fee + outputs) else {
            return refuse(ErrorCode::Unbalanced);
        };
        self.spend(&request.inputs, fee);
        self.account += credited;
        credited += u64::from(self.lies.credited);
        write(&Redeemed {
            credited,
            signatures: self.sign(&request.outputs),
        })
    }

    /// Gives what the inputs are worth, and the fee.
    fn check_inputs(
        &self,
        inputs: &[Proof],
        outputs: &[BlindedMessage],
    ) -> Result<(u64, u64), (ErrorCode, String)> {
        if inputs.len() > self.limits.inputs_max {
            return refuse(ErrorCode::InputsMax);
        }
        let mut ppk = 0;
        for input in inputs {
            let Some(keyset) = self.keysets.iter().find(|k| k.info.id == input.id) else {
                return refuse(ErrorCode::KeysetUnknown);
            };
            if keyset.info.final_expiry.is_some_and(|at| at < self.now) {
                return refuse(ErrorCode::KeysetExpired);
            }
            ppk += keyset.info.input_fee_ppk;
            if !keyset.signed(input) {
                return refuse(ErrorCode::ProofInvalid);
            }
        }
        if check_all(inputs, outputs, Aggregation::Swap, NOW).is_err() {
            return refuse(ErrorCode::ProofInvalid);
        }
        if inputs.iter().any(|input| self.is_spent(input)) {
            return refuse(ErrorCode::AlreadySpent);
        }
        Ok((inputs.iter().map(|i| i.amount).sum(), keyset::fee(ppk)))
    }

    /// Gives what the outputs are worth.
    fn check_outputs(&self, outputs: &[BlindedMessage]) -> Result<u64, (ErrorCode, String)> {
        if outputs.len() > self.limits.outputs_max {
            return refuse(ErrorCode::OutputsMax);
        }
        assert!(
            outputs.is_sorted_by_key(|o| o.amount),
            "the order of outputs tells which are change"
        );
        for output in outputs {
            match self.keysets.iter().find(|k| k.info.id == output.id) {
                None => return refuse(ErrorCode::KeysetUnknown),
                Some(keyset) if !keyset.info.active => return refuse(ErrorCode::KeysetInactive),
                Some(keyset) => assert!(keyset.secrets.contains_key(&output.amount)),
            }
        }
        if outputs.iter().any(|o| self.signed.contains_key(&o.b)) {
            return refuse(ErrorCode::AlreadySigned);
        }
        Ok(outputs.iter().map(|o| o.amount).sum())
    }

    fn spend(&mut self, inputs: &[Proof], fee: u64) {
        self.spent.extend(inputs.iter().map(y));
        self.redeemed += inputs.iter().map(|i| i.amount).sum::<u64>();
        self.fees += fee;
    }

    fn sign(&mut self, outputs: &[BlindedMessage]) -> Vec<BlindSignature> {
        let mut signatures: Vec<_> = outputs.iter().map(|output| self.sign_one(output)).collect();
        self.issued += outputs.iter().map(|o| o.amount).sum::<u64>();
        if self.lies.one_signature_less {
            signatures.pop();
        }
        signatures
    }

    fn sign_one(&mut self, output: &BlindedMessage) -> BlindSignature {
        let keyset = self
            .keysets
            .iter()
            .find(|k| k.info.id == output.id)
            .unwrap();
        let mut signature = keyset.sign(output);
        let false_one = keyset.sign_with(&[77; 64], output);
        self.signed.insert(output.b, signature.clone());
        if self.lies.dleq {
            signature = false_one;
        }
        if self.lies.signed_amount {
            signature.amount *= 2;
        }
        if self.lies.signed_keyset {
            signature.id = FakeKeyset::new(50, 0, 2).info.id;
        }
        signature
    }
}

fn y(proof: &Proof) -> EncodedPoint {
    let suite = SuiteId::of(&proof.id).unwrap();
    let secret = proof.secret.expose().as_bytes();
    with_suite!(suite, S => S::encode_point(&S::hash_to_group(secret)))
}

fn error(code: ErrorCode, detail: &str) -> Response {
    let body = ErrorBody {
        detail: detail.to_owned(),
        code: code.number(),
    };
    Response {
        status: code.http_status(),
        retry_after_s: None,
        body: serde_json::to_vec(&body).unwrap(),
    }
}
