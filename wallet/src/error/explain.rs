//! Errors for people: what happened, what it means for the money, and what to do.

use std::fmt;

use farthing_protocol::ErrorCode;

use super::payment::{Fate, Fault, Site};
use super::{Advice, Aftermath, Error, Misbehaved, Network, Refused};

/// An error, told in three steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What happened.
    pub what: String,
    /// What it means for the money.
    pub money: String,
    /// What to do, in this order; empty when there is nothing to do.
    pub advice: Vec<Advice>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explain().what)
    }
}

impl Error {
    /// A short name of the error for programs; never changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Usage(usage) => usage.code(),
            Self::Unpayable(unpayable) => unpayable.code(),
            Self::Refused(_) => "refused",
            Self::Misbehaved(_) => "mint_misbehaved",
            Self::Network(_) => "mint_unreachable",
            Self::Site(site) => site.fault.code(),
            Self::Store(error) => error.code(),
        }
    }

    /// Returns what happened, what it means for the money, and what to do.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let told = |what: String, money: &str, advice| Explanation {
            what,
            money: money.to_owned(),
            advice,
        };
        match self {
            Self::Usage(e) => told(e.to_string(), "Nothing was moved.", e.advice()),
            Self::Unpayable(e) => told(e.to_string(), "Nothing was moved.", e.advice()),
            Self::Store(e) => told(e.to_string(), e.money(), e.advice()),
            Self::Refused(refused) => refusal(refused),
            Self::Misbehaved(misbehaved) => misbehaviour(misbehaved),
            Self::Network(network) => silence(network),
            Self::Site(site) => site.explain(),
        }
    }
}

fn refusal(refused: &Refused) -> Explanation {
    let Refused {
        mint,
        detail,
        code,
        status,
        aftermath,
    } = refused;
    let nothing = "Nothing was moved".to_owned();
    let money = match aftermath {
        Aftermath::Kept(id) => format!(
            "Nothing is lost: operation {id} is kept and tried again each time the wallet is opened"
        ),
        Aftermath::Nothing
        | Aftermath::Undone {
            returned: 0,
            lost: 0,
            ..
        } => nothing,
        Aftermath::Undone {
            returned,
            lost: 0,
            unit,
        } => format!(
            "{nothing}; {} went back into the balance",
            unit.show(*returned)
        ),
        Aftermath::Undone {
            returned,
            lost,
            unit,
        } => format!(
            "{} went back into the balance. {} had been spent already, by another copy of this \
             wallet, and left it",
            unit.show(*returned),
            unit.show(*lost)
        ),
    };
    Explanation {
        what: format!("the mint {mint} refused: {detail} (code {code}, status {status})"),
        money: money + ".",
        advice: vec![refusal_advice(refused)],
    }
}

/// Returns what to do about a mint's refusal: by its code, and for all other codes to tell the operator.
fn refusal_advice(refused: &Refused) -> Advice {
    use ErrorCode as E;
    let Some(code) = refused.known_code() else {
        return Advice::ReadDetail;
    };
    let mint = || refused.mint.clone();
    let is = |codes: &[ErrorCode]| codes.contains(&code);
    if refused.already_spent() {
        let own = matches!(refused.aftermath, Aftermath::Undone { lost: 1.., .. });
        if own {
            Advice::CheckBalance
        } else {
            Advice::AskSender
        }
    } else if is(&[E::InsufficientFunds]) {
        Advice::WithdrawLess
    } else if is(&[E::Unauthorized]) {
        Advice::ReplaceApiToken { mint: mint() }
    } else if is(&[E::Forbidden]) {
        Advice::AskForScope
    } else if is(&[
        E::TooMany,
        E::Timeout,
        E::ProofsPending,
        E::OutputsPending,
        E::QuotePending,
    ]) {
        Advice::WaitALittle
    } else if is(&[E::KeysetExpired]) {
        Advice::AskOperatorOfExpired
    } else if is(&[E::InputsMax, E::OutputsMax, E::TooLarge]) {
        Advice::TakeSmallerSteps
    } else if is(&[E::KeysetInactive, E::KeysetUnknown, E::AlreadySigned]) {
        Advice::TryAgainOrAskOperator
    } else {
        Advice::TellOperator
    }
}

fn misbehaviour(misbehaved: &Misbehaved) -> Explanation {
    let Misbehaved {
        mint,
        violation,
        open,
    } = misbehaved;
    let money = match open {
        None => "Nothing was moved, and what it said was not believed.".to_owned(),
        Some(id) => format!(
            "What it said was not believed. Operation {id} is kept with all it needs to finish, and \
             is tried again each time the wallet is opened."
        ),
    };
    Explanation {
        what: format!("the mint {mint} misbehaved: {violation}"),
        money,
        advice: vec![violation.advice()],
    }
}

fn silence(network: &Network) -> Explanation {
    let Network {
        mint, reason, open, ..
    } = network;
    let (money, advice) = match open {
        None => ("Nothing was moved.".to_owned(), Advice::CheckConnection),
        Some(id) => (
            format!(
                "Nothing is lost: whether the mint did it is not known yet, and operation {id} is kept \
                 with all it needs."
            ),
            Advice::LeaveOpen,
        ),
    };
    Explanation {
        what: format!("no usable answer from the mint {mint}: {reason}"),
        money,
        advice: vec![advice],
    }
}

