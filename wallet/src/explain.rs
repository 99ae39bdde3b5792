//! Errors for people: what happened, what it means for the money, and what to do.

use std::fmt;

use farthing_protocol::ErrorCode;

use crate::error::{Aftermath, Caller, Error, Lie, Misbehaved, Network, Refused};
use crate::pay;
use crate::store::StoreError;

/// An error, told in three sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What happened.
    pub what: String,
    /// What it means for the money.
    pub money: String,
    /// What to do.
    pub advice: String,
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
            Self::Caller(caller) => caller_code(caller),
            Self::Refused(_) => "refused",
            Self::Misbehaved(_) => "mint_misbehaved",
            Self::Network(_) => "mint_unreachable",
            Self::Site(site) => pay::explain::site_code(site),
            Self::Store(error) => store_code(error),
        }
    }

    /// What happened, what it means for the money, and what to do.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        match self {
            Self::Caller(caller) => Explanation {
                what: caller.to_string(),
                money: "Nothing was moved.".to_owned(),
                advice: caller_advice(caller).to_owned(),
            },
            Self::Refused(refused) => refusal(refused),
            Self::Misbehaved(misbehaved) => misbehaviour(misbehaved),
            Self::Network(network) => silence(network),
            Self::Site(site) => pay::explain::site(site),
            Self::Store(error) => store(error),
        }
    }
}

fn caller_code(caller: &Caller) -> &'static str {
    match caller {
        Caller::Randomness => "no_randomness",
        Caller::Phrase(_) => "phrase_invalid",
        Caller::PassphraseEmpty => "passphrase_empty",
        Caller::MintUrl(_) => "mint_url_invalid",
        Caller::NoMint => "no_mint",
        Caller::MintUnknown(_) => "mint_unknown",
        Caller::Suite { .. } => "suite_unsupported",
        Caller::NoActiveKeyset(_) => "no_active_keyset",
        Caller::NoCashuDoor(_) => "no_cashu_door",
        Caller::NoApiToken(_) => "no_api_token",
        Caller::NotRestored(_) => "not_restored",
        Caller::AmountZero => "amount_zero",
        Caller::AmountUnpayable { .. } => "amount_unpayable",
        Caller::Insufficient { .. } => "insufficient",
        Caller::TooManyInputs { .. } => "too_many_inputs",
        Caller::FeeEatsAll { .. } => "fee_eats_all",
        Caller::Token(_) => "token_malformed",
        Caller::TokenUnit { .. } => "token_unit",
        Caller::TokenKeyset(_) => "token_keyset_unknown",
        Caller::TokenProof { .. } => "token_false",
        Caller::TokenLocked { .. } => "token_locked",
        Caller::TokenLock { .. } => "token_lock_malformed",
        Caller::LockKey(_) => "lock_key_invalid",
        Caller::SentUnknown(_) => "sent_unknown",
        Caller::SentClaimed(_) => "sent_claimed",
        Caller::SentTakenBack(_) => "sent_taken_back",
        Caller::RestoreOpen(_) => "restore_open",
        Caller::Unpayable(unpayable) => pay::explain::unpayable_code(unpayable),
    }
}

fn caller_advice(caller: &Caller) -> &'static str {
    match caller {
        Caller::Randomness => "Try again; if it persists, do not make a wallet on this machine.",
        Caller::PassphraseEmpty => {
            "Give one of several words; farthing passphrase remove takes it away."
        }
        Caller::Phrase(_) => "Compare it with what you wrote down, word by word.",
        Caller::MintUrl(_) => "Give the whole address, such as https://mint.example.",
        Caller::NoMint => "Add one: farthing mint add URL.",
        Caller::MintUnknown(_) => "If you trust it, add it: farthing mint add URL.",
        Caller::Suite { .. } => "Use a wallet made for that mint.",
        Caller::NoActiveKeyset(_) => "Ask the mint's operator; what you hold can be redeemed.",
        Caller::NoCashuDoor(_) => "Send a token of Farthing's own: without --cashu.",
        Caller::NoApiToken(_) => "Ask the operator for one: farthing mint add URL --token -.",
        Caller::NotRestored(_) => "Run farthing restore first.",
        Caller::AmountZero => "Give a larger amount.",
        Caller::AmountUnpayable { .. } => "Give a smaller amount, or do it in several steps.",
        Caller::Insufficient { .. } => "Withdraw or receive more first, or give a smaller amount.",
        Caller::TooManyInputs { .. } => "Give a smaller amount, several times.",
        Caller::FeeEatsAll { .. } => "Spend it together with larger tokens.",
        Caller::Token(_) => "Copy the whole token again, from cashuB to its last character.",
        Caller::TokenUnit { .. }
        | Caller::TokenKeyset(_)
        | Caller::TokenProof { .. }
        | Caller::TokenLock { .. } => "Do not accept it as payment; ask the sender for another.",
        Caller::TokenLocked { .. } => {
            "Only the owner of that key can spend it. To be sent one: give the sender yours (farthing key)."
        }
        Caller::LockKey(_) => {
            "Ask the receiver to run farthing key, and give its 64 hex digits; for a token for Cashu's \
             wallets, ask for the key that theirs shows, 66 hex digits."
        }
        Caller::SentUnknown(_) => "farthing sent lists the numbers.",
        Caller::SentClaimed(_) => "There is nothing to do: the receiver has it.",
        Caller::SentTakenBack(_) => "There is nothing to do: it is in the balance.",
        Caller::RestoreOpen(_) => {
            "What it found is kept. farthing restore goes on where it stopped."
        }
        Caller::Unpayable(unpayable) => pay::explain::unpayable_advice(unpayable),
    }
}

