//! The balance sheet: whether reserve = Σ accounts + Σ keysets (issued − redeemed) + fees.

use farthing_protocol::KeysetId;
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
    /// `active`, `retired` or `frozen`.
    pub state: &'static str,
    /// What it has signed, by its counter.
    pub issued: i64,
    /// What of it came back, by its counter.
    pub redeemed: i64,
    /// The sum of the outputs remembered as signed, which must be `issued`.
    pub signed: i64,
    /// The sum of the tokens remembered as spent, which must be `redeemed`.
    pub spent: i64,
}

impl KeysetLine {
    /// What is in circulation.
    #[must_use]
    pub fn outstanding(&self) -> i64 {
        self.issued - self.redeemed
    }
}

impl BalanceSheet {
    /// The sum of all holders' accounts.
    #[must_use]
    pub fn accounts_total(&self) -> i64 {
        self.accounts.iter().map(|a| a.balance).sum()
    }

    /// The sum of all tokens in circulation.
    #[must_use]
    pub fn outstanding_total(&self) -> i64 {
        self.keysets.iter().map(KeysetLine::outstanding).sum()
    }

    /// Everything that does not add up, in sentences; empty when the books balance.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let owed = self.accounts_total() + self.outstanding_total() + self.fees;
        if self.reserve != owed {
            faults.push(format!(
                "the reserve is {} and the mint owes {owed}: accounts {}, tokens {}, fees {}",
                self.reserve,
                self.accounts_total(),
                self.outstanding_total(),
                self.fees,
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
                    "account {name} holds {balance}, its postings say {posted}"
                ));
            }
            if *balance < 0 {
                faults.push(format!("account {name} is overdrawn: {balance}"));
            }
        }
        for keyset in &self.keysets {
            let KeysetLine {
                id,
                issued,
                redeemed,
                signed,
                spent,
                ..
            } = keyset;
            if issued != signed {
                faults.push(format!(
                    "keyset {id} issued {issued}, its outputs say {signed}"
                ));
            }
            if redeemed != spent {
                faults.push(format!(
                    "keyset {id} redeemed {redeemed}, its marks say {spent}"
                ));
            }
            if redeemed > issued {
                faults.push(format!(
                    "keyset {id} redeemed {redeemed} of {issued} issued"
                ));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                state: "active",
                issued: 50,
                redeemed: 11,
                signed: 50,
                spent: 11,
            }],
            fees: 1,
        }
    }

    #[test]
    fn balanced_books_have_no_faults() {
        assert_eq!(sheet().faults(), Vec::<String>::new());
    }

    #[test]
    fn every_kind_of_fault_is_named() {
        let faults = |change: fn(&mut BalanceSheet)| {
            let mut sheet = sheet();
            change(&mut sheet);
            sheet.faults()
        };
        assert_eq!(faults(|s| s.reserve = 99).len(), 1);
        assert_eq!(faults(|s| s.fees = 2).len(), 1);
        assert_eq!(faults(|s| s.accounts[0].posted = 59).len(), 1);
        assert_eq!(faults(|s| s.keysets[0].signed = 49).len(), 1);
        assert_eq!(faults(|s| s.keysets[0].spent = 12).len(), 1);
        let overdrawn = faults(|s| {
            s.accounts[0].balance = -1;
            s.accounts[0].posted = -1;
            s.reserve = 39;
        });
        assert_eq!(overdrawn, ["account ann is overdrawn: -1"]);
        let leaked = faults(|s| {
            s.keysets[0].redeemed = 51;
            s.keysets[0].spent = 51;
            s.reserve = 60;
        });
        assert_eq!(leaked.len(), 1);
        assert!(leaked[0].contains("redeemed 51 of 50 issued"), "{leaked:?}");
    }
}
