//! A small model of what was bought, beside real paywalls and a real mint: three paywalls of one account,
//! two of them with one publisher's key, prices that change, records that are lost or old, refusals and
//! successes that cross, lost requests and answers. No token opens two pages, nothing that was charged is
//! refused, and the account holds the sum of what was charged.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use farthing_protocol::TokenProof;
use farthing_protocol::conditions::Lock;
use farthing_publisher::{Accept, Settings};
use farthing_testkit::client::Blanks;
use farthing_testkit::dice::Dice;

use crate::gate::{Gate, Verdict};
use crate::locked::{key, nonce};
use crate::replays::{copy_record, gated, lose_record};
use crate::stage::{Answer, PRICE, Stage, Wall};

/// Steps of a run.
const STEPS: usize = 60;
/// Pages that are sold.
const PAGES: u64 = 3;

/// A page of the paywalls that have one key.
type Page = (usize, u64);

/// A token of the reader's, and what it may open.
struct Purse {
    proofs: Vec<TokenProof>,
    text: String,
    blanks: Option<Blanks>,
    worth: u64,
    /// Where it was shown.
    shown: BTreeSet<Page>,
    /// What it opened.
    opened: Option<Page>,
}

struct Model {
    stage: Stage,
    gate: Gate,
    walls: Vec<Wall>,
    purses: Vec<Purse>,
    dice: Dice,
    /// The key that tokens are locked to at the first paywall, if they are.
    lock: Option<[u8; 32]>,
}

fn public(settings: &mut Settings) {
    settings.public_url = Some("https://gazette.example".to_owned());
}

/// Returns which key a paywall has: the first two share one.
fn family(wall: usize) -> usize {
    wall / 2
}

impl Model {
    /// Three paywalls on one account. Of those that take locked tokens there is one: two records that
    /// take them without the mint cannot know of each other.
    async fn new(locked: bool) -> Self {
        let (stage, gate) = gated(public).await;
        let folder = stage.scene.folder().to_owned();
        let accept = match locked {
            true => Accept::Locked {
                redeem_every_s: 1,
                locktime_hours_min: 48,
            },
            false => Accept::Online,
        };
        let mut walls = Vec::new();
        for (n, name) in ["first", "copy", "other"].iter().enumerate() {
            let data = folder.join(name);
            if n == 1 {
                std::fs::create_dir(&data).unwrap();
                let key = "publisher.key";
                std::fs::copy(folder.join("first").join(key), data.join(key)).unwrap();
            }
            let wall = stage.another(|settings| {
                settings.data = data;
                settings.accept = accept;
            });
            walls.push(wall.await);
            if locked {
                break;
            }
        }
        let lock = match locked {
            true => Some(key(&stage, &walls[0].url).await),
            false => None,
        };
        Self {
            stage,
            gate,
            walls,
            purses: Vec::new(),
            dice: Dice::for_test("paywall_model").unwrap(),
            lock,
        }
    }

    fn price(&self) -> u64 {
        PRICE + self.stage.upstream.raised_by.load(Ordering::SeqCst)
    }

    /// A token that is worth today's price, with change or without.
    async fn new_token(&mut self) -> usize {
        let price = self.price();
        let stage = &self.stage;
        let (proofs, blanks) = match (&self.lock, self.dice.one_in(2)) {
            (Some(key), _) => {
                let amounts: &[u64] = if price == 3 { &[1, 2] } else { &[4] };
                let secrets = amounts.iter().map(|_| Lock::p2pk_secret(key, &nonce()));
                let secrets: Vec<_> = secrets.collect();
                let blanks = Blanks::of_secrets(&stage.scene.keyset, amounts, &secrets).unwrap();
                (stage.withdraw(blanks).await, None)
            }
            (None, true) => {
                let change: &[u64] = if price == 3 { &[1, 4] } else { &[4] };
                (stage.tokens(&[8]).await, Some(stage.blanks(change)))
            }
            (None, false) => {
                let amounts: &[u64] = if price == 3 { &[1, 2] } else { &[4] };
                (stage.tokens(amounts).await, None)
            }
        };
        let text = match self.lock {
            Some(_) => stage.token(proofs.clone()),
            None => stage.header(&proofs),
        };
        self.purses.push(Purse {
            proofs,
            text,
            blanks,
            worth: price,
            shown: BTreeSet::new(),
            opened: None,
        });
        self.purses.len() - 1
    }

    async fn show(&self, purse: usize, (wall, page): (usize, u64)) -> Answer {
        let purse = &self.purses[purse];
        let (url, path) = (&self.walls[wall].url, format!("/articles/{page}"));
        let answer = self
            .stage
            .show(url, &path, &purse.text, purse.blanks.as_ref());
        answer.await
    }

