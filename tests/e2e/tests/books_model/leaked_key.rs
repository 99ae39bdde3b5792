//! When a key leaks: the mint never takes back more of a keyset than it issued.

use farthing_mint::domain::{AccountId, Purpose, Transaction};
use farthing_mint::engine::Answer;
use farthing_mint::keyring::Point;
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{ErrorCode, Proof, Unit};
use farthing_testkit::client::{Blanks, Keyset, proofs};

use crate::harness::{Books, UNIT};

struct Setting {
    books: Books,
    ann: AccountId,
    old: Keyset,
    new: Keyset,
    /// A thief's tokens of the old keyset, good signatures all, that were never issued.
    forged: Vec<Proof>,
    /// Tokens worth 16 of the old keyset that were issued.
    honest: Vec<Proof>,
    /// Tokens worth 16 of the new one.
    untouched: Vec<Proof>,
}

impl Setting {
    fn new(suite: SuiteId) -> Self {
        let books = Books::new().unwrap();
        let ann = books.open_account("ann").unwrap();
        let purpose = Purpose::Credit(ann, 100, None);
        books
            .execute(Transaction::postings(purpose), None)
            .unwrap()
            .unwrap();
        let (old, terms) = books.rotate(suite, 0).unwrap();
        let honest = withdraw(&books, ann, &old);
        let (new, _) = books.rotate(suite, 0).unwrap();
        let untouched = withdraw(&books, ann, &new);
        let stolen = Books::keyring();
        stolen.load(&terms).unwrap();
        let blanks = Blanks::of(&old, &[4; 10]).unwrap();
        let decode = |b| Point::decode(terms.suite, b).unwrap();
        let outputs = blanks.outputs.iter().map(|o| (o, decode(&o.b)));
        let signatures = stolen.sign_all(&outputs.collect::<Vec<_>>()).unwrap();
        let forged = proofs(&blanks.unblind(&signatures).unwrap());
        Self {
            books,
            ann,
            old,
            new,
            forged,
            honest,
            untouched,
        }
    }

    fn redeem(&self, inputs: &[Proof]) -> Result<Answer, ErrorCode> {
        let redeem = Transaction::redeem(self.ann, inputs.to_vec(), vec![]);
        self.books.execute(redeem, None).unwrap()
    }

    fn states(&self) -> Vec<(&'static str, i64)> {
        let sheet = self.books.sheet().unwrap();
        assert_eq!(sheet.faults(&Unit::new(UNIT, 0)), Vec::<String>::new());
        sheet
            .keysets
            .iter()
            .map(|k| (k.state, k.redeemed))
            .collect()
    }
}

fn withdraw(books: &Books, ann: AccountId, keyset: &Keyset) -> Vec<Proof> {
    let blanks = Blanks::of(keyset, &[4; 4]).unwrap();
    let withdraw = Transaction::withdraw(ann, blanks.outputs.clone());
    let answer = books.execute(withdraw, None).unwrap().unwrap();
    proofs(&blanks.unblind(&answer.signatures).unwrap())
}

#[test]
fn a_keyset_never_redeems_more_than_it_issued_and_is_frozen_when_it_would() {
    for suite in SuiteId::ALL {
        is_frozen_when_it_would(suite);
    }
}

fn is_frozen_when_it_would(suite: SuiteId) {
    let mut setting = Setting::new(suite);
    // Nobody can tell forged tokens from issued ones while they are few.
    assert_eq!(setting.redeem(&setting.forged[..3]).unwrap().credited, 12);
    assert_eq!(setting.redeem(&setting.honest[..1]).unwrap().credited, 4);
    assert_eq!(setting.states(), [("retired", 16), ("active", 0)]);
    // 16 were issued and 16 came back: the next one shows that a key has leaked.
    assert_eq!(
        setting.redeem(&setting.forged[3..4]),
        Err(ErrorCode::KeysetInactive)
    );
    assert_eq!(setting.states(), [("frozen", 16), ("active", 0)]);
    for _ in 0..2 {
        // From here on honest tokens of that keyset are refused too, and swaps of them.
        assert_eq!(
            setting.redeem(&setting.honest[1..2]),
            Err(ErrorCode::KeysetInactive)
        );
        let outputs = Blanks::of(&setting.new, &[4]).unwrap().outputs;
        let swap = Transaction::swap(setting.honest[1..2].to_vec(), outputs);
        let swapped = setting.books.execute(swap, None).unwrap();
        assert_eq!(swapped, Err(ErrorCode::KeysetInactive));
        let outputs = Blanks::of(&setting.old, &[4]).unwrap().outputs;
        let withdraw = Transaction::withdraw(setting.ann, outputs);
        let withdrawn = setting.books.execute(withdraw, None).unwrap();
        assert_eq!(withdrawn, Err(ErrorCode::KeysetInactive));
        // Also by a mint that was started again.
        setting.books.restart().unwrap();
    }
    // Everything else goes on.
    assert_eq!(setting.redeem(&setting.untouched).unwrap().credited, 16);
    assert_eq!(withdraw(&setting.books, setting.ann, &setting.new).len(), 4);
    assert_eq!(setting.states(), [("frozen", 16), ("active", 16)]);
}

#[test]
fn one_request_cannot_pass_the_guard_by_being_large() {
    for suite in SuiteId::ALL {
        is_no_larger_than_the_guard(suite);
    }
}

fn is_no_larger_than_the_guard(suite: SuiteId) {
    let setting = Setting::new(suite);
    let all = [&setting.honest[..], &setting.forged[..1]].concat();
    assert_eq!(setting.redeem(&all), Err(ErrorCode::KeysetInactive));
    assert_eq!(setting.states(), [("frozen", 0), ("active", 0)]);
    // Mixed with another keyset's: the sum is within what both issued, and each counts by itself.
    let setting = Setting::new(suite);
    let mixed = [&setting.forged[..5], &setting.untouched[..1]].concat();
    assert_eq!(setting.redeem(&mixed), Err(ErrorCode::KeysetInactive));
    assert_eq!(setting.states(), [("frozen", 0), ("active", 0)]);
    assert_eq!(setting.redeem(&setting.untouched).unwrap().credited, 16);
}
