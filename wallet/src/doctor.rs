//! Looking a wallet over: what is well, what is not, what it means and what to do. Nothing is changed.
//!
//! The mints are asked for what everybody may ask, and with the account's token for the account. They
//! are not asked about tokens: that would show them which belong together.

use farthing_protocol::Unit;
use farthing_protocol::api::{Info, published_digest};
use farthing_protocol::suite::SuiteId;

use crate::engine::Engine;
use crate::error::{Advice, Error, Refused, StoreError};
use crate::http::Http;
use crate::purse::holdings::active;
use crate::records::{Bought, Budget, Coin, Entry, Keyset, Kind, Mint, Operation, Sent};
use crate::store::Store;
use crate::time::{CLOCKS_S_MAX, DAY_S};
use farthing_protocol::text::printable;

/// An operation that is open for longer than this does not settle by itself.
const OPEN_S_MAX: u64 = DAY_S;
/// A token that nobody has claimed for longer than this was perhaps lost on the way.
const UNCLAIMED_S_MAX: u64 = 30 * DAY_S;

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// All is well.
    Fine,
    /// Worth knowing.
    Note,
    /// Something may go wrong, or go wrong later.
    Warning,
    /// Something is wrong.
    Trouble,
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A short name for programs; never changes.
    pub code: &'static str,
    /// What was looked at: the mint's address, or `wallet`.
    pub subject: String,
    /// What was found.
    pub what: String,
    /// What it means.
    pub meaning: String,
    /// What to do, in this order; empty when there is nothing to do.
    pub advice: Vec<Advice>,
}

impl Finding {
    /// A finding, in plain words.
    #[must_use]
    pub fn new(
        (severity, code): (Severity, &'static str),
        subject: &str,
        what: String,
        meaning: &str,
        advice: impl IntoIterator<Item = Advice>,
    ) -> Self {
        Self {
            severity,
            code,
            subject: subject.to_owned(),
            what,
            meaning: meaning.to_owned(),
            advice: advice.into_iter().collect(),
        }
    }
}

/// What is about the wallet and no mint.
pub(crate) const WALLET: &str = "wallet";

/// A wallet that is looked over.
pub(crate) struct Checkup<'a, S, H> {
    engine: &'a Engine<S, H>,
    findings: Vec<Finding>,
}

impl<'a, S: Store, H: Http> Checkup<'a, S, H> {
    /// Looks all of it over.
    pub(crate) async fn of(engine: &'a Engine<S, H>) -> Vec<Finding> {
        let mut checkup = Self {
            engine,
            findings: Vec::new(),
        };
        match checkup.records().await {
            Ok(()) => checkup.findings.push(Finding::new(
                (Severity::Fine, "records_readable"),
                WALLET,
                "all records are readable".to_owned(),
                "What the wallet has written down is there.",
                [],
            )),
            Err(error) => checkup.findings.push(unreadable(&error)),
        }
        // An unreadable list of mints was found above.
        let mints = engine.purse.tables.all::<Mint>().await;
        for mint in mints.unwrap_or_default() {
            if let Err(error) = checkup.look_at(&mint).await {
                checkup.findings.push(from_error(&mint, &error));
            }
        }
        checkup.findings
    }

    /// Asks a mint what it says of itself, and compares.
    async fn look_at(&mut self, mint: &Mint) -> Result<(), Error> {
        let info = self.engine.api(&mint.url).info().await?;
        self.findings.push(Finding::new(
            (Severity::Fine, "mint_reachable"),
            &mint.url,
            "the mint answers".to_owned(),
            "It can be used.",
            [],
        ));
        self.findings
            .push(clocks(mint, &info, self.engine.purse.now()));
        if (&info.unit, info.decimals) != (&mint.unit, mint.decimals) {
            let what = format!(
                "its unit was {} with {} decimals, and is {} with {} now",
                mint.shown_in().name(),
                mint.decimals,
                printable(&info.unit),
                info.decimals
            );
            self.findings.push(Finding::new(
                (Severity::Trouble, "unit_changed"),
                &mint.url,
                what,
                "What the wallet holds is in the old unit.",
                [Advice::AskAboutUnit],
            ));
        }
        if mint.lane.is_none() {
            self.findings.push(Finding::new(
                (Severity::Note, "not_restored"),
                &mint.url,
                "the mint was not searched yet for what the phrase has there".to_owned(),
                "The wallet uses the mint only afterwards.",
                [Advice::Restore {
                    mint: mint.url.clone(),
                }],
            ));
        }
        self.look_at_keysets(mint, &info).await?;
        self.look_at_account(mint).await
    }

