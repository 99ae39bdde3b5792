//! The wallet for browsers that a mint serves, compared with that of this version.
//!
//! It is asked for at the mint's own address alone, as everybody asks for it, on the connection for what a mint tells
//! everybody. A mint that knows this program from a browser could still give each of them other files.

use farthing_client::MintClient;
use farthing_protocol::json;
use farthing_wallet::error::Advice;
use farthing_wallet::http::{Http, Request};
use farthing_wallet::{Finding, Severity, printable};
use sha2::{Digest as _, Sha256};
use url::Url;

/// The list of the files with their digests, as `sha256sum` writes it.
const LIST: &str = "SHA256SUMS";
/// The most files, and the most bytes of them together: far above what a wallet has.
const FILES_MAX: usize = 256;
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// Why the files say nothing.
enum Fault {
    /// One of them cannot be had.
    Missing(String),
    /// They are not what their list says.
    Damaged(String),
}

/// What a mint serves, when all files are what their list says.
struct Served {
    /// SHA-256 of the list, hex.
    digest: String,
    /// What the files say of their version.
    version: Option<String>,
}

/// Looks at the wallet that the mint at `mint` serves; `known` is the digest of this version's. `None` where the mint
/// serves none, and where it does not answer, which is found elsewhere.
pub(crate) async fn look_at<H: Http>(http: &H, mint: &str, known: &str) -> Option<Finding> {
    let folder = MintClient::new(http, mint).info().await.ok()?.wallet?;
    if !is_at(&folder, mint) {
        return Some(Finding::new(
            (Severity::Note, "browser_wallet_elsewhere"),
            mint,
            format!("its wallet for browsers is at {}", printable(&folder)),
            "It was not looked at: this command asks nobody but the mint.",
            [],
        ));
    }
    Some(match served(http, &folder).await {
        Ok(served) => compare(mint, &served, known),
        Err(Fault::Missing(what)) => Finding::new(
            (Severity::Warning, "browser_wallet_missing"),
            mint,
            format!("its wallet for browsers cannot be looked at: {what}"),
            "Whether it is a known one cannot be told.",
            [Advice::LookAgain],
        ),
        Err(Fault::Damaged(what)) => Finding::new(
            (Severity::Trouble, "browser_wallet_damaged"),
            mint,
            format!("the files of its wallet for browsers do not fit their own list: {what}"),
            "Somebody has changed it, or it is being replaced. A changed wallet can take the money that is in \
             it; this program and its money are unaffected.",
            [Advice::LookAgain, Advice::DistrustMint],
        ),
    })
}

fn compare(mint: &str, served: &Served, known: &str) -> Finding {
    let Served { digest, version } = served;
    if digest == known {
        return Finding::new(
            (Severity::Fine, "browser_wallet"),
            mint,
            format!("its wallet for browsers is this version's, {digest}"),
            "It has the files that were published.",
            [],
        );
    }
    if version.as_deref() == Some(env!("CARGO_PKG_VERSION")) {
        return Finding::new(
            (Severity::Warning, "browser_wallet_changed"),
            mint,
            format!(
                "its wallet for browsers says that it is of this version, and is another: {digest}"
            ),
            "Somebody has changed it. A changed wallet can take the money that is in it; this program and its \
             money are unaffected.",
            [Advice::AskOperator],
        );
    }
    let version = version.as_deref().map_or("unknown".into(), printable);
    Finding::new(
        (Severity::Note, "browser_wallet_other"),
        mint,
        format!(
            "its wallet for browsers is another than this version's: version {version}, {digest}"
        ),
        "Another version of Farthing has another wallet. Compare the number with the one that is published with \
         that version.",
        [],
    )
}

/// Returns whether a folder's address is at the address of the mint.
fn is_at(folder: &str, mint: &str) -> bool {
    let (Ok(folder), Ok(mint)) = (Url::parse(folder), Url::parse(mint)) else {
        return false;
    };
    let is_folder = folder.path().ends_with('/') && folder.query().is_none();
    is_folder && folder.fragment().is_none() && folder.origin() == mint.origin()
}

