//! The commands: each opens the wallet, settles what was left open, does one thing, and reports.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use farthing_wallet::native::{ReqwestHttp, SqliteStore, system_clock};
use farthing_wallet::{ApiToken, Error, Origin, Phrase, Redeem, SendOptions, Wallet};
use zeroize::Zeroizing;

use crate::args::{Budget, Cli, Command, Mint, OpenCommand};
use crate::failure::Failure;
use crate::get;
use crate::report::{self, Report};
use crate::safety::{self, Onlooker};

pub(crate) type NativeWallet = Wallet<SqliteStore, ReqwestHttp>;

/// Does what the command line asks.
pub(crate) async fn run(cli: Cli) -> Result<Report, Failure> {
    let dir = wallet_dir(cli.wallet)?;
    match cli.command {
        Command::Init { restore } => init(&dir, restore).await,
        // It opens the wallet by itself, and not for as long as a download takes.
        Command::Get(args) => get::get(&dir, cli.mint, args, cli.json).await,
        // Says at length what other commands say in passing.
        Command::Open(OpenCommand::Recover) => safety::recover(&mut open(&dir).await?).await,
        Command::Open(command) => {
            let mut wallet = open(&dir).await?;
            recover(&mut wallet).await?;
            safety::renew(&mut wallet, &command).await?;
            with_wallet(&mut wallet, cli.mint.as_deref(), command).await
        }
    }
}

/// Carries out a command on an open wallet, at the mint `url` or the first one.
async fn with_wallet(
    wallet: &mut NativeWallet,
    url: Option<&str>,
    command: OpenCommand,
) -> Result<Report, Failure> {
    match command {
        OpenCommand::Balance => Ok(report::balances(&wallet.balance().await?)),
        OpenCommand::Mint(Mint::List) => Ok(report::mints(&wallet.mints().await?)),
        OpenCommand::Mint(Mint::Add { url, token }) => {
            let token = token.map(api_token).transpose()?;
            Ok(report::mint_added(&wallet.add_mint(&url, token).await?))
        }
        OpenCommand::Withdraw { amount } => {
            let mint = wallet.mint(url).await?;
            let finished = wallet.withdraw(&mint, amount).await?;
            Ok(report::finished("withdrew", &[finished]))
        }
        OpenCommand::Send(send) => {
            let mint = wallet.mint(url).await?;
            let options = SendOptions {
                memo: send.memo,
                lock: send.lock,
            };
            Ok(report::sent(
                &wallet.send(&mint, send.amount, options).await?,
            ))
        }
        OpenCommand::Receive { token } => {
            let token = argument_or_input(token)?;
            Ok(report::finished("received", &wallet.receive(&token).await?))
        }
        OpenCommand::Redeem(redeem) => {
            let mint = wallet.mint(url).await?;
            let what = redeem.amount.map_or(Redeem::All, Redeem::Amount);
            Ok(report::finished(
                "redeemed",
                &wallet.redeem(&mint, what).await?,
            ))
        }
        OpenCommand::Sent { id: Some(id) } => Ok(report::sent(&wallet.sent(id).await?)),
        OpenCommand::Sent { id: None } => safety::all_sent(wallet).await,
        OpenCommand::Reclaim { id } => safety::reclaim(wallet, id).await,
        OpenCommand::Recover => safety::recover(wallet).await,
        OpenCommand::Cancel { id } => {
            let finished = wallet.cancel(id).await?;
            Ok(report::cancelled(&finished))
        }
        OpenCommand::Budget(command) => budget(wallet, url, command).await,
        OpenCommand::Spent { days } => Ok(report::spent(&wallet.spent_on_sites(days).await?)),
        OpenCommand::History => Ok(report::history(&wallet.history().await?)),
        OpenCommand::Key => Ok(report::key(wallet.lock_public_key())),
        OpenCommand::Restore => restore(wallet, url).await,
    }
}

async fn init(dir: &Path, restore: bool) -> Result<Report, Failure> {
    let (phrase, origin) = if restore {
        let phrase = Phrase::parse(&ask_phrase()?).map_err(Error::from)?;
        (phrase, Origin::Restored)
    } else {
        (Phrase::generate().map_err(Error::from)?, Origin::New)
    };
    let store = SqliteStore::create(dir).map_err(Error::from)?;
    Wallet::create(store, http()?, system_clock, &phrase, origin).await?;
    let words = phrase.expose();
    let shown = (origin == Origin::New).then_some(words.as_str());
    Ok(report::made(&dir.display().to_string(), shown))
}

/// Opens the wallet and looks at nothing yet.
pub(crate) async fn open(dir: &Path) -> Result<NativeWallet, Failure> {
    let store = SqliteStore::open(dir).map_err(Error::from)?;
    Ok(Wallet::open(store, http()?, system_clock).await?)
}

/// Finishes or undoes what an earlier command could not.
pub(crate) async fn recover(wallet: &mut NativeWallet) -> Result<(), Failure> {
    for recovered in wallet.recover().await? {
        eprintln!("{}", report::recovered(&recovered));
    }
    Ok(())
}

async fn budget(
    wallet: &mut NativeWallet,
    mint: Option<&str>,
    command: Budget,
) -> Result<Report, Failure> {
    match command {
        Budget::Set {
            site,
            per_item,
            per_day,
        } => {
            let mint = wallet.mint(mint).await?;
            let set = wallet.set_budget(&site, &mint, per_item, per_day).await?;
            Ok(report::budget(&set))
        }
        Budget::List => Ok(report::budgets(&wallet.budgets().await?)),
        Budget::Remove { site } => Ok(report::budget(&wallet.remove_budget(&site).await?)),
    }
}

async fn restore(wallet: &mut NativeWallet, url: Option<&str>) -> Result<Report, Failure> {
    let mints = match url {
        Some(_) => vec![wallet.mint(url).await?],
        None => wallet.mints().await?,
    };
    if mints.is_empty() {
        wallet.mint(None).await?;
    }
    let mut restored = Vec::new();
    let mut onlooker = Onlooker::new();
    for mint in mints {
        let found = wallet.restore(&mint, &mut onlooker).await?;
        restored.push((mint, found));
    }
    Ok(report::restored(&restored))
}

fn http() -> Result<ReqwestHttp, Failure> {
    ReqwestHttp::new().map_err(|error| Failure::Terminal(error.to_string()))
}

fn wallet_dir(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let platform = || {
        let dirs = directories::ProjectDirs::from("", "", "farthing")?;
        Some(dirs.data_dir().to_owned())
    };
    let missing =
        || Failure::Terminal("there is no home folder; name one: --wallet DIR".to_owned());
    given.or_else(platform).ok_or_else(missing)
}

/// The phrase, from a prompt that does not show it or from standard input; never an argument.
fn ask_phrase() -> Result<Zeroizing<String>, Failure> {
    if io::stdin().is_terminal() {
        Ok(Zeroizing::new(rpassword::prompt_password(
            "Recovery phrase (not shown): ",
        )?))
    } else {
        read_input()
    }
}

fn api_token(argument: String) -> Result<ApiToken, Failure> {
    let text = argument_or_input(argument)?;
    Ok(ApiToken::new(&text))
}

/// An argument, or standard input for `-`.
fn argument_or_input(argument: String) -> Result<Zeroizing<String>, Failure> {
    if argument == "-" {
        read_input()
    } else {
        Ok(Zeroizing::new(argument))
    }
}

fn read_input() -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
