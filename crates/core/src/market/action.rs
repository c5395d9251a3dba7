//! [`CorporateAction`]: what an issuer does to all holders of an instrument at once.

use std::fmt;

use super::order::{Link, OrderKind, OrderTerms};
use super::replacement::Replacement;
use super::side::Side;
use super::trailing::TrailingDistance;
use crate::units::{Money, NetQuantity, Price, Quantity, greatest_common_divisor};

/// A split or a dividend; it takes effect before the open of its ex-day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorporateAction {
    /// Each holding becomes another number of shares of the same worth.
    Split(SplitRatio),
    /// Each unit held at the previous close is paid so much; who is short pays it.
    Dividend(Money),
}

/// How many shares a split gives for how many; in lowest terms.
///
/// ```
/// use bearpit_core::market::{Side, SplitRatio};
/// use bearpit_core::units::{NetQuantity, Price};
///
/// let three_for_two = SplitRatio::new(3, 2).ok_or("no ratio")?;
/// let split = three_for_two.holding(NetQuantity::new(101));
/// assert_eq!((split.holding, split.remainder), (NetQuantity::new(151), 1), "and a half of a lot");
/// // Prices of purchases are rounded down and of sales up, so that nobody gets worse than was asked.
/// assert_eq!(three_for_two.price_of(Side::Buy, Price::new(100)), Price::new(66));
/// assert_eq!(three_for_two.price_of(Side::Sell, Price::new(100)), Price::new(67));
/// assert_eq!("1:10".parse::<SplitRatio>()?.to_string(), "1:10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SplitRatio {
    new: u32,
    old: u32,
}

/// A holding after a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitHolding {
    /// The whole lots, rounded toward zero.
    pub holding: NetQuantity,
    /// What is left of a lot, in parts of which [`SplitRatio::old`] make one; signed like the holding.
    pub remainder: i64,
}

/// What a split does to prices and volumes of the time before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SplitFactors {
    /// By which a price is multiplied.
    pub price: f64,
    /// By which a volume is multiplied.
    pub volume: f64,
}

/// The largest number of shares for one, and the largest number that become one.
const RATIO_MAX: u32 = 10_000;
/// The largest number in a ratio.
const TERM_MAX: u32 = 1_000_000;

impl SplitRatio {
    /// Makes a ratio of `new` shares for `old`; `None` unless it is from 1:10,000 to 10,000:1 and other than
    /// one, in numbers from 1 to a million.
    #[must_use]
    pub fn new(new: u32, old: u32) -> Option<Self> {
        let fits = |term: u32| (1..=TERM_MAX).contains(&term);
        if !fits(new) || !fits(old) || new == old {
            return None;
        }
        let (more, less) = (new.max(old), new.min(old));
        if more.div_ceil(less) > RATIO_MAX {
            return None;
        }
        let divisor = greatest_common_divisor(new.into(), old.into());
        let term = |term: u32| u32::try_from(u64::from(term) / divisor).unwrap_or(term);
        Some(Self { new: term(new), old: term(old) })
    }

    /// Returns the ratio that a file writes as so many new shares for one old: 2, 1.5, 0.1, or 0.333333 for a
    /// third.
    #[must_use]
    pub fn from_f64(shares: f64) -> Option<Self> {
        if !(shares.is_finite() && shares > 0.0 && shares <= f64::from(RATIO_MAX)) {
            return None;
        }
        let near = |old: u32| {
            let new = (shares * f64::from(old)).round();
            let error = (new / f64::from(old) - shares).abs();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a million")]
            (error <= 5e-6 * shares && new <= f64::from(TERM_MAX)).then_some((new as u32, old))
        };
        let (new, old) = (1..=100).find_map(near).or_else(|| near(TERM_MAX))?;
        Self::new(new, old)
    }

    /// Returns the new shares.
    #[must_use]
    pub const fn new_shares(self) -> u32 {
        self.new
    }

    /// Returns the old shares for which they are given.
    #[must_use]
    pub const fn old(self) -> u32 {
        self.old
    }

    /// Returns the factors for prices and volumes of the time before.
    #[must_use]
    pub fn factors(self) -> SplitFactors {
        let (new, old) = (f64::from(self.new), f64::from(self.old));
        SplitFactors { price: old / new, volume: new / old }
    }

