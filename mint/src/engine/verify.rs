//! The middle stage: signatures and locks of the inputs, and the signing of the outputs. All of the
//! curve arithmetic is here, on the CPU pool's threads, for all requests at hand together.

use std::sync::Arc;

use farthing_protocol::cashu::QuoteId;
use farthing_protocol::conditions::{self, Aggregation, Spend};
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{BlindSignature, BlindedMessage, ErrorCode, Proof};

use super::conflict::conflict;
use crate::domain::{
    AccountId, Admitted, AuthToken, Entry, Keyset, Mark, Purpose, RequestDigest, Transaction,
};
use crate::error::{Error, Result};
use crate::keyring::{Keyring, Point, Token};
use crate::store::{BlankRow, TokenRow, View};

/// A transaction whose signatures and locks were checked and whose outputs are signed, as the store
/// will remember it: without secrets, and with nothing that would name its parts to each other once
/// it is written.
///
/// Only [`Checked::into_verified`] makes one, and only the engine's writer takes one.
#[derive(Debug)]
pub(super) struct VerifiedTransaction {
    pub(super) spends: Vec<TokenRow>,
    pub(super) issues: Vec<TokenRow>,
    pub(super) entries: Vec<Entry>,
    pub(super) digest: Option<RequestDigest>,
    pub(super) quotes: QuoteUse,
    /// The blind authentication that it uses up.
    pub(super) auth: Option<TokenRow>,
}

/// What a transaction does with quotes.
#[derive(Debug)]
pub(super) enum QuoteUse {
    /// Nothing.
    None,
    /// It issues what was paid for them: so much of each.
    Issues(Vec<(QuoteId, u64)>),
    /// It begins a payment. What it spends is held until it is known what became of that.
    Pays(HeldPayment),
}

/// A payment to outside, as the store remembers it while it is under way.
#[derive(Debug)]
pub(super) struct HeldPayment {
    pub(super) quote: QuoteId,
    /// Who pays: an account, or tokens.
    pub(super) account: Option<AccountId>,
    /// What is put in, less the fee for inputs.
    pub(super) held: u64,
    pub(super) blanks: Vec<BlankRow>,
}

impl VerifiedTransaction {
    /// Returns how many rows it writes, about.
    pub(super) fn rows(&self) -> usize {
        self.spends.len() + self.issues.len() + self.entries.len() + 2
    }

    /// The marks of all outputs, blanks too.
    pub(super) fn output_marks(&self) -> impl Iterator<Item = &Mark> {
        let blanks = match &self.quotes {
            QuoteUse::Pays(payment) => payment.blanks.as_slice(),
            QuoteUse::None | QuoteUse::Issues(_) => &[],
        };
        let issues = self.issues.iter().map(|row| &row.mark);
        issues.chain(blanks.iter().map(|row| &row.mark))
    }
}

/// An admitted transaction with what its inputs and outputs are called in the store, before anything
/// about them is verified.
pub(super) struct Marked<'t> {
    admitted: Admitted<'t>,
    ys: Vec<Point>,
    spent: Vec<Mark>,
    signed: Vec<Mark>,
}

impl<'t> Marked<'t> {
    /// Hashes the inputs' secrets to the group, and marks inputs and outputs.
    pub(super) fn new(admitted: Admitted<'t>, keyring: &Keyring) -> Self {
        let transaction = admitted.transaction();
        let hash = |(input, keyset): (&Proof, &Arc<Keyset>)| {
            Point::hash(keyset.terms.suite, input.secret.expose().as_bytes())
        };
        let inputs = transaction.inputs.iter().zip(admitted.input_keysets());
        let ys: Vec<Point> = inputs.map(hash).collect();
        let encoded = ys.iter().map(Point::encode);
        let outputs = transaction.outputs.iter();
        Self {
            spent: encoded.map(|y| keyring.spent_mark(y.as_bytes())).collect(),
            signed: outputs
                .map(|o| keyring.signed_mark(o.b.as_bytes()))
                .collect(),
            ys,
            admitted,
        }
    }

