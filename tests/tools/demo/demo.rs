//! The demo: a whole payment from an account to a publisher, with real processes, told step by step.
//! Every number it prints was checked; a step that does not hold ends it with an error.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Parser;
use farthing_protocol::ErrorCode;
use farthing_protocol::api::path::WALLET;
use farthing_protocol::error_code::ErrorBody;
use farthing_protocol::payment::header;
use serde_json::Value;
use tokio::runtime::Runtime;

use farthing_testkit::paywall::{PaywallPlan, PaywallProcess};
use farthing_testkit::process::{Mint, Wallet};
use farthing_testkit::{Result, site};

/// A mint, two wallets and a publisher with a paywall trade real tokens, step by step.
#[derive(Debug, Parser)]
#[command(name = "farthing-demo")]
pub(crate) struct Demo {
    /// Leave the mint and the paywall running at the end, to play with in a browser and a terminal.
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
    paywall: PaywallProcess,
}

impl Demo {
    /// Plays the story with the processes that `binary` can become, in a folder that is removed
    /// afterwards (but not with `--serve`).
    ///
    /// # Errors
    /// With the first step that does not hold.
    pub(crate) fn run(&self, binary: PathBuf) -> Result<()> {
        let dir = tempfile::Builder::new()
            .prefix("farthing-demo-")
            .tempdir()?;
        // The articles are served by this process, while it waits for the others.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let site = runtime.block_on(site::serve())?;
        let stage = self.set_up(&binary, dir.path(), &site)?;
        play(&stage, &runtime)?;
        if self.serve {
            return serve(stage, &dir.keep());
        }
        let Stage {
            mut mint, paywall, ..
        } = stage;
        paywall.stop()?;
        mint.stop()?;
        mint.balanced()?;
        tell("\nPaywall and mint have stopped, and the books still balance. Every step held.");
        Ok(())
    }

    fn set_up(&self, binary: &Path, dir: &Path, site: &str) -> Result<Stage> {
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

        step("The publisher puts a paywall before its site: 5 credits an article");
        let plan = PaywallPlan::new(binary, &dir.join("paywall"), site, &url, &publisher_token);
        let plan = plan.with("NAME", "The Daily").price("/articles/*=5");
        let listen = if self.serve {
            "127.0.0.1:8402"
        } else {
            "127.0.0.1:0"
        };
        let paywall = plan.with("LISTEN", listen).start()?;
        say(&format!(
            "a real paywall process listens on {}",
            paywall.url
        ));
        Ok(Stage {
            mint,
            ann,
            bob,
            paywall,
        })
    }
}

fn play(stage: &Stage, runtime: &Runtime) -> Result<()> {
    withdraw(stage)?;
    send(stage)?;
    read_article(stage)?;
    read_again(stage)?;
    broken_article(stage)?;
    runtime.block_on(spent_token(stage))?;
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

fn read_article(stage: &Stage) -> Result<()> {
    step("Bob reads an article that costs 5");
    let asked = stage.bob.command(&["get", &stage.article("1")]).output()?;
    if asked.status.success() || account(stage, "the-daily")? != 0 {
        return Err("the wallet paid without being told to".into());
    }
    say("farthing get asks before it pays: told nothing, it pays nothing");
    buy(stage, "1")?;
    say(site::article_text("1").trim_end());
    expect("bob's wallet", stage.bob.balance()?, 15)?;
    expect("the publisher's account", account(stage, "the-daily")?, 5)?;
    say("he paid with tokens worth more, and the change came with the article");
    saw("that the publisher's account gained 5, and that the rest went back to whoever paid");
    blind("who paid, and for what: any token that it ever signed may have become this one");
    Ok(())
}

fn read_again(stage: &Stage) -> Result<()> {
    step("Bob reads it again: the receipt makes it free");
    buy(stage, "1")?;
    expect("bob's wallet", stage.bob.balance()?, 15)?;
    expect("the publisher's account", account(stage, "the-daily")?, 5)?;
    say("a receipt says what was paid for, to whom, how much and when; nothing about bob");
    Ok(())
}

fn broken_article(stage: &Stage) -> Result<()> {
    step("Bob wants an article that the publisher's server fails to deliver");
    let url = stage.article("broken");
    let arguments = ["get", &url, "--max", "5", "--yes"];
    let output = stage.bob.command(&arguments).output()?;
    if output.status.success() {
        return Err("a failure of the site counts as a success".into());
    }
    expect("bob's wallet", stage.bob.balance()?, 10)?;
    expect("kept aside", stage.bob.kept_aside()?, 5)?;
    expect("the publisher's account", account(stage, "the-daily")?, 5)?;
    say(
        "only what is delivered is charged; the publisher has seen bob's token, so it is kept aside",
    );
    say("and swapped later, when nobody can tell that it was shown; farthing recover does it now");
    stage.bob.run(&["recover"])?;
    expect("bob's wallet", stage.bob.balance()?, 15)?;
    Ok(())
}

async fn spent_token(stage: &Stage) -> Result<()> {
    step("Somebody pays with a token that was spent");
    let token = stage.ann.send(5)?;
    stage.bob.run(&["receive", &token])?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let request = client.get(stage.article("2")).header(header::CASHU, token);
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    let body: ErrorBody = serde_json::from_slice(&answer.bytes().await?)?;
    if (status, body.code) != (400, ErrorCode::AlreadySpent.number()) {
        return Err(format!("refused with {status} and {}, not 400 and 11001", body.code).into());
    }
    say("refused: 400, code 11001, the token was spent before; the article stays shut");
    expect("the publisher's account", account(stage, "the-daily")?, 5)?;
    Ok(())
}

/// Has bob's wallet get an article for up to 5, and checks that it is the article.
fn buy(stage: &Stage, n: &str) -> Result<()> {
    let url = stage.article(n);
    let output = stage
        .bob
        .command(&["get", &url, "--max", "5", "--yes"])
        .output()?;
    if !output.status.success() || output.stdout != site::article_text(n).as_bytes() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("not the article: {}", stderr.trim()).into());
    }
    Ok(())
}

