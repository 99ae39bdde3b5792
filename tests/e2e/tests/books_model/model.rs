//! The books as they should be, kept by the simplest means, beside the engine's; and the steps that
//! both take. Nothing here chooses the steps: tests do, and the fuzzer.

use farthing_mint::domain::{AccountId, Purpose, Transaction};
use farthing_mint::engine::Answer;
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{ErrorCode, Proof, Unit};

use crate::harness::{Books, UNIT};
use crate::tokens::{Blanks, Keyset, proofs};

/// One step. Numbers choose among whatever there is at that moment.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Credit(usize, u64),
    Debit(usize, u64),
    Issue(usize, u64, SuiteId),
    /// An account, an amount, and who shall sign.
    Withdraw(usize, u64, Signer),
    /// Which tokens, how much more or less the outputs are than they should be, and who shall sign.
    Swap(Picks, i64, Signer),
    /// An account, which tokens, the change, and who shall sign it.
    Redeem(usize, Picks, u64, Signer),
    /// One of the requests answered before, by the same account or by the other.
    Again(usize, bool),
    Rotate(SuiteId, u64),
    Restart,
}

/// The keyset that is to sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signer {
    pub(crate) suite: SuiteId,
    /// How many keysets of its suite are newer; the oldest, when there are not so many.
    pub(crate) age: usize,
}

impl Signer {
    pub(crate) const fn newest(suite: SuiteId) -> Self {
        Self { suite, age: 0 }
    }
}

/// Tokens to spend: unspent ones, unless it says that spent ones and repeats may be among them.
#[derive(Clone, Debug)]
pub(crate) struct Picks {
    pub(crate) places: Vec<usize>,
    pub(crate) any: bool,
}

/// The books as they should be, by the simplest means.
#[derive(Default)]
pub(crate) struct Model {
    reserve: u64,
    fees: u64,
    balances: [u64; 2],
    pub(crate) postings: [usize; 2],
    /// For each keyset its fee in thousandths, what it issued, and what came back.
    keysets: Vec<(u64, u64, u64)>,
    /// Every token there ever was: its keyset's place, and whether it was spent.
    pub(crate) tokens: Vec<(Proof, usize, bool)>,
}

/// A request that was answered.
pub(crate) struct Answered {
    transaction: Transaction,
    body: Vec<u8>,
    who: Option<usize>,
    answer: Answer,
    output_keyset: usize,
}

/// Engine and model side by side.
pub(crate) struct World {
    books: Books,
    accounts: [AccountId; 2],
    keysets: Vec<Keyset>,
    pub(crate) model: Model,
    pub(crate) answered: Vec<Answered>,
    requests: u64,
}

type Expected = Result<u64, ErrorCode>;

impl World {
    pub(crate) fn new() -> Self {
        let books = Books::new().unwrap();
        let accounts = ["ann", "bob"].map(|name| books.open_account(name).unwrap());
        let mut world = Self {
            books,
            accounts,
            keysets: Vec::new(),
            model: Model::default(),
            answered: Vec::new(),
            requests: 0,
        };
        for suite in SuiteId::ALL {
            world.rotate(suite, 0);
        }
        world
    }

    fn rotate(&mut self, suite: SuiteId, fee: u64) {
        self.keysets.push(self.books.rotate(suite, fee).unwrap().0);
        self.model.keysets.push((fee, 0, 0));
    }

    /// Does one step with both, and compares them.
    pub(crate) fn step(&mut self, step: &Step) {
        match step {
            Step::Credit(who, amount) => self.credit(*who, *amount),
            Step::Debit(who, amount) => self.debit(*who, *amount),
            Step::Issue(who, amount, suite) => {
                self.withdraw(*who, *amount, Signer::newest(*suite), true);
            }
            Step::Withdraw(who, amount, by) => self.withdraw(*who, *amount, *by, false),
            Step::Swap(picks, off, by) => self.swap(picks, *off, *by),
            Step::Redeem(who, picks, change, by) => self.redeem(*who, picks, *change, *by),
            Step::Again(which, other) => self.again(*which, *other),
            Step::Rotate(suite, fee) => self.rotate(*suite, *fee),
            Step::Restart => self.books.restart().unwrap(),
        }
        self.compare();
    }

