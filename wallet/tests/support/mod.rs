//! A world to test a wallet in: a mint, a store that outlives the wallet, and a fuse that kills it.
#![allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
#![allow(
    clippy::indexing_slicing,
    unreachable_pub,
    clippy::wildcard_enum_match_arm
)]

pub mod mint;
pub mod shop;
pub mod site;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use farthing_protocol::{Token, TokenProof};
use farthing_wallet::http::{HttpError, Request, Response};
use farthing_wallet::records::{Coin, Mint};
use farthing_wallet::store::{Change, Table, Value};
use farthing_wallet::web::Head;
use farthing_wallet::{
    ApiToken, Http, Observer, Origin, Page, PageRequest, Pause, Phrase, Progress, Store,
    StoreError, Wallet, Web,
};

pub use mint::{API_TOKEN, FakeMint, NOW, URL};
pub use site::FakeSite;

pub const PHRASE: &str =
    "legal winner thank year wave sausage worth useful legal winner thank yellow";

/// Counts the steps at which a process could die, and dies at one of them: from then on nothing works.
#[derive(Debug, Default)]
pub struct Fuse {
    steps: Cell<usize>,
    dies_at: Option<usize>,
}

impl Fuse {
    pub fn none() -> Rc<Self> {
        Rc::new(Self::default())
    }

    pub fn at(step: usize) -> Rc<Self> {
        Rc::new(Self {
            steps: Cell::new(0),
            dies_at: Some(step),
        })
    }

    pub fn blown(&self) -> bool {
        self.dies_at.is_some_and(|at| self.steps.get() > at)
    }

    /// One step; `Err` when the process is dead.
    fn step(&self) -> Result<(), String> {
        self.steps.set(self.steps.get() + 1);
        self.alive()
    }

    fn alive(&self) -> Result<(), String> {
        if self.blown() {
            Err("dead".to_owned())
        } else {
            Ok(())
        }
    }
}

type Rows = BTreeMap<(Table, String), Value>;

/// A store in memory whose content outlives it.
#[derive(Clone)]
pub struct TestStore {
    pub rows: Rc<RefCell<Rows>>,
    fuse: Rc<Fuse>,
}

impl Store for TestStore {
    async fn get(&self, table: Table, key: &str) -> Result<Option<Value>, StoreError> {
        self.fuse.alive().map_err(StoreError::Failed)?;
        Ok(self.rows.borrow().get(&(table, key.to_owned())).cloned())
    }

    async fn scan(&self, table: Table) -> Result<Vec<(String, Value)>, StoreError> {
        self.fuse.alive().map_err(StoreError::Failed)?;
        let rows = self.rows.borrow();
        let of = rows.iter().filter(|((t, _), _)| *t == table);
        Ok(of
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect())
    }

    async fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.fuse.step().map_err(StoreError::Failed)?;
        for change in changes {
            match change {
                Change::Put(table, key, value) => {
                    self.rows.borrow_mut().insert((table, key), value);
                }
                Change::Delete(table, key) => {
                    self.rows.borrow_mut().remove(&(table, key));
                }
            }
        }
        self.fuse.step().map_err(StoreError::Failed)
    }
}

/// What the network does to the next requests that move value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    DropRequest,
    DropAnswer,
}

#[derive(Clone)]
pub struct TestHttp {
    pub mint: Rc<RefCell<FakeMint>>,
    pub site: Rc<RefCell<FakeSite>>,
    pub fault: Rc<Cell<Option<Fault>>>,
    pub site_fault: Rc<Cell<Option<Fault>>>,
    fuse: Rc<Fuse>,
}

/// A page of the [`FakeSite`], given in one piece.
#[derive(Debug)]
pub struct TestPage {
    head: Head,
    body: Option<Vec<u8>>,
}

impl Page for TestPage {
    fn head(&self) -> &Head {
        &self.head
    }

    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, HttpError> {
        Ok(self.body.take())
    }
}

impl Web for TestHttp {
    type Page = TestPage;

    async fn open(&self, request: &PageRequest) -> Result<TestPage, HttpError> {
        self.fuse.step().map_err(HttpError)?;
        // A fault meets payments alone: those are what is to be tested.
        let pays = request.headers.iter().any(|(name, _)| name == "x-cashu");
        let fault = self.site_fault.get().filter(|_| pays);
        if fault == Some(Fault::DropRequest) {
            return Err(HttpError("connection refused".to_owned()));
        }
        let answer = self.site.borrow_mut().answer(request);
        if fault == Some(Fault::DropAnswer) {
            return Err(HttpError("connection reset".to_owned()));
        }
        self.fuse.step().map_err(HttpError)?;
        Ok(TestPage {
            head: answer.head,
            body: Some(answer.body),
        })
    }
}

impl Http for TestHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.fuse.step().map_err(HttpError)?;
        if self.fault.get() == Some(Fault::DropRequest) {
            return Err(HttpError("connection refused".to_owned()));
        }
        let response = self.mint.borrow_mut().answer(&request);
        if self.fault.get() == Some(Fault::DropAnswer) {
            return Err(HttpError("connection reset".to_owned()));
        }
        self.fuse.step().map_err(HttpError)?;
        Ok(response)
    }
}

/// Looks on without ever waiting, and goes on for as long as it is asked to.
pub struct Eager;

impl Observer for Eager {
    fn progress(&mut self, _: &Progress) {}

    async fn wait(&mut self, _: &Pause) -> bool {
        true
    }
}

pub type TestWallet = Wallet<TestStore, TestHttp>;

