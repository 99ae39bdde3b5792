//! What keeps money from getting lost: settling what is open, what was sent, taking it back, restoring.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use farthing_wallet::records::{Outcome, Sent, SentState};
use farthing_wallet::{
    Error, Expiring, Finished, Observer, Pause, Progress, Recovered, Renew, printable,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::args::OpenCommand;
use crate::commands::NativeWallet;
use crate::failure::Failure;
use crate::report::{self, Report};

/// Shows on a terminal how a restore gets on, and waits for as long as a mint asks.
pub(crate) struct Onlooker(ProgressBar);

impl Onlooker {
    pub(crate) fn new() -> Self {
        if !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner();
        // The template is a constant; were it wrong, the default would do.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }
}

impl Drop for Onlooker {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Observer for Onlooker {
    fn progress(&mut self, progress: &Progress) {
        self.0.set_message(format!(
            "{}: {} in {} tokens; asked about {} places, lane {}",
            progress.mint, progress.amount, progress.tokens, progress.places, progress.lane
        ));
        self.0.tick();
    }

    async fn wait(&mut self, pause: &Pause) -> bool {
        let (mint, seconds) = (&pause.mint, pause.seconds);
        let why = match pause.asked {
            true => "asks to be left alone",
            false => "does not answer",
        };
        let told = format!(
            "the mint {mint} {why} ({}); waiting {seconds} s",
            pause.reason
        );
        if self.0.is_hidden() {
            eprintln!("{told}");
        } else {
            self.0.println(told);
        }
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        true
    }
}

/// `farthing recover`: settles all that is open, and says what it found.
pub(crate) async fn recover(wallet: &mut NativeWallet) -> Result<Report, Failure> {
    let mut onlooker = Onlooker::new();
    let mut found = wallet.recover_all(&mut onlooker).await?;
    drop(onlooker);
    let renewed = wallet.renew(Renew::Retired).await?;
    found.extend(renewed.swaps);
    for error in &renewed.failures {
        eprintln!("keysets were not renewed: {error}");
    }
    let open = wallet.open_operations().await?.len();
    let text = match found.as_slice() {
        [] => "nothing was open".to_owned(),
        found => lines(found.iter().map(report::recovered)),
    };
    let json = json!({
        "recovered": found.iter().map(recovered_json).collect::<Vec<_>>(),
        "open": open,
    });
    Ok(Report::new(json, text))
}

/// `{"id", "kind", "mint", "begun", "outcome", "amount", "error"}`; outcome is `done`, `undone` or
/// `failed`, and `error` is null or as failures are printed, without the exit code.
fn recovered_json(recovered: &Recovered) -> Value {
    let (outcome, amount, error) = match &recovered.result {
        Ok(Finished { entry, .. }) if entry.outcome == Outcome::Undone => {
            ("undone", entry.amount, Value::Null)
        }
        Ok(Finished { entry, .. }) => ("done", entry.amount, Value::Null),
        Err(error) => ("failed", recovered.amount, error_json(error)),
    };
    json!({
        "id": recovered.id,
        "kind": report::kind(recovered.kind),
        "mint": recovered.mint,
        "begun": recovered.begun,
        "outcome": outcome,
        "amount": amount,
        "error": error,
    })
}

fn error_json(error: &Error) -> Value {
    let told = error.explain();
    json!({"code": error.code(), "what": told.what, "money": told.money, "advice": told.advice})
}

/// Renews tokens of keysets that retire, where a command asks a mint for something anyway and pays
/// nobody; says what expires soon. Commands that name the account renew only what would expire.
pub(crate) async fn renew(wallet: &mut NativeWallet, command: &OpenCommand) -> Result<(), Failure> {
    let what = match command {
        OpenCommand::Receive { .. }
        | OpenCommand::Reclaim { .. }
        | OpenCommand::Sent { id: None } => Some(Renew::Retired),
        OpenCommand::Withdraw { .. } => Some(Renew::Expiring),
        OpenCommand::Balance
        | OpenCommand::Budget(_)
        | OpenCommand::Cancel { .. }
        | OpenCommand::History
        | OpenCommand::Key
        | OpenCommand::Mint(_)
        | OpenCommand::Recover
        | OpenCommand::Redeem(_)
        | OpenCommand::Restore
        | OpenCommand::Send(_)
        | OpenCommand::Sent { id: Some(_) }
        | OpenCommand::Spent { .. } => None,
    };
    if let Some(what) = what {
        let renewed = wallet.renew(what).await?;
        for swap in &renewed.swaps {
            eprintln!("{}", report::recovered(swap));
        }
        for error in &renewed.failures {
            eprintln!("keysets were not renewed: {error}");
        }
    }
    for expiring in wallet.expiring().await? {
        eprintln!("{}", expires(&expiring));
    }
    Ok(())
}

fn expires(expiring: &Expiring) -> String {
    let (amount, unit) = (expiring.amount, printable(&expiring.unit));
    format!(
        "{amount} {unit} at {} expire after {}: the wallet renews them when it can; spend or redeem \
         them before",
        expiring.mint,
        report::date(expiring.expires)
    )
}

/// `farthing sent`: what was handed out and what became of it. A mint that cannot be asked leaves
/// what was known before.
pub(crate) async fn all_sent(wallet: &mut NativeWallet) -> Result<Report, Failure> {
    for error in wallet.check_sent().await? {
        eprintln!("not asked: {error}");
    }
    let sent = wallet.all_sent().await?;
    let json = json!({"sent": sent.iter().map(sent_json).collect::<Vec<_>>()});
    Ok(Report::new(json, lines(sent.iter().map(sent_text))))
}

/// `{"id", "time", "mint", "unit", "amount", "memo", "state", "claimed", "taken_back"}`; state is
/// `unclaimed`, `partly`, `claimed` or `taken_back`.
pub(crate) fn sent_json(sent: &Sent) -> Value {
    json!({
        "id": sent.id,
        "time": sent.time,
        "mint": sent.mint,
        "unit": sent.unit,
        "amount": sent.amount(),
        "memo": sent.memo,
        "state": match sent.state() {
            SentState::Unclaimed => "unclaimed",
            SentState::Partly => "partly",
            SentState::Claimed => "claimed",
            SentState::TakenBack => "taken_back",
        },
        "claimed": sent.claimed,
        "taken_back": sent.taken_back,
    })
}

fn sent_text(sent: &Sent) -> String {
    let state = match sent.state() {
        SentState::Unclaimed => "unclaimed".to_owned(),
        SentState::Partly => format!("{} of it left", sent.outstanding()),
        SentState::Claimed => "claimed".to_owned(),
        SentState::TakenBack if sent.claimed > 0 => {
            format!("{} claimed, the rest taken back", sent.claimed)
        }
        SentState::TakenBack => "taken back".to_owned(),
    };
    let memo = sent.memo.as_deref().map(printable).unwrap_or_default();
    let (amount, unit) = (sent.amount(), printable(&sent.unit));
    format!("{}  {amount} {unit}  {state}  {memo}", sent.id)
        .trim_end()
        .to_owned()
}

/// `farthing reclaim ID`.
pub(crate) async fn reclaim(wallet: &mut NativeWallet, id: u64) -> Result<Report, Failure> {
    let finished = wallet.reclaim(id).await?;
    Ok(report::finished("took back", &finished))
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}
