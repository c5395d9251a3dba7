//! [`AccountTrip`]: a round trip with its symbol.

use bearpit_core::account::trips::RoundTrip;

/// A round trip, and in what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTrip {
    /// The symbol.
    pub symbol: String,
    /// The trip.
    pub trip: RoundTrip,
}