    /// Shows a token some times at once, here and there, while the network and the mint do what they like.
    async fn present(&mut self) {
        let purse = match self.purses.is_empty() || self.dice.one_in(3) {
            true => self.new_token().await,
            false => self.dice.below(self.purses.len() as u64) as usize,
        };
        let mut at = Vec::new();
        let page = self.dice.below(PAGES);
        for _ in 0..=self.dice.below(4) {
            let page = match self.dice.one_in(3) {
                true => self.dice.below(PAGES),
                false => page,
            };
            at.push((self.dice.below(self.walls.len() as u64) as usize, page));
        }
        let verdicts: Vec<Verdict> = (0..6)
            .map(|_| match self.dice.below(10) {
                0 => Verdict::DropRequest,
                1 | 2 => Verdict::DropAnswer,
                // What was checked without the mint is not refused by it.
                3..=5 if self.lock.is_none() => Verdict::Refuse,
                _ => Verdict::Pass,
            })
            .collect();
        self.gate.decide(verdicts);
        let answers = at.iter().map(|at| self.show(purse, *at));
        let answers = futures_util::future::join_all(answers).await;
        self.gate.decide([]);
        let before = self.purses[purse].opened;
        for ((wall, page), answer) in at.into_iter().zip(answers) {
            let page = (family(wall), page);
            let purse = &mut self.purses[purse];
            purse.shown.insert(page);
            match answer.status {
                200 => {
                    assert_eq!(*purse.opened.get_or_insert(page), page, "opened twice");
                    let receipt = answer.bought(&format!("article {}", page.1));
                    assert_eq!(receipt.amount, purse.worth);
                }
                400 => assert_ne!(before, Some(page), "charged, and refused: {answer:?}"),
                503 => {}
                other => panic!("{other}: {answer:?}"),
            }
        }
    }

    /// Stops a paywall, and starts it with no record, with one that it had before, or as it is.
    async fn restart(&mut self) {
        let wall = self.dice.below(self.walls.len() as u64) as usize;
        let backup = self.stage.scene.folder().join(format!("backup-{wall}"));
        // Without the mint, nobody but the record knows what was taken.
        let may_lose = self.lock.is_none();
        let what = self.dice.below(4);
        let change = |data: &std::path::Path| match what {
            0 if may_lose => lose_record(data),
            1 => copy_record(data, &backup),
            2 if may_lose && backup.exists() => copy_record(&backup, data),
            _ => {}
        };
        self.walls[wall].restart_after(change).await;
    }

    async fn run(&mut self) {
        for _ in 0..STEPS {
            match self.dice.below(8) {
                0 => {
                    let raised_by = self.dice.below(2);
                    let raised = &self.stage.upstream.raised_by;
                    raised.store(raised_by, Ordering::SeqCst);
                }
                1 => self.restart().await,
                _ => self.present().await,
            }
        }
    }

    /// Asks again for whatever a token was shown for: what was charged is served, everywhere and at any price.
    async fn settle(&mut self) -> u64 {
        let mut sum = 0;
        for n in 0..self.purses.len() {
            for raised_by in [0, 1] {
                let raised = &self.stage.upstream.raised_by;
                raised.store(raised_by, Ordering::SeqCst);
                for page in self.purses[n].shown.clone() {
                    for wall in (0..self.walls.len()).filter(|wall| family(*wall) == page.0) {
                        let answer = self.show(n, (wall, page.1)).await;
                        let opened = &mut self.purses[n].opened;
                        match answer.status {
                            200 => assert_eq!(*opened.get_or_insert(page), page),
                            400 => assert_ne!(*opened, Some(page), "{answer:?}"),
                            other => panic!("{other}: {answer:?}"),
                        }
                    }
                }
            }
            let purse = &self.purses[n];
            match purse.opened {
                Some(_) => sum += purse.worth,
                None if self.lock.is_none() => self.stage.assert_unspent(&purse.proofs).await,
                None => {}
            }
        }
        sum
    }
}

#[tokio::test]
async fn no_token_opens_two_pages_and_nothing_that_was_charged_is_refused() {
    let mut model = Model::new(false).await;
    model.run().await;
    let charged = model.settle().await;
    assert_eq!(model.stage.income().await, charged);
    model.stage.scene.books().unwrap();
}

#[tokio::test]
async fn the_same_holds_for_tokens_that_are_taken_without_the_mint() {
    let mut model = Model::new(true).await;
    model.run().await;
    let charged = model.settle().await;
    for _ in 0..600 {
        if model.stage.income().await == charged {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(model.stage.income().await, charged);
    model.stage.scene.books().unwrap();
}
