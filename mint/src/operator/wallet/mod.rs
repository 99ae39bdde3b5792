//! `wallet`: the wallet for browsers that is part of this program, for other hosts and for comparing.

mod hosts;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use farthing_wallet_dist::{FILES, digest};
use serde::Serialize;

use super::output::Output;
use crate::error::{Error, Result};

/// The wallet is of the same version as this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The folder's name below the exported one, and the path at which the snippets serve it.
const FOLDER: &str = "wallet";

#[derive(Debug, Subcommand)]
pub(super) enum WalletCommand {
    /// Write its files for another host, with the settings that nginx and Caddy need.
    Export(Export),
    /// Print the SHA-256 of its list of files, SHA256SUMS, and its version.
    Digest,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// A folder that is new or empty.
    dir: PathBuf,
}

/// Which wallet it is.
#[derive(Serialize)]
struct Named {
    version: &'static str,
    digest: String,
}

#[derive(Serialize)]
struct Exported {
    folder: String,
    files: usize,
    #[serde(flatten)]
    named: Named,
}

impl WalletCommand {
    /// Carries the command out, which needs no mint.
    pub(super) fn execute(self, output: Output) -> Result<()> {
        let named = Named {
            version: VERSION,
            digest: digest().to_owned(),
        };
        let dir = match self {
            Self::Digest => {
                return output.write(&named, || {
                    format!("{}  version {}", named.digest, named.version)
                });
            }
            Self::Export(Export { dir }) => dir,
        };
        let dir = export(&dir)?;
        let exported = Exported {
            folder: dir.join(FOLDER).display().to_string(),
            files: FILES.len(),
            named,
        };
        output.write(&exported, || {
            let shown = dir.display();
            format!(
                "Wrote the wallet's {} files to {}, version {}.\n\
                 Its digest: {}\n\
                 For nginx: include {shown}/nginx.conf; in a server block.\n\
                 For Caddy: import {shown}/Caddyfile in a site block.",
                exported.files, exported.folder, exported.named.version, exported.named.digest,
            )
        })
    }
}

/// Writes all files below `dir`; gives its absolute path.
fn export(dir: &Path) -> Result<PathBuf> {
    fs::create_dir_all(dir).map_err(Error::file(dir))?;
    let dir = fs::canonicalize(dir).map_err(Error::file(dir))?;
    let mut entries = fs::read_dir(&dir).map_err(Error::file(&dir))?;
    if entries.next().is_some() {
        let shown = dir.display();
        return Err(Error::Operator(format!(
            "{shown} is not empty, and files of another version must not stay among these; name a new folder"
        )));
    }
    let folder = dir.join(FOLDER);
    for file in FILES {
        let path = folder.join(file.path);
        write(&path, file.bytes)?;
        if let Some(brotli) = file.brotli {
            write(&with_br(&path), brotli)?;
        }
    }
    write(&dir.join("nginx.conf"), hosts::nginx(&dir).as_bytes())?;
    write(&dir.join("Caddyfile"), hosts::caddy(&dir).as_bytes())?;
    Ok(dir)
}

/// The name of a file's compressed form.
fn with_br(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".br");
    name.into()
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().expect("every file is in a folder");
    fs::create_dir_all(folder).map_err(Error::file(folder))?;
    let mut file = File::create_new(path).map_err(Error::file(path))?;
    file.write_all(bytes).map_err(Error::file(path))
}
