//! [`Position`]: a signed holding by average cost.

use crate::market::{SplitHolding, SplitRatio};
use crate::units::{Money, NetQuantity, Quantity};

/// A holding of one instrument, its cost, and the P&L realized by closing parts of it.
///
/// Average cost: a fill that enlarges the position adds its notional to the cost; one that reduces it
/// takes out cost in proportion and realizes the difference; one that crosses zero does both. The cost
/// is kept as one sum and divided only when part of the holding is closed, so that at every moment
/// realized + (holding at mark - cost) is exactly what the fills have brought.
///
/// ```
/// use bearpit_core::account::Position;
/// use bearpit_core::units::{Money, NetQuantity};
///
/// let mut position = Position::default();
/// position.fill(NetQuantity::new(10), Money::from_whole(1_000));
/// position.fill(NetQuantity::new(-4), Money::from_whole(480));
/// assert_eq!(position.realized(), Money::from_whole(80));
/// assert_eq!((position.holding().lots(), position.cost()), (6, Money::from_whole(600)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    holding: NetQuantity,
    cost: Money,
    realized: Money,
}

/// What a split leaves of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    /// How many parts of a lot, signed like the holding.
    pub remainder: i64,
    /// How many parts make a lot.
    pub of: u32,
    /// What it cost, signed like the holding.
    pub cost: Money,
}

impl Fraction {
    /// Returns what it is worth where a lot is worth `lot`.
    #[must_use]
    pub fn worth(&self, lot: Money) -> Money {
        lot.share(i128::from(self.remainder), i128::from(self.of))
    }
}

impl Position {
    /// Makes a position held before the run, at a cost of `cost`.
    #[must_use]
    pub const fn opened(holding: NetQuantity, cost: Money) -> Self {
        Self { holding, cost, realized: Money::ZERO }
    }

    /// Makes a position that has been traded before.
    pub(super) const fn restored(holding: NetQuantity, cost: Money, realized: Money) -> Self {
        Self { holding, cost, realized }
    }

    /// Returns the signed holding.
    #[must_use]
    pub const fn holding(&self) -> NetQuantity {
        self.holding
    }

    /// Returns what the holding cost; negative for a short position, which brought money.
    #[must_use]
    pub const fn cost(&self) -> Money {
        self.cost
    }

    /// Returns the P&L realized so far, before fees.
    #[must_use]
    pub const fn realized(&self) -> Money {
        self.realized
    }

    /// Adds to cost and realized P&L what became known only after the lots had come in.
    pub(super) fn add(&mut self, cost: Money, realized: Money) {
        self.cost += cost;
        self.realized += realized;
    }

    /// Splits the holding: whole lots stay, at the cost of what they were; returns what is left of a lot.
    pub fn split(&mut self, ratio: SplitRatio) -> Fraction {
        let SplitHolding { holding, remainder } = ratio.holding(self.holding);
        let parts = i128::from(holding.lots()) * i128::from(ratio.old()) + i128::from(remainder);
        let cost = self.cost.share(i128::from(remainder), parts);
        self.holding = holding;
        self.cost -= cost;
        Fraction { remainder, of: ratio.old(), cost }
    }

    /// Realizes a payment on the holding, less the cost of what leaves it for that.
    pub fn receive(&mut self, amount: Money, cost: Money) {
        self.realized += amount - cost;
    }

    /// Marks the position of a future to market: what it is worth becomes its cost, and what it has gained by
    /// that is realized, and returned.
    pub fn settle(&mut self, worth: Money) -> Money {
        let gain = worth - self.cost;
        self.cost = worth;
        self.realized += gain;
        gain
    }

    /// Adds a fill of `change` (positive bought, negative sold) for `notional` (never signed).
    pub fn fill(&mut self, change: NetQuantity, notional: Money) {
        let size = change.magnitude();
        let closing = if self.reduces(change) { self.holding.magnitude().min(size) } else { Quantity::ZERO };
        let closing_notional = part_of(notional, closing, size);
        let opening_notional = notional - closing_notional;
        let sign = i128::from(change.lots().signum());
        if !closing.is_zero() {
            let closed_cost = part_of(self.cost, closing, self.holding.magnitude());
            self.cost -= closed_cost;
            // A reducing sale (sign -1) brings its notional against the cost of what leaves; a
            // reducing purchase pays it against the (negative) cost of the short.
            self.realized += closing_notional * -sign - closed_cost;
        }
        self.cost += opening_notional * sign;
        self.holding += change;
    }