    /// Returns what in the store stands against the transaction, if anything: a token spent, an output signed.
    pub(super) fn conflict(&self, view: &View) -> Result<Option<Error>> {
        conflict(view, &self.spent, &self.signed)
    }

    /// The tokens, decoded.
    fn tokens(&self) -> Result<Vec<Token>> {
        let inputs = self.admitted.transaction().inputs.iter();
        let inputs = inputs.zip(self.admitted.input_keysets()).zip(&self.ys);
        let decode = |((input, keyset), y): ((&Proof, &Arc<Keyset>), &Point)| {
            let c = Point::decode(keyset.terms.suite, &input.c)
                .map_err(|e| Error::request(ErrorCode::ProofInvalid, e.to_string()))?;
            Ok(Token {
                id: input.id,
                amount: input.amount,
                y: *y,
                c,
            })
        };
        inputs.map(decode).collect()
    }

    /// Decodes the outputs and checks the locks, at Unix time `now`.
    fn open(self, now: u64) -> Result<Checked<'t>> {
        let transaction = self.admitted.transaction();
        let points = decode_outputs(&transaction.outputs)?;
        let (inputs, outputs) = (&transaction.inputs, &transaction.outputs);
        let aggregation = if let Purpose::Melt(payment) = &transaction.purpose {
            Aggregation::Melt(&payment.quote)
        } else {
            Aggregation::Swap
        };
        let spends = conditions::check_all(inputs, outputs, aggregation, now)
            .map_err(|e| Error::request(ErrorCode::ProofInvalid, e.to_string()))?;
        Ok(Checked {
            marked: self,
            points,
            spends,
        })
    }
}

/// A transaction whose tokens, points and locks were found good.
pub(super) struct Checked<'t> {
    marked: Marked<'t>,
    points: Vec<Point>,
    spends: Vec<Spend>,
}

/// Checks each transaction's tokens, then its outputs' points, then its locks, at Unix time `now`. The
/// tokens of all of them are verified together.
///
/// # Errors
/// As a whole only [`Error::Invariant`] and [`Error::Operator`]; each transaction on its own
/// [`Error::Request`] with `ProofInvalid` or `OutputPointInvalid`.
pub(super) fn check_all<'t>(
    transactions: Vec<Marked<'t>>,
    keyring: &Keyring,
    now: u64,
) -> Result<Vec<Result<Checked<'t>>>> {
    let tokens: Vec<_> = transactions.iter().map(Marked::tokens).collect();
    let decoded = tokens.iter().flatten().flatten();
    let verdicts = keyring.verify_all(&decoded.copied().collect::<Vec<_>>())?;
    let mut verdicts = verdicts.into_iter();
    let check = |(marked, tokens): (Marked<'t>, Result<Vec<Token>>)| {
        let count = tokens?.len();
        let good = verdicts
            .by_ref()
            .take(count)
            .fold(true, |all, good| all & good);
        if !good {
            let detail = "a token is not this mint's: its signature does not verify";
            return Err(Error::request(ErrorCode::ProofInvalid, detail));
        }
        marked.open(now)
    };
    Ok(transactions.into_iter().zip(tokens).map(check).collect())
}

/// Signs the outputs of all transactions together; returns the signatures of each.
///
/// # Errors
/// [`Error::Invariant`].
pub(super) fn sign_all(
    transactions: &[Checked<'_>],
    keyring: &Keyring,
) -> Result<Vec<Vec<BlindSignature>>> {
    let outputs: Vec<_> = transactions.iter().flat_map(Checked::outputs).collect();
    let mut signatures = keyring.sign_all(&outputs)?.into_iter();
    let share = |checked: &Checked<'_>| {
        signatures
            .by_ref()
            .take(checked.outputs().count())
            .collect()
    };
    Ok(transactions.iter().map(share).collect())
}

