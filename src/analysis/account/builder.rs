//! One tracked account over time.

use super::attribution::Attribution;
use super::data::{AccountData, FillMark, PositionSeries};
use super::trip::AccountTrip;
use crate::analysis::account::exposure::Holdings;
use crate::analysis::account::plotted::Plotted;
use crate::analysis::account::top_trips::TopTrips;
use crate::analysis::metrics::{Measures, TradingTotals, account, trading};
use crate::analysis::rows::account_rows::{FILLS, FillRow, MarkRow, PNL, fill_rows, mark_rows};
use crate::analysis::rows::name_index::NameIndex;
use crate::analysis::rows::table_stream::Stream;
use crate::analysis::sampling::equity_sampler::Sampler;
use crate::analysis::sampling::periods::Periods;
use crate::analysis::sampling::sessions::Sessions;
use crate::analysis::series::downsample::LineDownsampler;
use crate::analysis::series::even_sample::EvenSample;
use crate::analysis::trips::{AverageTrips, Execution, FifoTrips};
use crate::record::{AccountSummary, HoldingSummary, OpenError, StoredRun, Table};
use bearpit_core::market::{Instrument, Side};
use bearpit_core::units::{Decimal, Money, Price, Quantity, SimDuration};

/// What an account does in one instrument.
#[derive(Debug)]
struct Book {
    instrument: Instrument,
    position: LineDownsampler,
    has_rows: bool,
    /// Whether something is held that has no mark.
    is_unmarked: bool,
    average: AverageTrips,
    fifo: FifoTrips,
}

/// Gathers one account.
#[derive(Debug)]
pub(crate) struct AccountBuilder {
    summary: AccountSummary,
    sampler: Sampler,
    equity: LineDownsampler,
    drawdown: LineDownsampler,
    peak: Option<f64>,
    books: Vec<Book>,
    holdings: Holdings,
    fills: EvenSample<FillMark>,
    trips: EvenSample<AccountTrip>,
    top_trips: TopTrips,
    fifo_trips: EvenSample<AccountTrip>,
    totals: TradingTotals,
}

impl AccountBuilder {
    /// Begins with what the manifest says of the account, and with what its orders and the market around
    /// its fills have said.
    ///
    /// # Errors
    /// Says what in the manifest is no number.
    pub(crate) fn new(
        summary: AccountSummary,
        directory: &NameIndex,
        periods: Periods,
        sessions: Sessions,
        totals: TradingTotals,
    ) -> Result<Self, String> {
        let extent = periods.extent;
        let book = |instrument: &Instrument| {
            let symbol = instrument.symbol();
            let held = summary.initial_holdings.iter().find(|holding| holding.symbol == symbol);
            let (lots, cost) = held.map_or(Ok((Quantity::ZERO, Money::ZERO)), opening)?;
            let position = LineDownsampler::new(extent);
            let average = AverageTrips::new(instrument.clone(), extent.start(), lots, cost);
            let fifo = FifoTrips::new(instrument.clone(), extent.start(), lots, cost);
            let (instrument, has_rows, is_unmarked) = (instrument.clone(), false, false);
            Ok(Book { instrument, position, has_rows, is_unmarked, average, fifo })
        };
        let books: Vec<Book> = directory.instruments.iter().map(book).collect::<Result<_, String>>()?;
        let initial = money(&summary.initial_equity)?.to_f64();
        // Where equity was not recorded, it is not known to have stayed the same.
        let initial = Some(initial).filter(|_| !totals.missing.marks);
        Ok(Self {
            sampler: Sampler::new(periods, sessions, initial, books.len()),
            equity: LineDownsampler::new(extent),
            drawdown: LineDownsampler::new(extent),
            peak: None,
            holdings: Holdings::new(books.len()),
            books,
            fills: EvenSample::new(AccountData::MARKS_MAX),
            trips: EvenSample::new(AccountData::TRIPS_MAX),
            top_trips: TopTrips::default(),
            fifo_trips: EvenSample::new(AccountData::TRIPS_MAX),
            totals,
            summary,
        })
    }

    fn mark(&mut self, row: &MarkRow) {
        let holds = row.position.is_some_and(|position| position != 0.0);
        self.sampler.observe(row.at, row.equity, (row.instrument, row.mark), holds);
        self.holdings.observe(row, &mut self.totals);
        if let Some(book) = self.books.get_mut(row.instrument) {
            book.is_unmarked = holds && row.mark.is_none();
        }
        // Equity counts nothing for what has no mark yet: it would seem to jump at the first one.
        let is_marked = self.books.iter().all(|book| !book.is_unmarked);
        if let Some(equity) = row.equity.filter(|_| is_marked) {
            self.mark_equity(row.at, equity);
        }
        let Some(book) = self.books.get_mut(row.instrument) else { return };
        if let Some(position) = row.position {
            book.position.add((row.at, position));
            book.has_rows = true;
        }
        let half_ticks = row.mark.and_then(|mark| book.instrument.nearest_price(2.0 * mark));
        if let Some(half_ticks) = half_ticks.map(Price::ticks) {
            book.average.mark(half_ticks);
            book.fifo.mark(half_ticks);
        }
    }

