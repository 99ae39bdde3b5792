//! What is done in passing, where a command asks a mint for something anyway and pays nobody: keysets are
//! followed, and what sites have seen and did not charge is swapped.

use farthing_wallet::{Recovered, Renew};

use crate::args::{Mint, OpenCommand};
use crate::context::NativeWallet;
use crate::failure::Failure;
use crate::report::{self, Units};
use crate::screen::say;

/// After this many seconds more than it has to wait, what sites have seen is swapped also where a command
/// would not ask the mint for anything.
const OVERDUE_S: u64 = 24 * 60 * 60;

/// Renews tokens of keysets that retire, and swaps what sites have seen, where a command asks a mint for
/// something anyway and pays nobody; says what expires soon. Commands that name the account renew only what
/// would expire, and swap nothing: the mint would learn whose the tokens are.
pub(crate) async fn renew(wallet: &mut NativeWallet, command: &OpenCommand) -> Result<(), Failure> {
    let (what, waited) = match command {
        OpenCommand::Receive { .. }
        | OpenCommand::Import(_)
        | OpenCommand::Reclaim { .. }
        | OpenCommand::Sent { id: None, .. } => (Some(Renew::Retired), Some(0)),
        OpenCommand::Withdraw { .. } => (Some(Renew::Expiring), None),
        OpenCommand::Account { .. } => (None, None),
        OpenCommand::Balance
        | OpenCommand::Budget(_)
        | OpenCommand::Export(_)
        | OpenCommand::History
        | OpenCommand::Key { .. }
        | OpenCommand::Mint(Mint::List)
        | OpenCommand::Sent { id: Some(_), .. }
        | OpenCommand::Spent { .. } => (None, Some(OVERDUE_S)),
        OpenCommand::Cancel { .. }
        | OpenCommand::Mint(Mint::Add { .. } | Mint::Move { .. })
        | OpenCommand::Recover
        | OpenCommand::Redeem(_)
        | OpenCommand::Restore
        | OpenCommand::Send(_) => (None, None),
    };
    let units = Units::of(&wallet.mints().all().await?);
    let mut swaps = Vec::new();
    if let Some(waited) = waited {
        swaps = wallet.payments().swap_shown(waited).await?;
    }
    if let Some(what) = what {
        swaps.extend(renewed(wallet, what).await?);
    }
    for swap in swaps {
        say(&report::recovered(&swap, &units));
    }
    for expiring in wallet.expiring().await? {
        say(&report::expires(&expiring, &units));
    }
    Ok(())
}

/// Renews all that should be; gives the swaps.
pub(crate) async fn renew_all(wallet: &mut NativeWallet) -> Result<Vec<Recovered>, Failure> {
    renewed(wallet, Renew::Retired).await
}

async fn renewed(wallet: &mut NativeWallet, what: Renew) -> Result<Vec<Recovered>, Failure> {
    let renewed = wallet.renew(what).await?;
    for error in &renewed.failures {
        say(&format!("keysets were not renewed: {error}"));
    }
    Ok(renewed.swaps)
}
