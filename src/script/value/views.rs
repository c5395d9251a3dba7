//! The objects that scripts read: bars, quotes, trades, books, phases, holdings, times.
//!
//! An object holds ticks, lots and a shared [`ListingInfo`]. A field is converted to an amount of currency
//! or a text when it is read, so that a field that is not read costs nothing.

use std::rc::Rc;
use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString};

use crate::script::value::listing::ListingInfo;
use bearpit_core::account::MarginCall;
use bearpit_core::market::{Bar, CorporateAction, Ladders, Phase, Quote, QuoteLevel, Side, SplitFactors};
use bearpit_core::units::{Price, Quantity, SimTime};

/// The trades of an interval.
#[derive(Debug, Clone)]
pub(crate) struct BarView {
    pub(crate) listing: Rc<ListingInfo>,
    pub(crate) bar: Bar,
}

impl BarView {
    /// Makes a bar of open, high, low, close and volume, with at most two decimal places.
    #[cfg(test)]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "tests give small numbers")]
    pub(crate) fn of_numbers(prices: [f64; 4], volume: f64) -> Self {
        let [open, high, low, close] = prices.map(|price| Price::new((price * 100.0).round() as i64));
        let span = bearpit_core::units::SimDuration::from_secs(60);
        let quantity = Quantity::new(volume as u64);
        let bar = Bar::open_at(SimTime::from_nanos(0), span.into(), open, quantity);
        Self { listing: ListingInfo::acme(), bar: Bar { high, low, close, ..bar } }
    }

    /// Returns open, high, low and close.
    pub(crate) fn prices(&self) -> [f64; 4] {
        [self.bar.open, self.bar.high, self.bar.low, self.bar.close].map(|price| self.listing.price(price))
    }

    /// Returns the volume, if it is known.
    pub(crate) fn volume(&self) -> Option<f64> {
        self.bar.volume.map(|volume| self.listing.quantity(volume))
    }

    pub(crate) fn close(&self) -> f64 {
        self.listing.price(self.bar.close)
    }
}

/// A touch.
#[derive(Debug, Clone)]
pub(crate) struct QuoteView {
    pub(crate) listing: Rc<ListingInfo>,
    pub(crate) quote: Quote,
    /// When it changed at the venue; when it was looked at, if the script did.
    pub(crate) at: SimTime,
}

impl QuoteView {
    pub(crate) fn bid(&self) -> Option<f64> {
        self.quote.bid.map(|level| self.listing.price(level.price))
    }

    pub(crate) fn ask(&self) -> Option<f64> {
        self.quote.ask.map(|level| self.listing.price(level.price))
    }

    pub(crate) fn mid(&self) -> Option<f64> {
        Some(f64::midpoint(self.bid()?, self.ask()?))
    }

    pub(crate) fn spread(&self) -> Option<f64> {
        Some(self.ask()? - self.bid()?)
    }

    /// Returns the mid weighted by the opposite sizes: nearer to the thinner side.
    pub(crate) fn microprice(&self) -> Option<f64> {
        let (bid, ask) = (self.quote.bid?, self.quote.ask?);
        let (bid_size, ask_size) = (self.size(bid)?, self.size(ask)?);
        let weighted = self.listing.price(bid.price) * ask_size + self.listing.price(ask.price) * bid_size;
        Some(weighted / (bid_size + ask_size))
    }

    pub(crate) fn size(&self, level: QuoteLevel) -> Option<f64> {
        level.known_size().map(|size| self.listing.quantity(size))
    }
}

/// The best bid and ask of an instrument over all its venues.
#[derive(Debug, Clone)]
pub(crate) struct ConsolidatedQuoteView {
    /// One of the instrument's listings: all have its symbol, ticks and lots.
    pub(crate) listing: Rc<ListingInfo>,
    pub(crate) quote: Quote,
    pub(crate) bid_venues: Vec<ImmutableString>,
    pub(crate) ask_venues: Vec<ImmutableString>,
    pub(crate) is_locked: bool,
    pub(crate) is_crossed: bool,
    /// When it was looked at.
    pub(crate) at: SimTime,
}

impl ConsolidatedQuoteView {
    /// Returns it as a touch.
    pub(crate) fn touch(&self) -> QuoteView {
        QuoteView { listing: Rc::clone(&self.listing), quote: self.quote, at: self.at }
    }
}

/// A trade between any participants.
#[derive(Debug, Clone)]
pub(crate) struct TradeView {
    pub(crate) listing: Rc<ListingInfo>,
    pub(crate) price: Price,
    pub(crate) quantity: Quantity,
    pub(crate) aggressor: Side,
    pub(crate) phase: Phase,
    pub(crate) at: SimTime,
}