    /// Recomputes the ids of all keysets of both APIs, compares them with what was known, and the
    /// digest with what the mint says.
    async fn look_at_keysets(&mut self, mint: &Mint, info: &Info) -> Result<(), Error> {
        let known = self.engine.purse.tables.keysets(&mint.url).await?;
        let mut now: Vec<Keyset> = Vec::new();
        let mut listed = Vec::new();
        for suite in SuiteId::ALL {
            let here = self.engine.api(&mint.url).keysets(suite).await?;
            listed.extend(here.iter().map(|info| info.id));
            let checked = self
                .engine
                .check_keysets(suite, &mint.url, info, here, &known, &mut ())
                .await?;
            now.extend(checked);
        }
        self.findings.push(Finding::new(
            (Severity::Fine, "keysets_true"),
            &mint.url,
            format!(
                "its {} keysets are what their ids say, and as they were",
                now.len()
            ),
            "The mint shows this wallet the keys that it always showed.",
            [],
        ));
        let digest = published_digest(&listed, info.bundle.as_ref());
        self.findings.push(match digest == info.keysets_digest {
            true => Finding::new(
                (Severity::Fine, "digest"),
                &mint.url,
                format!("the digest of its keysets is {digest}"),
                "If other people see a different digest, the mint is tracking users by giving them different keys.",
                [Advice::CompareDigest],
            ),
            false => Finding::new(
                (Severity::Trouble, "digest_differs"),
                &mint.url,
                "the digest that it shows is of other keysets than those it lists".to_owned(),
                "It may give other people different keys to track users, or it has just changed its keys.",
                [Advice::LookAgain],
            ),
        });
        let lost = known.iter().filter(|k| !listed.contains(&k.info.id));
        let count = lost.count();
        if count > 0 {
            self.findings.push(Finding::new(
                (Severity::Warning, "keysets_gone"),
                &mint.url,
                format!("it no longer lists {count} of its keysets"),
                "Their tokens may not be honoured.",
                [Advice::AskAboutKeysets],
            ));
        }
        if active(mint, &now, info.time).is_err() {
            self.findings.push(Finding::new(
                (Severity::Warning, "no_active_keyset"),
                &mint.url,
                "it has no keyset that signs".to_owned(),
                "What is held can be redeemed, and nothing withdrawn or swapped.",
                [Advice::AskOperator],
            ));
        }
        Ok(())
    }

