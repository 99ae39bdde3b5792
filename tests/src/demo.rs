//! The demo: a whole payment from an account to a publisher, with real processes, told step by step.
//! Every number it prints was checked; a step that does not hold ends it with an error.

use std::path::{Path, PathBuf};

use clap::Parser;
use farthing_protocol::Token;
use farthing_protocol::api::{Redeemed, path};
use serde_json::Value;

use crate::Result;
use crate::client::{Blanks, Client, proofs, redeem_body};
use crate::process::{Mint, Wallet};

/// A mint, two wallets and a publisher trade real tokens, step by step.
#[derive(Debug, Parser)]
#[command(name = "farthing-demo")]
pub struct Demo {
    /// Leave the mint running at the end, to play with.
    #[arg(long)]
    serve: bool,
    /// Where the mint listens with --serve.
    #[arg(long, default_value = "127.0.0.1:3338", requires = "serve")]
    listen: String,
}

/// The people of the story and where they keep their things.
struct Stage {
    mint: Mint,
    ann: Wallet,
    bob: Wallet,
    publisher_token: String,
    client: Client,
}

impl Demo {
    /// Plays the story with the processes that `binary` can become, in a folder that is removed
    /// afterwards (but not with `--serve`).
    ///
    /// # Errors
    /// With the first step that does not hold.
    pub fn run(&self, binary: PathBuf) -> Result<()> {
        let dir = tempfile::Builder::new()
            .prefix("farthing-demo-")
            .tempdir()?;
        let stage = self.set_up(&binary, dir.path())?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(play(&stage))?;
        if self.serve {
            return serve(stage, &dir.keep());
        }
        let mut mint = stage.mint;
        mint.stop()?;
        mint.balanced()?;
        println!("\nThe mint has stopped, and its books still balance. Every step held.");
        Ok(())
    }

    fn set_up(&self, binary: &Path, dir: &Path) -> Result<Stage> {
        step("An operator starts a mint, and opens two accounts");
        let listen = if self.serve {
            &self.listen
        } else {
            "127.0.0.1:0"
        };
        let url = format!("http://{}", self.listen);
        let arguments = ["--name", "The demo's mint", "--url", &url];
        let mut mint = Mint::init(binary, &dir.join("mint"), &arguments)?;
        mint.start_at(listen)?;
        let url = mint.url()?.to_owned();
        say(&format!("a real mint process listens on {url}"));
        let ann_token = mint.account("ann", "withdraw,redeem,read", 100)?;
        let publisher_token = mint.account("the-daily", "redeem,read", 0)?;
        say("ann paid in 100 credits: her account holds 100, the reserve is 100");
        say("the-daily, a publisher, holds 0");

        let ann = Wallet::init(binary, &dir.join("ann"))?;
        ann.run(&["mint", "add", &url, "--token", &ann_token])?;
        let bob = Wallet::init(binary, &dir.join("bob"))?;
        bob.run(&["mint", "add", &url])?;
        say("ann and bob each have a wallet; bob has no account anywhere");
        Ok(Stage {
            client: Client::new(&url)?,
            mint,
            ann,
            bob,
            publisher_token,
        })
    }
}

async fn play(stage: &Stage) -> Result<()> {
    withdraw(stage)?;
    send(stage)?;
    let payment = stage.bob.send(8)?;
    redeem(stage, &payment).await?;
    double_spend(stage, &payment).await?;
    audit(stage)
}

fn withdraw(stage: &Stage) -> Result<()> {
    step("Ann withdraws 50 into her wallet, as blind-signed tokens");
    stage.ann.run(&["withdraw", "50"])?;
    expect("ann's wallet", stage.ann.balance()?, 50)?;
    expect("ann's account", account(stage, "ann")?, 50)?;
    saw("that ann's account paid for tokens of 2, 16 and 32");
    blind("the tokens: it signed points that ann had blinded, and never saw their secrets");
    Ok(())
}

fn send(stage: &Stage) -> Result<()> {
    step("Ann hands bob 20 as a token, a line of text; bob's wallet takes it in");
    let token = stage.ann.send(20)?;
    let shown: String = token.chars().take(32).collect();
    say(&format!("{shown}… ({} characters)", token.len()));
    stage.bob.run(&["receive", &token])?;
    expect("ann's wallet", stage.ann.balance()?, 30)?;
    expect("bob's wallet", stage.bob.balance()?, 20)?;
    saw("tokens swapped for others of the same worth, by nobody in particular");
    blind("whose they were: a swap has no account, and the tokens' signatures were blind");
    Ok(())
}