/// The best levels of a book.
#[derive(Debug, Clone)]
pub(crate) struct BookView {
    pub(crate) listing: Rc<ListingInfo>,
    pub(crate) ladders: Arc<Ladders>,
}

impl BookView {
    pub(crate) fn side(&self, levels: &[QuoteLevel]) -> Array {
        let level = |level: &QuoteLevel| LevelView {
            price: self.listing.price(level.price),
            size: self.listing.quantity(level.size),
        };
        levels.iter().map(|it| Dynamic::from(level(it))).collect()
    }

    /// Returns bid less ask quantity, as a share of their sum.
    #[expect(clippy::cast_precision_loss, reason = "a share of lots below 2^53 is exact enough to decide by")]
    pub(crate) fn imbalance(&self) -> Option<f64> {
        let lots = |levels: &[QuoteLevel]| levels.iter().map(|level| level.size.lots()).sum::<u64>() as f64;
        let (bids, asks) = (lots(&self.ladders.bids), lots(&self.ladders.asks));
        (bids + asks > 0.0).then(|| (bids - asks) / (bids + asks))
    }
}

/// One level of a book.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LevelView {
    pub(crate) price: f64,
    pub(crate) size: f64,
}

/// The beginning of a phase of a venue's session.
#[derive(Debug, Clone)]
pub(crate) struct PhaseView {
    pub(crate) listing: Rc<ListingInfo>,
    pub(crate) phase: Phase,
    pub(crate) at: SimTime,
}

/// A margin call.
#[derive(Debug, Clone)]
pub(crate) struct MarginCallView {
    pub(crate) call: MarginCall,
    pub(crate) at: SimTime,
}

/// A split or dividend of a replayed market.
#[derive(Debug, Clone)]
pub(crate) struct ActionView {
    pub(crate) listing: Rc<ListingInfo>,
    pub(crate) action: CorporateAction,
    pub(crate) at: SimTime,
}

impl ActionView {
    /// Returns `split` or `dividend`.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.action {
            CorporateAction::Split(_) => "split",
            CorporateAction::Dividend(_) => "dividend",
        }
    }

    /// Returns by what a split multiplies prices and volumes; ones for a dividend.
    pub(crate) fn factors(&self) -> SplitFactors {
        match self.action {
            CorporateAction::Split(ratio) => ratio.factors(),
            CorporateAction::Dividend(_) => SplitFactors { price: 1.0, volume: 1.0 },
        }
    }

    /// Returns what a dividend pays on each unit.
    pub(crate) fn amount(&self) -> Option<f64> {
        match self.action {
            CorporateAction::Split(_) => None,
            CorporateAction::Dividend(each) => Some(each.to_f64()),
        }
    }
}

/// The position in an instrument.
#[derive(Debug, Clone)]
pub(crate) struct HoldingView {
    pub(crate) listing: Rc<ListingInfo>,
    pub(crate) quantity: f64,
    pub(crate) average_price: Option<f64>,
    pub(crate) realized: f64,
    pub(crate) unrealized: Option<f64>,
    pub(crate) value: Option<f64>,
}

/// A virtual time, with its day and time of day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClockView(pub(crate) SimTime);

const SECONDS_OF_DAY: i64 = 86_400;
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Returns a time in seconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "to a microsecond for centuries; `time_ns` is exact")]
pub(crate) fn seconds(at: SimTime) -> f64 {
    at.nanos() as f64 / 1e9
}

impl ClockView {
    /// Returns the day in the calendar.
    pub(crate) fn day(self) -> jiff::civil::Date {
        let day = jiff::Timestamp::from_second(self.seconds());
        // What lies beyond the calendar of `jiff` lies beyond the nanoseconds of `SimTime` too.
        day.map_or(jiff::civil::Date::ZERO, |at| at.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    const fn seconds(self) -> i64 {
        self.0.nanos().div_euclid(1_000_000_000)
    }

    pub(crate) const fn second_of_day(self) -> i64 {
        self.seconds().rem_euclid(SECONDS_OF_DAY)
    }

    pub(crate) fn weekday(self) -> &'static str {
        // The first of January 1970 was a Thursday.
        let day = (self.seconds().div_euclid(SECONDS_OF_DAY) + 3).rem_euclid(7);
        usize::try_from(day).ok().and_then(|day| WEEKDAYS.get(day)).copied().unwrap_or("")
    }

    pub(crate) fn date(self) -> String {
        let text = self.0.to_string();
        text.split('T').next().unwrap_or(&text).to_owned()
    }

    #[expect(clippy::cast_precision_loss, reason = "a day has less than 2^53 nanoseconds")]
    pub(crate) fn seconds_of_day(self) -> f64 {
        self.0.nanos().rem_euclid(SECONDS_OF_DAY * 1_000_000_000) as f64 / 1e9
    }
}