/// Fetches the list, all files that it names, and the folder itself, which stands for the first page.
async fn served<H: Http>(http: &H, folder: &str) -> Result<Served, Fault> {
    let list = get(http, &format!("{folder}{LIST}")).await?;
    let files = parse(&list).ok_or_else(|| Fault::Damaged(format!("{LIST} is not a list")))?;
    let first = files.iter().find(|(path, _)| *path == "index.html");
    let first = first.map(|(_, sum)| ("", *sum));
    let (mut version, mut bytes) = (None, 0);
    for (path, sum) in files.iter().copied().chain(first) {
        let file = get(http, &format!("{folder}{path}")).await?;
        bytes += file.len();
        if bytes > BYTES_MAX {
            return Err(Fault::Damaged("they are too large".to_owned()));
        }
        if hex::encode(Sha256::digest(&file)) != sum {
            let path = if path.is_empty() {
                "the first page"
            } else {
                path
            };
            return Err(Fault::Damaged(format!("{path} is another file")));
        }
        if path == "version.json" {
            version = version_in(&file);
        }
    }
    Ok(Served {
        digest: hex::encode(Sha256::digest(&list)),
        version,
    })
}

/// Reads lines of a digest, two spaces, and a path below the folder.
fn parse(list: &[u8]) -> Option<Vec<(&str, &str)>> {
    let lines = str::from_utf8(list).ok()?.lines();
    let files: Option<Vec<_>> = lines
        .map(|line| {
            let (sum, path) = line.split_once("  ")?;
            (sum.len() == 64 && is_plain(path)).then_some((path, sum))
        })
        .collect();
    files.filter(|files| (1..=FILES_MAX).contains(&files.len()))
}

/// Returns whether a path leads to a file below the folder, and is read by everybody in the same way.
fn is_plain(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    path.bytes().all(is_plain) && !path.split('/').any(|part| matches!(part, "" | "." | ".."))
}

fn version_in(file: &[u8]) -> Option<String> {
    let version: serde_json::Value = json::from_slice(file).ok()?;
    Some(version.get("version")?.as_str()?.to_owned())
}

async fn get<H: Http>(http: &H, url: &str) -> Result<Vec<u8>, Fault> {
    let request = Request {
        url: url.to_owned(),
        bearer: None,
        body: None,
    };
    let missing = |why: String| Fault::Missing(format!("{}: {why}", printable(url)));
    let answer = http.send(request).await.map_err(|error| missing(error.0))?;
    match answer.status {
        200 => Ok(answer.body),
        status => Err(missing(format!("status {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_plain_paths_below_the_folder() {
        let sum = "0f".repeat(32);
        let line = |path: &str| format!("{sum}  {path}\n");
        let list = line("app.js") + &line("texts/en.js");
        let files = [("app.js", sum.as_str()), ("texts/en.js", sum.as_str())];
        assert_eq!(parse(list.as_bytes()), Some(files.to_vec()));
        for path in [
            "",
            "/a",
            "a/",
            "a//b",
            "../a",
            "a/./b",
            "https://x",
            "a?b",
            "a b",
            "ä",
        ] {
            assert_eq!(parse(line(path).as_bytes()), None, "{path}");
        }
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"0f  app.js\n"), None);
        assert_eq!(parse(line("a").repeat(257).as_bytes()), None);
    }

    #[test]
    fn the_mint_alone_is_asked() {
        let mint = "https://mint.example/shop";
        for ours in ["https://mint.example/shop/wallet/", "https://mint.example/"] {
            assert!(is_at(ours, mint), "{ours}");
        }
        for other in [
            "https://other.example/wallet/",
            "http://mint.example/wallet/",
            "https://mint.example:8443/wallet/",
            "https://mint.example/wallet",
            "https://mint.example/wallet/?x=/",
            "https://mint.example/wallet/#/",
            "wallet/",
        ] {
            assert!(!is_at(other, mint), "{other}");
        }
    }
}
