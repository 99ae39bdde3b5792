//! What a command gives back: how it ended, and what it prints.

use farthing_protocol::{AmountText, Unit};
use farthing_service::program;
use serde::Serialize;

use crate::error::{Error, Result};

/// How a command ended, when it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All is well.
    Done,
    /// `audit` found that the books do not balance, or `check` that the file is damaged.
    Faulty,
    /// What was waited for has not happened: a payment is under way still, or an invoice not paid.
    Open,
}

/// How results are written to standard output, and how amounts are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    pub(super) json: bool,
    pub(super) smallest_unit: bool,
}

impl Output {
    /// Reads an amount that was typed, in the smallest part of `unit`.
    pub(super) fn amount(self, typed: &AmountText, unit: &Unit) -> Result<u64> {
        let read = match self.smallest_unit {
            true => typed.read(&Unit::new(unit.name(), 0)),
            false => typed.read(unit),
        };
        read.map_err(|error| Error::Operator(format!("{typed} is not an amount here: {error}")))
    }

    /// Writes `value` as one line of JSON, or `text`.
    pub(super) fn write(self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<()> {
        let written = program::Output { json: self.json }.write(value, text);
        written.map_err(|error| {
            Error::Unreported(format!(
                "the command was carried out, but its result could not be written to standard output: \
                 {error}; look at what it did before you run it again"
            ))
        })
    }
}
