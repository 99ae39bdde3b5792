//! The balance sheet: whether reserve = Σ accounts + Σ keysets (issued − redeemed) + fees + what is on its
//! way in or out + suspense.

use farthing_protocol::cashu::auth;
use farthing_protocol::{KeysetId, Unit};
use serde::Serialize;

/// The books of the mint at one moment, as counted by the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BalanceSheet {
    /// The unit of all amounts.
    pub unit: String,
    /// What the operator has taken in and not paid out: what must be there to honour all the rest.
    pub reserve: i64,
    /// Every holder's account.
    pub accounts: Vec<AccountLine>,
    /// Every keyset.
    pub keysets: Vec<KeysetLine>,
    /// Fees kept.
    pub fees: i64,
    /// What was paid in from outside for tokens that are not issued yet.
    pub paid_in: Sum,
    /// What accounts have put in for payments to outside that are under way.
    pub paying_out: Sum,
    /// What the books cannot place.
    pub suspense: Suspense,
}

/// An account of the mint's own whose single movements are not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// What it holds.
    pub balance: i64,
    /// What the quotes add up to, which must be the balance.
    pub quoted: i64,
}

/// The suspense account in the balance sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Suspense {
    /// What it holds: positive when the mint owes it to somebody it does not know, negative when it
    /// has lost it.
    pub balance: i64,
    /// What was posted on it, oldest first: each with the operator's or the mint's reason.
    pub postings: Vec<SuspenseLine>,
}

/// A posting on the suspense account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SuspenseLine {
    /// The Unix time at which its hour began.
    pub time: u64,
    /// What the account gained or lost.
    pub amount: i64,
    /// Why.
    pub note: String,
}

/// An account in the balance sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountLine {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub balance: i64,
    /// The sum of its postings, which must be the balance.
    pub posted: i64,
}

/// A keyset in the balance sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeysetLine {
    /// Its id.
    pub id: KeysetId,
    /// The unit of its tokens.
    pub unit: String,
    /// `active`, `retired`, `frozen` or `quarantined`.
    pub state: &'static str,
    /// What it has signed, by its counter.
    pub issued: i64,
    /// What of it came back, by its counter.
    pub redeemed: i64,
    /// The part of `issued` that was never seen to be signed, but came back.
    pub unseen: i64,
    /// How much more may come back unseen.
    pub allowance: i64,
    /// The sum of the outputs remembered as signed, which must be `issued` − `unseen`.
    pub signed: i64,
    /// The sum of the tokens remembered as spent, which must be `redeemed`.
    pub spent: i64,
    /// What of it is held for payments under way, by its counter: in circulation until they have arrived.
    pub held: i64,
    /// The sum of the tokens remembered as held, which must be `held`.
    pub holding: i64,
}

impl KeysetLine {
    /// Returns whether its tokens are owed to their holders. Blind authentication (NUT-22) is not: it is given
    /// away for nothing, and redeemed for nothing. Its counters have to agree with its rows all the same.
    #[must_use]
    pub fn is_money(&self) -> bool {
        self.unit != auth::UNIT
    }

    /// Returns what is in circulation.
    #[must_use]
    pub fn outstanding(&self) -> i64 {
        self.issued - self.redeemed
    }

    fn faults(&self, unit: &Unit) -> Vec<String> {
        let Self {
            id,
            issued,
            redeemed,
            unseen,
            signed,
            spent,
            held,
            holding,
            ..
        } = self;
        let shown = |amount: i64| match self.is_money() {
            true => unit.show_signed(amount),
            false => amount.to_string(),
        };
        let mut faults = Vec::new();
        let mut differ = |what: &str, counted: i64, who: &str, found: i64| {
            if counted != found {
                let (counted, found) = (shown(counted), shown(found));
                faults.push(format!(
                    "keyset {id} {what} {counted}, its {who} say {found}"
                ));
            }
        };
        differ("issued", issued - unseen, "outputs", *signed);
        differ("redeemed", *redeemed, "marks", *spent);
        differ("holds", *held, "marks", *holding);
        if redeemed > issued {
            let (redeemed, issued) = (shown(*redeemed), shown(*issued));
            faults.push(format!(
                "keyset {id} redeemed {redeemed} of {issued} issued"
            ));
        }
        faults
    }
}

impl BalanceSheet {
    /// The sum of all holders' accounts.
    #[must_use]
    pub fn accounts_total(&self) -> i64 {
        self.accounts.iter().map(|a| a.balance).sum()
    }

    /// The sum of all tokens in circulation that are money.
    #[must_use]
    pub fn outstanding_total(&self) -> i64 {
        let money = self.keysets.iter().filter(|line| line.is_money());
        money.map(KeysetLine::outstanding).sum()
    }

