//! The numeric codes in error bodies.
//!
//! Codes from 10000 to 31999 are Cashu's (the NUTs' `error_codes.md`). What Cashu has no code for is
//! numbered `HTTP status × 100 + n`. Most are a mint's; a publisher's are in `docs/reference/protocol.md`,
//! section 12.4.

use serde::{Deserialize, Serialize};

/// The body of every error answer: `{"detail", "code"}` (NUT-00, "Errors").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What was wrong, for people.
    pub detail: String,
    /// What was wrong, for programs: a value of [`ErrorCode`], or one from a newer mint.
    pub code: u32,
}

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $status:literal;)+) => {
        /// Why a request was refused. The number is what travels; later versions have more of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $name = $code,)+
        }

        impl ErrorCode {
            /// All codes, in numeric order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The HTTP status that goes with the code.
            #[must_use]
            pub fn http_status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// Finds a code by its number; `None` for numbers this version does not know.
            #[must_use]
            pub fn from_number(number: u32) -> Option<Self> {
                match number { $($code => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

error_codes! {
    /// A token's signature is not the mint's, its encoding is not a point, or its lock is not opened.
    ProofInvalid = 10001, 400;
    /// A token was spent before.
    AlreadySpent = 11001, 400;
    /// A token is an input of a payment under way.
    ProofsPending = 11002, 400;
    /// An output was signed before.
    AlreadySigned = 11003, 400;
    /// An output belongs to a payment under way.
    OutputsPending = 11004, 400;
    /// Inputs less fee and outputs do not add up.
    Unbalanced = 11005, 400;
    /// An amount that the keyset has no key for, or outside the mint's limits.
    AmountOutOfRange = 11006, 400;
    /// The same input twice in one request.
    DuplicateInputs = 11007, 400;
    /// The same output twice in one request.
    DuplicateOutputs = 11008, 400;
    /// Inputs of several units, or outputs of several units.
    MultipleUnits = 11009, 400;
    /// Inputs of one unit and outputs of another.
    UnitMismatch = 11010, 400;
    /// An invoice that names no amount, and none in the request beside it.
    InvoiceAmountless = 11011, 400;
    /// The amount in the request is not the invoice's.
    InvoiceAmountMismatch = 11012, 400;
    /// A unit that the account or the mint does not have.
    UnitUnsupported = 11013, 400;
    /// More inputs than the mint takes in one request.
    InputsMax = 11014, 400;
    /// More outputs than the mint takes in one request.
    OutputsMax = 11015, 400;
    /// The same quote twice in one request.
    DuplicateQuotes = 11016, 400;
    /// More quotes than the mint takes in one request.
    QuotesMax = 11017, 400;
    /// A keyset of another mint, or none at all.
    KeysetUnknown = 12001, 400;
    /// The keyset signs no more (or is frozen, and redeems no more either).
    KeysetInactive = 12002, 400;
    /// The keyset's final expiry is past.
    KeysetExpired = 12003, 400;
    /// The quote's invoice is not paid.
    QuoteUnpaid = 20001, 400;
    /// The quote's tokens were issued before.
    QuoteIssued = 20002, 400;
    /// The mint takes no payments in.
    MintingDisabled = 20003, 400;
    /// The payment out failed; its tokens are free again.
    PaymentFailed = 20004, 400;
    /// The quote is being minted or paid by another request.
    QuotePending = 20005, 400;
    /// The invoice was paid before.
    InvoicePaid = 20006, 400;
    /// The quote's time is over.
    QuoteExpired = 20007, 400;
    /// The quote is locked to a key, and the request has no valid signature by it.
    QuoteSignatureInvalid = 20008, 400;
    /// A quote must be locked to a key, and the request names none, or what it names is no key.
    QuoteKeyRequired = 20009, 400;
    /// The path asks for clear authentication.
    ClearAuthRequired = 30001, 400;
    /// The clear authentication does not count.
    ClearAuthFailed = 30002, 400;
    /// The path asks for blind authentication.
    BlindAuthRequired = 31001, 400;
    /// The blind authentication does not count.
    BlindAuthFailed = 31002, 400;
    /// More blind authentication tokens than the mint issues in one request.
    BlindAuthMax = 31003, 400;
    /// More blind authentication tokens than the mint issues in a while.
    BlindAuthTooMany = 31004, 400;
    /// Not JSON, a missing or unknown field, a number out of range, bad hex, a wrong length.
    Malformed = 40001, 400;
    /// A secret longer than the mint takes.
    SecretTooLong = 40002, 400;
    /// An output's `B_` is not a canonical point, or the identity.
    OutputPointInvalid = 40003, 400;
    /// The account holds less than the withdrawal.
    InsufficientFunds = 40004, 400;
    /// A request that moves nothing: no inputs, or no outputs where there must be some.
    Empty = 40005, 400;
    /// A payment with a token of another mint than those that are taken.
    MintUnsupported = 40006, 400;
    /// A payment that does not add up to the price.
    PriceMismatch = 40007, 400;
    /// A token that was presented for another request, or with other outputs, before.
    TokenBound = 40008, 400;
    /// A token that is not locked as the payee asks.
    LockMismatch = 40009, 400;
    /// No quote has this id.
    QuoteUnknown = 40010, 400;
    /// No API token, or one that is not known (any more).
    Unauthorized = 40101, 401;
    /// The resource has a price, and the request pays nothing.
    PaymentRequired = 40201, 402;
    /// A receipt that the publisher did not sign, that has expired, or that is for something else.
    ReceiptInvalid = 40202, 402;
    /// The API token lacks the scope.
    Forbidden = 40301, 403;
    /// No such path, keyset or page.
    NotFound = 40401, 404;
    /// The path exists, for another method.
    MethodNotAllowed = 40501, 405;
    /// The body took too long to arrive.
    Timeout = 40801, 408;
    /// The body is larger than the mint takes.
    TooLarge = 41301, 413;
    /// Too many requests from this caller; try again later.
    TooMany = 42901, 429;
    /// The mint failed; the operator's log says why. Nothing was moved, or the same request sent again tells.
    Internal = 50001, 500;
    /// What is behind a paywall did not answer; nothing was charged.
    BadGateway = 50201, 502;
    /// The mint is overloaded or stopping; try again after `Retry-After`.
    Unavailable = 50301, 503;
}

impl ErrorCode {
    /// The number that travels.
    #[must_use]
    pub fn number(self) -> u32 {
        self as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_ascending_and_found_again() {
        for pair in ErrorCode::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number());
        }
        for &code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_number(code.number()), Some(code));
            if code.number() >= 40_000 {
                assert_eq!(u32::from(code.http_status()), code.number() / 100);
            } else {
                assert_eq!(code.http_status(), 400, "Cashu's codes come with 400");
            }
        }
        assert_eq!(ErrorCode::from_number(1), None);
    }

    /// The NUTs' `error_codes.md`, row by row.
    #[test]
    fn every_code_of_the_nuts_is_there() {
        let rows = [
            10001..=10001,
            11001..=11017,
            12001..=12003,
            20001..=20009,
            30001..=30002,
            31001..=31004,
        ];
        let cashu = ErrorCode::ALL.iter().map(|code| code.number());
        let cashu: Vec<_> = cashu.filter(|number| *number < 40_000).collect();
        assert_eq!(cashu, rows.into_iter().flatten().collect::<Vec<_>>());
    }
}
