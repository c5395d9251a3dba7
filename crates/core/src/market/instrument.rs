//! [`Instrument`], a tradable contract, and [`Listing`], an instrument at a venue.

use thiserror::Error;

use super::contract::Contract;
use super::fact::Trade;
use crate::units::{ActorId, Decimal, InstrumentId, Money, NetQuantity, Price, Quantity, VenueId};

/// What is traded: its symbol, the sizes of its tick and lot, and what a trade of it settles.
///
/// ```
/// use bearpit_core::market::Instrument;
/// use bearpit_core::units::{Price, Quantity};
///
/// let coin = Instrument::new("COIN", "0.5".parse()?, "0.001".parse()?)?;
/// let (price, quantity) = (Price::new(40_001), Quantity::new(1_500));
/// assert_eq!(coin.price_f64(price), 20_000.5);
/// assert_eq!(coin.quantity_f64(quantity), 1.5);
/// assert_eq!(coin.notional(price, quantity).to_string(), "30000.75");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    symbol: String,
    tick: Step,
    lot: Step,
    multiplier: Decimal,
    /// The money of one tick times one lot, in units of it: every notional is a multiple of it.
    unit: i64,
    min_price: Price,
    contract: Contract,
    issued: Option<Decimal>,
}

/// The lowest price of an instrument that says nothing else.
const ONE_TICK: Price = Price::new(1);

/// Why tick and lot do not make an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InstrumentError {
    /// A size is zero or below.
    #[error("tick and lot sizes, and a multiplier, must be above zero, not {0}")]
    NotPositive(Decimal),
    /// A tick times a lot is finer than money.
    #[error("one tick times one lot is {tick} x {lot}, finer than money's ten decimal places")]
    TooFine {
        /// The tick size.
        tick: Decimal,
        /// The lot size.
        lot: Decimal,
    },
    /// A tick times a lot is so large that the notional of a large order would overflow [`Money`].
    #[error("one tick times one lot is {tick} x {lot}, which must be at most 1000")]
    TooCoarse {
        /// The tick size.
        tick: Decimal,
        /// The lot size.
        lot: Decimal,
    },
    /// What was issued is no quantity of it.
    #[error("what is issued is {issued}, but must be a multiple of the lot size {lot}, above zero")]
    UnfitIssue {
        /// The quantity.
        issued: Decimal,
        /// The lot size.
        lot: Decimal,
    },
    /// A tick times a lot would be finer than money, or too large, by the multiplier.
    #[error(
        "one tick times one lot is {unit}, and with a multiplier of {multiplier} it must be a multiple of money's smallest part, 10^-10, and at most 1000"
    )]
    UnfitMultiplier {
        /// The multiplier.
        multiplier: Decimal,
        /// One tick times one lot.
        unit: Decimal,
    },
}

/// The largest money of one tick times one lot.
const UNIT_MAX: Money = Money::from_whole(1_000);

impl Instrument {
    /// Makes an instrument.
    ///
    /// # Errors
    /// [`InstrumentError`] if a size is not positive, or their product is finer than [`Money`] or above
    /// 1000.
    pub fn new(
        symbol: impl Into<String>,
        tick_size: Decimal,
        lot_size: Decimal,
    ) -> Result<Self, InstrumentError> {
        for size in [tick_size, lot_size] {
            if !size.is_positive() {
                return Err(InstrumentError::NotPositive(size));
            }
        }
        let unit = tick_size.checked_mul(lot_size).and_then(Money::from_decimal);
        let unit = unit.ok_or(InstrumentError::TooFine { tick: tick_size, lot: lot_size })?;
        if unit > UNIT_MAX {
            return Err(InstrumentError::TooCoarse { tick: tick_size, lot: lot_size });
        }
        // At most 1000 of the currency, which is 10^13 units of money.
        let Ok(unit) = i64::try_from(unit.units()) else {
            return Err(InstrumentError::TooCoarse { tick: tick_size, lot: lot_size });
        };
        Ok(Self {
            symbol: symbol.into(),
            tick: Step::of(tick_size),
            lot: Step::of(lot_size),
            multiplier: Decimal::new(1, 0),
            unit,
            min_price: ONE_TICK,
            contract: Contract::Spot,
            issued: None,
        })
    }

