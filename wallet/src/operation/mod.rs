//! Operations: written down, sent, settled.

pub(crate) mod begin;
pub(crate) mod refusal;
