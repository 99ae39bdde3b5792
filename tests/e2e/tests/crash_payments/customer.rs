//! Somebody who mints from invoices and has invoices paid, and keeps count.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use farthing_protocol::api::{Signatures, State};
use farthing_protocol::cashu::bolt11::{
    MeltQuote, MeltQuoteRequest, MeltQuoteState, MeltRequest, MintQuote, MintQuoteRequest,
    MintQuoteState, MintRequest,
};
use farthing_protocol::{EncodedPoint, TokenProof};
use farthing_testkit::client::{Blanks, Client, Keyset, Reply, proofs, y};
use farthing_testkit::dice::Dice;
use farthing_testkit::lightning::{Invoice, Node, Payment};
use farthing_testkit::scene::Scene;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::PATIENCE;

const MINT_QUOTE: &str = "/cashu/v1/mint/quote/bolt11";
const MINT: &str = "/cashu/v1/mint/bolt11";
const MELT_QUOTE: &str = "/cashu/v1/melt/quote/bolt11";
const MELT: &str = "/cashu/v1/melt/bolt11";
const QUOTE_ISSUED: (u16, u32) = (400, 20002);
const PAYMENT_FAILED: (u16, u32) = (400, 20004);
const INVOICE_PAID: (u16, u32) = (400, 20006);
/// Inputs of a request at the most.
const INPUTS_MAX: usize = 100;
/// How often a quote is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What the node is told about a payment, at first and in the end.
#[derive(Clone, Debug)]
pub(crate) enum Orders {
    /// The node's business.
    Node {
        first: &'static str,
        then: &'static str,
    },
    /// The invoice is another quote's at the same mint: nothing leaves it.
    Own,
}

const ARRIVES: &str = "paid fee=1001";
/// More than any fee reserve here.
const TOO_DEAR: &str = "paid fee=1000000";
const FAILS: &str = "failed";

impl Orders {
    /// Each kind once.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![Self::Own];
        for end in [ARRIVES, FAILS, TOO_DEAR] {
            all.push(Self::Node {
                first: end,
                then: end,
            });
        }
        for first in ["unknown", "lost", "pending", "hang"] {
            for then in [ARRIVES, FAILS] {
                all.push(Self::Node { first, then });
            }
        }
        all
    }

    /// How many of [`Self::all`] arrive by the node.
    pub(crate) fn paid() -> usize {
        let arrives = |orders: &&Self| matches!(orders, Self::Node { then: ARRIVES, .. });
        Self::all().iter().filter(arrives).count()
    }
}

/// A mint quote whose tokens are not there yet.
struct Minting {
    quote: MintQuote,
    blanks: Blanks,
    /// Who pays its invoice.
    payer: Payer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payer {
    /// Somebody outside, later.
    Later,
    /// Somebody outside, at once.
    Outside,
    /// A melt quote of the same mint's.
    Own,
}

/// A melt quote that somebody has begun, or tried to.
struct Melting {
    quote: MeltQuote,
    invoice: Invoice,
    amount_msat: u64,
    request: String,
    inputs: Vec<TokenProof>,
    blanks: Blanks,
    /// Every line that the node was ever told about it.
    orders: Vec<&'static str>,
    /// What it is still to be told.
    then: Option<&'static str>,
    /// The mint quote that it pays.
    own: Option<Minting>,
}

/// A melt that was answered as paid, to be looked at after a kill.
struct Answered {
    quote: MeltQuote,
    /// The tokens that went in.
    inputs: Vec<EncodedPoint>,
}

pub(crate) struct Customer {
    pub(crate) client: Client,
    keyset: Keyset,
    node: Node,
    dice: Dice,
    tokens: Vec<TokenProof>,
    mintings: Vec<Minting>,
    meltings: Vec<Melting>,
    answered: Vec<Answered>,
    /// What was paid for mint quotes from outside.
    pub(crate) came_in: u64,
    /// What the node has paid, rounded up.
    pub(crate) went_out: u64,
    /// What was left over and no blank was there for.
    pub(crate) left_to_the_mint: u64,
    /// Payments that arrived by the node.
    pub(crate) paid: usize,
    pub(crate) failed: usize,
}

fn worth(tokens: &[TokenProof]) -> u64 {
    tokens.iter().map(|token| token.proof.amount).sum()
}

fn ys(tokens: &[TokenProof]) -> Vec<EncodedPoint> {
    tokens
        .iter()
        .map(|token| y(&token.proof).unwrap())
        .collect()
}

impl Customer {
    pub(crate) fn new(scene: &Scene, dice: Dice) -> Self {
        Self {
            client: scene.new_client().unwrap(),
            keyset: scene.keyset.clone(),
            node: Node::of(&scene.mint),
            dice,
            tokens: Vec::new(),
            mintings: Vec::new(),
            meltings: Vec::new(),
            answered: Vec::new(),
            came_in: 0,
            went_out: 0,
            left_to_the_mint: 0,
            paid: 0,
            failed: 0,
        }
    }

