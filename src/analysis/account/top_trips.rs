//! [`TopTrips`]: the largest gains and losses, and the last round trips.

use std::collections::VecDeque;

use super::trip::AccountTrip;
use bearpit_core::units::Money;

/// The largest gains and losses, and the last round trips: taken from all, not from those that are kept
/// evenly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopTrips {
    /// Those that brought most, the largest gain first.
    pub wins: Vec<AccountTrip>,
    /// Those that lost most, the largest loss first.
    pub losses: Vec<AccountTrip>,
    /// The last ones, in order of their ends.
    pub last: VecDeque<AccountTrip>,
}

impl TopTrips {
    /// How many of each kind there are at most.
    pub const EACH_MAX: usize = 8;

    pub(crate) fn add(&mut self, trip: &AccountTrip) {
        let net = trip.trip.net();
        if net > Money::ZERO {
            insert(&mut self.wins, trip, |before| before > net);
        } else if net < Money::ZERO {
            insert(&mut self.losses, trip, |before| before < net);
        }
        self.last.push_back(trip.clone());
        if self.last.len() > Self::EACH_MAX {
            self.last.pop_front();
        }
    }
}

/// Puts a trip behind those that are as top.
fn insert(trips: &mut Vec<AccountTrip>, trip: &AccountTrip, is_more: impl Fn(Money) -> bool) {
    let net = trip.trip.net();
    let place = trips.partition_point(|other| is_more(other.trip.net()) || other.trip.net() == net);
    if place < TopTrips::EACH_MAX {
        trips.insert(place, trip.clone());
        trips.truncate(TopTrips::EACH_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::account::trips::RoundTrip;
    use bearpit_core::market::Side;
    use bearpit_core::units::Quantity;

    fn trip(at: i64, net: i64) -> AccountTrip {
        let amount = |units: i64| Money::from_units(i128::from(units));
        let trip = RoundTrip {
            side: Side::Buy,
            entered_at: at,
            exited_at: at + 1,
            quantity: Quantity::new(1),
            entry: amount(1_000_000),
            exit: amount(1_000_000 + net),
            income: Money::ZERO,
            fees: Money::ZERO,
            worst: Money::ZERO,
            best: Money::ZERO,
        };
        AccountTrip { symbol: "X".to_owned(), trip }
    }

    #[test]
    fn the_largest_stay_in_order_and_the_last_as_they_came() {
        let mut top = TopTrips::default();
        let nets: Vec<i64> = (0..200).map(|it| (it * 73) % 201 - 100).collect();
        (0..).zip(&nets).for_each(|(at, net)| top.add(&trip(at, *net)));
        let mut sorted = nets.clone();
        sorted.sort_unstable();
        let units = |trips: &[AccountTrip]| -> Vec<i64> {
            trips.iter().map(|it| i64::try_from(it.trip.net().units()).unwrap()).collect()
        };
        assert_eq!(units(&top.losses), sorted[..8]);
        sorted.reverse();
        assert_eq!(units(&top.wins), sorted[..8]);
        let last: Vec<i64> = top.last.iter().map(|it| it.trip.entered_at).collect();
        assert_eq!(last, (192..200).collect::<Vec<i64>>());
    }

    #[test]
    fn what_brought_nothing_is_neither() {
        let mut top = TopTrips::default();
        top.add(&trip(0, 0));
        assert_eq!((top.wins.len(), top.losses.len(), top.last.len()), (0, 0, 1));
    }
}
