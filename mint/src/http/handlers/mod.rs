//! Handlers, a file for each part of the table. They parse, ask the engine, and write the answer.

pub(super) mod account;
pub(super) mod cashu;
pub(super) mod operator;
pub(super) mod payments;
pub(super) mod public;
pub(super) mod tokens;