    /// What its tokens are worth, with those that are in a payment under way.
    pub(crate) fn holds(&self) -> u64 {
        worth(&self.tokens) + self.under_way()
    }

    pub(crate) fn under_way(&self) -> u64 {
        self.meltings
            .iter()
            .map(|melting| worth(&melting.inputs))
            .sum()
    }

    /// Keeps the mint busy until it is gone.
    pub(crate) async fn work(mut self, answers: Arc<watch::Sender<usize>>) -> Self {
        loop {
            let all = Orders::all();
            let orders = self.dice.pick(&all).unwrap().clone();
            let done = match self.dice.one_in(2) || worth(&self.tokens) < 100 {
                true => {
                    let amount = 50 + self.dice.below(450);
                    let is_later = self.dice.one_in(8);
                    let payer = if is_later {
                        Payer::Later
                    } else {
                        Payer::Outside
                    };
                    self.mint(amount, payer).await
                }
                false => self.melt(orders).await,
            };
            if done.is_none() {
                return self;
            }
            answers.send_modify(|count| *count += 1);
        }
    }

    /// Asks for an invoice, and has its tokens minted if it is paid at once; `None` when the mint is
    /// gone.
    pub(crate) async fn mint(&mut self, amount: u64, payer: Payer) -> Option<()> {
        let minting = self.ask_for_invoice(amount, payer).await?;
        self.mintings.push(minting);
        if payer == Payer::Later {
            return Some(());
        }
        self.pay_invoice(self.mintings.len() - 1);
        self.claim(self.mintings.len() - 1).await
    }

    async fn ask_for_invoice(&mut self, amount: u64, payer: Payer) -> Option<Minting> {
        let body = MintQuoteRequest {
            amount,
            unit: "sat".to_owned(),
            description: None,
            pubkey: None,
        };
        let quote = self.post(MINT_QUOTE, &body).await?.ok().unwrap();
        Some(Minting {
            quote,
            blanks: Blanks::worth(&self.keyset, amount).unwrap(),
            payer,
        })
    }

    fn pay_invoice(&mut self, place: usize) {
        let minting = &mut self.mintings[place];
        minting.payer = Payer::Outside;
        let invoice = Invoice::read(&minting.quote.request).unwrap();
        self.node.order_incoming(&invoice, "paid").unwrap();
    }

    /// Has a paid quote's tokens minted.
    async fn claim(&mut self, place: usize) -> Option<()> {
        let Minting { quote, blanks, .. } = &self.mintings[place];
        let body = MintRequest {
            quote: quote.quote.clone(),
            outputs: blanks.outputs.clone(),
            signature: None,
        };
        let signed: Signatures = self.post(MINT, &body).await?.ok().unwrap();
        let minting = self.mintings.swap_remove(place);
        let tokens = minting.blanks.unblind(&signed.signatures).unwrap();
        if minting.payer == Payer::Outside {
            self.came_in += minting.quote.amount;
        }
        self.tokens.extend(tokens);
        Some(())
    }

    /// Has an invoice paid, and takes what comes of it, as far as it is known at once.
    async fn melt(&mut self, orders: Orders) -> Option<()> {
        let prefer_async = self.dice.one_in(2);
        self.quote_melt(orders, prefer_async).await?;
        self.send_melt(self.meltings.len() - 1).await
    }

