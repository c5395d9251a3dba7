//! [`Location`]: where in the book an order is.

use crate::market::Side;

/// The number of a level in its side's list; the first is the queue of orders without a limit.
pub(super) type LevelId = u32;

/// The queue of an auction's orders without a limit.
pub(super) const UNPRICED: LevelId = 0;

/// Where an order is, packed into one word of its node: its side, the level in whose queue it stands, and
/// whether more of it is stored outside of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Location(u32);

impl Location {
    const SELLS: u32 = 1 << 31;
    pub(super) const DETAILED: u32 = 1 << 30;
    pub(super) const RARE: u32 = 1 << 29;
    const LEVEL: u32 = Self::RARE - 1;

    /// The location of an order that is in no queue.
    pub(super) const fn outside(side: Side) -> Self {
        match side {
            Side::Buy => Self(Self::LEVEL),
            Side::Sell => Self(Self::LEVEL | Self::SELLS),
        }
    }

    #[inline]
    pub(super) const fn side(self) -> Side {
        if self.0 & Self::SELLS == 0 { Side::Buy } else { Side::Sell }
    }

    /// Returns whether the order has [`Details`](super::details::Details).
    #[inline]
    pub(super) const fn is_detailed(self) -> bool {
        self.0 & Self::DETAILED != 0
    }

    /// Returns whether some of the order is stored outside of its node: details, or numbers too large for it.
    #[inline]
    pub(super) const fn is_extended(self) -> bool {
        self.0 & (Self::DETAILED | Self::RARE) != 0
    }

    /// Returns the level in whose queue the order stands, if it stands in one.
    #[inline]
    pub(super) const fn level(self) -> Option<LevelId> {
        let level = self.0 & Self::LEVEL;
        if level == Self::LEVEL { None } else { Some(level) }
    }

    /// Returns whether the order stands in no queue.
    pub(super) const fn is_outside(self) -> bool {
        self.level().is_none()
    }

    /// Returns the same location at another level, or in no queue.
    #[inline]
    pub(super) const fn at(self, level: Option<LevelId>) -> Self {
        let level = match level {
            Some(level) => level,
            None => Self::LEVEL,
        };
        Self(self.0 & !Self::LEVEL | level)
    }

    /// Returns the same location with a flag set.
    pub(super) const fn with(self, flag: u32) -> Self {
        Self(self.0 | flag)
    }
}
