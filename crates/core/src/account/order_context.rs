//! [`OrderContext`]: what the gate needs to know of a listing.

use crate::market::{Fees, Instrument};
use crate::units::{InstrumentId, ListingId, SimTime};

/// Where and when a request is made.
#[derive(Debug, Clone, Copy)]
pub struct OrderContext<'a> {
    /// The book.
    pub listing: ListingId,
    /// What is traded there.
    pub instrument_id: InstrumentId,
    /// Its sizes.
    pub instrument: &'a Instrument,
    /// What a fill costs there.
    pub fees: Fees,
    /// When.
    pub now: SimTime,
}
