//! One tracked account over time.

use std::mem;

use thiserror::Error;

use super::attribution::Attribution;
use super::data::{AccountData, FillMark, OpenPosition, PositionSeries};
use super::endings::Endings;
use super::exposure::Exposure;
use super::plotted::PlottedBuilder;
use super::top_trips::TopTrips;
use super::trip::AccountTrip;
use crate::analysis::metrics::trading::Missing;
use crate::analysis::metrics::{Measures, TradingTotals, account, trading};
use crate::analysis::rows::account_rows::{FillRow, MarkRow};
use crate::analysis::sampling::equity_sampler::{MarginCallMark, Ruin, Sampled, Sampler};
use crate::analysis::sampling::periods::Periods;
use crate::analysis::sampling::sessions::Sessions;
use crate::analysis::series::{EvenSample, LineDownsampler};
use crate::record::AccountSummary;
use bearpit_core::account::trips::{AverageTrips, Execution, FifoTrips, RoundTrip};
use bearpit_core::market::{Instrument, Side, SplitRatio};
use bearpit_core::units::{Money, NetQuantity, Price, SimDuration};

/// What an account does in one instrument.
#[derive(Debug, Clone)]
struct Book {
    instrument: Instrument,
    /// What was held at the start.
    opening: NetQuantity,
    position: LineDownsampler,
    has_rows: bool,
    /// Whether something is held that has no mark.
    is_unmarked: bool,
    /// What was held at the last mark, and the price of that.
    held: f64,
    marked_at: Option<f64>,
    /// None until it is known what the opening holding counts as.
    trips: Option<Trips>,
    /// How many shares one of the start has become by splits.
    shares: f64,
    /// Fills from before that is known: only where another venue than the first trades before the first is
    /// quoted.
    held_back: Vec<Execution>,
}

/// Round trips in both ways of matching.
#[derive(Debug, Clone)]
struct Trips {
    average: AverageTrips,
    fifo: FifoTrips,
}

/// Collects one account, row by row in order of time; fills come before the marks of the same time.
#[derive(Debug, Clone)]
pub(crate) struct AccountBuilder {
    start: i64,
    sampler: Sampler,
    equity: LineDownsampler,
    drawdown: LineDownsampler,
    peak: Option<f64>,
    books: Vec<Book>,
    exposure: Exposure,
    fills: EvenSample<FillMark>,
    trips: EvenSample<AccountTrip>,
    top_trips: TopTrips,
    fifo_trips: EvenSample<AccountTrip>,
    /// Trips that a fill has just ended; empty between two.
    ended: Vec<RoundTrip>,
    /// What its strategy plots.
    pub(crate) plotted: PlottedBuilder,
    /// Its sums so far.
    pub(crate) totals: TradingTotals,
    /// How its orders ended.
    pub(crate) endings: Endings,
    /// When the market noted its ruin, if it did.
    ruin: Option<Ruin>,
    margin_calls: Vec<MarginCallMark>,
}

/// Returns what a price of one is worth for each unit.
fn multiplier(instrument: &Instrument) -> f64 {
    instrument.multiplier().to_f64()
}

impl AccountBuilder {
    /// Begins with nothing held; `missing` says what will not be known, and `benchmark` which instrument the
    /// account is held against, if not all.
    pub(crate) fn new(
        instruments: &[Instrument],
        periods: Periods,
        missing: Missing,
        benchmark: Option<usize>,
    ) -> Self {
        let extent = periods.extent;
        let book = |instrument: &Instrument| Book {
            instrument: instrument.clone(),
            opening: NetQuantity::ZERO,
            position: LineDownsampler::new(extent),
            has_rows: false,
            is_unmarked: false,
            held: 0.0,
            marked_at: None,
            trips: None,
            shares: 1.0,
            held_back: Vec::new(),
        };
        Self {
            start: extent.start(),
            sampler: Sampler::new(periods, instruments.len(), benchmark),
            equity: LineDownsampler::new(extent),
            drawdown: LineDownsampler::new(extent),
            peak: None,
            exposure: Exposure::new(instruments.iter().map(multiplier).collect()),
            books: instruments.iter().map(book).collect(),
            fills: EvenSample::new(AccountData::MARKS_MAX),
            trips: EvenSample::new(AccountData::TRIPS_MAX),
            top_trips: TopTrips::default(),
            fifo_trips: EvenSample::new(AccountData::TRIPS_MAX),
            ended: Vec::new(),
            plotted: PlottedBuilder::default(),
            totals: TradingTotals { missing, ..TradingTotals::default() },
            endings: Endings::default(),
            ruin: None,
            margin_calls: Vec::new(),
        }
    }

    /// Says what is held of an instrument at the start; before all rows.
    pub(crate) fn hold(&mut self, instrument: usize, holding: NetQuantity) {
        if let Some(book) = self.books.get_mut(instrument) {
            book.opening = holding;
        }
    }

