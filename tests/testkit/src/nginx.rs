//! A real nginx, where there is one.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// nginx with its files in a folder that goes when this does.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    /// Where it listens: `http://host:port`.
    pub url: String,
    _folder: tempfile::TempDir,
}

/// The program, if there is one.
///
/// # Panics
/// Where `CI` is set and there is none.
#[must_use]
pub fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders
        .map(|folder| folder.join("nginx"))
        .find(|file| file.is_file());
    assert!(
        found.is_some() || std::env::var_os("CI").is_none(),
        "nginx is needed for this test: apt-get install nginx-light"
    );
    if found.is_none() {
        let said = "there is no nginx on this machine: nothing was tried with it";
        let _ = writeln!(std::io::stderr(), "{said}");
    }
    found
}

impl Nginx {
    /// Starts it with what `http` says, in its block `http`, of the address to listen on.
    ///
    /// # Errors
    /// When it does not start, with its log.
    pub fn start(
        program: &Path,
        folder: tempfile::TempDir,
        http: impl Fn(SocketAddr) -> String,
    ) -> Result<Self> {
        let dir = folder.path();
        // A port that was free a moment ago may be taken when nginx comes: then another.
        for _ in 0..5 {
            let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
            std::fs::write(dir.join("nginx.conf"), configuration(dir, &http(free)))?;
            let mut child = Command::new(program)
                .arg("-p")
                .arg(dir)
                .arg("-c")
                .arg(dir.join("nginx.conf"))
                .arg("-e")
                .arg(dir.join("error.log"))
                .stderr(Stdio::null())
                .spawn()?;
            let begun = Instant::now();
            while child.try_wait()?.is_none() && begun.elapsed() < PATIENCE {
                if TcpStream::connect(free).is_ok() {
                    let url = format!("http://{free}");
                    return Ok(Self {
                        child,
                        url,
                        _folder: folder,
                    });
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        let log = std::fs::read_to_string(dir.join("error.log"));
        Err(format!("nginx did not start: {}", log.unwrap_or_default()).into())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One process, nothing outside of its folder.
fn configuration(dir: &Path, http: &str) -> String {
    let dir = dir.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {dir}/{what};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid {dir}/nginx.pid;\nerror_log {dir}/error.log;\n\
         events {{ worker_connections 256; }}\n\
         http {{\naccess_log off;\n{temporary}{http}}}\n"
    )
}
