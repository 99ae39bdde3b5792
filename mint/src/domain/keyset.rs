//! Keysets without their private keys: what one is made of, what it is for, and what it may be used for.

use farthing_protocol::cashu::auth;
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{KeysetId, KeysetInfo, PublicKeys};

/// What a keyset's keys depend on, beside the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysetTerms {
    /// The mint's number for the keyset, from 1.
    pub index: u32,
    /// The suite.
    pub suite: SuiteId,
    /// The unit.
    pub unit: String,
    /// How many amounts: 2^0 to 2^(amounts − 1).
    pub amounts: u8,
    /// The fee for each input in thousandths of the unit.
    pub input_fee_ppk: u64,
    /// The Unix time after which its tokens need not be honoured.
    pub final_expiry: Option<u64>,
}

impl KeysetTerms {
    /// Returns what the keyset is for.
    #[must_use]
    pub fn kind(&self) -> KeysetKind {
        match self.unit == auth::UNIT {
            true => KeysetKind::Auth,
            false => KeysetKind::Money(self.suite),
        }
    }
}

/// What a keyset is for. Of each kind one signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeysetKind {
    /// Tokens that are worth something, of a suite.
    Money(SuiteId),
    /// Blind authentication (NUT-22), of Cashu's suite: its tokens grant access and carry no
    /// value.
    Auth,
}

/// What a keyset may still be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysetState {
    /// Signs and redeems.
    Active,
    /// Redeems only.
    Retired,
    /// Neither: it would have redeemed more than it issued, so one of its keys has leaked.
    Frozen,
    /// Neither, until the operator has said which of its tokens were spent after the copy that the
    /// store was restored from.
    Quarantined,
}

impl KeysetState {
    /// The word for it in the store and the operator's commands.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Frozen => "frozen",
            Self::Quarantined => "quarantined",
        }
    }

    /// Reads the word; `None` for any other.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Active, Self::Retired, Self::Frozen, Self::Quarantined];
        all.into_iter().find(|state| state.as_str() == word)
    }
}

/// A keyset without its private keys.
#[derive(Clone, Debug)]
pub struct Keyset {
    /// Its id.
    pub id: KeysetId,
    /// What it was made of.
    pub terms: KeysetTerms,
    /// What it may be used for.
    pub state: KeysetState,
    /// Its public keys.
    pub keys: PublicKeys,
}

impl Keyset {
    /// Returns it as `/v1/keysets` lists it.
    #[must_use]
    pub fn info(&self) -> KeysetInfo {
        KeysetInfo {
            id: self.id,
            unit: self.terms.unit.clone(),
            active: self.state == KeysetState::Active,
            input_fee_ppk: self.terms.input_fee_ppk,
            final_expiry: self.terms.final_expiry,
        }
    }

    /// Tells whether its final expiry is past at Unix time `now`.
    #[must_use]
    pub fn is_expired(&self, now: u64) -> bool {
        self.terms.final_expiry.is_some_and(|expiry| now > expiry)
    }

    /// Tells whether it has a key for `amount`.
    #[must_use]
    pub fn has_amount(&self, amount: u64) -> bool {
        amount.is_power_of_two() && amount.trailing_zeros() < u32::from(self.terms.amounts)
    }
}
