//! The words for what to do: every name of a command or a flag in an advice of the wallet is here.

use std::borrow::Cow;

use farthing_wallet::Error;
use farthing_wallet::error::Advice;
use serde_json::{Value, json};

macro_rules! words {
    ($($advice:pat => $words:expr;)+) => {
        /// One advice in words, with the commands of this program.
        fn words(advice: &Advice) -> Cow<'static, str> {
            match advice { $($advice => $words.into(),)+ }
        }
    };
}

words! {
    Advice::AddFirstMint => "Add one: farthing mint add URL.";
    // The address may be a stranger's words: it is no part of a command that people copy.
    Advice::AddMint { url: _ } => "If you trust it, add it: farthing mint add URL.";
    Advice::AddOtherMint { url: _ } =>
        "Check the address with the mint's operator. To add it as another mint: farthing mint add URL.";
    Advice::AddSiteMint =>
        "If you trust one of them, add it and withdraw there: farthing mint add URL.";
    Advice::AddUnlisted { url: _ } =>
        "Add it at an address that it names. If you know that this one is the mint's too: farthing \
         mint add URL --unlisted.";
    Advice::AgreeOrSetBudget =>
        "Run it on a terminal, allow it with --yes --max AMOUNT, or set a budget: farthing budget set.";
    Advice::AskAboutKeysets => "Ask its operator if you hold tokens of them.";
    Advice::AskAboutUnit =>
        "What you hold is in the former unit. Ask the mint's operator before you use it again.";
    Advice::AskExporter =>
        "Look there: farthing sent lists what became of it. What else is in the file was taken over.";
    Advice::AskForAnother => "Ask the sender for another.";
    Advice::AskForKey =>
        "Ask the receiver to run farthing key, and give its 64 hex digits. For a token for Cashu's \
         wallets, ask for the key that theirs shows, 66 hex digits.";
    Advice::AskForPageAgain => "Ask for the page again: the same token pays.";
    Advice::AskForScope => "Ask the operator for an API token with the scope this needs.";
    Advice::AskForToken => "This wallet does not pay invoices; ask for a token instead.";
    Advice::AskMintAgain =>
        "It holds tokens that would be lost with it. farthing recover asks the mint again.";
    Advice::AskOperator => "Ask its operator.";
    Advice::AskOperatorOfExpired => "Ask the operator: the keyset has expired.";
    Advice::AskSender =>
        "The token was claimed before, by you or by another holder; ask the sender.";
    Advice::BewareOfSite => "Be careful with this site.";
    Advice::BuyWithOtherWallet => "This wallet cannot buy it.";
    Advice::Cancel { id } => format!("Or give up: farthing cancel {id}.");
    Advice::CheckAddress => "Check the address; if it is right, tell the mint's operator.";
    Advice::CheckBalance => "Check the balance and try again.";
    Advice::CheckConnection => "Check the address and the connection, and try again.";
    Advice::CheckDisk => "Check the disk's space and permissions, and run the command again.";
    Advice::ChoosePassphrase =>
        "Enter a passphrase of several words, or remove protection: farthing passphrase remove.";
    Advice::CompareClocks => "Compare the clocks below; if they agree, ask the mint's operator.";
    Advice::CompareDigest => "Compare it with others now and then, over another channel.";
    Advice::ComparePhrase => "Compare it with what you wrote down, word by word.";
    Advice::ComplainOrPayAgain =>
        "Complain to the site. To pay again anyway, run it on a terminal.";
    Advice::ContinueRestore { mint: _ } =>
        "What it found is kept. farthing restore goes on where it stopped.";
    Advice::CopyFileAgain =>
        "Copy the file again, as it was exported. In the wallet that it is of, farthing sent lists the money in \
         it, and farthing reclaim takes it back.";
    Advice::CopyTokenAgain =>
        "Copy the whole token again, from cashuB to its last character; if that is what you were sent, \
         ask the sender for it once more.";
    Advice::DistrustMint => "Do not trust this mint with more until its operator has explained it.";
    Advice::GetApiToken { mint: _ } =>
        "Ask the operator for one: farthing mint add URL --token -.";
    Advice::GiveLargerAmount => "Give a larger amount.";
    Advice::GivePassphrase =>
        "Run it on a terminal, which asks for the passphrase, or give it with --passphrase-file FILE.";
    Advice::GiveSite => "Give scheme and host, such as https://site.example.";
    Advice::GiveSmallerAmountOrSteps => "Give a smaller amount, or do it in several steps.";
    Advice::GiveSmallerAmounts => "Give a smaller amount, several times.";
    Advice::GiveWholeMintUrl => "Give the whole address, such as https://mint.example.";
    Advice::GiveWholePageUrl => "Give the whole address, such as https://site.example/page.";
    Advice::GiveYourKey =>
        "Only the owner of that key can spend it. To be sent one: give the sender yours (farthing key).";
    Advice::HaveItBack => "There is nothing to do: it is in the balance.";
    Advice::HoldMore => "Withdraw or receive more first, or give a smaller amount.";
    Advice::HoldMoreOrNameMint =>
        "Give a smaller amount, or withdraw or receive more first; --mint URL names the mint.";
    Advice::KeepPhraseSecret =>
        "Do not show it to anyone: whoever has it has the money. To restore a wallet: farthing init --restore.";
    Advice::LeaveHeaderOut => "Leave it out.";
    Advice::LeaveOpen =>
        "Do not repeat it: the wallet finishes it by itself when it is opened next.";
    Advice::ListBudgets => "farthing budget list shows what there is.";
    Advice::ListSent => "farthing sent lists the numbers.";
    Advice::LookAgain =>
        "Look again in a minute; if it stays, ask its operator, and compare with others.";
    Advice::MakeLargerTokens =>
        "Make larger tokens first: farthing send an amount to yourself, and receive it.";
    Advice::MakePrivate { path } => format!("Run: chmod 600 {path}");
    Advice::MakeRoom => "Make room on the disk, and run the command again.";
    Advice::MakeWallet => "Make a wallet: farthing init. Or name its folder: --wallet DIR.";
    Advice::MoveMint { from: _, to: _ } =>
        "If you know from its operator that the mint has moved there: farthing mint move OLD NEW. \
         If not, do not use that address: it may belong to someone else.";
    Advice::NameMint => "Name one: --mint URL.";
    Advice::OpenPage => "To pay it, open the page that it is of: farthing get URL.";
    Advice::PasteToken =>
        "Paste the token, from cashuB to its last character; text around it does not matter.";
    Advice::PayAgain { subject } =>
        format!("Ask for the same again, and the same token pays: {subject}.");
    Advice::RaiseMax => "If it is worth that to you, give a higher --max.";
    Advice::ReadDetail =>
        "Read the mint's words; a newer version of this wallet may know the code.";
    Advice::ReadHistory => "farthing history shows what became of it.";
    Advice::ReceiverHasIt => "There is nothing to do: the receiver has it.";
    Advice::ReceiveOneByOne => "Take them in one at a time.";
    Advice::Recover => "Run farthing recover.";
    Advice::RedeemMeanwhile => "Ask the mint's operator; what you hold can be redeemed.";
    Advice::RefuseToken => "Do not accept it as payment; ask the sender for another.";
    Advice::RenewOrSpend =>
        "farthing recover renews them if the mint has another keyset; or spend or redeem them.";
    Advice::ReplaceApiToken { mint: _ } =>
        "Give the right API token: farthing mint add URL --token -.";
    Advice::RequestNewApiToken { mint: _ } =>
        "Ask its operator for a new one: farthing mint add URL --token -.";
    Advice::Restore { mint: _ } => "Run farthing restore.";
    Advice::Salvage =>
        "Keep the file. farthing salvage NEW_FOLDER saves what can be read; farthing phrase shows the \
         phrase, if that is not on paper.";
    Advice::SalvageWithPhrase =>
        "Give the one on paper: farthing salvage NEW_FOLDER --phrase-file FILE, or - for standard input.";
    Advice::SeeSent { id } =>
        format!("Run farthing sent to ask the mint; farthing reclaim {id} takes it back.");
    Advice::SendWithoutCashu => "Send a token of Farthing's own: without --cashu.";
    Advice::SetClock =>
        "Set this machine's clock; if it is right, tell the mint's operator. Valid tokens may look expired, \
         and expired ones valid.";
    Advice::SetPassphrase => "Run farthing passphrase set, or encrypt the disk.";
    Advice::SetWrongClock => "Set the clock of the one that is wrong.";
    Advice::ShowPayment =>
        "Ask for it again: the wallet shows that it was paid. If that does not help, complain to the site.";
    Advice::SpendTogether => "Spend it together with larger tokens.";
    Advice::SwapNow { id } => format!("To have the money back at once: farthing cancel {id}.");
    Advice::TakeSmallerSteps => "Do it in several smaller steps.";
    Advice::TellOperator => "Tell the mint's operator, with the code.";
    Advice::TellSite => "Tell the site.";
    Advice::TellSiteCode => "Tell the site, with the code.";
    Advice::TryAgainForAnswer => "Try again if you need another answer.";
    Advice::TryAgainForPrice =>
        "Try again: the price may have changed, and you are asked again.";
    Advice::TryAgainLater => "Try again later.";
    Advice::TryAgainOrAskOperator => "Try again; if it persists, ask the mint's operator.";
    Advice::TryAgainWithNewKeysets =>
        "Try again: the mint has changed its keysets, and the next payment asks for them first.";
    Advice::TryAgainWithOtherTokens => "Try again: the next payment uses other tokens.";
    Advice::TryFilePassphraseAgain =>
        "Try again. Without it: in the wallet that the file is of, farthing sent lists the money in it, and \
         farthing reclaim takes it back.";
    Advice::TryPassphraseAgain =>
        "Try again; without it, the recovery phrase restores the money into a new wallet.";
    Advice::UseAnotherMachine =>
        "Try again; if it persists, do not make a wallet on this machine.";
    Advice::UseFormerKey { mint: _ } =>
        "A signature made for one mint could be used at another. If all tokens locked to that key are \
         of this mint: farthing key --former --mint URL, and take the token in again.";
    Advice::UseHttps =>
        "Use the site's https address; or, if you trust the network, give --insecure-http.";
    Advice::UseNewestVersion => "Use the newest version of this wallet.";
    Advice::UseNewerVersion => "A newer version of this wallet may know it.";
    Advice::UseOtherFolder => "Use it, or name another folder: --wallet DIR.";
    Advice::UseOtherWallet => "Use a wallet made for that mint.";
    Advice::WaitALittle => "Wait a little; the wallet tries again.";
    Advice::WaitForProcess => "Wait for the other process to end, and try again.";
    Advice::WaitForMint => "Wait until the mint can be reached.";
    Advice::WithdrawLess => "Withdraw less, or have the account funded.";
}

