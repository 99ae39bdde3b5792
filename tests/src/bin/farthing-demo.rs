//! The demo's binary, which stands in for the mint's, the wallet's and the paywall's, too: see [`farthing_tests`].

use std::process::ExitCode;

use clap::Parser as _;
use farthing_service::say;
use farthing_tests::demo::Demo;
use farthing_tests::{AS_MINT, AS_PAYWALL, AS_WALLET};

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    let role = arguments.get(1).and_then(|role| role.to_str());
    if role == Some(AS_MINT) {
        arguments.remove(1);
        return farthing_mint::operator::main(arguments);
    }
    if role == Some(AS_WALLET) {
        arguments.remove(1);
        return farthing_wallet_cli::main(arguments);
    }
    if role == Some(AS_PAYWALL) {
        arguments.remove(1);
        return farthing_publisher::main(arguments);
    }
    let told = std::env::current_exe()
        .map_err(Into::into)
        .and_then(|binary| Demo::parse().run(binary));
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::line(&format!("\nThe demo failed: {failure}"));
            ExitCode::FAILURE
        }
    }
}
