//! What cannot be done as the caller asked for it.

use farthing_protocol::conditions::LockError;
use farthing_protocol::token::NoToken;
use farthing_protocol::{KeysetId, Unit};

use super::Advice;
use super::table::error_table;

error_table! {
    /// A request of the caller that cannot be met. Nothing was moved.
    pub enum UsageError {
        /// The system gives no randomness.
        #[error("the system gave no random numbers")]
        Randomness
            => "no_randomness", Advice::UseAnotherMachine;
        /// Not a phrase.
        #[error("this is not a recovery phrase: {0}")]
        Phrase(reason: &'static str)
            => "phrase_invalid", Advice::ComparePhrase;
        /// A damaged wallet whose phrase cannot be read.
        #[error("the recovery phrase cannot be read in the wallet's file")]
        PhraseLost
            => "phrase_lost", Advice::SalvageWithPhrase;
        /// A passphrase of nothing.
        #[error("the passphrase is empty")]
        PassphraseEmpty
            => "passphrase_empty", Advice::ChoosePassphrase;
        /// Not an address of a mint.
        #[error("{0} is not the address of a mint")]
        MintUrl(text: String)
            => "mint_url_invalid", Advice::GiveWholeMintUrl;
        /// The wallet has no mint at all.
        #[error("the wallet knows no mint yet")]
        NoMint
            => "no_mint", Advice::AddFirstMint;
        /// The wallet does not know this mint.
        #[error("the mint {0} is not in this wallet")]
        MintUnknown(url: String)
            => "mint_unknown", Advice::AddMint { url: url.clone() };
        /// An address shows the identity of a mint of this wallet, and is none of those that the identity
        /// names.
        #[error(
            "{mint} shows the identity of the mint {known} of this wallet, which does not name that address"
        )]
        AddressNotNamed {
            /// The address.
            mint: String,
            /// The mint whose identity it shows.
            known: String,
        }
            => "mint_address_not_named", Advice::MoveMint { from: known.clone(), to: mint.clone() };
        /// A mint says that it is reached elsewhere than where it was asked.
        #[error("the mint at {mint} says that it is reached at {named}, and not there")]
        MintElsewhere {
            /// Where it was asked.
            mint: String,
            /// The addresses that its identity names.
            named: String,
        }
            => "mint_elsewhere", Advice::AddUnlisted { url: mint.clone() };
        /// An address shows a keyset of another mint of this wallet.
        #[error("{mint} shows keyset {keyset}, which is of the mint {known} of this wallet")]
        KeysetElsewhere {
            /// The address.
            mint: String,
            /// The keyset.
            keyset: KeysetId,
            /// The mint that has it.
            known: String,
        }
            => "keyset_of_another_mint", Advice::MoveMint { from: known.clone(), to: mint.clone() };
        /// A mint does not show the keysets of the one that is said to have moved there.
        #[error("{new} does not show the keysets of the mint {old}: it is another mint")]
        NotTheSameMint {
            /// Where the mint is known.
            old: String,
            /// Where it is said to be.
            new: String,
        }
            => "not_the_same_mint", Advice::AddOtherMint { url: new.clone() };
        /// Several mints could be meant, and which one matters.
        #[error("several mints of this wallet could be meant: {0}")]
        WhichMint(holdings: String)
            => "which_mint", Advice::NameMint;
        /// No mint alone holds enough.
        #[error("no mint of this wallet holds that: {0}")]
        NoMintHolds(holdings: String)
            => "no_mint_holds", Advice::HoldMoreOrNameMint;
        /// The mint's keysets are of a suite that this wallet does not speak.
        #[error("the mint {mint} uses the suite {suite}, which this wallet does not speak")]
        Suite {
            /// The mint.
            mint: String,
            /// What it uses.
            suite: String,
        }
            => "suite_unsupported", Advice::UseOtherWallet;
        /// The mint has no keyset that signs tokens now.
        #[error("the mint {0} has no active keyset")]
        NoActiveKeyset(mint: String)
            => "no_active_keyset", Advice::RedeemMeanwhile;
        /// This machine's clock and the mint's differ so much that tokens seem to have expired, or not to.
        #[error(
            "this machine's clock is {} the clock of the mint {mint} by {}",
            if *.ahead { "ahead of" } else { "behind" }, span(*.apart_s)
        )]
        Clock {
            /// The mint.
            mint: String,
            /// Whether this machine's clock is the later one.
            ahead: bool,
            /// By how many seconds they differ.
            apart_s: u64,
        }
            => "clock_wrong", Advice::SetClock;
        /// The mint makes no tokens for Cashu's wallets.
        #[error("the mint {0} makes no tokens for Cashu's wallets")]
        NoCashuDoor(mint: String)
            => "no_cashu_door", Advice::SendWithoutCashu;
        /// The operation needs an account at the mint.
        #[error("the wallet has no API token for the mint {0}")]
        NoApiToken(mint: String)
            => "no_api_token", Advice::GetApiToken { mint: mint.clone() };
        /// The wallet was made from an old phrase, and this mint was not searched yet.
        #[error("the mint {0} was not searched yet for what this phrase has there")]
        NotRestored(mint: String)
            => "not_restored", Advice::Restore { mint: mint.clone() };
        /// An amount of nothing.
        #[error("the amount must be greater than zero")]
        AmountZero
            => "amount_zero", Advice::GiveLargerAmount;
        /// An amount that the mint's denominations cannot make, or that needs too many of them.
        #[error("this amount cannot be made from the mint's denominations in one request")]
        AmountUnpayable {
            /// The amount.
            amount: u64,
        }
            => "amount_unpayable", Advice::GiveSmallerAmountOrSteps;
        /// Too little in the wallet.
        #[error(
            "{} and the mint's fee are needed, and the wallet holds {} there",
            .unit.show(*.needed), .unit.number(*.available)
        )]
        Insufficient {
            /// What was asked for, without the fee.
            needed: u64,
            /// What can be spent at this mint.
            available: u64,
            /// The mint's unit.
            unit: Unit,
        }
            => "insufficient", Advice::HoldMore;
        /// Too many small tokens would have to be spent at once.
        #[error("this takes {needed} tokens at once, and the mint takes {max}")]
        TooManyInputs {
            /// How many.
            needed: usize,
            /// The mint's limit.
            max: usize,
        }
            => "too_many_inputs", Advice::GiveSmallerAmounts;
        /// The mint's fee would eat it all.
        #[error("the mint's fee of {} leaves nothing of {}", .unit.number(*.fee), .unit.show(*.amount))]
        FeeEatsAll {
            /// The worth.
            amount: u64,
            /// The fee.
            fee: u64,
            /// The mint's unit.
            unit: Unit,
        }
            => "fee_eats_all", Advice::SpendTogether;
        /// No token, or none that can be taken.
        #[error("{0}")]
        Token(fault: NoToken)
            => "token_malformed", token_advice(*fault);
        /// A token of a unit that its mint does not have.
        #[error("the token says it is in {token}, and the mint's unit is {mint}")]
        TokenUnit {
            /// The token's unit.
            token: String,
            /// The mint's unit.
            mint: String,
        }
            => "token_unit", Advice::RefuseToken;
        /// A token of a keyset that the mint does not have.
        #[error("the token is of keyset {0}, which the mint does not have")]
        TokenKeyset(keyset: KeysetId)
            => "token_keyset_unknown", Advice::RefuseToken;
        /// A proof in a token that the mint never made, or that was altered.
        #[error("proof {number} of the token is false: {reason}")]
        TokenProof {
            /// Which proof, from 1.
            number: usize,
            /// What it says it is worth.
            amount: u64,
            /// What is wrong with it.
            reason: String,
        }
            => "token_false", Advice::RefuseToken;
        /// A token locked to somebody else, or with a lock this wallet cannot open.
        #[error("proof {number} of the token is locked: {reason}")]
        TokenLocked {
            /// Which proof, from 1.
            number: usize,
            /// Why this wallet cannot open it.
            reason: &'static str,
        }
            => "token_locked", Advice::GiveYourKey;
        /// A token locked to the key that this wallet had for all mints.
        #[error(
            "proof {number} of the token is locked to the key that this wallet formerly had for all mints, \
             and it is not known to be of {mint} alone"
        )]
        TokenLockedFormerly {
            /// Which proof, from 1.
            number: usize,
            /// The mint.
            mint: String,
        }
            => "token_locked_formerly", Advice::UseFormerKey { mint: mint.clone() };
        /// A lock that breaks the rules: nobody can spend the token.
        #[error("proof {number} of the token: {error}")]
        TokenLock {
            /// Which proof, from 1.
            number: usize,
            /// The rule broken.
            error: LockError,
        }
            => "token_lock_malformed", Advice::RefuseToken;
        /// Not a key to lock to.
        #[error("{0} is not a public key that tokens can be locked to")]
        LockKey(text: String)
            => "lock_key_invalid", Advice::AskForKey;
        /// No such token was sent.
        #[error("the wallet sent no token with the number {0}")]
        SentUnknown(id: u64)
            => "sent_unknown", Advice::ListSent;
        /// A token that was to be taken back, and that somebody has claimed.
        #[error("token {0} was claimed before it could be taken back")]
        SentClaimed(id: u64)
            => "sent_claimed", Advice::ReceiverHasIt;
        /// A token that was to be taken back, and that was.
        #[error("token {0} was taken back before")]
        SentTakenBack(id: u64)
            => "sent_taken_back", Advice::HaveItBack;
        /// A text that is no whole file of an export.
        #[error("this is not the whole file of an exported wallet")]
        ImportDamaged
            => "import_damaged", Advice::CopyFileAgain;
        /// A file that a later version wrote.
        #[error("the file is of version {0}, which this wallet does not know")]
        ImportVersion(version: u32)
            => "import_version", Advice::UseNewestVersion;
        /// Another passphrase than the file's.
        #[error("this is not the file's passphrase, or the file was altered")]
        ImportPassphrase
            => "import_passphrase", Advice::TryFilePassphraseAgain;
        /// A file whose money is gone.
        #[error("another wallet has claimed the money in the file, or the wallet that exported it took it back")]
        ImportClaimed
            => "import_claimed", Advice::AskExporter;
        /// A file's mint whose address shows another mint now.
        #[error("{0} does not show the identity of the mint that the exported wallet used there")]
        ImportOtherMint(mint: String)
            => "import_other_mint", Advice::CheckAddress;
        /// A search of a mint that was broken off.
        #[error("the search of the mint {0} for what the phrase has there was broken off")]
        RestoreOpen(mint: String)
            => "restore_open", Advice::ContinueRestore { mint: mint.clone() };
        /// An open operation that cannot be ended before the mint has answered.
        #[error("operation {0} cannot be ended before the mint has answered it")]
        NotEndable(id: u64)
            => "not_endable", Advice::AskMintAgain;
    }
}

impl From<NoToken> for UsageError {
    fn from(fault: NoToken) -> Self {
        Self::Token(fault)
    }
}

fn token_advice(fault: NoToken) -> Advice {
    match fault {
        NoToken::CutOff | NoToken::Altered | NoToken::Case => Advice::CopyTokenAgain,
        NoToken::Empty | NoToken::Absent => Advice::PasteToken,
        NoToken::Several => Advice::ReceiveOneByOne,
        NoToken::Version => Advice::UseNewerVersion,
        NoToken::Request => Advice::OpenPage,
        NoToken::Invoice => Advice::AskForToken,
        NoToken::Phrase => Advice::KeepPhraseSecret,
        NoToken::Token(_) => Advice::AskForAnother,
    }
}

/// A span of time for people, in days, hours or minutes.
fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..7_200 => (seconds / 60, "minutes"),
        7_200..172_800 => (seconds / 3_600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{count} {unit}")
}