    /// Has the mint begin to pay an invoice.
    pub(crate) async fn begin_melt(&mut self, orders: Orders) -> Option<()> {
        self.quote_melt(orders, true).await?;
        let request = self.meltings.last().unwrap().request.clone();
        is_taken(&self.send(MELT, request).await?);
        Some(())
    }

    /// Whether the node has heard of the last payment, if it ever will.
    pub(crate) fn has_reached_the_node(&self) -> bool {
        let melting = self.meltings.last().unwrap();
        let never = melting.own.is_some() || melting.orders == ["lost"];
        never || self.node.payment(&melting.invoice).unwrap().is_some()
    }

    /// Asks what it costs to have an invoice paid with some of the tokens, and makes the request.
    async fn quote_melt(&mut self, orders: Orders, prefer_async: bool) -> Option<()> {
        let mut count = 1;
        while worth(&self.tokens[self.tokens.len() - count..]) < 8 {
            count += 1;
        }
        let put_in = worth(&self.tokens[self.tokens.len() - count..]);
        let most = put_in - put_in.div_ceil(50).max(2);
        let mut amount_msat = 1000 + self.dice.below((most - 1) * 1000);
        let (invoice, own) = match orders {
            Orders::Node { .. } => {
                let invoice = Invoice::of_others(Some(amount_msat), SystemTime::now());
                (invoice.unwrap(), None)
            }
            Orders::Own => {
                let minting = self.ask_for_invoice(most, Payer::Own).await?;
                amount_msat = most * 1000;
                (
                    Invoice::read(&minting.quote.request).unwrap(),
                    Some(minting),
                )
            }
        };
        let body = MeltQuoteRequest {
            request: invoice.text.clone(),
            unit: "sat".to_owned(),
            options: None,
        };
        let quote: MeltQuote = self.post(MELT_QUOTE, &body).await?.ok().unwrap();
        let amount = amount_msat.div_ceil(1000);
        let fee_reserve = match orders {
            Orders::Own => 0,
            Orders::Node { .. } => amount.div_ceil(100).max(2),
        };
        assert_eq!((quote.amount, quote.fee_reserve), (amount, fee_reserve));
        let (mut lines, mut then) = (Vec::new(), None);
        if let Orders::Node { first, then: end } = orders {
            self.node.order_outgoing(&invoice, first).unwrap();
            lines.push(first);
            then = Some(end).filter(|end| *end != first);
        }
        let inputs = self.tokens.split_off(self.tokens.len() - count);
        let blanks = vec![1; self.dice.below(9) as usize];
        let blanks = Blanks::of(&self.keyset, &blanks).unwrap();
        let body = MeltRequest {
            quote: quote.quote.clone(),
            inputs: proofs(&inputs),
            outputs: blanks.outputs.clone(),
            prefer_async,
        };
        self.meltings.push(Melting {
            request: serde_json::to_string(&body).unwrap(),
            quote,
            invoice,
            amount_msat,
            inputs,
            blanks,
            orders: lines,
            then,
            own,
        });
        Some(())
    }

    /// Sends a melt's request. When its payment fails it may be sent once more, and arrives then.
    async fn send_melt(&mut self, place: usize) -> Option<()> {
        let request = self.meltings[place].request.clone();
        let mut reply = self.send(MELT, request.clone()).await?;
        if reply.status != 200 && self.dice.one_in(2) {
            assert_eq!(reply.refusal().unwrap(), PAYMENT_FAILED);
            let melting = &mut self.meltings[place];
            melting.orders.push(ARRIVES);
            self.node.order_outgoing(&melting.invoice, ARRIVES).unwrap();
            reply = self.send(MELT, request).await?;
        }
        let quote = match reply.status {
            200 => reply.ok().unwrap(),
            _ => {
                assert_eq!(reply.refusal().unwrap(), PAYMENT_FAILED);
                self.meltings[place].quote.clone()
            }
        };
        if quote.state != MeltQuoteState::Pending {
            self.end_melt(place, quote);
        }
        Some(())
    }

