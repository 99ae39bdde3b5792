//! A paywall in a process of its own, driven as a publisher drives it.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;

use crate::Result;
use crate::process::Program;
use crate::programs::AS_PAYWALL;

/// A paywall that runs. Dropping it kills the process.
#[derive(Debug)]
pub struct PaywallProcess {
    child: Child,
    log: PathBuf,
    /// Where readers come.
    pub url: String,
    /// Where `/metrics` and `/healthz` are.
    pub operator_url: String,
}

/// How to start a paywall.
#[derive(Clone, Debug)]
pub struct PaywallPlan {
    program: Program,
    dir: PathBuf,
    api_token: String,
    settings: Vec<(String, String)>,
    arguments: Vec<String>,
}

impl PaywallPlan {
    /// A paywall that keeps its things in `dir`, before `upstream`, with this account at `mint`; it
    /// listens on a free address.
    pub fn new(
        binary: impl Into<PathBuf>,
        dir: &Path,
        upstream: &str,
        mint: &str,
        api_token: &str,
    ) -> Self {
        let plan = Self {
            program: Program::new(binary, AS_PAYWALL),
            dir: dir.to_owned(),
            api_token: api_token.to_owned(),
            settings: Vec::new(),
            arguments: Vec::new(),
        };
        plan.with("UPSTREAM", upstream)
            .with("MINT", mint)
            .with("LISTEN", "127.0.0.1:0")
            .with("METRICS_LISTEN", "127.0.0.1:0")
            .with("LOG_LEVEL", "debug")
    }

    /// Sets a setting through the environment.
    #[must_use]
    pub fn with(mut self, setting: &str, value: &str) -> Self {
        let name = format!("FARTHING_PAYWALL_{setting}");
        self.settings.push((name, value.to_owned()));
        self
    }

    /// Adds a price, such as `/articles/*=3`.
    #[must_use]
    pub fn price(mut self, rule: &str) -> Self {
        self.arguments
            .extend(["--price".to_owned(), rule.to_owned()]);
        self
    }

    /// A command of the program with these settings.
    #[must_use]
    pub fn command(&self, name: &str) -> Command {
        let mut command = self.program.command();
        command.arg(name).arg("--json").args(&self.arguments);
        command.arg("--data").arg(&self.dir);
        command.env("FARTHING_PAYWALL_API_TOKEN", &self.api_token);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts it, and waits until it listens. What it logs goes to the file `log` in its folder.
    ///
    /// # Errors
    /// When it exits instead.
    pub fn start(&self) -> Result<PaywallProcess> {
        let mut folder = std::fs::DirBuilder::new();
        folder.recursive(true).mode(0o700).create(&self.dir)?;
        let log = self.dir.join("log");
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log)?;
        let mut command = self.command("run");
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn()?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let printed: Value = serde_json::from_str(&line).unwrap_or_default();
        let url = |name: &str| printed.get(name).and_then(Value::as_str).map(str::to_owned);
        let (Some(url), Some(operator_url)) = (url("listening"), url("metrics")) else {
            let _ = child.wait();
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            return Err(format!("the paywall did not start: {log}").into());
        };
        Ok(PaywallProcess {
            child,
            log,
            url,
            operator_url,
        })
    }
}

impl PaywallProcess {
    /// The number of its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns what it has logged.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(&self.log)?)
    }

    /// Sends SIGTERM, and does not wait.
    ///
    /// # Errors
    /// When there is no `kill`.
    pub fn terminate(&self) -> Result<()> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        Ok(())
    }

    /// Waits until it has exited.
    ///
    /// # Errors
    /// What the system says.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait()?)
    }

    /// Stops it with SIGTERM and waits; it must exit with 0.
    ///
    /// # Errors
    /// When it exits with anything else.
    pub fn stop(mut self) -> Result<()> {
        self.terminate()?;
        let status = self.wait()?;
        if !status.success() {
            return Err(format!("the paywall exited with {status} after SIGTERM").into());
        }
        Ok(())
    }

    /// Kills it with SIGKILL and waits.
    ///
    /// # Errors
    /// What the system says.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for PaywallProcess {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
