//! Lots whose cost is not known yet: they came in before their instrument had a first mark.

use super::ledger::Account;
use super::lines::Line;
use super::opening::UnvaluedState;
use super::position::Position;
use crate::units::{InstrumentId, Money, NetQuantity};

/// What the lots that came in before the first mark make of a position's cost and P&L, at a price of one
/// unit of currency for each lot.
///
/// A position's cost and realized P&L are sums over all that came in and went out, each in proportion to its
/// price. So the part of the lots without a price is followed beside the rest, and added once that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unvalued {
    /// All moves of the position: those without a price at one, all others at zero.
    parts: Position,
    /// Lots brought in from outside since the opening, less those taken out.
    contributed: NetQuantity,
}

impl Unvalued {
    /// Begins with a holding of which no lot waits for its price.
    const fn beside(holding: NetQuantity) -> Self {
        Self { parts: Position::opened(holding, Money::ZERO), contributed: NetQuantity::ZERO }
    }
}

impl Unvalued {
    pub(super) const fn state(&self) -> UnvaluedState {
        let Self { parts, contributed } = *self;
        UnvaluedState { cost: parts.cost(), realized: parts.realized(), contributed }
    }

    pub(super) const fn restored(holding: NetQuantity, state: UnvaluedState) -> Self {
        let parts = Position::restored(holding, state.cost, state.realized);
        Self { parts, contributed: state.contributed }
    }
}

impl Line {
    /// Begins with `holding`, which waits for its price.
    pub(super) fn opened(holding: NetQuantity) -> Self {
        let mut line = Self { position: Position::opened(holding, Money::ZERO), ..Self::default() };
        if holding != NetQuantity::ZERO {
            let parts = Position::opened(holding, Money::from_whole(holding.lots()));
            line.unvalued = Some(Box::new(Unvalued { parts, contributed: NetQuantity::ZERO }));
        }
        line
    }

    /// Adds a fill of `change` for `notional`.
    pub(super) fn fill(&mut self, change: NetQuantity, notional: Money) {
        self.position.fill(change, notional);
        if let Some(unvalued) = &mut self.unvalued {
            unvalued.parts.fill(change, Money::ZERO);
        }
    }

    /// Moves lots in from outside or out, before their instrument has a mark.
    pub(super) fn move_unvalued(&mut self, change: NetQuantity) {
        let holding = self.position.holding();
        let unvalued = self.unvalued.get_or_insert_with(|| Box::new(Unvalued::beside(holding)));
        unvalued.parts.fill(change, Money::from_whole(change.magnitude().net().lots()));
        unvalued.contributed += change;
        self.position.fill(change, Money::ZERO);
    }
}

impl Account {
    /// Gives lots that came in before their instrument had a mark, at the opening or from outside, the cost
    /// that they are worth at the first; `worth` says what lots are worth at it. What has been traded keeps
    /// its price.
    pub fn value_at_first_mark(&mut self, id: InstrumentId, worth: impl Fn(NetQuantity) -> Money) {
        let line = &mut self.lines[id.index()];
        let Some(unvalued) = line.unvalued.take() else { return };
        let Unvalued { parts, contributed } = *unvalued;
        // A mark may halve a unit, of which two lots have a whole number.
        let priced = |part: Money| worth(NetQuantity::new(2)).share(part.units(), 2 * Money::UNITS);
        // That much has come in: cost less realized P&L is what a position took, to the last unit.
        let came_in = parts.cost() - parts.realized();
        let cost = priced(parts.cost());
        line.position.add(cost, cost - priced(came_in));
        self.contributed += worth(contributed);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::account::{AccountConfig, Credit};
    use crate::market::Transfer;
    use crate::units::Quantity;

    const ACME: InstrumentId = InstrumentId::new(0);

    fn account(lots: u64) -> Account {
        let holdings = vec![(ACME, Quantity::new(lots))];
        Account::open(&AccountConfig { holdings, credit: Credit::Unlimited, ..AccountConfig::default() }, 1)
    }

    #[test]
    fn lots_that_were_sold_and_taken_out_before_the_mark_leave_their_part_of_the_cost() {
        let worth = |lots: NetQuantity| Money::from_whole(10 * lots.lots());
        let mut account = account(100);
        // 100 lots at the mark and 100 at 12.
        account.lines[0].fill(NetQuantity::new(100), Money::from_whole(1_200));
        // Half of each goes: sold at 13 and at what they are marked at.
        account.lines[0].fill(NetQuantity::new(-50), Money::from_whole(650));
        let transfer = Transfer::Shares { instrument: ACME, quantity: NetQuantity::new(-50) };
        account.fund(transfer, None).unwrap();
        account.value_at_first_mark(ACME, worth);
        let position = account.position(ACME);
        // The average is 11, so that the sale gains 100 and the transfer at 10 loses 50.
        assert_eq!((position.cost(), position.realized()), (Money::from_whole(1_100), Money::from_whole(50)));
        assert_eq!(account.contributed(), Money::from_whole(-500));
        // There is one first mark.
        account.value_at_first_mark(ACME, worth);
        assert_eq!(account.position(ACME).cost(), Money::from_whole(1_100));
    }

    /// What moves lots: a fill at a price, or a transfer before the mark if there is none.
    fn moves() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
        let lots = prop_oneof![-40..=-1_i64, 1..=40_i64];
        prop::collection::vec((lots, prop::option::of(1..2_000_000_000_i64)), 0..30)
    }

    proptest! {
        #[test]
        fn prop_the_first_mark_gives_what_a_price_known_from_the_beginning_would(
            opening in 0..100_u64,
            moves in moves(),
            half_units in 1..2_000_000_001_i128,
        ) {
            let worth = |lots: NetQuantity| Money::from_units(half_units * i128::from(lots.lots())).share(1, 2);
            let mut account = account(opening);
            let mut known = Position::opened(Quantity::new(opening).net(), worth(Quantity::new(opening).net()));
            let (mut brought, mut transferred) = (Money::ZERO, 0);
            for (lots, price) in moves {
                let change = NetQuantity::new(lots);
                if let Some(price) = price {
                    let notional = Money::from_units(i128::from(price * lots.abs()));
                    account.lines[0].fill(change, notional);
                    known.fill(change, notional);
                    brought -= notional * i128::from(lots.signum());
                } else {
                    let transfer = Transfer::Shares { instrument: ACME, quantity: change };
                    prop_assert_eq!(account.fund(transfer, None), Ok(()));
                    known.fill(change, worth(change.magnitude().net()));
                    transferred += lots;
                }
            }
            account.value_at_first_mark(ACME, worth);
            let position = account.position(ACME);
            prop_assert_eq!(position.holding(), known.holding());
            prop_assert_eq!(account.contributed(), worth(NetQuantity::new(transferred)));
            // Each move rounds a unit, and a part of a lot is known to 10^-10 of it.
            let close = |a: Money, b: Money| (a - b).abs() <= Money::from_units(100);
            prop_assert!(close(position.cost(), known.cost()), "{:?} {:?}", position, known);
            prop_assert!(close(position.realized(), known.realized()), "{:?} {:?}", position, known);
            let came_in = Quantity::new(opening).net() + NetQuantity::new(transferred);
            prop_assert_eq!(position.realized() - position.cost(), brought - worth(came_in), "to the unit");
        }
    }
}
