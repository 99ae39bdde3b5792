//! `farthing passphrase`: sets, changes and removes the passphrase of the wallet's file.

use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::passphrase::new_one;
use crate::report::{self, Report};

/// Carries the command out.
pub(crate) async fn command(
    context: &Context,
    command: &args::Passphrase,
) -> Result<Report, Failure> {
    let mut wallet = context.open().await?;
    match (command, wallet.has_passphrase()) {
        (args::Passphrase::Show, _) => {}
        (args::Passphrase::Set(new), false) | (args::Passphrase::Change(new), true) => {
            wallet.set_passphrase(Some(&new_one(new)?)).await?;
        }
        (args::Passphrase::Remove, true) => wallet.set_passphrase(None).await?,
        (args::Passphrase::Set(_), true) => {
            return Err(Failure::Unchanged {
                code: "passphrase_there",
                what: "the wallet has a passphrase",
                advice: "To have another one: farthing passphrase change.",
            });
        }
        (args::Passphrase::Change(_) | args::Passphrase::Remove, false) => {
            return Err(Failure::Unchanged {
                code: "no_passphrase",
                what: "the wallet has no passphrase",
                advice: "To have one: farthing passphrase set.",
            });
        }
    }
    Ok(report::passphrase(wallet.has_passphrase()))
}
