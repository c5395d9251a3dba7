//! One tracked account over time.

use super::account_rows::{FILLS, FillRow, MarkRow, PNL, fill_rows, mark_rows};
use super::directory::Directory;
use super::holdings::Holdings;
use super::metrics::{Measures, Sample, TradingTotals, account, trading};
use super::notable::Notable;
use super::plotted::Plotted;
use super::sampling::{Periods, Sampler, Sessions};
use super::stream::Stream;
use super::thin::{Evenly, LineThinner, Point};
use super::trips::{AverageTrips, Execution, FifoTrips, RoundTrip};
use crate::market::{Instrument, Side};
use crate::record::{AccountSummary, HoldingSummary, OpenError, StoredRun, Table};
use crate::units::{Decimal, Money, Price, Quantity, SimDuration};

/// A tracked account: its series for figures, and its metrics.
#[derive(Debug, Clone)]
pub struct AccountData {
    /// What the manifest says of it.
    pub summary: AccountSummary,
    /// Equity in currency.
    pub equity: Vec<Point>,
    /// Equity below its highest so far, in currency; at or below zero.
    pub drawdown: Vec<Point>,
    /// Holdings by symbol.
    pub positions: Vec<Position>,
    /// Its fills, in order of time; at most [`AccountData::MARKS_MAX`].
    pub fills: Vec<FillMark>,
    /// How many fills there were.
    pub fills_total: u64,
    /// Its returns over regular periods, and the benchmark's.
    pub sample: Sample,
    /// Its round trips from flat to flat, in order of their ends; at most [`AccountData::TRIPS_MAX`].
    pub trips: Vec<AccountTrip>,
    /// How many such trips there were.
    pub trips_total: u64,
    /// The largest gains and losses among them, and the last ones.
    pub notable: Notable,
    /// Its round trips first in first out, as [`AccountData::trips`].
    pub fifo_trips: Vec<AccountTrip>,
    /// How many such trips there were.
    pub fifo_trips_total: u64,
    /// Where its P&L comes from; none where the manifest says no numbers.
    pub attribution: Option<Attribution>,
    /// What its strategy plotted.
    pub plotted: Plotted,
    /// All its metrics, of [`account::METRICS`] and [`trading::METRICS`].
    pub metrics: Measures,
}

/// Where an account's P&L comes from: spread and inventory, less fees, make all of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attribution {
    /// By how much fills were better than the mid before them.
    pub spread: f64,
    /// What holdings won or lost as the mid moved.
    pub inventory: f64,
    /// Fees less rebates.
    pub fees: f64,
}

impl Attribution {
    /// Takes the rest of the P&L as that of the inventory.
    fn of(summary: &AccountSummary, spread: f64) -> Option<Self> {
        let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
        let (profit, fees) = (number(&summary.profit)?, number(&summary.fees)?);
        Some(Self { spread, inventory: profit + fees - spread, fees })
    }
}

/// The holding of one symbol over time.
#[derive(Debug, Clone)]
pub struct Position {
    /// The symbol.
    pub symbol: String,
    /// The signed holding.
    pub points: Vec<Point>,
}

/// A fill, for a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct FillMark {
    /// Nanoseconds since 1970.
    pub at: i64,
    /// What.
    pub symbol: String,
    /// Whether it bought.
    pub buys: bool,
    /// At this price.
    pub price: f64,
    /// How much.
    pub quantity: f64,
}

/// A round trip, and in what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTrip {
    /// The symbol.
    pub symbol: String,
    /// The trip.
    pub trip: RoundTrip,
}

impl AccountData {
    /// How many fills a figure shows at most.
    pub const MARKS_MAX: usize = 400;
    /// How many round trips of a kind are kept at most; metrics are taken from all.
    pub const TRIPS_MAX: usize = 5_000;
}

/// What an account does in one instrument.
#[derive(Debug)]
struct Book {
    instrument: Instrument,
    position: LineThinner,
    has_rows: bool,
    average: AverageTrips,
    fifo: FifoTrips,
}

/// Gathers one account.
#[derive(Debug)]
pub(super) struct AccountBuilder {
    summary: AccountSummary,
    sampler: Sampler,
    equity: LineThinner,
    drawdown: LineThinner,
    peak: Option<f64>,
    books: Vec<Book>,
    holdings: Holdings,
    fills: Evenly<FillMark>,
    trips: Evenly<AccountTrip>,
    notable: Notable,
    fifo_trips: Evenly<AccountTrip>,
    totals: TradingTotals,
}

impl AccountBuilder {
    /// Begins with what the manifest says of the account, and with what its orders and the market around
    /// its fills have said.
    ///
    /// # Errors
    /// Says what in the manifest is no number.
    pub(super) fn new(
        summary: AccountSummary,
        directory: &Directory,
        periods: Periods,
        sessions: Sessions,
        totals: TradingTotals,
    ) -> Result<Self, String> {
        let extent = periods.extent;
        let book = |instrument: &Instrument| {
            let symbol = instrument.symbol();
            let held = summary.initial_holdings.iter().find(|holding| holding.symbol == symbol);
            let (lots, cost) = held.map_or(Ok((Quantity::ZERO, Money::ZERO)), opening)?;
            let position = LineThinner::new(extent);
            let average = AverageTrips::new(instrument.clone(), extent.start(), lots, cost);
            let fifo = FifoTrips::new(instrument.clone(), extent.start(), lots, cost);
            Ok(Book { instrument: instrument.clone(), position, has_rows: false, average, fifo })
        };
        let books: Vec<Book> = directory.instruments.iter().map(book).collect::<Result<_, String>>()?;
        let initial = money(&summary.initial_equity)?.to_f64();
        Ok(Self {
            sampler: Sampler::new(periods, sessions, Some(initial), books.len()),
            equity: LineThinner::new(extent),
            drawdown: LineThinner::new(extent),
            peak: None,
            holdings: Holdings::new(books.len()),
            books,
            fills: Evenly::new(AccountData::MARKS_MAX),
            trips: Evenly::new(AccountData::TRIPS_MAX),
            notable: Notable::default(),
            fifo_trips: Evenly::new(AccountData::TRIPS_MAX),
            totals,
            summary,
        })
    }

    fn mark(&mut self, row: &MarkRow) {
        let holds = row.position.is_some_and(|position| position != 0.0);
        self.sampler.observe(row.at, row.equity, (row.instrument, row.mark), holds);
        self.holdings.observe(row, &mut self.totals);
        if let Some(equity) = row.equity {
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
            self.notable.add(&trip);
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
        let position = |book: Book| Position {
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
            notable: self.notable,
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
pub(super) fn read(
    run: &StoredRun,
    directory: &Directory,
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
            accounts[fill.account].fill(&fill).map_err(|why| fills.bad(why))?;
        } else {
            let Some(mark) = marks.take()? else { break };
            accounts[mark.account].mark(&mark);
        }
    }
    Ok(accounts.into_iter().map(AccountBuilder::finish).collect())
}
