//! The commands: each opens the wallet, settles what was left open, does one thing, and reports.

use farthing_wallet::error::UsageError;
use farthing_wallet::native::{SqliteStore, system_clock};
use farthing_wallet::records::Mint;
use farthing_wallet::{
    ApiToken, Batched, Error, Need, Origin, Phrase, Redeem, Renew, Sealed, SendOptions, Unit,
    Wallet,
};

mod again;
mod browser_wallet;
mod doctor;
mod get;
mod passphrase;
mod rescue;
mod tend;
mod timer;
mod transfer;

use crate::args::{self, Budget, Cli, Command, Init, OpenCommand, Send};
use crate::ask;
use crate::context::{Context, NativeWallet, recover, wallet_dir};
use crate::failure::Failure;
use crate::progress::{TerminalObserver, waiting};
use crate::proxy;
use crate::report::{self, Report, Units};
use crate::screen::{Look, Screen, can_ask, say};
use crate::shell;

/// Does what the command line asks.
pub(crate) async fn run(cli: Cli) -> Result<Report, Failure> {
    match cli.command {
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { dir } => shell::man(dir.as_deref()),
        Command::Proxy(command) => proxy::command(&wallet_dir(cli.global.wallet)?, &command),
        Command::Passphrase(command) => {
            passphrase::command(&Context::of(cli.global)?, &command).await
        }
        Command::Init(args) => init(&Context::of(cli.global)?, &args).await,
        Command::Phrase(args) => rescue::phrase(&Context::of(cli.global)?, &args).await,
        Command::Salvage(args) => rescue::salvage(&Context::of(cli.global)?, &args).await,
        // It opens the wallet by itself, and not for as long as a download takes.
        Command::Doctor => doctor::doctor(&Context::of(cli.global)?).await,
        Command::Get(args) => get::get(&Context::of(cli.global)?, args).await,
        Command::Open(OpenCommand::Tend(args)) if args.install || args.print => {
            timer::timer(&Context::of(cli.global)?, args.install)
        }
        Command::Open(command) => {
            let context = Context::of(cli.global)?;
            let mut wallet = context.open().await?;
            if needs_network(&command) {
                context.transport.check().await?;
            }
            // Recover says at length what other commands say in passing. What is open at a mint that
            // has moved is settled at its new address.
            let settles_itself = matches!(
                command,
                OpenCommand::Recover
                    | OpenCommand::Tend(_)
                    | OpenCommand::Mint(args::Mint::Move { .. })
            );
            if !settles_itself {
                let before = again::begun_before(&wallet, &context, &command).await?;
                let found = recover(&mut wallet, before).await?;
                let units = Units::of(&wallet.mints().all().await?);
                if let Some(report) = again::answer(&wallet, found, &units).await? {
                    return Ok(report);
                }
                tend::in_passing(&mut wallet, &command).await?;
            }
            with_wallet(&mut wallet, &context, command).await
        }
    }
}

/// Returns whether a command is about mints, and not about what the wallet knows by itself.
fn needs_network(command: &OpenCommand) -> bool {
    match command {
        OpenCommand::Mint(args::Mint::Add { .. } | args::Mint::Move { .. })
        | OpenCommand::Account { .. }
        | OpenCommand::Withdraw { .. }
        | OpenCommand::Send(_)
        | OpenCommand::Receive { .. }
        | OpenCommand::Redeem(_)
        | OpenCommand::Reclaim { .. }
        | OpenCommand::Recover
        | OpenCommand::Cancel { .. }
        | OpenCommand::Tend(_)
        | OpenCommand::Import(_)
        | OpenCommand::Restore => true,
        OpenCommand::Mint(args::Mint::List)
        | OpenCommand::Balance
        | OpenCommand::Sent { .. }
        | OpenCommand::Budget(_)
        | OpenCommand::Spent { .. }
        | OpenCommand::Export(_)
        | OpenCommand::History
        | OpenCommand::Key { .. } => false,
    }
}

