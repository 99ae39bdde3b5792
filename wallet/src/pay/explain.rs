//! Payments that went wrong, told to people: what happened, what it means for the money, what to do.

use farthing_protocol::ErrorCode;

use super::Payment;
use super::error::{Fate, Fault, Site, Unpayable};
use crate::explain::Explanation;

pub(crate) fn site_code(site: &Site) -> &'static str {
    match site.fault {
        Fault::Silent(_) => "site_unreachable",
        Fault::MintUnasked(_) => "site_cannot_pay_in",
        Fault::Refused { .. } => "site_refused",
        Fault::Waiting => "payment_open",
    }
}

pub(crate) fn site(Site { site, fault, fate }: &Site) -> Explanation {
    let what = match fault {
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
        money: money(fate),
        advice: advice(fault, fate),
    }
}

fn money(fate: &Fate) -> String {
    match fate {
        Fate::Nothing => "Nothing was moved.".to_owned(),
        Fate::Open {
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
        Fate::Open {
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
        Fate::Open {
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
        Fate::Aside { id, held, unit } => kept_aside(*id, &unit.show(*held)),
        Fate::TakenBack {
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
        Fate::Taken {
            amount,
            lost: 0,
            unit,
        } => {
            let amount = unit.show(*amount);
            format!("The mint says that the token is spent, so {amount} count as paid.")
        }
        Fate::Taken { amount, lost, unit } => format!(
            "The mint says that the token is spent, so {} count as paid, and {} are lost: the site \
             did not ask the mint for that change.",
            unit.show(*amount),
            unit.number(*lost)
        ),
        Fate::PaidBefore => "It was paid for before; nothing was moved now.".to_owned(),
    }
}

fn advice(fault: &Fault, fate: &Fate) -> String {
    match (fault, fate) {
        (_, Fate::Open { minutes: 0, .. }) => "Wait until the mint can be reached.".to_owned(),
        (
            _,
            Fate::Open {
                id,
                subject,
                locked,
                ..
            },
        ) => {
            let again = format!("Ask for the same again, and the same token pays: {subject}.");
            match locked {
                true => again,
                false => format!("{again} Or give up: farthing cancel {id}."),
            }
        }
        (_, Fate::Taken { .. } | Fate::PaidBefore) => {
            "Ask for it again: the wallet shows that it was paid. If that does not help, complain to \
             the site."
                .to_owned()
        }
        (Fault::Refused { code, .. }, Fate::Aside { id, .. }) => {
            format!("{} {}", refusal_advice(*code), swap_now(*id))
        }
        (_, Fate::Aside { id, .. }) => {
            format!("Try again if you need another answer. {}", swap_now(*id))
        }
        (Fault::Refused { code, .. }, _) => refusal_advice(*code).to_owned(),
        (Fault::Silent(_), _) => "Check the address and the connection, and try again.".to_owned(),
        (Fault::MintUnasked(_) | Fault::Waiting, _) => "Try again later.".to_owned(),
    }
}

/// Where the money is that a site has seen and not charged.
fn kept_aside(id: u64, held: &str) -> String {
    format!(
        "Nothing was paid; payment {id} keeps {held} aside, since the site has seen the token: the wallet \
         swaps it at a quiet moment."
    )
}

/// What to do when the money is needed at once.
fn swap_now(id: u64) -> String {
    format!("To have the money back at once: farthing cancel {id}.")
}

fn refusal_advice(code: u32) -> &'static str {
    const ANOTHER_PRICE: [ErrorCode; 2] = [ErrorCode::PriceMismatch, ErrorCode::PaymentRequired];
    const OTHER_TOKENS: [ErrorCode; 1] = [ErrorCode::TokenBound];
    const OTHER_KEYSETS: [ErrorCode; 3] = [
        ErrorCode::KeysetInactive,
        ErrorCode::KeysetUnknown,
        ErrorCode::KeysetExpired,
    ];
    match ErrorCode::from_number(code) {
        Some(code) if ANOTHER_PRICE.contains(&code) => {
            "Try again: the price may have changed, and you are asked anew."
        }
        Some(code) if OTHER_TOKENS.contains(&code) => {
            "Try again: the next payment uses other tokens."
        }
        Some(code) if OTHER_KEYSETS.contains(&code) => {
            "Try again: the mint has changed its keysets, and the next payment asks for them first."
        }
        Some(_) | None => "Tell the site, with the code.",
    }
}

pub(crate) fn unpayable_code(unpayable: &Unpayable) -> &'static str {
    match unpayable {
        Unpayable::Url(_) => "url_invalid",
        Unpayable::SiteUrl(_) => "site_invalid",
        Unpayable::Header(_) => "header_reserved",
        Unpayable::Redirects(_) => "too_many_redirects",
        Unpayable::Request { .. } => "payment_request_invalid",
        Unpayable::NoAmount(_) => "payment_request_without_amount",
        Unpayable::ClearText(_) => "clear_text",
        Unpayable::Mint { .. } => "mint_not_taken",
        Unpayable::Unit { .. } => "unit_not_taken",
        Unpayable::Lock { .. } => "lock_unsupported",
        Unpayable::AboveMax { .. } => "above_max",
        Unpayable::NotAgreed { .. } => "not_agreed",
        Unpayable::PaidBefore { .. } => "paid_before",
        Unpayable::Declined => "declined",
        Unpayable::TokenTooLong { .. } => "token_too_long",
        Unpayable::NotOpen(_) => "payment_not_open",
        Unpayable::Locked(_) => "payment_locked",
        Unpayable::NoBudget(_) => "no_budget",
    }
}

pub(crate) fn unpayable_advice(unpayable: &Unpayable) -> &'static str {
    match unpayable {
        Unpayable::Url(_) => "Give the whole address, such as https://site.example/page.",
        Unpayable::SiteUrl(_) => "Give scheme and host, such as https://site.example.",
        Unpayable::Header(_) => "Leave it out.",
        Unpayable::Redirects(_) | Unpayable::Request { .. } | Unpayable::NoAmount(_) => {
            "Tell the site."
        }
        Unpayable::ClearText(_) => {
            "Use the site's https address; or, if you trust the network, give --insecure-http."
        }
        Unpayable::Mint { .. } => {
            "If you trust one of them, add it and withdraw there: farthing mint add URL."
        }
        Unpayable::Unit { .. } | Unpayable::Lock { .. } => "This wallet cannot buy it.",
        Unpayable::AboveMax { .. } => "If it is worth that to you, give a higher --max.",
        Unpayable::NotAgreed { .. } => {
            "Run it on a terminal, allow it with --yes --max AMOUNT, or set a budget: farthing budget set."
        }
        Unpayable::PaidBefore { .. } => {
            "Complain to the site; to pay again all the same, run it on a terminal."
        }
        Unpayable::Declined => "Nothing.",
        Unpayable::TokenTooLong { .. } => {
            "Make larger tokens first: farthing send an amount to yourself, and receive it."
        }
        Unpayable::NotOpen(_) => "farthing history shows what became of it.",
        Unpayable::Locked(_) => "Ask for the page again: the same token pays.",
        Unpayable::NoBudget(_) => "farthing budget list shows what there is.",
    }
}

impl Payment {
    /// Where the money is, as an error tells it.
    pub(crate) fn fate(&self) -> Fate {
        match self {
            Self::Free | Self::Paid { .. } => Fate::Nothing,
            Self::Before(_) => Fate::PaidBefore,
            Self::Taken { entry, unit, .. } => Fate::Taken {
                amount: entry.amount,
                lost: entry.lost,
                unit: unit.clone(),
            },
            Self::NotCharged {
                entry,
                returned,
                unit,
            } => Fate::TakenBack {
                returned: *returned,
                fee: entry.fee,
                unit: unit.clone(),
            },
            Self::Aside(fate) | Self::Open(fate) => fate.clone(),
        }
    }

    /// What is to be said about a page that came although its payment did not go as it should.
    #[must_use]
    pub fn explain(&self) -> Option<Explanation> {
        let (what, advice) = match self {
            Self::Free | Self::Before(_) | Self::Paid { .. } => return None,
            Self::Taken { fault, .. } => (
                format!("the site took the payment, but {fault}"),
                "Be careful with this site.".to_owned(),
            ),
            Self::NotCharged { .. } => (
                "the site did not charge this answer".to_owned(),
                "Try again if you need another answer.".to_owned(),
            ),
            Self::Aside(fate) => (
                "the site did not charge this answer".to_owned(),
                advice(&Fault::Waiting, fate),
            ),
            Self::Open(fate) => (
                "the site gave no receipt with this answer".to_owned(),
                advice(&Fault::Waiting, fate),
            ),
        };
        Some(Explanation {
            what,
            money: money(&self.fate()),
            advice,
        })
    }
}
