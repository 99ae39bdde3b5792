//! What comes of a visit: a price, or an answer and what became of the money with it.

use farthing_protocol::Unit;

use super::offer::Offer;
use crate::error::payment::{AnswerFault, Fate, Fault};
use crate::error::{Advice, Explanation};
use crate::http::HttpError;
use crate::records::{Bought, Entry};
use crate::web::{Head, Page, PageRequest};

/// What came of a visit.
#[derive(Debug)]
pub enum Visit<P> {
    /// An answer, for nothing or for what was paid before.
    Answer(Answer<P>),
    /// It has a price.
    Priced(Offer),
}

/// A page, its body still to be read.
#[derive(Debug)]
pub struct Answer<P> {
    /// The address it came from, after redirects.
    pub url: String,
    /// What was paid.
    pub payment: Payment,
    /// What was read of the body already.
    pub(super) begun: Option<Vec<u8>>,
    pub(super) page: P,
}

/// What became of the money with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payment {
    /// Nothing was to be paid.
    Free,
    /// It was paid for before.
    Before(Bought),
    /// It was paid for now.
    Paid {
        /// The line in the history.
        entry: Entry,
        /// Until when it can be had again, Unix seconds.
        until: u64,
    },
    /// The site took the payment and did not answer as it must.
    Taken {
        /// The line in the history.
        entry: Entry,
        /// What was wrong with its answer.
        fault: AnswerFault,
        /// The mint's unit.
        unit: Unit,
    },
    /// The site did not charge it, and the token was taken back.
    NotCharged {
        /// The line in the history.
        entry: Entry,
        /// What came back.
        returned: u64,
        /// The mint's unit.
        unit: Unit,
    },
    /// The site did not charge it, and the token, which it has seen, is kept aside.
    Aside(Fate),
    /// The site did not charge it, as it seems, and the mint has yet to say.
    Open(Fate),
}

impl Payment {
    /// Returns where the money is, as an error names it.
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

    /// Returns what is to be said about a page that came although its payment did not go as it should.
    #[must_use]
    pub fn explain(&self) -> Option<Explanation> {
        let fate = self.fate();
        let (what, advice) = match self {
            Self::Free | Self::Before(_) | Self::Paid { .. } => return None,
            Self::Taken { fault, .. } => (
                format!("the site took the payment, but {fault}"),
                vec![Advice::BewareOfSite],
            ),
            Self::NotCharged { .. } => (
                "the site did not charge this answer".to_owned(),
                vec![Advice::TryAgainForAnswer],
            ),
            Self::Aside(_) => (
                "the site did not charge this answer".to_owned(),
                fate.advice(&Fault::Waiting),
            ),
            Self::Open(_) => (
                "the site gave no receipt with this answer".to_owned(),
                fate.advice(&Fault::Waiting),
            ),
        };
        Some(Explanation {
            what,
            money: fate.money(),
            advice,
        })
    }
}

impl<P: Page> Answer<P> {
    pub(super) fn new(request: &PageRequest, payment: Payment, page: P) -> Self {
        Self {
            url: request.url.clone(),
            payment,
            begun: None,
            page,
        }
    }

    /// Status and headers.
    #[must_use]
    pub fn head(&self) -> &Head {
        self.page.head()
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// [`HttpError`] when the body breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, HttpError> {
        match self.begun.take() {
            Some(begun) => Ok(Some(begun)),
            None => self.page.chunk().await,
        }
    }
}
