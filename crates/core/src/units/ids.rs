//! Identifiers: newtypes over small integers, dense from zero unless said otherwise.

use std::fmt;

macro_rules! dense_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($inner);

        impl $name {
            /// Names the item at `index`.
            #[must_use]
            pub const fn new(index: $inner) -> Self {
                Self(index)
            }

            /// Returns the number itself.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }

            /// Returns the number as a position in a table of such items.
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
    /// Names an actor of one world; also its account.
    ActorId(u32)
}
dense_id! {
    /// Names an order of one world; unique over all venues, in the order of submission.
    OrderId(u64)
}
dense_id! {
    /// Names a trade of one world, in the order of execution.
    TradeId(u64)
}
dense_id! {
    /// Names an instrument of one world.
    InstrumentId(u32)
}
dense_id! {
    /// Names a venue of one world.
    VenueId(u32)
}
dense_id! {
    /// Names a listing: one instrument at one venue, with a book of its own.
    ListingId(u32)
}