    fn mark_equity(&mut self, at: i64, equity: f64) {
        let peak = self.peak.map_or(equity, |peak| peak.max(equity));
        self.peak = Some(peak);
        let below = equity - peak;
        self.equity.add((at, equity));
        self.drawdown.add((at, below));
        let deeper = |deepest: Option<f64>, now: f64| Some(deepest.map_or(now, |deepest| deepest.min(now)));
        self.totals.max_drawdown = deeper(self.totals.max_drawdown, below);
        if peak > 0.0 {
            self.totals.max_drawdown_share = deeper(self.totals.max_drawdown_share, below / peak);
        }
    }

    /// Takes a fill.
    ///
    /// # Errors
    /// Says what is wrong with one that no market can have had.
    fn fill(&mut self, row: &FillRow) -> Result<(), String> {
        self.totals.fills += 1.0;
        self.totals.turnover += row.price * row.quantity;
        self.totals.quantity += row.quantity;
        self.totals.made += if row.is_maker { row.quantity } else { 0.0 };
        let Some(book) = self.books.get_mut(row.instrument) else { return Ok(()) };
        let symbol = book.instrument.symbol().to_owned();
        self.fills.add(FillMark {
            at: row.at,
            symbol: symbol.clone(),
            buys: row.side == Side::Buy,
            price: row.price,
            quantity: row.quantity,
        });
        let execution = execution(&book.instrument, row).ok_or_else(|| {
            format!("a fill of {} `{symbol}` at {} is none that a market has had", row.quantity, row.price)
        })?;
        if let Some(trip) = book.average.fill(&execution) {
            let seconds = SimDuration::from_nanos(trip.exited_at.saturating_sub(trip.entered_at)).secs_f64();
            self.totals.trips.add(trip.net().to_f64(), seconds, (trip.worst.to_f64(), trip.best.to_f64()));
            let trip = AccountTrip { symbol: symbol.clone(), trip };
            self.top_trips.add(&trip);
            self.trips.add(trip);
        }
        let mut ended = Vec::new();
        book.fifo.fill(&execution, &mut ended);
        ended.into_iter().for_each(|trip| self.fifo_trips.add(AccountTrip { symbol: symbol.clone(), trip }));
        Ok(())
    }

    fn finish(mut self) -> AccountData {
        let sum = |of: fn(&Book) -> Money| self.books.iter().map(of).sum::<Money>().to_f64();
        self.totals.realized_average_cost = sum(|book| book.average.realized());
        self.totals.realized_fifo = sum(|book| book.fifo.realized());
        let sample = self.sampler.finish();
        let metrics = Measures::take(account::METRICS, &sample, sample.periods_per_year)
            .followed_by(Measures::take(trading::METRICS, &self.totals, sample.periods_per_year));
        let held = self.books.into_iter().filter(|book| book.has_rows);
        let position = |book: Book| PositionSeries {
            symbol: book.instrument.symbol().to_owned(),
            points: book.position.finish().0,
        };
        let (fills, fills_total) = self.fills.finish();
        let (trips, trips_total) = self.trips.finish();
        let (fifo_trips, fifo_trips_total) = self.fifo_trips.finish();
        AccountData {
            attribution: Attribution::of(&self.summary, self.totals.spread_captured),
            plotted: Plotted::default(),
            summary: self.summary,
            equity: self.equity.finish().0,
            drawdown: self.drawdown.finish().0,
            positions: held.map(position).collect(),
            fills,
            fills_total,
            sample,
            trips,
            trips_total,
            top_trips: self.top_trips,
            fifo_trips,
            fifo_trips_total,
            metrics,
        }
    }
}

/// No order of a run is worth more, so that no sum over its fills can overflow: 10^20 of the currency.
const MONEY_MAX: Money = Money::from_units(10_i128.pow(30));
/// No account of a run holds more.
const LOTS_MAX: u64 = 1 << 50;

fn opening(holding: &HoldingSummary) -> Result<(Quantity, Money), String> {
    if holding.lots > LOTS_MAX {
        return Err(format!(
            "{} lots of `{}` are more than an account can hold",
            holding.lots, holding.symbol
        ));
    }
    Ok((Quantity::new(holding.lots), money(&holding.cost)?))
}

fn money(text: &str) -> Result<Money, String> {
    let exact = text.parse::<Decimal>().ok().and_then(Money::from_decimal).filter(|it| is_possible(*it));
    exact.ok_or_else(|| format!("`{text}` in `accounts` is no amount of money that an account can have"))
}

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

/// Reads the tables `fills` and `pnl` side by side, and returns the accounts.
///
/// # Errors
/// [`OpenError`] if one of them is missing or damaged.
pub(crate) fn read(
    run: &StoredRun,
    directory: &NameIndex,
    mut accounts: Vec<AccountBuilder>,
) -> Result<Vec<AccountData>, OpenError> {
    let mut fills = Stream::open(run, Table::Fills, &FILLS, |frame| fill_rows(directory, frame))?;
    let mut marks = Stream::open(run, Table::Pnl, &PNL, |frame| mark_rows(directory, frame))?;
    loop {
        // A fill comes before the mark of the same time, which may be its own.
        let fill_is_next = match (fills.front(), marks.front()) {
            (Some(fill), Some(mark)) => fill.at <= mark.at,
            (fill, _) => fill.is_some(),
        };
        if fill_is_next {
            let Some(fill) = fills.take()? else { break };
            accounts[fill.account].fill(&fill).map_err(|why| run.damaged(Table::Fills, why))?;
        } else {
            let Some(mark) = marks.take()? else { break };
            accounts[mark.account].mark(&mark);
        }
    }
    Ok(accounts.into_iter().map(AccountBuilder::finish).collect())
}
