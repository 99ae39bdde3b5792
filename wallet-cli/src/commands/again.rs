//! The same command again while its first try is open: that one is gone on with, and no second begun.

use farthing_wallet::records::{Kind, Operation, Outcome, Purpose};
use farthing_wallet::{Batched, Recovered};

use crate::args::{OpenCommand, Send};
use crate::context::{Context, NativeWallet};
use crate::failure::Failure;
use crate::report::{self, Report, Units};

/// The number of the open operation that does what `command` asks for, if there is one.
pub(crate) async fn begun_before(
    wallet: &NativeWallet,
    context: &Context,
    command: &OpenCommand,
) -> Result<Option<u64>, Failure> {
    let mut sent = None;
    let (kind, amount) = if let OpenCommand::Withdraw { amount } = command {
        (Kind::Withdraw, Some(amount))
    } else if let OpenCommand::Send(args) = command {
        sent = Some(args);
        (Kind::Send, Some(&args.amount))
    } else if let OpenCommand::Redeem(args) = command {
        (Kind::Redeem, args.amount.as_ref())
    } else {
        return Ok(None);
    };
    let Some(amount) = amount else {
        return Ok(None);
    };
    let named = match context.mint.as_deref() {
        Some(url) => Some(wallet.mint(Some(url)).await?.url),
        None => None,
    };
    let units = Units::of(&wallet.mints().all().await?);
    for open in wallet.open_operations().await? {
        let at = named.as_ref().is_none_or(|url| *url == open.mint);
        let asked = sent.is_none_or(|args| makes(&open, args));
        if open.kind != kind || !at || !asked {
            continue;
        }
        // An amount that its unit cannot write is the command's to refuse.
        let amount = amount.read(&units.at_mint(&open.mint), context.reading);
        if amount.is_ok_and(|amount| amount == open.amount) {
            return Ok(Some(open.id));
        }
    }
    Ok(None)
}

/// Returns whether an operation makes the token that is asked for.
fn makes(operation: &Operation, args: &Send) -> bool {
    let outputs = operation.outputs.iter();
    let mut to_send = outputs.filter(|o| o.purpose == Purpose::Send);
    let lock = args.lock.as_deref().map(|key| key.trim().to_lowercase());
    operation.memo == args.memo && to_send.all(|o| o.lock == lock && o.is_cashu() == args.cashu)
}

/// Returns what the command answers when the operation that it asks for was begun before: that it is done, or
/// why it is still open. `None` when it was undone: then it begins anew.
///
/// # Errors
/// Why the operation is still open.
pub(crate) async fn answer(
    wallet: &NativeWallet,
    found: Option<Recovered>,
    units: &Units,
) -> Result<Option<Report>, Failure> {
    let Some(found) = found else {
        return Ok(None);
    };
    let id = found.id;
    let finished = match found.result {
        Ok(finished) if finished.entry.outcome == Outcome::Done => finished,
        Ok(_) => return Ok(None),
        Err(error) => {
            let open = wallet.open_operations().await?;
            return match open.iter().any(|o| o.id == id) {
                true => Err(error.into()),
                false => Ok(None),
            };
        }
    };
    let report = match &finished.sent {
        Some(sent) => report::sent(sent, units, false),
        None => {
            let verb = match found.kind == Kind::Withdraw {
                true => "withdrew",
                false => "redeemed",
            };
            let done = Batched {
                finished: vec![finished],
                ..Batched::default()
            };
            report::finished(verb, &done, units)
        }
    };
    let told = format!(
        "It was begun before, as operation {id}, and is done now: nothing was begun anew. To do it once \
         more, run the command again."
    );
    Ok(Some(report.also(told)))
}
