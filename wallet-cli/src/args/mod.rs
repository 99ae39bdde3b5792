//! The command line's grammar.

mod amount;
mod help;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

pub(crate) use amount::{AmountText, Reading};

use crate::screen::Color;

/// Where the options are listed that every command takes.
const EVERYWHERE: &str = "Options of every command";

/// Private small change: a wallet for Farthing mints.
#[derive(Debug, Parser)]
#[command(name = "farthing", version, about, after_help = help::FARTHING, max_term_width = 100)]
#[command(arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What holds for every command
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What holds for every command.
#[derive(Args, Debug)]
#[command(next_help_heading = EVERYWHERE)]
pub(crate) struct Global {
    /// The wallet's folder [default: the platform's folder for application data]
    #[arg(long, global = true, env = "FARTHING_WALLET", value_name = "DIR")]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) wallet: Option<PathBuf>,
    /// The mint to use [default: the one that can; `restore` takes all]
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) mint: Option<String>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colours; auto is on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value_t, value_enum)]
    pub(crate) color: Color,
    /// Send all traffic through this SOCKS5 proxy, socks5h://HOST:PORT; or `direct`
    #[arg(long, global = true, env = "FARTHING_PROXY", value_name = "PROXY")]
    pub(crate) proxy: Option<String>,
    /// Read the wallet's passphrase from a file; `-` is standard input [default: ask]
    #[arg(
        long,
        global = true,
        env = "FARTHING_PASSPHRASE_FILE",
        value_name = "FILE"
    )]
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Take amounts as whole numbers of the smallest unit, as they are in JSON
    #[arg(long, global = true)]
    pub(crate) smallest_unit: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a wallet and show its recovery phrase, once
    #[command(after_help = help::INIT)]
    Init(Init),
    /// What needs a wallet
    #[command(flatten)]
    Open(OpenCommand),
    /// Fetch a page, and pay for it if it has a price
    #[command(after_help = help::GET)]
    Get(Get),
    /// Protect the wallet's file with a passphrase
    #[command(subcommand, arg_required_else_help = true, after_help = help::PASSPHRASE)]
    Passphrase(Passphrase),
    /// Save the address of a proxy for all requests of this wallet
    #[command(subcommand, arg_required_else_help = true, after_help = help::PROXY)]
    Proxy(Proxy),
    /// Show the recovery phrase again, after asking
    #[command(after_help = help::PHRASE)]
    Phrase(Phrase),
    /// Save what can be read of a damaged wallet into a new one
    #[command(after_help = help::SALVAGE)]
    Salvage(Salvage),
    /// Look the wallet and its mints over, and change nothing
    #[command(after_help = help::DOCTOR)]
    Doctor,
    /// Print a shell completion script
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write all pages into a folder
    #[command(after_help = help::MAN)]
    Man {
        /// The folder
        #[arg(value_hint = ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
}

/// Making a wallet.
#[derive(Args, Debug)]
pub(crate) struct Init {
    /// Take a phrase written down before, from a prompt or from standard input
    #[arg(long)]
    pub(crate) restore: bool,
    /// Read the phrase from a file instead; `-` is standard input
    #[arg(long, requires = "restore", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) phrase_file: Option<PathBuf>,
    /// Protect the wallet's file with a passphrase, which is asked for
    #[arg(long)]
    pub(crate) passphrase: bool,
    /// What the new passphrase is
    #[command(flatten)]
    pub(crate) new: NewPassphrase,
}