    /// Takes the end of a payment in: it must be what the node says.
    fn end_melt(&mut self, place: usize, quote: MeltQuote) {
        let melting = self.meltings.swap_remove(place);
        let record = self.node.payment(&melting.invoice).unwrap();
        assert!(
            melting.own.is_none() || record.is_none(),
            "own, and left the mint"
        );
        let cost = match (quote.state, record) {
            (MeltQuoteState::Paid, Some(Payment::Paid { fee_msat })) => {
                assert_eq!(fee_msat, 1001);
                assert!(melting.orders.contains(&ARRIVES));
                self.paid += 1;
                let cost = (melting.amount_msat + fee_msat).div_ceil(1000);
                self.went_out += cost;
                cost
            }
            (MeltQuoteState::Paid, None) => {
                self.mintings
                    .push(melting.own.expect("paid without the node"));
                melting.quote.amount
            }
            (MeltQuoteState::Unpaid, None) => {
                self.tokens.extend(melting.inputs);
                return;
            }
            (MeltQuoteState::Unpaid, Some(Payment::Failed)) => {
                assert_ne!(melting.orders, [ARRIVES]);
                self.failed += 1;
                self.tokens.extend(melting.inputs);
                return;
            }
            (state, record) => panic!("{state:?}, and the node says {record:?}"),
        };
        self.answered.push(Answered {
            quote: quote.clone(),
            inputs: ys(&melting.inputs),
        });
        // What is left over comes back, in the largest parts, as far as there are blanks.
        let left = worth(&melting.inputs) - cost;
        let parts = (0..64).rev().map(|bit| left & (1 << bit));
        let parts = parts.filter(|part| *part > 0);
        let expected: u64 = parts.take(melting.blanks.outputs.len()).sum();
        let change = melting.blanks.unblind_change(&quote.change).unwrap();
        assert_eq!(worth(&change), expected, "change of {left}");
        self.left_to_the_mint += left - expected;
        self.tokens.extend(change);
    }

    /// One payment in `n` of those under way ends at the node.
    pub(crate) fn end_payments(&mut self, n: u64) {
        for melting in &mut self.meltings {
            if let Some(then) = melting.then.take_if(|_| self.dice.one_in(n)) {
                melting.orders.push(then);
                self.node.order_outgoing(&melting.invoice, then).unwrap();
            }
        }
    }

    /// Looks at all that was answered before a kill, and at all that was not; what has ended at the
    /// node ends here, and what can be minted is.
    pub(crate) async fn settle(&mut self) {
        for answered in std::mem::take(&mut self.answered) {
            let states = self.client.states(&answered.inputs).await.unwrap();
            assert!(states.iter().all(|state| *state == State::Spent));
            let path = quote_path(&answered.quote);
            assert_eq!(self.read::<MeltQuote>(&path).await, answered.quote);
        }
        for place in (0..self.meltings.len()).rev() {
            self.settle_melt(place).await;
        }
        while !self.mintings.is_empty() {
            self.settle_mint().await;
        }
        let states = self.client.states(&ys(&self.tokens)).await.unwrap();
        assert!(states.iter().all(|state| *state == State::Unspent));
    }

    async fn settle_melt(&mut self, place: usize) {
        let melting = &self.meltings[place];
        let (request, inputs) = (melting.request.clone(), ys(&melting.inputs));
        let outputs = melting.blanks.outputs.clone();
        let has_ended = melting.then.is_none();
        let path = quote_path(&melting.quote);
        if has_ended && self.dice.one_in(2) {
            // Not heard of, and sent again, by two at once.
            let (one, other) = tokio::join!(
                self.send(MELT, request.clone()),
                self.send(MELT, request.clone())
            );
            is_taken(&one.unwrap());
            is_taken(&other.unwrap());
        }
        let until = Instant::now() + PATIENCE;
        let quote = loop {
            let quote: MeltQuote = self.read(&path).await;
            if !has_ended || quote.state != MeltQuoteState::Pending {
                break quote;
            }
            assert!(Instant::now() < until, "still under way");
            tokio::time::sleep(LOOK).await;
        };
        let expected = match quote.state {
            MeltQuoteState::Unpaid => State::Unspent,
            MeltQuoteState::Pending => State::Pending,
            MeltQuoteState::Paid => State::Spent,
        };
        let states = self.client.states(&inputs).await.unwrap();
        assert!(states.iter().all(|state| *state == expected), "{states:?}");
        let restored = self.client.restore(&outputs).await.unwrap();
        assert_eq!(restored.signatures, quote.change);
        match quote.state {
            MeltQuoteState::Pending => {}
            MeltQuoteState::Unpaid => self.end_melt(place, quote),
            MeltQuoteState::Paid => {
                let again: MeltQuote = self.send(MELT, request).await.unwrap().ok().unwrap();
                assert_eq!(
                    again, quote,
                    "the same change, however often it is asked for"
                );
                let invoice = self.meltings[place].invoice.clone();
                self.end_melt(place, quote);
                self.is_not_paid_again(&invoice).await;
            }
        }
    }

