//! A mint in a folder of its own, driven as an operator drives it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::Result;
use crate::programs::{AS_MINT, AS_WALLET};

/// A program to run: the binary that stands in for it, and the argument that makes it so.
#[derive(Clone, Debug)]
pub struct Program {
    binary: PathBuf,
    role: &'static str,
}

impl Program {
    /// The program that `binary`, the demo's, becomes with `role`.
    pub fn new(binary: impl Into<PathBuf>, role: &'static str) -> Self {
        Self {
            binary: binary.into(),
            role,
        }
    }

    /// A command without arguments yet, and without settings from this process's environment.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg(self.role);
        let ours = std::env::vars_os().map(|(name, _)| name);
        for name in ours.filter(|n| n.to_string_lossy().starts_with("FARTHING_")) {
            command.env_remove(name);
        }
        command
    }
}

/// A mint's folder, and its process while it runs. Dropping it kills the process.
#[derive(Debug)]
pub struct Mint {
    program: Program,
    dir: PathBuf,
    settings: Vec<(String, String)>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    url: String,
    operator_url: Option<String>,
}

impl Mint {
    /// Makes a mint in `dir` with `farthing-mint init` and further arguments.
    ///
    /// # Errors
    /// What the program says.
    pub fn init(binary: impl Into<PathBuf>, dir: &Path, arguments: &[&str]) -> Result<Self> {
        let mint = Self {
            program: Program::new(binary, AS_MINT),
            dir: dir.to_owned(),
            // On a busy machine a test's requests may wait for long, and be good all the same.
            settings: vec![(
                "FARTHING_MINT_QUEUE_TIMEOUT_MS".to_owned(),
                "60000".to_owned(),
            )],
            running: None,
        };
        mint.run(&[&["init"], arguments].concat())?;
        Ok(mint)
    }

    /// Sets a setting through the environment, for all commands from here on and the next start.
    #[must_use]
    pub fn with(mut self, setting: &str, value: &str) -> Self {
        self.settings
            .push((format!("FARTHING_MINT_{setting}"), value.to_owned()));
        self
    }

    /// An operator's command, to be run as the caller likes.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program.command();
        command.args(arguments).arg("--data").arg(&self.dir);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs an operator's command with `--json`; gives what it prints.
    ///
    /// # Errors
    /// What it says on standard error, when it exits with anything but 0.
    pub fn run(&self, arguments: &[&str]) -> Result<Value> {
        let output = self.output(&[arguments, &["--json"]].concat())?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            return Err(format!("farthing-mint {arguments:?}: {}", stderr.trim()).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Runs an operator's command; gives its exit status and what it printed.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn output(&self, arguments: &[&str]) -> Result<Output> {
        Ok(self.command(arguments).output()?)
    }

    /// Starts the mint, on the address it had before or on a free one, and waits until it listens.
    /// What it logs goes to the file `log` in its folder.
    ///
    /// # Errors
    /// When it exits instead.
    pub fn start(&mut self) -> Result<()> {
        self.start_at("127.0.0.1:0")
    }

    /// [`Self::start`] on a given address.
    ///
    /// # Errors
    /// When it exits instead.
    pub fn start_at(&mut self, listen: &str) -> Result<()> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log_path())?;
        let mut command = self.command(&["run", "--json", "--listen", listen]);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn()?;
        let stdout = child
            .stdout
            .take()
            .ok_or("the mint has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let printed: Value = serde_json::from_str(&line)
            .map_err(|_| format!("the mint did not start: {}", self.log().unwrap_or_default()))?;
        let url = printed.get("listening").and_then(Value::as_str);
        let url = url
            .ok_or_else(|| format!("the mint did not start: {printed}"))?
            .to_owned();
        let operator_url = printed.get("metrics").and_then(Value::as_str);
        self.running = Some(Running {
            child,
            url,
            operator_url: operator_url.map(str::to_owned),
        });
        Ok(())
    }

    /// Starts it again where it listened before.
    ///
    /// # Errors
    /// When it never ran, or exits.
    pub fn restart(&mut self) -> Result<()> {
        let listen = self.url()?.trim_start_matches("http://").to_owned();
        self.stop()?;
        self.start_at(&listen)
    }

    /// Returns where it listens.
    ///
    /// # Errors
    /// When it is not running.
    pub fn url(&self) -> Result<&str> {
        let running = self.running.as_ref().ok_or("the mint is not running")?;
        Ok(&running.url)
    }

    /// Returns where its `/metrics` are.
    ///
    /// # Errors
    /// When it is not running, or has none.
    pub fn operator_url(&self) -> Result<&str> {
        let running = self.running.as_ref().ok_or("the mint is not running")?;
        let url = running.operator_url.as_deref();
        Ok(url.ok_or("the mint has no address for the operator")?)
    }

    /// The number of its process.
    ///
    /// # Errors
    /// When it is not running.
    pub fn pid(&self) -> Result<u32> {
        let running = self.running.as_ref().ok_or("the mint is not running")?;
        Ok(running.child.id())
    }