    /// Sets how many units of the currency a price of one is worth for each unit of quantity: the size of a
    /// contract; 1 unless it is set.
    ///
    /// ```
    /// use bearpit_core::market::Instrument;
    /// use bearpit_core::units::{Price, Quantity};
    ///
    /// let index = Instrument::new("ES", "0.25".parse()?, "1".parse()?)?.with_multiplier("50".parse()?)?;
    /// let (price, contracts) = (Price::new(20_001), Quantity::new(2));
    /// assert_eq!(index.price_f64(price), 5_000.25);
    /// assert_eq!(index.notional(price, contracts).to_string(), "500025.00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`InstrumentError`] if the multiplier is not positive, or makes one tick of one lot finer than
    /// [`Money`] or more than 1000.
    pub fn with_multiplier(mut self, multiplier: Decimal) -> Result<Self, InstrumentError> {
        if !multiplier.is_positive() {
            return Err(InstrumentError::NotPositive(multiplier));
        }
        let unit = self.tick.size.checked_mul(self.lot.size).unwrap_or(self.tick.size);
        let money = unit.checked_mul(multiplier).and_then(Money::from_decimal);
        let money = money.filter(|money| *money <= UNIT_MAX);
        let units = money.and_then(|money| i64::try_from(money.units()).ok());
        self.unit = units.ok_or(InstrumentError::UnfitMultiplier { multiplier, unit })?;
        self.multiplier = multiplier;
        Ok(self)
    }

    /// Sets what a trade settles: the thing itself, unless it is set.
    #[must_use]
    pub const fn with_contract(mut self, contract: Contract) -> Self {
        self.contract = contract;
        self
    }

    /// Sets how much of it there is, as what an issuer has sold at first; a multiple of the lot size. It is
    /// told, and steers nothing.
    ///
    /// # Errors
    /// [`InstrumentError`] if the quantity is not positive, or no multiple of the lot size.
    pub fn with_issued(mut self, issued: Decimal) -> Result<Self, InstrumentError> {
        if !issued.is_positive() || issued.in_units_of(self.lot.size).is_none() {
            return Err(InstrumentError::UnfitIssue { issued, lot: self.lot.size });
        }
        self.issued = Some(issued);
        Ok(self)
    }

    /// Returns how much of it there is, where that was set.
    #[must_use]
    pub const fn issued(&self) -> Option<Decimal> {
        self.issued
    }

    /// Returns how many units of the currency a price of one is worth for each unit of quantity.
    #[must_use]
    pub const fn multiplier(&self) -> Decimal {
        self.multiplier
    }

    /// Returns what a trade settles.
    #[must_use]
    pub const fn contract(&self) -> Contract {
        self.contract
    }

    /// Returns whether a trade moves no money but fees, as that of a future.
    #[must_use]
    #[inline]
    pub const fn is_future(&self) -> bool {
        !matches!(self.contract, Contract::Spot)
    }

