//! Identifiers: newtypes over small integers, dense from zero unless said otherwise.

use std::fmt;

macro_rules! dense_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name($inner);

        impl $name {
            /// Makes the id of the item at `index`.
            #[must_use]
            pub const fn new(index: $inner) -> Self {
                Self(index)
            }

            /// Returns the number.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }

            /// Returns the number as an index into a table of such items.
            #[must_use]
            #[allow(clippy::cast_possible_truncation, reason = "tables are in memory, so indices fit usize; u32 ids never truncate")]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

dense_id! {
    /// Identifies an actor of one world, and its account.
    ActorId(u32)
}
dense_id! {
    /// Identifies an order of one world: unique over all venues, ascending in order of submission.
    OrderId(u64)
}
dense_id! {
    /// Identifies a trade of one world, ascending in order of execution.
    TradeId(u64)
}
dense_id! {
    /// Identifies an instrument of one world.
    InstrumentId(u32)
}
dense_id! {
    /// Identifies a venue of one world.
    VenueId(u32)
}
dense_id! {
    /// Identifies a listing: one instrument at one venue, with a book of its own.
    ListingId(u32)
}
dense_id! {
    /// Identifies an auction between participants: counted from 1 in a market, over all its days.
    AuctionId(u64)
}
dense_id! {
    /// Identifies a proposal to an auction: counted from 1 in a market, over all its days and auctions.
    ProposalId(u64)
}

/// Identifies the person to whom accounts belong, for those who keep accounts: the market only compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PersonId(u128);

impl PersonId {
    /// Takes a number that no other person has.
    #[must_use]
    pub const fn new(number: u128) -> Self {
        Self(number)
    }
}
