//! Upkeep: `farthing tend`, and the same in passing, where a command asks no mint for anything.

use farthing_wallet::tend::Random;
use farthing_wallet::{Error, Tended};

use crate::args::{Mint, OpenCommand};
use crate::context::NativeWallet;
use crate::failure::Failure;
use crate::progress::waiting;
use crate::report::{self, Report, Units};
use crate::screen::say;

/// `farthing tend`: settles what is open, or else does the one thing that is due. Not both: the mint would see
/// that they are of one wallet.
pub(super) async fn tend(wallet: &mut NativeWallet, units: &Units) -> Result<Report, Failure> {
    let settled = waiting("settling what was left open", wallet.recover()).await?;
    if settled.iter().any(|settled| settled.result.is_ok()) {
        return Ok(report::settled(&settled, units));
    }
    for open in &settled {
        say(&report::recovered(open, units));
    }
    let mut random = Random::of_system()?;
    let tended = waiting("upkeep", wallet.tend(&mut random)).await?;
    Ok(report::tended(&tended, units))
}

/// Does what is due of upkeep where a command asks no mint for anything, and says what was done; says what
/// expires soon. What a mint does not answer is no reason not to go on.
pub(super) async fn in_passing(
    wallet: &mut NativeWallet,
    command: &OpenCommand,
) -> Result<(), Failure> {
    let units = Units::of(&wallet.mints().all().await?);
    if asks_nobody(command) {
        let mut random = Random::of_system()?;
        match waiting("upkeep", wallet.tend(&mut random)).await {
            Ok(Tended::Nothing { .. }) => {}
            Ok(tended) => say(&format!("upkeep: {}", report::tended_text(&tended, &units))),
            Err(Error::Store(error)) => return Err(Error::Store(error).into()),
            // A wallet without a mint has no upkeep.
            Err(Error::Usage(_)) => {}
            Err(error) => say(&format!("upkeep was not done: {error}")),
        }
    }
    for expiring in wallet.expiring().await? {
        say(&report::expires(&expiring, &units));
    }
    Ok(())
}

/// Whether a command neither pays anybody nor asks a mint: a request beside another one shows that both are of one
/// wallet.
fn asks_nobody(command: &OpenCommand) -> bool {
    match command {
        OpenCommand::Balance
        | OpenCommand::Budget(_)
        | OpenCommand::History
        | OpenCommand::Key { .. }
        | OpenCommand::Mint(Mint::List)
        | OpenCommand::Sent { id: Some(_), .. }
        | OpenCommand::Spent { .. } => true,
        OpenCommand::Account { .. }
        | OpenCommand::Cancel { .. }
        | OpenCommand::Export(_)
        | OpenCommand::Import(_)
        | OpenCommand::Mint(Mint::Add { .. } | Mint::Move { .. })
        | OpenCommand::Receive { .. }
        | OpenCommand::Reclaim { .. }
        | OpenCommand::Recover
        | OpenCommand::Redeem(_)
        | OpenCommand::Restore
        | OpenCommand::Send(_)
        | OpenCommand::Sent { id: None, .. }
        | OpenCommand::Tend(_)
        | OpenCommand::Withdraw { .. } => false,
    }
}
