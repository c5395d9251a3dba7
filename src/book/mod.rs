//! The order book and its matching.

mod event;
mod reference;

pub use event::{BookEvent, MatchingEngine};
pub use reference::ReferenceBook;
pub use reference::ReferenceBook as OrderBook;
