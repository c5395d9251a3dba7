//! The exchange: the actor that runs a venue's books, and the market that is built of such actors.
//!
//! An [`Exchange`] matches and publishes; it knows no balances. A [`MarketBuilder`] takes venues, listings
//! and agents, and opens the [`Market`] that runs from open to close.

mod alarm;
mod builder;
mod calendar;
mod closing;
#[cfg(test)]
mod endless_tests;
mod listed;
mod listing_config;
mod market;
mod opening;
mod operator;
mod processing;
#[cfg(test)]
mod processing_tests;
mod publication;
mod reject;
mod replayed;
mod resumed;
mod scheduled;

#[cfg(test)]
mod tests;
mod venue;

pub use builder::{BuildError, MarketBuilder, ProcessConfig};
pub use calendar::{Calendar, MONDAY_TO_FRIDAY, Schedule};
pub use closing::{ClosingInstrument, ClosingListing, ClosingParticipant, ClosingState, MarketEnd};
pub use listing_config::ListingConfig;
pub use market::{Market, MarketError};
pub use opening::OpeningError;
pub use scheduled::ScheduledEvent;
pub use venue::{Exchange, VenueActor};