/// Showing the phrase.
#[derive(Args, Debug)]
pub(crate) struct Phrase {
    /// Show it without asking
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Saving a damaged wallet.
#[derive(Args, Debug)]
pub(crate) struct Salvage {
    /// The folder of the new wallet
    #[arg(value_name = "NEW_FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Read the recovery phrase from a file, where the wallet's cannot be read; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) phrase_file: Option<PathBuf>,
}

/// The passphrase of the wallet's file.
#[derive(Debug, Subcommand)]
pub(crate) enum Passphrase {
    /// Protect a wallet that has no passphrase yet
    #[command(after_help = help::PASSPHRASE)]
    Set(NewPassphrase),
    /// Replace the passphrase by another one
    #[command(after_help = help::PASSPHRASE)]
    Change(NewPassphrase),
    /// Remove the passphrase: anyone who can read the file has the money
    #[command(after_help = help::PASSPHRASE)]
    Remove,
    /// Say whether there is one
    #[command(after_help = help::PASSPHRASE)]
    Show,
}

/// Where a new passphrase comes from.
#[derive(Args, Debug)]
pub(crate) struct NewPassphrase {
    /// Read the new passphrase from a file; `-` is standard input [default: ask, twice]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) new_passphrase_file: Option<PathBuf>,
}

/// The proxy that is kept.
#[derive(Debug, Subcommand)]
pub(crate) enum Proxy {
    /// Save an address
    #[command(after_help = help::PROXY)]
    Set {
        /// The proxy, such as socks5h://127.0.0.1:9050
        url: String,
    },
    /// Show the saved address
    #[command(after_help = help::PROXY)]
    Show,
    /// Remove the saved proxy: requests go directly to mints and sites
    #[command(after_help = help::PROXY)]
    Remove,
}

/// What to do with a wallet that is there.
#[derive(Debug, Subcommand)]
pub(crate) enum OpenCommand {
    /// Add or list mints
    #[command(subcommand, arg_required_else_help = true, after_help = help::MINT)]
    Mint(Mint),
    /// Show what the wallet holds
    #[command(after_help = help::BALANCE)]
    Balance,
    /// Show what the account at the mint holds, and what moved on it
    #[command(after_help = help::ACCOUNT)]
    Account {
        /// Show at most this many postings
        #[arg(long, value_name = "N", default_value_t = 20)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        /// Show those before the posting with this number
        #[arg(long, value_name = "NUMBER")]
        before: Option<u64>,
    },
    /// Take money out of the account at the mint into the wallet
    #[command(after_help = help::WITHDRAW)]
    Withdraw {
        /// How much
        amount: AmountText,
    },
    /// Take a token out of the wallet to hand over, and print it
    #[command(after_help = help::SEND)]
    Send(Send),
    /// Take in a token
    #[command(after_help = help::RECEIVE)]
    Receive {
        /// The token, cashuB..., or a text or link with it; `-` reads it from standard input
        #[arg(allow_hyphen_values = true)]
        token: String,
    },
    /// Pay from the wallet into the account at the mint
    #[command(after_help = help::REDEEM)]
    Redeem(Redeem),
    /// List the tokens that were sent and what became of them, or print one again
    #[command(after_help = help::SENT)]
    Sent {
        /// The number in the list
        id: Option<u64>,
        /// Draw the token as a QR code too
        #[arg(long, requires = "id", conflicts_with = "json")]
        qr: bool,
    },
    /// Take back a token that was sent and not claimed
    #[command(after_help = help::RECLAIM)]
    Reclaim {
        /// The number in the list of `sent`
        id: u64,
    },
    /// Finish or undo what an earlier command left open, and report it
    #[command(after_help = help::RECOVER)]
    Recover,
    /// Do what upkeep is due: withdraw, learn keysets, renew tokens; mostly nothing
    #[command(after_help = help::TEND)]
    Tend(Tend),
    /// End what is open: take back a payment, or undo what the mint has not done
    #[command(after_help = help::CANCEL)]
    Cancel {
        /// The number in `history`
        id: u64,
    },
    /// Set what may be paid to a site without asking
    #[command(subcommand, arg_required_else_help = true, after_help = help::BUDGET)]
    Budget(Budget),
    /// Show what was paid to sites, by day
    #[command(after_help = help::SPENT)]
    Spent {
        /// Only the last N days (UTC), including today
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        days: Option<u64>,
    },
    /// Show what happened
    #[command(after_help = help::HISTORY)]
    History,
    /// Show the public key that others can lock tokens of a mint to
    #[command(after_help = help::KEY)]
    Key {
        /// Draw it as a QR code too; on a terminal that is done anyway
        #[arg(long, conflicts_with = "json")]
        qr: bool,
        /// The key that the wallet had for all mints before each had its own: from now on it is this
        /// mint's alone
        #[arg(long)]
        former: bool,
    },
    /// Search the mints for what belongs to the wallet's phrase
    #[command(after_help = help::RESTORE)]
    Restore,
    /// Move the wallet into a file: its money, mints, accounts, budgets and receipts
    #[command(after_help = help::EXPORT)]
    Export(Transfer),
    /// Take over the wallet that a file has
    #[command(after_help = help::IMPORT)]
    Import(Transfer),
}

/// Mints.
#[derive(Debug, Subcommand)]
pub(crate) enum Mint {
    /// Add a mint, or refresh a known one
    #[command(after_help = help::MINT_ADD)]
    Add {
        /// The mint's address
        #[arg(value_hint = ValueHint::Url)]
        url: String,
        /// The API token of your account there; `-` asks for it, or reads it from standard input
        #[arg(
            long,
            env = "FARTHING_API_TOKEN",
            hide_env_values = true,
            value_name = "API_TOKEN"
        )]
        #[arg(allow_hyphen_values = true)]
        token: Option<String>,
        /// Add it also at an address that it does not name as its own: you know that it is
        #[arg(long)]
        unlisted: bool,
    },
    /// Say that a mint has moved: all that the wallet has there goes on at the new address
    #[command(after_help = help::MINT_MOVE)]
    Move {
        /// The address by which the wallet knows the mint
        #[arg(value_hint = ValueHint::Url)]
        old: String,
        /// Its address now
        #[arg(value_hint = ValueHint::Url)]
        new: String,
    },
    /// List the mints
    #[command(after_help = help::MINT_LIST)]
    List,
}