    fn reduces(&self, change: NetQuantity) -> bool {
        self.holding.lots().signum() * change.lots().signum() < 0
    }
}

/// Returns the part of an amount for `whole` that is for `part`, rounded to the nearest unit of money.
#[inline]
fn part_of(amount: Money, part: Quantity, whole: Quantity) -> Money {
    // All or nothing, as it mostly is, takes no division.
    if part.is_zero() {
        Money::ZERO
    } else if part == whole {
        amount
    } else {
        amount.share(i128::from(part.lots()), i128::from(whole.lots()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(whole: i64) -> Money {
        Money::from_whole(whole)
    }

    fn lots(lots: i64) -> NetQuantity {
        NetQuantity::new(lots)
    }

    #[test]
    fn a_partial_close_realizes_its_share() {
        let mut position = Position::default();
        position.fill(lots(10), money(1_000));
        position.fill(lots(10), money(1_200));
        position.fill(lots(-5), money(600));
        assert_eq!(position.realized(), money(50));
        assert_eq!(position.cost(), money(1_650));
        assert_eq!(position.holding(), lots(15));
    }

    #[test]
    fn a_fill_across_zero_closes_and_opens() {
        let mut position = Position::default();
        position.fill(lots(10), money(1_000));
        position.fill(lots(-15), money(1_650));
        assert_eq!(position.realized(), money(100));
        assert_eq!(position.cost(), money(-550));
        assert_eq!(position.holding(), lots(-5));
    }

    #[test]
    fn covering_a_short_below_its_price_is_a_gain() {
        let mut position = Position::default();
        position.fill(lots(-10), money(1_000));
        position.fill(lots(10), money(900));
        assert_eq!(position.realized(), money(100));
        assert_eq!(position.cost(), Money::ZERO);
    }

    #[test]
    fn a_split_leaves_the_cost_with_the_whole_lots_and_the_rest_with_the_fraction() {
        let mut position = Position::opened(lots(5), money(100));
        let fraction = position.split(SplitRatio::new(3, 2).unwrap());
        // 7.5 lots at 100: the half costs a fifteenth.
        assert_eq!((position.holding(), fraction.remainder, fraction.of), (lots(7), 1, 2));
        assert_eq!(position.cost() + fraction.cost, money(100));
        assert_eq!(fraction.cost, money(100).share(1, 15));
        assert_eq!(fraction.worth(money(14)), money(7));
        position.receive(money(7), fraction.cost);
        assert_eq!(position.realized(), money(7) - money(100).share(1, 15));
        let mut short = Position::opened(lots(-5), money(-100));
        let fraction = short.split(SplitRatio::new(1, 2).unwrap());
        assert_eq!((short.holding(), fraction.worth(money(40))), (lots(-2), money(-20)));
        assert_eq!((short.cost(), fraction.cost), (money(-80), money(-20)));
    }

    proptest! {
        #[test]
        fn prop_realized_less_cost_is_what_the_fills_brought(
            fills in prop::collection::vec((-50..50_i64, 1..1_000_000_007_i128), 1..60),
        ) {
            let mut position = Position::default();
            let mut brought = Money::ZERO;
            let mut holding = 0;
            for (change, price) in fills.into_iter().filter(|(change, _)| *change != 0) {
                let notional = Money::from_units(price * i128::from(change.abs()));
                position.fill(lots(change), notional);
                brought -= notional * i128::from(change.signum());
                holding += change;
                prop_assert_eq!(position.realized() - position.cost(), brought);
                prop_assert_eq!(position.holding(), lots(holding));
                if holding == 0 {
                    prop_assert_eq!(position.cost(), Money::ZERO);
                }
            }
        }
    }
}
