//! [`AverageTrips`]: positions from flat to flat, at average cost.

use super::{Execution, RoundTrip, take_share, worth};
use crate::account::position::Position;
use crate::market::{Instrument, Side, SplitRatio};
use crate::units::{Money, NetQuantity, Quantity};

/// The trips of one account in one instrument, each from flat to flat.
///
/// A fill that crosses zero ends one trip and begins the next.
#[derive(Debug, Clone)]
pub struct AverageTrips {
    instrument: Instrument,
    position: Position,
    open: Option<RoundTrip>,
}

impl AverageTrips {
    /// Begins with a holding that was there at the start, and what it counted as.
    #[must_use]
    pub fn new(instrument: Instrument, at: i64, holding: NetQuantity, cost: Money) -> Self {
        let mut trips = Self { instrument, position: Position::opened(holding, cost), open: None };
        let quantity = holding.magnitude();
        if !quantity.is_zero() {
            let side = if holding.lots() > 0 { Side::Buy } else { Side::Sell };
            let entry = cost * i128::from(side.sign());
            trips.open = Some(RoundTrip { quantity, entry, ..RoundTrip::begin(at, side) });
        }
        trips
    }

    /// Takes a fill, and returns the trip that it ends, if it ends one.
    pub fn fill(&mut self, execution: &Execution) -> Option<RoundTrip> {
        let &Execution { at, side, quantity, price, mut fee } = execution;
        let held = self.position.holding();
        let closes = held.lots().signum() * side.sign() < 0;
        let closing = if closes { held.magnitude().min(quantity) } else { Quantity::ZERO };
        let opening = quantity.saturating_sub(closing);
        let change = NetQuantity::new(quantity.net().lots() * side.sign());
        self.position.fill(change, self.instrument.notional(price, quantity));
        let mut ended = None;
        if !closing.is_zero() {
            if let Some(open) = &mut self.open {
                open.exit += self.instrument.notional(price, closing);
                open.fees += take_share(&mut fee, closing, quantity);
            }
            self.mark(2 * price.ticks());
            if closing == held.magnitude() {
                ended = self.open.take().map(|open| RoundTrip { exited_at: at, ..open });
            }
        }
        if !opening.is_zero() {
            let open = self.open.get_or_insert_with(|| RoundTrip::begin(at, side));
            open.quantity += opening;
            open.entry += self.instrument.notional(price, opening);
            open.fees += fee;
            self.mark(2 * price.ticks());
        }
        ended
    }

    /// Splits the position; what is left of a lot is paid for later, by [`AverageTrips::receive`].
    pub fn split(&mut self, ratio: SplitRatio) {
        self.position.split(ratio);
        if let Some(open) = &mut self.open {
            open.quantity = ratio.part(open.quantity);
        }
    }

    /// Takes a payment on the position, with the cost of what left it for that.
    pub fn receive(&mut self, amount: Money, cost: Money) {
        self.position.receive(amount, cost);
        if let Some(open) = &mut self.open {
            open.income += amount;
        }
    }

    /// Updates the open trip at a mark, in half ticks.
    pub fn mark(&mut self, half_ticks: i64) {
        let Some(open) = &mut self.open else { return };
        // What is left of the position is entered less exited lots; a position at zero is worth nothing.
        let held = self.position.holding();
        let of_trip = if held.lots().signum() == open.side.sign() { held } else { NetQuantity::ZERO };
        let profit = open.gross() + worth(&self.instrument, half_ticks, of_trip);
        open.worst = -Money::max(-open.worst, -profit);
        open.best = open.best.max(profit);
    }

    /// Returns the P&L realized so far, before fees, as the accounts book it.
    #[must_use]
    pub const fn realized(&self) -> Money {
        self.position.realized()
    }

    /// Returns the signed holding.
    #[must_use]
    pub const fn holding(&self) -> NetQuantity {
        self.position.holding()
    }

    /// Returns what the holding cost.
    #[must_use]
    pub const fn cost(&self) -> Money {
        self.position.cost()
    }
}
