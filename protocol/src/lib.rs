#![doc = include_str!("../README.md")]
//!
//! | module | what it holds | source |
//! |---|---|---|
//! | [`suite`] | the group operations of blind signatures; the ristretto255 and secp256k1 suites | RFC 9497, NUT-00, NUT-12 |
//! | [`keyset`] | keyset ids, public keys, fees | NUT-01, NUT-02 |
//! | [`proof`] | what travels in requests: proofs, blinded messages, blind signatures | NUT-00 |
//! | [`quote_id`] | ids of quotes | NUT-04, NUT-05 |
//! | [`reference`](mod@reference) | what a caller knows a redemption by | `docs/reference/protocol.md`, section 12.4 |
//! | [`blank`] | the client's side of one output | NUT-00, NUT-12 |
//! | [`token`] | what people hand to each other: `cashuB…` | NUT-00 (V4; V3 is read) |
//! | [`conditions`] | locks on tokens and the witnesses that open them | NUT-10, NUT-11, NUT-14 |
//! | [`payment`] | paying over HTTP: payment requests, change, receipts | NUT-18, NUT-24, NUT-26 |
//! | [`derive`](mod@derive) | secrets and blinding factors from a wallet's seed | NUT-13's idea, with a lane per device |
//! | [`nut13`] | the same for secp256k1 keysets, as other Cashu wallets have it | NUT-13 |
//! | [`api`] | bodies of the mint's HTTP API | NUT-01 to -03, -06, -07, -09 |
//! | [`cashu`] | bodies of the API for Cashu's wallets | NUT-04 to -06, -08, -15, -17, -20, -23, -29 |
//! | [`bundle`] | what a wallet withdraws at a time, the same for all | |
//! | [`identity`] | a mint's own key, its addresses, and whose a keyset is | |
//! | [`error_code`] | the numeric codes in error bodies | the NUTs' `error_codes.md` |
//! | [`json`] | reading JSON in which an object is an object | |
//! | [`amount`] | checked sums, and splitting an amount into powers of two | NUT-00 |
//! | [`mod@unit`] | amounts as people write them | |
//! | [`text`] | strangers' words, made fit to be shown | Unicode |

pub mod amount;
pub mod api;
pub mod blank;
pub mod bundle;
pub mod cashu;
pub mod conditions;
pub mod derive;
mod dleq;
pub mod encoding;
pub mod error_code;
pub mod identity;
pub mod json;
pub mod keyset;
pub mod nut13;
pub mod payment;
pub mod proof;
pub mod quote_id;
pub mod reference;
pub mod secret;
pub mod suite;
pub mod text;
pub mod token;
pub mod unit;

pub use blank::Blank;
pub use bundle::{Bundle, BundleError};
pub use dleq::{Dleq, ProofDleq};
pub use encoding::{DecodeError, EncodedPoint, EncodedScalar};
pub use error_code::ErrorCode;
pub use identity::Identity;
pub use keyset::{KeysetId, KeysetInfo, PublicKeys};
pub use proof::{BlindSignature, BlindedMessage, Proof};
pub use quote_id::QuoteId;
pub use reference::Reference;
pub use secret::Secret;
pub use token::{Token, TokenProof};
pub use unit::{AmountError, AmountText, Unit};