    /// Stops it with SIGTERM and waits; it must exit with 0.
    ///
    /// # Errors
    /// When it is not running, or exits with anything else.
    pub fn stop(&mut self) -> Result<()> {
        let mut running = self.running.take().ok_or("the mint is not running")?;
        let pid = running.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let status = running.child.wait()?;
        if !status.success() {
            return Err(format!("the mint exited with {status} after SIGTERM").into());
        }
        Ok(())
    }

    /// Kills it with SIGKILL and waits.
    ///
    /// # Errors
    /// When it is not running.
    pub fn kill(&mut self) -> Result<()> {
        let mut running = self.running.take().ok_or("the mint is not running")?;
        running.child.kill()?;
        running.child.wait()?;
        Ok(())
    }

    /// Gives the process away, so that it outlives this value.
    ///
    /// # Errors
    /// When it is not running.
    pub fn into_child(mut self) -> Result<Child> {
        let running = self.running.take().ok_or("the mint is not running")?;
        Ok(running.child)
    }

    /// Opens an account with these scopes and funds it with so much of the smallest unit; gives its API
    /// token.
    ///
    /// # Errors
    /// What the program says.
    pub fn account(&self, name: &str, scopes: &str, amount: u64) -> Result<String> {
        let created = self.run(&["account", "create", name, "--scopes", scopes])?;
        if amount > 0 {
            let amount = amount.to_string();
            self.run(&["account", "credit", name, &amount, "--smallest-unit"])?;
        }
        let token = created.get("token").and_then(Value::as_str);
        Ok(token.ok_or("no API token was printed")?.to_owned())
    }

    /// Returns what `audit --json` prints, whether the books balance or not.
    ///
    /// # Errors
    /// When it fails for another reason.
    pub fn audit(&self) -> Result<Value> {
        let output = self.output(&["audit", "--json"])?;
        let report: Value = serde_json::from_slice(&output.stdout)?;
        let balanced = report.get("balanced") == Some(&Value::Bool(true));
        if output.status.success() != balanced {
            return Err("audit's exit status contradicts its report".into());
        }
        Ok(report)
    }

    /// Checks that the books balance; gives them.
    ///
    /// # Errors
    /// With the faults, when they do not.
    pub fn balanced(&self) -> Result<Value> {
        let report = self.audit()?;
        if report.get("balanced") != Some(&Value::Bool(true)) {
            return Err(format!("the books do not balance: {report}").into());
        }
        Ok(report)
    }

    /// The file its log goes to.
    #[must_use]
    pub fn log_path(&self) -> PathBuf {
        self.dir.join("log")
    }

    /// Returns what it has logged.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.log_path())?)
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Mint {
    fn drop(&mut self) {
        if self.running.is_some() {
            let _ = self.kill();
        }
    }
}

/// A wallet in a folder of its own, driven as a person drives it.
#[derive(Clone, Debug)]
pub struct Wallet {
    program: Program,
    dir: PathBuf,
}

impl Wallet {
    /// Makes a wallet in `dir` with `farthing init`.
    ///
    /// # Errors
    /// What the program says.
    pub fn init(binary: impl Into<PathBuf>, dir: &Path) -> Result<Self> {
        let wallet = Self::at(binary, dir);
        wallet.run(&["init"])?;
        Ok(wallet)
    }

    /// The wallet in `dir`, whether there is one or not.
    pub fn at(binary: impl Into<PathBuf>, dir: &Path) -> Self {
        Self {
            program: Program::new(binary, AS_WALLET),
            dir: dir.to_owned(),
        }
    }

    /// A command with these arguments on this wallet.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program.command();
        command.args(arguments).arg("--wallet").arg(&self.dir);
        command
    }

    /// Runs a command with `--json`; gives what it prints.
    ///
    /// # Errors
    /// What it says, when it exits with anything but 0.
    pub fn run(&self, arguments: &[&str]) -> Result<Value> {
        let output = self.command(arguments).arg("--json").output()?;
        if !output.status.success() {
            let stdout = String::from_utf8_lossy(&output.stdout);
            return Err(format!("farthing {}: {}", arguments.join(" "), stdout.trim()).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Returns what it holds at its first mint, in spendable tokens.
    ///
    /// # Errors
    /// What the program says.
    pub fn balance(&self) -> Result<u64> {
        self.holds("available")
    }

    /// Returns what it has at its first mint in open operations, and in tokens that a site has seen and not
    /// charged.
    ///
    /// # Errors
    /// What the program says.
    pub fn kept_aside(&self) -> Result<u64> {
        self.holds("pending")
    }

    fn holds(&self, what: &str) -> Result<u64> {
        let balances = self.run(&["balance"])?;
        let amount = balances.pointer(&format!("/balances/0/{what}"));
        Ok(amount.and_then(Value::as_u64).unwrap_or(0))
    }

    /// Takes `amount` of the smallest unit out as a token; gives its text.
    ///
    /// # Errors
    /// What the program says.
    pub fn send(&self, amount: u64) -> Result<String> {
        let sent = self.run(&["send", &amount.to_string(), "--smallest-unit"])?;
        let token = sent.get("token").and_then(Value::as_str);
        Ok(token.ok_or("no token was printed")?.to_owned())
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}
