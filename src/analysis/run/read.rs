//! A finished run from its files, through the same builders as a running one.

use polars_core::prelude::{DataFrame, DataType, PolarsResult};

use super::arrivals::Arrival;
use super::builder::{RunBuilder, Sampling};
use super::data::RunData;
use crate::analysis::rows::account_rows::{FILLS, PNL, fill_rows, mark_rows};
use crate::analysis::rows::action_rows::{ACTIONS, action_rows};
use crate::analysis::rows::bad_manifest::BadManifest;
use crate::analysis::rows::frame_columns::{numbers, texts, times};
use crate::analysis::rows::market_rows::{DepthRow, QUOTES, TRADES, quote_rows, trade_rows};
use crate::analysis::rows::name_index::NameIndex;
use crate::analysis::rows::order_rows::{ORDERS, order_rows};
use crate::analysis::rows::table_stream::Stream;
use crate::analysis::sampling::equity_sampler::{MarginCallMark, Ruin};
use crate::analysis::series::Extent;
use crate::record::{HoldingSummary, Manifest, OpenError, StoredRun, Table, TableSet};
use bearpit_core::units::{Money, NetQuantity};

impl RunData {
    /// Reads a run; what needs a table that was not recorded is absent.
    ///
    /// Tables are read piece by piece, so that a report costs the same memory for an hour as for a year.
    /// First the orders and the quotes that were filled, then quotes, trades, fills and marks side by side,
    /// then the rest.
    ///
    /// # Errors
    /// [`OpenError`] if a table is missing or damaged, or the manifest cannot be.
    pub fn read(run: &StoredRun) -> Result<Self, OpenError> {
        let manifest = run.manifest();
        let mut builder = begin(manifest).map_err(|why| run.bad_manifest(why.to_string()))?;
        if run.has(Table::Orders) {
            run.visit(Table::Orders, &ORDERS, |frame| {
                order_rows(&builder.index, frame)?.iter().for_each(|order| builder.order(order));
                Ok(())
            })?;
        }
        if run.has(Table::Fills) {
            run.visit(Table::Fills, &FILLS, |frame| {
                fill_rows(&builder.index, frame)?.iter().for_each(|fill| builder.quote_filled(fill));
                Ok(())
            })?;
        }
        let arrivals = builder.take_arrivals();
        read_side_by_side(run, &mut builder, arrivals)?;
        if run.has(Table::Ruins) {
            run.visit(Table::Ruins, &["time", "owner", "equity"], |frame| add_ruins(&mut builder, frame))?;
        }
        if run.has(Table::MarginCalls) {
            let columns = ["time", "owner", "event", "equity", "maintenance"];
            run.visit(Table::MarginCalls, &columns, |frame| add_margin_calls(&mut builder, frame))?;
        }
        if run.has(Table::Books) {
            let columns = ["time", "venue", "symbol", "side", "level", "quantity"];
            run.visit(Table::Books, &columns, |frame| add_levels(&mut builder, frame))?;
        }
        if run.has(Table::Series) {
            let columns = ["time", "owner", "series", "value"];
            run.visit(Table::Series, &columns, |frame| add_plotted(&mut builder, frame))?;
        }
        if run.has(Table::Log) {
            run.visit(Table::Log, &["time", "owner", "kind", "text"], |frame| {
                add_lines(&mut builder, frame)
            })?;
        }
        Ok(builder.finish(manifest.clone()))
    }
}

/// No account of a run holds more.
const LOTS_MAX: u64 = 1 << 50;

/// Begins with what the manifest says.
fn begin(manifest: &Manifest) -> Result<RunBuilder, BadManifest> {
    let extent = Extent::new(manifest.start, manifest.end);
    let tables: TableSet = Table::ALL.into_iter().filter(|table| manifest.has(*table)).collect();
    let sampling = Sampling {
        interval: manifest.sample_interval,
        per_year: manifest.periods_per_year,
        benchmark: manifest.benchmark.clone(),
    };
    let mut builder = RunBuilder::new(NameIndex::of(manifest)?, extent, sampling, tables);
    for (summary, account) in manifest.accounts.iter().zip(&mut builder.accounts) {
        for (place, instrument) in builder.index.instruments.iter().enumerate() {
            let held = summary.initial_holdings.iter().find(|it| it.symbol == instrument.symbol());
            if let Some(HoldingSummary { symbol, lots, .. }) = held {
                if lots.unsigned_abs() > LOTS_MAX {
                    return Err(BadManifest::Holding { symbol: symbol.clone(), lots: *lots });
                }
                account.hold(place, NetQuantity::new(*lots));
            }
            account.open(place, held.map_or(Money::ZERO, |it| it.cost));
        }
    }
    Ok(builder)
}

/// The tables of which the next row may be that of the earliest time; at one time, in this order.
#[derive(Debug, Clone, Copy)]
enum Next {
    Action,
    Trade,
    Quote,
    Fill,
    Mark,
}

