//! Replays: a market whose prices are those of a file, in which orders fill as the path of each bar goes, or
//! as its trades and quotes come.
//!
//! A [`ReplayEngine`] stands where a venue has order books otherwise. It knows no accounts and no tape: what
//! it needs of them it asks its [`ReplayHost`], and what happens it tells it. `docs/backtesting.md` numbers
//! the rules; comments here name them.

mod actions;
mod bar;
mod days;
mod due;
mod engine;
mod entry;
mod fills;
mod host;
mod links;
mod listing;
mod orders;
mod replaces;
mod ruin;
mod rules;
#[cfg(test)]
mod tests;
mod tick;
mod tick_feed;
mod tick_rows;

pub use actions::ReplayAction;
pub use bar::{ReplayBar, ReplayBarError, ReplayConfig, nearer_first};
pub use days::{Days, SessionHours};
pub use engine::ReplayEngine;
pub use host::{ClosingPrices, ReplayEvent, ReplayFill, ReplayHost};
pub use rules::{AtEnd, FillRules, MarketFill, PathRule, ShortCash, Slippage, Touch};
pub use tick::{KnownSizes, QuoteTick, Replay, TickConfig, TradeTick};
