//! The order book: matches commands by price and time.
//!
//! [`OrderBook`] is the engine; the `ReferenceBook` of feature `reference` does the same with a list and
//! scans, and the engine is tested against it, event by event. Both are [`MatchingEngine`]s: they take a
//! command or a phase and emit [`BookEvent`]s.

mod config;
mod engine;
mod event;
mod ladder;
#[cfg(any(test, feature = "reference"))]
pub mod reference;
mod state;
#[cfg(test)]
pub(crate) mod tests;

pub use config::{BookConfig, Matching, PriceBands};
pub use engine::{InvariantError, OrderBook, RestingOrder, check_invariants};
pub use event::{BookEvent, BookTrade, EventSink, Indicative, MatchingEngine, OpenState};
pub use ladder::{ladder, ladder_by_order};
#[cfg(any(test, feature = "reference"))]
pub use reference::ReferenceBook;
pub use state::{BookOrder, BookPlace, BookState};
