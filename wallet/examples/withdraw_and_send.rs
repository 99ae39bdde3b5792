//! A wallet against a mint: it withdraws an amount from an account and makes a token of part of it.
//!
//!     FARTHING_API_TOKEN=… cargo run -p farthing-wallet --example withdraw_and_send http://127.0.0.1:3338
//!
//! The API token is one of an account at that mint with the scope `withdraw`. The wallet is made in the folder
//! `example-wallet`, and opened there the next time.

use std::io::Write as _;
use std::path::Path;

use farthing_wallet::native::{ReqwestHttp, SqliteStore, system_clock};
use farthing_wallet::{ApiToken, Origin, Phrase, SendOptions, Wallet};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("name the mint's address")?;
    let token = ApiToken::new(&std::env::var("FARTHING_API_TOKEN")?);
    let (folder, http) = (Path::new("example-wallet"), ReqwestHttp::new(None));

    let mut wallet = if folder.exists() {
        Wallet::open(SqliteStore::open(folder)?, http, system_clock).await?
    } else {
        // In earnest, the user writes these words down: they restore the wallet.
        let phrase = Phrase::generate()?;
        let store = SqliteStore::create(folder)?;
        Wallet::create(store, http, system_clock, &phrase, Origin::New).await?
    };
    // What a killed process left open is finished or undone.
    wallet.recover().await?;

    let mint = wallet.mints().add(&url, Some(token)).await?;
    wallet.withdraw(&mint, 20).await?;
    let sent = wallet.send(&mint, 5, SendOptions::default()).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", *sent.token().encode())?;
    for balance in wallet.balance().await? {
        let (mint, available, unit) = (balance.mint, balance.available, balance.unit);
        writeln!(out, "{mint}: {available} {unit}")?;
    }
    Ok(())
}