async fn redeem(stage: &Stage, payment: &str) -> Result<()> {
    step("Bob pays the publisher 5 with a token of 8, and gets 3 back in the same call");
    let token = Token::decode(payment)?;
    expect("the token", token.amount()?, 8)?;
    let keyset = stage.client.keyset().await?;
    let mut inputs = proofs(&token.proofs);
    inputs.iter_mut().for_each(|input| input.id = keyset.id);
    let change = Blanks::worth(&keyset, 3)?;
    let body = redeem_body(inputs, Some(&change));
    let reply = stage
        .client
        .post(path::REDEEM, Some(&stage.publisher_token), body)
        .await?;
    let redeemed: Redeemed = reply.ok()?;
    expect("credited to the publisher", redeemed.credited, 5)?;
    let change = Token {
        proofs: change.unblind(&redeemed.signatures)?,
        ..token
    };
    stage.bob.run(&["receive", &change.encode()])?;
    expect("bob's wallet", stage.bob.balance()?, 15)?;
    expect("the publisher's account", account(stage, "the-daily")?, 5)?;
    saw("that the publisher's account gained 5, and that 3 went back to whoever paid");
    blind("who paid: any token of 8 that it ever signed may have become this payment");
    Ok(())
}

async fn double_spend(stage: &Stage, payment: &str) -> Result<()> {
    step("Somebody tries to spend the same token again");
    let token = Token::decode(payment)?;
    let keyset = stage.client.keyset().await?;
    let mut inputs = proofs(&token.proofs);
    inputs.iter_mut().for_each(|input| input.id = keyset.id);
    let body = redeem_body(inputs, None);
    let reply = stage
        .client
        .post(path::REDEEM, Some(&stage.publisher_token), body)
        .await?;
    let (status, code) = reply.refusal()?;
    if (status, code) != (400, 11001) {
        return Err(format!("refused with {status} and {code}, not 400 and 11001").into());
    }
    say("refused: 400, code 11001, the token was spent before");
    Ok(())
}

fn audit(stage: &Stage) -> Result<()> {
    step("The operator audits the books");
    let books = stage.mint.balanced()?;
    let number = |name: &str| books.get(name).and_then(Value::as_i64).unwrap_or(-1);
    expect("reserve", number("reserve"), 100)?;
    expect(
        "owed on accounts (ann 50, the-daily 5)",
        number("accounts_total"),
        55,
    )?;
    expect(
        "owed on tokens (ann 30, bob 15)",
        number("outstanding_total"),
        45,
    )?;
    expect("fees kept", number("fees"), 0)?;
    say("100 = 55 + 45 + 0: the books balance");
    Ok(())
}

/// What an account holds, by the operator's list.
fn account(stage: &Stage, name: &str) -> Result<u64> {
    let list = stage.mint.run(&["account", "list"])?;
    let accounts = list.get("accounts").and_then(Value::as_array);
    let account = accounts
        .into_iter()
        .flatten()
        .find(|a| a.get("name") == Some(&name.into()));
    let balance = account
        .and_then(|a| a.get("balance"))
        .and_then(Value::as_u64);
    Ok(balance.ok_or("no such account")?)
}

/// Leaves the mint running until it is stopped, and says how to play with it.
fn serve(stage: Stage, dir: &Path) -> Result<()> {
    let url = stage.mint.url()?.to_owned();
    let shown = dir.display();
    println!(
        "\nThe mint goes on at {url} until you press Ctrl-C. Everything is in {shown}.\n\
         From the repository, in another terminal:\n\n  \
           farthing() {{ cargo run -q --release --bin farthing -- \"$@\"; }}\n  \
           farthing-mint() {{ cargo run -q --release --bin farthing-mint -- \"$@\"; }}\n\n  \
           farthing balance --wallet {shown}/ann\n  \
           farthing send 4 --wallet {shown}/ann\n  \
           farthing receive TOKEN --wallet {shown}/bob\n  \
           farthing-mint account statement the-daily --data {shown}/mint\n  \
           farthing-mint audit --data {shown}/mint\n  \
           curl {url}/v1/info\n"
    );
    let status = stage.mint.into_child()?.wait()?;
    println!("The mint has stopped ({status}). Remove {shown} when you are done.");
    Ok(())
}

fn expect<T: PartialEq + std::fmt::Display>(what: &str, got: T, expected: T) -> Result<()> {
    if got != expected {
        return Err(format!("{what}: {got}, and it must be {expected}").into());
    }
    say(&format!("{what}: {got}"));
    Ok(())
}

fn step(title: &str) {
    println!("\n{title}");
}

fn say(text: &str) {
    println!("  {text}");
}

fn saw(text: &str) {
    println!("  the mint saw   {text}");
}

fn blind(text: &str) {
    println!("  it cannot know {text}");
}
