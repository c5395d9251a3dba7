//! Market data: what everybody may see of a market, from its publication, its status and its journal.
//!
//! | room | what it answers |
//! |---|---|
//! | `listings` | which listing a name means; instruments and quotes |
//! | `books` | books and trades; a book is written once for each of its versions |
//! | `candles`, `archive` | candles, from memory and from an archive as one series |
//! | `sessions` | phases that are planned; the market's status, its clock |
//! | `history`, `days` | days that are kept, and their replays |
//!
//! Prices and quantities are exact decimal numbers. Times are virtual unless they are called `wall`, and have
//! the clock of the market's zone: that of `[live]`, or UTC. Listings are named `ALFA`, or `ALFA@PIT` where
//! several venues list a symbol.

mod archive;
mod books;
mod candles;
#[cfg(test)]
mod day_tests;
mod days;
#[cfg(test)]
pub(crate) mod fixture;
mod history;
mod listings;
mod scale;
mod sessions;
#[cfg(test)]
mod tests;
mod views;
mod words;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bearpit::data::Zone;
use bearpit::scenario::{LiveClock, Scenario};
use bearpit_core::market::Instrument;
use bearpit_core::units::{InstrumentId, SimTime};

pub use archive::DatabaseArchive;
pub use books::{BookBytes, DEPTH_DEFAULT, DEPTH_MAX};
pub use candles::{
    ArchivedCandles, CANDLES_DEFAULT, CANDLES_MAX, CandleArchive, CandleQuery, CandlesWanted, End, NoArchive,
    ReadingArchive,
};
pub use days::{DayView, DaysView, ReplayChunks, ReplayLineKind, ReplayLineView, ReplayQuery, SegmentView};
pub use scale::Scale;
pub use sessions::{ClockView, ListingStatusView, MarketDayView, MarketStatusView, NextPhaseView, StageName};
pub use views::{
    BookView, CandleView, CandlesView, HoursView, InstrumentView, InstrumentsView, LevelView, QuoteView,
    QuotesView, TradeView, TradesView,
};
pub use words::{IntervalName, PhaseName, SideName};

use crate::domain::MarketTime;
use crate::driver::{MarketHandle, MarketStatus, ScenarioSource, SystemClock, WallClock};
use crate::publication::Publication;
use books::BookCache;
use days::DayArchive;
use listings::Names;
use sessions::Sessions;

/// What market data has to know of a market. It must answer at once.
pub trait MarketView: Send + Sync {
    /// Returns what readers see of it.
    fn publication(&self) -> Publication;

    /// Returns what it is doing.
    fn status(&self) -> Arc<MarketStatus>;

    /// Returns the wall time, since 1970.
    fn wall(&self) -> Duration;
}

impl MarketView for MarketHandle {
    fn publication(&self) -> Publication {
        Self::publication(self)
    }

    fn status(&self) -> Arc<MarketStatus> {
        Self::status(self)
    }

    fn wall(&self) -> Duration {
        SystemClock::new().system()
    }
}

/// What market data is made of.
pub struct MarketDataParts {
    /// The market.
    pub market: Box<dyn MarketView>,
    /// The scenario of its days.
    pub source: ScenarioSource,
    /// Where candles are that are no longer in memory.
    pub archive: Box<dyn CandleArchive>,
    /// The directory of the journal.
    pub journal: PathBuf,
    /// The directory in which replays of days are kept; made when it is needed.
    pub replays: PathBuf,
    /// The currency of all prices.
    pub currency: String,
}

impl fmt::Debug for MarketDataParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { journal, replays, currency, .. } = self;
        f.debug_struct("MarketDataParts")
            .field("journal", journal)
            .field("replays", replays)
            .field("currency", currency)
            .finish_non_exhaustive()
    }
}

/// Answers what everybody may ask about a market.
pub struct MarketData {
    market: Box<dyn MarketView>,
    archive: Box<dyn CandleArchive>,
    sessions: Sessions,
    zone: Zone,
    currency: String,
    names: Names,
    books: BookCache,
    days: DayArchive,
}

impl fmt::Debug for MarketData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MarketData").field("zone", &self.zone).finish_non_exhaustive()
    }
}

impl MarketData {
    /// The currency of prices if nobody says.
    pub const CURRENCY: &'static str = "USD";

    /// Puts it together.
    #[must_use]
    pub fn new(parts: MarketDataParts) -> Self {
        let MarketDataParts { market, source, archive, journal, replays, currency } = parts;
        let zone = match &source.live().clock {
            LiveClock::Wall { zone, .. } => zone.clone(),
            LiveClock::Scaled { .. } => Zone::utc(),
        };
        let sessions = Sessions::new(source.scenario().clone());
        let days = DayArchive::new(source, journal, replays);
        Self {
            market,
            archive,
            sessions,
            zone,
            currency,
            names: Names::default(),
            books: BookCache::default(),
            days,
        }
    }

    /// Returns what readers see of the market.
    #[must_use]
    pub fn publication(&self) -> Publication {
        self.market.publication()
    }

    /// Returns the currency of all amounts.
    #[must_use]
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// Returns the scenario of the market's days.
    #[must_use]
    pub const fn scenario(&self) -> &Scenario {
        self.sessions.scenario()
    }

    /// Returns the zone of the market's clock.
    #[must_use]
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Returns an instrument by its number, which is its place in the scenario.
    #[must_use]
    pub fn instrument(&self, id: InstrumentId) -> Option<&Instrument> {
        self.sessions.scenario().instruments.get(id.index()).map(|it| &it.instrument)
    }

    /// Returns an instant with the clock of the market's zone.
    #[must_use]
    pub fn time(&self, at: SimTime) -> MarketTime {
        MarketTime::new(at, &self.zone)
    }

    /// Returns how an instrument's numbers and times are written.
    #[must_use]
    pub const fn scale<'a>(&'a self, instrument: &'a Instrument) -> Scale<'a> {
        Scale { instrument, zone: &self.zone }
    }
}
