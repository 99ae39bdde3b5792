//! `farthing doctor`: looks the wallet and its mints over, and changes nothing.

use farthing_wallet::error::Advice;
use farthing_wallet::native::SqliteStore;
use farthing_wallet::{Finding, Severity};

use super::browser_wallet;
use crate::context::Context;
use crate::failure::Failure;
use crate::progress::waiting;
use crate::report::{self, Report};

/// Carries the command out. A file that cannot be used is a finding, and ends the look.
pub(crate) async fn doctor(context: &Context) -> Result<Report, Failure> {
    let mut findings = SqliteStore::doctor(&context.dir);
    let unusable = |f: &Finding| f.severity == Severity::Trouble && f.code != "file_mode";
    if !findings.iter().any(unusable) {
        let wallet = context.open().await?;
        context.transport.check().await?;
        findings.push(sealed(wallet.has_passphrase()));
        findings.extend(waiting("asking the mints", wallet.doctor()).await);
        let http = context.transport.http();
        // A list of mints that cannot be read was found above.
        for mint in wallet.mints().all().await.unwrap_or_default() {
            let known = farthing_wallet_dist::digest();
            let look = browser_wallet::look_at(&http, &mint.url, known);
            findings.extend(waiting("asking for the wallet for browsers", look).await);
        }
    }
    Ok(report::findings(&findings))
}

fn sealed(has_passphrase: bool) -> Finding {
    match has_passphrase {
        true => Finding::new(
            (Severity::Fine, "passphrase"),
            "wallet",
            "it is under a passphrase".to_owned(),
            "Anyone who takes the file needs the passphrase too.",
            [],
        ),
        false => Finding::new(
            (Severity::Note, "no_passphrase"),
            "wallet",
            "it has no passphrase".to_owned(),
            "Anyone who can read the file has the money.",
            [Advice::SetPassphrase],
        ),
    }
}