    /// Sets the lowest price that orders may name; below one tick, prices may be zero and negative, as those
    /// of spreads and of power are.
    ///
    /// ```
    /// use bearpit_core::market::Instrument;
    /// use bearpit_core::units::Price;
    ///
    /// let oil = Instrument::new("CL", "0.01".parse()?, "1".parse()?)?.with_min_price(Price::new(-50_000));
    /// assert!(oil.allows(Price::new(-3_763)) && oil.may_be_negative());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_min_price(mut self, min_price: Price) -> Self {
        self.min_price = min_price;
        self
    }

    /// Returns the lowest price that orders may name: one tick, unless it was set.
    #[must_use]
    pub const fn min_price(&self) -> Price {
        self.min_price
    }

    /// Returns the lowest price as messages name it, such as `one tick of 0.01`.
    #[must_use]
    pub fn least_price(&self) -> String {
        if self.min_price == ONE_TICK {
            format!("one tick of {}", self.tick.size)
        } else {
            self.price_decimal(self.min_price).to_string()
        }
    }

    /// Returns whether prices may be zero or negative.
    #[must_use]
    pub const fn may_be_negative(&self) -> bool {
        self.min_price.ticks() < ONE_TICK.ticks()
    }

    /// Returns whether an order may name a price.
    #[must_use]
    pub const fn allows(&self, price: Price) -> bool {
        price.ticks() >= self.min_price.ticks() && price.ticks() <= Price::MAX_TICKS
    }

    /// Returns the price from which percentages of a price are counted: zero, or the lowest price where
    /// prices may be negative, since a percentage of a price near zero would be no distance at all.
    #[must_use]
    pub const fn zero_point(&self) -> Price {
        if self.may_be_negative() { self.min_price } else { Price::new(0) }
    }

    /// Returns the symbol.
    #[must_use]
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// Returns the smallest step of a price.
    #[must_use]
    pub const fn tick_size(&self) -> Decimal {
        self.tick.size
    }

    /// Returns the smallest step of a quantity.
    #[must_use]
    pub const fn lot_size(&self) -> Decimal {
        self.lot.size
    }

    /// Returns price times quantity, and times the multiplier, exactly.
    #[must_use]
    pub fn notional(&self, price: Price, quantity: Quantity) -> Money {
        self.times_unit(price.ticks(), i128::from(quantity.lots()))
    }

    /// Returns ticks times lots in money.
    #[inline]
    fn times_unit(&self, ticks: i64, lots: i128) -> Money {
        // Nearly all fit 64 bits, so that one multiplication does which cannot overflow.
        if let Some(product) = i64::try_from(lots).ok().and_then(|lots| ticks.checked_mul(lots)) {
            return Money::from_units(i128::from(product) * i128::from(self.unit));
        }
        Money::from_units(i128::from(self.unit) * (i128::from(ticks) * lots))
    }

    /// Returns an amount for each unit of the instrument times a signed holding, to the nearest 10^-10.
    #[must_use]
    pub fn payment(&self, each: Money, holding: NetQuantity) -> Money {
        let scale = self.lot_size().scale();
        let mantissa = self.lot_size().scaled(scale).unwrap_or(0);
        each.share(i128::from(holding.lots()) * mantissa, 10_i128.pow(scale))
    }

    /// Returns price times a signed holding, and times the multiplier, exactly.
    #[must_use]
    pub fn value(&self, price: Price, holding: NetQuantity) -> Money {
        self.times_unit(price.ticks(), i128::from(holding.lots()))
    }

    /// Returns what so many units of quantity cost at `amount` each, rounded half away from zero to
    /// [`Money`]'s unit; at most 10^20 of the currency in size, whatever the product.
    #[must_use]
    pub fn per_unit(&self, amount: Money, quantity: Quantity) -> Money {
        if amount == Money::ZERO {
            return Money::ZERO;
        }
        let most = Money::from_units(Money::UNITS * 10_i128.pow(20) * amount.units().signum());
        let size = self.lot.size;
        let product = size
            .scaled(size.scale())
            .and_then(|mantissa| mantissa.checked_mul(i128::from(quantity.lots())))
            .and_then(|units| units.checked_mul(amount.units()))
            .and_then(|product| {
                Some(Money::from_units(product).share(1, 10_i128.checked_pow(size.scale())?))
            });
        product.filter(|product| product.abs() < most.abs()).unwrap_or(most)
    }

    /// Returns the price as an exact decimal.
    #[must_use]
    pub fn price_decimal(&self, price: Price) -> Decimal {
        self.tick.size.checked_mul(Decimal::new(i128::from(price.ticks()), 0)).unwrap_or(self.tick.size)
    }

    /// Returns the double nearest to the price.
    #[must_use]
    #[inline]
    pub fn price_f64(&self, price: Price) -> f64 {
        self.tick.times(price.ticks())
    }

    /// Returns the double nearest to the quantity.
    #[must_use]
    #[inline]
    pub fn quantity_f64(&self, quantity: Quantity) -> f64 {
        self.lot.times(quantity.net().lots())
    }

    /// Returns the double nearest to the holding.
    #[must_use]
    #[inline]
    pub fn holding_f64(&self, holding: NetQuantity) -> f64 {
        self.lot.times(holding.lots())
    }

    /// Returns the price on the tick grid nearest to `value`, or `None` if it is not finite or too
    /// large; halves go up.
    #[must_use]
    pub fn nearest_price(&self, value: f64) -> Option<Price> {
        floor_count(value / self.tick.size_f64() + 0.5, Price::MAX_TICKS).map(Price::new)
    }

    /// Returns the last price on the grid at or below `value`, or `None` as for
    /// [`Instrument::nearest_price`]; a value within a millionth of a tick of the grid is on it.
    #[must_use]
    pub fn price_at_or_below(&self, value: f64) -> Option<Price> {
        floor_count(value / self.tick.size_f64() + 1e-6, Price::MAX_TICKS).map(Price::new)
    }

    /// Returns the first price on the grid at or above `value`, or `None` as for
    /// [`Instrument::nearest_price`]; a value within a millionth of a tick of the grid is on it.
    #[must_use]
    pub fn price_at_or_above(&self, value: f64) -> Option<Price> {
        to_count(libm::ceil(value / self.tick.size_f64() - 1e-6), Price::MAX_TICKS).map(Price::new)
    }

    /// Returns `value` as a quantity, or `None` if it is negative or not an integer number of lots.
    #[must_use]
    pub fn exact_quantity(&self, value: f64) -> Option<Quantity> {
        let lots = value / self.lot.size_f64();
        let whole = libm::round(lots);
        let near = libm::fabs(lots - whole) <= 1e-6;
        let count = to_count(whole, 1 << 40).filter(|count| *count >= 0 && near)?;
        Some(Quantity::new(count.unsigned_abs()))
    }

    /// Returns the largest quantity that is at most `value`; zero if it is negative or not finite.
    #[must_use]
    pub fn whole_lots_within(&self, value: f64) -> Quantity {
        let lots = libm::floor(value / self.lot.size_f64() + 1e-6);
        let count = to_count(lots, 1 << 40).filter(|count| *count > 0).unwrap_or(0);
        Quantity::new(count.unsigned_abs())
    }
}

