//! A mint and wallets that reach it only through the faulty [`Proxy`], and the count of the money:
//! what wallets hold, what was sent and what is on the account is what was paid in.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use farthing_protocol::Token;
use farthing_protocol::api::{CheckStateRequest, State, States, path};
use serde_json::Value;
use tempfile::TempDir;

use crate::Result;
use crate::process::{Mint, Wallet};
use crate::proxy::Proxy;
use crate::raw::Connection;
use crate::tokens::y;

/// What the operator has paid into the account, in all.
pub const PAID_IN: u64 = 100_000;
/// What Alice has withdrawn before the faults begin: tokens of all sizes.
const ALICE_STARTS_WITH: u64 = 16_383;
/// What Carol has withdrawn before she loses her wallet.
const CAROLS: u64 = 99;

/// What a wallet does when something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A new wallet learns about the mint.
    MintAdd,
    /// Alice takes tokens out of the account.
    Withdraw,
    /// Alice hands out a token locked to Bob, which takes a swap.
    Send,
    /// Bob takes in a token of Alice's.
    Receive,
    /// Alice pays tokens into the account.
    Redeem,
    /// Alice takes a token back that nobody has claimed.
    Reclaim,
    /// Alice hands out a token for Cashu's wallets, which takes a swap of both suites.
    SendCashu,
    /// Bob takes in such a token.
    ReceiveCashu,
    /// Carol, whose wallet is lost, gets her tokens back from her phrase.
    Restore,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::MintAdd,
        Self::Withdraw,
        Self::Send,
        Self::Receive,
        Self::Redeem,
        Self::Reclaim,
        Self::SendCashu,
        Self::ReceiveCashu,
        Self::Restore,
    ];
    /// Those that move value in one request.
    pub const MOVES: [Self; 4] = [Self::Withdraw, Self::Send, Self::Receive, Self::Redeem];
}

/// The mint, the proxy, and the wallets behind it.
#[derive(Debug)]
pub struct Network {
    /// The proxy that all wallets go through.
    pub proxy: Proxy,
    /// The mint.
    pub mint: Mint,
    /// Has the account at the mint.
    pub alice: Wallet,
    /// Has no account.
    pub bob: Wallet,
    binary: PathBuf,
    bobs_key: String,
    carols_phrase: String,
    /// Tokens that were sent, by wallet and number.
    sent: RefCell<BTreeMap<(PathBuf, u64), Token>>,
    folder: TempDir,
}

impl Network {
    /// Makes all of it, without faults yet.
    ///
    /// # Errors
    /// What the programs say.
    pub fn start(binary: &str) -> Result<Self> {
        let folder = TempDir::new()?;
        let mut mint = Mint::init(
            binary,
            &folder.path().join("mint"),
            &["--amounts", "14", "--cashu"],
        )?;
        mint.start()?;
        let api_token = mint.account("alice", "withdraw,redeem,read", PAID_IN)?;
        let proxy = Proxy::start(mint.url()?)?;
        let (url, token) = (proxy.url(), api_token.as_str());
        let new = |name: &str| Wallet::init(binary, &folder.path().join(name));
        let (alice, bob) = (new("alice")?, new("bob")?);
        alice.run(&["mint", "add", &url, "--token", token])?;
        bob.run(&["mint", "add", &url])?;
        alice.run(&["withdraw", &ALICE_STARTS_WITH.to_string()])?;
        let carol = Wallet::at(binary, &folder.path().join("carol"));
        let carols_phrase = text(&carol.run(&["init"])?, "phrase")?;
        carol.run(&["mint", "add", &url, "--token", token])?;
        carol.run(&["withdraw", &CAROLS.to_string()])?;
        let bobs_key = text(&bob.run(&["key"])?, "key")?;
        Ok(Self {
            proxy,
            mint,
            alice,
            bob,
            binary: binary.into(),
            bobs_key,
            carols_phrase,
            sent: RefCell::default(),
            folder,
        })
    }