/// Returns what to do, in words; empty when there is nothing to do.
pub(crate) fn text(advice: &[Advice]) -> String {
    let words: Vec<_> = advice.iter().map(words).collect();
    words.join(" ")
}

/// `{"code", "what", "money", "advice"}` of an error.
pub(crate) fn error_json(error: &Error) -> Value {
    let told = error.explain();
    json!({"code": error.code(), "what": told.what, "money": told.money, "advice": text(&told.advice)})
}

#[cfg(test)]
mod tests {
    use farthing_wallet::error::UsageError;
    use farthing_wallet::error::payment::Unpayable;

    use super::*;

    #[test]
    fn several_pieces_are_one_text_and_none_is_empty() {
        let subject = "GET https://site.test/article?page=1".to_owned();
        let open = [Advice::PayAgain { subject }, Advice::Cancel { id: 2 }];
        assert_eq!(
            text(&open),
            "Ask for the same again, and the same token pays: GET https://site.test/article?page=1. Or \
             give up: farthing cancel 2."
        );
        let aside = [Advice::TryAgainForAnswer, Advice::SwapNow { id: 2 }];
        assert_eq!(
            text(&aside),
            "Try again if you need another answer. To have the money back at once: farthing cancel 2."
        );
        assert_eq!(text(&[]), "");
        let declined = Error::from(Unpayable::Declined);
        assert_eq!(text(&declined.explain().advice), "");
    }

    #[test]
    fn advice_names_the_command_that_helps() {
        let (mint, known) = ("https://new.test".to_owned(), "https://old.test".to_owned());
        for (error, command) in [
            (UsageError::NoMint, "farthing mint add URL"),
            (
                UsageError::AddressNotNamed {
                    mint: mint.clone(),
                    known,
                },
                "farthing mint move OLD NEW",
            ),
            (
                UsageError::MintElsewhere {
                    mint: mint.clone(),
                    named: String::new(),
                },
                "farthing mint add URL --unlisted",
            ),
            (
                UsageError::TokenLockedFormerly {
                    number: 1,
                    mint: mint.clone(),
                },
                "farthing key --former --mint URL",
            ),
            (UsageError::NoMintHolds(String::new()), "--mint URL"),
            (UsageError::NotRestored(mint), "farthing restore"),
        ] {
            let told = Error::from(error).explain();
            assert!(text(&told.advice).contains(command), "{told:?}");
        }
    }
}
