//! Value in and out by a payment network: the cashier, and the node that pays and is paid.

pub mod cashier;
pub mod lightning;
