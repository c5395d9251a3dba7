//! [`Leg`]: one straight piece of the path of a replayed price.

use crate::units::{Price, SimDuration, SimTime};

/// A point of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// When the price is there.
    pub time: SimTime,
    /// The price.
    pub price: Price,
}

/// A straight piece of a path (rule 3 of `docs/backtesting.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// Where it begins.
    pub from: Point,
    /// Where it ends; later.
    pub to: Point,
}

impl Leg {
    /// Returns the price at a time of the leg.
    #[must_use]
    pub fn price_at(&self, time: SimTime) -> Price {
        if time >= self.to.time {
            return self.to.price;
        }
        if self.is_gap() {
            return self.from.price;
        }
        let distance = self.to.price - self.from.price;
        let (since, span) = (time - self.from.time, self.to.time - self.from.time);
        // Nearly always that fits 64 bits: a division of 128 is a function call.
        let moved = match distance.abs().checked_mul(since.nanos()) {
            Some(product) => product / span.nanos(),
            None => i64::try_from(wide(distance.abs()) * nanos(since) / nanos(span)).unwrap_or(i64::MAX),
        };
        // It has not moved farther than the leg goes.
        self.from.price + moved * distance.signum()
    }

    /// Returns when the leg reaches a price that lies between its ends.
    #[must_use]
    pub fn reaches(&self, price: Price) -> SimTime {
        if self.is_gap() && price != self.from.price {
            return self.to.time;
        }
        let distance = wide((self.to.price - self.from.price).abs());
        let wanted = wide((price - self.from.price).abs());
        let span = nanos(self.to.time - self.from.time);
        let after = (wanted * span + distance - 1) / distance.max(1);
        self.from.time + SimDuration::from_nanos(i64::try_from(after).unwrap_or(i64::MAX))
    }

    /// Returns whether there is no price on the way: it is not long enough for a nanosecond a tick, such as
    /// from the end of one bar to the beginning of the next.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        nanos(self.to.time - self.from.time) <= wide((self.to.price - self.from.price).abs())
    }

    /// Returns whether the price rises.
    #[must_use]
    pub fn rises(&self) -> bool {
        self.to.price > self.from.price
    }
}

const fn wide(ticks: i64) -> i128 {
    ticks as i128
}

const fn nanos(span: SimDuration) -> i128 {
    span.nanos() as i128
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_a_level_is_reached_at_the_first_nanosecond_at_which_the_price_is_there(
            start in 0..1_000_000_i64, span in 1..10_000_i64,
            from in -500..500_i64, to in -500..500_i64, part in 0.0..=1.0_f64,
        ) {
            let point = |nanos, ticks| Point { time: SimTime::from_nanos(nanos), price: Price::new(ticks) };
            let leg = Leg { from: point(start, from), to: point(start + span, to) };
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small numbers")]
            let level = from + ((to - from) as f64 * part) as i64;
            let has_moved = |time: SimTime| (leg.price_at(time) - Price::new(from)).abs() >= (level - from).abs();
            let reached = leg.reaches(Price::new(level));
            prop_assert!(has_moved(reached), "{reached:?}");
            prop_assert!(reached <= leg.to.time);
            if reached > leg.from.time {
                prop_assert!(!has_moved(reached - SimDuration::from_nanos(1)), "{reached:?}");
            }
        }
    }
}