/// Carries out a command on an open wallet.
async fn with_wallet(
    wallet: &mut NativeWallet,
    context: &Context,
    command: OpenCommand,
) -> Result<Report, Failure> {
    let units = Units::of(&wallet.mints().all().await?);
    let url = context.mint.as_deref();
    match command {
        OpenCommand::Balance => Ok(report::balances(&wallet.balance().await?, &units)),
        OpenCommand::Account { limit, before } => account(wallet, url, before, limit).await,
        OpenCommand::Mint(command) => mint(wallet, command).await,
        OpenCommand::Withdraw { amount } => {
            let read = |unit: &Unit| amount.read(unit, context.reading);
            let (mint, amount) = wallet.mints().choose(url, Need::Account, read).await?;
            let finished = waiting("withdrawing", wallet.withdraw(&mint, amount)).await?;
            let done = Batched {
                finished: vec![finished],
                ..Batched::default()
            };
            Ok(report::finished("withdrew", &done, &units))
        }
        OpenCommand::Send(args) => send(wallet, context, args, &units).await,
        OpenCommand::Receive { token } => {
            let token = ask::argument_or_input(&token, "the token")?;
            let received = waiting("swapping the token", wallet.receive(&token)).await?;
            Ok(report::finished("received", &received, &units))
        }
        OpenCommand::Redeem(args) => redeem(wallet, context, &args, &units).await,
        OpenCommand::Sent { id: Some(id), qr } => Ok(report::sent(
            &wallet.sent_tokens().get(id).await?,
            &units,
            qr,
        )),
        OpenCommand::Sent { id: None, .. } => {
            let what = "asking what became of them";
            for error in waiting(what, wallet.sent_tokens().check()).await? {
                say(&format!("not asked: {error}"));
            }
            Ok(report::all_sent(&wallet.sent_tokens().all().await?, &units))
        }
        OpenCommand::Reclaim { id } => {
            let back = waiting("taking the token back", wallet.reclaim(id)).await?;
            Ok(report::finished("took back", &back, &units))
        }
        OpenCommand::Recover => recover_all(wallet, &units).await,
        OpenCommand::Tend(_) => tend::tend(wallet, &units).await,
        OpenCommand::Cancel { id } => {
            let finished = waiting("asking the mint", wallet.cancel(id)).await?;
            Ok(report::cancelled(&finished, &units))
        }
        OpenCommand::Budget(command) => budget(wallet, context, command, &units).await,
        OpenCommand::Spent { days } => {
            Ok(report::spent(&wallet.budgets().spent(days).await?, &units))
        }
        OpenCommand::History => {
            let (history, open) = (wallet.history().await?, wallet.open_operations().await?);
            Ok(report::history(&history, &open, &units))
        }
        OpenCommand::Key { qr, former } => key(wallet, url, qr, former).await,
        OpenCommand::Restore => restore(wallet, url).await,
        OpenCommand::Export(args) => transfer::export(wallet, &args, &units).await,
        OpenCommand::Import(args) => transfer::import(wallet, &args).await,
    }
}

async fn mint(wallet: &mut NativeWallet, command: args::Mint) -> Result<Report, Failure> {
    match command {
        args::Mint::List => Ok(report::mints(&wallet.mints().all().await?)),
        args::Mint::Add {
            url,
            token,
            unlisted,
        } => {
            let token = token.map(api_token).transpose()?;
            let mints = wallet.mints();
            let added = async {
                match unlisted {
                    true => mints.add_unlisted(&url, token).await,
                    false => mints.add(&url, token).await,
                }
            };
            let added = waiting("asking the mint for its keys", added).await?;
            Ok(report::mint_added(&added))
        }
        args::Mint::Move { old, new } => {
            let mints = wallet.mints();
            let moved = waiting("comparing the mint's keys", mints.move_to(&old, &new)).await?;
            recover(wallet, None).await?;
            Ok(report::mint_added(&moved))
        }
    }
}

