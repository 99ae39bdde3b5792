//! What to do about an error or a finding, as a value: who shows it has the words for it.

use serde::Serialize;

/// Something that the holder of the wallet can do. The words, and the names of commands or buttons, belong
/// to the program around this library. As JSON it is `{"name"}` with its fields, the name in snake case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Advice {
    /// Add the wallet's first mint.
    AddFirstMint,
    /// Add the mint, if it is trusted.
    AddMint {
        /// Its address.
        url: String,
    },
    /// Add another mint that was taken for a known one.
    AddOtherMint {
        /// Its address.
        url: String,
    },
    /// Add one of the mints that the site takes.
    AddSiteMint,
    /// Add the mint at an address that its identity names, or say that this one is known to be its own.
    AddUnlisted {
        /// The address that the identity does not name.
        url: String,
    },
    /// Agree to the price on a terminal, or allow it beforehand.
    AgreeOrSetBudget,
    /// Ask the mint's operator about the keysets that it no longer lists.
    AskAboutKeysets,
    /// Ask the mint's operator before the mint is used again, because its unit changed.
    AskAboutUnit,
    /// Ask the sender of the token for another.
    AskForAnother,
    /// Ask the receiver for a public key.
    AskForKey,
    /// Ask for the page again: the same token pays.
    AskForPageAgain,
    /// Ask the mint's operator for an API token with the scope that this needs.
    AskForScope,
    /// Ask the wallet that exported the file what became of its money.
    AskExporter,
    /// Ask for a token instead of an invoice.
    AskForToken,
    /// Have the mint asked again about the open operation.
    AskMintAgain,
    /// Ask the mint's operator.
    AskOperator,
    /// Ask the mint's operator: the keyset has expired.
    AskOperatorOfExpired,
    /// Ask the sender: the token was claimed before.
    AskSender,
    /// Be careful with the site.
    BewareOfSite,
    /// Buy it with another wallet.
    BuyWithOtherWallet,
    /// Give the payment up.
    Cancel {
        /// Its number.
        id: u64,
    },
    /// Check the mint's address, and tell its operator if it is right.
    CheckAddress,
    /// Check the balance and try again.
    CheckBalance,
    /// Check the address and the connection, and try again.
    CheckConnection,
    /// Check the disk's space and permissions.
    CheckDisk,
    /// Choose a passphrase that is not empty, or none.
    ChoosePassphrase,
    /// Compare the clocks of this machine and the mint.
    CompareClocks,
    /// Compare the digest of the mint's keysets with others.
    CompareDigest,
    /// Compare the phrase with what was written down.
    ComparePhrase,
    /// Complain to the site, or pay again on a terminal.
    ComplainOrPayAgain,
    /// Continue the restore.
    ContinueRestore {
        /// The mint.
        mint: String,
    },
    /// Copy the whole file again.
    CopyFileAgain,
    /// Copy the whole token again.
    CopyTokenAgain,
    /// Do not trust the mint with more.
    DistrustMint,
    /// Ask the operator for an API token, and add it.
    GetApiToken {
        /// The mint.
        mint: String,
    },
    /// Give a larger amount.
    GiveLargerAmount,
    /// Give the passphrase.
    GivePassphrase,
    /// Give scheme and host.
    GiveSite,
    /// Give a smaller amount, or do it in several steps.
    GiveSmallerAmountOrSteps,
    /// Give a smaller amount, several times.
    GiveSmallerAmounts,
    /// Give the whole address of the mint.
    GiveWholeMintUrl,
    /// Give the whole address of the page.
    GiveWholePageUrl,
    /// Give the sender this wallet's public key.
    GiveYourKey,
    /// Nothing: the token is in the balance.
    HaveItBack,
    /// Withdraw or receive more first, or give a smaller amount.
    HoldMore,
    /// Hold more at one mint, or name another.
    HoldMoreOrNameMint,
    /// Show the phrase to nobody.
    KeepPhraseSecret,
    /// Leave the header out.
    LeaveHeaderOut,
    /// Do not repeat it: the wallet finishes it by itself.
    LeaveOpen,
    /// List the budgets.
    ListBudgets,
    /// List the tokens that were sent.
    ListSent,
    /// Look at the digest of the mint's keysets again.
    LookAgain,
    /// Delete something else, so that there is room to write to.
    MakeRoom,
    /// Make larger tokens first.
    MakeLargerTokens,
    /// Take a file's permissions from other users.
    MakePrivate {
        /// The file.
        path: String,
    },
    /// Make a wallet, or name its folder.
    MakeWallet,
    /// Say that the mint moved, if its operator says so.
    MoveMint {
        /// Where the mint is known.
        from: String,
        /// The new address.
        to: String,
    },
    /// Name the mint that is meant.
    NameMint,
    /// Open the page that the payment request is of.
    OpenPage,
    /// Paste the token.
    PasteToken,
    /// Ask for the same again: the same token pays.
    PayAgain {
        /// Method and address.
        subject: String,
    },
    /// Raise the most that may be paid.
    RaiseMax,
    /// Read the mint's words: the code is not known.
    ReadDetail,
    /// Read in the history what became of it.
    ReadHistory,
    /// Nothing: the receiver has the token.
    ReceiverHasIt,
    /// Receive the tokens one at a time.
    ReceiveOneByOne,
    /// Settle what is open.
    Recover,
    /// Ask the operator; what is held can be redeemed.
    RedeemMeanwhile,
    /// Do not accept the token as payment.
    RefuseToken,
    /// Renew, spend or redeem the tokens that expire.
    RenewOrSpend,
    /// Replace the API token by the right one.
    ReplaceApiToken {
        /// The mint.
        mint: String,
    },
    /// Ask the operator for a new API token, because the mint no longer knows this one.
    RequestNewApiToken {
        /// The mint.
        mint: String,
    },
    /// Search the mint for what the phrase has there.
    Restore {
        /// The mint.
        mint: String,
    },
    /// Save what can be read of the damaged file into a new wallet.
    Salvage,
    /// The same, with the phrase on paper.
    SalvageWithPhrase,
    /// Ask the mint about a sent token, or take it back.
    SeeSent {
        /// The number of the operation that sent it.
        id: u64,
    },
    /// Send a token of Farthing's own suite.
    SendWithoutCashu,
    /// Set this machine's clock.
    SetClock,
    /// Put the wallet under a passphrase, or encrypt the disk.
    SetPassphrase,
    /// Set the clock that is wrong.
    SetWrongClock,
    /// Show that it was paid by asking again; then complain.
    ShowPayment,
    /// Spend it together with larger tokens.
    SpendTogether,
    /// Take the money back at once that is kept aside.
    SwapNow {
        /// The number of the payment.
        id: u64,
    },
    /// Do it in several smaller steps.
    TakeSmallerSteps,
    /// Tell the mint's operator, with the code.
    TellOperator,
    /// Tell the site.
    TellSite,
    /// Tell the site, with the code.
    TellSiteCode,
    /// Try again for another answer.
    TryAgainForAnswer,
    /// Try again: the price may have changed.
    TryAgainForPrice,
    /// Try again later.
    TryAgainLater,
    /// Try again; if it persists, ask the mint's operator.
    TryAgainOrAskOperator,
    /// Try again: the mint changed its keysets.
    TryAgainWithNewKeysets,
    /// Try again: the next payment uses other tokens.
    TryAgainWithOtherTokens,
    /// Try the file's passphrase again; the wallet that exported the file can take its money back.
    TryFilePassphraseAgain,
    /// Try the passphrase again, or restore from the phrase.
    TryPassphraseAgain,
    /// Try again, and use another machine if it persists.
    UseAnotherMachine,
    /// Sign with the key that this wallet formerly had for all mints.
    UseFormerKey {
        /// The mint.
        mint: String,
    },
    /// Use the site's https address, or say that the network is trusted.
    UseHttps,
    /// Use the newest version of this wallet.
    UseNewestVersion,
    /// Use a newer version of this wallet, which may know the token.
    UseNewerVersion,
    /// Use this wallet, or name another folder.
    UseOtherFolder,
    /// Use a wallet made for that mint.
    UseOtherWallet,
    /// Wait a little: the wallet tries again.
    WaitALittle,
    /// Wait for the other process to end.
    WaitForProcess,
    /// Wait until the mint can be reached.
    WaitForMint,
    /// Withdraw less, or have the account funded.
    WithdrawLess,
}