    /// An invoice that was paid is not paid by anybody else.
    async fn is_not_paid_again(&mut self, invoice: &Invoice) {
        let body = MeltQuoteRequest {
            request: invoice.text.clone(),
            unit: "sat".to_owned(),
            options: None,
        };
        let quote: MeltQuote = self.post(MELT_QUOTE, &body).await.unwrap().ok().unwrap();
        let tokens = &self.tokens[self.tokens.len().saturating_sub(INPUTS_MAX)..];
        if worth(tokens) < quote.amount + quote.fee_reserve {
            return;
        }
        let body = MeltRequest {
            quote: quote.quote,
            inputs: proofs(tokens),
            outputs: Vec::new(),
            prefer_async: false,
        };
        let reply = self.post(MELT, &body).await.unwrap();
        assert_eq!(reply.refusal().unwrap(), INVOICE_PAID);
    }

    /// Has the last mint quote's tokens minted, by two at once, and not again.
    async fn settle_mint(&mut self) {
        let place = self.mintings.len() - 1;
        if self.mintings[place].payer == Payer::Later {
            let path = format!("{MINT_QUOTE}/{}", self.mintings[place].quote.quote.as_str());
            let quote: MintQuote = self.read(&path).await;
            assert_eq!(quote.state, MintQuoteState::Unpaid);
            self.pay_invoice(place);
        }
        let Minting { quote, blanks, .. } = &self.mintings[place];
        let mut body = MintRequest {
            quote: quote.quote.clone(),
            outputs: blanks.outputs.clone(),
            signature: None,
        };
        let amount = quote.amount;
        let (one, other) = tokio::join!(self.post(MINT, &body), self.post(MINT, &body));
        assert_eq!(one, other, "two answers");
        self.claim(place).await.expect("the mint is there");
        body.outputs = Blanks::worth(&self.keyset, amount).unwrap().outputs;
        let again = self.post(MINT, &body).await.unwrap();
        assert_eq!(again.refusal().unwrap(), QUOTE_ISSUED);
    }

    /// What it holds is money: all of it is swapped.
    pub(crate) async fn spend_all(&mut self) {
        for tokens in std::mem::take(&mut self.tokens).chunks(INPUTS_MAX) {
            let blanks = Blanks::worth(&self.keyset, worth(tokens)).unwrap();
            self.tokens
                .extend(self.client.swap(tokens, blanks).await.unwrap());
        }
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> T {
        self.client.get(path, None).await.unwrap().ok().unwrap()
    }

    async fn post(&self, path: &str, body: &impl serde::Serialize) -> Option<Reply> {
        self.send(path, serde_json::to_string(body).unwrap()).await
    }

    /// Sends a body; `None` when the mint is gone.
    async fn send(&self, path: &str, body: String) -> Option<Reply> {
        self.client.post(path, None, body).await.ok()
    }
}

/// A payment that is begun may be under way, have arrived, or have failed by the time of the answer.
fn is_taken(reply: &Reply) {
    if reply.status != 200 {
        assert_eq!(reply.refusal().unwrap(), PAYMENT_FAILED);
    }
}

fn quote_path(quote: &MeltQuote) -> String {
    format!("{MELT_QUOTE}/{}", quote.quote.as_str())
}
