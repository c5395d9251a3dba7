//! The order book: what comes in is matched, by price and time.
//!
//! [`OrderBook`] is the engine; [`ReferenceBook`] does the same with a list and scans, and is what the
//! engine is tested against, event by event. Both are [`MatchingEngine`]s: a command or a phase goes in,
//! and [`BookEvent`]s tell what it did.

mod config;
mod engine;
mod event;
mod ladder;
mod reference;
#[cfg(test)]
pub(crate) mod tests;

pub use config::{BookConfig, Matching, PriceBands};
pub use engine::{OrderBook, RestingOrder, check_invariants};
pub use event::{BookEvent, BookTrade, EventSink, Indicative, MatchingEngine, OpenState};
pub use ladder::{ladder, ladder_by_order};
pub use reference::ReferenceBook;