/// Reads quotes, trades, fills and marks in order of time, and finds the mid at the arrival of orders.
fn read_side_by_side(
    run: &StoredRun,
    builder: &mut RunBuilder,
    mut arrivals: Vec<Arrival>,
) -> Result<(), OpenError> {
    let index = builder.index.clone();
    let mut actions = Stream::open(run, Table::Actions, &ACTIONS, |frame| action_rows(&index, frame))?;
    let mut trades = Stream::open(run, Table::Trades, &TRADES, |frame| trade_rows(&index, frame))?;
    let mut quotes = Stream::open(run, Table::Quotes, &QUOTES, |frame| quote_rows(&index, frame))?;
    let mut fills = Stream::open(run, Table::Fills, &FILLS, |frame| fill_rows(&index, frame))?;
    let mut marks = Stream::open(run, Table::Pnl, &PNL, |frame| mark_rows(&index, frame))?;
    let mut waiting = arrivals.iter_mut().peekable();
    loop {
        let fronts = [
            (actions.front().map(|row| row.at), Next::Action),
            (trades.front().map(|row| row.at), Next::Trade),
            (quotes.front().map(|row| row.at), Next::Quote),
            (fills.front().map(|row| row.at), Next::Fill),
            (marks.front().map(|row| row.at), Next::Mark),
        ];
        let fronts = fronts.into_iter().filter_map(|(at, next)| Some((at?, next)));
        // Of the same time, the first.
        let Some((now, next)) = fronts.min_by_key(|(at, _)| *at) else { break };
        while let Some(arrival) = waiting.next_if(|arrival| arrival.at <= now) {
            arrival.mid = builder.mid(arrival.listing);
        }
        match next {
            Next::Action => actions.take()?.iter().for_each(|row| builder.action(row)),
            Next::Trade => trades.take()?.iter().for_each(|row| builder.trade(row)),
            Next::Quote => quotes.take()?.iter().for_each(|row| builder.quote(row)),
            Next::Fill => {
                let filled = fills.take()?.iter().try_for_each(|row| builder.fill(row));
                filled.map_err(|why| run.damaged(Table::Fills, why.to_string()))?;
            }
            Next::Mark => marks.take()?.iter().for_each(|row| builder.mark(row)),
        }
    }
    waiting.for_each(|arrival| arrival.mid = builder.mid(arrival.listing));
    arrivals.iter().for_each(|arrival| builder.arrived(arrival));
    Ok(())
}

fn add_levels(builder: &mut RunBuilder, frame: &DataFrame) -> PolarsResult<()> {
    let (at, venues, symbols) = (times(frame, "time")?, texts(frame, "venue")?, texts(frame, "symbol")?);
    let (sides, quantities) = (texts(frame, "side")?, numbers(frame, "quantity")?);
    let levels = frame.column("level")?.cast(&DataType::UInt32)?;
    for (row, level) in levels.u32()?.iter().enumerate() {
        let listing = builder.index.listing(venues[row], symbols[row]);
        let place = level.and_then(|level| usize::try_from(level).ok()?.checked_sub(1));
        if let Some((listing, place)) = listing.zip(place) {
            let (is_bid, quantity) = (sides[row] == "bid", quantities[row].unwrap_or(0.0));
            builder.level(&DepthRow { at: at[row], listing, is_bid, place, quantity });
        }
    }
    Ok(())
}

fn add_ruins(builder: &mut RunBuilder, frame: &DataFrame) -> PolarsResult<()> {
    let (at, owners, equities) = (times(frame, "time")?, texts(frame, "owner")?, numbers(frame, "equity")?);
    for row in 0..at.len() {
        if let Some((account, equity)) = builder.index.account(owners[row]).zip(equities[row]) {
            builder.ruin(account, Ruin { at: at[row], equity });
        }
    }
    Ok(())
}

fn add_margin_calls(builder: &mut RunBuilder, frame: &DataFrame) -> PolarsResult<()> {
    let (at, owners, events) = (times(frame, "time")?, texts(frame, "owner")?, texts(frame, "event")?);
    let (equities, margins) = (numbers(frame, "equity")?, numbers(frame, "maintenance")?);
    for row in (0..at.len()).filter(|row| events[*row] == "called") {
        let amounts = equities[row].zip(margins[row]);
        if let Some((account, (equity, maintenance))) = builder.index.account(owners[row]).zip(amounts) {
            builder.margin_call(account, MarginCallMark { at: at[row], equity, maintenance });
        }
    }
    Ok(())
}

fn add_plotted(builder: &mut RunBuilder, frame: &DataFrame) -> PolarsResult<()> {
    let (at, owners) = (times(frame, "time")?, texts(frame, "owner")?);
    let (names, values) = (texts(frame, "series")?, numbers(frame, "value")?);
    for row in 0..at.len() {
        if let Some(account) = builder.index.account(owners[row]) {
            builder.plotted(at[row], account, names[row], values[row]);
        }
    }
    Ok(())
}

fn add_lines(builder: &mut RunBuilder, frame: &DataFrame) -> PolarsResult<()> {
    let (at, owners) = (times(frame, "time")?, texts(frame, "owner")?);
    let (kinds, messages) = (texts(frame, "kind")?, texts(frame, "text")?);
    for row in 0..at.len() {
        builder.logs.add(at[row], owners[row], kinds[row] == "error", messages[row]);
    }
    Ok(())
}