    /// Makes an act ready without faults; gives the command that is the act.
    ///
    /// # Errors
    /// What the programs say.
    pub fn prepare(&self, act: Act) -> Result<Command> {
        Ok(match act {
            Act::MintAdd => {
                let dave = self.again("dave")?;
                dave.run(&["init"])?;
                dave.command(&["mint", "add", &self.proxy.url()])
            }
            Act::Withdraw => self.alice.command(&["withdraw", "11"]),
            Act::Send => self.alice.command(&["send", "5", "--lock", &self.bobs_key]),
            Act::Receive => {
                let token = self.alice.send(3)?;
                self.bob.command(&["receive", &token])
            }
            Act::Redeem => self.alice.command(&["redeem", "3"]),
            Act::Reclaim => {
                let sent = self.alice.run(&["send", "6"])?;
                let id = sent.get("id").ok_or("no number was printed")?.to_string();
                self.alice.command(&["reclaim", &id])
            }
            Act::SendCashu => self.alice.command(&["send", "5", "--cashu"]),
            Act::ReceiveCashu => {
                let sent = self.alice.run(&["send", "3", "--cashu"])?;
                self.bob.command(&["receive", &text(&sent, "token")?])
            }
            Act::Restore => {
                let carol = self.again("carol")?;
                self.take_phrase(&carol)?;
                carol.run(&["mint", "add", &self.proxy.url()])?;
                carol.command(&["restore"])
            }
        })
    }

    /// Whose wallet moves the value of an act.
    #[must_use]
    pub fn actor(&self, act: Act) -> &Wallet {
        match act {
            Act::Withdraw | Act::Send | Act::Redeem | Act::Reclaim | Act::SendCashu => &self.alice,
            Act::MintAdd | Act::Receive | Act::ReceiveCashu | Act::Restore => &self.bob,
        }
    }

    /// Settles an act without faults: the wallets that took part are run once more, and nothing of
    /// theirs is open any more.
    ///
    /// # Errors
    /// When something is open still, or a wallet has not what it should have.
    pub fn settle(&self, act: Act) -> Result<()> {
        self.proxy.calm();
        match act {
            Act::MintAdd => {
                let dave = self.at("dave");
                dave.run(&["mint", "add", &self.proxy.url()])?;
                let mints = dave.run(&["mint", "list"])?;
                let count = mints.pointer("/mints").and_then(Value::as_array);
                check(count.is_some_and(|m| m.len() == 1), "not one mint", &mints)?;
            }
            Act::Restore => {
                let carol = self.at("carol");
                carol.run(&["restore"])?;
                let mints = carol.run(&["mint", "list"])?;
                let lane = mints.pointer("/mints/0/lane").and_then(Value::as_u64);
                // Lane 0 is the lost wallet's.
                check(lane == Some(1), "another lane than 1", &mints)?;
                check(carol.balance()? == CAROLS, "not what was lost", &mints)?;
            }
            Act::Withdraw
            | Act::Send
            | Act::Receive
            | Act::Redeem
            | Act::Reclaim
            | Act::SendCashu
            | Act::ReceiveCashu => {}
        }
        Ok(())
    }

    /// Counts the money; every unit that was paid in must be somewhere, and nothing be open.
    ///
    /// # Errors
    /// With what was found where, when it does not add up.
    pub fn add_up(&self) -> Result<()> {
        let mut held = CAROLS;
        let mut handed_out = 0;
        for wallet in [&self.alice, &self.bob] {
            let balances = wallet.run(&["balance"])?;
            let of = |field: &str| {
                let place = format!("/balances/0/{field}");
                balances.pointer(&place).and_then(Value::as_u64)
            };
            check(of("pending") == Some(0), "something is open", &balances)?;
            held += of("available").ok_or("no balance")?;
        }
        // After both were run, which may have settled something.
        for wallet in [&self.alice, &self.bob] {
            for token in self.sent_by(wallet)? {
                handed_out += self.unspent(&token)?;
            }
        }
        let books = self.mint.balanced()?;
        let of = |place: &str| books.pointer(place).and_then(Value::as_u64);
        let (outstanding, account) = (of("/outstanding_total"), of("/accounts_total"));
        let found = format!("{held} in wallets, {handed_out} sent");
        check(outstanding == Some(held + handed_out), &found, &books)?;
        let all = account.map(|account| account + held + handed_out);
        check(all == Some(PAID_IN), &found, &books)
    }

