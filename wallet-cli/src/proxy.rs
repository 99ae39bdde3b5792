//! Which proxy requests go through: the option's or the environment's, or else the one kept in the
//! wallet's folder. It is a file of its own, since it is needed before the wallet is opened.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use farthing_wallet::Error;
use farthing_wallet::native::{ReqwestHttp, SocksProxy, SqliteStore};

use crate::args::{self, Global};
use crate::failure::Failure;
use crate::file::NewFile;
use crate::report::{self, Report};

/// The file's name in the wallet's folder; it holds one line, the proxy's address.
const FILE: &str = "proxy";
/// For no proxy, whatever is kept.
const DIRECT: &str = "direct";

/// How requests go.
pub(crate) struct Transport {
    proxy: Option<SocksProxy>,
}

impl Transport {
    /// Returns what was asked for, or is kept for the wallet in `dir`.
    ///
    /// # Errors
    /// [`Failure::Usage`] for an address that is none: going without a proxy would tell what it is for.
    pub(crate) fn choose(global: &Global, dir: &Path) -> Result<Self, Failure> {
        let proxy = match global.proxy.as_deref().map(str::trim) {
            Some(DIRECT) => None,
            Some(url) => Some(parse(url, "--proxy")?),
            None => kept(dir)?,
        };
        Ok(Self { proxy })
    }

    /// A client that goes this way.
    pub(crate) fn http(&self) -> ReqwestHttp {
        ReqwestHttp::new(self.proxy.clone())
    }

    /// Finds out whether requests can go this way, before anything is begun that needs them.
    ///
    /// # Errors
    /// [`Failure::Proxy`].
    pub(crate) async fn check(&self) -> Result<(), Failure> {
        match &self.proxy {
            None => Ok(()),
            Some(proxy) => proxy.check().await.map_err(|down| Failure::Proxy(down.0)),
        }
    }

    /// Keeps the proxy for a wallet that is made with one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn keep(&self, dir: &Path) -> Result<(), Failure> {
        match &self.proxy {
            None => Ok(()),
            Some(proxy) => write(dir, proxy),
        }
    }
}

/// `farthing proxy`.
pub(crate) fn command(dir: &Path, command: &args::Proxy) -> Result<Report, Failure> {
    // No proxy is kept for a wallet that is not there, or that another process has.
    let _wallet = SqliteStore::open(dir).map_err(Error::from)?;
    match command {
        args::Proxy::Set { url } => write(dir, &parse(url, "the address")?)?,
        args::Proxy::Show => {}
        args::Proxy::Remove => remove(dir)?,
    }
    Ok(report::proxy(kept(dir)?.as_ref()))
}

fn parse(url: &str, what: &str) -> Result<SocksProxy, Failure> {
    SocksProxy::parse(url).map_err(|fault| Failure::Usage(format!("error: {what}: {fault}")))
}

fn kept(dir: &Path) -> Result<Option<SocksProxy>, Failure> {
    let path = dir.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => parse(&text, &path.display().to_string()).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::Terminal(format!("{}: {error}", path.display()))),
    }
}

fn write(dir: &Path, proxy: &SocksProxy) -> Result<(), Failure> {
    let mut file = NewFile::begin(&dir.join(FILE))?;
    writeln!(file, "{proxy}")?;
    Ok(file.keep()?)
}

fn remove(dir: &Path) -> Result<(), Failure> {
    match fs::remove_file(dir.join(FILE)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}
