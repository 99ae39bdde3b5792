//! The command `farthing-paywall`.

mod check;
mod config;
mod metrics;
mod prices;
mod run;
mod site;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use farthing_service::log;
use farthing_service::program::{self, Output};
use farthing_service::settings::Given;
use serde::Serialize;

use config::{CONFIG_VARIABLE, Config};
use farthing_publisher::Error;

/// A paywall in front of a site: readers pay with ecash, at once and without an account.
#[derive(Debug, Parser)]
#[command(name = "farthing-paywall", version, propagate_version = true)]
struct Cli {
    /// Write one JSON object to standard output instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the paywall until SIGTERM or Ctrl-C.
    Run(Common),
    /// Read the settings, ask the mint, and say what things would cost.
    Check(check::Check),
}

// Not a doc comment: clap would take it for the command's own description.
// Where the settings come from.
#[derive(Debug, Args)]
#[command(
    after_help = "Every setting of the file can be an environment variable too: FARTHING_PAYWALL_ and its \
                  name in capitals. The mint's API token is in FARTHING_PAYWALL_API_TOKEN, or in a file."
)]
struct Common {
    /// The settings, `paywall.toml`.
    #[arg(long, env = CONFIG_VARIABLE, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The site's own server.
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// The mint whose tokens are taken.
    #[arg(long, value_name = "URL")]
    mint: Option<String>,
    /// What costs how much, in the mint's unit, such as '/articles/*=3' or 'POST /api/*=0.05 eur'; instead
    /// of the file's prices.
    #[arg(long = "price", value_name = "PATH=AMOUNT")]
    prices: Vec<String>,
    /// Where readers come; port 0 lets the system choose one.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where /metrics and /healthz are.
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<String>,
    /// The publisher's name, for people.
    #[arg(long)]
    name: Option<String>,
    /// Scheme and host that readers use, such as https://gazette.example.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// The file that the mint's API token is in.
    #[arg(long, value_name = "FILE")]
    api_token_file: Option<String>,
    /// The folder of the publisher's key and of the record of payments.
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
}

/// The program `farthing-paywall`: parses arguments (the program's name first) and carries the command
/// out. Exits with 0, with 1 when `check` found faults, with 2 for any error.
#[must_use]
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let output = Output { json: cli.json };
    let done = match cli.command {
        Command::Run(common) => run::execute(&common, output).map(|()| true),
        Command::Check(check) => check.execute(output),
    };
    log::finish();
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            output.fail("farthing-paywall", &error);
            ExitCode::from(2)
        }
    }
}

impl Common {
    fn load(&self) -> Result<Config, Error> {
        let prices = (!self.prices.is_empty()).then(|| self.prices.join(","));
        let flags = [
            ("upstream", &self.upstream),
            ("mint", &self.mint),
            ("price", &prices),
            ("listen", &self.listen),
            ("metrics_listen", &self.metrics_listen),
            ("name", &self.name),
            ("public_url", &self.public_url),
            ("api_token_file", &self.api_token_file),
            ("data", &self.data),
        ];
        let mut given = config::from_environment()?;
        for (setting, text) in flags {
            given.extend(text.as_ref().map(|text| Given {
                setting: setting.to_owned(),
                place: format!("--{}", setting.replace('_', "-")),
                text: text.clone(),
            }));
        }
        Config::load(self.config.as_deref(), &given)
    }
}

/// Writes a result; `text` is for people.
fn write(output: Output, value: &impl Serialize, text: &str) -> Result<(), Error> {
    let written = output.write(value, || text.to_owned());
    written.map_err(Error::file("standard output".as_ref()))
}

fn block_on<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    program::block_on(future).map_err(Error::file("the async runtime".as_ref()))?
}