    /// Has Bob take in every token of Alice's that nobody has taken yet; gives how much that was.
    ///
    /// # Errors
    /// When one is not good.
    pub fn claim_all(&self) -> Result<u64> {
        let mut claimed = 0;
        for token in self.sent_by(&self.alice)? {
            let amount = self.unspent(&token)?;
            if amount > 0 {
                self.bob.run(&["receive", &token.encode()])?;
                claimed += amount;
            }
        }
        Ok(claimed)
    }

    /// The wallet in a folder of this name.
    #[must_use]
    pub fn at(&self, name: &str) -> Wallet {
        Wallet::at(&self.binary, &self.folder.path().join(name))
    }

    /// The same, after whatever was there is gone.
    fn again(&self, name: &str) -> Result<Wallet> {
        let wallet = self.at(name);
        if wallet.dir().exists() {
            std::fs::remove_dir_all(wallet.dir())?;
        }
        Ok(wallet)
    }

    /// A new wallet of Carol's phrase, which is given on standard input.
    fn take_phrase(&self, wallet: &Wallet) -> Result<()> {
        let mut command = wallet.command(&["init", "--restore"]);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::null()).spawn()?;
        let mut input = child.stdin.take().ok_or("no standard input")?;
        input.write_all(self.carols_phrase.as_bytes())?;
        drop(input);
        if !child.wait()?.success() {
            return Err("the phrase was not taken".into());
        }
        Ok(())
    }

    /// All tokens that a wallet says it has sent.
    fn sent_by(&self, wallet: &Wallet) -> Result<Vec<Token>> {
        let list = wallet.run(&["sent"])?;
        let list = list.pointer("/sent").and_then(Value::as_array);
        let ids = list.ok_or("no list of what was sent")?.iter();
        let ids: Vec<u64> = ids
            .filter_map(|sent| sent.get("id").and_then(Value::as_u64))
            .collect();
        let mut known = self.sent.borrow_mut();
        let mut tokens = Vec::new();
        for id in ids {
            let key = (wallet.dir().to_owned(), id);
            let token = match known.get(&key) {
                Some(token) => token.clone(),
                None => {
                    let sent = wallet.run(&["sent", &id.to_string()])?;
                    Token::decode(&text(&sent, "token")?)?
                }
            };
            known.insert(key, token.clone());
            tokens.push(token);
        }
        Ok(tokens)
    }

    /// Returns what of a token is not spent yet, by the mint's own word.
    fn unspent(&self, token: &Token) -> Result<u64> {
        let ys = token.proofs.iter().map(|token| y(&token.proof));
        let ys = ys.collect::<Result<_>>()?;
        let body = serde_json::to_string(&CheckStateRequest { ys })?;
        let mut mint = Connection::open(self.mint.url()?)?;
        mint.post(path::CHECKSTATE, &body)?;
        let states: States = mint.answer()?.0.ok()?;
        let pairs = token.proofs.iter().zip(&states.states);
        let unspent = pairs.filter(|(_, state)| state.state == State::Unspent);
        Ok(unspent.map(|(p, _)| p.proof.amount).sum())
    }
}

fn text(value: &Value, field: &str) -> Result<String> {
    let found = value.get(field).and_then(Value::as_str);
    Ok(found
        .ok_or_else(|| format!("no {field} was printed"))?
        .to_owned())
}

fn check(holds: bool, otherwise: &str, evidence: &Value) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(format!("{otherwise}: {evidence}").into())
}