    /// Everything that does not add up, in sentences with amounts in `unit`; empty when the books
    /// balance.
    #[must_use]
    pub fn faults(&self, unit: &Unit) -> Vec<String> {
        let shown = |amount| unit.show_signed(amount);
        let mut faults = Vec::new();
        let suspense = self.suspense.balance;
        let (paid_in, paying_out) = (self.paid_in.balance, self.paying_out.balance);
        let on_its_way = paid_in + paying_out;
        let owed =
            self.accounts_total() + self.outstanding_total() + self.fees + on_its_way + suspense;
        if self.reserve != owed {
            faults.push(format!(
                "the reserve is {} and the mint owes {}: accounts {}, tokens {}, fees {}, paid in {}, \
                 paying out {}, suspense {}",
                shown(self.reserve),
                shown(owed),
                shown(self.accounts_total()),
                shown(self.outstanding_total()),
                shown(self.fees),
                shown(paid_in),
                shown(paying_out),
                shown(suspense),
            ));
        }
        for account in &self.accounts {
            let AccountLine {
                name,
                balance,
                posted,
            } = account;
            if balance != posted {
                faults.push(format!(
                    "account {name} holds {}, its postings say {}",
                    shown(*balance),
                    shown(*posted)
                ));
            }
            if *balance < 0 {
                let balance = shown(*balance);
                faults.push(format!("account {name} is overdrawn: {balance}"));
            }
        }
        let posted: i64 = self.suspense.postings.iter().map(|p| p.amount).sum();
        let unseen: i64 = self.keysets.iter().map(|k| k.unseen).sum();
        if suspense != posted - unseen {
            faults.push(format!(
                "the suspense account holds {}, its postings say {} and the tokens that came back \
                 unseen {}",
                shown(suspense),
                shown(posted),
                shown(unseen)
            ));
        }
        for (name, Sum { balance, quoted }) in
            [("paid in", self.paid_in), ("paying out", self.paying_out)]
        {
            if balance != quoted {
                let (balance, quoted) = (shown(balance), shown(quoted));
                faults.push(format!("{name} is {balance}, the quotes say {quoted}"));
            }
        }
        faults.extend(self.keysets.iter().flat_map(|line| line.faults(unit)));
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credit() -> Unit {
        Unit::new("credit", 0)
    }

    fn sheet() -> BalanceSheet {
        BalanceSheet {
            unit: "credit".to_owned(),
            reserve: 100,
            accounts: vec![AccountLine {
                name: "ann".to_owned(),
                balance: 60,
                posted: 60,
            }],
            keysets: vec![KeysetLine {
                id: KeysetId::from_bytes(&[0x52; 33]).unwrap(),
                unit: "credit".to_owned(),
                state: "active",
                issued: 50,
                redeemed: 11,
                unseen: 0,
                allowance: 0,
                signed: 50,
                spent: 11,
                held: 5,
                holding: 5,
            }],
            fees: 1,
            paid_in: Sum::default(),
            paying_out: Sum::default(),
            suspense: Suspense::default(),
        }
    }

    #[test]
    fn balanced_books_have_no_faults() {
        assert_eq!(sheet().faults(&credit()), Vec::<String>::new());
    }

    #[test]
    fn authentication_is_owed_to_nobody_and_counted_all_the_same() {
        let mut sheet = sheet();
        let mut line = sheet.keysets[0].clone();
        line.unit = "auth".to_owned();
        sheet.keysets.push(line);
        assert_eq!(sheet.faults(&credit()), Vec::<String>::new());
        assert_eq!(sheet.outstanding_total(), 39);
        sheet.keysets[1].signed = 49;
        sheet.keysets[1].spent = 12;
        assert_eq!(sheet.faults(&credit()).len(), 2);
    }

    #[test]
    fn what_is_in_suspense_is_owed_and_explained() {
        let mut sheet = sheet();
        // 7 were spent after the copy, by the log; of the tokens they went into, 3 came back.
        sheet.keysets[0].redeemed += 7 + 3;
        sheet.keysets[0].spent += 7 + 3;
        sheet.keysets[0].issued += 3;
        sheet.keysets[0].unseen = 3;
        sheet.accounts[0].balance += 3;
        sheet.accounts[0].posted += 3;
        sheet.suspense.balance = 7 - 3;
        sheet.suspense.postings.push(SuspenseLine {
            time: 0,
            amount: 7,
            note: "replayed".to_owned(),
        });
        assert_eq!(sheet.faults(&credit()), Vec::<String>::new());
    }

    #[test]
    fn every_kind_of_fault_is_named() {
        let faults = |change: fn(&mut BalanceSheet)| {
            let mut sheet = sheet();
            change(&mut sheet);
            sheet.faults(&credit())
        };
        assert_eq!(faults(|s| s.reserve = 99).len(), 1);
        assert_eq!(faults(|s| s.fees = 2).len(), 1);
        assert_eq!(faults(|s| s.accounts[0].posted = 59).len(), 1);
        assert_eq!(faults(|s| s.keysets[0].signed = 49).len(), 1);
        assert_eq!(faults(|s| s.keysets[0].spent = 12).len(), 1);
        assert_eq!(faults(|s| s.keysets[0].holding = 4).len(), 1);
        assert_eq!(faults(|s| s.paid_in.balance = 1).len(), 2);
        assert_eq!(faults(|s| s.paid_in.quoted = 1).len(), 1);
        assert_eq!(faults(|s| s.paying_out.balance = 1).len(), 2);
        assert_eq!(faults(|s| s.suspense.balance = 1).len(), 2);
        assert_eq!(faults(|s| s.keysets[0].unseen = 1).len(), 2);
        let overdrawn = faults(|s| {
            s.accounts[0].balance = -1;
            s.accounts[0].posted = -1;
            s.reserve = 39;
        });
        assert_eq!(overdrawn, ["account ann is overdrawn: -1 credit"]);
        let leaked = faults(|s| {
            s.keysets[0].redeemed = 51;
            s.keysets[0].spent = 51;
            s.reserve = 60;
        });
        assert_eq!(leaked.len(), 1);
        assert!(
            leaked[0].contains("redeemed 51 credit of 50 credit issued"),
            "{leaked:?}"
        );
    }
}
