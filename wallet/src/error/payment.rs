//! What can go wrong with a payment: what is refused before anything is paid, and what sites do.

use farthing_protocol::Unit;
use farthing_protocol::payment::PaymentError;

use super::table::error_table;
use super::{Advice, Violation};

error_table! {
    /// Why something is not paid for. Nothing was moved.
    pub enum Unpayable {
        /// Not an address of a page.
        #[error("{0} is not the address of a page")]
        Url(text: String)
            => "url_invalid", Advice::GiveWholePageUrl;
        /// Not an address of a site.
        #[error("{0} is not the address of a site")]
        SiteUrl(text: String)
            => "site_invalid", Advice::GiveSite;
        /// A header that the wallet itself writes.
        #[error("the header {0} is the wallet's own")]
        Header(name: String)
            => "header_reserved", Advice::LeaveHeaderOut;
        /// Redirects that do not end.
        #[error("{0} sends from one address to the next without end")]
        Redirects(site: String)
            => "too_many_redirects", Advice::TellSite;
        /// A payment request that cannot be read.
        #[error("the payment request of {site} cannot be read: {reason}")]
        Request {
            /// The site.
            site: String,
            /// What is wrong with it.
            reason: RequestFault,
        }
            => "payment_request_invalid", Advice::TellSite;
        /// No amount, or nothing.
        #[error("{0} does not say how much it wants")]
        NoAmount(site: String)
            => "payment_request_without_amount", Advice::TellSite;
        /// A connection that others can read.
        #[error("{0} is reached without encryption: anyone who reads the connection could take the token")]
        ClearText(site: String)
            => "clear_text", Advice::UseHttps;
        /// None of the mints that the site takes has an entry in the wallet.
        #[error("{site} takes tokens of {mints}, and the wallet has none there")]
        Mint {
            /// The site.
            site: String,
            /// The mints it takes, in its words.
            mints: String,
        }
            => "mint_not_taken", Advice::AddSiteMint;
        /// A unit that the mint's tokens do not have.
        #[error("{site} asks for {asked}, and the mint {mint} has {has}")]
        Unit {
            /// The site.
            site: String,
            /// What it asks for, in its words.
            asked: String,
            /// The mint.
            mint: String,
            /// The mint's unit.
            has: String,
        }
            => "unit_not_taken", Advice::BuyWithOtherWallet;
        /// A lock of a kind that this wallet does not make.
        #[error("{site} asks for a lock that this wallet does not make: {lock}")]
        Lock {
            /// The site.
            site: String,
            /// Its kind, key or tag, in the site's words.
            lock: String,
        }
            => "lock_unsupported", Advice::BuyWithOtherWallet;
        /// More than the caller allows.
        #[error("it costs {}, and {} is the most you allowed", .unit.show(*.amount), .unit.number(*.max))]
        AboveMax {
            /// The price.
            amount: u64,
            /// The unit.
            unit: Unit,
            /// The most.
            max: u64,
        }
            => "above_max", Advice::RaiseMax;
        /// Nobody was there to agree.
        #[error("it costs {}; confirmation is needed, and there is no terminal", .unit.show(*.amount))]
        NotAgreed {
            /// The price.
            amount: u64,
            /// The unit.
            unit: Unit,
        }
            => "not_agreed", Advice::AgreeOrSetBudget;
        /// Paid for before, and the site does not take the receipt, or the token again.
        #[error("{site} asks {} again for what was paid before", .unit.show(*.amount))]
        PaidBefore {
            /// The site.
            site: String,
            /// The price.
            amount: u64,
            /// The unit.
            unit: Unit,
        }
            => "paid_before", Advice::ComplainOrPayAgain;
        /// The user said no.
        #[error("you chose not to pay")]
        Declined
            => "declined";
        /// The token would not fit into a header.
        #[error("the token would be {bytes} bytes long, and a site takes {max}")]
        TokenTooLong {
            /// How long it would be.
            bytes: usize,
            /// The most.
            max: usize,
        }
            => "token_too_long", Advice::MakeLargerTokens;
        /// No payment with this number is open.
        #[error("no payment with the number {0} is open")]
        NotOpen(id: u64)
            => "payment_not_open", Advice::ReadHistory;
        /// A payment that cannot be taken back.
        #[error("payment {0} is locked to the site's key, and only the site can spend it")]
        Locked(id: u64)
            => "payment_locked", Advice::AskForPageAgain;
        /// No such budget.
        #[error("there is no budget for {0}")]
        NoBudget(site: String)
            => "no_budget", Advice::ListBudgets;
    }
}

