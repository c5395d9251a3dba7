//! Orders of tracked accounts: how much of them was filled, and when they arrived.

use polars_core::prelude::{DataFrame, PolarsResult};

use crate::analysis::metrics::TradingTotals;
use crate::analysis::rows::frame_columns::{numbers, texts, times};
use crate::analysis::rows::name_index::NameIndex;
use crate::analysis::series::even_sample::EvenSample;
use crate::record::{OpenError, StoredRun, Table};
use bearpit_core::market::Side;

/// An order that was filled, in part or whole, as it came to its venue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) at: i64,
    pub(crate) account: usize,
    pub(crate) listing: usize,
    /// +1 for a buy, -1 for a sell.
    pub(crate) sign: f64,
    pub(crate) average_price: f64,
    pub(crate) filled: f64,
}

/// How many of an account's orders are looked at as they arrive: more are thinned evenly, so that memory does
/// not grow with the run.
const ARRIVALS_MAX: usize = 100_000;

const ORDERS: [&str; 9] =
    ["owner", "venue", "symbol", "side", "quantity", "entered_at", "filled", "average_price", "status"];

/// Adds the orders of each account to its totals, and returns when those that were filled arrived, in order
/// of time; nothing where orders were not recorded.
///
/// # Errors
/// [`OpenError`] if the table is missing or damaged.
pub(crate) fn read(
    run: &StoredRun,
    directory: &NameIndex,
    totals: &mut [TradingTotals],
) -> Result<Vec<Arrival>, OpenError> {
    let mut arrivals: Vec<EvenSample<Arrival>> =
        totals.iter().map(|_| EvenSample::new(ARRIVALS_MAX)).collect();
    if run.has(Table::Orders) {
        run.visit(Table::Orders, &ORDERS, |frame| add(directory, frame, totals, &mut arrivals))?;
    }
    let mut arrivals: Vec<Arrival> = arrivals.into_iter().flat_map(|arrivals| arrivals.finish().0).collect();
    arrivals.sort_by_key(|arrival| (arrival.at, arrival.account));
    Ok(arrivals)
}

fn add(
    directory: &NameIndex,
    frame: &DataFrame,
    totals: &mut [TradingTotals],
    arrivals: &mut [EvenSample<Arrival>],
) -> PolarsResult<()> {
    let (owners, venues, symbols) = (texts(frame, "owner")?, texts(frame, "venue")?, texts(frame, "symbol")?);
    let (sides, states, at) = (texts(frame, "side")?, texts(frame, "status")?, times(frame, "entered_at")?);
    let (ordered, filled) = (numbers(frame, "quantity")?, numbers(frame, "filled")?);
    let prices = numbers(frame, "average_price")?;
    for row in 0..at.len() {
        let place = directory.account(owners[row]).zip(directory.listing(venues[row], symbols[row]));
        let Some((account, listing)) = place else { continue };
        // The gate or the venue sent these back: no market has seen them.
        if ["refused", "rejected"].contains(&states[row]) {
            continue;
        }
        let filled = filled[row].unwrap_or(0.0);
        totals[account].orders += 1.0;
        totals[account].ordered += ordered[row].unwrap_or(0.0);
        totals[account].filled += filled;
        if let Some(average_price) = prices[row].filter(|_| filled > 0.0) {
            let sign = if sides[row] == Side::Buy.name() { 1.0 } else { -1.0 };
            arrivals[account].add(Arrival { at: at[row], account, listing, sign, average_price, filled });
        }
    }
    Ok(())
}
