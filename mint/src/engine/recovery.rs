//! A restored store: its quarantine, the replay of the spent log, and how its books stay true.
//!
//! A copy knows what was signed and spent until it was made. Its keysets are put in quarantine: no
//! token of theirs is taken, since it may have been spent after the copy. The quarantine ends when the
//! spent log was replayed to its end, or when the operator accepts the loss.
//!
//! What the log says was spent is booked as redeemed, and as owed to the suspense account: it went
//! into tokens, or onto accounts, that the copy does not know. When such a token comes back, it is
//! booked as issued after all (`recognise` in `apply.rs`), and the suspense account owes it no
//! longer. So that the solvency guard lets it, its keyset has an allowance.

use std::collections::BTreeMap;
use std::path::Path;

use farthing_protocol::api::PostingKind;

use crate::clock;
use crate::domain::{KeysetKind, KeysetState, PostingRow, SUSPENSE};
use crate::error::{Error, Result};
use crate::keyring::Keyring;
use crate::spent_log::{Ending, Frame, LogReader, Spend};
use crate::store::{Batch, Counters, KeysetRow, LogPlace, Quarantine, Store};

/// Tokens replayed in one batch: a running mint waits that long for its turn to write.
const BATCH_TOKENS: u64 = 10_000;

/// What a replay did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Tokens that this store did not know to be spent.
    pub tokens: u64,
    /// Their sum.
    pub amount: i64,
    /// Keysets that this store did not know.
    pub keysets: u64,
    /// How the log ends.
    pub ending: Ending,
    /// Where a store that knows all of it would continue the log.
    pub place: LogPlace,
}

/// How a quarantine ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lift {
    /// Everything spent since the copy is known.
    Replayed,
    /// The operator accepts that what was spent since the copy may be spent again.
    LossAccepted,
}

/// Puts the keysets of a restored store, whose copy was made at Unix time `copied`, in quarantine.
///
/// # Errors
/// [`Error::Store`].
pub fn quarantine(store: &Store, copied: i64) -> Result<()> {
    let mut writer = store.writer()?;
    let batch = writer.begin()?;
    let keysets = batch.keysets()?;
    let last = keysets.last().map_or(0, |row| row.terms.index);
    let mut signing = last + 1;
    for row in keysets {
        let index = row.terms.index;
        // Nobody loses money with blind authentication. So it is not asked which of it was used since the
        // copy: new keys are made, and wallets get themselves new tokens.
        if row.terms.kind() == KeysetKind::Auth {
            batch.set_keyset_state(index, KeysetState::Frozen)?;
            continue;
        }
        match row.state {
            KeysetState::Active => signing = signing.min(index),
            KeysetState::Retired => {}
            // Frozen is stricter, and ends only by the operator's word.
            KeysetState::Frozen | KeysetState::Quarantined => continue,
        }
        batch.set_keyset_state(index, KeysetState::Quarantined)?;
    }
    batch.begin_quarantine(copied, last, signing)?;
    batch.commit()
}

/// Replays the spent log at `path` from where the copy knew it on. Done again, it changes nothing.
///
/// # Errors
/// [`Error::Operator`] when there is no quarantine, or the log is not the copy's; [`Error::File`];
/// [`Error::Store`].
pub fn replay(store: &Store, keyring: &Keyring, path: &Path) -> Result<Replayed> {
    let quarantine = required(store.reader()?.quarantine()?)?;
    let place = quarantine.log.ok_or_else(|| {
        let what = "the copy was made while no spent log was kept, so none can bring it up to date";
        Error::Operator(what.to_owned())
    })?;
    let mut log = LogReader::ended(path, &place)?;
    let mut writer = store.writer()?;
    let (mut tokens, mut amount, mut keysets) = (0, 0, 0);
    let ending = loop {
        let batch = writer.begin()?;
        let mut replay = Replay::begin(&batch)?;
        while replay.tokens < BATCH_TOKENS
            && let Some(frame) = log.next_frame()?
        {
            // The copy's last frame, if it had one, is where the reading begins.
            if log.is_first() && !place.tail.is_empty() && log.bytes_of_last() != place.tail {
                let what = "where the copy ends, this spent log goes on with something else: it is \
                            not the copy's";
                return Err(Error::Operator(what.to_owned()));
            }
            replay.add(&frame, keyring)?;
        }
        tokens += replay.tokens;
        amount += replay.amount;
        keysets += replay.keysets;
        replay.finish()?;
        batch.commit()?;
        if let Some(ending) = log.ending() {
            break ending;
        }
    };
    Ok(Replayed {
        tokens,
        amount,
        keysets,
        ending,
        place: log.into_place(),
    })
}

/// One batch of a replay.
struct Replay<'b> {
    batch: &'b Batch<'b>,
    counters: BTreeMap<u32, Counters>,
    tokens: u64,
    amount: i64,
    /// What was spent of keysets beyond what this store saw them sign.
    unseen: i64,
    keysets: u64,
}

impl<'b> Replay<'b> {
    fn begin(batch: &'b Batch<'b>) -> Result<Self> {
        Ok(Self {
            counters: batch.counters()?,
            batch,
            tokens: 0,
            amount: 0,
            unseen: 0,
            keysets: 0,
        })
    }