    fn credit(&mut self, who: usize, amount: u64) {
        let purpose = Purpose::Credit(self.accounts[who], amount, None);
        let outcome = self
            .books
            .execute(Transaction::postings(purpose), None)
            .unwrap();
        if amount == 0 {
            assert_eq!(outcome.unwrap_err(), ErrorCode::AmountOutOfRange);
            return;
        }
        outcome.unwrap();
        self.model.balances[who] += amount;
        self.model.reserve += amount;
        self.model.postings[who] += 1;
    }

    fn debit(&mut self, who: usize, amount: u64) {
        let purpose = Purpose::Debit(self.accounts[who], amount, None);
        let outcome = self
            .books
            .execute(Transaction::postings(purpose), None)
            .unwrap();
        let expected = match amount {
            0 => Err(ErrorCode::AmountOutOfRange),
            _ if amount > self.model.balances[who] => Err(ErrorCode::InsufficientFunds),
            _ => Ok(()),
        };
        assert_eq!(outcome.map(|_| ()), expected);
        if expected.is_ok() {
            self.model.balances[who] -= amount;
            self.model.reserve -= amount;
            self.model.postings[who] += 1;
        }
    }

    fn withdraw(&mut self, who: usize, amount: u64, by: Signer, voucher: bool) {
        let (place, outputs) = self.outputs(amount, by);
        let account = self.accounts[who];
        let transaction = if voucher {
            Transaction::issue(account, outputs.outputs.clone(), None)
        } else {
            Transaction::withdraw(account, outputs.outputs.clone())
        };
        let expected = if amount == 0 {
            Err(ErrorCode::Empty)
        } else if !self.is_active(place) {
            Err(ErrorCode::KeysetInactive)
        } else if amount > self.model.balances[who] {
            Err(ErrorCode::InsufficientFunds)
        } else {
            Ok(0)
        };
        let given = self.request(transaction, Some(who), place, outputs, expected);
        if given {
            self.model.balances[who] -= amount;
            self.model.postings[who] += 1;
        }
    }

    fn swap(&mut self, picks: &Picks, off: i64, by: Signer) {
        let picked = self.pick(picks);
        let (worth, fee) = self.worth_and_fee(&picked);
        let right = worth.checked_sub(fee);
        let total = right.unwrap_or(worth).saturating_add_signed(off);
        let (place, outputs) = self.outputs(total, by);
        let transaction = Transaction::swap(self.inputs(&picked), outputs.outputs.clone());
        let balanced = right == Some(total);
        let expected = self
            .expect_spend(&picked, &outputs, place, true, balanced)
            .map(|()| 0);
        if self.request(transaction, None, place, outputs, expected) {
            self.spend(&picked, fee);
        }
    }

    fn redeem(&mut self, who: usize, picks: &Picks, change: u64, by: Signer) {
        let picked = self.pick(picks);
        let (worth, fee) = self.worth_and_fee(&picked);
        let (place, outputs) = self.outputs(change, by);
        let inputs = self.inputs(&picked);
        let transaction = Transaction::redeem(self.accounts[who], inputs, outputs.outputs.clone());
        let rest = worth.checked_sub(fee + change);
        let expected = self.expect_spend(&picked, &outputs, place, false, rest.is_some());
        let expected = expected.map(|()| rest.unwrap());
        if self.request(transaction, Some(who), place, outputs, expected) {
            self.spend(&picked, fee);
            self.model.balances[who] += rest.unwrap();
            self.model.postings[who] += 1;
        }
    }