async fn redeem(
    wallet: &mut NativeWallet,
    context: &Context,
    args: &args::Redeem,
    units: &Units,
) -> Result<Report, Failure> {
    let text = args.amount.as_ref();
    let read = |unit: &Unit| text.map_or(Ok(0), |text| text.read(unit, context.reading));
    let named = context.mint.as_deref();
    let (mint, amount) = wallet
        .mints()
        .choose(named, Need::BalanceAndAccount, read)
        .await?;
    let what = text.map_or(Redeem::All, |_| Redeem::Amount(amount));
    let redeemed = waiting("redeeming", wallet.redeem(&mint, what)).await?;
    Ok(report::finished("redeemed", &redeemed, units))
}

async fn key(
    wallet: &mut NativeWallet,
    url: Option<&str>,
    qr: bool,
    former: bool,
) -> Result<Report, Failure> {
    let none = |_: &Unit| Ok::<_, Failure>(0);
    let (mint, _) = wallet.mints().choose(url, Need::Mint, none).await?;
    let key = match former {
        true => wallet.mints().use_former_lock_key(&mint).await?,
        false => wallet.lock_public_key(&mint).await?,
    };
    Ok(report::key(&mint, key, qr))
}

async fn init(context: &Context, args: &Init) -> Result<Report, Failure> {
    let (phrase, origin) = if args.restore {
        let text = match &args.phrase_file {
            Some(path) => ask::file_or_input(path, "the phrase")?,
            None => ask::secret_or_input("the recovery phrase", "give it with --phrase-file FILE")?,
        };
        let phrase = Phrase::parse(&text).map_err(Error::from)?;
        (phrase, Origin::Restored)
    } else {
        (Phrase::generate().map_err(Error::from)?, Origin::New)
    };
    let protects = args.passphrase || args.new.new_passphrase_file.is_some();
    let passphrase = protects
        .then(|| crate::passphrase::new_one(&args.new))
        .transpose()?;
    let (dir, http) = (&context.dir, context.transport.http());
    let store = SqliteStore::create(dir).map_err(Error::from)?;
    let mut store = Sealed::open(store, None).await.map_err(Error::from)?;
    if let Some(passphrase) = &passphrase {
        // Before anything is in it, so that nothing ever lay there in clear.
        store
            .set_passphrase(Some(passphrase))
            .await
            .map_err(Error::from)?;
    }
    Wallet::create(store, http, system_clock, &phrase, origin).await?;
    context.transport.keep(dir)?;
    let words = phrase.expose();
    let shown = (origin == Origin::New).then_some(words.as_str());
    Ok(report::made(&dir.display().to_string(), shown))
}

/// `farthing recover`: settles all that is open, also what takes long, and says what it found.
async fn recover_all(wallet: &mut NativeWallet, units: &Units) -> Result<Report, Failure> {
    let mut found = wallet
        .recover_all(&mut TerminalObserver::new(units))
        .await?;
    let renewed = wallet.renew(Renew::Retired).await?;
    for error in &renewed.failures {
        say(&format!("keysets were not renewed: {error}"));
    }
    found.extend(renewed.swaps);
    let open = wallet.open_operations().await?.len();
    Ok(report::all_recovered(&found, open, units))
}

async fn send(
    wallet: &mut NativeWallet,
    context: &Context,
    args: Send,
    units: &Units,
) -> Result<Report, Failure> {
    let read = |unit: &Unit| args.amount.read(unit, context.reading);
    let named = context.mint.as_deref();
    let (mint, amount) = wallet.mints().choose(named, Need::Balance, read).await?;
    let options = SendOptions {
        memo: args.memo,
        lock: args.lock,
        cashu: args.cashu,
    };
    let gets = waiting(
        "planning the token",
        wallet.receiver_gets(&mint, amount, &options),
    );
    let gets = gets.await?;
    if gets <= amount / 2 {
        let unit = mint.shown_in();
        let (gets, amount) = (unit.number(gets), unit.show(amount));
        agree_to_dust(&format!(
            "The mint's fee for taking this token in leaves its receiver {gets} of {amount}: the rest of \
             it would be nobody's."
        ))?;
    }
    let sent = waiting("making the token", wallet.send(&mint, amount, options)).await?;
    Ok(report::sent(&sent, units, args.qr))
}

