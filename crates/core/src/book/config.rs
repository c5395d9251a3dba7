//! [`BookConfig`]: the matching rules of a book.

use crate::units::Price;

/// How an incoming quantity is allocated to the orders at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Matching {
    /// First in, first out.
    #[default]
    PriceTime,
    /// In proportion to displayed quantities, rounded down; the remainder by time.
    ProRata,
    /// The first order in the queue is filled up to a share of the incoming quantity, then the others by
    /// time, then the remainder by time again.
    TopShare {
        /// The share of the first order, in percent; 0 to 100.
        percent: u8,
    },
}

/// Price bands, in basis points; an absent band does not bind.
///
/// The *anchor* is the price of the last auction, or of the first trade where there was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PriceBands {
    /// A trade farther than this from the anchor would be a halt instead.
    pub static_bps: Option<u32>,
    /// A trade farther than this from the last trade before it would be a halt instead.
    pub dynamic_bps: Option<u32>,
    /// A limit farther than this from the anchor is rejected.
    pub limit_bps: Option<u32>,
}

impl PriceBands {
    /// Returns the lowest and highest tick at which a trade does not halt the book.
    #[must_use]
    pub fn trading(&self, anchor: Option<Price>, last: Option<Price>) -> (i64, i64) {
        let (low, high) = band(self.static_bps, anchor);
        let (dynamic_low, dynamic_high) = band(self.dynamic_bps, last);
        (low.max(dynamic_low), high.min(dynamic_high))
    }

    /// Returns whether an order may have this limit.
    #[must_use]
    pub fn allow_limit(&self, anchor: Option<Price>, limit: Price) -> bool {
        let (low, high) = band(self.limit_bps, anchor);
        (low..=high).contains(&limit.ticks())
    }
}

/// Returns the ticks within `bps` of `around`, or all ticks if one of them is absent.
fn band(bps: Option<u32>, around: Option<Price>) -> (i64, i64) {
    let Some((bps, around)) = bps.zip(around) else { return (i64::MIN, i64::MAX) };
    let ticks = i128::from(around.ticks());
    let width = i64::try_from(ticks.abs() * i128::from(bps) / 10_000).unwrap_or(i64::MAX / 2);
    (around.ticks().saturating_sub(width), around.ticks().saturating_add(width))
}

/// The matching rules of one book.
///
/// ```
/// use bearpit_core::book::{BookConfig, Matching, OrderBook, PriceBands};
/// use bearpit_core::units::Price;
///
/// let bands = PriceBands { dynamic_bps: Some(200), ..PriceBands::default() };
/// let config = BookConfig {
///     matching: Matching::TopShare { percent: 40 },
///     bands,
///     reference: Some(Price::new(10_000)),
///     ..BookConfig::default()
/// };
/// assert!(OrderBook::new(config).is_empty());
/// assert_eq!(bands.trading(None, Some(Price::new(10_000))), (9_800, 10_200));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BookConfig {
    /// How an incoming quantity is allocated to the orders at one price.
    pub matching: Matching,
    /// The price bands.
    pub bands: PriceBands,
    /// The reference price of auctions and bands before the first trade.
    pub reference: Option<Price>,
    /// The lowest price of the instrument, below which the book moves no order: neither a peg nor a slide.
    pub min_price: Price,
}

impl BookConfig {
    /// Returns the price nearest to `price` at which orders without a limit may trade with each other: not
    /// below the lowest price of the instrument, nor beyond what an order may name.
    pub(super) fn legal(&self, price: Price) -> Price {
        let ticks = price.max(self.min_price).ticks();
        Price::new(ticks.clamp(-Price::MAX_TICKS, Price::MAX_TICKS))
    }
}

impl Default for BookConfig {
    /// Price and time, no bands, no reference, prices above zero.
    fn default() -> Self {
        Self {
            matching: Matching::default(),
            bands: PriceBands::default(),
            reference: None,
            min_price: Price::new(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrower_band_binds_and_an_unset_one_does_not() {
        let bands = PriceBands { static_bps: Some(1_000), dynamic_bps: Some(200), limit_bps: None };
        let (anchor, last) = (Some(Price::new(1_000)), Some(Price::new(1_090)));
        assert_eq!(bands.trading(anchor, last), (1_069, 1_100));
        assert_eq!(bands.trading(None, None), (i64::MIN, i64::MAX));
        assert!(bands.allow_limit(anchor, Price::new(1 << 40)));
        let limited = PriceBands { limit_bps: Some(500), ..PriceBands::default() };
        assert!(limited.allow_limit(anchor, Price::new(1_050)));
        assert!(!limited.allow_limit(anchor, Price::new(1_051)));
    }
}