    /// What is said to a request that spends, in the documented order.
    fn expect_spend(
        &self,
        picked: &[usize],
        outputs: &Blanks,
        place: usize,
        needs_outputs: bool,
        balanced: bool,
    ) -> Result<(), ErrorCode> {
        let mut distinct = picked.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let no_outputs = outputs.outputs.is_empty();
        if picked.is_empty() || (needs_outputs && no_outputs) {
            Err(ErrorCode::Empty)
        } else if distinct.len() < picked.len() {
            Err(ErrorCode::DuplicateInputs)
        } else if !no_outputs && !self.is_active(place) {
            Err(ErrorCode::KeysetInactive)
        } else if !balanced {
            Err(ErrorCode::Unbalanced)
        } else if picked.iter().any(|token| self.model.tokens[*token].2) {
            Err(ErrorCode::AlreadySpent)
        } else {
            Ok(())
        }
    }

    fn again(&mut self, which: usize, by_the_other: bool) {
        if self.answered.is_empty() {
            return;
        }
        let request = &self.answered[which % self.answered.len()];
        let (mut transaction, mut account) = (request.transaction.clone(), 0);
        if let Some(who) = request.who {
            account = self.accounts[if by_the_other { 1 - who } else { who }];
            transaction.purpose = if transaction.inputs.is_empty() {
                Purpose::Withdraw(account)
            } else {
                Purpose::Redeem(account)
            };
        }
        let digest = self.books.digest(account, &request.body).unwrap();
        let outcome = self
            .books
            .execute(transaction.clone(), Some(digest))
            .unwrap();
        if request.who.is_none() || !by_the_other {
            assert_eq!(
                outcome.as_ref(),
                Ok(&request.answer),
                "the same answer again"
            );
            return;
        }
        let retired = !self.is_active(request.output_keyset);
        let expected = if retired && !transaction.outputs.is_empty() {
            ErrorCode::KeysetInactive
        } else if transaction.inputs.is_empty() {
            ErrorCode::AlreadySigned
        } else {
            ErrorCode::AlreadySpent
        };
        assert_eq!(outcome.unwrap_err(), expected);
    }

    /// Sends a new request; when it was to succeed, books what it was given. Whether it was.
    fn request(
        &mut self,
        transaction: Transaction,
        who: Option<usize>,
        place: usize,
        outputs: Blanks,
        expected: Expected,
    ) -> bool {
        self.requests += 1;
        let body = self.requests.to_be_bytes().to_vec();
        let account = who.map_or(0, |who| self.accounts[who]);
        let is_voucher = matches!(transaction.purpose, Purpose::Issue(..));
        let digest = (!is_voucher).then(|| self.books.digest(account, &body).unwrap());
        let outcome = self.books.execute(transaction.clone(), digest).unwrap();
        let credited = outcome.as_ref().map(|answer| answer.credited);
        assert_eq!(credited.map_err(|code| *code), expected, "{transaction:?}");
        let Ok(answer) = outcome else {
            return false;
        };
        for proof in proofs(&outputs.unblind(&answer.signatures).unwrap()) {
            self.model.keysets[place].1 += proof.amount;
            self.model.tokens.push((proof, place, false));
        }
        if digest.is_some() {
            self.answered.push(Answered {
                transaction,
                body,
                who,
                answer,
                output_keyset: place,
            });
        }
        true
    }

    fn suite(&self, place: usize) -> SuiteId {
        self.keysets[place].suite().unwrap()
    }

    /// Returns whether a keyset is the newest of its suite.
    fn is_active(&self, place: usize) -> bool {
        let mut newer = place + 1..self.keysets.len();
        newer.all(|newer| self.suite(newer) != self.suite(place))
    }

    fn outputs(&self, amount: u64, by: Signer) -> (usize, Blanks) {
        let of_suite = (0..self.keysets.len()).filter(|place| self.suite(*place) == by.suite);
        let of_suite: Vec<_> = of_suite.collect();
        let place = of_suite[of_suite.len().saturating_sub(1 + by.age)];
        (place, Blanks::worth(&self.keysets[place], amount).unwrap())
    }