    /// Returns what was held of an instrument at the start, and the instrument.
    pub(crate) fn opening(&self, instrument: usize) -> Option<(NetQuantity, &Instrument)> {
        self.books.get(instrument).map(|book| (book.opening, &book.instrument))
    }

    /// Says what the opening holding of an instrument counts as: from then on its round trips are known.
    pub(crate) fn open(&mut self, instrument: usize, cost: Money) {
        let start = self.start;
        let Some(book) = self.books.get_mut(instrument).filter(|book| book.trips.is_none()) else { return };
        book.trips = Some(Trips {
            average: AverageTrips::new(book.instrument.clone(), start, book.opening, cost),
            fifo: FifoTrips::new(book.instrument.clone(), start, book.opening, cost),
        });
        for execution in mem::take(&mut book.held_back) {
            self.execute(instrument, execution);
        }
    }

    /// Takes the time at which the market noted its ruin.
    pub(crate) fn ruined(&mut self, ruin: Ruin) {
        self.ruin.get_or_insert(ruin);
    }

    /// Takes a margin call.
    pub(crate) fn called(&mut self, call: MarginCallMark) {
        self.margin_calls.push(call);
    }

    /// Takes a mark, and the sessions of the market up to its time.
    pub(crate) fn mark(&mut self, row: &MarkRow, sessions: &Sessions) {
        let holds = row.holds();
        self.sampler.observe(row, sessions);
        self.exposure.observe(row, &mut self.totals);
        if let Some(book) = self.books.get_mut(row.instrument) {
            book.is_unmarked = holds && row.mark.is_none();
        }
        // Equity counts nothing for what has no mark yet: it would seem to jump at the first one.
        let is_marked = self.books.iter().all(|book| !book.is_unmarked);
        if let Some(equity) = row.equity.filter(|_| is_marked) {
            self.mark_equity(row.at, equity);
        }
        let Some(book) = self.books.get_mut(row.instrument) else { return };
        book.marked_at = row.mark.or(book.marked_at);
        if let Some(position) = row.position {
            book.held = position;
            book.position.add((row.at, position));
            book.has_rows = true;
        }
        let half_ticks = row.mark.and_then(|mark| book.instrument.nearest_price(2.0 * mark));
        if let Some((half_ticks, trips)) = half_ticks.map(Price::ticks).zip(book.trips.as_mut()) {
            trips.average.mark(half_ticks);
            trips.fifo.mark(half_ticks);
        }
    }

    fn mark_equity(&mut self, at: i64, equity: f64) {
        let peak = self.peak.map_or(equity, |peak| peak.max(equity));
        self.peak = Some(peak);
        let below = equity - peak;
        self.equity.add((at, equity));
        if peak > 0.0 {
            self.drawdown.add((at, (below / peak).max(-1.0)));
        }
        let deeper = |deepest: Option<f64>, now: f64| Some(deepest.map_or(now, |deepest| deepest.min(now)));
        self.totals.max_drawdown = deeper(self.totals.max_drawdown, below);
        if peak > 0.0 {
            self.totals.max_drawdown_share = deeper(self.totals.max_drawdown_share, (below / peak).max(-1.0));
        }
    }

    /// Takes a split of what is held of an instrument.
    pub(crate) fn split(&mut self, instrument: usize, ratio: SplitRatio) {
        let Some(book) = self.books.get_mut(instrument) else { return };
        book.shares *= ratio.factors().volume;
        if let Some(trips) = &mut book.trips {
            trips.average.split(ratio);
            trips.fifo.split(ratio);
        }
    }

    /// Takes a payment on what is held of an instrument, with the cost of what left it for that.
    pub(crate) fn receive(&mut self, instrument: usize, amount: Money, cost: Money) {
        if let Some(trips) = self.books.get_mut(instrument).and_then(|book| book.trips.as_mut()) {
            trips.average.receive(amount, cost);
            trips.fifo.receive(amount);
        }
    }

    /// Takes a fill.
    ///
    /// # Errors
    /// [`ImpossibleFill`] if no market can have had it; a table says so that is damaged.
    pub(crate) fn fill(&mut self, row: &FillRow) -> Result<(), ImpossibleFill> {
        self.totals.fills += 1.0;
        self.totals.quantity += row.quantity;
        self.totals.made += if row.is_maker { row.quantity } else { 0.0 };
        let Some(book) = self.books.get_mut(row.instrument) else { return Ok(()) };
        let multiplier = multiplier(&book.instrument);
        self.totals.turnover += row.price * row.quantity * multiplier;
        self.totals.clamped += row.clamped * row.quantity * multiplier;
        let symbol = || book.instrument.symbol().to_owned();
        let impossible = || ImpossibleFill { symbol: symbol(), price: row.price, quantity: row.quantity };
        let execution = execution(&book.instrument, row).ok_or_else(impossible)?;
        self.fills.add_with(|| FillMark {
            at: row.at,
            symbol: symbol(),
            buys: row.side == Side::Buy,
            price: row.price * book.shares,
            quantity: row.quantity / book.shares,
        });
        self.execute(row.instrument, execution);
        Ok(())
    }

