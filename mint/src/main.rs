//! The binary `farthing-mint`.

use std::process::ExitCode;

use clap::Parser as _;
use farthing_mint::operator::{Cli, Outcome};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json();
    match cli.execute() {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Unbalanced) => ExitCode::FAILURE,
        Err(error) => {
            if json {
                let body = serde_json::json!({"error": error.to_string()});
                println!("{body}");
            }
            eprintln!("farthing-mint: {error}");
            ExitCode::from(2)
        }
    }
}
