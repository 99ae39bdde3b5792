//! A session at the command line, written down as it would be seen: commands, what they print, and
//! how they end. What differs from run to run is replaced by a name.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::program::{farthing, text};
use crate::server::Server;
use crate::support::mint::API_TOKEN;

/// The phrase of the session's wallets.
pub(crate) const PHRASE: &str =
    "legal winner thank year wave sausage worth useful legal winner thank yellow";

/// A mint, a publisher, wallets, and what was seen of them.
pub(crate) struct Session {
    /// The mint and the publisher.
    pub(crate) server: Server,
    dir: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
    seen: String,
}

impl Session {
    /// A session in an empty folder, `$DIR`. `$MINT` is the mint's address and the site's, `$API_TOKEN`
    /// the API token of an account there with 1000.
    pub(crate) fn new() -> Self {
        let server = Server::start();
        let dir = tempfile::tempdir().unwrap();
        let variables = vec![
            ("$DIR", dir.path().to_str().unwrap().to_owned()),
            ("$MINT", server.base.clone()),
            ("$API_TOKEN", API_TOKEN.to_owned()),
        ];
        Self {
            server,
            dir,
            variables,
            seen: String::new(),
        }
    }

    /// The same with a wallet that knows the mint and holds 100.
    pub(crate) fn with_money() -> Self {
        let mut session = Self::new();
        session.run("farthing init");
        session.run("farthing mint add $MINT --token $API_TOKEN");
        session.run("farthing withdraw 100");
        session.seen.clear();
        session
    }

    /// The folder of everything.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs a command; gives what it printed, white space around it removed.
    pub(crate) fn run(&mut self, line: &str) -> String {
        self.run_with(line, "")
    }

    /// Runs a command with `input` on standard input.
    pub(crate) fn run_with(&mut self, line: &str, input: &str) -> String {
        let output = self.output(line, input);
        self.note(line, &output);
        text(&output.stdout).trim().to_owned()
    }

    /// Runs a command that is not noted, since what it prints is never the same.
    pub(crate) fn quietly(&self, line: &str) -> String {
        let output = self.output(line, "");
        text(&output.stdout).trim().to_owned()
    }

    fn output(&self, line: &str, input: &str) -> Output {
        let words = words(line).into_iter().skip(1);
        let arguments: Vec<String> = words.map(|word| self.filled_in(&word)).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        farthing(&self.wallet(), &arguments, &self.filled_in(input))
    }

    /// Runs a command as it is, and again with `--json`.
    pub(crate) fn both(&mut self, line: &str) {
        self.run(line);
        self.run(&format!("{line} --json"));
    }

    /// Keeps a text under a name that begins with `$`.
    pub(crate) fn keep(&mut self, name: &'static str, value: String) {
        self.variables.push((name, value));
    }

    /// A line of explanation.
    pub(crate) fn say(&mut self, line: &str) {
        self.seen.push_str(&format!("# {line}\n\n"));
    }

    /// All that was seen.
    pub(crate) fn seen(&self) -> &str {
        &self.seen
    }

    fn wallet(&self) -> PathBuf {
        self.dir().join("wallet")
    }

    fn filled_in(&self, word: &str) -> String {
        let fill = |text: String, (name, value): &(&str, String)| text.replace(name, value);
        self.variables.iter().fold(word.to_owned(), fill)
    }

    /// The reverse, for what was printed.
    fn named(&self, text: &str) -> String {
        let name = |text: String, (name, value): &(&str, String)| text.replace(value, name);
        let text = self.variables.iter().rev().fold(text.to_owned(), name);
        text.replace(&self.server.listens, "$MINT_HOST")
    }

    fn note(&mut self, line: &str, output: &Output) {
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        let out = match serde_json::from_str::<Value>(out) {
            Ok(value) if line.contains("--json") => format!("{value:#}\n"),
            Ok(_) | Err(_) => out.to_owned(),
        };
        let err: Vec<String> = err.lines().map(|line| format!("! {line}\n")).collect();
        let code = match output.status.code() {
            Some(0) => String::new(),
            code => format!("[exit code {}]\n", code.unwrap()),
        };
        let seen = self.named(&format!("$ {line}\n{out}{}{code}\n", err.concat()));
        self.seen.push_str(&seen);
    }
}

/// The words of a command line; single quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

/// Compares what was seen with what is written down under a name, in the folder `snapshots`.
pub(crate) fn assert_seen(name: &str, seen: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter("cashuB[A-Za-z0-9_-]{40,}", "[TOKEN]");
    settings.add_filter(r#""(time|begun|until)": \d+"#, r#""$1": "[TIME]""#);
    settings.add_filter(r"20\d\d-\d\d-\d\d", "[DAY]");
    settings.add_filter(r"(?m)^([a-z]+ ){11}[a-z]+$", "[PHRASE]");
    settings.add_filter(
        r#""phrase": "([a-z]+ ){11}[a-z]+""#,
        r#""phrase": "[PHRASE]""#,
    );
    settings.add_filter(r"[A-Z][a-z]+ refused \(os error \d+\)", "[REFUSED]");
    settings.bind(|| insta::assert_snapshot!(name, seen));
}
