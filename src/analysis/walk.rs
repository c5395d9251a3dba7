//! Through the market once: quotes and trades in order of time, and what they say of orders and fills.
//!
//! At one time, orders arrive before trades, and trades before quotes: so what stands against the mid is
//! measured against the mid before it.

use polars_core::prelude::{DataFrame, PolarsResult};

use super::cells::{numbers, texts, times};
use super::directory::Directory;
use super::latencies;
use super::listing::{ListingBuilder, ListingData, Print, Touch};
use super::metrics::TradingTotals;
use super::metrics::trading::slippage_bps;
use super::orders::Arrival;
use super::profile;
use super::sampling::{Periods, Sessions};
use super::stream::Stream;
use crate::record::{OpenError, StoredRun, Table};
use bearpit_core::market::Side;

/// A row of the `quotes` table.
#[derive(Debug)]
struct QuoteRow {
    at: i64,
    listing: usize,
    touch: Touch,
}

/// A row of the `trades` table.
#[derive(Debug)]
struct TradeRow {
    at: i64,
    listing: usize,
    print: Print,
    /// The aggressor's sign, also in an auction.
    sign: f64,
    maker: Option<usize>,
    taker: Option<usize>,
}

const QUOTES: [&str; 7] = ["time", "venue", "symbol", "bid", "bid_size", "ask", "ask_size"];

fn quote_rows(directory: &Directory, frame: &DataFrame) -> PolarsResult<Vec<QuoteRow>> {
    let (at, venues, symbols) = (times(frame, "time")?, texts(frame, "venue")?, texts(frame, "symbol")?);
    let (bids, asks) = (numbers(frame, "bid")?, numbers(frame, "ask")?);
    let (bid_sizes, ask_sizes) = (numbers(frame, "bid_size")?, numbers(frame, "ask_size")?);
    let row = |row: usize| {
        let touch =
            Touch { bid: bids[row], bid_size: bid_sizes[row], ask: asks[row], ask_size: ask_sizes[row] };
        Some(QuoteRow { at: at[row], listing: directory.listing(venues[row], symbols[row])?, touch })
    };
    Ok((0..at.len()).filter_map(row).collect())
}

const TRADES: [&str; 9] =
    ["time", "venue", "symbol", "price", "quantity", "aggressor", "phase", "maker", "taker"];

fn trade_rows(directory: &Directory, frame: &DataFrame) -> PolarsResult<Vec<TradeRow>> {
    let (at, venues, symbols) = (times(frame, "time")?, texts(frame, "venue")?, texts(frame, "symbol")?);
    let (prices, quantities) = (numbers(frame, "price")?, numbers(frame, "quantity")?);
    let (sides, phases) = (texts(frame, "aggressor")?, texts(frame, "phase")?);
    let (makers, takers) = (texts(frame, "maker")?, texts(frame, "taker")?);
    let row = |row: usize| {
        let sign = if sides[row] == Side::Buy.name() { 1.0 } else { -1.0 };
        let continuous = phases[row] == "continuous";
        Some(TradeRow {
            at: at[row],
            listing: directory.listing(venues[row], symbols[row])?,
            print: Print {
                price: prices[row]?,
                quantity: quantities[row]?,
                sign: continuous.then_some(sign),
            },
            sign,
            maker: directory.account(makers[row]),
            taker: directory.account(takers[row]),
        })
    };
    Ok((0..at.len()).filter_map(row).collect())
}

/// What a walk through the market found.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) listings: Vec<ListingData>,
    pub(super) sessions: Sessions,
}

/// Walks through the market; slippage is added to the accounts' totals.
///
/// # Errors
/// [`OpenError`] if a table is missing or damaged.
pub(super) fn walk(
    run: &StoredRun,
    directory: &Directory,
    periods: Periods,
    arrivals: Vec<Arrival>,
    totals: &mut [TradingTotals],
) -> Result<Walked, OpenError> {
    let mut listings: Vec<ListingBuilder> =
        directory.listings().map(|_| ListingBuilder::new(periods)).collect();
    let is_told = run.has(Table::Quotes) || run.has(Table::Trades);
    let mut sessions = if is_told { Sessions::default() } else { Sessions::untold() };
    let mut arrivals = arrivals.into_iter().peekable();
    let mut quotes = Stream::open(run, Table::Quotes, &QUOTES, |frame| quote_rows(directory, frame))?;
    let mut trades = Stream::open(run, Table::Trades, &TRADES, |frame| trade_rows(directory, frame))?;
    loop {
        let (quote_at, trade_at) = (quotes.front().map(|row| row.at), trades.front().map(|row| row.at));
        let Some(now) = [quote_at, trade_at].into_iter().flatten().min() else { break };
        sessions.note(now);
        while let Some(arrival) = arrivals.next_if(|arrival| arrival.at <= now) {
            arrive(&arrival, &listings, totals);
        }
        if trade_at == Some(now) {
            let Some(row) = trades.take()? else { break };
            trade(&row, &mut listings[row.listing], totals);
        } else {
            let Some(row) = quotes.take()? else { break };
            listings[row.listing].quote(row.at, &row.touch);
        }
    }
    arrivals.for_each(|arrival| arrive(&arrival, &listings, totals));
    sessions.close();
    let besides = profile::read(run, directory)?.into_iter().zip(latencies::read(run, directory)?);
    let lacks_trades = !run.has(Table::Trades);
    let listings = listings.into_iter().zip(directory.listings()).zip(besides);
    let finish = |((listing, names), (profile, latencies)): ((ListingBuilder, _), _)| {
        let listing = listing.finish(names, lacks_trades)?;
        Some(ListingData { profile, latencies, ..listing })
    };
    let listings = listings.filter_map(finish).collect();
    Ok(Walked { listings, sessions })
}

fn arrive(arrival: &Arrival, listings: &[ListingBuilder], totals: &mut [TradingTotals]) {
    let Some(mid) = listings[arrival.listing].mid() else { return };
    if let Some(bps) = slippage_bps(arrival.sign, arrival.average_price, mid) {
        let notional = arrival.average_price * arrival.filled;
        totals[arrival.account].slippage_arrival.add(bps, notional);
    }
}

fn trade(row: &TradeRow, listing: &mut ListingBuilder, totals: &mut [TradingTotals]) {
    if let Some(mid) = listing.mid() {
        let notional = row.print.price * row.print.quantity;
        for (account, sign) in [(row.maker, -row.sign), (row.taker, row.sign)] {
            let Some(account) = account else { continue };
            totals[account].spread_captured += sign * (mid - row.print.price) * row.print.quantity;
            if let Some(bps) = slippage_bps(sign, row.print.price, mid) {
                totals[account].slippage_mid.add(bps, notional);
            }
        }
    }
    listing.trade(row.at, &row.print);
}
