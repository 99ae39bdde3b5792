//! Keysets are followed in passing: tokens of retired ones are renewed where a command asks a mint for
//! something anyway.

use farthing_wallet::{Recovered, Renew};

use crate::args::OpenCommand;
use crate::commands::NativeWallet;
use crate::failure::Failure;
use crate::report::{self, Units};

/// Renews tokens of keysets that retire, where a command asks a mint for something anyway and pays
/// nobody; says what expires soon. Commands that name the account renew only what would expire.
pub(crate) async fn renew(wallet: &mut NativeWallet, command: &OpenCommand) -> Result<(), Failure> {
    let what = match command {
        OpenCommand::Receive { .. }
        | OpenCommand::Reclaim { .. }
        | OpenCommand::Sent { id: None, .. } => Some(Renew::Retired),
        OpenCommand::Withdraw { .. } => Some(Renew::Expiring),
        OpenCommand::Account { .. }
        | OpenCommand::Balance
        | OpenCommand::Budget(_)
        | OpenCommand::Cancel { .. }
        | OpenCommand::History
        | OpenCommand::Key { .. }
        | OpenCommand::Mint(_)
        | OpenCommand::Recover
        | OpenCommand::Redeem(_)
        | OpenCommand::Restore
        | OpenCommand::Send(_)
        | OpenCommand::Sent { id: Some(_), .. }
        | OpenCommand::Spent { .. } => None,
    };
    let units = Units::of(&wallet.mints().await?);
    if let Some(what) = what {
        for swap in renewed(wallet, what).await? {
            eprintln!("{}", report::recovered(&swap, &units));
        }
    }
    for expiring in wallet.expiring().await? {
        eprintln!("{}", report::expires(&expiring, &units));
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
        eprintln!("keysets were not renewed: {error}");
    }
    Ok(renewed.swaps)
}