    fn pick(&self, picks: &Picks) -> Vec<usize> {
        let all = self.model.tokens.iter().enumerate();
        let mut pool: Vec<usize> = all
            .filter(|(_, (_, _, spent))| picks.any || !spent)
            .map(|(place, _)| place)
            .collect();
        let mut picked = Vec::new();
        for place in &picks.places {
            if pool.is_empty() {
                break;
            }
            let place = place % pool.len();
            picked.push(if picks.any {
                pool[place]
            } else {
                pool.swap_remove(place)
            });
        }
        picked
    }

    fn inputs(&self, picked: &[usize]) -> Vec<Proof> {
        picked
            .iter()
            .map(|token| self.model.tokens[*token].0.clone())
            .collect()
    }

    fn worth_and_fee(&self, picked: &[usize]) -> (u64, u64) {
        let tokens = picked.iter().map(|token| &self.model.tokens[*token]);
        let (mut worth, mut thousandths) = (0, 0);
        for (proof, place, _) in tokens {
            worth += proof.amount;
            thousandths += self.model.keysets[*place].0;
        }
        let whole = thousandths / 1000;
        (
            worth,
            if thousandths % 1000 == 0 {
                whole
            } else {
                whole + 1
            },
        )
    }

    fn spend(&mut self, picked: &[usize], fee: u64) {
        for token in picked {
            let (proof, place, spent) = &mut self.model.tokens[*token];
            *spent = true;
            self.model.keysets[*place].2 += proof.amount;
        }
        self.model.fees += fee;
    }

    /// The store's books are the model's.
    fn compare(&self) {
        let sheet = self.books.sheet().unwrap();
        assert_eq!(sheet.faults(&Unit::new(UNIT, 0)), Vec::<String>::new());
        let number = |amount: i64| u64::try_from(amount).unwrap();
        assert_eq!(number(sheet.reserve), self.model.reserve, "reserve");
        assert_eq!(number(sheet.fees), self.model.fees, "fees");
        let balances: Vec<u64> = sheet.accounts.iter().map(|a| number(a.balance)).collect();
        assert_eq!(balances, self.model.balances, "balances");
        let keysets = sheet.keysets.iter();
        let keysets: Vec<_> = keysets
            .map(|k| (number(k.issued), number(k.redeemed)))
            .collect();
        let expected: Vec<_> = self.model.keysets.iter().map(|k| (k.1, k.2)).collect();
        assert_eq!(keysets, expected, "keysets");
        let unspent = self.model.tokens.iter().filter(|(_, _, spent)| !spent);
        let worth: u64 = unspent.map(|(proof, _, _)| proof.amount).sum();
        assert_eq!(number(sheet.outstanding_total()), worth, "tokens");
        let held: u64 = self.model.balances.iter().sum();
        assert_eq!(
            self.model.reserve,
            held + worth + self.model.fees,
            "the model itself"
        );
    }

    /// At the end everything can be paid out, and nothing is left but the fees.
    pub(crate) fn close(mut self) {
        let unspent: Vec<usize> = (0..self.model.tokens.len())
            .filter(|t| !self.model.tokens[*t].2)
            .collect();
        for some in unspent.chunks(50) {
            // Tokens that are not worth their fee stay.
            let (worth, fee) = self.worth_and_fee(some);
            if worth < fee {
                continue;
            }
            let transaction = Transaction::redeem(self.accounts[0], self.inputs(some), vec![]);
            let credited = self
                .books
                .execute(transaction, None)
                .unwrap()
                .unwrap()
                .credited;
            assert_eq!(credited, worth - fee);
            self.spend(some, fee);
            self.model.balances[0] += credited;
            self.compare();
        }
        for who in 0..2 {
            self.debit(who, self.model.balances[who]);
        }
        self.compare();
    }
}