    /// Returns an order's price after the split: rounded down for a purchase and up for a sale.
    #[must_use]
    pub fn price_of(self, side: Side, price: Price) -> Price {
        let (ticks, new) = (i128::from(price.ticks()) * i128::from(self.old), i128::from(self.new));
        let down = ticks.div_euclid(new);
        let is_between = i128::from(down * new != ticks);
        to_price(down + if side == Side::Sell { is_between } else { 0 })
    }

    /// Returns a market price after the split, to the nearest tick; halves go up.
    #[must_use]
    pub fn nearest_price(self, price: Price) -> Price {
        let (ticks, new) = (i128::from(price.ticks()) * i128::from(self.old), i128::from(self.new));
        to_price((2 * ticks + new).div_euclid(2 * new))
    }

    /// Returns the prices of a bar after the split, each to the nearest tick.
    #[must_use]
    pub fn nearest_prices(self, prices: [Price; 4]) -> [Price; 4] {
        prices.map(|price| self.nearest_price(price))
    }

    /// Returns a quantity after the split, rounded down to whole lots.
    #[must_use]
    pub fn quantity(self, quantity: Quantity) -> Quantity {
        let lots = u128::from(quantity.lots()) * u128::from(self.new) / u128::from(self.old);
        Quantity::new(u64::try_from(lots).unwrap_or(u64::MAX))
    }

    /// Returns a part of an order after the split: as [`SplitRatio::quantity`], but at least a lot if it was
    /// not nothing.
    #[must_use]
    pub fn part(self, quantity: Quantity) -> Quantity {
        let least = Quantity::new(u64::from(!quantity.is_zero()));
        self.quantity(quantity).max(least)
    }

    /// Returns a holding after the split, and what is left of a lot.
    #[must_use]
    pub fn holding(self, holding: NetQuantity) -> SplitHolding {
        let parts = i128::from(holding.lots()) * i128::from(self.new);
        let old = i128::from(self.old);
        let narrow = |value: i128| i64::try_from(value).unwrap_or(i64::MAX);
        SplitHolding { holding: NetQuantity::new(narrow(parts / old)), remainder: narrow(parts % old) }
    }

    /// Returns an order's kind after the split.
    #[must_use]
    pub fn kind(self, side: Side, kind: OrderKind) -> OrderKind {
        let price = |price| self.price_of(side, price);
        match kind {
            OrderKind::Limit(limit) => OrderKind::Limit(price(limit)),
            OrderKind::Market { protection } => OrderKind::Market { protection: protection.map(price) },
            OrderKind::MarketToLimit { protection } => {
                OrderKind::MarketToLimit { protection: protection.map(price) }
            }
            OrderKind::Stop { trigger, protection } => {
                OrderKind::Stop { trigger: price(trigger), protection: protection.map(price) }
            }
            OrderKind::StopLimit { trigger, limit } => {
                OrderKind::StopLimit { trigger: price(trigger), limit: price(limit) }
            }
            OrderKind::TrailingStop { distance, protection } => {
                let distance = self.distance(distance);
                OrderKind::TrailingStop { distance, protection: protection.map(price) }
            }
            OrderKind::Pegged { to, offset, limit } => {
                OrderKind::Pegged { to, offset, limit: limit.map(price) }
            }
        }
    }

    /// Returns an order's terms after the split.
    #[must_use]
    pub fn terms(self, terms: &OrderTerms) -> OrderTerms {
        let exit = |price| self.price_of(terms.side.opposite(), price);
        let link = match terms.link {
            Link::Bracket { take_profit, stop_loss } => Link::Bracket {
                take_profit: take_profit.map(exit),
                stop_loss: stop_loss.map(|stop| stop.map(exit)),
            },
            Link::Pair(stop) => Link::Pair(stop.map(|price| self.price_of(terms.side, price))),
            link => link,
        };
        let quantity = self.quantity(terms.quantity);
        let part = |part| self.part(part).min(quantity);
        OrderTerms {
            quantity,
            kind: self.kind(terms.side, terms.kind),
            display: terms.display.map(part),
            minimum: terms.minimum.map(part),
            link,
            ..*terms
        }
    }

    /// Returns the distance of a trailing stop after the split.
    fn distance(self, distance: TrailingDistance) -> TrailingDistance {
        match distance {
            TrailingDistance::Ticks(ticks) => {
                TrailingDistance::Ticks(self.nearest_price(Price::new(ticks)).ticks().max(1))
            }
            TrailingDistance::BasisPoints(_) => distance,
        }
    }