impl Fault {
    fn code(&self) -> &'static str {
        match self {
            Self::Silent(_) => "site_unreachable",
            Self::MintUnasked(_) => "site_cannot_pay_in",
            Self::Refused { .. } => "site_refused",
            Self::Waiting => "payment_open",
        }
    }
}

impl Site {
    fn explain(&self) -> Explanation {
        let site = &self.site;
        let what = match &self.fault {
            Fault::Silent(reason) => format!("no answer from {site}: {reason}"),
            Fault::MintUnasked(words) => format!("{site} could not ask the mint: {words}"),
            Fault::Refused {
                status,
                code,
                detail,
            } => format!("{site} refused the payment: {detail} (code {code}, status {status})"),
            Fault::Waiting => format!("{site} did not answer a payment that was begun before"),
        };
        Explanation {
            what,
            money: self.fate.money(),
            advice: self.fate.advice(&self.fault),
        }
    }
}

impl Fate {
    /// Returns where the money is, in words.
    pub(crate) fn money(&self) -> String {
        match self {
            Self::Nothing => "Nothing was moved.".to_owned(),
            Self::Open {
                id,
                held,
                minutes: 0,
                unit,
                ..
            } => format!(
                "Nothing is lost: payment {id} holds {}. The mint has yet to say whether the site was \
                 paid, and what was not paid is taken back when the wallet is opened next.",
                unit.show(*held)
            ),
            Self::Open {
                id,
                held,
                minutes,
                locked: true,
                unit,
                ..
            } => format!(
                "Payment {id} holds {} that only the site can spend. It can be shown to the site \
                 again; in {minutes} minutes it counts as paid.",
                unit.show(*held)
            ),
            Self::Open {
                id,
                held,
                minutes,
                unit,
                ..
            } => format!(
                "Nothing is lost: whether the site was paid is not known yet, and payment {id} holds \
                 {}. In {minutes} minutes the wallet takes back what was not paid.",
                unit.show(*held)
            ),
            Self::Aside { id, held, unit } => format!(
                "Nothing was paid; payment {id} keeps {} aside, since the site has seen the token: the \
                 wallet swaps it at a quiet moment.",
                unit.show(*held)
            ),
            Self::TakenBack {
                returned,
                fee,
                unit,
            } => {
                let returned = unit.show(*returned);
                let fee = match fee {
                    0 => String::new(),
                    fee => format!(", and the mint's fee was {}", unit.number(*fee)),
                };
                format!("Nothing was paid; {returned} went back into the balance{fee}.")
            }
            Self::Taken { amount, lost, unit } => {
                let amount = unit.show(*amount);
                let lost = match lost {
                    0 => String::new(),
                    lost => format!(
                        ", and {} are lost: the site did not ask the mint for that change",
                        unit.number(*lost)
                    ),
                };
                format!("The mint reports the token as spent; {amount} is recorded as paid{lost}.")
            }
            Self::PaidBefore => "It was paid for before; nothing was moved now.".to_owned(),
        }
    }

    /// Returns what to do about the money, and about what the site did.
    pub(crate) fn advice(&self, fault: &Fault) -> Vec<Advice> {
        let of_site = match fault {
            Fault::Refused { code, .. } => site_refusal_advice(*code),
            Fault::Silent(_) => Advice::CheckConnection,
            Fault::MintUnasked(_) | Fault::Waiting => Advice::TryAgainLater,
        };
        match self {
            Self::Open { minutes: 0, .. } => vec![Advice::WaitForMint],
            Self::Open {
                id,
                subject,
                locked,
                ..
            } => {
                let subject = subject.clone();
                let mut advice = vec![Advice::PayAgain { subject }];
                advice.extend((!locked).then_some(Advice::Cancel { id: *id }));
                advice
            }
            Self::Taken { .. } | Self::PaidBefore => vec![Advice::ShowPayment],
            Self::Aside { id, .. } => {
                let first = match fault {
                    Fault::Refused { .. } => of_site,
                    Fault::Silent(_) | Fault::MintUnasked(_) | Fault::Waiting => {
                        Advice::TryAgainForAnswer
                    }
                };
                vec![first, Advice::SwapNow { id: *id }]
            }
            Self::Nothing | Self::TakenBack { .. } => vec![of_site],
        }
    }
}

fn site_refusal_advice(code: u32) -> Advice {
    use ErrorCode as E;
    let code = ErrorCode::from_number(code);
    let is = |codes: &[ErrorCode]| code.is_some_and(|code| codes.contains(&code));
    if is(&[E::PriceMismatch, E::PaymentRequired]) {
        Advice::TryAgainForPrice
    } else if is(&[E::TokenBound]) {
        Advice::TryAgainWithOtherTokens
    } else if is(&[E::KeysetInactive, E::KeysetUnknown, E::KeysetExpired]) {
        Advice::TryAgainWithNewKeysets
    } else {
        Advice::TellSiteCode
    }
}
