//! Which mint something is done at when none is named.

use farthing_protocol::Unit;

use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::mints::Mints;
use crate::records::{Mint, worth};
use crate::store::Store;

/// What a mint is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Spending what the wallet holds there.
    Balance,
    /// The account there.
    Account,
    /// Both: redeeming into the account.
    BalanceAndAccount,
    /// Its unit alone.
    Unit,
    /// The mint itself.
    Mint,
}

impl<S: Store, H: Http> Mints<'_, S, H> {
    /// Chooses a mint for an amount, which `read` reads in the mint's unit: the one that is `named`, or
    /// the one that can do it. Returns it with the amount.
    ///
    /// # Errors
    /// [`UsageError::NoMintHolds`] when none can, and [`UsageError::WhichMint`] when the choice would matter;
    /// both name all mints with what they hold. What `read` says of the amount.
    pub async fn choose<E: From<Error>>(
        &self,
        named: Option<&str>,
        need: Need,
        read: impl Fn(&Unit) -> Result<u64, E>,
    ) -> Result<(Mint, u64), E> {
        let purse = &self.engine.purse;
        let mints = match named {
            Some(url) => vec![purse.tables.mint(Some(url)).await?],
            None => self.all().await?,
        };
        if let [only] = mints.as_slice() {
            return Ok((only.clone(), read(&only.shown_in())?));
        }
        let Some(first) = mints.first() else {
            return Err(Error::from(UsageError::NoMint).into());
        };
        let (mut able, mut unread, mut holdings) = (Vec::new(), None, Vec::new());
        for mint in &mints {
            let held = worth(&purse.holdings(mint).await?.coins);
            holdings.push(format!("{} {}", mint.url, mint.shown_in().show(held)));
            match read(&mint.shown_in()) {
                Ok(amount) if can(mint, need, held, amount) => able.push((mint, amount)),
                Ok(_) => {}
                Err(error) => unread = unread.or(Some(error)),
            }
        }
        let holdings = holdings.join(", ");
        let unit = |mint: &Mint| (mint.unit.clone(), mint.decimals);
        let alike = |mint: &Mint| able.iter().all(|(other, _)| unit(other) == unit(mint));
        match (able.first(), need) {
            (Some(only), _) if able.len() == 1 => Ok((only.0.clone(), only.1)),
            (Some(one), Need::Balance | Need::Unit) if alike(one.0) => Ok((one.0.clone(), one.1)),
            (Some(_), _) => Err(Error::from(UsageError::WhichMint(holdings)).into()),
            (None, _) => match unread {
                Some(error) => Err(error),
                None if need == Need::Account => {
                    Err(Error::from(UsageError::NoApiToken(first.url.clone())).into())
                }
                None => Err(Error::from(UsageError::NoMintHolds(holdings)).into()),
            },
        }
    }
}

/// Returns whether a mint at which the wallet holds `held` can do what is needed.
fn can(mint: &Mint, need: Need, held: u64, amount: u64) -> bool {
    let has_account = mint.api_token.is_some();
    match need {
        Need::Balance => held >= amount,
        Need::Account => has_account,
        Need::BalanceAndAccount => has_account && held >= amount.max(1),
        Need::Unit | Need::Mint => true,
    }
}