/// The size of a tick or lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    size: Decimal,
    /// The size as a fraction if both parts fit 64 bits, as they nearly always do: converting 128 bits to a
    /// double is a function call.
    narrow: Option<(i64, i64)>,
    /// The bits of the size as a double: every price of a file is divided by it, and bits can be compared.
    bits: u64,
}

impl Step {
    fn of(size: Decimal) -> Self {
        let mantissa = i64::try_from(size.scaled(size.scale()).unwrap_or(0)).ok();
        let narrow = mantissa.zip(10_i64.checked_pow(size.scale()));
        Self { size, narrow, bits: size.to_f64().to_bits() }
    }

    const fn size_f64(&self) -> f64 {
        f64::from_bits(self.bits)
    }

    /// Returns the double nearest to `count` steps.
    ///
    /// Computed as one division of two integers, which is correctly rounded as long as both are below 2^53:
    /// 100.01 becomes the double that prints as 100.01.
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 exact; beyond it the nearest double will do")]
    #[inline]
    fn times(&self, count: i64) -> f64 {
        let product = self.narrow.and_then(|(mantissa, power)| Some((mantissa.checked_mul(count)?, power)));
        product
            .map_or_else(|| self.times_in_128_bits(count), |(product, power)| product as f64 / power as f64)
    }

    #[cold]
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 exact; beyond it the nearest double will do")]
    fn times_in_128_bits(&self, count: i64) -> f64 {
        let scale = self.size.scale();
        let mantissa = self.size.scaled(scale).unwrap_or(0);
        (i128::from(count) * mantissa) as f64 / 10_i128.pow(scale) as f64
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn to_count(whole: f64, limit: i64) -> Option<i64> {
    (libm::fabs(whole) <= limit as f64).then_some(whole as i64)
}

/// Returns the largest integer at or below `value`, if its size is at most `limit`, which is below 2^52.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
#[expect(clippy::cast_precision_loss, reason = "below 2^53")]
fn floor_count(value: f64, limit: i64) -> Option<i64> {
    // A cast cuts towards zero; it takes a tenth of the time of a call of `floor`.
    let cut = (libm::fabs(value) <= limit as f64 + 1.0).then_some(value as i64)?;
    let floor = cut - i64::from(cut as f64 > value);
    (floor.abs() <= limit).then_some(floor)
}

/// One instrument at one venue, with a book of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    /// The instrument.
    pub instrument: InstrumentId,
    /// The venue.
    pub venue: VenueId,
    /// The actor that runs the venue.
    pub exchange: ActorId,
    /// The reference price before the first trade, such as a previous close, if one is known.
    pub reference: Option<Price>,
    /// What is replayed there of a file, in the place of a book.
    pub replay: Option<ReplaySource>,
}

/// What a listing replays of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaySource {
    /// Bars.
    Bars,
    /// Trades, perhaps with quotes.
    Trades {
        /// Whether the file has their quantities.
        has_quantities: bool,
    },
    /// Quotes, without trades.
    Quotes,
}

