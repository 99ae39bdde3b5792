//! The command line's grammar.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  something unexpected, such as a closed output
  2  the command line is wrong
  3  what was asked for cannot be done; nothing was moved
  4  the mint refused
  5  the mint broke its protocol and was not believed
  6  no usable answer from the mint or the site; what was begun is kept and finished later
  7  the wallet's file cannot be used
  8  the site answered with an error, refused a payment, or took one without a receipt

Examples:
  farthing init
  farthing mint add https://mint.example --token -
  farthing withdraw 100
  farthing send 5 --memo 'for the article'
  farthing receive cashuB...
  farthing get https://site.example/article --yes --max 5 -o article.html";

/// Private small change: a wallet for Farthing mints.
#[derive(Debug, Parser)]
#[command(name = "farthing", version, about, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// The wallet's folder [default: the platform's folder for application data]
    #[arg(long, global = true, env = "FARTHING_WALLET", value_name = "DIR")]
    pub(crate) wallet: Option<PathBuf>,
    /// The mint to use [default: the first of `farthing mint list`; `restore` takes all]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) mint: Option<String>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a wallet and show its recovery phrase, once
    Init {
        /// Take a phrase written down before, from a prompt or from standard input
        #[arg(long)]
        restore: bool,
    },
    /// Fetch a page, and pay for it if it has a price
    Get(Get),
    /// What needs a wallet
    #[command(flatten)]
    Open(OpenCommand),
}

/// What to do with a wallet that is there.
#[derive(Debug, Subcommand)]
pub(crate) enum OpenCommand {
    /// Add or list mints
    #[command(subcommand)]
    Mint(Mint),
    /// Show what the wallet holds
    Balance,
    /// Take money out of the account at the mint into the wallet
    Withdraw {
        /// How much, in whole units
        amount: u64,
    },
    /// Take a token out of the wallet to hand over, and print it
    Send(Send),
    /// Take in a token; `-` reads it from standard input
    Receive {
        /// The token, cashuB..., or -
        #[arg(allow_hyphen_values = true)]
        token: String,
    },
    /// Pay from the wallet into the account at the mint
    Redeem(Redeem),
    /// List the tokens that were sent, or print one again
    Sent {
        /// The number in the list
        id: Option<u64>,
    },
    /// Take back a payment that a site has not answered
    Cancel {
        /// The payment's number
        id: u64,
    },
    /// Set what may be paid to a site without asking
    #[command(subcommand)]
    Budget(Budget),
    /// Show what was paid to sites, by day
    Spent {
        /// Of the last so many UTC days alone, today being the first of them
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        days: Option<u64>,
    },
    /// Show what happened
    History,
    /// Show the public key that others can lock tokens to
    Key,
    /// Search the mints for what belongs to the wallet's phrase
    Restore,
}

/// Mints.
#[derive(Debug, Subcommand)]
pub(crate) enum Mint {
    /// Add a mint, or learn anew about a known one
    Add {
        /// The mint's address
        url: String,
        /// The API token of your account there; `-` reads it from standard input
        #[arg(
            long,
            env = "FARTHING_API_TOKEN",
            hide_env_values = true,
            value_name = "API_TOKEN"
        )]
        #[arg(allow_hyphen_values = true)]
        token: Option<String>,
    },
    /// List the mints
    List,
}

/// Sending.
#[derive(Args, Debug)]
pub(crate) struct Send {
    /// How much, in whole units
    pub(crate) amount: u64,
    /// A note for the receiver; whoever has the token can read it
    #[arg(long, value_name = "TEXT")]
    pub(crate) memo: Option<String>,
    /// Lock the token to a public key, 64 hex digits: only its owner can spend it
    #[arg(long, value_name = "PUBKEY_HEX")]
    pub(crate) lock: Option<String>,
}

/// Fetching, and paying.
#[derive(Args, Debug)]
pub(crate) struct Get {
    /// The page's address
    pub(crate) url: String,
    /// Write the body to a file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Never pay more than this
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) max: Option<u64>,
    /// Pay up to --max without asking
    #[arg(long, requires = "max")]
    pub(crate) yes: bool,
    /// Send a header too, 'Name: value'; may be given many times
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,
    /// The method [default: GET, or POST with --data]
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// Send a body: the text itself, or @FILE, or @- for standard input
    #[arg(short, long, value_name = "DATA", allow_hyphen_values = true)]
    pub(crate) data: Option<String>,
    /// Pay over connections that others can read
    #[arg(long)]
    pub(crate) insecure_http: bool,
}

/// Budgets.
#[derive(Debug, Subcommand)]
pub(crate) enum Budget {
    /// Pay to a site without asking, up to these amounts in the unit of the mint
    Set {
        /// The site, such as https://site.example
        site: String,
        /// The most for one item
        #[arg(long, value_name = "N")]
        per_item: u64,
        /// The most in one day (UTC)
        #[arg(long, value_name = "N")]
        per_day: u64,
    },
    /// List the budgets
    List,
    /// Ask again before each payment to a site
    Remove {
        /// The site
        site: String,
    },
}

/// Redeeming.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Redeem {
    /// How much, in whole units
    pub(crate) amount: Option<u64>,
    /// Everything the wallet has at the mint
    #[arg(long)]
    pub(crate) all: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_grammar_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_dash_stands_for_standard_input() {
        let cli = Cli::try_parse_from(["farthing", "receive", "-"]).unwrap();
        assert!(
            matches!(cli.command, Command::Open(OpenCommand::Receive { token }) if token == "-")
        );
        let cli = Cli::try_parse_from(["farthing", "mint", "add", "http://h", "--token", "-"]);
        let Command::Open(OpenCommand::Mint(Mint::Add { token, .. })) = cli.unwrap().command else {
            panic!("not mint add");
        };
        assert_eq!(token.as_deref(), Some("-"));
    }

    #[test]
    fn redeem_takes_an_amount_or_all_and_not_both() {
        for wrong in [
            &["farthing", "redeem"][..],
            &["farthing", "redeem", "5", "--all"],
        ] {
            assert!(Cli::try_parse_from(wrong).is_err());
        }
        assert!(Cli::try_parse_from(["farthing", "redeem", "5"]).is_ok());
        assert!(Cli::try_parse_from(["farthing", "redeem", "--all"]).is_ok());
    }
}
