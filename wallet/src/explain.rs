//! Errors for people: what happened, what it means for the money, and what to do.

use std::fmt;

use farthing_protocol::ErrorCode;
use farthing_protocol::token::NoToken;

use crate::error::{Aftermath, Error, Lie, Misbehaved, Network, Refused, UsageError};
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
            Self::Usage(caller) => caller_code(caller),
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
            Self::Usage(caller) => Explanation {
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

fn caller_code(caller: &UsageError) -> &'static str {
    match caller {
        UsageError::Randomness => "no_randomness",
        UsageError::Phrase(_) => "phrase_invalid",
        UsageError::PassphraseEmpty => "passphrase_empty",
        UsageError::MintUrl(_) => "mint_url_invalid",
        UsageError::NoMint => "no_mint",
        UsageError::MintUnknown(_) => "mint_unknown",
        UsageError::AddressNotNamed { .. } => "mint_address_not_named",
        UsageError::MintElsewhere { .. } => "mint_elsewhere",
        UsageError::KeysetElsewhere { .. } => "keyset_of_another_mint",
        UsageError::NotTheSameMint { .. } => "not_the_same_mint",
        UsageError::WhichMint(_) => "which_mint",
        UsageError::NoMintHolds(_) => "no_mint_holds",
        UsageError::Suite { .. } => "suite_unsupported",
        UsageError::NoActiveKeyset(_) => "no_active_keyset",
        UsageError::Clock { .. } => "clock_wrong",
        UsageError::NoCashuDoor(_) => "no_cashu_door",
        UsageError::NoApiToken(_) => "no_api_token",
        UsageError::NotRestored(_) => "not_restored",
        UsageError::AmountZero => "amount_zero",
        UsageError::AmountUnpayable { .. } => "amount_unpayable",
        UsageError::Insufficient { .. } => "insufficient",
        UsageError::TooManyInputs { .. } => "too_many_inputs",
        UsageError::FeeEatsAll { .. } => "fee_eats_all",
        UsageError::Token(_) => "token_malformed",
        UsageError::TokenUnit { .. } => "token_unit",
        UsageError::TokenKeyset(_) => "token_keyset_unknown",
        UsageError::TokenProof { .. } => "token_false",
        UsageError::TokenLocked { .. } => "token_locked",
        UsageError::TokenLockedFormerly { .. } => "token_locked_formerly",
        UsageError::TokenLock { .. } => "token_lock_malformed",
        UsageError::LockKey(_) => "lock_key_invalid",
        UsageError::SentUnknown(_) => "sent_unknown",
        UsageError::SentClaimed(_) => "sent_claimed",
        UsageError::SentTakenBack(_) => "sent_taken_back",
        UsageError::RestoreOpen(_) => "restore_open",
        UsageError::NotEndable(_) => "not_endable",
        UsageError::PhraseLost => "phrase_lost",
        UsageError::Unpayable(unpayable) => pay::explain::unpayable_code(unpayable),
    }
}

