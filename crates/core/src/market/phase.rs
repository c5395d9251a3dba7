//! [`Phase`]: a phase of a trading session.

use std::fmt;

/// A phase of a trading session.
///
/// Continuous trading matches each order as it arrives. All other phases except [`Phase::Closed`] are
/// *auction calls*: orders rest without trading, and may cross, until the book uncrosses at one price when
/// continuous trading begins (again), or when a closing auction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Phase {
    /// Orders are collected; nothing is published.
    PreOpen,
    /// Orders are collected; the indicative price is published.
    OpeningAuction,
    /// Orders match as they arrive.
    #[default]
    Continuous,
    /// A price band was hit: orders can only be canceled.
    Halt,
    /// Orders are collected after a halt; the indicative price is published.
    ReopeningAuction,
    /// Orders are collected for the close; the indicative price is published.
    ClosingAuction,
    /// Orders can only be canceled, until the next session.
    Closed,
}

impl Phase {
    /// All phases, in the order of a session.
    pub const ALL: [Self; 7] = [
        Self::PreOpen,
        Self::OpeningAuction,
        Self::Continuous,
        Self::Halt,
        Self::ReopeningAuction,
        Self::ClosingAuction,
        Self::Closed,
    ];

    /// Returns the phase's name, as recorded.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PreOpen => "pre_open",
            Self::OpeningAuction => "opening_auction",
            Self::Continuous => "continuous",
            Self::Halt => "halt",
            Self::ReopeningAuction => "reopening_auction",
            Self::ClosingAuction => "closing_auction",
            Self::Closed => "closed",
        }
    }

    /// Returns whether new orders are accepted.
    #[must_use]
    pub const fn takes_orders(self) -> bool {
        !matches!(self, Self::Halt | Self::Closed)
    }

    /// Returns whether the indicative price and volume are published.
    #[must_use]
    pub const fn is_auction(self) -> bool {
        matches!(self, Self::OpeningAuction | Self::ReopeningAuction | Self::ClosingAuction)
    }

    /// Returns whether orders for the opening auction are accepted.
    #[must_use]
    pub const fn is_before_open(self) -> bool {
        matches!(self, Self::PreOpen | Self::OpeningAuction)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
