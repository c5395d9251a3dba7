//! [`ConsolidatedTouch`]: best bid and best ask over all venues of an instrument.

use super::quote::{Quote, QuoteLevel};
use crate::units::{ListingId, Price, Quantity};

/// The best price of one side over several venues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsolidatedLevel {
    /// The price.
    pub price: Price,
    /// The sum of the sizes displayed there; not known if one of them is not, as
    /// [`QuoteLevel::known_size`] says.
    pub size: Quantity,
    /// The listings that display that price, in the order in which their quotes were given.
    pub listings: Vec<ListingId>,
}

impl ConsolidatedLevel {
    /// Returns the price with the sum of the sizes.
    #[must_use]
    pub const fn level(&self) -> QuoteLevel {
        QuoteLevel { price: self.price, size: self.size }
    }

    fn of(listing: ListingId, level: QuoteLevel) -> Self {
        Self { price: level.price, size: level.size, listings: vec![listing] }
    }

    /// Adds another venue's level at the same price.
    fn add(&mut self, listing: ListingId, level: QuoteLevel) {
        let lots = self.size.lots().saturating_add(level.size.lots());
        self.size = Quantity::new(lots.min(Quantity::MAX_LOTS));
        self.listings.push(listing);
    }
}

/// The consolidated touch: the highest bid and the lowest ask over the venues of one instrument, in the
/// United States the national best bid and offer (NBBO).
///
/// It is as good as the quotes that it was made of. Quotes that arrive with different delays are of different
/// moments, so it may be locked or crossed though no two venues ever were at the same time; nothing of that
/// is hidden or repaired here.
///
/// ```
/// use bearpit_core::market::{ConsolidatedTouch, Quote, QuoteLevel};
/// use bearpit_core::units::{ListingId, Price, Quantity};
///
/// let level = |ticks, lots| Some(QuoteLevel { price: Price::new(ticks), size: Quantity::new(lots) });
/// let [north, south] = [ListingId::new(0), ListingId::new(1)];
/// let touch = ConsolidatedTouch::of([
///     (north, Quote { bid: level(9_998, 200), ask: level(10_001, 100) }),
///     (south, Quote { bid: level(9_999, 300), ask: level(10_001, 50) }),
/// ]);
/// let ask = touch.ask.as_ref().ok_or("no ask")?;
/// assert_eq!((ask.size, ask.listings.as_slice()), (Quantity::new(150), [north, south].as_slice()));
/// assert_eq!(touch.quote().mid_ticks(), Some(10_000.0));
/// assert!(!touch.is_locked() && !touch.is_crossed());
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConsolidatedTouch {
    /// The highest bid.
    pub bid: Option<ConsolidatedLevel>,
    /// The lowest ask.
    pub ask: Option<ConsolidatedLevel>,
}

impl ConsolidatedTouch {
    /// Consolidates the touches of several listings of one instrument.
    #[must_use]
    pub fn of(quotes: impl IntoIterator<Item = (ListingId, Quote)>) -> Self {
        let mut touch = Self::default();
        for (listing, quote) in quotes {
            join(&mut touch.bid, listing, quote.bid, |new, best| new > best);
            join(&mut touch.ask, listing, quote.ask, |new, best| new < best);
        }
        touch
    }

    /// Returns it as if it were the touch of one venue.
    #[must_use]
    pub fn quote(&self) -> Quote {
        let level = |side: &Option<ConsolidatedLevel>| side.as_ref().map(ConsolidatedLevel::level);
        Quote { bid: level(&self.bid), ask: level(&self.ask) }
    }

    /// Returns whether one venue bids what another asks.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.quote().spread_ticks() == Some(0)
    }

    /// Returns whether one venue bids more than another asks.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        self.quote().spread_ticks().is_some_and(|spread| spread < 0)
    }
}

