//! `farthing doctor`: looks the wallet over. It asks no mint and no site, so that looking tells nobody
//! anything; what is read is read whole, so that a damaged record shows.

use std::path::Path;

use farthing_wallet::pay::offer::keeps_secrets;
use farthing_wallet::records::{Mint, SentState};

use crate::commands::{NativeWallet, Setting};
use crate::failure::Failure;
use crate::report::{self, Finding, Report, Severity, Units};

/// Looks at everything and reports.
///
/// # Errors
/// When the wallet cannot be read; the error names the record.
pub(crate) async fn examine(
    wallet: &NativeWallet,
    setting: &Setting,
    units: &Units,
) -> Result<Report, Failure> {
    let mut findings = vec![passphrase(wallet)];
    findings.extend(readers(&setting.dir)?);
    findings.push(way(setting).await);
    let mints = wallet.mints().await?;
    if mints.is_empty() {
        findings.push(Finding {
            code: "no_mint",
            severity: Severity::Note,
            what: "the wallet knows no mint".to_owned(),
            advice: Some("farthing mint add URL".to_owned()),
        });
    }
    findings.extend(mints.iter().flat_map(mint));
    findings.extend(open(wallet, units).await?);
    findings.extend(unclaimed(wallet, units).await?);
    for expiring in wallet.expiring().await? {
        findings.push(Finding {
            code: "expires_soon",
            severity: Severity::Warning,
            what: report::expires(&expiring, units),
            advice: Some("farthing recover renews them".to_owned()),
        });
    }
    // The rest is read for its being readable.
    wallet.balance().await?;
    wallet.history().await?;
    wallet.budgets().await?;
    findings.push(Finding {
        code: "readable",
        severity: Severity::Good,
        what: "everything that the wallet keeps can be read".to_owned(),
        advice: None,
    });
    Ok(report::findings(&findings))
}

fn passphrase(wallet: &NativeWallet) -> Finding {
    match wallet.has_passphrase() {
        true => Finding {
            code: "passphrase",
            severity: Severity::Good,
            what: "a passphrase protects the wallet's file".to_owned(),
            advice: None,
        },
        false => Finding {
            code: "no_passphrase",
            severity: Severity::Note,
            what: "whoever reads the wallet's file has the money".to_owned(),
            advice: Some("farthing passphrase set, or an encrypted disk".to_owned()),
        },
    }
}

/// Whether others on this machine may read the wallet's folder and files.
#[cfg(unix)]
fn readers(dir: &Path) -> Result<Vec<Finding>, Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut findings = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let mode = entry.metadata()?.permissions().mode();
        if mode & 0o077 != 0 && entry.file_name().to_string_lossy().starts_with("wallet.") {
            let path = entry.path();
            findings.push(Finding {
                code: "file_open_to_others",
                severity: Severity::Warning,
                what: format!("others on this machine may open {}", path.display()),
                advice: Some(format!("chmod 600 {}", path.display())),
            });
        }
    }
    Ok(findings)
}

#[cfg(not(unix))]
fn readers(_: &Path) -> Result<Vec<Finding>, Failure> {
    Ok(Vec::new())
}

async fn way(setting: &Setting) -> Finding {
    match (setting.way.proxy(), setting.way.check().await) {
        (None, _) => Finding {
            code: "no_proxy",
            severity: Severity::Note,
            what: "mints and sites see the address that this machine has on the network".to_owned(),
            advice: Some("farthing proxy set socks5h://127.0.0.1:9050, with Tor".to_owned()),
        },
        (Some(proxy), Ok(())) => Finding {
            code: "proxy",
            severity: Severity::Good,
            what: format!("requests go through {proxy}, which answers"),
            advice: None,
        },
        (Some(proxy), Err(_)) => Finding {
            code: "proxy_unusable",
            severity: Severity::Warning,
            what: format!("requests go through {proxy}, which cannot be used"),
            advice: Some("start it, or give another: farthing proxy set".to_owned()),
        },
    }
}

fn mint(mint: &Mint) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !keeps_secrets(&mint.url) {
        findings.push(Finding {
            code: "mint_in_clear_text",
            severity: Severity::Warning,
            what: format!(
                "whoever reads the connection to {} can take tokens",
                mint.url
            ),
            advice: Some("ask the operator for an https address".to_owned()),
        });
    }
    if mint.lane.is_none() {
        findings.push(Finding {
            code: "not_restored",
            severity: Severity::Warning,
            what: format!(
                "{} was not searched for what the phrase has there",
                mint.url
            ),
            advice: Some("farthing restore".to_owned()),
        });
    }
    findings
}

async fn open(wallet: &NativeWallet, units: &Units) -> Result<Vec<Finding>, Failure> {
    let finding = |operation| Finding {
        code: "operation_open",
        severity: Severity::Warning,
        what: report::still_open(&operation, units),
        advice: Some("farthing recover".to_owned()),
    };
    let operations = wallet.open_operations().await?;
    Ok(operations.into_iter().map(finding).collect())
}

async fn unclaimed(wallet: &NativeWallet, units: &Units) -> Result<Vec<Finding>, Failure> {
    let sent = wallet.all_sent().await?;
    let waiting = sent
        .iter()
        .filter(|sent| matches!(sent.state(), SentState::Unclaimed | SentState::Partly));
    let finding = |sent: &farthing_wallet::records::Sent| {
        let amount = units.at(&sent.mint, &sent.unit).show(sent.outstanding());
        let id = sent.id;
        Finding {
            code: "token_unclaimed",
            severity: Severity::Note,
            what: format!("of token {id}, {amount} are not known to be claimed"),
            advice: Some(format!(
                "farthing sent asks the mint; farthing reclaim {id} takes it back"
            )),
        }
    };
    Ok(waiting.map(finding).collect())
}
