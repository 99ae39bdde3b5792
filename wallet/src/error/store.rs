//! What the wallet's own storage can fail with.

use super::Advice;
use super::table::error_table;

error_table! {
    /// Why the store failed.
    pub enum StoreError {
        /// There is no wallet there.
        #[error("there is no wallet at {0}")]
        Missing(at: String)
            => "no_wallet", Advice::MakeWallet;
        /// There is a wallet there already.
        #[error("there is already a wallet at {0}")]
        Exists(at: String)
            => "wallet_exists", Advice::UseOtherFolder;
        /// Another process has the wallet open.
        #[error("another process has this wallet open")]
        Locked
            => "wallet_locked", Advice::WaitForProcess;
        /// It needs a passphrase.
        #[error("this wallet is protected by a passphrase")]
        Sealed
            => "passphrase_needed", Advice::GivePassphrase;
        /// It has another passphrase.
        #[error("this is not the wallet's passphrase")]
        Passphrase
            => "passphrase_wrong", Advice::TryPassphraseAgain;
        /// The file was written by a later version, or is no wallet at all.
        #[error("this is not a wallet file that this version can read: {0}")]
        Version(reason: String)
            => "wallet_version", Advice::UseNewestVersion;
        /// A record is not what this version wrote.
        #[error("the record {key} of table {table} is damaged")]
        Damaged {
            /// The table.
            table: &'static str,
            /// The key; never a secret.
            key: String,
        }
            => "wallet_damaged", Advice::Salvage;
        /// The file is damaged.
        #[error("the wallet's file is damaged: {0}")]
        Broken(reason: String)
            => "wallet_damaged", Advice::Salvage;
        /// There is no room for what is to be written.
        #[error("there is no room left to write to")]
        Full
            => "storage_full", Advice::MakeRoom;
        /// Reading or writing failed.
        #[error("{0}")]
        Failed(reason: String)
            => "wallet_failed", Advice::CheckDisk;
    }
}

impl StoreError {
    /// Returns what it means for the money.
    pub(super) fn money(&self) -> &'static str {
        match self {
            Self::Missing(_) | Self::Locked | Self::Sealed => "Nothing was moved.",
            Self::Exists(_) | Self::Version(_) => "It was left unchanged.",
            Self::Passphrase => "Nothing was moved, and the wallet is unchanged.",
            Self::Damaged { .. } | Self::Broken(_) => {
                "What can still be read is saved, and what the recovery phrase covers is restored, into a new \
                 wallet."
            }
            Self::Full | Self::Failed(_) => {
                "What was written before is kept, and an open operation is finished at the next start."
            }
        }
    }
}