/// Joins a venue's level to the best so far.
fn join(
    best: &mut Option<ConsolidatedLevel>,
    listing: ListingId,
    level: Option<QuoteLevel>,
    is_better: impl Fn(Price, Price) -> bool,
) {
    let Some(level) = level else { return };
    match best {
        Some(known) if known.price == level.price => known.add(listing, level),
        Some(known) if !is_better(level.price, known.price) => {}
        _ => *best = Some(ConsolidatedLevel::of(listing, level)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(ticks: i64, lots: u64) -> QuoteLevel {
        QuoteLevel { price: Price::new(ticks), size: Quantity::new(lots) }
    }

    fn touch(quotes: &[(i64, i64)]) -> ConsolidatedTouch {
        let quote = |&(bid, ask): &(i64, i64)| Quote { bid: Some(level(bid, 1)), ask: Some(level(ask, 1)) };
        ConsolidatedTouch::of((0..).map(ListingId::new).zip(quotes.iter().map(quote)))
    }

    #[test]
    fn venues_that_meet_lock_and_venues_that_overlap_cross() {
        let apart = touch(&[(98, 100), (97, 101)]);
        assert_eq!((apart.is_locked(), apart.is_crossed()), (false, false));
        let locked = touch(&[(98, 100), (100, 103)]);
        assert_eq!((locked.is_locked(), locked.is_crossed()), (true, false));
        let crossed = touch(&[(98, 100), (101, 103)]);
        assert_eq!((crossed.is_locked(), crossed.is_crossed()), (false, true));
        assert_eq!(crossed.quote(), Quote { bid: Some(level(101, 1)), ask: Some(level(100, 1)) });
        assert_eq!(ConsolidatedTouch::of([]), ConsolidatedTouch::default());
        let empty = ConsolidatedTouch::of([(ListingId::new(0), Quote::default())]);
        assert!(!empty.is_locked() && !empty.is_crossed());
    }

    #[test]
    fn a_sum_with_a_size_that_is_not_known_is_not_known() {
        let unknown = QuoteLevel::of_unknown_size(Price::new(5));
        let quotes = [level(5, 10), unknown].map(|bid| Quote { bid: Some(bid), ask: None });
        let touch = ConsolidatedTouch::of((0..).map(ListingId::new).zip(quotes));
        assert_eq!(touch.quote().bid.and_then(|bid| bid.known_size()), None);
    }

    mod property_tests {
        use proptest::prelude::*;

        use super::*;

        /// Returns the best price, the sum of its sizes and who shows it, found by looking at everything.
        fn naive(levels: &[(ListingId, Option<QuoteLevel>)], sign: i64) -> Option<ConsolidatedLevel> {
            let shown: Vec<(ListingId, QuoteLevel)> =
                levels.iter().filter_map(|(listing, level)| Some((*listing, (*level)?))).collect();
            let best = shown.iter().map(|(_, level)| sign * level.price.ticks()).max()?;
            let there = shown.iter().filter(|(_, level)| sign * level.price.ticks() == best);
            let lots = there.clone().map(|(_, level)| level.size.lots()).sum();
            let listings = there.map(|(listing, _)| *listing).collect();
            Some(ConsolidatedLevel { price: Price::new(sign * best), size: Quantity::new(lots), listings })
        }

        fn side() -> impl Strategy<Value = Option<QuoteLevel>> {
            prop::option::of((-5_i64..5, 1_u64..100).prop_map(|(ticks, lots)| level(ticks, lots)))
        }

        proptest! {
            #[test]
            fn prop_it_is_the_best_of_all_quotes(sides in prop::collection::vec((side(), side()), 0..8)) {
                let numbered = || (0..).map(ListingId::new).zip(&sides);
                let quotes = numbered().map(|(id, (bid, ask))| (id, Quote { bid: *bid, ask: *ask }));
                let touch = ConsolidatedTouch::of(quotes);
                let bids: Vec<_> = numbered().map(|(id, (bid, _))| (id, *bid)).collect();
                let asks: Vec<_> = numbered().map(|(id, (_, ask))| (id, *ask)).collect();
                prop_assert_eq!(&touch.bid, &naive(&bids, 1));
                prop_assert_eq!(&touch.ask, &naive(&asks, -1));
                let overlap = touch.bid.zip(touch.ask).map(|(bid, ask)| bid.price.ticks() - ask.price.ticks());
                let again = ConsolidatedTouch::of(numbered().map(|(id, (bid, ask))| {
                    (id, Quote { bid: *bid, ask: *ask })
                }));
                prop_assert_eq!(again.is_crossed(), overlap.is_some_and(|it| it > 0));
                prop_assert_eq!(again.is_locked(), overlap == Some(0));
            }
        }
    }
}
