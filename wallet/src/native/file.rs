//! Where a wallet's file is.

/// The name of a wallet's file in its folder.
pub(super) const FILE: &str = "wallet.sqlite";
