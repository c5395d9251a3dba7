//! [`RunData`]: all of a run that a report shows.

use super::log::OwnerLog;
use crate::analysis::account::AccountData;
use crate::analysis::listing::ListingData;
use crate::analysis::series::Extent;
use crate::record::Manifest;
use bearpit_core::units::SimDuration;

/// A run as series and measures.
#[derive(Debug, Clone)]
pub struct RunData {
    /// What the manifest says.
    pub manifest: Manifest,
    /// The time that figures span.
    pub extent: Extent,
    /// The tracked accounts, in the scenario's order.
    pub accounts: Vec<AccountData>,
    /// The length of the periods over which returns are taken: the sample interval, or a multiple of it where
    /// there would be too many.
    pub period: SimDuration,
    /// How many of them make a year.
    pub periods_per_year: f64,
    /// The listings that were quoted or traded, venue by venue.
    pub listings: Vec<ListingData>,
    /// What was logged, by who logged it.
    pub logs: Vec<OwnerLog>,
}
