//! Closed candles in the database: a row for each segment of the journal that a candle is of.

use bearpit_core::units::SimTime;

use super::page::{CandleFilter, Page};
use super::position::number;
use super::rows::CandleRow;
use crate::store::database::{Database, Row, StoreError, Transaction, Value, args, statements};

statements! {
    INSERT = "INSERT INTO candles (symbol, venue, span, begins_at, segment, first_price, high_price, low_price,
        last_price, volume, traded_value, trades) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    PAGE = "SELECT symbol, venue, span, begins_at, first_price, high_price, low_price, last_price, volume,
        traded_value, trades FROM candles WHERE symbol = $1 AND venue = $2 AND span = $3
        AND begins_at >= $4 AND begins_at < $5 ORDER BY begins_at, segment LIMIT $6";
    FORGET = "DELETE FROM candles WHERE segment >= $1";
    FORGET_OLD = "DELETE FROM candles WHERE span = $1 AND begins_at < $2";
}

/// The intervals whose candles are kept as long as journals only; those of longer ones stay.
const FINE: [&str; 4] = ["1s", "1m", "5m", "15m"];

pub(super) async fn insert(
    transaction: &mut Transaction,
    segment: u64,
    rows: &[&CandleRow],
) -> Result<u64, StoreError> {
    let rows: Vec<_> = rows.iter().map(|row| arguments(segment, row)).collect();
    transaction.execute_rows(INSERT, &rows).await
}

fn arguments(segment: u64, row: &CandleRow) -> Vec<Value> {
    let arguments: &[Value] = args![
        row.symbol.as_str(),
        row.venue.as_str(),
        row.interval.as_str(),
        row.start,
        number(segment),
        row.open,
        row.high,
        row.low,
        row.close,
        row.volume,
        row.notional,
        row.trades,
    ];
    arguments.to_vec()
}

pub(super) async fn forget(transaction: &mut Transaction, segment: u64) -> Result<u64, StoreError> {
    transaction.execute(FORGET, args![number(segment)]).await
}

/// Deletes candles of short intervals that begin before a time.
pub(super) async fn forget_fine(transaction: &mut Transaction, before: i64) -> Result<(), StoreError> {
    for span in FINE {
        transaction.execute(FORGET_OLD, args![span, before]).await?;
    }
    Ok(())
}

impl Database {
    /// Returns a page of a listing's closed candles, the oldest first; the next goes on from [`Page::next`].
    /// The candle at hand, and those whose market has had no further fact, are in memory only.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn candles(&self, filter: &CandleFilter) -> Result<Page<CandleRow, SimTime>, StoreError> {
        let CandleFilter { symbol, venue, interval, from, to, limit } = filter;
        // One more than is given, so that the last one is known to be whole: it may have a row of each
        // segment, and a day is stopped a few times at most.
        let most = i64::from(*limit) + 1 + PARTS_MAX;
        let (symbol, venue, interval) = (symbol.as_str(), venue.as_str(), interval.as_str());
        let rows = self.rows(PAGE, args![symbol, venue, interval, from.nanos(), to.nanos(), most]).await?;
        let mut candles: Vec<CandleRow> = Vec::new();
        for row in &rows {
            let part = of_row(row)?;
            match candles.last_mut() {
                Some(last) if last.start == part.start => last.join(&part),
                _ => candles.push(part),
            }
        }
        Page::of(candles.into_iter().map(Ok), *limit, |last| SimTime::from_nanos(last.start + 1))
    }
}

/// How many segments the parts of the candles of one page can be of, beyond one for each candle.
const PARTS_MAX: i64 = 1_000;

fn of_row(row: &Row) -> Result<CandleRow, StoreError> {
    Ok(CandleRow {
        symbol: row.get("symbol")?,
        venue: row.get("venue")?,
        interval: row.get("span")?,
        start: row.get("begins_at")?,
        open: row.get("first_price")?,
        high: row.get("high_price")?,
        low: row.get("low_price")?,
        close: row.get("last_price")?,
        volume: row.get("volume")?,
        notional: row.get("traded_value")?,
        trades: row.get("trades")?,
    })
}