impl<'t> Checked<'t> {
    /// The outputs to sign, with their points.
    fn outputs(&self) -> impl Iterator<Item = (&'t BlindedMessage, Point)> + use<'t, '_> {
        let outputs = self.marked.admitted.transaction().signed_outputs();
        outputs.iter().zip(self.points.iter().copied())
    }

    /// Returns what a redemption credits.
    pub(super) fn credited(&self) -> u64 {
        self.marked.admitted.credited()
    }

    /// Puts down what the store will remember.
    pub(super) fn into_verified(self, digest: Option<RequestDigest>) -> VerifiedTransaction {
        let Marked {
            admitted,
            spent,
            signed,
            ..
        } = self.marked;
        let transaction = admitted.transaction();
        let inputs = transaction.inputs.iter().zip(admitted.input_keysets());
        let spends = inputs.zip(spent).zip(self.spends);
        let spends = spends.map(|(((input, keyset), mark), spend)| TokenRow {
            mark,
            keyset: keyset.terms.index,
            amount: input.amount,
            preimage: spend.preimage,
        });
        let outputs = transaction.outputs.iter().zip(admitted.output_keysets());
        let outputs = outputs.zip(signed);
        let (mut issues, mut blanks) = (Vec::new(), Vec::new());
        let are_blank = transaction.purpose.shape().has_blanks;
        for ((output, keyset), mark) in outputs {
            let (keyset, amount) = (keyset.terms.index, output.amount);
            if are_blank {
                let (b, amount) = (output.b, 0);
                blanks.push(BlankRow {
                    mark,
                    keyset,
                    b,
                    amount,
                });
            } else {
                issues.push(TokenRow {
                    mark,
                    keyset,
                    amount,
                    preimage: None,
                });
            }
        }
        VerifiedTransaction {
            spends: spends.collect(),
            issues,
            entries: admitted.entries().to_vec(),
            digest,
            quotes: quote_use(transaction, admitted.held(), blanks),
            auth: transaction.auth.map(|token| TokenRow {
                mark: token.mark,
                keyset: token.keyset,
                amount: AuthToken::AMOUNT,
                preimage: None,
            }),
        }
    }
}

/// Returns what a transaction does with quotes.
fn quote_use(transaction: &Transaction, held: u64, blanks: Vec<BlankRow>) -> QuoteUse {
    if let Purpose::Mint(quotes) = &transaction.purpose {
        return QuoteUse::Issues(quotes.clone());
    }
    let shape = transaction.purpose.shape();
    shape.payment.map_or(QuoteUse::None, |payment| {
        QuoteUse::Pays(HeldPayment {
            quote: payment.quote.clone(),
            account: shape.account,
            held,
            blanks,
        })
    })
}

/// Decodes the outputs' points.
///
/// # Errors
/// [`Error::Request`] with `OutputPointInvalid`.
fn decode_outputs(outputs: &[BlindedMessage]) -> Result<Vec<Point>> {
    let decode = |output: &BlindedMessage| {
        let invalid = |what| Error::request(ErrorCode::OutputPointInvalid, format!("B_: {what}"));
        let suite =
            SuiteId::of(&output.id).ok_or_else(|| invalid("an unknown keyset".to_owned()))?;
        Point::decode(suite, &output.b).map_err(|e| invalid(e.to_string()))
    };
    outputs.iter().map(decode).collect()
}

/// Signs again what was signed before.
///
/// # Errors
/// [`Error::Request`] with `OutputPointInvalid`, [`Error::Invariant`].
pub(super) fn sign_again(
    outputs: &[BlindedMessage],
    keyring: &Keyring,
) -> Result<Vec<BlindSignature>> {
    let points = decode_outputs(outputs)?;
    keyring.sign_all(&outputs.iter().zip(points).collect::<Vec<_>>())
}