    fn add(&mut self, frame: &Frame, keyring: &Keyring) -> Result<()> {
        for row in &frame.keysets {
            self.add_keyset(row, keyring)?;
        }
        frame.spends.iter().try_for_each(|spend| self.spend(spend))
    }

    fn add_keyset(&mut self, row: &KeysetRow, keyring: &Keyring) -> Result<()> {
        if self.counters.contains_key(&row.terms.index) {
            return Ok(());
        }
        if keyring.load(&row.terms)?.0 != row.id {
            let what = "the spent log names a keyset that was not made with this seed";
            return Err(Error::Operator(what.to_owned()));
        }
        let is_auth = row.terms.kind() == KeysetKind::Auth;
        let row = KeysetRow {
            state: if is_auth {
                KeysetState::Frozen
            } else {
                row.state
            },
            ..row.clone()
        };
        self.batch.add_keyset(&row)?;
        let counters = Counters {
            is_auth,
            state: row.state,
            issued: 0,
            redeemed: 0,
            held: 0,
            unseen: 0,
            allowance: 0,
        };
        self.counters.insert(row.terms.index, counters);
        self.keysets += 1;
        Ok(())
    }

    fn spend(&mut self, spend: &Spend) -> Result<()> {
        let Spend {
            mark,
            keyset,
            amount,
            preimage,
        } = spend;
        if self.batch.is_spent(mark)? {
            return Ok(());
        }
        let counters = self.counters.get_mut(keyset).ok_or_else(|| {
            Error::Operator(format!(
                "the spent log has a token of keyset number {keyset}, which neither it nor the copy \
                 knows"
            ))
        })?;
        self.batch
            .add_spent(mark, *keyset, *amount, preimage.as_ref())?;
        let amount = amount.cast_signed();
        counters.redeemed += amount;
        let unseen = (counters.redeemed - counters.issued).max(0);
        counters.issued += unseen;
        counters.unseen += unseen;
        self.unseen += unseen;
        self.amount += amount;
        self.tokens += 1;
        Ok(())
    }

    fn finish(self) -> Result<()> {
        for (index, counters) in &self.counters {
            self.batch.set_counters(*index, counters)?;
        }
        if self.tokens == 0 {
            return Ok(());
        }
        let before = required(self.batch.quarantine()?)?.replayed;
        self.batch.set_replayed(before + self.amount)?;
        let note = format!(
            "{} token(s) spent after the copy, from the spent log",
            self.tokens
        );
        post_suspense(self.batch, self.amount, note)?;
        self.batch.change_suspense(-self.unseen)
    }
}

/// Ends the quarantine: its keysets redeem again, and sign no more. Those that may have signed after
/// the copy get an allowance: what was spent since and what the accounts hold can have gone into their
/// tokens, and so can `credited`, what the operator credited to accounts since. Where what was spent
/// is not known, the most that it can have been at one time stands in for it.
///
/// # Errors
/// [`Error::Operator`] when there is no quarantine; [`Error::Store`].
pub fn lift(store: &Store, how: Lift, credited: u64) -> Result<Quarantine> {
    let mut writer = store.writer()?;
    let batch = writer.begin()?;
    let quarantine = required(batch.quarantine()?)?;
    let all = batch.counters()?;
    let spent = match how {
        Lift::Replayed => quarantine.replayed,
        Lift::LossAccepted => {
            let money = all.values().filter(|counters| !counters.is_auth);
            money.map(|c| (c.issued - c.redeemed).max(0)).sum()
        }
    };
    let allowance = batch.accounts_total()?.checked_add(spent);
    let allowance = allowance.and_then(|sum| sum.checked_add_unsigned(credited));
    let allowance =
        allowance.ok_or_else(|| Error::Operator("the credited amount is too large".to_owned()))?;
    for (index, mut counters) in all {
        if counters.state != KeysetState::Quarantined {
            continue;
        }
        if index >= quarantine.signing {
            counters.allowance = allowance;
            batch.set_counters(index, &counters)?;
        }
        batch.set_keyset_state(index, KeysetState::Retired)?;
    }
    let note = match how {
        Lift::Replayed => "quarantine lifted: the spent log was replayed",
        Lift::LossAccepted => "quarantine lifted: the operator accepted the loss",
    };
    let time = clock::to_text(quarantine.copied);
    post_suspense(&batch, 0, format!("{note}; the copy was made {time}"))?;
    batch.end_quarantine()?;
    batch.commit()?;
    Ok(quarantine)
}

/// Posts on the suspense account; an amount of 0 is a note in the books.
///
/// # Errors
/// [`Error::Invariant`] when there is no such account; [`Error::Store`].
pub fn post_suspense(batch: &Batch<'_>, amount: i64, note: String) -> Result<()> {
    let account = batch.account(SUSPENSE)?;
    let account = account.ok_or(Error::Invariant("no suspense account"))?;
    let balance = account.balance.checked_add(amount);
    let posting = PostingRow {
        number: account.postings + 1,
        hour: clock::hour(),
        kind: if amount < 0 {
            PostingKind::Debit
        } else {
            PostingKind::Credit
        },
        amount,
        balance: balance.ok_or(Error::Invariant("a balance beyond 63 bits"))?,
        note: Some(note),
    };
    batch.add_posting(SUSPENSE, &posting)
}

fn required(quarantine: Option<Quarantine>) -> Result<Quarantine> {
    quarantine.ok_or_else(|| Error::Operator("this mint is not in quarantine".to_owned()))
}