fn caller_advice(caller: &UsageError) -> &'static str {
    match caller {
        UsageError::Randomness => {
            "Try again; if it persists, do not make a wallet on this machine."
        }
        UsageError::PassphraseEmpty => {
            "Give one of several words; farthing passphrase remove takes it away."
        }
        UsageError::Phrase(_) => "Compare it with what you wrote down, word by word.",
        UsageError::MintUrl(_) => "Give the whole address, such as https://mint.example.",
        UsageError::NoMint => "Add one: farthing mint add URL.",
        UsageError::MintUnknown(_) => "If you trust it, add it: farthing mint add URL.",
        UsageError::AddressNotNamed { .. } | UsageError::KeysetElsewhere { .. } => {
            "If you know from its operator that the mint has moved there: farthing mint move OLD NEW. \
             If not, do not use that address: it may belong to somebody else."
        }
        UsageError::MintElsewhere { .. } => {
            "Add it at an address that it names. If you know that this one is the mint's too: farthing \
             mint add URL --unlisted."
        }
        UsageError::NotTheSameMint { .. } => {
            "Check the address with the mint's operator; a mint of its own is added: farthing mint add URL."
        }
        UsageError::WhichMint(_) => "Name one: --mint URL.",
        UsageError::NoMintHolds(_) => {
            "Give a smaller amount, or withdraw or receive more first; --mint URL names the mint."
        }
        UsageError::Suite { .. } => "Use a wallet made for that mint.",
        UsageError::NoActiveKeyset(_) => "Ask the mint's operator; what you hold can be redeemed.",
        UsageError::Clock { .. } => {
            "Set this machine's clock; if it is right, tell the mint's operator. Tokens seem to have expired \
             that have not, or the other way round."
        }
        UsageError::NoCashuDoor(_) => "Send a token of Farthing's own: without --cashu.",
        UsageError::NoApiToken(_) => "Ask the operator for one: farthing mint add URL --token -.",
        UsageError::NotRestored(_) => "Run farthing restore first.",
        UsageError::AmountZero => "Give a larger amount.",
        UsageError::AmountUnpayable { .. } => "Give a smaller amount, or do it in several steps.",
        UsageError::Insufficient { .. } => {
            "Withdraw or receive more first, or give a smaller amount."
        }
        UsageError::TooManyInputs { .. } => "Give a smaller amount, several times.",
        UsageError::FeeEatsAll { .. } => "Spend it together with larger tokens.",
        UsageError::Token(fault) => token_advice(*fault),
        UsageError::TokenUnit { .. }
        | UsageError::TokenKeyset(_)
        | UsageError::TokenProof { .. }
        | UsageError::TokenLock { .. } => {
            "Do not accept it as payment; ask the sender for another."
        }
        UsageError::TokenLocked { .. } => {
            "Only the owner of that key can spend it. To be sent one: give the sender yours (farthing key)."
        }
        UsageError::TokenLockedFormerly { .. } => {
            "A signature made for one mint could be used at another. If all tokens locked to that key are \
             of this mint: farthing key --former --mint URL, and take the token in again."
        }
        UsageError::LockKey(_) => {
            "Ask the receiver to run farthing key, and give its 64 hex digits; for a token for Cashu's \
             wallets, ask for the key that theirs shows, 66 hex digits."
        }
        UsageError::SentUnknown(_) => "farthing sent lists the numbers.",
        UsageError::SentClaimed(_) => "There is nothing to do: the receiver has it.",
        UsageError::SentTakenBack(_) => "There is nothing to do: it is in the balance.",
        UsageError::RestoreOpen(_) => {
            "What it found is kept. farthing restore goes on where it stopped."
        }
        UsageError::PhraseLost => {
            "Give the one on paper: farthing salvage NEW_FOLDER --phrase-file FILE, or - for standard input."
        }
        UsageError::NotEndable(_) => {
            "It holds tokens that would be lost with it. farthing recover asks the mint again."
        }
        UsageError::Unpayable(unpayable) => pay::explain::unpayable_advice(unpayable),
    }
}

fn token_advice(fault: NoToken) -> &'static str {
    match fault {
        NoToken::CutOff | NoToken::Altered | NoToken::Case => {
            "Copy the whole token again, from cashuB to its last character; if that is what you were sent, \
             ask the sender for it once more."
        }
        NoToken::Empty | NoToken::Absent => {
            "Paste the token, from cashuB to its last character; text around it does not matter."
        }
        NoToken::Several => "Take them in one at a time.",
        NoToken::Version => "A newer version of this wallet may know it.",
        NoToken::Request => "To pay it, open the page that it is of: farthing get URL.",
        NoToken::Invoice => "This wallet pays no invoices; ask for a token instead.",
        NoToken::Phrase => {
            "Show it to nobody: whoever has it has the money. To restore a wallet: farthing init --restore."
        }
        NoToken::Token(_) => "Ask the sender for another.",
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
        Lie::UnitChanged { .. } => {
            "What you hold is in the unit as it was. Ask the mint's operator before you use it again."
        }
        Lie::KeysetId { .. }
        | Lie::KeysChanged(_)
        | Lie::KeysetNotOwned(_)
        | Lie::Identity(_)
        | Lie::IdentityChanged
        | Lie::Decimals(_)
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
        StoreError::Damaged { .. } | StoreError::Broken(_) => "wallet_damaged",
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
        StoreError::Damaged { .. } | StoreError::Broken(_) => (
            "What can still be read is saved, and what the recovery phrase covers is restored, into a new \
             wallet.",
            "Keep the file. farthing salvage NEW_FOLDER saves what can be read; farthing phrase shows the \
             phrase, if that is not on paper.",
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