fn refusal(refused: &Refused) -> Explanation {
    let Refused {
        mint,
        detail,
        code,
        status,
        ..
    } = refused;
    let what = format!("the mint {mint} refused: {detail} (code {code}, status {status})");
    let money = match &refused.aftermath {
        Aftermath::Nothing => "Nothing was moved.".to_owned(),
        Aftermath::Kept(id) => format!(
            "Nothing is lost: operation {id} is kept and tried again each time the wallet is opened."
        ),
        Aftermath::Undone {
            returned,
            lost: 0,
            unit,
        } if *returned > 0 => {
            let returned = unit.show(*returned);
            format!("Nothing was moved; {returned} went back into the balance.")
        }
        Aftermath::Undone { lost: 0, .. } => "Nothing was moved.".to_owned(),
        Aftermath::Undone {
            returned,
            lost,
            unit,
        } => format!(
            "{} went back into the balance. {} had been spent already, by another copy of this \
             wallet, and left it.",
            unit.show(*returned),
            unit.show(*lost)
        ),
    };
    let advice = refusal_advice(refused).to_owned();
    Explanation {
        what,
        money,
        advice,
    }
}

fn refusal_advice(refused: &Refused) -> &'static str {
    let Some(code) = refused.known_code() else {
        return "Read the mint's words; a newer version of this wallet may know the code.";
    };
    match code {
        ErrorCode::AlreadySpent => match refused.aftermath {
            Aftermath::Undone { lost, .. } if lost > 0 => "Check the balance and try again.",
            Aftermath::Nothing | Aftermath::Kept(_) | Aftermath::Undone { .. } => {
                "The token was claimed before, by you or by somebody else; ask the sender."
            }
        },
        ErrorCode::InsufficientFunds => "Withdraw less, or have the account funded.",
        ErrorCode::Unauthorized => "Give the right API token: farthing mint add URL --token -.",
        ErrorCode::Forbidden => "Ask the operator for an API token with the scope this needs.",
        ErrorCode::TooMany
        | ErrorCode::Timeout
        | ErrorCode::ProofsPending
        | ErrorCode::OutputsPending
        | ErrorCode::QuotePending => "Wait a little; the wallet tries again.",
        ErrorCode::KeysetExpired => "Ask the operator: the keyset's time is over.",
        ErrorCode::InputsMax | ErrorCode::OutputsMax | ErrorCode::TooLarge => {
            "Do it in several smaller steps."
        }
        ErrorCode::KeysetInactive | ErrorCode::KeysetUnknown | ErrorCode::AlreadySigned => {
            "Try again; if it persists, ask the mint's operator."
        }
        ErrorCode::ProofInvalid
        | ErrorCode::Unbalanced
        | ErrorCode::AmountOutOfRange
        | ErrorCode::DuplicateInputs
        | ErrorCode::DuplicateOutputs
        | ErrorCode::MultipleUnits
        | ErrorCode::UnitMismatch
        | ErrorCode::UnitUnsupported
        | ErrorCode::Malformed
        | ErrorCode::SecretTooLong
        | ErrorCode::OutputPointInvalid
        | ErrorCode::Empty
        | ErrorCode::MintUnsupported
        | ErrorCode::PriceMismatch
        | ErrorCode::TokenBound
        | ErrorCode::LockMismatch
        | ErrorCode::InvoiceAmountless
        | ErrorCode::InvoiceAmountMismatch
        | ErrorCode::DuplicateQuotes
        | ErrorCode::QuotesMax
        | ErrorCode::QuoteUnpaid
        | ErrorCode::QuoteIssued
        | ErrorCode::MintingDisabled
        | ErrorCode::PaymentFailed
        | ErrorCode::InvoicePaid
        | ErrorCode::QuoteExpired
        | ErrorCode::QuoteSignatureInvalid
        | ErrorCode::QuoteKeyRequired
        | ErrorCode::QuoteUnknown
        | ErrorCode::ClearAuthRequired
        | ErrorCode::ClearAuthFailed
        | ErrorCode::BlindAuthRequired
        | ErrorCode::BlindAuthFailed
        | ErrorCode::BlindAuthMax
        | ErrorCode::BlindAuthTooMany
        | ErrorCode::PaymentRequired
        | ErrorCode::BadGateway
        | ErrorCode::NotFound
        | ErrorCode::MethodNotAllowed
        | ErrorCode::Internal
        | ErrorCode::Unavailable => "Tell the mint's operator, with the code.",
    }
}