/// Sending.
#[derive(Args, Debug)]
pub(crate) struct Send {
    /// How much
    pub(crate) amount: AmountText,
    /// A note for the receiver; anyone who has the token can read it
    #[arg(long, value_name = "TEXT")]
    pub(crate) memo: Option<String>,
    /// Lock the token to a public key, 64 hex digits or with --cashu 66: only its owner can spend it
    #[arg(long, value_name = "PUBKEY_HEX")]
    pub(crate) lock: Option<String>,
    /// Make a standard Cashu token, if the mint supports it
    #[arg(long)]
    pub(crate) cashu: bool,
    /// Draw the token as a QR code too, in moving parts if it is long
    #[arg(long, conflicts_with = "json")]
    pub(crate) qr: bool,
}

/// Fetching, and paying.
#[derive(Args, Debug)]
pub(crate) struct Get {
    /// The page's address
    #[arg(value_hint = ValueHint::Url)]
    pub(crate) url: String,
    /// Write the body to a file [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Never pay more than this
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) max: Option<AmountText>,
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

/// A file with a wallet.
#[derive(Args, Debug)]
pub(crate) struct Transfer {
    /// The file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Read the passphrase of the file from another file; `-` is standard input [default: ask]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file_passphrase: Option<PathBuf>,
}

/// Budgets.
#[derive(Debug, Subcommand)]
pub(crate) enum Budget {
    /// Pay to a site without asking, up to these amounts in the unit of the mint
    #[command(after_help = help::BUDGET)]
    Set {
        /// The site, such as https://site.example
        site: String,
        /// The most for one item
        #[arg(long, value_name = "AMOUNT")]
        per_item: AmountText,
        /// The most in one day (UTC)
        #[arg(long, value_name = "AMOUNT")]
        per_day: AmountText,
    },
    /// List the budgets
    #[command(after_help = help::BUDGET)]
    List,
    /// Ask again before each payment to a site
    #[command(after_help = help::BUDGET)]
    Remove {
        /// The site
        site: String,
    },
}

/// Upkeep.
#[derive(Args, Debug)]
pub(crate) struct Tend {
    /// Write a timer for systemd that runs it about each hour, and do nothing else
    #[arg(long, conflicts_with = "print")]
    pub(crate) install: bool,
    /// Show what --install would write
    #[arg(long)]
    pub(crate) print: bool,
}

/// Redeeming.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Redeem {
    /// How much
    pub(crate) amount: Option<AmountText>,
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
    fn the_help_of_each_command_has_examples() {
        fn look(command: &clap::Command) {
            let after = command.get_after_help().map(ToString::to_string);
            let name = command.get_name();
            assert!(
                after.is_some_and(|text| text.contains("Examples:\n  farthing ")),
                "{name}"
            );
            command.get_subcommands().for_each(look);
        }
        look(&Cli::command());
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
