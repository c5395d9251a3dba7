//! Through the market once: quotes and trades in order of time, and what they say of orders and fills.
//!
//! At one time, orders arrive before trades, and trades before quotes: so what stands against the mid is
//! measured against the mid before it.

use crate::analysis::listing::builder::ListingBuilder;
use crate::analysis::listing::data::ListingData;
use crate::analysis::listing::depth_profile;
use crate::analysis::listing::entry_latencies;
use crate::analysis::metrics::TradingTotals;
use crate::analysis::metrics::trading::slippage_bps;
use crate::analysis::rows::market_rows::{QUOTES, TRADES, TradeRow, quote_rows, trade_rows};
use crate::analysis::rows::name_index::NameIndex;
use crate::analysis::rows::table_stream::Stream;
use crate::analysis::run::arrivals::Arrival;
use crate::analysis::sampling::periods::Periods;
use crate::analysis::sampling::sessions::Sessions;
use crate::record::{OpenError, StoredRun, Table};

/// What a pass through the market found.
#[derive(Debug)]
pub(crate) struct MarketPass {
    pub(crate) listings: Vec<ListingData>,
    pub(crate) sessions: Sessions,
}

/// Reads the market once; slippage is added to the accounts' totals.
///
/// # Errors
/// [`OpenError`] if a table is missing or damaged.
pub(crate) fn read(
    run: &StoredRun,
    directory: &NameIndex,
    periods: Periods,
    arrivals: Vec<Arrival>,
    totals: &mut [TradingTotals],
) -> Result<MarketPass, OpenError> {
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
    let besides =
        depth_profile::read(run, directory)?.into_iter().zip(entry_latencies::read(run, directory)?);
    let lacks_trades = !run.has(Table::Trades);
    let listings = listings.into_iter().zip(directory.listings()).zip(besides);
    let finish = |((listing, names), (profile, latencies)): ((ListingBuilder, _), _)| {
        let listing = listing.finish(names, lacks_trades)?;
        Some(ListingData { profile, latencies, ..listing })
    };
    let listings = listings.filter_map(finish).collect();
    Ok(MarketPass { listings, sessions })
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
