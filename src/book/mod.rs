//! The order book: continuous matching by strict price-time priority.
//!
//! [`OrderBook`] is the engine; [`ReferenceBook`] does the same with a list and scans, and is what the
//! engine is tested against, event by event. Both are [`MatchingEngine`]s: a command goes in, and
//! [`BookEvent`]s tell what it did.

mod event;
mod invariants;
mod ladder;
mod levels;
mod look;
mod order_book;
mod reference;
mod slab;
#[cfg(test)]
mod tests;

pub use event::{BookEvent, MatchingEngine};
pub use invariants::check_invariants;
pub use ladder::ladder;
pub use look::RestingOrder;
pub use order_book::OrderBook;
pub use reference::ReferenceBook;
