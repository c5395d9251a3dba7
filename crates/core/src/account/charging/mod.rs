//! What an order is charged over its fills, and the most that it can still cost.
//!
//! Venues charge at the fill, in [`FeeLedger`]; an account follows its own orders by their reports in an
//! [`OrderFees`] each, from which the gate knows what an order may still cost ([`FeePlan::worst`]).
//!
//! # Rules
//! - What an order owes is a function of all its fills ([`Charge::owed`](crate::market::Charge::owed)); a
//!   fill pays what is owed more than before. So no order ever pays more than it would at its worst price, in
//!   one fill or in many.
//! - Where prices are above zero, fees come out of a sale's proceeds: what a sale owes is never more than
//!   what it has brought so far, and the rest is charged with its next fill. So a sale costs no cash.
//!   Elsewhere a sale may cost money, and its fees are held like a purchase's.
//! - The gate knows what an account has traded in the month only after the reports' latency, and an order can
//!   outlive a month: it counts the most expensive tier.

mod ledger;
mod month;
mod order_fees;
mod plan;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

pub use ledger::{FeeLedger, FeeState, Payer};
pub use month::TradedInMonth;
pub use order_fees::{FeeFill, OrderFees};
pub use plan::{FeePlan, FeeSource, TradeSize};
