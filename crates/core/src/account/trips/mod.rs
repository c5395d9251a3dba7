//! Round trips: what a position brought from its entry to its exit, in exact money.
//!
//! Fills are matched in two ways. [`AverageTrips`] takes a position as one thing, from flat to flat, at its
//! average cost, as the accounts do; its realized P&L is that of the `pnl` table to the last unit.
//! [`FifoTrips`] matches each sale with the oldest purchase that is left, lot by lot, so that a position that
//! is never flat has trips too. Both bring the same in the end: what fills paid and received.
//!
//! P&L is before fees; a trip's fees stand beside it, shared by lots where a fill enters one trip and leaves
//! another. What a position was worth on its way is seen at fills and marks, and no closer.

mod average;
mod extremes;
mod fifo;
#[cfg(test)]
mod tests;

pub use average::AverageTrips;
pub use fifo::FifoTrips;

use crate::market::{Instrument, Side};
use crate::units::{Money, NetQuantity, Price, Quantity};

/// A fill, seen from its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Execution {
    /// Nanoseconds since 1970.
    pub at: i64,
    /// Which way.
    pub side: Side,
    /// How much.
    pub quantity: Quantity,
    /// At which price.
    pub price: Price,
    /// What it cost; a rebate is negative.
    pub fee: Money,
}

/// A position, or a part of one, from entry to exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundTrip {
    /// The side that entered: a buy is a long trip.
    pub side: Side,
    /// When it began: nanoseconds since 1970.
    pub entered_at: i64,
    /// When it was over.
    pub exited_at: i64,
    /// How much was entered, and left again.
    pub quantity: Quantity,
    /// Price times quantity of its entries.
    pub entry: Money,
    /// Price times quantity of its exits.
    pub exit: Money,
    /// Dividends, and what splits left of lots, received on its way; negative if paid.
    pub income: Money,
    /// Fees less rebates of both.
    pub fees: Money,
    /// The lowest P&L on its way, at most zero: the maximum adverse excursion.
    pub worst: Money,
    /// The highest P&L on its way, at least zero: the maximum favorable excursion.
    pub best: Money,
}

impl RoundTrip {
    /// Returns a trip that has just begun, with nothing in it.
    const fn begin(at: i64, side: Side) -> Self {
        Self {
            side,
            entered_at: at,
            exited_at: at,
            quantity: Quantity::ZERO,
            entry: Money::ZERO,
            exit: Money::ZERO,
            income: Money::ZERO,
            fees: Money::ZERO,
            worst: Money::ZERO,
            best: Money::ZERO,
        }
    }

    /// Returns the P&L before fees, with what the position was paid on its way.
    #[must_use]
    pub fn gross(&self) -> Money {
        (self.exit - self.entry) * i128::from(self.side.sign()) + self.income
    }

    /// Returns the P&L after fees.
    #[must_use]
    pub fn net(&self) -> Money {
        self.gross() - self.fees
    }

    /// Returns the P&L after fees as a share of the entry; none where that cost nothing.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let entry = self.entry.to_f64();
        (entry > 0.0).then(|| self.net().to_f64() / entry)
    }
}

/// Returns what a signed holding is worth at a price in half ticks, as the accounts are marked.
fn worth(instrument: &Instrument, half_ticks: i64, holding: NetQuantity) -> Money {
    // Rounded half away from zero, as all shares of money are, without a division by a number that varies.
    let twice = instrument.value(Price::new(half_ticks), holding).units();
    Money::from_units((twice + twice.signum()) / 2)
}

/// Takes the share of `part` in `whole` lots out of an amount; all of it with the last lot.
fn take_share(amount: &mut Money, part: Quantity, whole: Quantity) -> Money {
    // Nothing of nothing, or all, as it mostly is, takes no division.
    if *amount == Money::ZERO {
        return Money::ZERO;
    }
    if part == whole && !whole.is_zero() {
        return std::mem::take(amount);
    }
    let share = amount.share(i128::from(part.lots()), i128::from(whole.lots()));
    *amount -= share;
    share
}