/// A wallet's store and the mint, which both outlive the wallet.
#[derive(Clone)]
pub struct World {
    pub mint: Rc<RefCell<FakeMint>>,
    pub site: Rc<RefCell<FakeSite>>,
    pub rows: Rc<RefCell<Rows>>,
    pub fault: Rc<Cell<Option<Fault>>>,
    pub site_fault: Rc<Cell<Option<Fault>>>,
}

pub fn clock() -> u64 {
    NOW
}

/// A later time than [`clock`], past every replay window.
pub fn clock_later() -> u64 {
    NOW + 30 * 24 * 60 * 60
}

thread_local! {
    static TIME: Cell<u64> = const { Cell::new(NOW) };
}

/// A clock that a test sets.
pub fn clock_set() -> u64 {
    TIME.get()
}

/// Sets [`clock_set`], for this test alone.
pub fn set_clock(time: u64) {
    TIME.set(time);
}

impl World {
    pub fn new(mint: FakeMint) -> Self {
        let mint = Rc::new(RefCell::new(mint));
        Self {
            site: Rc::new(RefCell::new(FakeSite::new(&mint, 3))),
            mint,
            rows: Rc::default(),
            fault: Rc::default(),
            site_fault: Rc::default(),
        }
    }

    /// Another device: an empty store, the same mint.
    pub fn device(&self) -> Self {
        Self {
            mint: Rc::clone(&self.mint),
            site: Rc::clone(&self.site),
            rows: Rc::default(),
            fault: Rc::default(),
            site_fault: Rc::default(),
        }
    }

    pub fn parts(&self, fuse: &Rc<Fuse>) -> (TestStore, TestHttp) {
        let store = TestStore {
            rows: Rc::clone(&self.rows),
            fuse: Rc::clone(fuse),
        };
        let http = TestHttp {
            mint: Rc::clone(&self.mint),
            site: Rc::clone(&self.site),
            fault: Rc::clone(&self.fault),
            site_fault: Rc::clone(&self.site_fault),
            fuse: Rc::clone(fuse),
        };
        (store, http)
    }

    /// Makes a wallet of `phrase` and adds the mint, with the account's token.
    pub async fn make(&self, phrase: &str, origin: Origin) -> TestWallet {
        let (store, http) = self.parts(&Fuse::none());
        let phrase = Phrase::parse(phrase).unwrap();
        let wallet = Wallet::create(store, http, clock, &phrase, origin)
            .await
            .unwrap();
        wallet
            .mints()
            .add(URL, Some(ApiToken::new(API_TOKEN)))
            .await
            .unwrap();
        wallet
    }

    /// Makes a wallet with a phrase of its own.
    pub async fn make_stranger(&self) -> TestWallet {
        let phrase = Phrase::generate().unwrap();
        self.make(&phrase.expose(), Origin::New).await
    }

    /// Opens the wallet that is in the store.
    pub async fn open(&self, fuse: &Rc<Fuse>) -> TestWallet {
        let (store, http) = self.parts(fuse);
        Wallet::open(store, http, clock).await.unwrap()
    }

    /// Opens the wallet that is in the store, with a clock that [`set_clock`] sets.
    pub async fn open_with_clock(&self) -> TestWallet {
        let (store, http) = self.parts(&Fuse::none());
        Wallet::open(store, http, clock_set).await.unwrap()
    }

    pub async fn open_later(&self) -> TestWallet {
        self.open_later_with(&Fuse::none()).await
    }

    pub async fn open_later_with(&self, fuse: &Rc<Fuse>) -> TestWallet {
        let (store, http) = self.parts(fuse);
        Wallet::open(store, http, clock_later).await.unwrap()
    }

    /// Returns what those of `proofs` are worth that nobody has claimed.
    pub fn unclaimed(&self, proofs: &[TokenProof]) -> u64 {
        let mint = self.mint.borrow();
        let unspent = proofs.iter().filter(|p| !mint.is_spent(&p.proof));
        unspent.map(|p| p.proof.amount).sum()
    }

    pub fn account(&self) -> u64 {
        self.mint.borrow().account
    }
}

pub async fn the_mint(wallet: &TestWallet) -> Mint {
    wallet.mint(None).await.unwrap()
}

pub async fn available(wallet: &TestWallet) -> u64 {
    wallet
        .balance()
        .await
        .unwrap()
        .iter()
        .map(|b| b.available)
        .sum()
}

pub async fn pending(wallet: &TestWallet) -> u64 {
    wallet
        .balance()
        .await
        .unwrap()
        .iter()
        .map(|b| b.pending)
        .sum()
}

/// Has an empty wallet withdraw, and brings what is too much back to the account behind its back: it
/// holds the fewest tokens that are worth `amount`.
pub async fn hold(world: &World, wallet: &mut TestWallet, amount: u64) {
    let mint = the_mint(wallet).await;
    let all = (amount + 1).next_power_of_two() - 1;
    wallet.withdraw(&mint, all).await.unwrap();
    let is_proof = |table: &Table| *table == Table::Proofs;
    world.rows.borrow_mut().retain(|(table, _), value| {
        let coin: Option<Coin> = is_proof(table).then(|| serde_json::from_slice(value).unwrap());
        let surplus = coin.filter(|coin| coin.amount() & amount == 0);
        if let Some(coin) = &surplus {
            world.mint.borrow_mut().cash_in(&coin.token.proof);
        }
        surplus.is_none()
    });
    assert_eq!(available(wallet).await, amount);
}

/// Returns what the wallet has sent and nobody has claimed.
pub async fn handed_out(world: &World, wallet: &TestWallet) -> u64 {
    let sent = wallet.sent_tokens().all().await.unwrap();
    sent.iter().map(|s| world.unclaimed(&s.proofs)).sum()
}

pub fn proofs(token: &str) -> Vec<TokenProof> {
    Token::decode(token).unwrap().proofs
}
