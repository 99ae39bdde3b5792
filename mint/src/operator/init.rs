//! `init`: a new mint.

use clap::Args;
use farthing_protocol::suite::SuiteId;
use serde::Serialize;

use super::open;
use super::output::Output;
use crate::config::{Config, DataDir, known_decimals};
use crate::domain::KeysetKind;
use crate::error::{Error, Result};
use crate::keyring::{Keyring, Seed};
use crate::store::Store;

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The unit of all accounts and tokens: credit, sat, a currency such as eur, or a name of your own.
    #[arg(long, default_value = "credit", env = "FARTHING_MINT_UNIT")]
    unit: String,
    /// With how many decimals people write it. Known of credit, sat, msat, btc and of the currencies of
    /// ISO 4217 (2 for eur, 0 for jpy); needed for any other unit.
    #[arg(long, value_name = "N", env = "FARTHING_MINT_DECIMALS")]
    decimals: Option<u8>,
    /// The mint's name, for people.
    #[arg(long, default_value = "A Farthing mint")]
    name: String,
    /// How many amounts a keyset has: 1, 2, 4, … 2^(N−1).
    #[arg(long, default_value_t = 21, value_name = "N")]
    amounts: u8,
    /// Make a keyset for Cashu's wallets too, which find the mint at its address with /cashu. Some of
    /// them know no other units than sat, msat, usd, eur and btc.
    #[arg(long)]
    cashu: bool,
    /// The address that wallets and publishers will use.
    #[arg(long, default_value = "http://127.0.0.1:3338")]
    url: String,
}

#[derive(Serialize)]
struct Report {
    data: String,
    name: String,
    unit: String,
    decimals: u8,
    keyset: String,
    cashu_keyset: Option<String>,
}

impl Init {
    pub(super) fn execute(self, dir: &DataDir, output: Output) -> Result<()> {
        for path in [dir.config(), dir.seed(), dir.database()] {
            if path.exists() {
                let shown = path.display();
                return Err(Error::Operator(format!(
                    "{shown} is there already: init never overwrites a mint"
                )));
            }
        }
        let decimals = self.decimals.or_else(|| known_decimals(&self.unit));
        let config = Config {
            unit: self.unit,
            decimals: decimals.unwrap_or_default(),
            name: self.name,
            amounts: self.amounts,
            url: self.url.trim_end_matches('/').to_owned(),
            ..Config::default()
        };
        config.check().map_err(Error::Operator)?;
        if decimals.is_none() {
            return Err(unknown_decimals(&config.unit));
        }
        dir.create()?;
        // The settings first: they are checked, and hold nothing that would be a loss.
        config.create(&dir.config())?;
        // As every command after this one sees them: with what the environment says.
        let config = Config::load(&dir.config()).inspect_err(|_| {
            let _ = std::fs::remove_file(dir.config());
        })?;
        let keyring = Keyring::new(Seed::create(&dir.seed())?);
        let store = Store::create(&dir.database(), &config.unit)?;
        let add = |suite| {
            let kind = KeysetKind::Money(suite);
            open::add_keyset(&store, &keyring, &config, kind, None, 1)
        };
        let id = add(SuiteId::Ristretto255)?;
        let cashu = self.cashu.then(|| add(SuiteId::Secp256k1)).transpose()?;
        let report = Report {
            data: dir.path().display().to_string(),
            name: config.name.clone(),
            unit: config.unit.clone(),
            decimals: config.decimals,
            keyset: id.to_string(),
            cashu_keyset: cashu.map(|id| id.to_string()),
        };
        output.write(&report, || {
            let shown = dir.path().display();
            let (unit, one) = (config.money(), 10_u64.pow(config.decimals.into()));
            format!(
                "Made the mint \"{}\" in {shown}. Amounts are written as {}.\n\
                 Its seed is in {}: back it up, and show it to nobody. Without it the mint's tokens\n\
                 are worthless; with it anybody can make them.\n\n\
                 Next: farthing-mint account create NAME --data {shown}\n      \
                 farthing-mint run --data {shown}",
                config.name,
                unit.show(one),
                dir.seed().display(),
            )
        })
    }
}

fn unknown_decimals(unit: &str) -> Error {
    Error::Operator(format!(
        "with how many decimals people write {unit} is not known: say --decimals 0 if it is not divided, \
         --decimals 2 if it is divided into hundredths"
    ))
}
