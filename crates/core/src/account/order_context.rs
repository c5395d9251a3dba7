//! [`OrderContext`]: what the gate needs to know of a listing.

use super::margin::Marks;
use crate::market::{FeeSchedule, Instrument};
use crate::units::{InstrumentId, ListingId, Money, Price, SimTime};

/// Where and when a request is made.
#[derive(Debug, Clone, Copy)]
pub struct OrderContext<'a> {
    /// The book.
    pub listing: ListingId,
    /// What is traded there.
    pub instrument_id: InstrumentId,
    /// Its sizes.
    pub instrument: &'a Instrument,
    /// What the venue charges.
    pub fees: &'a FeeSchedule,
    /// When.
    pub now: SimTime,
    /// How it is known what an order without a limit will cost.
    pub pricing: Pricing,
    /// What instruments are worth; only margin accounts ask.
    pub marks: Option<&'a dyn Marks>,
}

/// How it is known what an order without a limit will cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pricing {
    /// The gate protects it, so that its worst case is known before it is sent.
    #[default]
    Protected,
    /// The account is asked when it fills, as in a replay of bars; until then, it holds what it costs at the
    /// price that is known.
    AskedAtFill {
        /// The last price; before there is one, nothing is held.
        reference: Option<Price>,
        /// What sales that wait for the same open are expected to bring.
        proceeds: Money,
    },
}

impl OrderContext<'_> {
    /// Returns whether the account is asked for the cash when an order fills.
    pub(super) const fn is_asked_at_fill(&self) -> bool {
        matches!(self.pricing, Pricing::AskedAtFill { .. })
    }
}
