//! [`Extremes`]: the lowest and highest mark since any moment that still matters.

use std::collections::VecDeque;

use crate::market::SplitRatio;
use crate::units::Price;

/// Marks that can still be the lowest or highest since some moment.
///
/// A mark that a later one has passed cannot be an extreme any more, so that each list is sorted by moment
/// and by mark. A mark costs a constant on average, however many entries are open; a look-up is a binary
/// search.
#[derive(Debug, Clone, Default)]
pub(super) struct Extremes {
    /// How many marks there were.
    now: u64,
    /// Moment and mark, the marks rising.
    lows: VecDeque<(u64, i64)>,
    /// Moment and mark, the marks falling.
    highs: VecDeque<(u64, i64)>,
}

impl Extremes {
    /// Returns the moment after the last mark.
    pub(super) const fn now(&self) -> u64 {
        self.now
    }

    /// Adds a mark; what lies before the moment `oldest` is forgotten.
    pub(super) fn add(&mut self, mark: i64, oldest: u64) {
        while self.lows.pop_back_if(|(_, low)| *low >= mark).is_some() {}
        while self.highs.pop_back_if(|(_, high)| *high <= mark).is_some() {}
        for list in [&mut self.lows, &mut self.highs] {
            list.push_back((self.now, mark));
            while list.pop_front_if(|(at, _)| *at < oldest).is_some() {}
        }
        self.now += 1;
    }

    /// Moves all marks as a split moves prices.
    pub(super) fn split(&mut self, ratio: SplitRatio) {
        for (_, mark) in self.lows.iter_mut().chain(&mut self.highs) {
            *mark = ratio.nearest_price(Price::new(*mark)).ticks();
        }
    }

    /// Returns the lowest and highest mark since a moment; none without a mark since.
    pub(super) fn since(&self, moment: u64) -> Option<(i64, i64)> {
        let first = |list: &VecDeque<(u64, i64)>| {
            list.get(list.partition_point(|(at, _)| *at < moment)).map(|(_, mark)| *mark)
        };
        first(&self.lows).zip(first(&self.highs))
    }
}

#[cfg(test)]
mod property_tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_extremes_are_those_of_all_marks_since(
            marks in prop::collection::vec(-20..20_i64, 1..80),
            oldest in 0..80_usize,
        ) {
            let mut extremes = Extremes::default();
            for (at, mark) in marks.iter().enumerate() {
                extremes.add(*mark, u64::try_from(at.min(oldest)).unwrap());
            }
            for moment in oldest..=marks.len() {
                let since = marks.get(moment..).unwrap_or_default();
                let expected = since.iter().min().copied().zip(since.iter().max().copied());
                prop_assert_eq!(extremes.since(u64::try_from(moment).unwrap()), expected);
            }
        }
    }
}