    fn execute(&mut self, instrument: usize, execution: Execution) {
        let Some(book) = self.books.get_mut(instrument) else { return };
        let Some(trips) = &mut book.trips else { return book.held_back.push(execution) };
        let symbol = book.instrument.symbol();
        if let Some(trip) = trips.average.fill(&execution) {
            let seconds = SimDuration::from_nanos(trip.exited_at.saturating_sub(trip.entered_at)).secs_f64();
            self.totals.trips.add(trip.net().to_f64(), seconds, trip.worst.to_f64(), trip.best.to_f64());
            let trip = AccountTrip { symbol: symbol.to_owned(), trip };
            self.top_trips.add(&trip);
            self.trips.add(trip);
        }
        trips.fifo.fill(&execution, &mut self.ended);
        for trip in self.ended.drain(..) {
            self.fifo_trips.add_with(|| AccountTrip { symbol: symbol.to_owned(), trip });
        }
    }

    /// Returns the account as it stands at `end`, with what the manifest says of it.
    pub(crate) fn finish(
        mut self,
        summary: AccountSummary,
        sessions: &Sessions,
        periods_per_year: f64,
        end: i64,
    ) -> AccountData {
        // What never had a mark counts as nothing.
        (0..self.books.len()).for_each(|instrument| self.open(instrument, Money::ZERO));
        let initial = summary.initial_equity.to_f64();
        // Where equity was not recorded, it is not known to have stayed the same.
        let initial = Some(initial).filter(|_| !self.totals.missing.marks);
        let sum = |of: fn(&Trips) -> Money| {
            self.books.iter().filter_map(|book| book.trips.as_ref()).map(of).sum::<Money>().to_f64()
        };
        self.totals.realized_average_cost = sum(|trips| trips.average.realized());
        self.totals.realized_fifo = sum(|trips| trips.fifo.realized());
        // The market looks between samples, too.
        let ruins = [self.ruin, self.sampler.ruin(initial)].into_iter().flatten();
        let ruin = ruins.min_by_key(|ruin| ruin.at);
        let Sampled { sample, buy_and_hold } = self.sampler.finish(initial, sessions, periods_per_year, end);
        let metrics = Measures::take(account::METRICS, &sample, sample.periods_per_year)
            .followed_by(Measures::take(trading::METRICS, &self.totals, sample.periods_per_year));
        let open = self.books.iter().filter(|book| book.held != 0.0).map(|book| OpenPosition {
            symbol: book.instrument.symbol().to_owned(),
            quantity: book.held,
            mark: book.marked_at,
        });
        let open_positions = open.collect();
        let held = self.books.into_iter().filter(|book| book.has_rows);
        let position = |book: Book| PositionSeries {
            symbol: book.instrument.symbol().to_owned(),
            points: book.position.finish().0,
        };
        let (fills, fills_total) = self.fills.finish();
        let (trips, trips_total) = self.trips.finish();
        let (fifo_trips, fifo_trips_total) = self.fifo_trips.finish();
        AccountData {
            attribution: Some(Attribution::of(&summary, self.totals.spread_captured)),
            plotted: self.plotted.finish(),
            summary,
            ruin,
            margin_calls: self.margin_calls,
            endings: self.endings.finish(),
            equity: self.equity.finish().0,
            drawdown: self.drawdown.finish().0,
            positions: held.map(position).collect(),
            open_positions,
            fills,
            fills_total,
            sample,
            buy_and_hold,
            trips,
            trips_total,
            top_trips: self.top_trips,
            fifo_trips,
            fifo_trips_total,
            metrics,
        }
    }
}

/// A fill that no market can have had.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("a fill of {quantity} `{symbol}` at {price} is none that a market has had")]
pub struct ImpossibleFill {
    /// The instrument.
    pub symbol: String,
    /// The price.
    pub price: f64,
    /// The quantity.
    pub quantity: f64,
}

/// No order of a run is worth more, so that no sum over its fills can overflow: 10^20 of the currency.
const MONEY_MAX: Money = Money::from_units(10_i128.pow(30));
fn is_possible(amount: Money) -> bool {
    -MONEY_MAX <= amount && amount <= MONEY_MAX
}

/// Returns a row's fill in ticks, lots and exact money; none where it is beyond what a market has.
fn execution(instrument: &Instrument, row: &FillRow) -> Option<Execution> {
    let (price, quantity) = (instrument.nearest_price(row.price)?, instrument.exact_quantity(row.quantity)?);
    let notional = instrument.notional(price, quantity);
    let is_possible = is_possible(notional) && is_possible(row.fee) && !quantity.is_zero();
    is_possible.then_some(Execution { at: row.at, side: row.side, quantity, price, fee: row.fee })
}