    async fn look_at_account(&mut self, mint: &Mint) -> Result<(), Error> {
        let Some(token) = &mint.api_token else {
            return Ok(());
        };
        let account = self.engine.api(&mint.url).account(token).await;
        match account.map_err(Error::from) {
            Ok(_) => self.findings.push(Finding::new(
                (Severity::Fine, "account"),
                &mint.url,
                "it knows the account's API token".to_owned(),
                "The account can be used.",
                [],
            )),
            // Another scope than `read`, which no command needs.
            Err(Error::Refused(Refused { status: 403, .. })) => {}
            Err(Error::Refused(Refused { status: 401, .. })) => self.findings.push(Finding::new(
                (Severity::Warning, "account_refused"),
                &mint.url,
                "it no longer knows the account's API token".to_owned(),
                "Withdrawing and redeeming will fail; your tokens are unaffected.",
                [Advice::RequestNewApiToken {
                    mint: mint.url.clone(),
                }],
            )),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Reads all that there is, and looks at what waits.
    async fn records(&mut self) -> Result<(), Error> {
        self.engine.purse.tables.all::<Coin>().await?;
        self.engine.purse.tables.all::<Entry>().await?;
        self.engine.purse.tables.all::<Bought>().await?;
        self.engine.purse.tables.all::<Budget>().await?;
        self.open_for_long().await?;
        for sent in self.engine.purse.tables.all::<Sent>().await? {
            let age_s = self.engine.purse.now().saturating_sub(sent.time);
            if sent.outstanding() > 0 && age_s > UNCLAIMED_S_MAX {
                self.findings
                    .push(self.unclaimed_for_long(&sent, age_s).await?);
            }
        }
        for expiring in self.engine.purse.expiring().await? {
            let unit = self.unit_at(&expiring.mint).await?;
            let left_s = expiring.expires.saturating_sub(self.engine.purse.now());
            let amount = unit.show(expiring.amount);
            self.findings.push(Finding::new(
                (Severity::Warning, "tokens_expire"),
                &expiring.mint,
                format!("{amount} expire in {} days", left_s / DAY_S),
                "After that the mint does not honour them.",
                [Advice::RenewOrSpend],
            ));
        }
        for balance in self.engine.purse.balance().await? {
            if balance.expired > 0 {
                let unit = self.unit_at(&balance.mint).await?;
                self.findings.push(Finding::new(
                    (Severity::Trouble, "tokens_expired"),
                    &balance.mint,
                    format!("{} have expired", unit.show(balance.expired)),
                    "The mint no longer honours them, if this machine's clock is right.",
                    [Advice::CompareClocks],
                ));
            }
        }
        Ok(())
    }

    async fn open_for_long(&mut self) -> Result<(), Error> {
        for operation in self.engine.purse.tables.all::<Operation>().await? {
            let age_s = self.engine.purse.now().saturating_sub(operation.begun);
            let severity = match age_s > OPEN_S_MAX {
                true => Severity::Warning,
                false => Severity::Note,
            };
            let (id, hours) = (operation.id, age_s / 3600);
            let meaning = match operation.kind {
                Kind::Restore => "What it found is in the balance; the rest is not yet.",
                Kind::Withdraw
                | Kind::Send
                | Kind::Receive
                | Kind::Redeem
                | Kind::Pay
                | Kind::Reclaim
                | Kind::Renew => {
                    "Nothing is lost: what it holds waits until the mint can be asked."
                }
            };
            self.findings.push(Finding::new(
                (severity, "operation_open"),
                &operation.mint,
                format!("operation {id} is open for {hours} hours"),
                meaning,
                [Advice::Recover],
            ));
        }
        Ok(())
    }
}

impl<S: Store, H: Http> Checkup<'_, S, H> {
    /// Returns the unit of the mint at `url`.
    async fn unit_at(&self, url: &str) -> Result<Unit, Error> {
        Ok(self.engine.purse.tables.mint(Some(url)).await?.shown_in())
    }

    async fn unclaimed_for_long(&self, sent: &Sent, age_s: u64) -> Result<Finding, Error> {
        let unit = self.unit_at(&sent.mint).await?;
        let (id, days) = (sent.id, age_s / DAY_S);
        let amount = unit.show(sent.outstanding());
        Ok(Finding::new(
            (Severity::Note, "sent_unclaimed"),
            &sent.mint,
            format!(
                "token {id} was sent {days} days ago, and {amount} of it are not known to be claimed"
            ),
            "Perhaps the receiver never got it.",
            [Advice::SeeSent { id }],
        ))
    }
}

fn clocks(mint: &Mint, info: &Info, now: u64) -> Finding {
    let apart_s = now.abs_diff(info.time);
    if apart_s <= CLOCKS_S_MAX {
        return Finding::new(
            (Severity::Fine, "clocks"),
            &mint.url,
            "its clock and this one agree".to_owned(),
            "Expiry and locks mean the same on both sides.",
            [],
        );
    }
    let ahead = match now > info.time {
        true => "this clock is ahead of the mint's",
        false => "this clock is behind the mint's",
    };
    Finding::new(
        (Severity::Warning, "clocks_differ"),
        &mint.url,
        format!("{ahead} by {} minutes", apart_s / 60),
        "Valid tokens may look expired, and expired ones valid.",
        [Advice::SetWrongClock],
    )
}

fn unreadable(error: &Error) -> Finding {
    let damaged = matches!(
        error,
        Error::Store(StoreError::Damaged { .. } | StoreError::Broken(_))
    );
    let code = match damaged {
        true => "record_damaged",
        false => "records_unreadable",
    };
    let told = error.explain();
    Finding::new(
        (Severity::Trouble, code),
        WALLET,
        told.what,
        &told.money,
        told.advice,
    )
}

/// Returns what went wrong when a mint was looked at.
fn from_error(mint: &Mint, error: &Error) -> Finding {
    let severity = match error {
        Error::Network(_) => Severity::Warning,
        Error::Usage(_)
        | Error::Unpayable(_)
        | Error::Refused(_)
        | Error::Misbehaved(_)
        | Error::Site(_)
        | Error::Store(_) => Severity::Trouble,
    };
    let told = error.explain();
    Finding::new(
        (severity, error.code()),
        &mint.url,
        told.what,
        &told.money,
        told.advice,
    )
}
