//! The exchange: the actor that runs a venue's books, and the market that is made of such actors.
//!
//! An [`Exchange`] matches and publishes; it knows no balances. A [`MarketBuilder`] lays out venues,
//! listings and agents, and gives the [`Market`] that runs from open to close.

mod builder;
mod calendar;
mod listed;
mod market;
mod rules;
#[cfg(test)]
mod tests;
mod venue;

pub use builder::{BuildError, MarketBuilder, ProcessConfig};
pub use calendar::{Calendar, MONDAY_TO_FRIDAY, Schedule, bar_schedule};
pub use market::{Market, MarketError};
pub use rules::ListingConfig;
pub use venue::{Exchange, VenueActor};