impl Stage {
    /// The address of an article.
    fn article(&self, n: &str) -> String {
        format!("{}/articles/{n}", self.paywall.url)
    }
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
        "owed on tokens (ann 25, bob 20)",
        number("outstanding_total"),
        45,
    )?;
    expect("fees kept", number("fees"), 0)?;
    say("100 = 55 + 45 + 0: the books balance");
    let statement = stage.mint.run(&["account", "statement", "the-daily"])?;
    let income = statement
        .pointer("/postings/0/amount")
        .and_then(Value::as_i64);
    expect(
        "the publisher's statement has one posting",
        income.unwrap_or(0),
        5,
    )?;
    Ok(())
}

/// Returns what an account holds, by the operator's list.
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

/// Leaves the mint and the paywall running until it is stopped, and says how to play with it.
fn serve(stage: Stage, dir: &Path) -> Result<()> {
    let url = stage.mint.url()?.to_owned();
    let (shown, paywall) = (dir.display(), stage.paywall.url.clone());
    stage.ann.run(&["withdraw", "20"])?;
    let token = stage.ann.send(20)?;
    tell(&format!(
        "\nThe mint goes on at {url}, the paywall at {paywall}, until you press Ctrl-C. Everything is \
         in {shown}.\n\
         In a browser on this machine, make a wallet and take 20 credits into it:\n\n  \
           {url}{WALLET}#token={token}\n\n\
         Then read an article for 5 of them:\n\n  \
           {paywall}/articles/2\n\n\
         From the repository, in another terminal:\n\n  \
           farthing() {{ cargo run -q --release --bin farthing -- \"$@\"; }}\n  \
           farthing-mint() {{ cargo run -q --release --bin farthing-mint -- \"$@\"; }}\n\n  \
           farthing balance --wallet {shown}/ann\n  \
           farthing send 4 --wallet {shown}/ann\n  \
           farthing receive TOKEN --wallet {shown}/bob\n  \
           farthing get {paywall}/articles/3 --wallet {shown}/bob\n  \
           farthing-mint account statement the-daily --data {shown}/mint\n  \
           farthing-mint audit --data {shown}/mint\n  \
           curl {url}/v1/info\n"
    ));
    let Stage { mint, paywall, .. } = stage;
    let status = mint.into_child()?.wait()?;
    paywall.stop()?;
    tell(&format!(
        "The mint has stopped ({status}), and the paywall with it. Remove {shown} when you are done."
    ));
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
    tell(&format!("\n{title}"));
}

fn say(text: &str) {
    tell(&format!("  {text}"));
}

fn saw(text: &str) {
    tell(&format!("  the mint saw   {text}"));
}

fn blind(text: &str) {
    tell(&format!("  it cannot know {text}"));
}

/// Writes a line of the story. The steps hold or do not hold whether it can be read or not, and the exit
/// code tells.
fn tell(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