async fn account(
    wallet: &NativeWallet,
    url: Option<&str>,
    before: Option<u64>,
    limit: u32,
) -> Result<Report, Failure> {
    let mint = wallet.mints().with_account(url).await?;
    let asked = async {
        let account = wallet.account(&mint);
        Ok::<_, Error>((
            account.get().await?,
            account.statement(before, limit).await?,
        ))
    };
    let (account, statement) = waiting("asking the mint", asked).await?;
    Ok(report::account(&mint, &account, &statement))
}

/// Warns of a token that is worth little to its receiver, and asks where somebody can be asked.
fn agree_to_dust(warning: &str) -> Result<(), Failure> {
    say(&Look::Warning.err(warning));
    match can_ask() && !ask::yes("Make it all the same?")? {
        true => Err(Failure::Unchanged {
            code: "declined",
            what: "the token was not made",
            advice: "Send more at once, or larger tokens: the fee is for each token.",
        }),
        false => Ok(()),
    }
}

async fn budget(
    wallet: &mut NativeWallet,
    context: &Context,
    command: Budget,
    units: &Units,
) -> Result<Report, Failure> {
    match command {
        Budget::Set {
            site,
            per_item,
            per_day,
        } => {
            let read = |unit: &Unit| per_item.read(unit, context.reading);
            let named = context.mint.as_deref();
            let (mint, per_item) = wallet.mints().choose(named, Need::Unit, read).await?;
            let unit = mint.shown_in();
            let per_day = per_day.read(&unit, context.reading)?;
            let set = wallet
                .budgets()
                .set(&site, &mint, per_item, per_day)
                .await?;
            Ok(report::budget(&set, units))
        }
        Budget::List => Ok(report::budgets(&wallet.budgets().all().await?, units)),
        Budget::Remove { site } => Ok(report::budget(
            &wallet.budgets().remove(&site).await?,
            units,
        )),
    }
}

async fn restore(wallet: &mut NativeWallet, url: Option<&str>) -> Result<Report, Failure> {
    let mints = match url {
        Some(url) => vec![known_or_moved(wallet, url).await?],
        None => wallet.mints().all().await?,
    };
    if mints.is_empty() {
        wallet.mint(None).await?;
    }
    let units = Units::of(&mints);
    let (mut restored, mut failed): (Vec<(Mint, _)>, _) = (Vec::new(), None);
    for mint in mints {
        // One mint that cannot be searched keeps no other from it.
        match wallet
            .restore(&mint, &mut TerminalObserver::new(&units))
            .await
        {
            Ok(found) => restored.push((mint, found)),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    let Some(error) = failed else {
        return Ok(report::restored(&restored));
    };
    if !restored.is_empty() {
        let told = report::restored(&restored);
        say(&told.shown(Screen::Plain));
    }
    Err(error.into())
}

/// The mint with an address, also one that is new: then the mint's identity tells which it is.
async fn known_or_moved(wallet: &mut NativeWallet, url: &str) -> Result<Mint, Failure> {
    match wallet.mint(Some(url)).await {
        Err(Error::Usage(UsageError::MintUnknown(_))) => Ok(wallet.mints().follow(url).await?),
        found => Ok(found?),
    }
}

/// The API token that was given, or is to be asked for with `-`.
fn api_token(argument: String) -> Result<ApiToken, Failure> {
    let text = match argument.as_str() {
        ask::DASH => ask::secret_or_input("the API token", "give it on standard input")?,
        _ => argument.into(),
    };
    Ok(ApiToken::new(&text))
}