/// What is wrong with a payment request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFault {
    /// Two of them.
    #[error("there are two of them")]
    Twice,
    /// Longer than a header may be.
    #[error("it is too long")]
    TooLong,
    /// Not a payment request.
    #[error("{0}")]
    Malformed(PaymentError),
}

/// What a site did that keeps a page from its reader, and where the money is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The site.
    pub site: String,
    /// What it did.
    pub fault: Fault,
    /// What it means for the money.
    pub fate: Fate,
}

/// What a site did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No answer came, for this reason.
    Silent(String),
    /// The site could not ask the mint (code 50301); its words.
    MintUnasked(String),
    /// The site refused the payment.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The code in its answer.
        code: u32,
        /// Its words.
        detail: String,
    },
    /// The payment was begun before, and it is not known whether the site has charged it.
    Waiting,
}

/// Where the money of a payment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Where it was.
    Nothing,
    /// In the open payment with this number.
    Open {
        /// Its number.
        id: u64,
        /// What it holds.
        held: u64,
        /// For how many minutes more the wallet leaves it to be sent again; 0 when it is settled as
        /// soon as the mint can be asked.
        minutes: u64,
        /// What is being bought: method and address.
        subject: String,
        /// Whether only the site can spend it.
        locked: bool,
        /// The mint's unit.
        unit: Unit,
    },
    /// In the payment with this number, which is kept aside: the site did not charge its token, and has
    /// seen it.
    Aside {
        /// Its number.
        id: u64,
        /// What it holds.
        held: u64,
        /// The mint's unit.
        unit: Unit,
    },
    /// Back in the wallet, but for the mint's fee.
    TakenBack {
        /// What came back.
        returned: u64,
        /// The mint's fee for the swap.
        fee: u64,
        /// The mint's unit.
        unit: Unit,
    },
    /// With the site: the mint says that it was redeemed.
    Taken {
        /// What the site has.
        amount: u64,
        /// What it kept of the change.
        lost: u64,
        /// The mint's unit.
        unit: Unit,
    },
    /// Paid some time before; nothing moved now.
    PaidBefore,
}

impl Fate {
    /// An open payment that is settled as soon as the mint can be asked.
    pub(crate) fn no_more_time(mut self) -> Self {
        if let Self::Open { minutes, .. } = &mut self {
            *minutes = 0;
        }
        self
    }
}

/// What is wrong with an answer to a payment, so that it is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerFault {
    /// No receipt.
    #[error("it gave no receipt")]
    NoReceipt,
    /// A header twice.
    #[error("it sent the header {0} twice")]
    Twice(&'static str),
    /// A receipt that does not verify.
    #[error("its receipt is false: {0}")]
    Receipt(PaymentError),
    /// A receipt for something else.
    #[error("its receipt is for something else: {0}")]
    OtherReceipt(&'static str),
    /// Change was asked for, and no signatures came.
    #[error("it gave no signatures for the change")]
    NoSignatures,
    /// Signatures that cannot be read.
    #[error("its signatures for the change cannot be read: {0}")]
    Signatures(PaymentError),
    /// Signatures that the mint did not make.
    #[error("its signatures for the change are false: {0}")]
    FalseSignatures(Violation),
}