impl Listing {
    /// Returns whether a file is replayed there, and not a book.
    #[must_use]
    pub const fn is_replayed(&self) -> bool {
        self.replay.is_some()
    }

    /// Returns whether a trade was one of the listing's own market: any in a book, and in a replay one of the
    /// file, but not a participant's fill.
    #[must_use]
    pub fn is_of_market(&self, trade: &Trade) -> bool {
        match self.replay {
            None => true,
            Some(ReplaySource::Trades { .. }) => trade.maker == trade.taker,
            Some(ReplaySource::Bars | ReplaySource::Quotes) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_a_count_is_the_floor_as_far_as_the_limit_goes(value in prop_oneof![
            any::<f64>(),
            -1e6..1e6,
            (-1000_i64..1000).prop_map(|whole| whole as f64),
            Just(-1e6 - 0.5),
            Just(1e6 + 0.5),
        ]) {
            let floor = libm::floor(value);
            #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
            let expected = (libm::fabs(floor) <= 1e6).then_some(floor as i64);
            prop_assert_eq!(floor_count(value, 1_000_000), expected);
        }
    }

    fn instrument(tick: &str, lot: &str) -> Result<Instrument, InstrumentError> {
        Instrument::new("ACME", tick.parse().unwrap(), lot.parse().unwrap())
    }

    #[test]
    fn what_is_issued_is_a_quantity() {
        let issued = |text: &str| instrument("0.01", "0.5").unwrap().with_issued(text.parse().unwrap());
        assert_eq!(issued("2.5").unwrap().issued(), Some("2.5".parse().unwrap()));
        assert_eq!(instrument("0.01", "0.5").unwrap().issued(), None);
        for text in ["0", "-1", "2.25"] {
            let message = issued(text).unwrap_err().to_string();
            assert!(message.contains(text) && message.contains("lot size 0.5"), "{message}");
        }
    }

    #[test]
    fn notional_is_exact() {
        let coin = instrument("0.01", "0.00000001").unwrap();
        let notional = coin.notional(Price::new(6_543_210), Quantity::new(1));
        assert_eq!(notional.to_string(), "0.000654321");
    }

    #[test]
    fn prices_come_out_as_the_double_people_type() {
        let stock = instrument("0.01", "1").unwrap();
        for ticks in [1, 29, 10_001, 122_923, 123_456_789_012] {
            let text = stock.price_decimal(Price::new(ticks)).to_string();
            assert_eq!(stock.price_f64(Price::new(ticks)).to_string(), text);
        }
    }

    #[test]
    fn rounding_to_the_grid_has_a_direction() {
        let stock = instrument("0.05", "1").unwrap();
        assert_eq!(stock.price_at_or_below(100.07), Some(Price::new(2_001)));
        assert_eq!(stock.price_at_or_above(100.07), Some(Price::new(2_002)));
        assert_eq!(stock.price_at_or_below(100.05), Some(Price::new(2_001)));
        assert_eq!(stock.price_at_or_above(100.05), Some(Price::new(2_001)));
        assert_eq!(stock.nearest_price(f64::NAN), None);
        assert_eq!(stock.nearest_price(1e300), None);
    }

    #[test]
    fn quantities_must_be_whole_lots() {
        let board = instrument("0.01", "100").unwrap();
        assert_eq!(board.exact_quantity(300.0), Some(Quantity::new(3)));
        assert_eq!(board.exact_quantity(250.0), None);
        assert_eq!(board.exact_quantity(-100.0), None);
        assert_eq!(board.whole_lots_within(250.0), Quantity::new(2));
        assert_eq!(board.whole_lots_within(f64::INFINITY), Quantity::ZERO);
    }

    #[test]
    fn sizes_that_money_cannot_hold_are_refused() {
        assert!(matches!(instrument("0", "1"), Err(InstrumentError::NotPositive(_))));
        assert!(matches!(instrument("0.000001", "0.00001"), Err(InstrumentError::TooFine { .. })));
        assert!(matches!(instrument("100", "11"), Err(InstrumentError::TooCoarse { .. })));
    }
}