    /// Returns what a replace on its way to the venue asks for, after the split; `side` is that of the order,
    /// if that is open.
    #[must_use]
    pub fn replacement(self, side: Option<Side>, new: &Replacement) -> Replacement {
        let price = |price: Price| side.map_or(price, |side| self.price_of(side, price));
        Replacement {
            price: new.price.map(price),
            quantity: new.quantity.map(|quantity| self.quantity(quantity)),
            trigger: new.trigger.map(price),
            distance: new.distance.map(|distance| self.distance(distance)),
            time_in_force: new.time_in_force,
        }
    }
}

fn to_price(ticks: i128) -> Price {
    Price::new(i64::try_from(ticks).unwrap_or(Price::MAX_TICKS))
}

impl fmt::Display for SplitRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.new, self.old)
    }
}

/// Says that a text is no ratio of a split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no split: write new shares for old ones, such as `2:1` or `2`, from 1:10000 to 10000:1")]
pub struct BadSplit(pub String);

impl std::str::FromStr for SplitRatio {
    type Err = BadSplit;

    /// Reads `3:2`, `3/2` or `1.5`.
    fn from_str(text: &str) -> Result<Self, BadSplit> {
        let parts = text.split_once([':', '/']);
        let ratio = match parts {
            Some((new, old)) => {
                let term = |text: &str| text.trim().parse::<u32>().ok();
                term(new).zip(term(old)).and_then(|(new, old)| Self::new(new, old))
            }
            None => text.trim().parse().ok().and_then(Self::from_f64),
        };
        ratio.ok_or_else(|| BadSplit(text.to_owned()))
    }
}

impl fmt::Display for CorporateAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Split(ratio) => write!(f, "split {ratio}"),
            Self::Dividend(amount) => write!(f, "dividend {amount}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ratios_are_read_as_vendors_write_them() {
        for (text, wanted) in [
            ("2", "2:1"),
            ("2.0", "2:1"),
            ("4:2", "2:1"),
            ("3/2", "3:2"),
            ("1.5", "3:2"),
            ("0.1", "1:10"),
            ("0.333333", "1:3"),
            ("0.3333333333", "1:3"),
            ("1.05", "21:20"),
            ("1:1500", "1:1500"),
            ("1.000037", "1000037:1000000"),
        ] {
            let read = text.parse::<SplitRatio>().map(|ratio| ratio.to_string());
            let wanted = if wanted.starts_with("1000037") { Err(()) } else { Ok(wanted.to_owned()) };
            assert_eq!(read.map_err(drop), wanted, "{text}");
        }
        for text in
            ["", "0", "-2", "1", "3:3", "2:0", "0:2", "two", "nan", "inf", "1e300", "20000", "1:20000"]
        {
            assert!(text.parse::<SplitRatio>().is_err(), "{text}");
        }
    }

    fn ratios() -> impl Strategy<Value = SplitRatio> {
        (1..60_u32, 1..60_u32).prop_filter_map("a split", |(new, old)| SplitRatio::new(new, old))
    }

    proptest! {
        #[test]
        fn prop_a_split_keeps_holdings_to_the_part_and_prices_to_the_tick(
            ratio in ratios(),
            lots in -1_000_000..1_000_000_i64,
            ticks in -1_000_000..1_000_000_i64,
        ) {
            let (new, old) = (i64::from(ratio.new_shares()), i64::from(ratio.old()));
            let split = ratio.holding(NetQuantity::new(lots));
            prop_assert_eq!(split.holding.lots() * old + split.remainder, lots * new);
            prop_assert!(split.remainder.abs() < old && split.remainder * lots >= 0);
            let price = Price::new(ticks);
            let [bought, sold] = [Side::Buy, Side::Sell].map(|side| ratio.price_of(side, price).ticks());
            prop_assert!(bought * new <= ticks * old && sold * new >= ticks * old);
            prop_assert!(sold - bought <= 1);
            let nearest = ratio.nearest_price(price).ticks();
            prop_assert!((bought..=sold).contains(&nearest));
            prop_assert!((2 * (nearest * new - ticks * old)).abs() <= new);
            let lots = Quantity::new(lots.unsigned_abs());
            prop_assert_eq!(ratio.quantity(lots), split.holding.magnitude());
        }
    }
}
