//! [`FifoTrips`]: each exit matched with the oldest entry that is left.

use std::collections::VecDeque;

use super::extremes::Extremes;
use super::{Execution, RoundTrip, take_share, worth};
use crate::market::{Instrument, Side, SplitRatio};
use crate::units::{Money, NetQuantity, Quantity};

/// What is left of an entry.
#[derive(Debug, Clone, Copy)]
struct Lot {
    at: i64,
    quantity: Quantity,
    /// What is left of its price times quantity, and of its fee.
    entry: Money,
    fees: Money,
    /// What was received on it, and has not left with a part of it.
    income: Money,
    /// From which mark on it was there.
    since: u64,
}

/// The trips of one account in one instrument, first in first out.
#[derive(Debug, Clone)]
pub struct FifoTrips {
    instrument: Instrument,
    /// The side that entered; of no meaning without lots.
    side: Side,
    lots: VecDeque<Lot>,
    marks: Extremes,
    realized: Money,
}

impl FifoTrips {
    /// Begins with a holding that was there at the start, and what it counted as.
    #[must_use]
    pub fn new(instrument: Instrument, at: i64, holding: NetQuantity, cost: Money) -> Self {
        let side = if holding.lots() < 0 { Side::Sell } else { Side::Buy };
        let (quantity, entry) = (holding.magnitude(), cost * i128::from(side.sign()));
        let opening = Lot { at, quantity, entry, fees: Money::ZERO, income: Money::ZERO, since: 0 };
        let lots = Some(opening).filter(|_| !quantity.is_zero()).into_iter().collect();
        Self { instrument, side, lots, marks: Extremes::default(), realized: Money::ZERO }
    }

    /// Takes a fill, and appends the trips that it ends: one for each entry that it matches.
    pub fn fill(&mut self, execution: &Execution, ended: &mut Vec<RoundTrip>) {
        let &Execution { at, side, price, mut fee, quantity: mut left } = execution;
        self.mark(2 * price.ticks());
        while side != self.side && !left.is_zero() {
            let Some(mut lot) = self.lots.pop_front() else { break };
            let part = lot.quantity.min(left);
            let trip = RoundTrip {
                exited_at: at,
                exit: self.instrument.notional(price, part),
                fees: take_share(&mut lot.fees, part, lot.quantity) + take_share(&mut fee, part, left),
                entry: take_share(&mut lot.entry, part, lot.quantity),
                income: take_share(&mut lot.income, part, lot.quantity),
                quantity: part,
                ..RoundTrip::begin(lot.at, self.side)
            };
            let trip = self.with_excursions(trip, self.marks.since(lot.since));
            self.realized += trip.gross();
            ended.push(trip);
            left = left.saturating_sub(part);
            lot.quantity = lot.quantity.saturating_sub(part);
            if !lot.quantity.is_zero() {
                self.lots.push_front(lot);
            }
        }
        if !left.is_zero() {
            self.side = side;
            let entry = self.instrument.notional(price, left);
            let (income, since) = (Money::ZERO, self.marks.now());
            self.lots.push_back(Lot { at, quantity: left, entry, fees: fee, income, since });
        }
    }

    /// Says how the trip stood at the extremes of its marks.
    fn with_excursions(&self, trip: RoundTrip, marks: Option<(i64, i64)>) -> RoundTrip {
        let Some((low, high)) = marks else { return trip };
        let sign = i128::from(trip.side.sign());
        let at = |mark| (worth(&self.instrument, mark, trip.quantity.net()) - trip.entry) * sign;
        let (one, other) = (at(low), at(high));
        RoundTrip { worst: -Money::ZERO.max(-one).max(-other), best: Money::ZERO.max(one).max(other), ..trip }
    }

    /// Splits the open entries, so that they are the whole lots of them all; marks follow.
    pub fn split(&mut self, ratio: SplitRatio) {
        let (mut before, mut after) = (Quantity::ZERO, Quantity::ZERO);
        for lot in &mut self.lots {
            before += lot.quantity;
            let whole = ratio.quantity(before);
            lot.quantity = whole.saturating_sub(after);
            after = whole;
        }
        self.marks.split(ratio);
    }

    /// Takes a payment on the open entries, by their quantities.
    pub fn receive(&mut self, mut amount: Money) {
        let mut left: u64 = self.lots.iter().map(|lot| lot.quantity.lots()).sum();
        for lot in &mut self.lots {
            lot.income += take_share(&mut amount, lot.quantity, Quantity::new(left));
            left -= lot.quantity.lots();
        }
        // Nothing is open: it was paid for what is gone.
        self.realized += amount;
    }

    /// Updates the open entries at a mark, in half ticks.
    pub fn mark(&mut self, half_ticks: i64) {
        let oldest = self.lots.front().map_or(self.marks.now(), |lot| lot.since);
        self.marks.add(half_ticks, oldest);
    }

    /// Returns the P&L realized so far, before fees.
    #[must_use]
    pub const fn realized(&self) -> Money {
        self.realized
    }

    /// Returns the signed holding.
    #[must_use]
    pub fn holding(&self) -> NetQuantity {
        let lots: i64 = self.lots.iter().map(|lot| lot.quantity.net().lots()).sum();
        NetQuantity::new(lots * self.side.sign())
    }

    /// Returns what the open entries cost; negative for a short position, which brought money.
    #[must_use]
    pub fn cost(&self) -> Money {
        self.lots.iter().map(|lot| lot.entry).sum::<Money>() * i128::from(self.side.sign())
    }
}