fn misbehaviour(misbehaved: &Misbehaved) -> Explanation {
    let Misbehaved { mint, lie, open } = misbehaved;
    let money = match open {
        None => "Nothing was moved, and what it said was not believed.".to_owned(),
        Some(id) => format!(
            "What it said was not believed. Operation {id} is kept with all it needs to finish, and \
             is tried again each time the wallet is opened."
        ),
    };
    let advice = match lie {
        Lie::Answer(_) => "Check the address; if it is right, tell the mint's operator.",
        Lie::KeysetId { .. }
        | Lie::KeysChanged(_)
        | Lie::Key { .. }
        | Lie::Count { .. }
        | Lie::Signed { .. }
        | Lie::Proof { .. }
        | Lie::Credited { .. }
        | Lie::States
        | Lie::Restored => "Do not trust this mint with more until its operator has explained it.",
    };
    Explanation {
        what: format!("the mint {mint} misbehaved: {lie}"),
        money,
        advice: advice.to_owned(),
    }
}

fn silence(network: &Network) -> Explanation {
    let Network {
        mint, reason, open, ..
    } = network;
    let (money, advice) = match open {
        None => (
            "Nothing was moved.".to_owned(),
            "Check the connection and the address, and try again.",
        ),
        Some(id) => (
            format!(
                "Nothing is lost: whether the mint did it is not known yet, and operation {id} is kept \
                 with all it needs."
            ),
            "Do not repeat it: the wallet finishes it by itself when it is opened next.",
        ),
    };
    Explanation {
        what: format!("no usable answer from the mint {mint}: {reason}"),
        money,
        advice: advice.to_owned(),
    }
}

fn store_code(error: &StoreError) -> &'static str {
    match error {
        StoreError::Missing(_) => "no_wallet",
        StoreError::Exists(_) => "wallet_exists",
        StoreError::Locked => "wallet_locked",
        StoreError::Sealed => "passphrase_needed",
        StoreError::Passphrase => "passphrase_wrong",
        StoreError::Version(_) => "wallet_version",
        StoreError::Damaged { .. } => "wallet_damaged",
        StoreError::Failed(_) => "wallet_failed",
    }
}

fn store(error: &StoreError) -> Explanation {
    let (money, advice) = match error {
        StoreError::Missing(_) => (
            "Nothing was moved.",
            "Make a wallet: farthing init. Or name its folder: --wallet DIR.",
        ),
        StoreError::Exists(_) => (
            "It was left as it is.",
            "Use it, or name another folder: --wallet DIR.",
        ),
        StoreError::Locked => (
            "Nothing was moved.",
            "Wait for the other process to end, and try again.",
        ),
        StoreError::Sealed => (
            "Nothing was moved.",
            "Run it on a terminal, which asks for the passphrase, or give it with --passphrase-file FILE.",
        ),
        StoreError::Passphrase => (
            "Nothing was moved, and the wallet is as it was.",
            "Try again; without it, the recovery phrase restores the money into a new wallet.",
        ),
        StoreError::Version(_) => (
            "It was left as it is.",
            "Use the newest version of this wallet.",
        ),
        StoreError::Damaged { .. } => (
            "What the phrase covers can be restored into a new wallet.",
            "Keep the file, make a new wallet with farthing init --restore, and run farthing restore.",
        ),
        StoreError::Failed(_) => (
            "What was written before is kept, and an operation under way is finished at the next start.",
            "Check the disk's space and permissions, and run the command again.",
        ),
    };
    Explanation {
        what: error.to_string(),
        money: money.to_owned(),
        advice: advice.to_owned(),
    }
}
